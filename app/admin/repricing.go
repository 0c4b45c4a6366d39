package admin

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"squirrel/models"
	"squirrel/models/store"
)

// RepricingState says how far a recalculation in the background is.
type RepricingState string

// The states. One that has ended stays until the next begins.
const (
	RepricingNone        RepricingState = "none"
	RepricingRunning     RepricingState = "running"
	RepricingDone        RepricingState = "done"
	RepricingStopped     RepricingState = "stopped"
	RepricingFailed      RepricingState = "failed"
	RepricingInterrupted RepricingState = "interrupted" // its gateway was shut down or died
)

// Repricing is the recalculation that runs in the background of a gateway, or the last one that did. Gateways that share a database
// have one between them.
type Repricing struct {
	State     RepricingState   `json:"state"`
	StartedAt *time.Time       `json:"started_at"`
	EndedAt   *time.Time       `json:"ended_at"`
	Elsewhere bool             `json:"elsewhere"` // on another gateway
	Request   RepricingRequest `json:"request"`
	Total     int64            `json:"total"` // requests to look at
	Seen      int64            `json:"seen"`  // of these
	Error     string           `json:"error"`
	Recalculated
}

// RepricingRequest says which requests were asked for.
type RepricingRequest struct {
	Start       *time.Time `json:"start_time"`
	End         *time.Time `json:"end_time"`
	Model       string     `json:"requested_model"`
	OnlyUnknown bool       `json:"only_unknown"`
}

const (
	repricingJob = "recalculation"
	// repricingLife is how long a gateway may say nothing of its recalculation before nobody counts on it.
	repricingLife  = 30 * time.Second
	repricingRenew = 2 * time.Second
	repricingSlot  = "2006-01-02T15:04:05.000000" // of the database's clock: a later one sorts behind
)

// Why a recalculation ended before its time.
var (
	errRepricingStopped = errors.New("stopped by an administrator")
	errRepricingCut     = errors.New("the gateway shuts down, or another has taken over")
)

// repricer runs one recalculation at a time.
type repricer struct {
	mu   sync.Mutex
	slot string
	last Repricing // of this gateway
	stop context.CancelCauseFunc
	done chan struct{} // closed when the present run has ended

	eachLog func(context.Context, models.LogFilter, func(models.RequestLog) error) error
}

// StartRecalculation begins a recalculation that goes on when its caller leaves; models.CodeConflict while another runs, at any
// gateway of the database.
func (s *Service) StartRecalculation(ctx context.Context, in Recalculation) (Repricing, error) {
	total, err := s.store.LogCount(ctx, in.filter())
	if err != nil {
		return Repricing{}, err
	}
	r := s.repricer
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last.State == RepricingRunning {
		return r.last, errRepricingRuns()
	}
	now, err := s.store.Now(ctx)
	if err != nil {
		return Repricing{}, err
	}
	slot := now.UTC().Format(repricingSlot)
	mine, err := s.store.ClaimJob(ctx, repricingJob, slot, s.opts.Instance, repricingLife)
	if err != nil {
		return Repricing{}, err
	}
	if !mine {
		return Repricing{}, errRepricingRuns()
	}
	run, stop := context.WithCancelCause(context.WithoutCancel(ctx)) // who asked for it is still in there, for the audit trail
	began := s.Now()
	r.slot, r.stop, r.done = slot, stop, make(chan struct{})
	r.last = Repricing{State: RepricingRunning, StartedAt: &began, Request: in.stated(), Total: total, Recalculated: Recalculated{DryRun: in.DryRun.Value}}
	if _, err := s.store.RenewJob(ctx, repricingJob, slot, s.opts.Instance, r.last.text()); err != nil {
		s.opts.Logger.WarnContext(ctx, "other gateways don't know what is recalculated", "error", err)
	}
	go s.reprice(run, in, slot)
	return r.last, nil
}

func errRepricingRuns() error {
	return models.Errorf(models.CodeConflict, "a recalculation is running: wait for its end, or stop it")
}

func (in *Recalculation) stated() RepricingRequest {
	f := in.filter()
	return RepricingRequest{Start: f.Start, End: f.End, Model: f.RequestedModel, OnlyUnknown: in.OnlyUnknown.Value}
}

func (r *Repricing) text() string {
	text, err := json.Marshal(r)
	if err != nil {
		return "" // numbers, times and texts can be written
	}
	return string(text)
}

func (s *Service) reprice(ctx context.Context, in Recalculation, slot string) {
	r := s.repricer
	renewing := make(chan struct{})
	go func() { defer close(renewing); s.renewRepricing(ctx, slot) }()
	result, err := s.recalculate(ctx, in, func(seen int64, so Recalculated) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.last.Seen, r.last.Recalculated = seen, so
	})
	cause := context.Cause(ctx)
	r.stop(nil)
	<-renewing
	ended := s.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	defer close(r.done)
	r.last.Recalculated, r.last.EndedAt, r.last.State = result, &ended, RepricingDone
	switch {
	case err == nil:
		r.last.Seen = r.last.Total
	case errors.Is(cause, errRepricingStopped):
		r.last.State = RepricingStopped
	case errors.Is(cause, errRepricingCut):
		r.last.State = RepricingInterrupted
	default:
		r.last.State, r.last.Error = RepricingFailed, err.Error()
		s.opts.Logger.Error("recalculation failed", "error", err)
	}
	if err := s.store.FinishJob(context.WithoutCancel(ctx), repricingJob, slot, s.opts.Instance, r.last.text()); err != nil {
		s.opts.Logger.Warn("other gateways don't know how the recalculation ended", "error", err)
	}
}

// renewRepricing tells the other gateways how far the recalculation is, and ends it when one of them has taken over because this
// one could not tell.
func (s *Service) renewRepricing(ctx context.Context, slot string) {
	ticker := time.NewTicker(repricingRenew)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		s.repricer.mu.Lock()
		text, stop := s.repricer.last.text(), s.repricer.stop
		s.repricer.mu.Unlock()
		if mine, err := s.store.RenewJob(ctx, repricingJob, slot, s.opts.Instance, text); err == nil && !mine {
			stop(errRepricingCut)
		}
	}
}

// Repricing tells how far the recalculation in the background is, wherever it runs.
func (s *Service) Repricing(ctx context.Context) (Repricing, error) {
	so, _, err := s.repricing(ctx)
	return so, err
}

// repricing also tells its slot, which names it among gateways.
func (s *Service) repricing(ctx context.Context) (so Repricing, slot string, err error) {
	job, age, err := s.repricingClaim(ctx)
	if err != nil {
		return Repricing{}, "", err
	}
	s.repricer.mu.Lock()
	defer s.repricer.mu.Unlock()
	if s.repricer.last.State == RepricingRunning || s.repricer.slot != "" && s.repricer.slot == job.Slot {
		return s.repricer.last, s.repricer.slot, nil
	}
	if job.Slot == "" {
		return Repricing{State: RepricingNone}, "", nil
	}
	if err := json.Unmarshal([]byte(job.Result), &so); err != nil {
		so = Repricing{} // its gateway died between two statements, or is of another version
	}
	so.Elsewhere = job.Owner != s.opts.Instance
	if job.FinishedAt == nil {
		so.State = RepricingRunning
		if !so.Elsewhere || age > repricingLife { // of an earlier life of this gateway, or of one that died
			so.State = RepricingInterrupted
		}
	}
	return so, job.Slot, nil
}

// repricingClaim is the last claim in the database, and how old it is by its clock.
func (s *Service) repricingClaim(ctx context.Context) (claim store.Job, age time.Duration, err error) {
	all, err := s.store.Jobs(ctx)
	if err != nil {
		return claim, 0, err
	}
	for _, job := range all {
		if job.Name == repricingJob {
			now, err := s.store.Now(ctx)
			return job, now.Sub(job.ClaimedAt), err
		}
	}
	return claim, 0, nil
}

// ApplyRecalculation does what the last dry run has shown; models.CodeConflict when that is not the one that began at a time.
func (s *Service) ApplyRecalculation(ctx context.Context, began time.Time) (Repricing, error) {
	last, err := s.Repricing(ctx)
	if err != nil {
		return Repricing{}, err
	}
	if last.State != RepricingDone || !last.DryRun || last.StartedAt == nil || !last.StartedAt.Equal(began) {
		return last, models.Errorf(models.CodeConflict, "this dry run is no longer the last one: begin another")
	}
	in := Recalculation{Model: Some(last.Request.Model), OnlyUnknown: Some(last.Request.OnlyUnknown)}
	if last.Request.Start != nil {
		in.Start = Some(*last.Request.Start)
	}
	if last.Request.End != nil {
		in.End = Some(*last.Request.End)
	}
	return s.StartRecalculation(ctx, in)
}

// AwaitRecalculation waits a moment for the end of the recalculation that runs on this gateway, if one does: most are short.
func (s *Service) AwaitRecalculation(ctx context.Context, moment time.Duration) {
	s.repricer.mu.Lock()
	done := s.repricer.done
	s.repricer.mu.Unlock()
	if done == nil {
		return
	}
	timer := time.NewTimer(moment)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// StopRecalculation ends the recalculation in the background, if one runs, and waits for its end. What it has changed stays. One on
// another gateway is stopped by that one: asked says that it was told so.
func (s *Service) StopRecalculation(ctx context.Context) (asked bool, err error) {
	so, slot, err := s.repricing(ctx)
	if err != nil || so.State != RepricingRunning {
		return false, err
	}
	if so.Elsewhere {
		return true, s.store.Wish(ctx, wishStop+slot)
	}
	s.endRecalculation(errRepricingStopped)
	return false, nil
}

// Close ends what the control plane does in the background.
func (s *Service) Close() { s.endRecalculation(errRepricingCut) }

func (s *Service) endRecalculation(why error) {
	s.repricer.mu.Lock()
	stop, done := s.repricer.stop, s.repricer.done
	s.repricer.mu.Unlock()
	if done != nil {
		stop(why)
		<-done
	}
}
