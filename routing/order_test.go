package routing

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"squirrel/models"
	"squirrel/routing/health"
	"squirrel/routing/rules"
)

func TestPlan_GroupsByHealth(t *testing.T) {
	pause := start.Add(time.Hour)
	f := newFixture(t, Options{}, func(cfg *models.Config) {
		for id := int64(4); id <= 6; id++ {
			cfg.Models[0].Routes = append(cfg.Models[0].Routes, models.Route{ID: id, ProviderID: 1, TargetModel: "t", Priority: int(id), Weight: 1, IsActive: true})
		}
		cfg.Models[0].Routes[0].PausedUntil = &pause
	})
	f.wantOrder(t, 2, 3, 4, 5, 6, 1)
	f.report(2, 5, health.Failure) // open for 30 s
	f.Report(3, health.Sample{Outcome: health.RateLimited, RetryAfter: 10 * time.Second})
	f.report(4, 3, health.Failure)
	f.report(4, 3, health.Success)
	p := f.wantOrder(t, 5, 6, 4, 3, 2, 1)
	for id, want := range map[int64]string{
		1: "healthy: paused, only as a last resort", 2: "open: its calls failed in a row, tried after the others",
		3: "cooling: cooling, tried after the others", 4: "degraded: many of its calls fail, tried after healthy routes",
		5: "healthy: priority 5, weight 1 among equals",
	} {
		if v := verdict(t, p, id); v.Health+": "+v.Reason != want {
			t.Errorf("route %d: %s: %s", id, v.Health, v.Reason)
		}
	}
	f.now = start.Add(10 * time.Second)
	f.wantOrder(t, 3, 5, 6, 4, 2, 1)
	f.now = start.Add(30 * time.Second) // route 2 is due for a trial, so it gets its place back for one request
	if v := verdict(t, f.wantOrder(t, 2, 3, 5, 6, 4, 1), 2); !strings.Contains(v.Reason, "due for a trial") {
		t.Errorf("%+v", v)
	}
	if !f.Acquire(2) || f.Acquire(2) {
		t.Error("want exactly one trial")
	}
	f.wantOrder(t, 3, 5, 6, 4, 2, 1)
	f.Report(2, health.Sample{Outcome: health.Success})
	f.wantOrder(t, 2, 3, 5, 6, 4, 1)
	f.now = pause
	f.wantOrder(t, 1, 2, 3, 4, 5, 6)
}

// TestA20_HealthNeverRemovesTheLast: with every route ejected, all stay in the order, the soonest first.
func TestA20_HealthNeverRemovesTheLast(t *testing.T) {
	f := newFixture(t, Options{}, nil)
	f.report(1, 5, health.Failure)
	f.report(2, 1, health.Credential)
	f.Report(3, health.Sample{Outcome: health.RateLimited, RetryAfter: 20 * time.Second})
	f.wantOrder(t, 3, 1, 2)
	plan, err := f.DryRun(request("m"))
	if err != nil {
		t.Fatal(err)
	}
	if v := verdict(t, plan, 2); v.Reason != "cooling, tried after the others, until 2026-03-04T12:01:00Z" {
		t.Errorf("%+v", v)
	}
}

// TestA02_FailuresLowerHealth: five calls that failed put a route behind the others.
func TestA02_FailuresLowerHealth(t *testing.T) {
	f := newFixture(t, Options{}, nil)
	f.wantOrder(t, 1, 2, 3)
	f.report(1, 5, health.Failure)
	f.wantOrder(t, 2, 3, 1)
	if s := f.Health(1); s.State != health.Open || s.Samples != 5 || s.FailureRate != 1 {
		t.Errorf("%+v", s)
	}
}

// TestPlan_UnreachedGroupsTakeNoTurn: while the healthy group is served, the turns of the degraded one stand still.
func TestPlan_UnreachedGroupsTakeNoTurn(t *testing.T) {
	f := newFixture(t, Options{}, func(cfg *models.Config) { cfg.Models[0].Strategy = models.StrategyRoundRobin })
	for _, id := range []int64{2, 3} {
		f.report(id, 3, health.Failure)
		f.report(id, 3, health.Success)
	}
	for range 3 {
		f.wantOrder(t, 1, 2, 3)
	}
	f.report(1, 5, health.Failure)
	f.wantOrder(t, 2, 3, 1)
	f.wantOrder(t, 3, 2, 1)
}

func TestPlan_SharesAreExactUnderConcurrency(t *testing.T) {
	f := newFixture(t, Options{}, func(cfg *models.Config) {
		cfg.Models[0].Strategy = models.StrategyWeighted
		cfg.Models[0].Routes[0].Weight, cfg.Models[0].Routes[1].Weight = 5, 4
	})
	var mu sync.Mutex
	first := map[int64]int{}
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			for range 1000 {
				p, err := f.Plan(request("m"))
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				first[p.Decision.Order[0]]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if first[1] != 5000 || first[2] != 4000 || first[3] != 1000 {
		t.Errorf("%v", first)
	}
}

func usd(text string) *models.NanoUSD {
	n, err := models.ParseUSD(text)
	if err != nil {
		panic(err)
	}
	return &n
}

func flat(input, output string) models.Prices {
	mode := models.BillingTokenFlat
	return models.Prices{BillingMode: &mode, TokenPrices: models.TokenPrices{Input: usd(input), Output: usd(output)}}
}

func perRequest(price string) models.Prices {
	mode := models.BillingPerRequest
	return models.Prices{BillingMode: &mode, PerRequest: usd(price)}
}

// TestPlan_CostFirst orders by what this request would cost: 1,000 input tokens and what it may write.
func TestPlan_CostFirst(t *testing.T) {
	var average int64
	f := newFixture(t, Options{AverageOutput: func(string) (int64, bool) { return average, average > 0 }}, func(cfg *models.Config) {
		m := &cfg.Models[0]
		m.Strategy = models.StrategyCostFirst
		m.Routes[0].Prices = flat("1", "10")     // $0.001 + $0.01 per 1,000 output tokens
		m.Routes[1].Prices = flat("4", "2")      // $0.004 + $0.002
		m.Routes = append(m.Routes, m.Routes[2]) // 3 has no price
		m.Routes[3].ID, m.Routes[3].Prices = 4, perRequest("0.005")
	})
	v := verdict(t, f.wantOrder(t, 2, 4, 1, 3), 1) // 500 output tokens: $0.006, $0.005 (and ties by turns), $0.005
	if v.EstimatedCost == nil || v.EstimatedCost.String() != "0.006" {
		t.Errorf("%+v", v)
	}
	f.wantOrder(t, 4, 2, 1, 3)
	average = 100 // $0.002, $0.0042, $0.005
	f.wantOrder(t, 1, 2, 4, 3)
	plan := func(req *Request) string {
		p, err := f.Plan(req)
		if err != nil {
			t.Fatal(err)
		}
		out, _ := json.Marshal(p.Decision.Order)
		return string(out)
	}
	req := request("m")
	req.MaxOutput = 2000 // $0.021, $0.008, $0.005
	if got := plan(req); got != "[4,2,1,3]" {
		t.Errorf("with the request's limit: %s", got)
	}
	req = request("m")
	req.Facts = rules.NewFacts(rules.Source{Endpoint: models.EndpointChat, Body: []byte(`{"max_tokens":2000}`), InputTokens: func() int64 { return 1000 }})
	if got := plan(req); got != "[4,2,1,3]" {
		t.Errorf("with the limit in the body: %s", got)
	}
	req.Facts = rules.NewFacts(rules.Source{InputTokens: func() int64 { return -1 }}) // nobody can count: token prices say nothing
	if got := plan(req); !strings.HasPrefix(got, "[4,") {
		t.Errorf("with an unknown input: %s", got)
	}
}

// TestD08_TokensAreCountedOnlyForPrices: no strategy but cost_first runs the tokeniser, nor does that without need.
func TestD08_TokensAreCountedOnlyForPrices(t *testing.T) {
	for name, wantCalls := range map[models.StrategyName]int{models.StrategyCostFirst: 1, models.StrategyWeighted: 0} {
		f := newFixture(t, Options{}, func(cfg *models.Config) {
			cfg.Models[0].Strategy, cfg.Models[0].Prices = name, flat("1", "1")
			pieces := cfg.Models[0]
			pieces.ID, pieces.Name, pieces.Aliases, pieces.Prices = 2, "pieces", nil, perRequest("1")
			cfg.Models = append(cfg.Models, pieces)
		})
		calls := 0
		for _, model := range []string{"m", "pieces"} {
			req := request(model)
			req.Facts = rules.NewFacts(rules.Source{InputTokens: func() int64 { calls++; return 1 }})
			if _, err := f.Plan(req); err != nil {
				t.Fatal(err)
			}
		}
		if calls != wantCalls {
			t.Errorf("%s: %d counts, want %d", name, calls, wantCalls)
		}
	}
}

func TestPlan_PricesAndContextWindow(t *testing.T) {
	opts := Options{
		CataloguePrices: func(target string) (models.Prices, bool) { return flat("3", "3"), target == "t3" },
		ContextWindow:   func(target string) (int64, bool) { return 300, target == "t3" },
	}
	f := newFixture(t, opts, func(cfg *models.Config) {
		cfg.Models[0].Routes[0].Prices = flat("1", "1")
		cfg.Models[0].Capabilities = json.RawMessage(`{"context_window":50,"context_windows":{"t1":100}}`)
		cfg.Models = append(cfg.Models, models.Model{ID: 2, Name: "t2", Capabilities: json.RawMessage(`{"context_window":200}`)})
	})
	want := []models.PriceSource{models.PriceFromRoute, models.PriceUnknown, models.PriceFromCatalogue}
	for i, c := range f.wantOrder(t, 1, 2, 3).Candidates {
		if c.PriceSource != want[i] || c.ContextWindow != int64(i+1)*100 || c.Prices.Stated() != (want[i] != models.PriceUnknown) {
			t.Errorf("route %d: %s, window %d", c.Route.ID, c.PriceSource, c.ContextWindow)
		}
	}
	f.cfg.Models[0].Prices = flat("2", "2")
	f.cfg.Models[0].Capabilities = json.RawMessage(`{"context_window":"big"}`)
	f.cfg.Models[0].Routes[1].TargetModel = "other"
	f.swap()
	c := f.wantOrder(t, 1, 2, 3).Candidates
	if c[1].PriceSource != models.PriceFromModel || c[1].ContextWindow != 0 || c[2].PriceSource != models.PriceFromModel {
		t.Errorf("%+v", c)
	}
}

func TestDryRun_ShowsEverythingAndChangesNothing(t *testing.T) {
	f := newFixture(t, Options{}, func(cfg *models.Config) {
		m := &cfg.Models[0]
		m.Strategy, m.Prices = models.StrategyRoundRobin, flat("1", "2")
		m.Rules = rule("time.hour", "lt", "20")
		m.Routes[0].Rules = rule("token_usage.input_tokens", "gte", "500")
		m.Routes[1].Rules, m.Routes[1].IsActive = rule("stream", "eq", "true"), false
		cfg.Providers[2].Protocol = models.ProtocolAnthropic
	})
	for range 3 {
		p, err := f.DryRun(request("m"))
		if err != nil {
			t.Fatal(err)
		}
		got, _ := json.Marshal(p.Decision)
		want := `{"strategy":"round_robin","order":[1,3],"candidates":[` +
			`{"route":1,"provider":"p1","target_model":"t1","protocol":"openai","verdict":"selected","reason":"takes turns","health":"healthy","estimated_cost":"0.002"},` +
			`{"route":3,"provider":"p3","target_model":"t3","protocol":"anthropic","verdict":"selected","reason":"takes turns; converted from openai to anthropic","health":"healthy","estimated_cost":"0.002"},` +
			`{"route":2,"provider":"p2","target_model":"t2","protocol":"openai","verdict":"excluded","reason":"the route is switched off","health":"healthy","estimated_cost":null}],` +
			`"rules":[{"field":"time.hour","operator":"lt","value":20,"actual":12,"result":true},` +
			`{"route":1,"field":"token_usage.input_tokens","operator":"gte","value":500,"actual":1000,"result":true},` +
			`{"route":2,"field":"stream","operator":"eq","value":true,"actual":false,"result":false}]}`
		if string(got) != want {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	}
	f.wantOrder(t, 1, 3)
	f.wantOrder(t, 3, 1)
}

func TestA18_RetriesAreBoundedByPlans(t *testing.T) {
	f := newFixture(t, Options{}, nil)
	for range 50 {
		f.mustPlan(t)
		if _, err := f.Plan(request("gone")); err == nil {
			t.Fatal("a model that does not exist has a plan")
		}
	}
	allowed := 0
	for range 100 {
		if f.AllowRetry() {
			allowed++
		}
	}
	if allowed != 10 {
		t.Errorf("%d retries for 50 requests, want 10", allowed)
	}
}

// TestDryRun_AtRest tells where the configuration leads, whatever fails at the moment and whose turn it is.
func TestDryRun_AtRest(t *testing.T) {
	f := newFixture(t, Options{}, func(cfg *models.Config) {
		cfg.Models[0].Strategy = models.StrategyWeighted
		cfg.Models[0].Routes[0].Weight = 2
	})
	first := func(atRest bool) int64 {
		t.Helper()
		req := request("m")
		req.AtRest = atRest
		plan, err := f.DryRun(req)
		if err != nil {
			t.Fatal(err)
		}
		return plan.Decision.Order[0]
	}
	f.mustPlan(t) // takes a turn
	if now, rest := first(false), first(true); now == 1 || rest != 1 {
		t.Errorf("after a turn: %d now, %d at rest", now, rest)
	}
	f.report(1, 5, health.Failure)
	if now, rest := first(false), first(true); now == 1 || rest != 1 {
		t.Errorf("after failures: %d now, %d at rest", now, rest)
	}
	f.cfg.Models[0].Routes[2].Weight = 3
	f.swap()
	if rest := first(true); rest != 3 {
		t.Errorf("after a change of weights: %d at rest", rest)
	}
}
