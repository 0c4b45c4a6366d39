package store

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"squirrel/models"
)

// TestUpdateLimits_TakesTurns has several gateways add to one state at once: nothing gets lost, and time does not go back.
func TestUpdateLimits_TakesTurns(t *testing.T) {
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			url := d.url(t)
			stores := []*Store{open(t, url), open(t, url)}
			key := newKey("limited", 1)
			must(t, stores[0].CreateAPIKey(t.Context(), key))
			add := func(stored []byte, now time.Time) ([]byte, error) {
				if age := time.Since(now); age > time.Minute || age < -time.Minute {
					t.Errorf("the database says it is %s", now)
				}
				n, _ := strconv.Atoi(string(stored)) // nothing yet = 0
				return strconv.AppendInt(nil, int64(n+1), 10), nil
			}
			var all sync.WaitGroup
			for i := range 8 {
				all.Go(func() {
					for range 5 {
						if err := stores[i%2].UpdateLimits(context.WithoutCancel(t.Context()), key.ID, add); err != nil {
							t.Error(err)
						}
					}
				})
			}
			all.Wait()
			must(t, stores[1].UpdateLimits(t.Context(), key.ID, func(stored []byte, _ time.Time) ([]byte, error) {
				if string(stored) != "40" {
					t.Errorf("40 changes made %s", stored)
				}
				return stored, nil
			}))
		})
	}
}

func TestUpdateLimits_OfKeysThatComeAndGo(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		keep := func(stored []byte, _ time.Time) ([]byte, error) { return append(stored, 'x'), nil }
		wantCode(t, "no such key", s.UpdateLimits(t.Context(), 77, keep), models.CodeNotFound)
		key := newKey("limited", 1)
		must(t, s.CreateAPIKey(t.Context(), key))
		must(t, s.UpdateLimits(t.Context(), key.ID, keep))
		failed := s.UpdateLimits(t.Context(), key.ID, func([]byte, time.Time) ([]byte, error) { return nil, fmt.Errorf("no") })
		if failed == nil {
			t.Error("the error of a change got lost")
		}
		must(t, s.UpdateLimits(t.Context(), key.ID, func(stored []byte, _ time.Time) ([]byte, error) {
			if string(stored) != "x" {
				t.Errorf("stored: %q", stored)
			}
			return stored, nil
		}))
		must(t, s.DeleteAPIKey(t.Context(), key.ID))
		wantCode(t, "a deleted key", s.UpdateLimits(t.Context(), key.ID, keep), models.CodeNotFound)
	})
}

// BenchmarkUpdateLimits is what a request of a limited key waits for where gateways share a database.
func BenchmarkUpdateLimits(b *testing.B) {
	for _, d := range dialects {
		b.Run(d.name, func(b *testing.B) {
			s := open(b, d.url(b))
			key := newKey("limited", 1)
			must(b, s.CreateAPIKey(b.Context(), key))
			state := make([]byte, 700)
			for i := range state {
				state[i] = 'x'
			}
			for b.Loop() {
				must(b, s.UpdateLimits(b.Context(), key.ID, func([]byte, time.Time) ([]byte, error) { return state, nil }))
			}
		})
	}
}
