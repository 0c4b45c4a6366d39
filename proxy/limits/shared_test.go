package limits

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"squirrel/models"
)

// table is a database that gateways share.
type table struct {
	now  func() time.Time
	mu   sync.Mutex
	rows map[int64][]byte

	down   atomic.Bool // every call fails
	forget atomic.Bool // every call is done, and its answer gets lost
}

var errDown = errors.New("the database is away")

func newTable(now func() time.Time) *table { return &table{now: now, rows: map[int64][]byte{}} }

func (d *table) UpdateLimits(_ context.Context, key int64, change func([]byte, time.Time) ([]byte, error)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.down.Load() {
		return errDown
	}
	state, err := change(d.rows[key], d.now())
	if err != nil {
		return err
	}
	d.rows[key] = state
	if d.forget.Load() {
		return errDown
	}
	return nil
}

// gateway is a process that shares the table.
func gateway(d *table, now func() time.Time) *Limiter {
	return New(Options{Spent: nothingSpent, Now: now, Shared: d, Logger: slog.New(slog.DiscardHandler)})
}

func budgetOf(t *testing.T, l *Limiter, key models.APIKey) BudgetState {
	t.Helper()
	s, err := l.Snapshot(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return *s.Budget
}

// TestShared_NoOverrun lets 100 requests at once meet each kind of limit at three gateways; not one too many may pass.
func TestShared_NoOverrun(t *testing.T) {
	for name, key := range map[string]models.APIKey{
		"requests": rpm(10),
		"tokens":   tpm(1000),
		"budget":   budgeted(10*dollar, models.BudgetTotal),
	} {
		t.Run(name, func(t *testing.T) {
			c := newClock("2026-07-01T12:00:00Z")
			d := newTable(c.now)
			gateways := []*Limiter{gateway(d, c.now), gateway(d, c.now), gateway(d, c.now)}
			var passed atomic.Int64
			var wg sync.WaitGroup
			for i := range 100 {
				wg.Go(func() {
					if r, err := gateways[i%3].Reserve(t.Context(), key, 100, dollar); err == nil {
						passed.Add(1)
						r.Settle(100, dollar)
					}
				})
			}
			wg.Wait()
			if passed.Load() != 10 {
				t.Errorf("%d requests passed, want 10", passed.Load())
			}
		})
	}
}

func TestShared_OthersSeeWhatIsReservedAndSettled(t *testing.T) {
	c := newClock("2026-07-01T12:00:00Z")
	d := newTable(c.now)
	a, b := gateway(d, c.now), gateway(d, c.now)
	key := budgeted(10*dollar, models.BudgetDay)
	key.RPMLimit = new(int64(5))
	running := mustReserve(t, a, key, 0, 8*dollar)
	if denied := mustDeny(t, b, key, 0, 3*dollar); denied.RetryAfter != settleWait || denied.Headers.Requests.Remaining != 4 {
		t.Errorf("after %s, %+v", denied.RetryAfter, denied.Headers.Requests)
	}
	running.Settle(0, dollar/2)
	cancelled := mustReserve(t, a, key, 0, dollar)
	cancelled.Cancel()
	if err := a.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := mustReserve(t, b, key, 0, 9*dollar)
	if got := r.Headers.Requests.Remaining; got != 3 {
		t.Errorf("%d requests remain", got)
	}
	if s := budgetOf(t, a, key); s.Spent != dollar/2 || s.Reserved != 9*dollar || s.Remaining != dollar/2 {
		t.Errorf("%+v", s)
	}
}

// TestI10_ClockOfTheDatabase has gateways whose clocks are 5 minutes apart share a minute.
func TestI10_ClockOfTheDatabase(t *testing.T) {
	c := newClock("2026-07-01T23:58:00Z")
	d := newTable(c.now)
	a := gateway(d, c.now)
	b := gateway(d, func() time.Time { return c.now().Add(5 * time.Minute) })
	key := budgeted(10*dollar, models.BudgetDay)
	key.RPMLimit = new(int64(2))
	mustReserve(t, a, key, 0, 0)
	mustReserve(t, b, key, 0, 0)
	for _, l := range []*Limiter{a, b} {
		if denied := mustDeny(t, l, key, 0, 0); denied.RetryAfter != span+sharedSlot {
			t.Errorf("wait %s", denied.RetryAfter)
		}
		if s := budgetOf(t, l, key); !s.ResetsAt.Equal(time.Date(2026, 7, 2, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("the day ends at %s", s.ResetsAt)
		}
	}
	d.down.Store(true)
	c.advance(61 * time.Second)
	mustReserve(t, b, key, 0, 0) // its clock is known to be wrong even while nobody else tells the time
	if got := b.now(); !got.Equal(c.now()) {
		t.Errorf("it is %s there", got)
	}
}

// TestShared_Outage takes the table away. Each gateway goes on with what it knows; afterwards everything counts once.
func TestShared_Outage(t *testing.T) {
	for _, lost := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			d := newTable(time.Now)
			a, b := gateway(d, time.Now), gateway(d, time.Now)
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			go a.Run(ctx)
			key := budgeted(20*dollar, models.BudgetTotal)
			key.RPMLimit = new(int64(6))
			mustReserve(t, a, key, 0, dollar).Settle(0, dollar)
			long := mustReserve(t, b, key, 0, 4*dollar)
			if s := budgetOf(t, a, key); s.Spent != dollar || s.Reserved != 4*dollar {
				t.Fatalf("before: %+v", s)
			}

			d.forget.Store(lost)
			d.down.Store(!lost)
			mustReserve(t, a, key, 0, 2*dollar).Settle(0, 2*dollar)
			running := mustReserve(t, a, key, 0, 3*dollar)
			if denied := mustDeny(t, a, key, 0, 11*dollar); denied.RetryAfter != settleWait {
				t.Errorf("a request that does not fit during the outage waits %s", denied.RetryAfter)
			}
			d.forget.Store(false)
			d.down.Store(true)
			time.Sleep(10 * time.Second) // a tries in vain
			running.Settle(0, 5*dollar)
			long.Settle(0, dollar) // b finds out now

			d.down.Store(false)
			time.Sleep(2 * sharedRetry)
			if err := b.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, l := range []*Limiter{a, b} {
				if s := budgetOf(t, l, key); s.Spent != 9*dollar || s.Reserved != 0 {
					t.Errorf("afterwards (answers lost: %t): %+v", lost, s)
				}
				if s, _ := l.Snapshot(t.Context(), key); s.Requests.Remaining != 2 {
					t.Errorf("afterwards (answers lost: %t): %+v", lost, s.Requests)
				}
			}
		})
	}
}

// TestShared_AwayIsNotWaitedFor: only the first request of an outage finds out how long it takes to fail.
func TestShared_AwayIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := sharedFunc(func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		})
		l := New(Options{Spent: nothingSpent, Shared: slow, Logger: slog.New(slog.DiscardHandler)})
		began := time.Now()
		mustReserve(t, l, rpm(100), 0, 0)
		if waited := time.Since(began); waited != sharedWait {
			t.Errorf("the first waited %s", waited)
		}
		for range 50 {
			mustReserve(t, l, rpm(100), 0, 0).Settle(0, 0)
		}
		if waited := time.Since(began); waited != sharedWait {
			t.Errorf("all together waited %s", waited)
		}
	})
}

type sharedFunc func(ctx context.Context) error

func (f sharedFunc) UpdateLimits(ctx context.Context, _ int64, _ func([]byte, time.Time) ([]byte, error)) error {
	return f(ctx)
}

// TestShared_DeletedKey: a key that is gone is no outage.
func TestShared_DeletedKey(t *testing.T) {
	l := New(Options{Spent: nothingSpent, Shared: sharedFunc(func(context.Context) error {
		return models.Errorf(models.CodeNotFound, "gone")
	}), Logger: slog.New(slog.DiscardHandler)})
	mustReserve(t, l, rpm(1), 0, 0).Settle(0, 0)
	if l.away.Load() {
		t.Error("a deleted key counts as an outage")
	}
	if err := l.Flush(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestShared_DeadGateway: what a gateway that died has reserved is free after a while, what a living one has is not.
func TestShared_DeadGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newTable(time.Now)
		dead, living := gateway(d, time.Now), gateway(d, time.Now)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go living.Run(ctx)
		key := budgeted(10*dollar, models.BudgetTotal)
		mustReserve(t, dead, key, 0, 4*dollar)
		mustReserve(t, living, key, 0, 5*dollar)
		mustDeny(t, living, key, 0, 2*dollar)
		time.Sleep(deadAfter + time.Second)
		if s := budgetOf(t, gateway(d, time.Now), key); s.Reserved != 5*dollar {
			t.Errorf("%+v", s)
		}
	})
}

// TestShared_LogCorrectsTheBudget: what a gateway spent and never settled comes from the log, within a minute.
func TestShared_LogCorrectsTheBudget(t *testing.T) {
	c := newClock("2026-07-01T12:00:00Z")
	var logged models.NanoUSD
	l := New(Options{Now: c.now, Spent: func(context.Context, int64, time.Time) (models.NanoUSD, error) { return logged, nil }})
	key := budgeted(10*dollar, models.BudgetTotal)
	mustReserve(t, l, key, 0, dollar).Settle(0, 2*dollar)
	logged = dollar // the log is behind
	c.advance(compareEvery)
	if s := budgetOf(t, l, key); s.Spent != 2*dollar {
		t.Errorf("%+v", s)
	}
	logged = 9 * dollar
	mustReserve(t, l, key, 0, 3*dollar).Cancel()
	c.advance(compareEvery)
	mustDeny(t, l, key, 0, 3*dollar)
}

// TestState_WrittenDown: a state is the same after it was written and read, and stays small.
func TestState_WrittenDown(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	c := newClock("2026-07-01T12:00:00Z")
	s := newState(sharedSlot, time.Time{})
	s.budget = budget{Loaded: true, Period: periodOf(models.BudgetMonth, c.now(), time.UTC), Spent: 12345678901, Compared: c.now()}
	s.shares["one"] = share{Reserved: 17, Round: 4, At: c.now()}
	for range 5000 {
		c.advance(time.Duration(rng.Int64N(int64(40 * time.Millisecond))))
		s.apply("one", change{At: c.now(), Requests: 1, Tokens: rng.Int64N(100_000)})
	}
	text, err := s.encode(c.now())
	if err != nil || len(text) > 1800 {
		t.Fatalf("%d bytes, %v", len(text), err)
	}
	again := decodeState(text, sharedSlot)
	back, err := again.encode(c.now())
	if err != nil || string(back) != string(text) {
		t.Errorf("%s\nbecame\n%s", text, back)
	}
	if again.tokens.sum != s.tokens.sum || again.requests.sum != s.requests.sum || !again.budget.Period.same(s.budget.Period) {
		t.Errorf("%+v", again)
	}
	if s := decodeState([]byte(`{"last":"yesterday"}`), sharedSlot); s.shares == nil || s.requests.grain != sharedSlot {
		t.Errorf("of nonsense: %+v", s)
	}
}
