package limits

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"squirrel/models"
)

// clock is a time that only moves when told.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock(text string) *clock {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return &clock{t: t}
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

func nothingSpent(context.Context, int64, time.Time) (models.NanoUSD, error) { return 0, nil }

func rpm(n int64) models.APIKey { return models.APIKey{ID: 1, RPMLimit: &n} }
func tpm(n int64) models.APIKey { return models.APIKey{ID: 1, TPMLimit: &n} }

func budgeted(limit models.NanoUSD, period models.BudgetPeriod) models.APIKey {
	return models.APIKey{ID: 1, Budget: &limit, BudgetPeriod: period}
}

func mustReserve(t *testing.T, l *Limiter, key models.APIKey, tokens int64, cost models.NanoUSD) *Reservation {
	t.Helper()
	r, err := l.Reserve(t.Context(), key, tokens, cost)
	if err != nil {
		t.Fatalf("denied: %v", err)
	}
	return r
}

func mustDeny(t *testing.T, l *Limiter, key models.APIKey, tokens int64, cost models.NanoUSD) *Denied {
	t.Helper()
	_, err := l.Reserve(t.Context(), key, tokens, cost)
	var denied *Denied
	if !errors.As(err, &denied) {
		t.Fatalf("not denied: %v", err)
	}
	return denied
}

func TestReserve_KeyWithoutLimitsIsFree(t *testing.T) {
	r, err := New(Options{}).Reserve(t.Context(), models.APIKey{ID: 1}, 1<<40, 1<<60)
	if r != nil || err != nil {
		t.Fatalf("%v, %v", r, err)
	}
	r.Settle(1, 1)
	r.Cancel()
}

func TestReserve_RequestsPerMinute(t *testing.T) {
	c := newClock("2026-07-01T12:00:00.05Z")
	l := New(Options{Spent: nothingSpent, Now: c.now})
	for range 3 {
		mustReserve(t, l, rpm(3), 0, 0).Settle(10, 10)
		c.advance(10 * time.Second)
	}
	d := mustDeny(t, l, rpm(3), 0, 0)
	if d.Code != CodeRateLimit || d.RetryAfter != 30*time.Second+50*time.Millisecond {
		t.Errorf("%s after %s", d.Code, d.RetryAfter)
	}
	c.advance(d.RetryAfter - 1)
	mustDeny(t, l, rpm(3), 0, 0)
	c.advance(1)
	mustReserve(t, l, rpm(3), 0, 0)
	mustDeny(t, l, rpm(3), 0, 0)
	mustReserve(t, l, rpm(4), 0, 0) // a raised limit holds at once
}

func TestReserve_TokensPerMinute(t *testing.T) {
	c := newClock("2026-07-01T12:00:00Z")
	l := New(Options{Spent: nothingSpent, Now: c.now})
	first := mustReserve(t, l, tpm(1000), 800, 0)
	if d := mustDeny(t, l, tpm(1000), 300, 0); d.RetryAfter != 60100*time.Millisecond {
		t.Errorf("wait %s", d.RetryAfter)
	}
	first.Settle(150, 0)
	mustReserve(t, l, tpm(1000), 850, 0).Settle(900, 0) // used more than it asked for
	if d := mustDeny(t, l, tpm(1000), 0, 0); d.Headers.Tokens.Remaining != 0 {
		t.Errorf("remaining %d", d.Headers.Tokens.Remaining)
	}
	if d := mustDeny(t, l, tpm(1000), 1001, 0); d.RetryAfter != 0 {
		t.Errorf("a request larger than the limit can wait %s", d.RetryAfter)
	}
}

func TestReservation_EndsOnce(t *testing.T) {
	c := newClock("2026-07-01T12:00:00Z")
	l := New(Options{Spent: nothingSpent, Now: c.now})
	r := mustReserve(t, l, tpm(100), 100, 0)
	r.Cancel()
	r.Cancel()
	r.Settle(100, 100)
	mustReserve(t, l, tpm(100), 100, 0)
	mustDeny(t, l, tpm(100), 1, 0)

	late := mustReserve(t, l, models.APIKey{ID: 2, TPMLimit: new(int64(50))}, 50, 0)
	c.advance(2 * time.Minute)
	late.Settle(40, 0) // its minute is over: nothing to correct
	if s, err := l.Snapshot(t.Context(), tpm(100)); err != nil || s.Tokens.Remaining != 100 || s.Tokens.Reset != 0 {
		t.Errorf("%+v, %v", s.Tokens, err)
	}
}

func TestReserve_LongestWaitWins(t *testing.T) {
	c := newClock("2026-07-01T23:59:30Z")
	l := New(Options{Spent: nothingSpent, Now: c.now})
	one, million, budget := int64(1), int64(1_000_000), models.NanoPerUSD
	key := models.APIKey{ID: 1, RPMLimit: &one, TPMLimit: &million, Budget: &budget, BudgetPeriod: models.BudgetMonth}
	mustReserve(t, l, key, 10, 0).Settle(10, budget)
	d := mustDeny(t, l, key, 10, 0)
	if want := 30*24*time.Hour + 30*time.Second; d.Code != CodeBudget || d.RetryAfter != want {
		t.Errorf("%s after %s, want the budget after %s", d.Code, d.RetryAfter, want)
	}
	if d := mustDeny(t, l, key, 1_000_001, 0); d.Code != CodeRateLimit || d.RetryAfter != 0 {
		t.Errorf("%s after %s, want the hopeless limit", d.Code, d.RetryAfter)
	}
}

// TestReserve_NoOverrun lets 100 requests at once meet each kind of limit; not one too many may pass.
func TestReserve_NoOverrun(t *testing.T) {
	for name, key := range map[string]models.APIKey{
		"requests": rpm(10),
		"tokens":   tpm(1000),
		"budget":   budgeted(10*models.NanoPerUSD, models.BudgetTotal),
	} {
		t.Run(name, func(t *testing.T) {
			var loads, passed atomic.Int64
			l := New(Options{Spent: func(context.Context, int64, time.Time) (models.NanoUSD, error) {
				loads.Add(1)
				return 0, nil
			}, Now: newClock("2026-07-01T12:00:00Z").now})
			var wg sync.WaitGroup
			for range 100 {
				wg.Go(func() {
					if r, err := l.Reserve(t.Context(), key, 100, models.NanoPerUSD); err == nil {
						passed.Add(1)
						r.Settle(100, models.NanoPerUSD)
					}
				})
			}
			wg.Wait()
			if passed.Load() != 10 {
				t.Errorf("%d requests passed, want 10", passed.Load())
			}
			if key.Budget != nil && loads.Load() != 1 {
				t.Errorf("the spending was loaded %d times", loads.Load())
			}
		})
	}
}

// TestReserve_AnyMinute checks on random traffic that no span of a minute holds more than the limit, and that the promised
// waiting time is right: the same request passes after it, and not a nanosecond earlier.
func TestReserve_AnyMinute(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	c := newClock("2026-07-01T12:00:00Z")
	l := New(Options{Spent: nothingSpent, Now: c.now})
	type use struct {
		at     time.Time
		tokens int64
	}
	var log []use
	for range 3000 {
		c.advance(time.Duration(rng.Int64N(int64(3 * time.Second))))
		tokens := 1 + rng.Int64N(300)
		r, err := l.Reserve(t.Context(), tpm(1000), tokens, 0)
		if err != nil {
			d := mustDeny(t, l, tpm(1000), tokens, 0)
			c.advance(d.RetryAfter - 1)
			mustDeny(t, l, tpm(1000), tokens, 0)
			c.advance(1)
			r = mustReserve(t, l, tpm(1000), tokens, 0)
		}
		if rng.IntN(2) == 0 {
			tokens = rng.Int64N(tokens + 1)
			r.Settle(tokens, 0)
		}
		log = append(log, use{c.now(), tokens})
		var sum int64
		for i := len(log) - 1; i >= 0 && c.now().Sub(log[i].at) <= time.Minute; i-- {
			sum += log[i].tokens
		}
		if sum > 1000 {
			t.Fatalf("%d tokens within a minute", sum)
		}
	}
	if slots := len(l.keys[1].state.tokens.slots); slots > int(span/slot)+1 {
		t.Errorf("%d slots are kept", slots)
	}
}

func TestRetain(t *testing.T) {
	l := New(Options{Spent: nothingSpent, Now: newClock("2026-07-01T12:00:00Z").now})
	mustReserve(t, l, rpm(1), 0, 0)
	l.Retain(func(id int64) bool { return id == 1 })
	mustDeny(t, l, rpm(1), 0, 0)
	l.Retain(func(int64) bool { return false })
	mustReserve(t, l, rpm(1), 0, 0)
}

func TestHeaders(t *testing.T) {
	c := newClock("2026-07-01T12:00:00Z")
	l := New(Options{Spent: nothingSpent, Now: c.now})
	two, thousand := int64(2), int64(1000)
	key := models.APIKey{ID: 1, RPMLimit: &two, TPMLimit: &thousand}
	mustReserve(t, l, key, 100, 0)
	c.advance(1500 * time.Millisecond)
	r := mustReserve(t, l, key, 200, 0)
	want := map[string]string{
		"x-ratelimit-limit-requests":     "2",
		"x-ratelimit-remaining-requests": "0",
		"x-ratelimit-reset-requests":     "1m0.1s",
		"x-ratelimit-limit-tokens":       "1000",
		"x-ratelimit-remaining-tokens":   "700",
		"x-ratelimit-reset-tokens":       "1m0.1s",
	}
	if got := maps.Collect(r.Headers.All()); !maps.Equal(got, want) {
		t.Errorf("admitted: %v", got)
	}
	c.advance(500*time.Millisecond + 1)
	want["retry-after"], want["retry-after-ms"] = "59", "58100"
	want["x-ratelimit-reset-requests"], want["x-ratelimit-reset-tokens"] = "59.6s", "59.6s"
	if got := maps.Collect(mustDeny(t, l, key, 1, 0).All()); !maps.Equal(got, want) {
		t.Errorf("denied: %v", got)
	}
	if got := maps.Collect(mustDeny(t, l, tpm(10), 11, 0).All()); got["x-should-retry"] != "false" || got["retry-after"] != "" {
		t.Errorf("hopeless: %v", got)
	}
	for range r.Headers.All() {
		break
	}
}

func BenchmarkReserveSettle(b *testing.B) {
	l := New(Options{Spent: nothingSpent})
	many, limit := int64(1<<40), models.NanoUSD(1<<60)
	key := models.APIKey{ID: 1, RPMLimit: &many, TPMLimit: &many, Budget: &limit}
	b.ReportAllocs()
	for b.Loop() {
		r, err := l.Reserve(b.Context(), key, 100, 100)
		if err != nil {
			b.Fatal(err)
		}
		r.Settle(50, 50)
	}
}
