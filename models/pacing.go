package models

import "encoding/binary"

// MaxPacing bounds what is recorded of the pace of one answer, in bytes.
const MaxPacing = 2 << 10

// maxStep is more than any stream takes in one step, be it milliseconds, bytes or events. Sums of steps can't overflow.
const maxStep = 1 << 48

// Pacing tells how an answer that was relayed as it came arrived from its provider, in few bytes: it is recorded for every
// stream. It is a list of steps, each of them uvarints: the milliseconds of silence before it, times four, plus one if it was
// held, plus two if it took time itself; then these milliseconds, if so; the bytes that came; the events that were whole with
// them. The first silence begins with the request.
type Pacing []byte

// Arrival is how far an answer was after a read from its provider, or after some of them that were recorded together.
type Arrival struct {
	FromMS int64 `json:"from_ms"` // since the request's arrival: the first of the reads
	AtMS   int64 `json:"at_ms"`   // the last of them
	Bytes  int64 `json:"bytes"`   // of the answer by then, decompressed
	Events int64 `json:"events"`  // whole ones by then; 0 when the answer is no event stream
	Held   bool  `json:"held"`    // most of the silence before it, the gateway waited for the client to take what was there
}

const (
	stepHeld   = 1
	stepLasted = 2
)

// AppendArrival adds an arrival to p. before is the last one in it, zero when there is none.
func AppendArrival(p Pacing, before, a Arrival) Pacing {
	silence, lasted := uint64(a.FromMS-before.AtMS)<<2, uint64(a.AtMS-a.FromMS)
	if a.Held {
		silence |= stepHeld
	}
	if lasted > 0 {
		silence |= stepLasted
	}
	p = binary.AppendUvarint(p, silence)
	if lasted > 0 {
		p = binary.AppendUvarint(p, lasted)
	}
	p = binary.AppendUvarint(p, uint64(a.Bytes-before.Bytes))
	return binary.AppendUvarint(p, uint64(a.Events-before.Events))
}

// Arrivals reads p, up to the first damage. Nil when there is nothing.
func (p Pacing) Arrivals() []Arrival {
	rest := p[:min(len(p), MaxPacing)]
	var all []Arrival
	var a Arrival
	for len(rest) > 0 {
		var ok bool
		if a, rest, ok = nextArrival(rest, a); !ok {
			return all
		}
		if all == nil {
			all = make([]Arrival, 0, len(rest)/3+1) // a step takes three bytes or more
		}
		all = append(all, a)
	}
	return all
}

// nextArrival reads the step that follows on an arrival.
func nextArrival(p Pacing, a Arrival) (Arrival, Pacing, bool) {
	var numbers [4]uint64 // silence, lasted, bytes, events
	for i := range numbers {
		if i == 1 && numbers[0]&stepLasted == 0 {
			continue
		}
		v, n := binary.Uvarint(p)
		if n <= 0 || v > maxStep {
			return a, nil, false
		}
		numbers[i], p = v, p[n:]
	}
	a.FromMS = a.AtMS + int64(numbers[0]>>2)
	a.AtMS = a.FromMS + int64(numbers[1])
	a.Bytes += int64(numbers[2])
	a.Events += int64(numbers[3])
	a.Held = numbers[0]&stepHeld != 0
	return a, p, true
}
