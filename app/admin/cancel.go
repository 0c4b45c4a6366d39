package admin

import (
	"context"
	"strings"
	"time"

	"squirrel/models"
)

// What one gateway asks of another, before the id of what is meant.
const (
	wishCancel = "cancel/"
	wishStop   = "stop/" // a recalculation
)

// aliveWithin is how long a gateway may be silent before nobody counts on it.
const aliveWithin = time.Minute

// CanCancel reports whether running requests can be stopped.
func (s *Service) CanCancel() bool { return s.opts.Canceller != nil }

// Cancel stops a running request. One that runs on another gateway of the same database is stopped by that one: asked says that
// it was told so. models.CodeConflict when the request runs nowhere, or nobody knows of its gateway.
func (s *Service) Cancel(ctx context.Context, id string) (asked bool, err error) {
	cancelled, err := s.opts.Canceller.Cancel(ctx, id)
	if err != nil {
		return false, err
	}
	if !cancelled {
		if asked, err = s.store.RunsElsewhere(ctx, id, s.opts.Instance, aliveWithin); err != nil {
			return false, err
		}
		if !asked {
			return false, models.Errorf(models.CodeConflict, "the request is not running, or the gateway that runs it does not answer")
		}
		if err := s.store.Wish(ctx, wishCancel+id); err != nil {
			return false, err
		}
	}
	s.record(ctx, "cancel", "log", id, nil)
	return asked, nil
}

// Fulfil does what another gateway asks for, when it concerns this one.
func (s *Service) Fulfil(ctx context.Context, wish string) {
	if id, found := strings.CutPrefix(wish, wishCancel); found && s.opts.Canceller != nil {
		cancelled, err := s.opts.Canceller.Cancel(ctx, id)
		if cancelled || err != nil {
			s.opts.Logger.InfoContext(ctx, "another gateway asked to cancel a request", "id", id, "error", err)
		}
	}
	if slot, found := strings.CutPrefix(wish, wishStop); found {
		s.repricer.mu.Lock()
		defer s.repricer.mu.Unlock()
		if s.repricer.slot == slot {
			s.repricer.stop(errRepricingStopped)
		}
	}
}
