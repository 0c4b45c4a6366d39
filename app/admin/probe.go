package admin

import (
	"context"
	"time"

	"squirrel/models"
)

// Prober calls providers, saved or not, to see whether they work. It never changes anything.
type Prober interface {
	Probe(ctx context.Context, p models.Provider, opts ProbeOptions) ProbeReport
	ListModels(ctx context.Context, p models.Provider) ([]UpstreamModel, error)
}

// ProbeOptions say how far a test goes. With a model, a small completion is made, which costs a few tokens.
type ProbeOptions struct {
	Model  string
	Stream bool // also check that the answer streams
}

// ProbeStatus is the outcome of a step.
type ProbeStatus string

// The outcomes.
const (
	ProbePassed  ProbeStatus = "passed"
	ProbeFailed  ProbeStatus = "failed"
	ProbeSkipped ProbeStatus = "skipped"
)

// ProbeStep is one line of the checklist.
type ProbeStep struct {
	Name       string      `json:"name"` // url, dns, connect, tls, auth, models, completion, stream
	Status     ProbeStatus `json:"status"`
	DurationMS float64     `json:"duration_ms"`
	Detail     string      `json:"detail"` // what was found; no secret, nothing of a foreign body
	Fix        string      `json:"fix"`    // what to do about a failure
}

// ProbeReport is the result of a connection test.
type ProbeReport struct {
	OK         bool        `json:"ok"`
	Steps      []ProbeStep `json:"steps"`
	DurationMS float64     `json:"duration_ms"`
}

// UpstreamModel is a model that a provider lists.
type UpstreamModel struct {
	ID      string     `json:"id"`
	OwnedBy string     `json:"owned_by"`
	Created *time.Time `json:"created"`
}

// ProbeInput is a provider to test. With ID, a saved provider is meant, changed by what else is sent.
type ProbeInput struct {
	ID     Opt[int64]  `json:"id"`
	Model  Opt[string] `json:"model"`
	Stream Opt[bool]   `json:"stream"`
	ProviderInput
}

// CanProbe reports whether providers can be tested.
func (s *Service) CanProbe() bool { return s.opts.Prober != nil }

// TestProvider tests a draft or a saved provider. A draft that moves a saved provider to another host needs the key
// again, as saving it would: a test must not send a stored key elsewhere.
func (s *Service) TestProvider(ctx context.Context, in ProbeInput) (ProbeReport, error) {
	if wait := s.probes.take(); wait > 0 {
		return ProbeReport{}, models.Errorf(models.CodeRateLimited, "connection tests are limited to one a second")
	}
	p := newProvider()
	if in.ID.given() {
		stored, err := s.store.Provider(ctx, in.ID.Value)
		if err != nil {
			return ProbeReport{}, err
		}
		p = stored
	} else if !in.Name.given() || in.Name.Value == "" {
		in.Name = Some("draft")
	}
	if err := s.applyProvider(ctx, &p, in.ProviderInput); err != nil {
		return ProbeReport{}, err
	}
	if err := s.checkNetwork(ctx, "base_url", p.BaseURL); err != nil {
		return ProbeReport{}, err
	}
	report := s.opts.Prober.Probe(ctx, p, ProbeOptions{Model: in.Model.Value, Stream: in.Stream.Value})
	report.Steps = nonNil(report.Steps)
	s.record(ctx, "test", "provider", p.Name, map[string]any{"base_url": p.BaseURL, "ok": report.OK})
	return report, nil
}

// UpstreamModels asks a saved provider for its models.
func (s *Service) UpstreamModels(ctx context.Context, id int64) ([]UpstreamModel, error) {
	p, err := s.store.Provider(ctx, id)
	if err != nil {
		return nil, err
	}
	list, err := s.opts.Prober.ListModels(ctx, p)
	return nonNil(list), err
}
