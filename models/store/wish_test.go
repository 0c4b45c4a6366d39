package store

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"squirrel/models/store/pgtest"
)

// wishesHeard collects what a store hears.
func wishesHeard(t *testing.T, s *Store) (all func() []string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var mu sync.Mutex
	var heard []string
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.WatchWishes(ctx, func(object string) {
			mu.Lock()
			defer mu.Unlock()
			heard = append(heard, object)
		})
	}()
	t.Cleanup(func() { stop(); <-done })
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(heard)
	}
}

func TestWishes(t *testing.T) {
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			cfg := testConfig(t, d.url(t))
			s := open(t, cfg.URL)
			replica, err := Open(t.Context(), cfg)
			must(t, err)
			defer replica.Close()
			must(t, s.Wish(t.Context(), "before"))
			must(t, s.InTx(t.Context(), func(tx *Store) error {
				_, err := tx.exec(t.Context(), "INSERT INTO wishes (object, wished_at) VALUES ('lapsed', "+s.clock()+" - ?)", (3 * time.Minute).Microseconds())
				return err
			}))
			own, others := wishesHeard(t, s), wishesHeard(t, replica)
			both := func(want ...string) func() bool {
				return func() bool { return slices.Equal(own(), want) && slices.Equal(others(), want) }
			}
			eventually(t, "a wish of a moment ago is heard", both("before"))
			must(t, s.Wish(t.Context(), "a"))
			eventually(t, "both hear it", both("before", "a"))
			must(t, replica.Wish(t.Context(), "a"))
			eventually(t, "it is heard again when it is wished again", both("before", "a", "a"))
			time.Sleep(100 * time.Millisecond) // some intervals
			if !both("before", "a", "a")() {
				t.Errorf("heard without a wish: %q, %q", own(), others())
			}
			var left int64
			must(t, s.scalar(t.Context(), &left, "SELECT COUNT(*) FROM wishes"))
			if left != 2 {
				t.Errorf("%d wishes are kept: one has lapsed", left)
			}
		})
	}
}

// TestWishes_Notification: on PostgreSQL other replicas need not poll to know.
func TestWishes_Notification(t *testing.T) {
	cfg := testConfig(t, pgtest.Database(t))
	s := open(t, cfg.URL)
	cfg.PollInterval = time.Hour
	replica, err := Open(t.Context(), cfg)
	must(t, err)
	defer replica.Close()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); replica.WatchConfig(ctx, 0, func() error { return nil }) }()
	defer func() { stop(); <-done }()
	heard := wishesHeard(t, replica)
	eventually(t, "a notification arrives", func() bool {
		must(t, s.Wish(t.Context(), "x"))
		return len(heard()) > 1 // the first may have been found by the look at the start
	})
}

func TestRunsElsewhere(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		running, done := begun(noon), finished(noon.Add(time.Second))
		write(t, s, begin(running), end(done))
		is := func(what, id, own string, within time.Duration, want bool) {
			t.Helper()
			if got, err := s.RunsElsewhere(t.Context(), id, own, within); err != nil || got != want {
				t.Errorf("%s: %v, %v; want %v", what, got, err, want)
			}
		}
		is("a gateway that never gave a sign of life", running.ID, "me", time.Minute, false)
		must(t, s.Heartbeat(t.Context(), running.Instance))
		is("running", running.ID, "me", time.Minute, true)
		is("running here", running.ID, running.Instance, time.Minute, false)
		is("ended", done.ID, "me", time.Minute, false)
		is("nobody's", newID(noon), "me", time.Minute, false)
		is("no id", "'; DROP TABLE request_logs", "me", time.Minute, false)
		time.Sleep(20 * time.Millisecond)
		is("a gateway that is silent", running.ID, "me", 5*time.Millisecond, false)
	})
}
