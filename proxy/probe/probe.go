// Package probe tests a provider step by step, as a checklist: is its address allowed, does its name resolve, does it take
// connections and speak TLS, does it accept the key, which models does it have, does it answer, does it stream.
package probe

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"squirrel/models"
	"squirrel/proxy/upstream"
)

// Options say how far a test goes. With a model, a small completion is made, which costs a few tokens.
type Options struct {
	Model  string
	Stream bool
}

// Step is one line of the checklist. Detail and Fix are for people and hold no secret.
type Step struct {
	Name     string // url, dns, connect, tls, auth, models, completion, stream
	Status   Status
	Duration time.Duration
	Detail   string
	Fix      string
}

// Status is the outcome of a step.
type Status string

// The outcomes.
const (
	Passed  Status = "passed"
	Failed  Status = "failed"
	Skipped Status = "skipped"
)

// Model is a model that a provider lists.
type Model struct {
	ID      string
	OwnedBy string
	Created time.Time // zero = unknown
}

// stepTimeout bounds each step: a test is looked at while it runs.
const stepTimeout = 20 * time.Second

// Prober tests providers over the same client that serves requests.
type Prober struct {
	client   *upstream.Client
	policy   upstream.NetPolicy
	scrub    func(string) string
	patience time.Duration // of a step
}

// New makes a prober. scrub takes secrets out of what providers say.
func New(client *upstream.Client, policy upstream.NetPolicy, scrub func(string) string) *Prober {
	return &Prober{client, policy, scrub, stepTimeout}
}

// run is one test under way.
type run struct {
	*Prober
	ctx      context.Context
	provider models.Provider
	options  Options
	url      *url.URL
	steps    []Step
	failed   bool
}

// Probe runs the checklist. After a failure the steps that depend on it are skipped.
func (p *Prober) Probe(ctx context.Context, provider models.Provider, options Options) []Step {
	r := &run{Prober: p, ctx: ctx, provider: provider, options: options}
	r.step("url", r.checkURL)
	r.step("dns", r.resolve)
	r.step("connect", r.connect)
	r.step("tls", r.handshake)
	r.step("auth", r.authenticate)
	r.step("completion", r.complete)
	r.step("stream", r.stream)
	return r.steps
}

// verdict is what a step found.
type verdict struct {
	status Status
	detail string
	fix    string
}

func pass(detail string) verdict      { return verdict{Passed, detail, ""} }
func fail(detail, fix string) verdict { return verdict{Failed, detail, fix} }
func skip(detail string) verdict      { return verdict{Skipped, detail, ""} }

func (r *run) step(name string, check func(context.Context) verdict) {
	if r.failed {
		r.steps = append(r.steps, Step{Name: name, Status: Skipped, Detail: "not reached"})
		return
	}
	ctx, cancel := context.WithTimeout(r.ctx, r.patience)
	defer cancel()
	started := time.Now()
	v := check(ctx)
	r.failed = v.status == Failed
	r.steps = append(r.steps, Step{Name: name, Status: v.status, Duration: time.Since(started), Detail: r.scrub(v.detail), Fix: v.fix})
}

// ListModels asks a provider for its models.
func (p *Prober) ListModels(ctx context.Context, provider models.Provider) ([]Model, error) {
	ctx, cancel := context.WithTimeout(ctx, p.patience)
	defer cancel()
	r := &run{Prober: p, ctx: ctx, provider: provider}
	status, data, err := r.call(ctx, http.MethodGet, "/v1/models", nil)
	if err != nil {
		return nil, models.Errorf(models.CodeUnavailable, "the provider could not be reached")
	}
	if status != http.StatusOK {
		return nil, models.Errorf(models.CodeUnavailable, "the provider answered %d to the request for its models", status)
	}
	list, ok := parseModels(data)
	if !ok {
		return nil, models.Errorf(models.CodeUnavailable, "the provider's model list can't be read")
	}
	return list, nil
}
