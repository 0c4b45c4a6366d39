package routing

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"squirrel/models"
	"squirrel/routing/health"
	"squirrel/routing/rules"
)

var start = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// fixture is a router with a clock that tests move and a config that they change.
type fixture struct {
	*Router
	now time.Time
	cfg models.Config
}

// newFixture serves the model "m" (alias "mm") over routes 1, 2 and 3 of the providers p1, p2 and p3.
func newFixture(t *testing.T, opts Options, change func(cfg *models.Config)) *fixture {
	t.Helper()
	f := &fixture{now: start}
	opts.Now = func() time.Time { return f.now }
	f.cfg = models.Config{Providers: []models.Provider{provider(1), provider(2), provider(3)}}
	m := models.Model{ID: 1, Name: "m", Aliases: []string{"mm"}, Strategy: models.StrategyPriority, IsActive: true}
	for i := range 3 {
		m.Routes = append(m.Routes, models.Route{
			ID: int64(i + 1), ModelName: "m", ProviderID: int64(i + 1), TargetModel: fmt.Sprintf("t%d", i+1), Priority: i, Weight: 1, IsActive: true,
		})
	}
	f.cfg.Models = []models.Model{m}
	if change != nil {
		change(&f.cfg)
	}
	f.Router = New(opts)
	f.swap()
	return f
}

// swap publishes a copy of the config, as a reader of the store would.
func (f *fixture) swap() []error {
	next := models.Config{Version: f.cfg.Version, Providers: slices.Clone(f.cfg.Providers), Models: slices.Clone(f.cfg.Models)}
	for i := range next.Models {
		next.Models[i].Routes = slices.Clone(next.Models[i].Routes)
	}
	return f.Swap(next)
}

func request(model string) *Request {
	return &Request{
		Model: model, Endpoint: models.EndpointChat, Protocol: models.ProtocolOpenAI,
		Facts: rules.NewFacts(rules.Source{Model: model, Endpoint: models.EndpointChat, InputTokens: func() int64 { return 1000 }}),
	}
}

func (f *fixture) mustPlan(t *testing.T) *Plan {
	t.Helper()
	p, err := f.Plan(request("m"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (f *fixture) wantOrder(t *testing.T, want ...int64) *Plan {
	t.Helper()
	p := f.mustPlan(t)
	var tried []int64
	for _, c := range p.Candidates {
		tried = append(tried, c.Route.ID)
	}
	if !slices.Equal(p.Decision.Order, want) || !slices.Equal(tried, want) {
		t.Fatalf("order %v, candidates %v, want %v", p.Decision.Order, tried, want)
	}
	return p
}

func (f *fixture) report(route int64, times int, outcome health.Outcome) {
	for range times {
		f.Report(route, health.Sample{Outcome: outcome})
	}
}

// verdict finds what a plan says about a route.
func verdict(t *testing.T, p *Plan, route int64) models.CandidateVerdict {
	t.Helper()
	for _, v := range p.Decision.Candidates {
		if v.RouteID == route {
			return v
		}
	}
	t.Fatalf("nothing is said about route %d", route)
	return models.CandidateVerdict{}
}

func rule(field, operator, value string) *models.Rule {
	return &models.Rule{Field: field, Operator: operator, Value: json.RawMessage(value)}
}

func wantError(t *testing.T, err error, reason Reason, message string) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Reason != reason || !strings.Contains(e.Message, message) {
		t.Fatalf("%v (%+v), want reason %d with %q", err, e, reason, message)
	}
	return e
}

func TestResolveAndModels(t *testing.T) {
	f := newFixture(t, Options{}, func(cfg *models.Config) {
		cfg.Models = append(cfg.Models,
			models.Model{ID: 2, Name: "mm-off", Aliases: []string{"m", "alias"}, Routes: []models.Route{{ID: 9, ProviderID: 1, IsActive: true}}},
			models.Model{ID: 3, Name: "empty", IsActive: true},
			models.Model{ID: 4, Name: "a", IsActive: true, Aliases: []string{"alias"}, Routes: []models.Route{{ID: 10, ProviderID: 1, IsActive: true}}},
		)
	})
	for name, want := range map[string]string{"m": "m", "mm": "m", "alias": "mm-off", "empty": "empty", "M": "", "": ""} {
		got := ""
		if m, ok := f.Resolve(name); ok {
			got = m.Name
		}
		if got != want {
			t.Errorf("%q resolves to %q, want %q", name, got, want)
		}
	}
	for allowed, want := range map[string]string{"": "a m", "m": "m", "mm": "m", "empty": "", "a,m,x": "a m"} {
		var names []string
		for _, m := range f.Models(strings.FieldsFunc(allowed, func(r rune) bool { return r == ',' })) {
			names = append(names, m.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("models for %q: %q, want %q", allowed, got, want)
		}
	}
}

func TestPlan_UnknownModelNamesTheNearest(t *testing.T) {
	f := newFixture(t, Options{}, func(cfg *models.Config) {
		template := cfg.Models[0]
		cfg.Models = nil
		for i, name := range []string{"gpt-4o", "gpt-4o-mini", "claude-sonnet-4", "gpt-5", "gpt-off"} {
			m := template
			m.ID, m.Name, m.Aliases, m.IsActive = int64(i), name, nil, name != "gpt-off"
			cfg.Models = append(cfg.Models, m)
		}
	})
	for name, want := range map[string]string{
		"gpt-4": "gpt-4o gpt-5 gpt-4o-mini", "GPT-4O": "gpt-4o gpt-5 gpt-4o-mini", "sonnet": "gpt-5 gpt-4o claude-sonnet-4",
		strings.Repeat("x", 1<<20): "claude-sonnet-4 gpt-4o-mini gpt-4o",
	} {
		_, err := f.Plan(request(name))
		e := wantError(t, err, ModelNotFound, "does not exist")
		if got := strings.Join(e.Nearest, " "); len(e.Nearest) != 3 || len(e.Message) > 400 || name == "gpt-4" && got != want {
			t.Errorf("%.20s: %s (%.99s), want %s", name, got, e.Message, want)
		}
	}
	req := request("gpt-4")
	req.Allowed = []string{"claude-sonnet-4"}
	_, err := f.Plan(req)
	if e := wantError(t, err, ModelNotFound, "claude"); len(e.Nearest) != 1 {
		t.Errorf("a key learns of models it may not use: %v", e.Nearest)
	}
}

func TestPlan_NoPlan(t *testing.T) {
	for _, tc := range []struct {
		name    string
		change  func(cfg *models.Config)
		reason  Reason
		message string
	}{
		{"inactive model", func(cfg *models.Config) { cfg.Models[0].IsActive = false }, ModelInactive, "switched off"},
		{"rules of the model", func(cfg *models.Config) { cfg.Models[0].Rules = rule("stream", "eq", "true") }, RulesNotMet, "this kind of request"},
		{"bad rules of the model", func(cfg *models.Config) { cfg.Models[0].Rules = rule("stream", "is", "true") }, RulesNotMet, "not valid"},
		{"no routes", func(cfg *models.Config) { cfg.Models[0].Routes = nil }, NoCandidate, "no route in service"},
		{"rules of all routes", func(cfg *models.Config) {
			for i := range cfg.Models[0].Routes {
				cfg.Models[0].Routes[i].Rules = rule("stream", "eq", "true")
			}
		}, NoCandidate, "rules accept"},
	} {
		f := newFixture(t, Options{}, tc.change)
		plan, err := f.Plan(request("m"))
		wantError(t, err, tc.reason, tc.message)
		if plan == nil || plan.Model.Name != "m" || len(plan.Candidates) != 0 {
			t.Errorf("%s: %+v", tc.name, plan)
		}
		if dry, err := f.DryRun(request("m")); err == nil || len(dry.Decision.Candidates) != len(f.cfg.Models[0].Routes) {
			t.Errorf("%s: the dry run says %v, %+v", tc.name, err, dry)
		}
	}
}

func TestPlan_WrongEndpoint(t *testing.T) {
	anthropic := func(cfg *models.Config) {
		for i := range cfg.Providers {
			cfg.Providers[i].Protocol = models.ProtocolAnthropic
		}
	}
	f := newFixture(t, Options{}, anthropic)
	f.mustPlan(t) // chat is converted
	req := request("m")
	req.Endpoint = models.EndpointEmbeddings
	plan, err := f.Plan(req)
	wantError(t, err, WrongEndpoint, "/v1/embeddings")
	if v := verdict(t, plan, 2); v.Verdict != models.VerdictExcluded || v.Reason != "the provider p2 (anthropic) does not serve /v1/embeddings" {
		t.Errorf("%+v", v)
	}
	f = newFixture(t, Options{CanServe: func(models.Protocol, models.Endpoint) bool { return false }}, nil)
	_, err = f.Plan(request("m"))
	wantError(t, err, WrongEndpoint, "/v1/chat/completions")
}

func TestPlan_VerdictsInPlainWords(t *testing.T) {
	f := newFixture(t, Options{}, func(cfg *models.Config) {
		cfg.Providers[1].IsActive = false
		cfg.Providers[2].APIKeyBroken = true
		routes := &cfg.Models[0].Routes
		for id, r := range []*models.Rule{rule("stream", "eq", "true"), rule("model", "gt", "1"), rule("body.n", "gt", "1"), nil, nil} {
			*routes = append(*routes, models.Route{ID: int64(id + 4), ProviderID: 1, TargetModel: "t", Rules: r, IsActive: id != 3})
		}
		(*routes)[7].ProviderID = 99
	})
	req := request("m")
	req.Facts = rules.NewFacts(rules.Source{Model: "m", Body: []byte(`{"n":"5"}`)})
	plan, err := f.Plan(req)
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[int64]string{
		1: "priority 0, weight 1 among equals",
		2: "the provider p2 is switched off",
		3: "the key of the provider p3 can't be decrypted; enter it again",
		4: "its rule does not hold: is a stream",
		5: "its rule is not valid: rules[0].operator: gt does not work on model, which is a text",
		6: `the condition "body.n gt: 1" could not be evaluated: no value has the right type`,
		7: "the route is switched off",
		8: "its provider does not exist",
	} {
		v := verdict(t, plan, id)
		if v.Reason != want || (v.Verdict == models.VerdictSelected) != (id == 1) || v.EstimatedCost != nil {
			t.Errorf("route %d: %s %q, want %q", id, v.Verdict, v.Reason, want)
		}
	}
	if f.RuleErrors() != 1 {
		t.Errorf("%d rule errors, want 1", f.RuleErrors())
	}
	problems := f.swap()
	var bad *RuleError
	if len(problems) != 1 || !errors.As(problems[0], &bad) || bad.RouteID != 5 || bad.Model != "m" {
		t.Errorf("%v", problems)
	}
}

func TestSwap_KeepsWhatWasLearned(t *testing.T) {
	f := newFixture(t, Options{}, nil)
	f.report(1, 5, health.Failure)
	f.report(2, 1, health.Credential)
	f.cfg.Models[0].Routes[0].Priority = 7
	f.cfg.Providers[0].Remark = "changed"
	f.cfg.Providers[1].APIKey = "sk-new"
	f.swap()
	if s := f.Health(1); s.State != health.Open {
		t.Errorf("route 1: %+v", s)
	}
	if s := f.Health(2); s.State != health.Healthy || s.Samples != 0 {
		t.Errorf("route 2 has a new key, but %+v", s)
	}
	f.cfg.Models[0].Routes = f.cfg.Models[0].Routes[1:]
	f.swap()
	f.Report(1, health.Sample{Outcome: health.Failure}) // of a call that ends after its route
	if s := f.Health(1); s.State != health.Healthy || s.Samples != 0 || !f.Acquire(1) {
		t.Errorf("a route that is gone: %+v", s)
	}
}

// TestI03_NoHalfConfig plans while the config changes: the address and the key of a candidate always belong together, and
// a plan stays what it was (A21).
func TestI03_A21_NoHalfConfig(t *testing.T) {
	f := newFixture(t, Options{}, nil)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 500 {
				p, err := f.Plan(request("m"))
				if err != nil {
					t.Error(err)
					return
				}
				for _, c := range p.Candidates {
					f.Acquire(c.Route.ID)
					f.Report(c.Route.ID, health.Sample{Outcome: health.Success})
					if suffix := strings.TrimPrefix(c.Provider.BaseURL, "https://example.com/v"); suffix != "1" && suffix != c.Provider.APIKey.Reveal() {
						t.Errorf("%s with key %s", c.Provider.BaseURL, c.Provider.APIKey.Reveal())
					}
				}
			}
		})
	}
	for i := range 200 {
		for j := range f.cfg.Providers {
			f.cfg.Providers[j].BaseURL = fmt.Sprintf("https://example.com/v%d-%d", i, j)
			f.cfg.Providers[j].APIKey = models.Secret(fmt.Sprintf("%d-%d", i, j))
		}
		f.swap()
	}
	wg.Wait()
}

// TestConditions counts what may serve, by provider and state.
func TestConditions(t *testing.T) {
	f := newFixture(t, Options{}, func(cfg *models.Config) {
		cfg.Providers[2].IsActive = false
		more := cfg.Models[0].Routes[0]
		more.ID = 9
		cfg.Models[0].Routes = append(cfg.Models[0].Routes, more)
	})
	for range 20 {
		f.Report(2, health.Sample{Outcome: health.Failure, Started: f.now})
		f.now = f.now.Add(100 * time.Millisecond)
	}
	got := f.Conditions()
	if len(got) != 2 || got["p1"][health.Healthy] != 2 || len(got["p1"]) != 1 || got["p2"][health.Open] != 1 || len(got["p2"]) != 1 {
		t.Errorf("%v", got)
	}
}
