package proxy

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"squirrel/models"
)

const (
	maxArrival = 4 * 7 // more than one arrival takes in a pacing, in bytes: four numbers, none of them beyond 48 bits
	shortPause = 250   // ms; shorter ones are nothing to tell of
	leastHeld  = 50    // ms that a client takes no bytes before it is told to be slow; the gateway's own work is shorter
)

// pacer records how an answer arrives from its provider. It costs a few bytes for each read and stays within
// models.MaxPacing: a long answer is recorded more coarsely, but for its pauses. The zero value records.
type pacer struct {
	off    bool
	events int64 // that were passed on
	data   models.Pacing
	before models.Arrival // the last one in data
	now    models.Arrival // where the answer is; not in data yet, because its events are still counted
}

// arrived notes n bytes that came at a time since the request's. waiting is since when the relay waited for them.
func (p *pacer) arrived(at, waiting time.Duration, n int) {
	if p.off || n <= 0 {
		return
	}
	if ms := max(at.Milliseconds(), 0); p.now.Bytes == 0 {
		p.now.FromMS, p.now.AtMS = ms, ms
	} else if ms > p.now.AtMS {
		p.keep()
		busy := waiting.Milliseconds() - p.now.AtMS
		p.now.Held = busy >= leastHeld && 2*busy > ms-p.now.AtMS
		p.now.FromMS, p.now.AtMS = ms, ms
	}
	p.now.Bytes += int64(n)
}

// event counts a whole event that is passed on.
func (p *pacer) event(raw []byte) {
	if !blank(raw) {
		p.events++
		p.ahead(p.events)
	}
}

// blank reports whether an event is no more than blank lines, which nobody counts.
func blank(raw []byte) bool { return len(bytes.TrimSpace(raw)) == 0 }

// ahead tells how many whole events have arrived, passed on or not.
func (p *pacer) ahead(events int64) { p.now.Events = max(p.now.Events, events) }

// keep writes down the arrival that is over.
func (p *pacer) keep() {
	for len(p.data)+2*maxArrival > models.MaxPacing { // room for this one and for the next, which is not in data yet
		p.thin()
	}
	p.data = models.AppendArrival(p.data, p.before, p.now)
	p.before = p.now
}

// thin makes one of every two of a third of the arrivals: those with the shortest pauses between them, and, where no pause is
// worth telling of, those that come to the shortest time together. So the longest pauses stay as they were, to the millisecond,
// the byte and the event.
func (p *pacer) thin() {
	all := p.data.Arrivals()
	order := make([]int, 0, len(all)) // each stands for itself and the one before it
	for i := 1; i < len(all); i++ {
		order = append(order, i)
	}
	pause := func(i int) int64 { return max(all[i].FromMS-all[i-1].AtMS, shortPause) }
	length := func(i int) int64 { return all[i].AtMS - all[i-1].FromMS }
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Or(cmp.Compare(pause(i), pause(j)), cmp.Compare(length(i), length(j))) })
	joined := make([]bool, len(all)+1)
	left := max(len(all)/3, 1)
	for _, i := range order {
		if left > 0 && !joined[i-1] && !joined[i] && !joined[i+1] {
			joined[i] = true
			left--
		}
	}
	p.data, p.before = p.data[:0], models.Arrival{}
	for i := 0; i < len(all); i++ {
		a := all[i]
		if joined[i+1] {
			i++
			from, held := a.FromMS, a.Held
			a = all[i]
			a.FromMS, a.Held = from, held
		}
		p.data, p.before = models.AppendArrival(p.data, p.before, a), a
	}
}

// pacing is all there is so far; nil when nothing came or nothing is recorded.
func (p *pacer) pacing() models.Pacing {
	if p.now.Bytes == 0 {
		return nil
	}
	return models.AppendArrival(slices.Clone(p.data), p.before, p.now)
}
