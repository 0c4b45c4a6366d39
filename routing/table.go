package routing

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"squirrel/models"
	"squirrel/routing/health"
	"squirrel/routing/rules"
	"squirrel/routing/strategy"
)

// table is an immutable picture of the config, with everything worked out that does not depend on the request.
type table struct {
	version  int64
	models   map[string]*entry // by name and by alias
	byID     map[int64]*entry
	routes   map[int64]*target
	servable []*models.Model // sorted by name
}

// entry is a model with its routes. The rotor outlives the table.
type entry struct {
	model   *models.Model
	rule    *rules.Rule
	badRule error
	targets []target
	rotor   *strategy.Rotor
}

// target is a route with its provider. The health outlives the table.
type target struct {
	Candidate
	rule    *rules.Rule
	refusal string // why the route serves no request at all; "" = it may
	unmet   string // the reason to give when the rule does not hold
	chosen  string // the reason to give when it is in the order and healthy
	self    identity
	health  *health.Route
}

// identity is what a route's health is about: with another provider, address, key or target it starts anew.
type identity struct {
	provider       int64
	baseURL        string
	protocol       models.Protocol
	key, proxy     models.Secret
	targetModel    string
	keyUnavailable bool
}

// RuleError is a rule that is not valid.
type RuleError struct {
	Model   string
	RouteID int64 // 0 = the model's own rule
	Err     error // an *rules.Error
}

// Error implements error.
func (e *RuleError) Error() string {
	if e.RouteID == 0 {
		return fmt.Sprintf("rule of model %q: %s", e.Model, e.Err)
	}
	return fmt.Sprintf("rule of route %d of model %q: %s", e.RouteID, e.Model, e.Err)
}

// Unwrap returns the cause.
func (e *RuleError) Unwrap() error { return e.Err }

type builder struct {
	opts   Options
	old    *table
	new    *table
	errors []error
}

func (b *builder) build(cfg models.Config) *table {
	b.new = &table{
		version: cfg.Version,
		models:  make(map[string]*entry, len(cfg.Models)),
		byID:    make(map[int64]*entry, len(cfg.Models)),
		routes:  map[int64]*target{},
	}
	providers := make(map[int64]*models.Provider, len(cfg.Providers))
	for i := range cfg.Providers {
		providers[cfg.Providers[i].ID] = &cfg.Providers[i]
	}
	for i := range cfg.Models {
		b.new.models[cfg.Models[i].Name] = &entry{model: &cfg.Models[i]}
	}
	for i := range cfg.Models {
		b.fill(b.new.models[cfg.Models[i].Name], providers)
	}
	for i := range cfg.Models {
		for _, alias := range cfg.Models[i].Aliases {
			if b.new.models[alias] == nil { // names win
				b.new.models[alias] = b.new.models[cfg.Models[i].Name]
			}
		}
	}
	slices.SortFunc(b.new.servable, func(m, n *models.Model) int { return cmp.Compare(m.Name, n.Name) })
	return b.new
}

func (b *builder) fill(e *entry, providers map[int64]*models.Provider) {
	m := e.model
	e.rule, e.badRule = b.compile(m.Rules, m.Name, 0)
	e.rotor = &strategy.Rotor{}
	if before := b.old.byID[m.ID]; before != nil {
		e.rotor = before.rotor
	}
	b.new.byID[m.ID] = e
	e.targets = make([]target, len(m.Routes))
	usable := false
	for i := range m.Routes {
		t := &e.targets[i]
		b.fillTarget(t, m, &m.Routes[i], providers[m.Routes[i].ProviderID])
		b.new.routes[t.Route.ID] = t
		usable = usable || t.refusal == ""
	}
	if usable && m.IsActive && e.badRule == nil {
		b.new.servable = append(b.new.servable, m)
	}
}

func (b *builder) fillTarget(t *target, m *models.Model, route *models.Route, provider *models.Provider) {
	t.Route, t.Provider = route, provider
	rule, err := b.compile(route.Rules, m.Name, route.ID)
	t.rule = rule
	t.refusal = refusal(route, provider, err)
	if t.Provider == nil {
		t.Provider = &models.Provider{ID: route.ProviderID, Name: route.ProviderName, Protocol: route.Protocol}
	}
	t.unmet = "its rule does not hold: " + rule.Words()
	t.chosen = reasonOf(m.Strategy, route)
	t.Prices, t.PriceSource = b.prices(m, route)
	t.ContextWindow = b.contextWindow(m, route.TargetModel)
	p := t.Provider
	t.self = identity{p.ID, p.BaseURL, p.Protocol, p.APIKey, p.ProxyURL, route.TargetModel, p.APIKeyBroken}
	t.health = &health.Route{}
	if before := b.old.routes[route.ID]; before != nil && before.self == t.self {
		t.health = before.health
	}
}

func (b *builder) compile(rule *models.Rule, model string, route int64) (*rules.Rule, error) {
	compiled, err := rules.Compile(rule)
	if err != nil {
		b.errors = append(b.errors, &RuleError{Model: model, RouteID: route, Err: err})
	}
	return compiled, err
}

// refusal says why a route serves nobody, whatever the request.
func refusal(route *models.Route, provider *models.Provider, badRule error) string {
	switch {
	case !route.IsActive:
		return "the route is switched off"
	case provider == nil:
		return "its provider does not exist"
	case !provider.IsActive:
		return "the provider " + provider.Name + " is switched off"
	case provider.APIKeyBroken:
		return "the key of the provider " + provider.Name + " can't be decrypted; enter it again"
	case badRule != nil:
		return "its rule is not valid: " + badRule.Error()
	default:
		return ""
	}
}

func reasonOf(name models.StrategyName, route *models.Route) string {
	switch name {
	case models.StrategyPriority:
		return fmt.Sprintf("priority %d, weight %d among equals", route.Priority, route.Weight)
	case models.StrategyWeighted:
		if route.Weight <= 0 {
			return "weight 0: only as a fallback"
		}
		return fmt.Sprintf("weight %d", route.Weight)
	case models.StrategyCostFirst:
		return "ordered by estimated cost"
	default:
		return "takes turns"
	}
}

// prices finds the most specific prices that are stated.
func (b *builder) prices(m *models.Model, route *models.Route) (models.Prices, models.PriceSource) {
	switch {
	case route.Prices.Stated():
		return route.Prices, models.PriceFromRoute
	case m.Prices.Stated():
		return m.Prices, models.PriceFromModel
	}
	if b.opts.CataloguePrices != nil {
		if p, ok := b.opts.CataloguePrices(route.TargetModel); ok {
			return p, models.PriceFromCatalogue
		}
	}
	return models.Prices{}, models.PriceUnknown
}

// contextWindow looks for what is known of the target: stated for it by the model, by a model of that name, by the
// catalogue; else what the model states for itself.
func (b *builder) contextWindow(m *models.Model, targetModel string) int64 {
	own := capabilitiesOf(m)
	if n := own.ContextWindows[targetModel]; n > 0 {
		return n
	}
	if e := b.new.models[targetModel]; e != nil && e.model != m {
		if n := capabilitiesOf(e.model).ContextWindow; n > 0 {
			return n
		}
	}
	if b.opts.ContextWindow != nil {
		if n, ok := b.opts.ContextWindow(targetModel); ok {
			return n
		}
	}
	return max(0, own.ContextWindow)
}

// capabilities are the members of models.Model.Capabilities that routing knows, in tokens.
type capabilities struct {
	ContextWindow  int64            `json:"context_window"`
	ContextWindows map[string]int64 `json:"context_windows"` // by target model
}

func capabilitiesOf(m *models.Model) capabilities {
	var c capabilities
	if json.Unmarshal(m.Capabilities, &c) != nil {
		return capabilities{} // free-form JSON: what is not ours may have any shape
	}
	return c
}
