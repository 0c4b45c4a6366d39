package limits

import (
	"slices"
	"time"
)

const (
	span = time.Minute            // limits hold for any span of this length, not for calendar minutes
	slot = 100 * time.Millisecond // grain; bounds the memory of a window to span/slot+1 slots
)

// window sums what was used during the last span. Use is kept per slot and leaves with the end of its slot, so the sum
// over any span never exceeds what was admitted, and is forgotten at most one slot late.
type window struct {
	slots []usage // oldest first
	sum   int64
}

type usage struct {
	begin  time.Time
	amount int64
}

func (u usage) leaves() time.Time { return u.begin.Add(slot + span) }

// add records an amount used at a moment, or corrects it when negative. What has left already is not corrected.
func (w *window) add(at time.Time, amount int64) {
	begin := at.Truncate(slot)
	i, found := slices.BinarySearchFunc(w.slots, begin, func(u usage, t time.Time) int { return u.begin.Compare(t) })
	switch {
	case found:
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

// expire drops what is older than the span.
func (w *window) expire(now time.Time) {
	gone := 0
	for gone < len(w.slots) && !w.slots[gone].leaves().After(now) {
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
		wait = w.slots[i].leaves().Sub(now)
	}
	return rateDenied(*limit, w.sum, amount, unit, wait)
}

// reset is the time until the window is empty.
func (w *window) reset(now time.Time) time.Duration {
	if len(w.slots) == 0 {
		return 0
	}
	return max(0, w.slots[len(w.slots)-1].leaves().Sub(now))
}
