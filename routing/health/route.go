package health

import (
	"sync"
	"sync/atomic"
	"time"
)

// When a route counts as degraded or open, and for how long.
const (
	minSamples        = 6
	degradedRate      = 0.5
	failuresToOpen    = 5 // in a row
	firstOpen         = 30 * time.Second
	longestOpen       = 5 * time.Minute
	defaultCooling    = 5 * time.Second // after a 429 that states no time
	longestCooling    = 60 * time.Second
	credentialCooling = 60 * time.Second
)

// Reasons of a cooling route.
const (
	ReasonRateLimit  = "rate_limit"
	ReasonCredential = "credential"
)

// Route is the health of one route. The zero value is healthy. All methods may be called concurrently; times are the
// caller's, so that tests own the clock.
type Route struct {
	troubled atomic.Bool // false: healthy, whatever the time; spares the lock on the way of most requests
	mu       sync.Mutex
	window   window
	row      int // failures in a row

	open      bool
	openedAt  time.Time
	openUntil time.Time
	openFor   time.Duration
	trial     time.Time // when the running trial began; zero = none runs

	coolUntil  time.Time
	coolReason string
}

// Class is how eager a plan should be to use a route: lower is better.
type Class int

// The classes.
const (
	ClassHealthy  Class = iota // also an open circuit that is due for a trial nobody runs
	ClassDegraded              // rising failure rate
	ClassEjected               // cooling or open
)

// Grade tells the class of the route, its state, and until when an ejected one rests.
func (r *Route) Grade(now time.Time) (Class, State, time.Time) {
	if !r.troubled.Load() {
		return ClassHealthy, Healthy, time.Time{}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	state, until := r.state(now)
	switch {
	case state == Healthy:
		return ClassHealthy, state, time.Time{}
	case state == Degraded:
		return ClassDegraded, state, time.Time{}
	case state == Open && r.trialDue(now):
		return ClassHealthy, state, until
	default:
		return ClassEjected, state, until
	}
}

// Status tells the health for people.
func (r *Route) Status(now time.Time) Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	state, until := r.state(now)
	s := Status{State: state, Samples: r.window.samples}
	if s.Samples > 0 {
		s.FailureRate = float64(r.window.failures) / float64(s.Samples)
	}
	if state == Cooling {
		s.Reason = r.coolReason
	}
	if !until.IsZero() {
		s.Until = &until
	}
	return s
}

// Acquire asks to call the route. An open route refuses until it is due, then lets one request at a time try.
func (r *Route) Acquire(now time.Time) bool {
	if !r.troubled.Load() {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.open {
		return true
	}
	if !r.trialDue(now) {
		return false
	}
	r.trial = now
	return true
}

// Sound reports whether nothing speaks against the route: it is healthy, and its last call went well or there was none.
func (r *Route) Sound(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	state, _ := r.state(now)
	return state == Healthy && r.row == 0
}

// Report takes in how a call went.
func (r *Route) Report(s Sample, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch s.Outcome {
	case Success:
		r.succeed(s, now)
	case Failure:
		r.fail(now)
	case RateLimited:
		r.cool(now.Add(coolingTime(s.RetryAfter)), ReasonRateLimit)
	case Credential:
		r.window.add(now, true)
		r.cool(now.Add(credentialCooling), ReasonCredential)
	case Ignored:
		r.trial = time.Time{}
	}
	r.settle(now)
}

// succeed closes the circuit, unless the call began before it opened: an old stream that ends well says little about now.
func (r *Route) succeed(s Sample, now time.Time) {
	r.row = 0
	if r.open {
		if !s.Started.IsZero() && s.Started.Before(r.openedAt) {
			return
		}
		r.open, r.openFor, r.trial = false, 0, time.Time{}
		r.window.reset()
	}
	if r.coolReason == ReasonCredential {
		r.coolUntil, r.coolReason = time.Time{}, ""
	}
	r.window.add(now, false)
}

// fail opens the circuit after enough failures in a row, and for longer when a trial failed. Failures of calls that were
// made while it was open for want of anything better change nothing about when it is due.
func (r *Route) fail(now time.Time) {
	r.window.add(now, true)
	r.row++
	switch {
	case r.open && !now.Before(r.openUntil):
		r.openFor = min(2*r.openFor, longestOpen)
	case !r.open && r.row >= failuresToOpen:
		r.open, r.openFor = true, firstOpen
	default:
		return
	}
	r.openedAt, r.openUntil, r.trial = now, now.Add(r.openFor), time.Time{}
}

// cool puts a route aside for a known time. The next trial of an open one waits for it too.
func (r *Route) cool(until time.Time, reason string) {
	if until.After(r.coolUntil) {
		r.coolUntil, r.coolReason = until, reason
	}
	if r.open && until.After(r.openUntil) {
		r.openUntil = until
	}
	r.trial = time.Time{}
}

// trialDue reports whether one request may try an open route. A trial that has not reported for as long as the circuit
// was open no longer keeps others out.
func (r *Route) trialDue(now time.Time) bool {
	return !now.Before(r.openUntil) && (r.trial.IsZero() || now.Sub(r.trial) >= r.openFor)
}

// state needs the lock.
func (r *Route) state(now time.Time) (State, time.Time) {
	r.settle(now)
	switch {
	case r.open:
		return Open, r.openUntil
	case now.Before(r.coolUntil):
		return Cooling, r.coolUntil
	case r.window.samples >= minSamples && float64(r.window.failures) >= degradedRate*float64(r.window.samples):
		return Degraded, time.Time{}
	default:
		return Healthy, time.Time{}
	}
}

// settle forgets what is over and keeps the flag that lets healthy routes pass without the lock.
func (r *Route) settle(now time.Time) {
	r.window.advance(now)
	if !r.coolUntil.IsZero() && !now.Before(r.coolUntil) {
		r.coolUntil, r.coolReason = time.Time{}, ""
	}
	r.troubled.Store(r.open || r.coolReason != "" || r.window.failures > 0)
}

// coolingTime bounds what a provider asked for.
func coolingTime(retryAfter time.Duration) time.Duration {
	if retryAfter <= 0 {
		return defaultCooling
	}
	return min(retryAfter, longestCooling)
}
