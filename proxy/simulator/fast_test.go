package simulator

import (
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"squirrel/models"
)

var benchPaths = map[string]string{chatPath: "[DONE]", messagesPath: "event: message_stop", "/v1/responses": "event: response.completed"}

// TestFastAnswersAreTheOrdinaryOnes: a benchmark against the fast path measures what an ordinary client would get.
func TestFastAnswersAreTheOrdinaryOnes(t *testing.T) {
	t.Parallel()
	fast, slow := start(t, Options{Fast: true}), start(t, Options{})
	for path, end := range benchPaths {
		for _, model := range []string{"bench-1k", "bench-1k@2ms", "bench-stream-100", "bench-stream-20@1ms"} {
			body := strings.TrimSuffix(messagesBody(model, !plain(model)), "}") + `,"input":"a","stream_options":{"include_usage":true}}`
			c := dial(t, fast)
			for range 2 {
				r, got := c.post(path, body).whole()
				_, want := dial(t, slow).post(path, body).whole()
				if r.StatusCode != http.StatusOK || got != want {
					t.Fatalf("%s %s: %d %q, and the ordinary answer is %q", path, model, r.StatusCode, got, want)
				}
				if !plain(model) && !strings.Contains(got, end) {
					t.Errorf("%s %s has no %s", path, model, end)
				}
				if plain(model) && (len(got) < 1000 || len(got) > 2500) {
					t.Errorf("%s %s has %d bytes", path, model, len(got))
				}
			}
		}
	}
	if n := fast.Ledger().Total(); n != 0 {
		t.Errorf("the ledger of the fast path has %d requests", n)
	}
}

func plain(model string) bool { return strings.HasPrefix(model, "bench-1k") }

func TestBenchStreamSize(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Fast: true})
	_, body := chat(t, s, "bench-stream-100", true).whole()
	if n := strings.Count(body, `"content":"acorn`) + strings.Count(body, `"content":" acorn`); n != 100 || strings.Contains(body, "usage") {
		t.Errorf("%d text events in %s", n, body)
	}
	began := time.Now()
	chat(t, s, "bench-stream-10@5ms", true).whole()
	if took := time.Since(began); took < 50*time.Millisecond {
		t.Errorf("10 events at 5 ms took %v", took)
	}
}

// TestFastFallsBack: everything else is answered as on an ordinary server, on the same connection.
func TestFastFallsBack(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Fast: true})
	c := dial(t, s)
	for _, model := range []string{"bench-1k", "gpt-5-mini", "bench-1k", "bench-stream-x", "bench-stream-0"} {
		if r, body := c.post(chatPath, chatBody(model, false)).whole(); r.StatusCode != http.StatusOK || !strings.Contains(body, `"model":"`+model+`"`) {
			t.Errorf("%s: %d %s", model, r.StatusCode, body)
		}
	}
	large := `{"messages":[{"role":"user","content":"` + strings.Repeat("nut ", 1<<18) + `"}],"model":"bench-1k"}`
	if r, _ := dial(t, s).post(chatPath, large).whole(); r.StatusCode != http.StatusOK {
		t.Errorf("1 MB of text: %d", r.StatusCode)
	}
	if n := s.Ledger().Total(); n != 4 {
		t.Errorf("%d requests in the ledger", n)
	}
}

func BenchmarkFastPlain(b *testing.B)  { benchmarkFast(b, "bench-1k", false) }
func BenchmarkFastStream(b *testing.B) { benchmarkFast(b, "bench-stream-100", true) }

func benchmarkFast(b *testing.B, model string, stream bool) {
	s, err := Start(Options{Fast: true})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	web := &http.Client{Transport: transport}
	body := chatBody(model, stream)
	b.ReportAllocs()
	for b.Loop() {
		r, err := web.Post(s.OpenAIBase()+"/chat/completions", "application/json", strings.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		drain(b, r)
	}
}

func drain(b *testing.B, r *http.Response) {
	b.Helper()
	defer r.Body.Close()
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkFastAlone is the work of the fast path without a client's: the request is found and its answer written.
func BenchmarkFastAlone(b *testing.B) {
	s, err := Start(Options{Fast: true})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	conn, err := net.Dial("tcp", s.ln.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	body := chatBody("bench-1k", false)
	request := []byte("POST /v1/chat/completions HTTP/1.1\r\nHost: s\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
	answer := make([]byte, len(s.can(models.EndpointChat, []byte("bench-1k"), false).head))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := conn.Write(request); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(conn, answer); err != nil {
			b.Fatal(err)
		}
	}
}
