package apptest

import (
	"context"
	"net/http"

	"squirrel/proxy/simulator"
)

// The models that Seed makes.
const (
	Plain  = "plain"  // answers at once
	Slow   = "slow"   // streams with 20 ms between events
	Long   = "long"   // streams with 250 ms between events, for some 10 s or more
	Claude = "claude" // the same as Plain at a provider that speaks Anthropic
	Broken = "broken" // every provider answers 400
	Flaky  = "flaky"  // the first provider always fails, the second answers
)

// ProviderKey is the key of the seeded providers.
const ProviderKey = "sk-upstream-0123456789abcdefghij"

// Seed makes two OpenAI-style providers (1 and 2) and an Anthropic-style one (3) over a simulator, the models above, and a key,
// whose value it returns.
func Seed(ctx context.Context, a *Admin, sim *simulator.Server) (key string, err error) {
	ids := map[string]int64{}
	for _, p := range []struct{ name, protocol, base string }{
		{"acorn", "openai", sim.OpenAIBase()}, {"birch", "openai", sim.OpenAIBase()}, {"walnut", "anthropic", sim.AnthropicBase()},
	} {
		if ids[p.name], err = a.AddProvider(ctx, p.name, p.protocol, p.base, ProviderKey); err != nil {
			return "", err
		}
	}
	for _, m := range []struct{ name, provider, target string }{
		{Plain, "acorn", "gpt-4o-mini"}, {Slow, "acorn", "fault:slow:20ms"}, {Long, "acorn", "fault:slow:250ms"},
		{Claude, "walnut", "claude-haiku-4-5"}, {Broken, "acorn", "fault:status:400"}, {Flaky, "acorn", "fault:status:503"},
	} {
		if err := a.AddModel(ctx, m.name, ids[m.provider], m.target); err != nil {
			return "", err
		}
	}
	second := Route{Model: Flaky, ProviderID: ids["birch"], Target: "gpt-4o-mini", Priority: 1, InputPrice: "1", OutputPrice: "2"}
	if err := a.Call(ctx, http.MethodPost, "/api/admin/model-providers", second, nil); err != nil {
		return "", err
	}
	return a.AddKey(ctx, "tests")
}

// Route is a route as the admin API takes it.
type Route struct {
	Model       string `json:"requested_model"`
	ProviderID  int64  `json:"provider_id"`
	Target      string `json:"target_model_name"`
	Priority    int    `json:"priority"`
	InputPrice  string `json:"input_price"`
	OutputPrice string `json:"output_price"`
}

// AddProvider makes a provider and returns its id.
func (a *Admin) AddProvider(ctx context.Context, name, protocol, base, key string) (int64, error) {
	var made struct {
		ID int64 `json:"id"`
	}
	err := a.Call(ctx, http.MethodPost, "/api/admin/providers", map[string]any{"name": name, "protocol": protocol, "base_url": base, "api_key": key}, &made)
	return made.ID, err
}

// AddModel makes a model with one priced route.
func (a *Admin) AddModel(ctx context.Context, name string, provider int64, target string) error {
	if err := a.Call(ctx, http.MethodPost, "/api/admin/models", map[string]any{"requested_model": name, "strategy": "priority"}, nil); err != nil {
		return err
	}
	route := Route{Model: name, ProviderID: provider, Target: target, InputPrice: "1", OutputPrice: "2"}
	return a.Call(ctx, http.MethodPost, "/api/admin/model-providers", route, nil)
}

// AddKey makes a gateway key and returns its value.
func (a *Admin) AddKey(ctx context.Context, name string) (string, error) {
	var made struct {
		Value string `json:"key_value"`
	}
	err := a.Call(ctx, http.MethodPost, "/api/admin/api-keys", map[string]any{"key_name": name}, &made)
	return made.Value, err
}
