package jobs

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var silent = slog.New(slog.DiscardHandler)

// runFor runs jobs for a stretch of fake time and returns their states.
func runFor(t *testing.T, d time.Duration, jobs ...Job) map[string]Status {
	t.Helper()
	r := NewRunner(silent)
	r.Add(jobs...)
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	r.Run(ctx)
	out := make(map[string]Status)
	for _, s := range r.Status() {
		out[s.Name] = s
	}
	return out
}

func TestRunnerRunsOnScheduleWithoutOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Time
		var running atomic.Int32
		slow := Job{Name: "slow", Schedule: Every(time.Minute), Run: func(context.Context) (string, error) {
			if running.Add(1) != 1 {
				t.Error("two runs at once")
			}
			at = append(at, time.Now())
			time.Sleep(90 * time.Second)
			running.Add(-1)
			return "done", nil
		}}
		s := runFor(t, 30*time.Minute, slow)["slow"]
		if s.Runs < 10 || s.Runs > 14 || s.Failures != 0 || s.Result != "done" || s.Running {
			t.Errorf("%+v", s)
		}
		distinct := map[time.Duration]bool{}
		for i := range at[1:] {
			gap := at[i+1].Sub(at[i]) - 90*time.Second
			distinct[gap] = true
			if gap < 54*time.Second || gap > 66*time.Second {
				t.Errorf("gap %v", gap)
			}
		}
		if len(distinct) < 2 {
			t.Error("there is no jitter")
		}
	})
}

func TestH18_PanicBecomesAnErrorWithBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		bad := Job{Name: "bad", Schedule: Every(time.Hour), Run: func(context.Context) (string, error) {
			if runs++; runs <= 4 {
				panic("broken")
			}
			return "well", nil
		}}
		good := Job{Name: "good", Schedule: Every(time.Minute), Run: func(context.Context) (string, error) { return "", nil }}
		states := runFor(t, 50*time.Minute, bad, good)
		if s := states["bad"]; s.Runs != 5 || s.Failures != 4 || s.InARow != 0 || s.LastError != "" || s.Result != "well" {
			t.Errorf("%+v", s)
		}
		if s := states["good"]; s.Runs < 40 {
			t.Errorf("the panic of one job held up another: %+v", s)
		}
	})
}

func TestBackoffIsBounded(t *testing.T) {
	for failures, most := range map[int]time.Duration{1: time.Second, 3: 4 * time.Second, 9: 256 * time.Second, 1000: lastBackoff} {
		for range 50 {
			if d := backoff(failures); d > most || d < most/2 {
				t.Errorf("backoff(%d) = %v", failures, d)
			}
		}
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := runFor(t, time.Minute, Job{Name: "long", Schedule: Every(time.Second), Run: func(ctx context.Context) (string, error) {
			<-ctx.Done()
			return "", ctx.Err()
		}})["long"]
		if s.Failures != 0 || s.Running {
			t.Errorf("a run that was stopped counts as failed: %+v", s)
		}
	})
}

// fakeClaims is the jobs table.
type fakeClaims struct {
	mu       sync.Mutex
	owner    map[string]string
	until    map[string]time.Time
	finished map[string]string
	fail     error
	skew     time.Duration // of the database's clock
}

func newClaims() *fakeClaims {
	return &fakeClaims{owner: map[string]string{}, until: map[string]time.Time{}, finished: map[string]string{}}
}

func (c *fakeClaims) ClaimJob(_ context.Context, name, slot, owner string, ttl time.Duration) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := name + "@" + slot
	if _, done := c.finished[key]; c.fail != nil || done {
		return false, c.fail
	}
	if held := c.owner[key]; held != "" && held != owner && time.Now().Before(c.until[key]) {
		return false, nil
	}
	c.owner[key], c.until[key] = owner, time.Now().Add(ttl)
	return true, nil
}

// Now is the time by the clock of the database.
func (c *fakeClaims) Now(context.Context) (time.Time, error) { return time.Now().Add(c.skew), nil }

func (c *fakeClaims) FinishJob(_ context.Context, name, slot, owner, result string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.finished[name+"@"+slot] = owner + ": " + result
	return nil
}

func TestI04_OneReplicaDoesTheSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		claims := newClaims()
		var runs atomic.Int32
		replica := func(name string) Job {
			job := Daily("retention", 4, claims, name, func(context.Context) (string, error) {
				runs.Add(1)
				time.Sleep(5 * time.Minute)
				return "ok", nil
			})
			job.Name = name
			return job
		}
		runFor(t, 72*time.Hour, replica("a"), replica("b"), replica("c"))
		if runs.Load() != 4 || len(claims.finished) != 4 { // the slot before the start, and three days
			t.Errorf("%d runs of %d slots", runs.Load(), len(claims.finished))
		}
	})
}

func TestI04_DeadClaimerIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		claims := newClaims()
		slot := lastSlot(time.Now(), 4)
		if mine, _ := claims.ClaimJob(t.Context(), "retention", slot, "dead", claimTTL); !mine {
			t.Fatal("not claimed")
		}
		start := time.Now()
		var ran time.Duration
		runFor(t, 10*time.Minute, Daily("retention", 4, claims, "b", func(context.Context) (string, error) {
			ran = time.Since(start)
			return "", nil
		}))
		if ran < claimTTL || ran > claimTTL+2*dailyCheck {
			t.Errorf("taken over after %v", ran)
		}
	})
}

func TestClaimLostEndsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		claims := newClaims()
		d := &daily{name: "x", hour: 4, claims: claims, owner: "a", now: time.Now, run: func(ctx context.Context) (string, error) {
			claims.mu.Lock()
			for key := range claims.owner {
				claims.owner[key], claims.until[key] = "b", time.Now().Add(time.Hour)
			}
			claims.mu.Unlock()
			<-ctx.Done()
			return "", ctx.Err()
		}}
		if _, err := d.check(t.Context()); !errors.Is(err, errClaimLost) {
			t.Errorf("err = %v", err)
		}
		if len(claims.finished) != 0 {
			t.Error("the slot was finished by the one who lost it")
		}
	})
}

func TestI09_Slots(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		now  time.Time
		hour int
		want string
	}{
		{time.Date(2026, 3, 29, 3, 59, 59, 0, time.UTC), 4, "2026-03-28T04"},
		{time.Date(2026, 3, 29, 4, 0, 0, 0, time.UTC), 4, "2026-03-29T04"},
		{time.Date(2026, 3, 29, 5, 30, 0, 0, berlin), 4, "2026-03-28T04"}, // clocks went forward, UTC did not
		{time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), 0, "2026-01-01T00"},
		{time.Date(2026, 1, 1, 22, 0, 0, 0, time.UTC), 23, "2025-12-31T23"},
	}
	for _, tt := range tests {
		if got := lastSlot(tt.now, tt.hour); got != tt.want {
			t.Errorf("lastSlot(%v, %d) = %s, want %s", tt.now, tt.hour, got, tt.want)
		}
	}
}

// fakeLogs has rows by age in days.
type fakeLogs struct {
	logs, details []time.Time
	quarters      []time.Time // days that have some
	largest       int
	fail          error
}

func (f *fakeLogs) remove(from *[]time.Time, before time.Time, limit int) (int, error) {
	if f.fail != nil {
		return 0, f.fail
	}
	f.largest = max(f.largest, limit)
	var kept []time.Time
	n := 0
	for _, at := range *from {
		if n < limit && at.Before(before) {
			n++
			continue
		}
		kept = append(kept, at)
	}
	*from = kept
	return n, nil
}

func (f *fakeLogs) DeleteLogsBefore(_ context.Context, before time.Time, limit int) (int, error) {
	return f.remove(&f.logs, before, limit)
}

func (f *fakeLogs) DeleteLogDetailsBefore(_ context.Context, before time.Time, limit int) (int, error) {
	return f.remove(&f.details, before, limit)
}

func (f *fakeLogs) DeleteUsageBefore(_ context.Context, before time.Time) (int, error) {
	n, err := f.remove(&f.quarters, before, 1)
	return 96 * n, err
}

func TestRetention(t *testing.T) {
	tests := []struct {
		name          string
		policy        RetentionPolicy
		logs, details int // left of 3000
		quarters      int // days of them left of 200
	}{
		{"both", RetentionPolicy{Days: 20, DetailDays: 10}, 2001, 1001, 91},
		{"for ever", RetentionPolicy{}, 3000, 3000, 200},
		{"details only", RetentionPolicy{DetailDays: 1}, 3000, 101, 200},
		{"rows for longer than sums", RetentionPolicy{Days: 120}, 3000, 3000, 122},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				logs := &fakeLogs{}
				for i := range 3000 {
					at := time.Now().Add(-time.Duration(i) * day / 100)
					logs.logs, logs.details = append(logs.logs, at), append(logs.details, at)
				}
				for i := range 200 {
					logs.quarters = append(logs.quarters, time.Now().Add(-time.Duration(i)*day))
				}
				start := time.Now()
				result, err := Retention(logs, newClaims(), "a", tt.policy).Run(t.Context())
				if err != nil || len(logs.logs) != tt.logs || len(logs.details) != tt.details || logs.largest > deleteBatch {
					t.Errorf("%q, %v: %d logs, %d details left, batches of %d", result, err, len(logs.logs), len(logs.details), logs.largest)
				}
				if len(logs.quarters) != tt.quarters {
					t.Errorf("%q: quarters of %d days are left, want %d", result, len(logs.quarters), tt.quarters)
				}
				batches := (3000-tt.logs+deleteBatch-1)/deleteBatch + (3000-tt.details+deleteBatch-1)/deleteBatch
				if time.Since(start) < time.Duration(batches)*deletePause {
					t.Error("there was no pause between batches")
				}
			})
		})
	}
}

func TestRetentionFailureLeavesTheSlotOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		claims, logs := newClaims(), &fakeLogs{fail: errors.New("locked")}
		job := Retention(logs, claims, "a", RetentionPolicy{Days: 1, DetailDays: 1})
		if _, err := job.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "locked") || len(claims.finished) != 0 {
			t.Fatalf("err = %v, finished %v", err, claims.finished)
		}
		logs.fail = nil
		if _, err := job.Run(t.Context()); err != nil || len(claims.finished) != 1 {
			t.Errorf("err = %v, finished %v", err, claims.finished)
		}
		claims.fail = errors.New("no database")
		if _, err := job.Run(t.Context()); err != nil {
			t.Errorf("a finished slot asks the database again: %v", err)
		}
	})
}

// TestI10_ClockOfTheDatabase runs retention on a machine whose clock is a month ahead, and five minutes behind: slots are due, and
// logs are old, by the clock of the database.
func TestI10_ClockOfTheDatabase(t *testing.T) {
	for _, skew := range []time.Duration{-30 * day, 5 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			claims := newClaims()
			claims.skew = skew
			logs := &cutoffs{}
			runFor(t, 49*time.Hour, Retention(logs, claims, "a", RetentionPolicy{Hour: 4, Days: 7, DetailDays: 7}))
			if len(claims.finished) != 3 || len(logs.before) == 0 { // the slot before the start, and two days
				t.Errorf("%v: %d slots were done", skew, len(claims.finished))
			}
			for i, before := range logs.before {
				if ago := logs.asked[i].Add(skew).Sub(before); ago < 7*day || ago > 7*day+time.Minute {
					t.Errorf("%v: deleted what is older than %v", skew, ago)
				}
			}
			for slot := range claims.finished {
				if _, hour, _ := strings.Cut(slot, "T"); hour != "04" {
					t.Errorf("%v: slot %s", skew, slot)
				}
			}
		})
	}
}

// cutoffs remembers what it was told to delete, and when.
type cutoffs struct{ before, asked []time.Time }

func (c *cutoffs) DeleteLogsBefore(_ context.Context, before time.Time, _ int) (int, error) {
	c.before, c.asked = append(c.before, before), append(c.asked, time.Now())
	return 0, nil
}

func (c *cutoffs) DeleteLogDetailsBefore(ctx context.Context, before time.Time, limit int) (int, error) {
	return c.DeleteLogsBefore(ctx, before, limit)
}

func (c *cutoffs) DeleteUsageBefore(context.Context, time.Time) (int, error) { return 0, nil }
