package health

import (
	"sync"
	"time"
)

// The retry budget: retries of the last budgetSpan may be a fifth of its requests, and always a few.
const (
	budgetSpan  = 10 // seconds
	budgetShare = 5  // one retry for so many requests
	budgetFloor = 3  // retries that are always there
)

// Budget bounds retries so that a failing provider is not hit by a storm of them. The zero value is ready for use; all
// methods may be called concurrently.
type Budget struct {
	mu       sync.Mutex
	seconds  [budgetSpan]second
	newest   int64 // unix time of the newest second
	requests int64
	retries  int64
}

type second struct{ requests, retries int64 }

// Request counts a request.
func (b *Budget) Request(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.advance(now).requests++
	b.requests++
}

// Allow takes one retry; false when the budget is spent.
func (b *Budget) Allow(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.advance(now)
	if b.retries >= max(budgetFloor, b.requests/budgetShare) {
		return false
	}
	s.retries++
	b.retries++
	return true
}

// Charge counts a retry that is made whatever is left: those that ask have to do without it.
func (b *Budget) Charge(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.advance(now).retries++
	b.retries++
}

func (b *Budget) at(unix int64) *second { return &b.seconds[uint64(unix)%budgetSpan] }

// advance drops the seconds that are over. A clock that is set back a little counts as standing still; one that is set
// back a lot starts anew.
func (b *Budget) advance(now time.Time) *second {
	current := now.Unix()
	if current-b.newest >= budgetSpan || b.newest-current >= budgetSpan {
		b.seconds, b.newest, b.requests, b.retries = [budgetSpan]second{}, current, 0, 0
	}
	for b.newest < current {
		b.newest++
		s := b.at(b.newest)
		b.requests -= s.requests
		b.retries -= s.retries
		*s = second{}
	}
	return b.at(b.newest)
}
