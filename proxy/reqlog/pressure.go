package reqlog

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// State says how much of a log the spool still takes.
type State int32

// The states, from healthy to full.
const (
	StateOK     State = iota // everything
	StateLean                // bodies of at most 16 KiB
	StateMeta                // no bodies, no checkpoints of streams
	StateReject              // no new requests; those that have begun are still ended
)

// String names the state for pages, metrics and logs.
func (s State) String() string {
	switch s {
	case StateOK:
		return "ok"
	case StateLean:
		return "lean"
	case StateMeta:
		return "meta"
	default:
		return "reject"
	}
}

const (
	leanPercent, metaPercent, rejectPercent = 60, 85, 97
	hysteresisPercent                       = 10

	// staleAfter is how far the database may be behind before bodies get smaller.
	staleAfter = 10 * time.Minute
)

// load is what the state depends on.
type load struct {
	used, max     int64         // bytes in the spool
	free, minFree int64         // bytes on the disk
	lag           time.Duration // age of the oldest record that is not in the database
	stuck         bool          // a write failed and nothing was left to make room with
}

// next decides the state that follows current. A state is left only ten points below the mark that led to it, and free
// disk only counts as back when there is a quarter more than needed.
func (l load) next(current State) (State, string) {
	if l.stuck {
		return StateReject, "the spool can't be written"
	}
	percent := int64(100)
	if l.max > 0 {
		percent = l.used * 100 / l.max
	}
	over := func(mark int64, s State) bool {
		if current >= s {
			mark -= hysteresisPercent
		}
		return percent >= mark
	}
	minFree := l.minFree
	if current >= StateMeta {
		minFree += minFree / 4
	}
	switch {
	case over(rejectPercent, StateReject):
		return StateReject, fmt.Sprintf("the spool is %d %% full", percent)
	case over(metaPercent, StateMeta):
		return StateMeta, fmt.Sprintf("the spool is %d %% full", percent)
	case l.free < minFree:
		return StateMeta, fmt.Sprintf("only %d MiB of disk are free", l.free>>20)
	case over(leanPercent, StateLean):
		return StateLean, fmt.Sprintf("the spool is %d %% full", percent)
	case l.lag > staleAfter || current >= StateLean && l.lag > staleAfter/2:
		return StateLean, "the database is more than " + staleAfter.String() + " behind"
	default:
		return StateOK, ""
	}
}

// pressure keeps the state of a spool. Reading the state costs one atomic load.
type pressure struct {
	state atomic.Int32

	mu      sync.Mutex
	load    load
	reason  string
	since   time.Time
	changed func(from, to State, reason string)
}

func (p *pressure) current() State { return State(p.state.Load()) }

// update changes what is known about the load and moves the state.
func (p *pressure) update(now time.Time, change func(*load)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.load)
	from := p.current()
	to, reason := p.load.next(from)
	p.reason = reason
	if to == from {
		return
	}
	p.since = now
	p.state.Store(int32(to))
	p.changed(from, to, reason)
}

// why returns the reason of the state and since when it holds.
func (p *pressure) why() (reason string, since time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.reason, p.since
}
