package admin

import (
	"context"
	"encoding/json"
	"slices"

	"squirrel/models"
	"squirrel/models/store"
)

// Sample is a request that is kept to see whether a change of the configuration routes it differently.
type Sample struct {
	ID       int64
	Name     string
	Request  SampleRequest
	Expected *int64 // the route it should go to first; nil = none: it should be refused
}

// SampleRequest is a dry run with the model it asks for, as it is stored.
type SampleRequest struct {
	Model string `json:"model"`
	DryRun
}

// run is the dry run itself. It is planned at rest: only a change of the configuration may lead a sample elsewhere, not a
// failure that passes or another route's turn.
func (r SampleRequest) run() DryRun {
	in := r.DryRun
	in.Model, in.AtRest = r.Model, true
	return in
}

// SampleCheck is a sample with where it would go now.
type SampleCheck struct {
	Sample
	Result DryRunResult
	Err    error  // it can't be planned any more
	Now    *int64 // the route it would go to first
	Same   bool   // as expected
}

// first is the route a request would be sent to first; nil when it would be refused.
func (r DryRunResult) first() *int64 {
	if !r.Matched || len(r.Decision.Order) == 0 {
		return nil
	}
	return &r.Decision.Order[0]
}

// Sample reads one sample.
func (s *Service) Sample(ctx context.Context, id int64) (Sample, error) {
	all, err := s.store.RoutingSamples(ctx)
	if err != nil {
		return Sample{}, err
	}
	i := slices.IndexFunc(all, func(r store.RoutingSample) bool { return r.ID == id })
	if i < 0 {
		return Sample{}, models.Errorf(models.CodeNotFound, "there is no sample %d", id)
	}
	return viewSample(&all[i])
}

func viewSample(r *store.RoutingSample) (Sample, error) {
	sample := Sample{ID: r.ID, Name: r.Name, Expected: r.ExpectedRoute}
	err := json.Unmarshal(r.Request, &sample.Request)
	if string(sample.Request.Body) == "null" {
		sample.Request.Body = nil // as a request without a body is stored
	}
	return sample, err
}

// CheckSamples plans all samples again, by name.
func (s *Service) CheckSamples(ctx context.Context) ([]SampleCheck, error) {
	all, err := s.store.RoutingSamples(ctx)
	if err != nil {
		return nil, err
	}
	checks := make([]SampleCheck, len(all))
	for i := range all {
		sample, err := viewSample(&all[i])
		checks[i] = SampleCheck{Sample: sample, Err: err}
		if err == nil {
			checks[i].plan(ctx, s)
		}
	}
	return checks, nil
}

func (c *SampleCheck) plan(ctx context.Context, s *Service) {
	c.Result, c.Err = s.Simulate(ctx, c.Request.run())
	if c.Err != nil {
		return
	}
	c.Now = c.Result.first()
	c.Same = (c.Now == nil) == (c.Expected == nil) && (c.Now == nil || *c.Now == *c.Expected)
}

// SaveSample keeps a request under a name; where it goes now is what is expected from then on. An existing sample of that
// name is replaced.
func (s *Service) SaveSample(ctx context.Context, name string, in DryRun) (Sample, error) {
	c := check{}
	c.label("name", &name, 100)
	if err := c.err(); err != nil {
		return Sample{}, err
	}
	kept := SampleRequest{Model: in.Model, DryRun: in}
	result, err := s.Simulate(ctx, kept.run())
	if err != nil {
		return Sample{}, err
	}
	request, err := json.Marshal(kept)
	if err != nil {
		return Sample{}, err
	}
	all, err := s.store.RoutingSamples(ctx)
	if err != nil {
		return Sample{}, err
	}
	stored := store.RoutingSample{Name: name}
	if i := slices.IndexFunc(all, func(r store.RoutingSample) bool { return r.Name == name }); i >= 0 {
		stored = all[i]
	}
	stored.Request, stored.ExpectedRoute = request, result.first()
	if err := s.store.SaveRoutingSample(ctx, &stored); err != nil {
		return Sample{}, err
	}
	return viewSample(&stored)
}

// AcceptSample expects from now on that a sample goes where it goes now.
func (s *Service) AcceptSample(ctx context.Context, id int64) (Sample, error) {
	sample, err := s.Sample(ctx, id)
	if err != nil {
		return Sample{}, err
	}
	return s.SaveSample(ctx, sample.Name, sample.Request.run())
}

// DeleteSample deletes a sample.
func (s *Service) DeleteSample(ctx context.Context, id int64) error {
	return s.store.DeleteRoutingSample(ctx, id)
}
