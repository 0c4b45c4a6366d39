package proxy

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"squirrel/models"
	"squirrel/routing/health"
)

// eventually waits until a condition holds.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 5 s: %s", what)
		}
	}
}

// TestB05_ACutStreamIsAFailureOfItsRoute: a provider that begins every stream and ends none is not healthy.
func TestB05_ACutStreamIsAFailureOfItsRoute(t *testing.T) {
	for _, fault := range []string{"fault:rst@4e", "fault:fin@4e", "fault:midstreamerror@4"} {
		g := newTestGateway(t, one(fault))
		for range 5 {
			readAll(t, g.post("/v1/chat/completions", chat("m", "tell me about acorns", true)))
		}
		eventually(t, "the route of "+fault+" is open", func() bool { return g.router.Health(1).State == health.Open })
	}
	g := newTestGateway(t, setup{})
	for range 5 {
		readAll(t, g.post("/v1/chat/completions", chat("m", "x", true)))
	}
	eventually(t, "five samples", func() bool { return g.router.Health(1).Samples == 5 })
	if h := g.router.Health(1); h.State != health.Healthy || h.FailureRate != 0 {
		t.Errorf("whole streams left %+v", h)
	}
}

// TestB01_AClientThatLeavesSaysNothingAboutTheRoute, however often it does.
func TestB01_AClientThatLeavesSaysNothingAboutTheRoute(t *testing.T) {
	g := newTestGateway(t, one("fault:slow:20ms"))
	for range 6 {
		conn := dial(t, g, "/v1/chat/completions", chat("m", "tell me a long story about acorns", true))
		if _, err := conn.Read(make([]byte, 64)); err != nil {
			t.Fatal(err)
		}
		conn.Close()
	}
	eventually(t, "all are over", func() bool { return g.Running() == 0 })
	if h := g.router.Health(1); h.State != health.Healthy || h.Samples != 0 {
		t.Errorf("health %+v", h)
	}
}

// TestCancel_BeforeAndDuringTheAnswer is an administrator's. The provider is told at once and not blamed.
func TestCancel_BeforeAndDuringTheAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		target string
		stream bool
		sent   int
	}{
		"before the answer": {"fault:blackhole", false, http.StatusServiceUnavailable},
		"in a back-off":     {"fault:status:500", false, http.StatusServiceUnavailable},
		"in a stream":       {"fault:stall@4e", true, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := two(c.target, good)
			s.options = func(o *Options) { o.RetryDelay = 5 * time.Second }
			g := newTestGateway(t, s)
			answer := make(chan string, 1)
			go func() {
				resp, err := http.DefaultClient.Do(g.request("/v1/chat/completions", chat("m", "tell me about acorns", c.stream)))
				if err != nil {
					answer <- err.Error()
					return
				}
				defer resp.Body.Close()
				answer <- fmt.Sprint(resp.StatusCode, " ", readAll(t, resp))
			}()
			eventually(t, "the provider is called", func() bool { return g.sim.Ledger().Count(c.target) == 1 })
			time.Sleep(100 * time.Millisecond)
			begin := g.rec.all()[0]
			if !g.Cancel(begin.Log.ID) {
				t.Fatal("it is not running")
			}
			if text := <-answer; !strings.HasPrefix(text, fmt.Sprint(c.sent)) || !strings.Contains(text, `"cancelled"`) || strings.Contains(text, "[DONE]") {
				t.Errorf("the client got %s", text)
			}
			mustRecord(t, g, http.StatusServiceUnavailable, c.sent, "cancelled")
			if n := g.sim.Ledger().Total(); n != 1 {
				t.Errorf("%d calls", n)
			}
			if h := g.router.Health(1); h.Samples != 0 {
				t.Errorf("the provider is blamed: %+v", h)
			}
			if g.Cancel(begin.Log.ID) {
				t.Error("cancelled twice")
			}
		})
	}
}

// TestHTTPTimeout_BoundsTheWholeExchange, whatever a provider is given.
func TestHTTPTimeout_BoundsTheWholeExchange(t *testing.T) {
	for _, stream := range []bool{false, true} {
		s := two("fault:blackhole", "fault:blackhole")
		if stream {
			s = two("fault:stall@4e", "fault:stall@4e")
		}
		s.options = func(o *Options) { o.ExchangeTimeout = 700 * time.Millisecond }
		g := newTestGateway(t, s)
		started := time.Now()
		resp := g.post("/v1/chat/completions", chat("m", "tell me about acorns", stream))
		body := readAll(t, resp)
		if took := time.Since(started); took < 600*time.Millisecond || took > 3*time.Second {
			t.Errorf("stream %t: ended after %v", stream, took)
		}
		if !strings.Contains(body, "upstream_timeout") || !stream && resp.StatusCode != http.StatusGatewayTimeout {
			t.Errorf("stream %t: %d %s", stream, resp.StatusCode, body)
		}
		if n := g.sim.Ledger().Total(); n != 1 {
			t.Errorf("stream %t: %d calls", stream, n)
		}
	}
}

// TestA03_TheLastStatusIsTheClients: what a provider keeps answering is passed on.
func TestA03_TheLastStatusIsTheClients(t *testing.T) {
	for _, status := range []int{408, 425, 500, 503, 529} {
		target := fmt.Sprintf("fault:status:%d", status)
		g := newTestGateway(t, one(target))
		resp := g.post("/v1/chat/completions", chat("m", "x", false))
		if body := readAll(t, resp); resp.StatusCode != status || resp.Header.Get("X-Should-Retry") != "false" {
			t.Errorf("%d became %d %s", status, resp.StatusCode, body)
		}
		want := 3
		if status < 500 {
			want = 2
		}
		if n := g.sim.Ledger().Count(target); n != want {
			t.Errorf("%d: %d calls, want %d", status, n, want)
		}
	}
}

// TestB06_TheFirstEventsErrorIsReadWhole: an exhausted quota is our credential's matter, not the client's rate.
func TestB06_TheFirstEventsErrorIsReadWhole(t *testing.T) {
	g := newTestGateway(t, scripted(`data: {"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}`+"\n\n"))
	resp := g.post("/v1/chat/completions", chat("m", "x", true))
	if body := readAll(t, resp); resp.StatusCode != http.StatusBadGateway || strings.Contains(body, "quota") {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	if h := g.router.Health(1); h.State != health.Cooling || h.Reason != health.ReasonCredential {
		t.Errorf("health %+v", h)
	}
}

// TestH02_WhatIsCutBeforeItsAnswerMayBeRetried: the gateway after the restart can serve it.
func TestH02_WhatIsCutBeforeItsAnswerMayBeRetried(t *testing.T) {
	g := newTestGateway(t, one("fault:blackhole"))
	answer := make(chan *http.Response, 1)
	go func() {
		resp, err := http.DefaultClient.Do(g.request("/v1/chat/completions", chat("m", "x", false)))
		if err != nil {
			t.Error(err)
		}
		answer <- resp
	}()
	eventually(t, "the provider is called", func() bool { return g.sim.Ledger().Total() == 1 })
	over, cancel := context.WithCancel(t.Context())
	cancel()
	g.Drain(over)
	resp := <-answer
	defer resp.Body.Close()
	if body := readAll(t, resp); resp.StatusCode != 503 || !strings.Contains(body, "shutting_down") || resp.Header.Get("Retry-After") == "" || resp.Header.Get("X-Should-Retry") != "" {
		t.Errorf("%d %v %s", resp.StatusCode, resp.Header, body)
	}
}

// TestG11_ClientsMakeNoLabels: names of models that are not there, with whatever is in them, never reach /metrics.
func TestG11_ClientsMakeNoLabels(t *testing.T) {
	g := newTestGateway(t, setup{models: []models.Model{{Name: "m", Aliases: []string{"alias"}, Routes: []models.Route{{ProviderID: 1, TargetModel: good, Weight: 1}}}}})
	for _, model := range []string{"m", "alias", "sk-made-up-by-a-client", testKey, "another"} {
		readAll(t, g.post("/v1/chat/completions", chat(model, "x", false)))
	}
	families, err := g.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	requests := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			for _, label := range m.GetLabel() {
				if label.GetName() == "model" && family.GetName() == "squirrel_requests_total" {
					requests[label.GetValue()] += m.GetCounter().GetValue()
				}
			}
		}
	}
	if len(requests) != 2 || requests["m"] != 2 || requests[""] != 3 {
		t.Errorf("requests by model: %v", requests)
	}
}

// TestEveryAnswerNamesItself, also where there is no exchange behind it.
func TestEveryAnswerNamesItself(t *testing.T) {
	g := newTestGateway(t, setup{})
	for _, c := range []struct {
		method, path, key string
		status            int
	}{
		{http.MethodPost, "/v1/chat/completions", testKey, 400}, {http.MethodPost, "/v1/messages", "wrong", 401},
		{http.MethodGet, "/v1/models", testKey, 200}, {http.MethodGet, "/v1/models", "wrong", 401}, {http.MethodGet, "/v1/models/none", testKey, 404},
		{http.MethodGet, "/v1/usage", testKey, 200}, {http.MethodPost, "/v1/nothing", testKey, 404}, {http.MethodPost, "/v1/v1/messages", testKey, 404},
		{http.MethodGet, "/v1/messages", testKey, 405},
	} {
		req := g.request(c.path, "", "Authorization", "Bearer "+c.key)
		req.Method = c.method
		resp := g.do(req)
		body := readAll(t, resp)
		id := resp.Header.Get("X-Squirrel-Request-Id")
		if resp.StatusCode != c.status || id == "" || resp.Header.Get("X-Request-Id") != id || resp.Header.Get("Request-Id") != id || resp.Header.Get("X-Squirrel-Attempts") != "0" {
			t.Errorf("%s %s: %d %v %s", c.method, c.path, resp.StatusCode, resp.Header, body)
		}
		if c.path == "/v1/models/none" && !strings.Contains(body, "Nearest names: m.") {
			t.Errorf("no name is proposed: %s", body)
		}
	}
}

// TestF06_WrongKeysAreSlowedDownOnEveryPath, not only where bodies are taken.
func TestF06_WrongKeysAreSlowedDownOnEveryPath(t *testing.T) {
	g := newTestGateway(t, setup{})
	var last *http.Response
	for range strangerTries + 5 {
		last = g.get("/v1/models", "Authorization", "Bearer lgw-wrong")
		readAll(t, last)
	}
	if last.StatusCode != http.StatusTooManyRequests || last.Header.Get("Retry-After") == "" {
		t.Errorf("%d %v", last.StatusCode, last.Header)
	}
	if resp := g.get("/v1/models"); resp.StatusCode != http.StatusOK {
		t.Errorf("a right key: %d", resp.StatusCode)
	}
}

// TestA10_ALostConnectionIsRepeatedOnce over all providers: each repetition may be paid for twice, and the log says so.
func TestA10_ALostConnectionIsRepeatedOnce(t *testing.T) {
	s := two("fault:rst", "fault:rst")
	s.providers = append(s.providers, models.Provider{Name: "p3", Protocol: models.ProtocolOpenAI})
	s.models[0].Routes = append(s.models[0].Routes, models.Route{ProviderID: 3, TargetModel: good, Priority: 2, Weight: 1})
	g := newTestGateway(t, s)
	resp := g.post("/v1/chat/completions", chat("m", "x", false))
	if body := readAll(t, resp); resp.StatusCode != http.StatusBadGateway || !strings.Contains(body, "upstream_connect_error") {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	end := g.rec.end(t, "")
	if len(end.Attempts) != 2 || !end.Attempts[0].Ambiguous || !end.Attempts[1].Ambiguous || end.Attempts[0].ErrorKind != "reset" {
		t.Errorf("attempts: %+v", end.Attempts)
	}
	if n := g.sim.Ledger().Count(good); n != 0 {
		t.Errorf("a third provider was called %d times", n)
	}
}

// TestA12_A13_WhatCameIsOnTheAttempt: who looks for the cause finds the bytes that were no answer.
func TestA12_A13_WhatCameIsOnTheAttempt(t *testing.T) {
	for target, want := range map[string]string{"fault:cllong+fin@40": `{"id":`, "fault:json:html": "<!doctype html>", "fault:json:garbage": "", "fault:json:truncated": `{"id":`} {
		g := newTestGateway(t, two(target, good))
		if resp := g.post("/v1/chat/completions", chat("m", "x", false)); resp.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", target, resp.StatusCode)
		}
		first := g.rec.end(t, "").Attempts[0]
		if len(first.ResponseBody) == 0 || !strings.Contains(string(first.ResponseBody), want) || first.ErrorKind != "bad_response" || *first.Status != http.StatusOK {
			t.Errorf("%s: %q, %+v", target, first.ResponseBody, first)
		}
	}
}

// TestA02_AProviderThatWorksIsNeverKeptFromClients: the retry budget bounds repetitions, also of the first request of the day, but a
// healthy provider behind a broken one is always reached.
func TestA02_AProviderThatWorksIsNeverKeptFromClients(t *testing.T) {
	for _, broken := range []string{"fault:status:503", "fault:status:429", "fault:status:401", "fault:json:garbage", "fault:rst"} {
		g := newTestGateway(t, two(broken, good))
		for i := range 12 {
			resp := g.post("/v1/chat/completions", chat("m", "x", i%2 == 0))
			if body := readAll(t, resp); resp.StatusCode != http.StatusOK || resp.Header.Get("X-Squirrel-Provider") != "p2" {
				t.Errorf("%s, request %d: %d from %q: %s", broken, i, resp.StatusCode, resp.Header.Get("X-Squirrel-Provider"), body)
			}
		}
		most := 12 + 3
		if broken == "fault:rst" {
			most = 2 * 12 // a connection that was used before is worth one more try
		}
		if n := g.sim.Ledger().Count(broken); n > most {
			t.Errorf("%s: %d calls to the broken one for 12 requests", broken, n)
		}
	}
}
