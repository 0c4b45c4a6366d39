// Package limits enforces the limits of an API key: requests and tokens in any minute, and money in a day, a month or
// altogether. What a request may use is reserved before it starts and corrected when its real use is known, so requests
// that run at the same time can't overrun a limit together. Gateways that share a database share the state of the limits too.
package limits

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"squirrel/models"
)

// SpentFunc returns what a key has spent since a moment, as far as the log knows; the zero time means ever.
type SpentFunc func(ctx context.Context, keyID int64, since time.Time) (models.NanoUSD, error)

// Options say where a Limiter gets its knowledge from. Only Spent is required.
type Options struct {
	Spent    SpentFunc
	Now      func() time.Time // nil = time.Now; where limits are shared, their store's clock rules
	Location *time.Location   // in which days and months of budgets begin; nil = UTC
	Shared   Shared           // nil: this process alone enforces the limits
	Logger   *slog.Logger     // nil = slog.Default()
}

// Limiter knows the state of all keys. It is safe for concurrent use.
type Limiter struct {
	opt   Options
	owner string        // this process among those that share states
	turns chan struct{} // bounds how many connections the limits use at once
	away  atomic.Bool   // Shared does not answer: decide from what is known here
	from  time.Time     // where slots of windows begin; zero when they are shared
	skew  atomic.Int64  // of the shared clock against ours, in nanoseconds

	mu   sync.RWMutex
	keys map[int64]*account
}

// New makes a limiter. With Options.Shared, Run must run beside it and Flush end it.
func New(opt Options) *Limiter {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Location == nil {
		opt.Location = time.UTC
	}
	if opt.Logger == nil {
		opt.Logger = slog.Default()
	}
	l := &Limiter{opt: opt, owner: newOwner(), turns: make(chan struct{}, sharedTurns), keys: map[int64]*account{}}
	if opt.Shared == nil {
		now := opt.Now()
		l.from = now.Add(-now.Sub(now.Truncate(slot)))
	}
	return l
}

// account is a key and what this process knows of it.
type account struct {
	key int64

	mu    sync.Mutex // held while the money spent so far is loaded, so that happens once
	state state      // where limits are shared: as they were at the last exchange, and what happened here since
	open  int        // reservations that have not ended
	exchange
}

// Reservation is the share of a key's limits that one request holds. Exactly one call of Settle or Cancel ends it; later
// calls, and calls on nil, do nothing.
type Reservation struct {
	Headers Headers // what to tell the client about its limits

	limiter *Limiter
	account *account
	taken   change
	once    sync.Once
}

// Reserve takes what a request may use at most: one request, the estimated tokens (input and output together), and the
// estimated cost (0 when no price is known). The limits are those of key as it is now. The error is *Denied when a limit
// stands against it, and anything else when the amount spent so far could not be loaded. Nothing is taken on error.
func (l *Limiter) Reserve(ctx context.Context, key models.APIKey, tokens int64, cost models.NanoUSD) (*Reservation, error) {
	if key.RPMLimit == nil && key.TPMLimit == nil && key.Budget == nil {
		return nil, nil
	}
	tokens, cost = max(0, tokens), max(0, cost)
	r := &Reservation{limiter: l, account: l.account(key.ID)}
	var err error
	l.ask(r.account, func(s *state, now time.Time) change {
		r.taken, err = change{}, nil
		if key.Budget != nil {
			if err = l.loadBudget(ctx, s, key, now); err != nil {
				return change{}
			}
		}
		if denied := s.check(key, now, tokens, cost); denied != nil {
			denied.Headers = s.headers(key, now)
			err = denied
			return change{}
		}
		r.taken = change{At: now, Requests: 1, Tokens: tokens}
		if key.Budget != nil {
			r.taken.Period, r.taken.Reserved = s.budget.Period, cost
		}
		s.apply(l.owner, r.taken)
		r.Headers = s.headers(key, now)
		return r.taken
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Settle replaces the estimate by what the request really used. Tokens count for the minute in which the request began,
// money for the period in which it began.
func (r *Reservation) Settle(tokens int64, cost models.NanoUSD) {
	r.end(func(c *change) {
		c.Tokens, c.Spent = max(0, tokens)-c.Tokens, max(0, cost)
	})
}

// Cancel gives everything back, the request itself included: for a request that never left the gateway.
func (r *Reservation) Cancel() {
	r.end(func(c *change) { c.Requests, c.Tokens = -1, -c.Tokens })
}

func (r *Reservation) end(correct func(*change)) {
	if r == nil {
		return
	}
	r.once.Do(func() {
		c := r.taken
		c.Requests, c.Reserved = 0, -c.Reserved
		correct(&c)
		r.limiter.tell(r.account, c)
	})
}

// Snapshot tells the state of a key's limits. Its error is that of loading the amount spent so far.
func (l *Limiter) Snapshot(ctx context.Context, key models.APIKey) (snapshot Snapshot, err error) {
	l.ask(l.account(key.ID), func(s *state, now time.Time) change {
		snapshot, err = Snapshot{}, nil
		if key.Budget != nil {
			if err = l.loadBudget(ctx, s, key, now); err != nil {
				return change{}
			}
			snapshot.Budget = s.budget.snapshot(*key.Budget, s.reserved())
		}
		headers := s.headers(key, now)
		snapshot.Requests, snapshot.Tokens = headers.Requests, headers.Tokens
		return change{}
	})
	return snapshot, err
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
		a = &account{key: id, state: newState(l.grain(), l.from)}
		l.keys[id] = a
	}
	return a
}

func (l *Limiter) grain() time.Duration {
	if l.opt.Shared != nil {
		return sharedSlot
	}
	return slot
}

// now is the clock of the shared store, as far as it is known.
func (l *Limiter) now() time.Time { return l.opt.Now().Add(time.Duration(l.skew.Load())) }

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
