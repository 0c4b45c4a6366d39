package simulator

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"squirrel/models"
	"squirrel/proxy/simulator/answers"
)

// benchModel is what a model name of the benchmark asks for: "bench-1k" a text of 1 KB, "bench-1k@60ms" the same after a pause,
// "bench-stream-N" a stream of N text events, "bench-stream-N@10ms" one with a pause before each event but the first.
type benchModel struct {
	events   int
	interval time.Duration
}

// maxBenchEvents bounds what one model name can make the server keep in memory.
const maxBenchEvents = 100_000

func parseBench(name string) (b benchModel, ok bool) {
	kind, pause, paused := strings.Cut(name, "@")
	if paused {
		var err error
		if b.interval, err = time.ParseDuration(pause); err != nil {
			return b, false
		}
	}
	if kind == "bench-1k" {
		return b, true
	}
	count, ok := strings.CutPrefix(kind, "bench-stream-")
	if !ok {
		return b, false
	}
	n, err := strconv.Atoi(count)
	b.events = n
	return b, err == nil && n >= 1 && n <= maxBenchEvents
}

// benchAnswer answers the benchmark's models on a server that is not in a hurry.
func benchAnswer(r *Request, f *Fault) (*answers.Answer, bool) {
	b, ok := parseBench(r.Model)
	if !ok {
		return nil, false
	}
	switch {
	case b.interval == 0:
	case b.events == 0:
		f.DelayHeader = b.interval
	default:
		f.Interval = b.interval
	}
	return answers.Bench(r.Endpoint, r.Model, b.events, usageWanted(r.Body))
}

// usageWanted reports whether a chat stream ends in its usage, without decoding the request.
func usageWanted(body []byte) bool {
	return bytes.Contains(body, []byte(`"include_usage":true`)) || bytes.Contains(body, []byte(`"include_usage": true`))
}

// canned is a whole answer of the benchmark as it goes over the wire.
type canned struct {
	head     []byte   // status line and header; of a plain answer also the body
	chunks   [][]byte // the chunks of a stream, the last one with the end of the body
	interval time.Duration
}

// can returns the prepared answer for an endpoint and a model, making it the first time; nil when there is none.
// Finding one allocates nothing: the compiler looks string(key) up in place.
func (s *Server) can(e models.Endpoint, model []byte, counted bool) *canned {
	s.mu.Lock()
	defer s.mu.Unlock()
	var room [128]byte
	key := append(room[:0], e...)
	key = append(key, ' ')
	key = append(key, model...)
	if counted {
		key = append(key, '+')
	}
	if c, ok := s.fast[string(key)]; ok {
		return c
	}
	c := newCanned(e, string(model), counted)
	if c != nil {
		s.fast[string(key)] = c
	}
	return c
}

func newCanned(e models.Endpoint, model string, counted bool) *canned {
	b, ok := parseBench(model)
	if !ok {
		return nil
	}
	a, ok := answers.Bench(e, model, b.events, counted)
	if !ok {
		return nil
	}
	c := &canned{interval: b.interval}
	c.head = append(c.head, "HTTP/1.1 200 OK\r\nContent-Type: "+a.ContentType+"\r\n"...)
	if a.Events == nil {
		c.head = append(c.head, "Content-Length: "+strconv.Itoa(len(a.Body))+"\r\n\r\n"...)
		c.head = append(c.head, a.Body...)
		return c
	}
	c.head = append(c.head, "Transfer-Encoding: chunked\r\n\r\n"...)
	for _, part := range renderEvents(a.Events, answers.Protocol(e), &Fault{}) {
		chunk := strconv.AppendInt(nil, int64(len(part)), 16)
		chunk = append(append(append(chunk, "\r\n"...), part...), "\r\n"...)
		c.chunks = append(c.chunks, chunk)
	}
	last := &c.chunks[len(c.chunks)-1]
	*last = append(*last, "0\r\n\r\n"...)
	return c
}
