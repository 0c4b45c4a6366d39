package limits

import (
	"time"

	"squirrel/models"
)

// deadAfter is how long a process that shares a state may be silent until what it has reserved is free again. A living one
// gives a sign of life each keepAlive.
const deadAfter = 3 * time.Minute

// state is how much of its limits a key uses.
type state struct {
	last     time.Time // when it was looked at last: its time never goes back
	requests window
	tokens   window
	budget   budget
	shares   map[string]share // by process
}

// share is what the state holds of one process.
type share struct {
	Reserved models.NanoUSD `json:"reserved,omitempty"` // estimates of running requests that began in the period
	Round    int64          `json:"round,omitempty"`    // the last of its exchanges that arrived
	At       time.Time      `json:"at"`                 // its last sign of life
}

// change is what a request adds to a state when it begins, and when it ends. The order of changes does not matter.
type change struct {
	At       time.Time // when the request began
	Requests int64
	Tokens   int64
	Period   period // in which Reserved counts; the zero period has no budget
	Reserved models.NanoUSD
	Spent    models.NanoUSD

	round int64 // the exchange that told it first; 0 = none has
}

// newState is the state of a key that nothing is known of. Without from, slots begin at round times of the clock, as those must that
// gateways share.
func newState(grain time.Duration, from time.Time) state {
	return state{requests: window{grain: grain, from: from}, tokens: window{grain: grain, from: from}, shares: map[string]share{}}
}

// at is now, or the time the state has seen already.
func (s *state) at(now time.Time) time.Time {
	if now.After(s.last) {
		s.last = now
	}
	return s.last
}

func (s *state) apply(owner string, c change) {
	s.requests.add(c.At, c.Requests)
	s.tokens.add(c.At, c.Tokens)
	if !s.budget.Loaded {
		return
	}
	if c.Period.Kind != "" && c.Period.same(s.budget.Period) {
		own := s.shares[owner]
		own.Reserved = max(0, own.Reserved.Add(c.Reserved))
		s.shares[owner] = own
	}
	// Money spent by a request that began in the present period counts even when the budget was introduced or changed while
	// the request ran: what was loaded then did not hold it.
	if !c.At.Before(s.budget.Period.Begin) {
		s.budget.Spent = s.budget.Spent.Add(c.Spent)
	}
}

func (s *state) reserved() (sum models.NanoUSD) {
	for _, own := range s.shares {
		sum = sum.Add(own.Reserved)
	}
	return sum
}

// forgetDead gives back what processes have reserved that will not settle it any more.
func (s *state) forgetDead(now time.Time) {
	for owner, own := range s.shares {
		if now.Sub(own.At) > deadAfter {
			delete(s.shares, owner)
		}
	}
}

// check reports the limit that stands against a request, nil when none does. Of several, it is the one that lasts longest.
func (s *state) check(key models.APIKey, now time.Time, tokens int64, cost models.NanoUSD) *Denied {
	var worst *Denied
	for _, d := range []*Denied{
		s.requests.check(now, key.RPMLimit, 1, "requests per minute"),
		s.tokens.check(now, key.TPMLimit, max(1, tokens), "tokens per minute"),
		s.budget.check(now, key.Budget, s.reserved(), cost),
	} {
		if d != nil && (worst == nil || d.outlasts(worst)) {
			worst = d
		}
	}
	return worst
}

func (s *state) headers(key models.APIKey, now time.Time) Headers {
	return Headers{Requests: s.requests.quota(key.RPMLimit, now), Tokens: s.tokens.quota(key.TPMLimit, now)}
}
