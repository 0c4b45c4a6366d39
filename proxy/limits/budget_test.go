package limits

import (
	"context"
	"errors"
	"testing"
	"time"

	"squirrel/models"
)

const dollar = models.NanoPerUSD

func TestBudget_Periods(t *testing.T) {
	for _, tc := range []struct {
		period     models.BudgetPeriod
		now        string
		since      string
		retryAfter time.Duration
	}{
		{models.BudgetDay, "2026-02-28T23:59:59+02:00", "2026-02-28T00:00:00Z", 2*time.Hour + time.Second},
		{models.BudgetDay, "2026-12-31T23:00:00Z", "2026-12-31T00:00:00Z", time.Hour},
		{models.BudgetMonth, "2028-02-01T00:00:00Z", "2028-02-01T00:00:00Z", 29 * 24 * time.Hour},
		{"", "2026-12-31T00:00:00Z", "2026-12-01T00:00:00Z", 24 * time.Hour},
		{models.BudgetTotal, "2026-12-31T00:00:00Z", "0001-01-01T00:00:00Z", 0},
	} {
		var asked time.Time
		l := New(Options{Spent: func(_ context.Context, id int64, since time.Time) (models.NanoUSD, error) {
			asked = since
			return 4 * dollar, nil
		}, Now: newClock(tc.now).now})
		key := budgeted(5*dollar, tc.period)
		mustReserve(t, l, key, 0, dollar).Settle(0, dollar)
		d := mustDeny(t, l, key, 0, dollar)
		if d.Code != CodeBudget || d.RetryAfter != tc.retryAfter {
			t.Errorf("%s at %s: %s after %s, want %s", tc.period, tc.now, d.Code, d.RetryAfter, tc.retryAfter)
		}
		if got := asked.Format(time.RFC3339); got != tc.since {
			t.Errorf("%s at %s: asked for spending since %s, want %s", tc.period, tc.now, got, tc.since)
		}
	}
}

// TestBudget_PeriodsOfAPlace: days and months begin at midnight of the reporting time zone, whatever its clock does.
func TestBudget_PeriodsOfAPlace(t *testing.T) {
	for _, tc := range []struct {
		zone       string
		period     models.BudgetPeriod
		now, since string
		retryAfter time.Duration
	}{
		{"Asia/Shanghai", models.BudgetDay, "2026-07-01T15:59:59Z", "2026-06-30T16:00:00Z", time.Second},
		{"Asia/Shanghai", models.BudgetMonth, "2026-06-30T16:00:00Z", "2026-06-30T16:00:00Z", 31 * 24 * time.Hour},
		{"Asia/Kathmandu", models.BudgetDay, "2026-07-01T18:15:00Z", "2026-07-01T18:15:00Z", 24 * time.Hour},
		{"Europe/Berlin", models.BudgetDay, "2026-10-24T22:00:00Z", "2026-10-24T22:00:00Z", 25 * time.Hour},
		{"Europe/Berlin", models.BudgetDay, "2026-03-29T21:00:00Z", "2026-03-28T23:00:00Z", time.Hour},
		{"Europe/Berlin", models.BudgetMonth, "2026-03-31T21:59:59Z", "2026-02-28T23:00:00Z", time.Second},
	} {
		place, err := time.LoadLocation(tc.zone)
		if err != nil {
			t.Fatal(err)
		}
		var asked time.Time
		l := New(Options{Location: place, Now: newClock(tc.now).now, Spent: func(_ context.Context, _ int64, since time.Time) (models.NanoUSD, error) {
			asked = since
			return 5 * dollar, nil
		}})
		denied := mustDeny(t, l, budgeted(5*dollar, tc.period), 0, dollar)
		if got := asked.Format(time.RFC3339); denied.RetryAfter != tc.retryAfter || got != tc.since {
			t.Errorf("%s, %s at %s: since %s, wait %s", tc.zone, tc.period, tc.now, got, denied.RetryAfter)
		}
	}
}

func TestBudget_ReservationsStandInTheWayOnlyWhileTheyRun(t *testing.T) {
	l := New(Options{Spent: nothingSpent, Now: newClock("2026-07-01T12:00:00Z").now})
	key := budgeted(10*dollar, models.BudgetDay)
	running := mustReserve(t, l, key, 0, 8*dollar)
	if d := mustDeny(t, l, key, 0, 3*dollar); d.RetryAfter != settleWait {
		t.Errorf("wait %s", d.RetryAfter)
	}
	running.Settle(0, dollar/2)
	mustReserve(t, l, key, 0, 3*dollar).Cancel()
	mustReserve(t, l, key, 0, 9*dollar).Settle(0, 12*dollar) // dearer than estimated
	if d := mustDeny(t, l, key, 0, 0); d.RetryAfter != 12*time.Hour {
		t.Errorf("an overdrawn budget denies with %s", d.RetryAfter)
	}
	if d := mustDeny(t, l, budgeted(20*dollar, models.BudgetDay), 0, 21*dollar); d.RetryAfter != 0 {
		t.Errorf("a request dearer than the budget can wait %s", d.RetryAfter)
	}
	mustDeny(t, l, budgeted(0, models.BudgetDay), 0, 0)
}

func TestBudget_NextPeriodStartsAfresh(t *testing.T) {
	c := newClock("2026-07-01T23:59:00Z")
	loads := 0
	l := New(Options{Spent: func(context.Context, int64, time.Time) (models.NanoUSD, error) { loads++; return 0, nil }, Now: c.now})
	key := budgeted(10*dollar, models.BudgetDay)
	over := mustReserve(t, l, key, 0, 10*dollar)
	c.advance(2 * time.Minute)
	mustReserve(t, l, key, 0, 10*dollar).Settle(0, dollar)
	over.Settle(0, 10*dollar) // belongs to the first day
	s, err := l.Snapshot(t.Context(), key)
	if err != nil || s.Budget.Spent != dollar || s.Budget.Reserved != 0 || s.Budget.Remaining != 9*dollar {
		t.Errorf("%+v, %v", s.Budget, err)
	}
	if want := "2026-07-03T00:00:00Z"; s.Budget.ResetsAt.Format(time.RFC3339) != want {
		t.Errorf("resets at %s, want %s", s.Budget.ResetsAt, want)
	}
	if loads != 2 {
		t.Errorf("loaded %d times", loads)
	}
}

func TestBudget_IntroducedWhileRequestsRun(t *testing.T) {
	l := New(Options{Spent: nothingSpent, Now: newClock("2026-07-15T12:00:00Z").now})
	hundred := int64(100)
	before := mustReserve(t, l, rpm(hundred), 0, dollar)
	mustReserve(t, l, budgeted(10*dollar, models.BudgetDay), 0, dollar).Settle(0, dollar)
	before.Settle(0, 2*dollar)
	running := mustReserve(t, l, budgeted(10*dollar, models.BudgetDay), 0, 4*dollar)
	month := budgeted(10*dollar, models.BudgetMonth)
	mustReserve(t, l, month, 0, 0).Settle(0, 0) // loads the month: nothing, says the loader
	running.Settle(0, 4*dollar)
	s, err := l.Snapshot(t.Context(), month)
	if err != nil || s.Budget.Spent != 4*dollar || s.Budget.Reserved != 0 {
		t.Errorf("%+v, %v", s.Budget, err)
	}
}

func TestBudget_LoadFailureDeniesNothingForGood(t *testing.T) {
	down := errors.New("database is away")
	fail := true
	l := New(Options{Spent: func(context.Context, int64, time.Time) (models.NanoUSD, error) {
		if fail {
			return 0, down
		}
		return dollar, nil
	}, Now: newClock("2026-07-15T12:00:00Z").now})
	key := budgeted(2*dollar, models.BudgetDay)
	if _, err := l.Reserve(t.Context(), key, 0, 0); !errors.Is(err, down) {
		t.Fatalf("got %v", err)
	}
	if _, err := l.Snapshot(t.Context(), key); !errors.Is(err, down) {
		t.Fatalf("got %v", err)
	}
	fail = false
	mustReserve(t, l, key, 0, dollar)
}

func TestSnapshot(t *testing.T) {
	l := New(Options{Spent: nothingSpent, Now: newClock("2026-07-15T12:00:00Z").now})
	if s, err := l.Snapshot(t.Context(), models.APIKey{ID: 9}); err != nil || s != (Snapshot{}) {
		t.Errorf("unlimited: %+v, %v", s, err)
	}
	key := budgeted(2*dollar, models.BudgetTotal)
	key.RPMLimit = new(int64(5))
	mustReserve(t, l, key, 100, dollar)
	s, err := l.Snapshot(t.Context(), key)
	if err != nil || s.Tokens != nil || s.Requests.Limit != 5 || s.Requests.Remaining != 4 {
		t.Errorf("%+v, %v", s, err)
	}
	if b := s.Budget; b.Limit != 2*dollar || b.Reserved != dollar || b.Spent != 0 || b.Period != models.BudgetTotal || b.ResetsAt != nil {
		t.Errorf("%+v", b)
	}
}
