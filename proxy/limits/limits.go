// Package limits enforces the limits of an API key: requests and tokens in any minute, and money in a day, a month or
// altogether. What a request may use is reserved before it starts and corrected when its real use is known, so requests
// that run at the same time can't overrun a limit together.
package limits

import (
	"context"
	"fmt"
	"sync"
	"time"

	"squirrel/models"
)

// SpentFunc returns what a key has spent since a moment; the zero time means ever. It is called once per key and budget
// period, at the first request that needs it.
type SpentFunc func(ctx context.Context, keyID int64, since time.Time) (models.NanoUSD, error)

// Limiter holds the state of all keys in memory. It is safe for concurrent use.
type Limiter struct {
	spent SpentFunc
	now   func() time.Time

	mu   sync.RWMutex
	keys map[int64]*account
}

// New makes a limiter. A nil now is time.Now.
func New(spent SpentFunc, now func() time.Time) *Limiter {
	if now == nil {
		now = time.Now
	}
	return &Limiter{spent: spent, now: now, keys: map[int64]*account{}}
}

// account is the state of one key. Its lock is held while the money spent so far is loaded, so that happens once.
type account struct {
	mu       sync.Mutex
	requests window
	tokens   window
	budget   budget
}

// Reservation is the share of a key's limits that one request holds. Exactly one call of Settle or Cancel ends it; later
// calls, and calls on nil, do nothing.
type Reservation struct {
	Headers Headers // what to tell the client about its limits

	account  *account
	at       time.Time
	tokens   int64
	cost     models.NanoUSD
	period   period
	budgeted bool
	once     sync.Once
}

// Reserve takes what a request may use at most: one request, the estimated tokens (input and output together), and the
// estimated cost (0 when no price is known). The limits are those of key as it is now. The error is *Denied when a limit
// stands against it, and anything else when the amount spent so far could not be loaded. Nothing is taken on error.
func (l *Limiter) Reserve(ctx context.Context, key models.APIKey, tokens int64, cost models.NanoUSD) (*Reservation, error) {
	if key.RPMLimit == nil && key.TPMLimit == nil && key.Budget == nil {
		return nil, nil
	}
	tokens, cost = max(0, tokens), max(0, cost)
	a := l.account(key.ID)
	a.mu.Lock()
	defer a.mu.Unlock()
	now := l.now()
	if key.Budget != nil {
		if err := a.budget.load(ctx, l.spent, key, now); err != nil {
			return nil, err
		}
	}
	if denied := a.check(key, now, tokens, cost); denied != nil {
		denied.Headers = a.headers(key, now)
		return nil, denied
	}
	r := &Reservation{account: a, at: now, tokens: tokens, cost: cost}
	a.requests.add(now, 1)
	a.tokens.add(now, tokens)
	if key.Budget != nil {
		r.period, r.budgeted = a.budget.period, true
		a.budget.reserved = a.budget.reserved.Add(cost)
	}
	r.Headers = a.headers(key, now)
	return r, nil
}

// Settle replaces the estimate by what the request really used. Tokens count for the minute in which the request began,
// money for the period in which it began.
func (r *Reservation) Settle(tokens int64, cost models.NanoUSD) {
	r.end(func() {
		r.account.tokens.add(r.at, max(0, tokens)-r.tokens)
		r.account.budget.settle(r, max(0, cost))
	})
}

// Cancel gives everything back, the request itself included: for a request that never left the gateway.
func (r *Reservation) Cancel() {
	r.end(func() {
		r.account.requests.add(r.at, -1)
		r.account.tokens.add(r.at, -r.tokens)
		r.account.budget.settle(r, 0)
	})
}

func (r *Reservation) end(apply func()) {
	if r == nil {
		return
	}
	r.once.Do(func() {
		r.account.mu.Lock()
		defer r.account.mu.Unlock()
		apply()
	})
}

// Snapshot tells the state of a key's limits. Its error is that of loading the amount spent so far.
func (l *Limiter) Snapshot(ctx context.Context, key models.APIKey) (Snapshot, error) {
	a := l.account(key.ID)
	a.mu.Lock()
	defer a.mu.Unlock()
	now := l.now()
	a.requests.expire(now)
	a.tokens.expire(now)
	headers := a.headers(key, now)
	s := Snapshot{Requests: headers.Requests, Tokens: headers.Tokens}
	if key.Budget == nil {
		return s, nil
	}
	if err := a.budget.load(ctx, l.spent, key, now); err != nil {
		return Snapshot{}, err
	}
	s.Budget = a.budget.state(*key.Budget)
	return s, nil
}

// Retain forgets the keys that keep refuses: call it when keys were deleted.
func (l *Limiter) Retain(keep func(keyID int64) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id := range l.keys {
		if !keep(id) {
			delete(l.keys, id)
		}
	}
}

func (l *Limiter) account(id int64) *account {
	l.mu.RLock()
	a := l.keys[id]
	l.mu.RUnlock()
	if a != nil {
		return a
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if a = l.keys[id]; a == nil {
		a = &account{}
		l.keys[id] = a
	}
	return a
}

// check reports the limit that stands against a request, nil when none does. Of several, it is the one that lasts longest.
func (a *account) check(key models.APIKey, now time.Time, tokens int64, cost models.NanoUSD) *Denied {
	var worst *Denied
	for _, d := range []*Denied{
		a.requests.check(now, key.RPMLimit, 1, "requests per minute"),
		a.tokens.check(now, key.TPMLimit, max(1, tokens), "tokens per minute"),
		a.budget.check(now, key.Budget, cost),
	} {
		if d != nil && (worst == nil || d.outlasts(worst)) {
			worst = d
		}
	}
	return worst
}

// Code says which kind of limit denied a request. Its text is part of the API.
type Code string

// The codes, each answered with status 429.
const (
	CodeRateLimit Code = "rate_limit_exceeded"
	CodeBudget    Code = "budget_exceeded"
)

// Denied is the error of a request that a limit stands against.
type Denied struct {
	Code       Code
	Message    string        // safe to show to the client
	RetryAfter time.Duration // when the same request will pass if nothing else happens; 0 = waiting does not help
	Headers    Headers
}

// Error implements error.
func (d *Denied) Error() string { return d.Message }

func (d *Denied) outlasts(other *Denied) bool {
	if d.RetryAfter == 0 || other.RetryAfter == 0 {
		return other.RetryAfter != 0
	}
	return d.RetryAfter > other.RetryAfter
}

func rateDenied(limit, used, wanted int64, unit string, wait time.Duration) *Denied {
	return &Denied{
		Code:       CodeRateLimit,
		Message:    fmt.Sprintf("Rate limit of this API key reached: limit %d %s, used %d, requested %d.", limit, unit, used, wanted),
		RetryAfter: wait,
	}
}
