package simulator

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"squirrel/models"
)

// errSlow says that a request is none of the benchmark's.
var errSlow = errors.New("not a request of the benchmark")

// maxFastHead bounds a request header on the fast path.
const maxFastHead = 64 << 10

// fastConn reads requests with as little work as possible. Its buffer is used again for each.
type fastConn struct {
	*conn
	buf  []byte
	head int // where the body begins
}

// serveFast answers the benchmark's requests from memory. At the first other request it puts back what it has read, and the
// ordinary path takes over for the rest of the connection.
func (s *Server) serveFast(c *conn) {
	f := &fastConn{conn: c}
	for {
		answer, err := f.next()
		if err == nil {
			err = f.write(answer)
		}
		if errors.Is(err, errSlow) {
			c.in = bufio.NewReaderSize(io.MultiReader(bytes.NewReader(f.buf), c.in), 16<<10)
			return
		}
		if err != nil {
			c.open = false
			return
		}
	}
}

// next reads a request and finds its answer.
func (f *fastConn) next() (*canned, error) {
	f.buf = f.buf[:0]
	length, err := f.readHead()
	if err != nil {
		return nil, err
	}
	if err := f.readBody(length); err != nil {
		return nil, err
	}
	body := f.buf[f.head:]
	model := modelIn(body)
	endpoint := endpointIn(f.buf)
	if endpoint == "" || !bytes.HasPrefix(model, []byte("bench-")) {
		return nil, errSlow
	}
	answer := f.server.can(endpoint, model, usageWanted(body[:min(len(body), 4<<10)]) || usageWanted(body[max(0, len(body)-4<<10):]))
	if answer == nil {
		return nil, errSlow
	}
	return answer, nil
}

// readHead reads the request line and the header and returns the length of the body.
func (f *fastConn) readHead() (length int, err error) {
	length = -1
	for {
		line, err := f.in.ReadSlice('\n')
		f.buf = append(f.buf, line...)
		if err != nil {
			if errors.Is(err, bufio.ErrBufferFull) {
				err = errSlow
			}
			return 0, err
		}
		if len(f.buf) > maxFastHead {
			return 0, errSlow
		}
		if len(line) <= 2 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		if bytes.EqualFold(name, []byte("content-length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil || length > maxBody {
				return 0, errSlow
			}
		}
	}
	if length < 0 {
		return 0, errSlow
	}
	f.head = len(f.buf)
	return length, nil
}

func (f *fastConn) readBody(length int) error {
	need := f.head + length
	if cap(f.buf) < need {
		f.buf = append(make([]byte, 0, need), f.buf...)
	}
	n, err := io.ReadFull(f.in, f.buf[f.head:need])
	f.buf = f.buf[:f.head+n]
	return err
}

// modelIn finds the value of "model" in a body that was written by a machine.
func modelIn(body []byte) []byte {
	_, rest, found := bytes.Cut(body, []byte(`"model":`))
	if !found {
		return nil
	}
	rest = bytes.TrimLeft(rest, " ")
	if len(rest) == 0 || rest[0] != '"' {
		return nil
	}
	model, _, _ := bytes.Cut(rest[1:], []byte(`"`))
	return model
}

// fastEndpoints are those the benchmark calls.
var fastEndpoints = []models.Endpoint{models.EndpointChat, models.EndpointMessages, models.EndpointResponses}

// endpointIn finds the endpoint on the request line.
func endpointIn(request []byte) models.Endpoint {
	line, _, _ := bytes.Cut(request, []byte("\r\n"))
	line, _, _ = bytes.Cut(bytes.TrimSuffix(line, []byte(" HTTP/1.1")), []byte("?"))
	for _, e := range fastEndpoints {
		if bytes.HasPrefix(line, []byte("POST ")) && bytes.HasSuffix(line, []byte(strings.TrimPrefix(string(e), "/v1"))) {
			return e
		}
	}
	return ""
}

// write sends a prepared answer: the head with the first chunk, then each chunk by itself, as a service that streams does.
func (f *fastConn) write(c *canned) error {
	if len(c.chunks) == 0 {
		if err := f.pause(c.interval); err != nil {
			return err
		}
	}
	if _, err := f.wire.Write(c.head); err != nil {
		return err
	}
	if c.interval > 0 && len(c.chunks) > 0 {
		return f.writeSlowly(c)
	}
	for _, chunk := range c.chunks {
		if _, err := f.wire.Write(chunk); err != nil {
			return err
		}
	}
	return nil
}

func (f *fastConn) pause(d time.Duration) error {
	if d == 0 {
		return nil
	}
	select {
	case <-time.After(d):
		return nil
	case <-f.server.ctx.Done():
		return f.server.ctx.Err()
	}
}

func (f *fastConn) writeSlowly(c *canned) error {
	tick := time.NewTicker(c.interval)
	defer tick.Stop()
	for i, chunk := range c.chunks {
		if i > 0 {
			select {
			case <-tick.C:
			case <-f.server.ctx.Done():
				return f.server.ctx.Err()
			}
		}
		if _, err := f.wire.Write(chunk); err != nil {
			return err
		}
	}
	return nil
}
