package proxy

import (
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"squirrel/models"
	"squirrel/proxy/simulator"
)

// two is a model over two providers, by priority, each with its own target.
func two(first, second string) setup {
	return setup{
		providers: []models.Provider{{Name: "p1", Protocol: models.ProtocolOpenAI}, {Name: "p2", Protocol: models.ProtocolOpenAI, APIKey: "sim-key-of-the-provider-0002"}},
		models: []models.Model{{Name: "m", Strategy: models.StrategyPriority, Type: models.ModelChat, Routes: []models.Route{
			{ProviderID: 1, TargetModel: first, Priority: 0, Weight: 1}, {ProviderID: 2, TargetModel: second, Priority: 1, Weight: 1},
		}}},
	}
}

func one(target string) setup { return setup{target: target} }

// once makes a setup that tries each provider once.
func once(s setup) setup {
	s.options = func(o *Options) { o.RetryMaxAttempts = 1 }
	return s
}

// failoverCase is a request to a model whose candidates misbehave.
type failoverCase struct {
	setup    setup
	stream   bool
	status   int            // what the client sees
	hits     map[string]int // calls by target model
	provider string         // who answered, "" = nobody
	code     string         // error_code on the log
	kinds    string         // error kinds of the attempts, in order
}

const good = "gpt-4o"

var failoverCases = map[string]failoverCase{
	"A01_RetriesTheSameProvider":         {setup: one("fault:status:500x2,200"), status: 200, hits: map[string]int{"fault:status:500x2,200": 3}, provider: "one", kinds: "status,status,"},
	"A02_FailsOverAfterItsAttempts":      {setup: two("fault:status:503", good), status: 200, hits: map[string]int{"fault:status:503": 3, good: 1}, provider: "p2", kinds: "status,status,status,"},
	"A03_AllFailWithinTheBudget":         {setup: two("fault:status:500", "fault:status:502"), status: 500, hits: map[string]int{"fault:status:500": 3, "fault:status:502": 1}, code: "upstream_error", kinds: "status,status,status,status"},
	"A04_ARequestToBlameIsNotRetried":    {setup: two("fault:status:400", good), status: 400, hits: map[string]int{"fault:status:400": 1, good: 0}, code: "invalid_request", kinds: "status"},
	"A05_OurCredentialFailsOver":         {setup: two("fault:status:401", good), status: 200, hits: map[string]int{"fault:status:401": 1, good: 1}, provider: "p2", kinds: "status,"},
	"A05_OurCredentialIsNotTheClients":   {setup: one("fault:status:403"), status: 502, hits: map[string]int{"fault:status:403": 1}, code: "upstream_error", kinds: "status"},
	"A06_RateLimitFailsOverAtOnce":       {setup: two("fault:status:429+retryafter:2", good), status: 200, hits: map[string]int{"fault:status:429+retryafter:2": 1, good: 1}, provider: "p2", kinds: "status,"},
	"A06_RateLimitOfTheOnlyOneIsWaited":  {setup: one("fault:status:429,200+retryafter:1"), status: 200, hits: map[string]int{"fault:status:429,200+retryafter:1": 2}, provider: "one", kinds: "status,"},
	"A06_RateLimitTooLongIsRelayed":      {setup: one("fault:status:429+retryafter:30"), status: 429, hits: map[string]int{"fault:status:429+retryafter:30": 1}, code: "rate_limit_exceeded", kinds: "status"},
	"A10_LostConnectionFailsOverOnce":    {setup: two("fault:rst", good), status: 200, hits: map[string]int{good: 1}, provider: "p2", kinds: "reset,"},
	"A12_TruncatedBodyIsRetried":         {setup: two("fault:cllong+fin@40", good), status: 200, hits: map[string]int{good: 1}, provider: "p2"},
	"A13_HTMLIsNoAnswer":                 {setup: one("fault:json:html"), status: 502, hits: map[string]int{"fault:json:html": 3}, code: "upstream_bad_response"},
	"A13_GarbageIsNoAnswer":              {setup: one("fault:json:garbage"), status: 502, hits: map[string]int{"fault:json:garbage": 3}, code: "upstream_bad_response"},
	"A13_TruncatedJSONIsNoAnswer":        {setup: one("fault:json:truncated"), status: 502, hits: map[string]int{"fault:json:truncated": 3}, code: "upstream_bad_response"},
	"A14_AnErrorInA200IsRelayed":         {setup: two("fault:json:error", good), status: 200, hits: map[string]int{"fault:json:error": 1, good: 0}, provider: "p1"},
	"A15_HeaderFloodFailsOver":           {setup: two("fault:hdrflood:10MB", good), status: 200, hits: map[string]int{good: 1}, provider: "p2"},
	"A15_InterimFloodFailsOver":          {setup: two("fault:1xxflood:100000", good), status: 200, hits: map[string]int{good: 1}, provider: "p2"},
	"A16_GzipBombIsNoAnswer":             {setup: once(one("fault:gzipbomb:100MB")), status: 502, code: "upstream_bad_response"},
	"B06_FirstEventErrorFailsOver":       {setup: two("fault:firststreamerror:529", good), stream: true, status: 200, hits: map[string]int{good: 1}, provider: "p2"},
	"B06_StreamWithoutEventsFailsOver":   {setup: two("fault:fin@0", good), stream: true, status: 200, hits: map[string]int{good: 1}, provider: "p2"},
	"TargetModelUnknownIsAFailoverCause": {setup: two("unknown-model", good), status: 200, hits: map[string]int{"unknown-model": 1, good: 1}, provider: "p2", kinds: "status,"},
}

func TestFailover(t *testing.T) {
	for name, c := range failoverCases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newTestGateway(t, c.setup)
			resp := g.post("/v1/chat/completions", chat("m", "hello", c.stream))
			body := readAll(t, resp)
			if resp.StatusCode != c.status {
				t.Fatalf("status %d, want %d: %s", resp.StatusCode, c.status, body)
			}
			for model, want := range c.hits {
				if got := g.sim.Ledger().Count(model); got != want {
					t.Errorf("%s was called %d times, want %d", model, got, want)
				}
			}
			c.checkLog(t, g, resp)
		})
	}
}

func (c *failoverCase) checkLog(t *testing.T, g *testGateway, resp *http.Response) {
	t.Helper()
	end := g.rec.end(t, "")
	if *end.Log.ResponseStatus != c.status || end.Log.ErrorCode != c.code || end.Log.AttemptCount != len(end.Attempts) || end.Log.RetryCount != len(end.Attempts)-1 {
		t.Errorf("log: status %d, code %q, attempts %d of %d", *end.Log.ResponseStatus, end.Log.ErrorCode, end.Log.AttemptCount, len(end.Attempts))
	}
	if resp.Header.Get("X-Squirrel-Attempts") != strconv.Itoa(len(end.Attempts)) {
		t.Errorf("x-squirrel-attempts %s, want %d", resp.Header.Get("X-Squirrel-Attempts"), len(end.Attempts))
	}
	if c.provider != "" && end.Log.ProviderName != c.provider {
		t.Errorf("answered by %q, want %q", end.Log.ProviderName, c.provider)
	}
	if c.status >= 400 && resp.Header.Get("X-Should-Retry") != "false" {
		t.Error("SDKs are not told that retrying is done")
	}
	kinds := make([]string, 0, len(end.Attempts))
	for _, a := range end.Attempts {
		kinds = append(kinds, a.ErrorKind)
	}
	if got := strings.Join(kinds, ","); c.kinds != "" && got != c.kinds {
		t.Errorf("attempts ended with %q, want %q", got, c.kinds)
	}
}

func TestA01_BackOffGrowsWithJitter(t *testing.T) {
	o := Options{RetryDelay: time.Second}
	for tries, base := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 4: 8 * time.Second, 9: 8 * time.Second, 70: 8 * time.Second} {
		for range 100 {
			if d := o.backoff(tries); d < base*8/10 || d > base*12/10 {
				t.Fatalf("after %d tries: %v, want %v ± 20 %%", tries, d, base)
			}
		}
	}
}

func TestA06_RelaysRetryAfter(t *testing.T) {
	g := newTestGateway(t, one("fault:status:429+retryafter:30"))
	if resp := g.post("/v1/chat/completions", chat("m", "x", false)); resp.Header.Get("Retry-After") != "30" {
		t.Errorf("retry-after %q", resp.Header.Get("Retry-After"))
	}
}

func TestA08_ConnectionsThatNeverWere(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := "http://" + closed.Addr().String()
	closed.Close()
	secure, err := simulator.Start(simulator.Options{TLS: "expired"})
	if err != nil {
		t.Fatal(err)
	}
	defer secure.Close()
	for name, c := range map[string]struct{ url, kind string }{
		"refused": {refused, "dial"}, "no such name": {"http://no-such-host.invalid", "dns"}, "expired certificate": {secure.OpenAIBase(), "tls"},
		"metadata address": {"http://169.254.169.254/v1", "refused_by_policy"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newTestGateway(t, setup{providers: []models.Provider{{Name: "p", Protocol: models.ProtocolOpenAI, BaseURL: c.url}}})
			resp := g.post("/v1/chat/completions", chat("m", "x", false))
			body := readAll(t, resp)
			end := g.rec.end(t, "")
			if resp.StatusCode != 502 || !strings.Contains(body, "upstream_connect_error") || len(end.Attempts) != 1 || end.Attempts[0].ErrorKind != c.kind {
				t.Errorf("%d %s; attempts %+v", resp.StatusCode, body, end.Attempts)
			}
			if strings.Contains(body, strings.TrimPrefix(c.url, "http://")) {
				t.Errorf("the answer names the provider's address: %s", body)
			}
		})
	}
}

func TestA09_BlackHole(t *testing.T) {
	t.Parallel()
	s := two("fault:blackhole", good)
	s.providers[0].FirstByteTimeout = 1
	g := newTestGateway(t, s)
	started := time.Now()
	resp := g.post("/v1/chat/completions", chat("m", "x", false))
	if readAll(t, resp); resp.StatusCode != 200 || time.Since(started) > 5*time.Second {
		t.Fatalf("%d after %v", resp.StatusCode, time.Since(started))
	}
	entry, err := g.sim.Ledger().WaitAborted(t.Context(), simulator.ForModel("fault:blackhole"))
	if err != nil || entry.Aborted.Sub(entry.Received) > 2*time.Second {
		t.Errorf("upstream saw the abort at %v, %v", entry.Aborted.Sub(entry.Received), err)
	}
}

func TestA09_TimeoutOfTheOnlyProviderIs504(t *testing.T) {
	t.Parallel()
	s := one("fault:blackhole")
	s.providers = []models.Provider{{Name: "p", Protocol: models.ProtocolOpenAI, FirstByteTimeout: 1}}
	g := newTestGateway(t, s)
	resp := g.post("/v1/chat/completions", chat("m", "x", false))
	if body := readAll(t, resp); resp.StatusCode != 504 || !strings.Contains(body, "upstream_timeout") {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
}

func TestA11_ATimeoutIsNotRepeatedOnTheSameProvider(t *testing.T) {
	t.Parallel()
	s := one("fault:delayhdr:5s")
	s.providers = []models.Provider{{Name: "p", Protocol: models.ProtocolOpenAI, FirstByteTimeout: 1}}
	g := newTestGateway(t, s)
	readAll(t, g.post("/v1/chat/completions", chat("m", "x", false)))
	end := g.rec.end(t, "")
	if len(end.Attempts) != 1 || !end.Attempts[0].Ambiguous {
		t.Errorf("attempts: %+v", end.Attempts)
	}
}

func TestA17_RedirectsAreNotFollowed(t *testing.T) {
	other, err := simulator.Start(simulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	for _, to := range []string{"http://169.254.169.254/latest/meta-data", other.OpenAIBase() + "/chat/completions"} {
		g := newTestGateway(t, setup{})
		g.sim.Script(func(*simulator.Request) simulator.Fault { return simulator.Fault{Redirect: to} })
		resp := g.post("/v1/chat/completions", chat("m", "x", false))
		if readAll(t, resp); resp.StatusCode != 502 || resp.Header.Get("Location") != "" {
			t.Errorf("%d %v", resp.StatusCode, resp.Header)
		}
	}
	if n := other.Ledger().Total(); n != 0 {
		t.Errorf("%d requests, with our key, went where a redirect pointed", n)
	}
}

func TestA19_AClientThatLeavesDuringBackOff(t *testing.T) {
	t.Parallel()
	s := one("fault:status:500")
	s.options = func(o *Options) { o.RetryDelay = 5 * time.Second }
	g := newTestGateway(t, s)
	leaveAfter(t, g, chat("m", "x", false), 400*time.Millisecond)
	log := g.rec.end(t, "").Log
	if *log.ResponseStatus != 499 || log.AttemptCount != 1 || log.ErrorCode != "client_disconnected" {
		t.Errorf("log: %d %q, %d attempts", *log.ResponseStatus, log.ErrorCode, log.AttemptCount)
	}
	if n := g.sim.Ledger().Count("fault:status:500"); n != 1 {
		t.Errorf("%d calls", n)
	}
}
