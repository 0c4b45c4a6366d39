package simulator

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestStatusSequence(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	for _, model := range []string{"fault:status:500x2,200", "fault-status-500x2-200", "fault-status-500x2-200#again"} {
		var got []int
		for range 4 {
			r, _ := chat(t, s, model, false).whole()
			got = append(got, r.StatusCode)
		}
		if got[0] != 500 || got[1] != 500 || got[2] != 200 || got[3] != 200 {
			t.Errorf("%s: %v", model, got)
		}
	}
	if r, _ := dial(t, s).post("/other"+chatPath, chatBody("fault-status-500x2-200", false)).whole(); r.StatusCode != http.StatusInternalServerError {
		t.Errorf("another base path continues the sequence: %d", r.StatusCode)
	}
	s.Reset()
	if r, _ := chat(t, s, "fault-status-500x2-200", false).whole(); r.StatusCode != http.StatusInternalServerError {
		t.Errorf("after a reset the sequence goes on: %d", r.StatusCode)
	}
}

func TestFaultsFromHeaderPathAndScriptCombine(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Script: func(r *Request) Fault {
		return Fault{Header: [][2]string{{"X-Hit", strings.Repeat("i", r.Hit)}}}
	}})
	r, _ := dial(t, s).post("/fault-retryafter-7/v1/messages", messagesBody("fault-header-set-cookie=a", false), "X-Fault: status:529").whole()
	if r.StatusCode != 529 || r.Header.Get("Retry-After") != "7" || r.Header.Get("Set-Cookie") != "a" || r.Header.Get("X-Hit") != "i" {
		t.Errorf("got %d %v", r.StatusCode, r.Header)
	}
	s.Script(nil)
	if r, _ := chat(t, s, "m", false).whole(); r.Header.Get("X-Hit") != "" {
		t.Error("the script still decides")
	}
}

func TestScriptedBody(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	s.Script(func(*Request) Fault {
		return Fault{Body: []byte("data: one\n\ndata: two\n\n"), ContentType: "text/event-stream", Stall: &Cut{At: 1, Unit: Events}}
	})
	c := chat(t, s, "m", true)
	if event := c.event(); event != "data: one\n\n" {
		t.Errorf("got %q", event)
	}
	stalled(t, c)
}

// TestBodies: faults that replace the body, seen by an ordinary client.
func TestBodies(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	for model, want := range map[string]struct {
		status int
		kind   string
		says   string
	}{
		"fault-json-garbage":               {200, "application/json", "\x00\xff{]"},
		"fault-json-html":                  {200, "text/html; charset=utf-8", "<h1>502"},
		"fault-json-error":                 {200, "application/json", `{"error":{`},
		"fault-json-deep":                  {200, "application/json", strings.Repeat("[", deepJSON)},
		"fault-json-truncated":             {200, "application/json", `{"id":"chatcmpl-`},
		"fault:redirect:http://[::1]:1/x":  {302, "text/html; charset=utf-8", "http://[::1]:1/x"},
		"fault-echoauth":                   {401, "application/json", "Authorization: Bearer key"},
		"fault-status-503+retryafter--1":   {503, "application/json", "service_unavailable_error"},
		"fault-status-200-500+json-html":   {200, "text/html; charset=utf-8", "<title>"},
		"fault-status-201":                 {201, "application/json", "chatcmpl-"},
		"replay:no-such-recording":         {404, "application/json", "no recording"},
		"fault-delayhdr-1ms+slow-1ms+seg3": {400, "application/json", "unknown"},
	} {
		r, body := chat(t, s, model, false).whole()
		if r.StatusCode != want.status || r.Header.Get("Content-Type") != want.kind || !strings.Contains(body, want.says) {
			t.Errorf("%s: got %d %v %.200s", model, r.StatusCode, r.Header, body)
		}
	}
	if _, body := chat(t, s, "fault-json-empty", false).whole(); body != "" {
		t.Errorf("json:empty is %q", body)
	}
	if r, body := chat(t, s, "fault-status-204", false).whole(); r.StatusCode != http.StatusNoContent || body != "" {
		t.Errorf("204 has %q", body)
	}
}

func TestDelays(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	for model, least := range map[string]time.Duration{
		"fault-delayhdr-60ms": 60 * time.Millisecond, "fault:delaychunk:60ms@3": 60 * time.Millisecond,
		"fault-delaychunk-60ms": 60 * time.Millisecond, "fault-slow-2ms": 60 * time.Millisecond, "fault:hdrdrip:2000B/s": 60 * time.Millisecond,
	} {
		t.Run(model, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			_, body := chat(t, s, model, true).whole()
			if took := time.Since(began); took < least || !strings.HasSuffix(body, "data: [DONE]\n\n") {
				t.Errorf("took %v for %q", took, body[max(0, len(body)-40):])
			}
		})
	}
}

func TestCuts(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	for model, want := range map[string]struct {
		body   int // bytes, -1 = any
		events int
		err    error
	}{
		"fault-rst@50": {50, -1, syscall.ECONNRESET},
		"fault-rst@0":  {0, 0, syscall.ECONNRESET},
		"fault-rst@2e": {-1, 2, syscall.ECONNRESET},
		"fault-fin@50": {50, -1, io.ErrUnexpectedEOF},
		"fault-fin-3e": {-1, 3, io.ErrUnexpectedEOF},
	} {
		t.Run(model, func(t *testing.T) {
			t.Parallel()
			_, body, err := chat(t, s, model, true).answer()
			if !errors.Is(err, want.err) {
				t.Errorf("the body ended in %v", err)
			}
			if want.body >= 0 && len(body) != want.body {
				t.Errorf("got %d bytes", len(body))
			}
			if n := strings.Count(body, "\n\n"); want.events >= 0 && n != want.events {
				t.Errorf("got %d events", n)
			}
		})
	}
	t.Run("of plain answers", func(t *testing.T) {
		t.Parallel()
		if _, body, err := chat(t, s, "fault-fin@40", false).answer(); len(body) != 40 || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("got %d bytes and %v", len(body), err)
		}
	})
	t.Run("before the header", func(t *testing.T) {
		t.Parallel()
		if raw, err := chat(t, s, "fault-rst", true).raw(); raw != "" || !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("rst: got %q and %v", raw, err)
		}
		if raw, err := chat(t, s, "fault-fin", true).raw(); raw != "" || err != nil {
			t.Errorf("fin: got %q and %v", raw, err)
		}
	})
}

// TestFraming: what an HTTP client would not show.
func TestFraming(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	t.Run("cllong", func(t *testing.T) {
		t.Parallel()
		r, body, err := chat(t, s, "fault-cllong", false).answer()
		if int(r.ContentLength) != len(body)+60 || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("Content-Length %d, %d bytes, %v", r.ContentLength, len(body), err)
		}
	})
	t.Run("clshort", func(t *testing.T) {
		t.Parallel()
		c := chat(t, s, "fault-clshort", false)
		r, body := c.whole()
		if int(r.ContentLength) != len(body) || strings.HasSuffix(body, "}") {
			t.Errorf("Content-Length %d for %q", r.ContentLength, body)
		}
		if rest, err := c.in.Peek(10); err != nil {
			t.Errorf("no surplus: %q %v", rest, err)
		}
	})
	t.Run("badchunk", func(t *testing.T) {
		t.Parallel()
		raw, _ := chat(t, s, "fault-badchunk", true).raw()
		if !strings.Contains(raw, "\r\nacorn\r\n") {
			t.Errorf("got %q", raw)
		}
		if _, _, err := chat(t, s, "fault-badchunk", false).answer(); err == nil {
			t.Error("a client takes the bad chunk")
		}
	})
	t.Run("hdrflood", func(t *testing.T) {
		t.Parallel()
		raw, _ := chat(t, s, "fault-hdrflood-1MB+fin@0", false).raw()
		if head, _, _ := strings.Cut(raw, "\r\n\r\n"); len(head) < 1<<20 {
			t.Errorf("the header has %d bytes", len(head))
		}
	})
	t.Run("1xxflood", func(t *testing.T) {
		t.Parallel()
		raw, _ := chat(t, s, "fault-1xxflood-250+fin@0", false).raw()
		if n := strings.Count(raw, "HTTP/1.1 103 "); n != 250 {
			t.Errorf("%d interim answers", n)
		}
	})
	t.Run("gzipbomb", func(t *testing.T) {
		t.Parallel()
		r, body := chat(t, s, "fault-gzipbomb-40MB", false).whole()
		if r.Header.Get("Content-Encoding") != "gzip" || len(body) > 100<<10 {
			t.Errorf("%v, %d bytes", r.Header, len(body))
		}
		zip, err := gzip.NewReader(bytes.NewReader([]byte(body)))
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, zip); n < 40<<20 || err != nil {
			t.Errorf("inflates to %d bytes, %v", n, err)
		}
	})
}
