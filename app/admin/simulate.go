package admin

import (
	"context"
	"encoding/json"

	"squirrel/models"
)

// Simulator plans a request without sending it.
type Simulator interface {
	DryRun(ctx context.Context, in DryRun) (DryRunResult, error)
}

// DryRun is a request as a client would send it. What is left out counts as not sent.
type DryRun struct {
	Model       string            `json:"-"`
	Endpoint    models.Endpoint   `json:"endpoint"` // default /v1/chat/completions
	Stream      bool              `json:"stream"`
	Headers     map[string]string `json:"headers"`
	Body        json.RawMessage   `json:"body"`
	APIKeyID    *int64            `json:"api_key_id"`
	UserID      string            `json:"user_id"`
	InputTokens *int64            `json:"input_tokens"` // instead of counting the body
	MaxOutput   *int64            `json:"max_output_tokens"`
	AtRest      bool              `json:"-"` // by the configuration alone, whatever the health of routes and whose turn it is
}

// DryRunResult is the plan, or why there is none.
type DryRunResult struct {
	Model    string          `json:"requested_model"`
	Matched  bool            `json:"matched"`
	Reason   string          `json:"reason"`
	Nearest  []string        `json:"nearest"`
	Decision models.Decision `json:"decision"`

	Outgoing []DryRunOutgoing `json:"outgoing"` // in the order of the plan; null without a whole request
}

// DryRunOutgoing is what a route's provider would be sent.
type DryRunOutgoing struct {
	RouteID int64            `json:"route"`
	URL     string           `json:"url"`
	Body    json.RawMessage  `json:"body"` // redacted
	Dropped []models.Dropped `json:"dropped"`
	Problem string           `json:"problem"` // why nothing could be sent
}

// CanSimulate reports whether dry runs are offered.
func (s *Service) CanSimulate() bool { return s.opts.Simulator != nil }

// Simulate plans a request to a model.
func (s *Service) Simulate(ctx context.Context, in DryRun) (DryRunResult, error) {
	c := check{}
	if in.Endpoint == "" {
		in.Endpoint = models.EndpointChat
	}
	for name, value := range in.Headers {
		c.header("headers", name, value)
	}
	c.object("body", &in.Body)
	if err := c.err(); err != nil {
		return DryRunResult{}, err
	}
	result, err := s.opts.Simulator.DryRun(ctx, in)
	result.Nearest = nonNil(result.Nearest)
	return result, err
}

// Tester sends one small real request through the gateway.
type Tester interface {
	TestModel(ctx context.Context, in ModelTest) (ModelTestResult, error)
}

// ModelTest asks for a small request to a model.
type ModelTest struct {
	Model   string          `json:"-"`
	Prompt  string          `json:"prompt"`   // default: a short greeting
	RouteID *int64          `json:"route_id"` // only over this route
	Stream  bool            `json:"stream"`
	Body    json.RawMessage `json:"body"` // instead of a prompt
}

// ModelTestResult is the answer to a test.
type ModelTestResult struct {
	LogID      string          `json:"log_id"`
	Status     int             `json:"status"`
	Provider   string          `json:"provider"`
	Target     string          `json:"target_model"`
	DurationMS float64         `json:"duration_ms"`
	Error      string          `json:"error"`
	Body       json.RawMessage `json:"body"`
}

// CanTest reports whether models can be tested with a real request.
func (s *Service) CanTest() bool { return s.opts.Tester != nil }

// TestModel sends a small request to a model.
func (s *Service) TestModel(ctx context.Context, in ModelTest) (ModelTestResult, error) {
	if _, err := s.store.Model(ctx, in.Model); err != nil {
		return ModelTestResult{}, err
	}
	return s.opts.Tester.TestModel(ctx, in)
}
