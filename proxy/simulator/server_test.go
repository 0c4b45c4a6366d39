package simulator

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestEveryBasePathIsServed(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	for _, path := range []string{
		"/v1/chat/completions", "/v1beta/openai/chat/completions", "/chat/completions", "/p2/v4/chat/completions?beta=true",
		"/openai/deployments/d/chat/completions?api-version=2024-10-21",
	} {
		if r, body := dial(t, s).post(path, chatBody("m", false)).whole(); r.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %s", path, r.StatusCode, body)
		}
	}
	entry := s.Ledger().Entries(nil)[1]
	if entry.Base != "/v1beta/openai" || entry.Endpoint != "/v1/chat/completions" {
		t.Errorf("base %q, endpoint %q", entry.Base, entry.Endpoint)
	}
}

func TestModelList(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Models: []string{"a", "vendor/b"}})
	for path, want := range map[string]string{
		"/v1/models": `"data":[{"id":"a"`, "/v1/models/vendor/b": `{"id":"vendor/b"`, "/v1/models/c": "model_not_found", "/": "squirrel simulator",
	} {
		c := dial(t, s)
		fmt.Fprintf(c.conn, "GET %s HTTP/1.1\r\nHost: sim\r\nx-api-key: k\r\n\r\n", path)
		if r, body := c.whole(); !strings.Contains(body, want) {
			t.Errorf("%s: %d %s", path, r.StatusCode, body)
		}
	}
	c := dial(t, s)
	fmt.Fprint(c.conn, "GET /v1/models HTTP/1.1\r\nHost: sim\r\nx-api-key: k\r\nanthropic-version: 2023-06-01\r\n\r\n")
	if _, body := c.whole(); !strings.Contains(body, `"first_id":"a","last_id":"vendor/b"`) {
		t.Errorf("Anthropic's list is %s", body)
	}
}

func TestWrongRequests(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	for name, tc := range map[string]struct {
		request string
		status  int
		says    string
	}{
		"no key":            {"POST /v1/chat/completions HTTP/1.1\r\nHost: s\r\nContent-Length: 2\r\n\r\n{}", 401, "You didn't provide"},
		"bad key":           {"POST /v1/chat/completions HTTP/1.1\r\nHost: s\r\nAuthorization: Bearer bad1\r\nContent-Length: 2\r\n\r\n{}", 401, "invalid_api_key"},
		"no Anthropic key":  {"POST /v1/messages HTTP/1.1\r\nHost: s\r\nContent-Length: 2\r\n\r\n{}", 401, "x-api-key header is required"},
		"bad Anthropic key": {"POST /v1/messages HTTP/1.1\r\nHost: s\r\nx-api-key: bad1\r\nContent-Length: 2\r\n\r\n{}", 401, "authentication_error"},
		"unknown path":      {"POST /v1/nothing HTTP/1.1\r\nHost: s\r\nx-api-key: k\r\nContent-Length: 2\r\n\r\n{}", 404, "Invalid URL (POST /v1/nothing)"},
		"wrong method":      {"GET /v1/messages HTTP/1.1\r\nHost: s\r\nx-api-key: k\r\n\r\n", 405, "Not allowed"},
		"unknown fault":     {"POST /v1/messages HTTP/1.1\r\nHost: s\r\nx-api-key: k\r\nX-Fault: boom\r\nContent-Length: 2\r\n\r\n{}", 400, "boom"},
		"no HTTP":           {"HELLO\r\n\r\n", 400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := dial(t, s)
			fmt.Fprint(c.conn, tc.request)
			if r, body := c.whole(); r.StatusCode != tc.status || !strings.Contains(body, tc.says) {
				t.Errorf("got %d %s", r.StatusCode, body)
			}
		})
	}
}

func TestKeepAlive(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	c := dial(t, s)
	for i := range 3 {
		if r, _ := c.post(chatPath, chatBody("m", i%2 == 0)).whole(); r.StatusCode != http.StatusOK {
			t.Fatalf("request %d got %d", i, r.StatusCode)
		}
	}
	if n := s.Connections(); n != 1 {
		t.Errorf("%d connections are open", n)
	}
	c.post(chatPath, chatBody("m", false), "Connection: close")
	if r, _ := c.whole(); !r.Close {
		t.Error("the server does not say that it closes")
	}
	if rest, err := c.raw(); rest != "" || err != nil {
		t.Errorf("after the close came %q, %v", rest, err)
	}
}

func TestPipelinedRequestsAreAnsweredInOrder(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	c := dial(t, s).post(chatPath, chatBody("first", true)).post(chatPath, chatBody("second", false))
	for _, want := range []string{"first", "second"} {
		if _, body := c.whole(); !strings.Contains(body, `"model":"`+want+`"`) {
			t.Errorf("%s is not in %s", want, body)
		}
	}
}

func TestExpectContinueAndOldHTTP(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	body := chatBody("m", true)
	c := dial(t, s)
	fmt.Fprintf(c.conn, "POST %s HTTP/1.1\r\nHost: s\r\nx-api-key: k\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", chatPath, len(body))
	if line, _ := c.in.ReadString('\n'); !strings.HasPrefix(line, "HTTP/1.1 100 ") {
		t.Fatalf("got %q before the body", line)
	}
	c = dial(t, s)
	fmt.Fprintf(c.conn, "POST %s HTTP/1.0\r\nx-api-key: k\r\nContent-Length: %d\r\n\r\n%s", chatPath, len(body), body)
	raw, err := c.raw()
	if err != nil || strings.Contains(raw, "chunked") || !strings.HasSuffix(raw, "data: [DONE]\n\n") {
		t.Errorf("an HTTP/1.0 client got %v %q", err, raw)
	}
}

func TestHead(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	c := dial(t, s)
	fmt.Fprint(c.conn, "HEAD / HTTP/1.1\r\nHost: s\r\nConnection: close\r\n\r\n")
	if raw, err := c.raw(); err != nil || !strings.HasPrefix(raw, "HTTP/1.1 200 OK\r\n") || !strings.HasSuffix(raw, "\r\n\r\n") {
		t.Errorf("got %v %q", err, raw)
	}
}

func TestSpeechComesInPieces(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	r, body := dial(t, s).post("/v1/audio/speech", `{"model":"tts-1","voice":"alloy","input":"`+strings.Repeat("nuts ", 60)+`","response_format":"wav"}`).whole()
	if r.Header.Get("Content-Type") != "audio/wav" || !strings.HasPrefix(body, "RIFF") || r.ContentLength >= 0 {
		t.Errorf("got %v, %d bytes, length %d", r.Header, len(body), r.ContentLength)
	}
}

func TestOptionsInterval(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Interval: 5 * time.Millisecond})
	began := time.Now()
	_, body := chat(t, s, "m", true).whole()
	events := strings.Count(body, "\n\n")
	if took := time.Since(began); took < time.Duration(events-1)*5*time.Millisecond {
		t.Errorf("%d events took %v", events, took)
	}
}

func TestStartRefusesBadOptions(t *testing.T) {
	t.Parallel()
	for _, opt := range []Options{{TLS: "strange"}, {Addr: "nowhere:-1"}} {
		if s, err := Start(opt); err == nil {
			s.Close()
			t.Errorf("%+v is taken", opt)
		}
	}
}
