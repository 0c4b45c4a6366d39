// Package routing decides which routes serve a request, and in which order: (snapshot, facts) → plan. It knows no SQL, no
// HTTP and no clock of its own, so live traffic, the dry run and tests take the same decisions.
package routing

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"squirrel/models"
	"squirrel/routing/health"
)

// Options are what a router needs from outside. All may be nil; the functions are called under no lock.
type Options struct {
	Now             func() time.Time // nil = time.Now
	Location        *time.Location   // reporting time zone, for time.hour and time.weekday; nil = UTC
	CanServe        func(provider models.Protocol, endpoint models.Endpoint) bool
	CataloguePrices func(targetModel string) (models.Prices, bool) // asked at Swap
	ContextWindow   func(targetModel string) (int64, bool)         // tokens; asked at Swap
	AverageOutput   func(model string) (int64, bool)               // output tokens per request over 7 days; asked by cost_first
}

// Router holds the current table and what it learned about its routes. All its methods may be called concurrently.
type Router struct {
	opts       Options
	table      atomic.Pointer[table]
	swapping   sync.Mutex
	budget     health.Budget
	ruleErrors atomic.Int64
}

// New makes a router with an empty table.
func New(opts Options) *Router {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Location == nil {
		opts.Location = time.UTC
	}
	if opts.CanServe == nil {
		opts.CanServe = canServe
	}
	r := &Router{opts: opts}
	r.table.Store(&table{})
	return r
}

// canServe is the default of Options.CanServe: Anthropic's API has conversations and nothing else.
func canServe(provider models.Protocol, endpoint models.Endpoint) bool {
	return provider != models.ProtocolAnthropic || conversational(endpoint)
}

// conversational reports whether all three protocols have the endpoint in a dialect of their own.
func conversational(endpoint models.Endpoint) bool {
	switch endpoint {
	case models.EndpointChat, models.EndpointResponses, models.EndpointMessages, models.EndpointCountTokens:
		return true
	default:
		return false
	}
}

// Swap builds a table and publishes it at once; plans under way keep the one they began with. Health and turns of routes
// that stay what they are go on. The errors are *RuleError: rules that are not valid never match. The config must not
// change afterwards.
func (r *Router) Swap(cfg models.Config) []error {
	r.swapping.Lock()
	defer r.swapping.Unlock()
	b := builder{opts: r.opts, old: r.table.Load()}
	r.table.Store(b.build(cfg))
	return b.errors
}

// Acquire asks to call a route. It is false for an open route that is not due for a trial, or that another request is
// trying; the caller then goes on, unless it has no other candidate. Each call that is made is followed by one Report.
func (r *Router) Acquire(routeID int64) bool {
	t := r.table.Load().routes[routeID]
	return t == nil || t.health.Acquire(r.opts.Now())
}

// Report records how a call over a route went. Routes that are gone are ignored.
func (r *Router) Report(routeID int64, s health.Sample) {
	if t := r.table.Load().routes[routeID]; t != nil {
		t.health.Report(s, r.opts.Now())
	}
}

// AllowRetry takes one retry from the budget: retries of the last 10 s may be 20 % of its plans, and always 3.
func (r *Router) AllowRetry() bool { return r.budget.Allow(r.opts.Now()) }

// ChargeRetry counts a retry that needs no leave against the budget of those that do.
func (r *Router) ChargeRetry() { r.budget.Charge(r.opts.Now()) }

// Sound reports whether nothing speaks against a route, so that going on to it multiplies no failure.
func (r *Router) Sound(routeID int64) bool {
	t := r.table.Load().routes[routeID]
	return t != nil && t.health.Sound(r.opts.Now())
}

// Health tells the condition of a route; routes without a call, and unknown ones, are healthy.
func (r *Router) Health(routeID int64) health.Status {
	if t := r.table.Load().routes[routeID]; t != nil {
		return t.health.Status(r.opts.Now())
	}
	return health.Status{State: health.Healthy}
}

// Conditions counts the routes that may serve a request, by the name of their provider and their state.
func (r *Router) Conditions() map[string]map[health.State]int {
	now := r.opts.Now()
	counted := map[string]map[health.State]int{}
	for _, t := range r.table.Load().routes {
		if t.refusal != "" {
			continue
		}
		states := counted[t.Provider.Name]
		if states == nil {
			states = map[health.State]int{}
			counted[t.Provider.Name] = states
		}
		states[t.health.Status(now).State]++
	}
	return counted
}

// Models returns the active models that have a usable route, sorted by name. allowed limits them by name or alias; empty
// means all. The slice is the caller's, the models are shared and must not change.
func (r *Router) Models(allowed []string) []*models.Model {
	all := r.table.Load().servable
	if len(allowed) == 0 {
		return slices.Clone(all)
	}
	var some []*models.Model
	for _, m := range all {
		if isAllowed(m, allowed) {
			some = append(some, m)
		}
	}
	return some
}

func isAllowed(m *models.Model, allowed []string) bool {
	return len(allowed) == 0 || slices.Contains(allowed, m.Name) ||
		slices.ContainsFunc(m.Aliases, func(alias string) bool { return slices.Contains(allowed, alias) })
}

// Resolve finds a model by name, then by alias, active or not. The model is shared and must not change.
func (r *Router) Resolve(name string) (*models.Model, bool) {
	if e := r.table.Load().models[name]; e != nil {
		return e.model, true
	}
	return nil, false
}

// RuleErrors counts the rules that could not be evaluated since the start.
func (r *Router) RuleErrors() int64 { return r.ruleErrors.Load() }

// Version is the version of the config that is in force.
func (r *Router) Version() int64 { return r.table.Load().version }
