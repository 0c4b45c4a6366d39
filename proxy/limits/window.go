package limits

import (
	"slices"
	"time"
)

const (
	span = time.Minute            // limits hold for any span of this length, not for calendar minutes
	slot = 100 * time.Millisecond // grain in memory; bounds a window to span/slot+1 slots

	sharedSlot = time.Second // grain where gateways share a state, which is written with every request
)

// window sums what was used during the last span. Use is kept per slot and leaves with the end of its slot, so the sum
// over any span never exceeds what was admitted, and is forgotten at most one slot late.
type window struct {
	grain time.Duration // length of a slot
	from  time.Time     // when a slot begins; one with a monotonic reading makes the window one of passed time, whatever the clock is set to
	slots []usage       // oldest first
	sum   int64
}

type usage struct {
	begin  time.Time
	amount int64
}

func (w *window) leaves(u usage) time.Time { return u.begin.Add(w.grain + span) }

// add records an amount used at a moment, or corrects it when negative. What has left already is not corrected.
func (w *window) add(at time.Time, amount int64) {
	begin := w.begin(at)
	i, found := slices.BinarySearchFunc(w.slots, begin, func(u usage, t time.Time) int { return u.begin.Compare(t) })
	switch {
	case found:
		amount = max(amount, -w.slots[i].amount) // a state that got lost may not know what is given back
		w.slots[i].amount += amount
	case amount > 0:
		w.slots = slices.Insert(w.slots, i, usage{begin, amount})
	default:
		return
	}
	w.sum += amount
	if w.slots[i].amount == 0 {
		w.slots = slices.Delete(w.slots, i, i+1)
	}
}

// begin is when the slot of a moment begins.
func (w *window) begin(at time.Time) time.Time {
	if w.from.IsZero() {
		return at.Truncate(w.grain)
	}
	return w.from.Add(at.Sub(w.from).Truncate(w.grain))
}

// expire drops what is older than the span.
func (w *window) expire(now time.Time) {
	gone := 0
	for gone < len(w.slots) && !w.leaves(w.slots[gone]).After(now) {
		w.sum -= w.slots[gone].amount
		gone++
	}
	w.slots = slices.Delete(w.slots, 0, gone)
}

// check reports that amount does not fit under limit now, and how long it takes until it does. A nil limit is none.
func (w *window) check(now time.Time, limit *int64, amount int64, unit string) *Denied {
	w.expire(now)
	if limit == nil || amount <= *limit-w.sum {
		return nil
	}
	if amount > *limit {
		return rateDenied(*limit, w.sum, amount, unit, 0)
	}
	var wait time.Duration
	for i, left := 0, w.sum; amount > *limit-left; i++ {
		left -= w.slots[i].amount
		wait = w.leaves(w.slots[i]).Sub(now)
	}
	return rateDenied(*limit, w.sum, amount, unit, wait)
}

// reset is the time until the window is empty.
func (w *window) reset(now time.Time) time.Duration {
	if len(w.slots) == 0 {
		return 0
	}
	return max(0, w.leaves(w.slots[len(w.slots)-1]).Sub(now))
}

func (w *window) quota(limit *int64, now time.Time) *Quota {
	if limit == nil {
		return nil
	}
	w.expire(now)
	return &Quota{Limit: *limit, Remaining: max(0, *limit-w.sum), Reset: w.reset(now)}
}
