package health

import "time"

// The sliding window counts in slots, so that a route costs the same memory whatever its traffic.
const (
	windowSpan = 600 * time.Second
	slotSpan   = 10 * time.Second
	slotCount  = int64(windowSpan / slotSpan)
)

type slot struct{ samples, failures uint32 }

// window counts samples and failures of the last windowSpan, to a slot's precision: nothing older is ever counted.
type window struct {
	slots    [slotCount]slot
	newest   int64 // number of the newest slot, counted from the epoch
	samples  int
	failures int
}

func (w *window) at(number int64) *slot { return &w.slots[uint64(number)%uint64(slotCount)] }

// advance drops the slots that have become too old. A clock that is set back a little counts as standing still; one that
// is set back a lot starts a new window.
func (w *window) advance(now time.Time) *slot {
	current := now.UnixNano() / int64(slotSpan)
	if current-w.newest >= slotCount || w.newest-current >= slotCount {
		*w = window{newest: current}
	}
	for w.newest < current {
		w.newest++
		s := w.at(w.newest)
		w.samples -= int(s.samples)
		w.failures -= int(s.failures)
		*s = slot{}
	}
	return w.at(w.newest)
}

func (w *window) add(now time.Time, failed bool) {
	s := w.advance(now)
	s.samples++
	w.samples++
	if failed {
		s.failures++
		w.failures++
	}
}

func (w *window) reset() { *w = window{newest: w.newest} }
