package admin

import (
	"context"
	"errors"
	"sync"
	"time"

	"squirrel/models"
)

// RepricingState says how far a recalculation in the background is.
type RepricingState string

// The states. The last one stays until the next begins.
const (
	RepricingNone    RepricingState = "none"
	RepricingRunning RepricingState = "running"
	RepricingDone    RepricingState = "done"
	RepricingStopped RepricingState = "stopped"
	RepricingFailed  RepricingState = "failed"
)

// Repricing is the recalculation that runs in the background of this gateway, or the last one that did.
type Repricing struct {
	State     RepricingState `json:"state"`
	StartedAt *time.Time     `json:"started_at"`
	EndedAt   *time.Time     `json:"ended_at"`
	Total     int64          `json:"total"` // requests to look at
	Error     string         `json:"error"`
	Recalculated
}

// repricer runs one recalculation at a time.
type repricer struct {
	mu   sync.Mutex
	last Repricing
	stop context.CancelFunc
	done chan struct{} // closed when the present run has ended
}

// StartRecalculation begins a recalculation that goes on when its caller leaves; models.CodeConflict while another runs.
func (s *Service) StartRecalculation(ctx context.Context, in Recalculation) (Repricing, error) {
	total, err := s.store.LogCount(ctx, in.filter())
	if err != nil {
		return Repricing{}, err
	}
	r := s.repricer
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last.State == RepricingRunning {
		return r.last, models.Errorf(models.CodeConflict, "a recalculation is running: wait for its end, or stop it")
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx)) // who asked for it is still in there, for the audit trail
	began := s.Now()
	r.last = Repricing{State: RepricingRunning, StartedAt: &began, Total: total, Recalculated: Recalculated{DryRun: in.DryRun.Value}}
	r.stop, r.done = stop, make(chan struct{})
	go s.reprice(run, in)
	return r.last, nil
}

func (s *Service) reprice(ctx context.Context, in Recalculation) {
	r := s.repricer
	result, err := s.recalculate(ctx, in, func(so Recalculated) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.last.Recalculated = so
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stop()
	ended := s.Now()
	r.last.Recalculated, r.last.EndedAt, r.last.State = result, &ended, RepricingDone
	if err != nil {
		r.last.State, r.last.Error = RepricingFailed, err.Error()
		if errors.Is(err, context.Canceled) {
			r.last.State, r.last.Error = RepricingStopped, ""
		} else {
			s.opts.Logger.Error("recalculation failed", "error", err)
		}
	}
	close(r.done)
}

// Repricing tells how far the recalculation in the background is.
func (s *Service) Repricing() Repricing {
	s.repricer.mu.Lock()
	defer s.repricer.mu.Unlock()
	last := s.repricer.last
	if last.State == "" {
		last.State = RepricingNone
	}
	return last
}

// StopRecalculation ends the recalculation in the background, if one runs, and waits for its end. What it has changed stays.
func (s *Service) StopRecalculation() {
	s.repricer.mu.Lock()
	stop, done := s.repricer.stop, s.repricer.done
	s.repricer.mu.Unlock()
	if done != nil {
		stop()
		<-done
	}
}
