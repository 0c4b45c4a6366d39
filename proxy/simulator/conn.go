package simulator

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"squirrel/proxy/simulator/answers"
)

// maxBody bounds the request bodies that are read into memory.
const maxBody = 1 << 30

// conn is one connection of a client.
type conn struct {
	server *Server
	tcp    net.Conn
	wire   net.Conn // tcp, or TLS over it
	in     *bufio.Reader
	open   bool
}

func newConn(s *Server, tcp net.Conn) *conn {
	c := &conn{server: s, tcp: tcp, wire: tcp, open: true}
	if s.tls != nil {
		c.wire = tls.Server(tcp, s.tls)
	}
	c.in = bufio.NewReaderSize(c.wire, 16<<10)
	return c
}

// exchange reads one request and answers it.
func (c *conn) exchange() {
	http1, err := http.ReadRequest(c.in)
	if err != nil {
		c.open = false
		if !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
			_, _ = io.WriteString(c.wire, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		}
		return
	}
	c.open = !http1.Close && http1.ProtoAtLeast(1, 1)
	body, err := c.readBody(http1)
	if err != nil {
		c.open = false
		return
	}
	c.answer(newRequest(http1, body), http1.ProtoAtLeast(1, 1))
}

func (c *conn) readBody(r *http.Request) ([]byte, error) {
	if strings.EqualFold(r.Header.Get("Expect"), "100-continue") {
		if _, err := io.WriteString(c.wire, "HTTP/1.1 100 Continue\r\n\r\n"); err != nil {
			return nil, err
		}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err == nil && len(body) > maxBody {
		err = errors.New("request body is too large")
	}
	return body, err
}

func (c *conn) answer(r *Request, http11 bool) {
	s := c.server
	r.Hit = s.hit(r.Base + "\n" + r.Model + "\n" + r.Header.Get("X-Fault"))
	serial := s.serial.Add(1)
	entry := s.ledger.open(r, answers.RequestID(s.opt.Seed, serial))
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()

	out := &delivery{conn: c, ctx: ctx, http11: http11, entry: entry}
	left := c.watch(func() {
		if !out.complete.Load() && s.ctx.Err() == nil {
			entry.abort(time.Now())
		}
		cancel()
	})
	fault, answer := s.decide(r, serial)
	err := out.send(fault, answer)
	if err != nil {
		c.open = false
	}
	if left() {
		c.open = false
	}
	entry.finish(out, err)
	s.opt.Logger.Debug("request", "method", r.Method, "path", r.Path, "model", r.Model, "status", out.status, "bytes", out.sent)
}

// watch calls gone as soon as the client closes the connection. The function it returns ends the watch and reports whether
// the client did. Bytes of a next request stay in the buffer, and end the watch too.
func (c *conn) watch(gone func()) (end func() bool) {
	var left atomic.Bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, err := c.in.Peek(1)
		var timeout net.Error
		if err == nil || (errors.As(err, &timeout) && timeout.Timeout()) {
			return
		}
		left.Store(true)
		gone()
	}()
	return func() bool {
		_ = c.wire.SetReadDeadline(time.Unix(1, 0)) // in the past: the read ends at once
		<-done
		_ = c.wire.SetReadDeadline(time.Time{})
		return left.Load()
	}
}

// reset closes the connection with RST instead of FIN.
func (c *conn) reset() {
	if tcp, ok := c.tcp.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	c.tcp.Close()
}

// decide composes the answer and how it is delivered.
func (s *Server) decide(r *Request, serial uint64) (*Fault, *answers.Answer) {
	fault := (*s.script.Load())(r)
	fault.Header, fault.Statuses = slices.Clip(fault.Header), slices.Clip(fault.Statuses) // the script's own are left alone
	protocol := answers.Protocol(r.Endpoint)
	id := answers.RequestID(s.opt.Seed, serial)
	if err := r.addFaults(&fault); err != nil {
		return &Fault{}, answers.Error(protocol, http.StatusBadRequest, err.Error(), id)
	}
	if fault.Interval == 0 {
		fault.Interval = s.opt.Interval
	}
	switch {
	case r.Path == "/" && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		return &fault, &answers.Answer{Status: http.StatusOK, ContentType: "text/plain; charset=utf-8", Body: []byte("squirrel simulator\n")}
	case r.Endpoint == "":
		return &fault, answers.Error(protocol, http.StatusNotFound, "Invalid URL ("+r.Method+" "+r.Path+")", id)
	case !r.allowed():
		return &fault, answers.Error(protocol, http.StatusMethodNotAllowed, "Not allowed to "+r.Method+" on "+r.Path+".", id)
	case r.Key == "" || strings.HasPrefix(r.Key, "bad"):
		if fault.EchoAuth {
			return &fault, echo(r, protocol, id)
		}
		return &fault, answers.Refused(protocol, r.Key, id)
	}
	return &fault, s.compose(r, &fault, serial)
}
