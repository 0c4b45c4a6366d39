// Package routing decides which routes serve a request, and in which order: (snapshot, facts) → plan.
package routing

import (
	"time"

	"squirrel/models"
	"squirrel/routing/health"
	"squirrel/routing/rules"
)

// Options are what a router needs from outside. Only Now is required; the functions are called under no lock.
type Options struct {
	Now             func() time.Time
	Location        *time.Location // reporting time zone, for time.hour and time.weekday; nil = UTC
	CanServe        func(provider models.Protocol, endpoint models.Endpoint) bool
	CataloguePrices func(targetModel string) (models.Prices, bool) // asked at Swap
	ContextWindow   func(targetModel string) (int64, bool)         // tokens; asked at Swap
	AverageOutput   func(model string) (int64, bool)               // output tokens per request over 7 days; asked by cost_first
}

// Router holds the current table and what it learned about its routes. All its methods may be called concurrently.
type Router struct{ opts Options }

// New makes a router with an empty table.
func New(opts Options) *Router { return &Router{opts: opts} }

// Request is what a plan is made for.
type Request struct {
	Facts     rules.Facts
	Model     string
	Endpoint  models.Endpoint
	Protocol  models.Protocol
	MaxOutput int64    // the client's limit in tokens; 0 = ask Facts
	Allowed   []string // the API key's allow-list: only these are named as nearest; empty = all
}

// Plan is the answer: whom to try, in this order.
type Plan struct {
	Model      *models.Model
	Candidates []Candidate
	Decision   models.Decision
}

// Candidate is a route that may serve the request.
type Candidate struct {
	Route         *models.Route
	Provider      *models.Provider
	Prices        models.Prices
	PriceSource   models.PriceSource
	ContextWindow int64 // tokens; 0 = unknown
}

// Reason says why there is no plan.
type Reason int

// The reasons.
const (
	ModelNotFound Reason = iota + 1
	ModelInactive
	RulesNotMet   // the model's own rules
	NoCandidate   // no route is usable for this request
	WrongEndpoint // routes are usable, but no provider of theirs serves the endpoint
)

// Error says why there is no plan. Message is safe to show to the client.
type Error struct {
	Reason  Reason
	Model   string
	Nearest []string // with ModelNotFound: up to 3 names
	Message string
}

// Error implements error.
func (e *Error) Error() string { return e.Message }

// Swap publishes a new table and returns the rules that are not valid; their routes never match. The config must not change afterwards.
func (r *Router) Swap(models.Config) []error { return nil }

// Plan orders the candidates for a request and advances the counters of the group that will be tried first. The error is
// an *Error; the plan then still holds the decision when the model is known.
func (r *Router) Plan(*Request) (*Plan, error) { return nil, &Error{Reason: ModelNotFound} }

// DryRun is Plan without effects, with a trace of every rule and an estimated cost for every candidate.
func (r *Router) DryRun(*Request) (*Plan, error) { return nil, &Error{Reason: ModelNotFound} }

// Acquire asks to call a route. False: it is open and not due for a trial, or another request is trying it.
func (r *Router) Acquire(int64) bool { return true }

// Report records how a call over a route went.
func (r *Router) Report(int64, health.Sample) {}

// AllowRetry takes one retry from the budget; false when it is spent.
func (r *Router) AllowRetry() bool { return true }

// Health tells the condition of a route.
func (r *Router) Health(int64) health.Status { return health.Status{State: health.Healthy} }

// Models returns the models that can be served, sorted by name; allowed limits them, empty = all.
func (r *Router) Models(allowed []string) []*models.Model { return nil }

// Resolve finds a model by name, then by alias, active or not.
func (r *Router) Resolve(string) (*models.Model, bool) { return nil, false }

// RuleErrors counts the rules that could not be evaluated since the start.
func (r *Router) RuleErrors() int64 { return 0 }
