package proxy

import (
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"squirrel/models"
	"squirrel/proxy/simulator"
	"squirrel/routing/health"
)

// TestA18_OutageOfAllProviders: while everything is down, retries don't multiply the load; when providers are back, so is the
// service, and nothing has leaked.
func TestA18_OutageOfAllProviders(t *testing.T) {
	const clients, outage = 200, 1500 * time.Millisecond
	s := two("one", "two")
	s.options = func(o *Options) { o.RetryDelay = 5 * time.Millisecond }
	g := newTestGateway(t, s)
	var down atomic.Bool
	down.Store(true)
	g.sim.Script(func(*simulator.Request) simulator.Fault {
		if down.Load() {
			return simulator.Fault{Statuses: []int{503}}
		}
		return simulator.Fault{}
	})
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	defer client.CloseIdleConnections()
	var offered, good atomic.Int64
	stop := make(chan struct{})
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(100 * time.Millisecond):
				}
				offered.Add(1)
				resp, err := client.Do(g.request("/v1/chat/completions", chat("m", "x", false)))
				if err != nil {
					t.Error(err)
					return
				}
				if resp.Body.Close(); resp.StatusCode == 200 {
					good.Add(1)
				}
			}
		})
	}
	time.Sleep(outage)
	// Failover is made at first whatever it costs, until the circuits open: that is a share of few requests, and of none of many.
	for began := time.Now(); offered.Load() < 10*clients && time.Since(began) < 20*time.Second; {
		time.Sleep(20 * time.Millisecond)
	}
	calls, asked, goroutines := g.sim.Ledger().Total(), offered.Load(), runtime.NumGoroutine()
	if float64(calls) > 1.2*float64(asked)+3 {
		t.Errorf("%d calls for %d requests", calls, asked)
	}
	if goroutines > 12*clients {
		t.Errorf("%d goroutines for %d clients", goroutines, clients)
	}
	if state := g.router.Health(1).State; state != health.Open {
		t.Errorf("the first route is %v", state)
	}
	down.Store(false)
	back := time.Now()
	for good.Load() < clients && time.Since(back) < 5*time.Second {
		time.Sleep(20 * time.Millisecond)
	}
	if good.Load() < clients {
		t.Errorf("5 s after the providers came back, %d requests had succeeded", good.Load())
	}
	close(stop)
	all.Wait()
	if n := g.Running(); n != 0 {
		t.Errorf("%d exchanges still run", n)
	}
}

// TestRetryBudget: three retries are always there, then a fifth of the requests.
func TestRetryBudget(t *testing.T) {
	g := newTestGateway(t, one("fault:status:500"))
	for range 50 {
		g.post("/v1/chat/completions", chat("m", "x", false))
	}
	if n := g.sim.Ledger().Total(); n < 53 || n > 61 {
		t.Errorf("%d calls for 50 requests", n)
	}
}

// TestA20_TheLeastBadProviderIsTried when all of them are ejected.
func TestA20_TheLeastBadProviderIsTried(t *testing.T) {
	g := newTestGateway(t, two("fault:status:503x40,200", "fault:status:503x40,200"))
	for range 12 {
		readAll(t, g.post("/v1/chat/completions", chat("m", "x", false)))
	}
	for id := int64(1); id <= 2; id++ {
		if state := g.router.Health(id).State; state != health.Open {
			t.Fatalf("route %d is %v", id, state)
		}
	}
	before := g.sim.Ledger().Total()
	resp := g.post("/v1/chat/completions", chat("m", "x", false))
	if body := readAll(t, resp); resp.StatusCode != 503 || !strings.Contains(body, "error") || g.sim.Ledger().Total() == before {
		t.Errorf("%d %s after %d calls", resp.StatusCode, body, g.sim.Ledger().Total()-before)
	}
}

// TestA21_ConfigurationChangesUnderLoad: a request ends on the configuration it began with.
func TestA21_ConfigurationChangesUnderLoad(t *testing.T) {
	s := two("fault:delayhdr:5ms", "fault:slow:1ms")
	g := newTestGateway(t, s)
	with := s.config(g.sim)
	without := s.config(g.sim)
	without.Providers, without.Models = without.Providers[1:], []models.Model{with.Models[0]}
	without.Models[0].Routes = with.Models[0].Routes[1:]
	empty := with
	empty.Models = nil
	stop := make(chan struct{})
	var swapping sync.WaitGroup
	swapping.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
			}
			g.router.Swap([]models.Config{with, without, empty}[i%3])
			g.keys.Swap(with.Keys)
		}
	})
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			for range 25 {
				resp, err := http.DefaultClient.Do(g.request("/v1/chat/completions", chat("m", "x", n%2 == 0)))
				if err != nil {
					t.Error(err)
					return
				}
				if body := readAll(t, resp); resp.StatusCode != 200 && resp.StatusCode != 404 && resp.StatusCode != 503 {
					t.Errorf("%d %s", resp.StatusCode, body)
				}
				resp.Body.Close()
			}
		})
	}
	all.Wait()
	close(stop)
	swapping.Wait()
}

// TestA21_ARouteThatIsGone: its provider was deleted while the call ran.
func TestA21_ARouteThatIsGone(t *testing.T) {
	g := newTestGateway(t, one("fault:delayhdr:300ms"))
	answered := make(chan *http.Response, 1)
	go func() { answered <- g.post("/v1/chat/completions", chat("m", "x", true)) }()
	if _, err := g.sim.Ledger().Wait(t.Context(), 1, nil); err != nil {
		t.Fatal(err)
	}
	g.router.Swap(models.Config{Version: 2})
	resp := <-answered
	if body := readAll(t, resp); resp.StatusCode != 200 || !strings.HasSuffix(body, "data: [DONE]\n\n") {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	if resp := g.post("/v1/chat/completions", chat("m", "x", false)); resp.StatusCode != 404 {
		t.Errorf("the next request got %d", resp.StatusCode)
	}
}

// TestA22_ExtremeWeights: whatever the weights, every request is answered, and none loops.
func TestA22_ExtremeWeights(t *testing.T) {
	for _, strategy := range []models.StrategyName{models.StrategyWeighted, models.StrategyPriority, models.StrategyRoundRobin, models.StrategyCostFirst, "unheard of"} {
		for _, weights := range [][]int{{0}, {0, 0}, {-1, -5}, {1 << 31, 1}, {1 << 31, 1 << 31}, {1<<63 - 1, 1<<63 - 1}, {-1 << 63, 1<<63 - 1}, {0, 1<<31 - 1}} {
			m := models.Model{Name: "m", Strategy: strategy}
			for _, weight := range weights {
				m.Routes = append(m.Routes, models.Route{ProviderID: 1, TargetModel: good, Weight: weight, Priority: weight})
			}
			g := newTestGateway(t, setup{models: []models.Model{m}})
			for range 3 {
				if resp := g.post("/v1/chat/completions", chat("m", "x", false)); resp.StatusCode != 200 {
					t.Errorf("%s %v: %d", strategy, weights, resp.StatusCode)
				}
			}
		}
	}
}

// TestFailoverAcrossProtocols: the next provider may speak another dialect; the client does not notice.
func TestFailoverAcrossProtocols(t *testing.T) {
	for _, in := range dialects {
		for _, first := range dialects {
			for _, second := range dialects {
				for _, stream := range []bool{false, true} {
					s := once(two("fault:status:500", good))
					s.providers[0].Protocol, s.providers[1].Protocol = first.protocol, second.protocol
					g := newTestGateway(t, s)
					resp := in.post(g, "hello", stream)
					body := readAll(t, resp)
					if resp.StatusCode != 200 || stream && !strings.Contains(body, in.last) || resp.Header.Get("X-Squirrel-Provider") != "p2" {
						t.Errorf("%s over %s then %s: %d %.300s", in.protocol, first.protocol, second.protocol, resp.StatusCode, body)
						continue
					}
					end := g.rec.end(t, "")
					if len(end.Attempts) != 2 || *end.Attempts[0].Status != 500 || end.Log.ProtocolOut != second.protocol || *end.Log.OutputTokens == 0 {
						t.Errorf("log: %+v", end.Log)
					}
					calls := g.sim.Ledger().Entries(nil)
					if string(calls[0].Endpoint) != first.path || string(calls[1].Endpoint) != second.path {
						t.Errorf("called %s and %s", calls[0].Endpoint, calls[1].Endpoint)
					}
				}
			}
		}
	}
}
