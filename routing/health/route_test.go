package health

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// clock is a time that tests move.
type clock struct{ now time.Time }

func newClock() *clock { return &clock{time.Unix(1_800_000_000, 0)} }

func (c *clock) after(d time.Duration) time.Time {
	c.now = c.now.Add(d)
	return c.now
}

func (c *clock) report(r *Route, times int, outcome Outcome) {
	for range times {
		r.Report(Sample{Outcome: outcome}, c.now)
	}
}

func wantState(t *testing.T, r *Route, c *clock, want State, until time.Duration) Status {
	t.Helper()
	s := r.Status(c.now)
	switch {
	case s.State != want:
		t.Fatalf("%s, want %s", s.State, want)
	case until == 0 && s.Until != nil:
		t.Fatalf("until %s, want none", s.Until.Sub(c.now))
	case until != 0 && (s.Until == nil || s.Until.Sub(c.now) != until):
		t.Fatalf("until %v, want in %s", s.Until, until)
	}
	return s
}

func TestRoute_DegradedByRate(t *testing.T) {
	c, r := newClock(), &Route{}
	c.report(r, 2, Success)
	c.report(r, 3, Failure)
	wantState(t, r, c, Healthy, 0) // five samples say too little
	c.report(r, 1, Success)
	s := wantState(t, r, c, Degraded, 0)
	if s.Samples != 6 || s.FailureRate != 0.5 {
		t.Errorf("%+v", s)
	}
	if class, _, _ := r.Grade(c.now); class != ClassDegraded {
		t.Errorf("class %d", class)
	}
	c.report(r, 1, Success)
	wantState(t, r, c, Healthy, 0)
}

func TestRoute_WindowSlides(t *testing.T) {
	c, r := newClock(), &Route{}
	for range 3 {
		c.report(r, 1, Success)
		c.report(r, 1, Failure)
	}
	c.after(windowSpan - slotSpan)
	wantState(t, r, c, Degraded, 0)
	c.after(slotSpan)
	if s := wantState(t, r, c, Healthy, 0); s.Samples != 0 || s.FailureRate != 0 {
		t.Errorf("%+v after the window", s)
	}
	if r.troubled.Load() {
		t.Error("a route without failures is still looked at under its lock")
	}
	c.report(r, 4, Success)
	c.after(-time.Hour) // the clock is set back
	c.report(r, 1, Success)
	if s := r.Status(c.now); s.Samples != 1 {
		t.Errorf("%d samples after the clock was set back", s.Samples)
	}
}

func TestRoute_OpensAndCloses(t *testing.T) {
	c, r := newClock(), &Route{}
	c.report(r, 4, Failure)
	c.report(r, 1, Success)
	c.report(r, 4, Failure)
	wantState(t, r, c, Degraded, 0) // never five in a row
	c.report(r, 1, Failure)
	wantState(t, r, c, Open, 30*time.Second)
	if r.Acquire(c.now) {
		t.Error("an open route is tried at once")
	}
	c.report(r, 5, Failure) // of calls that were under way, or had no other candidate
	wantState(t, r, c, Open, 30*time.Second)

	for _, next := range []time.Duration{60 * time.Second, 120 * time.Second, 240 * time.Second, 300 * time.Second, 300 * time.Second} {
		c.now = *r.Status(c.now).Until
		if class, state, _ := r.Grade(c.now); class != ClassHealthy || state != Open {
			t.Fatalf("a route that is due for a trial is of class %d, %s", class, state)
		}
		if !r.Acquire(c.now) {
			t.Fatal("no trial when it is due")
		}
		if class, _, _ := r.Grade(c.now); class != ClassEjected || r.Acquire(c.now) {
			t.Fatal("two trials at a time")
		}
		c.report(r, 1, Failure)
		wantState(t, r, c, Open, next)
	}
	c.after(5 * time.Minute)
	if !r.Acquire(c.now) {
		t.Fatal("no trial when it is due")
	}
	c.report(r, 1, Success)
	if s := wantState(t, r, c, Healthy, 0); s.Samples != 1 {
		t.Errorf("%+v after it closed", s)
	}
	c.report(r, 5, Failure)
	wantState(t, r, c, Open, 30*time.Second) // the back-off starts anew
}

func TestRoute_TrialsThatSayNothing(t *testing.T) {
	c, r := newClock(), &Route{}
	c.report(r, 5, Failure)
	c.after(30 * time.Second)
	if !r.Acquire(c.now) || r.Acquire(c.now) {
		t.Fatal("want one trial")
	}
	c.report(r, 1, Ignored) // the client left
	if !r.Acquire(c.now) {
		t.Error("no other trial after one that said nothing")
	}
	c.after(30 * time.Second) // nothing is reported at all
	if !r.Acquire(c.now) {
		t.Error("a lost trial blocks the route for ever")
	}
	r.Report(Sample{Outcome: RateLimited, RetryAfter: 20 * time.Second}, c.now)
	wantState(t, r, c, Open, 20*time.Second)
}

func TestRoute_OldSuccessesDoNotClose(t *testing.T) {
	c, r := newClock(), &Route{}
	began := c.now
	c.after(time.Minute)
	c.report(r, 5, Failure)
	r.Report(Sample{Outcome: Success, Started: began}, c.now) // a stream that began before it all
	wantState(t, r, c, Open, 30*time.Second)
	r.Report(Sample{Outcome: Success, Started: c.now}, c.now)
	wantState(t, r, c, Healthy, 0)
}

func TestA06_CoolsAfterRateLimit(t *testing.T) {
	c, r := newClock(), &Route{}
	r.Report(Sample{Outcome: RateLimited, RetryAfter: 2 * time.Second}, c.now)
	if s := wantState(t, r, c, Cooling, 2*time.Second); s.Reason != ReasonRateLimit || s.Samples != 0 {
		t.Errorf("%+v", s)
	}
	if class, _, until := r.Grade(c.now); class != ClassEjected || until.Sub(c.now) != 2*time.Second || !r.Acquire(c.now) {
		t.Errorf("class %d until %s", class, until)
	}
	c.report(r, 1, Success) // of another call: it says nothing about the limit
	wantState(t, r, c, Cooling, 2*time.Second)
	r.Report(Sample{Outcome: RateLimited, RetryAfter: time.Second}, c.now) // shorter than what is known
	wantState(t, r, c, Cooling, 2*time.Second)
	c.after(2 * time.Second)
	wantState(t, r, c, Healthy, 0)
}

func TestA07_RetryAfterIsBounded(t *testing.T) {
	for given, want := range map[time.Duration]time.Duration{
		0: 5 * time.Second, -time.Second: 5 * time.Second, time.Millisecond: time.Millisecond,
		1 << 62: 60 * time.Second, -1 << 63: 5 * time.Second, 61 * time.Second: 60 * time.Second,
	} {
		c, r := newClock(), &Route{}
		r.Report(Sample{Outcome: RateLimited, RetryAfter: given}, c.now)
		wantState(t, r, c, Cooling, want)
	}
}

func TestA05_CredentialFailureCools(t *testing.T) {
	c, r := newClock(), &Route{}
	c.report(r, 1, Credential)
	if s := wantState(t, r, c, Cooling, time.Minute); s.Reason != ReasonCredential || s.FailureRate != 1 {
		t.Errorf("%+v", s)
	}
	c.report(r, 1, Success) // the key works again
	wantState(t, r, c, Healthy, 0)
}

// TestA04_RequestsToBlameCountNothing: a bad request is no sign of a bad provider.
func TestA04_RequestsToBlameCountNothing(t *testing.T) {
	c, r := newClock(), &Route{}
	c.report(r, 100, Ignored)
	if s := wantState(t, r, c, Healthy, 0); s.Samples != 0 {
		t.Errorf("%+v", s)
	}
}

func TestRoute_OneTrialUnderConcurrency(t *testing.T) {
	c, r := newClock(), &Route{}
	c.report(r, 5, Failure)
	c.after(30 * time.Second)
	var trials atomic.Int32
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			r.Grade(c.now)
			if r.Acquire(c.now) {
				trials.Add(1)
			}
			r.Status(c.now)
		})
	}
	wg.Wait()
	if trials.Load() != 1 {
		t.Errorf("%d trials at once", trials.Load())
	}
}
