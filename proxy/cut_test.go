package proxy

import (
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"squirrel/models"
	"squirrel/proxy/convert"
)

func TestB05_NoRetryAfterFirstByte(t *testing.T) {
	for _, d := range dialects {
		for _, fault := range []string{"fault:fin@4e", "fault:rst@4e", "fault:badchunk", "fault:rst@2000", "fault:fin@2000"} {
			t.Run(string(d.protocol)+"/"+fault[len("fault:"):], func(t *testing.T) {
				t.Parallel()
				g := newTestGateway(t, d.on(fault, good))
				resp := d.post(g, "tell me about acorns", true)
				body := readAll(t, resp)
				if resp.StatusCode != http.StatusOK {
					t.Fatalf("%d %s", resp.StatusCode, body)
				}
				before := d.endsInError(t, body, "stream_interrupted")
				if len(eventsOf(t, before)) == 0 {
					t.Errorf("nothing came before the error: %s", body)
				}
				end := mustRecord(t, g, http.StatusBadGateway, http.StatusOK, "stream_interrupted")
				if n := g.sim.Ledger().Total(); n != 1 || len(end.Attempts) != 1 {
					t.Errorf("%d calls, %d attempts: a stream that had begun was tried again", n, len(end.Attempts))
				}
				if end.Log.FinishReason != "truncated" {
					t.Errorf("finish reason %q", end.Log.FinishReason)
				}
			})
		}
	}
}

// TestB05_TheProvidersOwnError goes through in its own words, and never looks like a success.
func TestB05_TheProvidersOwnError(t *testing.T) {
	for _, d := range dialects {
		for _, fault := range []string{"fault:midstreamerror@4", "fault:sse:errorevent"} {
			g := newTestGateway(t, d.on(fault))
			body := readAll(t, d.post(g, "tell me about acorns", true))
			if !strings.Contains(body, "error") || strings.Contains(body, d.last) {
				t.Errorf("%s %s: %s", d.protocol, fault, body)
			}
			mustRecord(t, g, http.StatusBadGateway, http.StatusOK, "upstream_error")
		}
	}
}

// TestB05_ATerminatorAfterAnErrorIsNotPassedOn: some providers send both.
func TestB05_ATerminatorAfterAnErrorIsNotPassedOn(t *testing.T) {
	const chunk, failure = `data: {"choices":[{"index":0,"delta":{"content":"half"}}]}` + "\n\n", `data: {"error":{"message":"out of acorns","code":500}}` + "\n\n"
	g := newTestGateway(t, scripted(chunk+failure+"data: [DONE]\n\n"))
	if body := readAll(t, g.post("/v1/chat/completions", chat("m", "x", true))); body != chunk+failure {
		t.Errorf("%q", body)
	}
	mustRecord(t, g, http.StatusBadGateway, http.StatusOK, "upstream_error")
}

func TestB08_AGiantLineOfATranslatedStreamIsAnError(t *testing.T) {
	for _, size := range []string{"5MB", "64MB"} {
		s := two("fault:sse:giantline="+size, good)
		s.providers[0].Protocol, s.providers[1].Protocol = models.ProtocolAnthropic, models.ProtocolAnthropic
		g := newTestGateway(t, s)
		before := heap()
		body := readAll(t, g.post("/v1/chat/completions", chat("m", "x", true)))
		dialects[0].endsInError(t, body, "upstream_bad_response")
		mustRecord(t, g, http.StatusBadGateway, http.StatusOK, "upstream_bad_response")
		if grown := heap() - before; grown > 48<<20 {
			t.Errorf("the heap grew by %d MiB", grown>>20)
		}
	}
}

func TestB08_AGiantLinePassesThrough(t *testing.T) {
	g := newTestGateway(t, one("fault:sse:giantline=32MB"))
	resp := g.post("/v1/chat/completions", chat("m", "x", true))
	before, most, total := heap(), int64(0), 0
	buf := make([]byte, 1<<20)
	for {
		n, err := resp.Body.Read(buf)
		if total += n; total>>22 != (total-n)>>22 {
			most = max(most, heap()-before)
		}
		if err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if total < 32<<20 {
		t.Errorf("%d bytes arrived", total)
	}
	// The simulator makes the line in memory; the gateway adds its window and what it keeps for the log (10 MiB, twice).
	if most > 120<<20 {
		t.Errorf("the heap grew by %d MiB", most>>20)
	}
	mustRecord(t, g, http.StatusOK, http.StatusOK, "")
}

// heap is the live heap in bytes.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestB09_AStallEndsInAnErrorEvent(t *testing.T) {
	for _, d := range dialects {
		t.Run(string(d.protocol), func(t *testing.T) {
			t.Parallel()
			s := d.on("fault:stall@4e", good)
			s.providers[0].IdleTimeout = 1
			g := newTestGateway(t, s)
			started := time.Now()
			body := readAll(t, d.post(g, "tell me about acorns", true))
			if took := time.Since(started); took < 900*time.Millisecond || took > 6*time.Second {
				t.Errorf("the stall was noticed after %v", took)
			}
			d.endsInError(t, body, "upstream_timeout")
			mustRecord(t, g, http.StatusGatewayTimeout, http.StatusOK, "upstream_timeout")
			if _, err := g.sim.Ledger().WaitAborted(t.Context(), nil); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestB12_ManyFastStreamsAndSlowReaders: what a client does not read is not fetched from the provider.
func TestB12_ManyFastStreamsAndSlowReaders(t *testing.T) {
	const streams, size = 20, 32 << 20
	event := `data: {"choices":[{"index":0,"delta":{"content":"` + strings.Repeat("acorn ", 2500) + "\"}}]}\n\n"
	s := scripted(strings.Repeat(event, size/len(event)))
	s.options = func(o *Options) { o.LogBodyMaxBytes = 64 << 10 }
	s.key = func(k *models.APIKey) { k.RecordDetails = false } // the recorder's memory is not what is measured
	g := newTestGateway(t, s)
	before := settledHeap()
	for range streams {
		conn := dial(t, g, "/v1/chat/completions", chat("m", "x", true))
		_ = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
		if _, err := io.ReadFull(conn, make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(300 * time.Millisecond)
	if grown := settledHeap() - before; grown > 2*streams<<20 {
		t.Errorf("the heap grew by %d KiB for each stream", grown>>10/streams)
	}
	for _, e := range g.sim.Ledger().Entries(nil) {
		if e.Complete || e.Sent > size*3/4 {
			t.Errorf("%d bytes of an answer that nobody read were fetched", e.Sent)
		}
	}
}

// TestB17_APanicWhileRelaying is simulated by a recorder that panics at a checkpoint of the stream.
func TestB17_APanicWhileRelaying(t *testing.T) {
	for _, d := range dialects {
		s := d.on("fault:sse:giantline=100KB+slow:2ms")
		var once sync.Once
		s.hook = func(w models.LogWrite) {
			if w.Kind == models.WriteChunk {
				once.Do(func() { panic("a defect") })
			}
		}
		g := newTestGateway(t, s)
		body := readAll(t, d.post(g, "x", true))
		d.endsInError(t, body, "internal_error")
		mustRecord(t, g, http.StatusInternalServerError, http.StatusOK, "internal_error")
		if n := g.counted("squirrel_panics_total"); n != 1 {
			t.Errorf("%v panics counted", n)
		}
		if resp := d.post(g, "again", false); resp.StatusCode != http.StatusOK {
			t.Errorf("the next request got %d", resp.StatusCode)
		}
	}
}

func TestB17_APanicBeforeTheAnswer(t *testing.T) {
	var armed atomic.Bool
	armed.Store(true)
	s := setup{providers: []models.Provider{{Name: "p", Protocol: models.ProtocolAnthropic}}}
	s.options = func(o *Options) {
		o.MaxOutput = func(string) int {
			if armed.Load() {
				panic("a defect")
			}
			return 0
		}
	}
	g := newTestGateway(t, s)
	resp := g.post("/v1/chat/completions", chat("m", "x", true))
	if body := readAll(t, resp); resp.StatusCode != 500 || !strings.Contains(body, `"internal_error"`) {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	mustRecord(t, g, 500, 500, "internal_error")
	armed.Store(false)
	if resp := g.post("/v1/chat/completions", chat("m", "x", false)); resp.StatusCode != 200 {
		t.Errorf("the next request got %d", resp.StatusCode)
	}
	if n := g.counted("squirrel_panics_total"); n != 1 {
		t.Errorf("%v panics counted", n)
	}
}

// TestB17_APanicInAConverter is a 500 and counted; what the provider did wrong is a 502.
func TestB17_APanicInAConverter(t *testing.T) {
	g := newTestGateway(t, setup{})
	x := g.newExchange(&Request{Endpoint: &Endpoints[0], Header: http.Header{}})
	g.inflight.Add(1)
	defer x.release()
	_, _, err := convert.Response(models.ProtocolAnthropic, models.ProtocolOpenAI, []byte(`{"choices":[{"message":{"content":"x"}}]}`), convert.Options{
		Now: func() time.Time { panic("a defect") },
	})
	if !errors.Is(err, convert.ErrPanic) {
		t.Fatalf("the conversion did not panic: %v", err)
	}
	if f := x.untranslated(err); f.Status != 500 || f.Code != "internal_error" {
		t.Errorf("%+v", f)
	}
	if f := x.untranslatable(err); f.Status != 500 || f.Code != "internal_error" {
		t.Errorf("%+v", f)
	}
	if n := g.counted("squirrel_panics_total"); n != 2 {
		t.Errorf("%v panics counted", n)
	}
	if f := x.untranslated(errors.New("what is this")); f.Status != 502 {
		t.Errorf("%+v", f)
	}
}
