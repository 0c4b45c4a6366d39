package proxy

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"squirrel/models"
)

// held is a hook that keeps records of a kind waiting until released.
func held(kind models.LogWriteKind) (hook func(models.LogWrite), reached chan struct{}, release func()) {
	reached, gate := make(chan struct{}, 16), make(chan struct{})
	return func(w models.LogWrite) {
		if w.Kind == kind {
			reached <- struct{}{}
			<-gate
		}
	}, reached, func() { close(gate) }
}

// TestP1_NoCallBeforeItsRecord: while BEGIN is not accepted, no provider hears of the request.
func TestP1_NoCallBeforeItsRecord(t *testing.T) {
	hook, reached, release := held(models.WriteBegin)
	g := newTestGateway(t, setup{hook: hook})
	answered := make(chan *http.Response, 1)
	go func() { answered <- g.post("/v1/chat/completions", chat("m", "x", false)) }()
	<-reached
	time.Sleep(50 * time.Millisecond)
	if n := g.sim.Ledger().Total(); n != 0 {
		t.Errorf("%d calls before the record", n)
	}
	release()
	if resp := <-answered; resp.StatusCode != 200 {
		t.Errorf("%d", resp.StatusCode)
	}
}

func TestP1_WithoutARecordThereIsNoCall(t *testing.T) {
	g := newTestGateway(t, setup{})
	g.rec.mu.Lock()
	g.rec.refuse = true
	g.rec.mu.Unlock()
	for _, d := range dialects {
		resp := d.post(g, "x", false)
		if body := readAll(t, resp); resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || d.protocol == models.ProtocolOpenAI && !strings.Contains(body, "log_store_unavailable") {
			t.Errorf("%d %s", resp.StatusCode, body)
		}
	}
	if n := g.sim.Ledger().Total(); n != 0 {
		t.Errorf("%d calls without a record", n)
	}
}

// TestP2_TheLastBytesWaitForTheRecord: until END is accepted, a client can't believe that it has the whole answer.
func TestP2_TheLastBytesWaitForTheRecord(t *testing.T) {
	for _, in := range dialects {
		for _, out := range dialects {
			t.Run(string(in.protocol)+" over "+string(out.protocol), func(t *testing.T) {
				t.Parallel()
				hook, reached, release := held(models.WriteEnd)
				s := out.on(good)
				s.hook = hook
				g := newTestGateway(t, s)
				resp := in.post(g, "hello", true)
				text := arrive(resp.Body)
				<-reached
				early := text.after(60 * time.Millisecond)
				if len(early) == 0 || strings.Contains(early, in.last) {
					t.Errorf("before the record was accepted: %.900q", early)
				}
				release()
				if all := text.whole(t); !strings.Contains(all, in.last) {
					t.Errorf("after it: %.900q", all)
				}
			})
		}
	}
}

func TestP2_AWholeAnswerWaitsForTheRecord(t *testing.T) {
	hook, reached, release := held(models.WriteEnd)
	g := newTestGateway(t, setup{hook: hook})
	conn := dial(t, g, "/v1/chat/completions", chat("m", "x", false))
	text := arrive(conn)
	<-reached
	if early := text.after(60 * time.Millisecond); early != "" {
		t.Errorf("before the record was accepted: %q", early)
	}
	release()
	for deadline := time.Now().Add(5 * time.Second); !strings.Contains(text.after(time.Millisecond), "chat.completion"); {
		if time.Now().After(deadline) {
			t.Fatal("no answer")
		}
	}
}

// TestP2_BytesWithoutATerminator: of an answer that is no event stream, the end of the HTTP body waits.
func TestP2_BytesWithoutATerminator(t *testing.T) {
	hook, reached, release := held(models.WriteEnd)
	g := newTestGateway(t, setup{hook: hook})
	resp := g.post("/v1/audio/speech", `{"model":"m","input":"hello","voice":"alloy"}`)
	audio := arrive(resp.Body)
	<-reached
	select {
	case <-audio.done:
		t.Fatal("the body ended before the record was accepted")
	case <-time.After(60 * time.Millisecond):
	}
	release()
	if audio.whole(t) == "" {
		t.Error("no audio")
	}
}

// arriving collects what a reader gives, as it comes.
type arriving struct {
	mu   sync.Mutex
	text strings.Builder
	done chan error
}

func arrive(r io.Reader) *arriving {
	a := &arriving{done: make(chan error, 1)}
	go func() { _, err := io.Copy(a, r); a.done <- err }()
	return a
}

func (a *arriving) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.text.Write(p)
}

// after returns what has come after a while.
func (a *arriving) after(wait time.Duration) string {
	time.Sleep(wait)
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.text.String()
}

// whole waits for the end.
func (a *arriving) whole(t testing.TB) string {
	t.Helper()
	if err := <-a.done; err != nil {
		t.Error(err)
	}
	return a.after(0)
}

func TestUsageIsAskedForAndHidden(t *testing.T) {
	for _, c := range []struct {
		name, extra  string
		sent         string // what the provider gets as stream_options, "" = none
		shown, known bool
	}{
		{"left out", "", `{"include_usage":true}`, false, true},
		{"null", `"stream_options":null,`, `{"include_usage":true}`, false, true},
		{"empty", `"stream_options":{},`, `{"include_usage":true}`, false, true},
		{"another option", `"stream_options":{"include_obfuscation":false},`, `{"include_obfuscation":false,"include_usage":true}`, false, true},
		{"asked for", `"stream_options": {"include_usage": true},`, `{"include_usage": true}`, true, true},
		{"not wanted", `"stream_options":{"include_usage":false},`, `{"include_usage":false}`, false, false},
	} {
		for _, path := range []string{"/v1/chat/completions", "/v1/completions"} {
			g := newTestGateway(t, setup{})
			body := strings.Replace(chat("m", "hello", true), `{`, `{"prompt":"hello",`+c.extra, 1)
			got := readAll(t, g.post(path, body))
			var sent struct {
				Options json.RawMessage `json:"stream_options"`
			}
			if err := json.Unmarshal(g.sim.Ledger().Entries(nil)[0].Body, &sent); err != nil || string(sent.Options) != c.sent {
				t.Errorf("%s: the provider got %s, want %s", c.name, sent.Options, c.sent)
			}
			if shown := strings.Contains(got, `"usage":{`); shown != c.shown || !strings.HasSuffix(got, "data: [DONE]\n\n") {
				t.Errorf("%s %s: usage shown: %t\n%.900s", path, c.name, shown, got)
			}
			log := g.rec.end(t, "").Log
			if (log.UsageSource == models.UsageUpstream) != c.known || *log.OutputTokens == 0 {
				t.Errorf("%s %s: usage from %s, %v output tokens", path, c.name, log.UsageSource, *log.OutputTokens)
			}
		}
	}
}
