package sse

import "bytes"

// Boundary returns the length of the first event in buf, with the blank line that ends it, or 0 when its end has not come
// yet. from is how many bytes an earlier call on the same event looked at in vain; they are not searched again.
//
// A blank line without fields before it counts as an event. A carriage return at the end of buf ends its line at once: the
// line feed that may follow is then a blank line of its own, which means nothing. So no event waits for the next read.
func Boundary(buf []byte, from int) int {
	prev := byte('\n')
	if from > 0 {
		prev = buf[from-1]
	}
	if n := boundary(buf[from:], prev); n >= 0 {
		return from + n
	}
	return 0
}

// boundary returns where in p the current event ends, or -1. prev is the byte before p, a line feed at the start of an event.
func boundary(p []byte, prev byte) int {
	i, start := 0, prev == '\n' || prev == '\r' // start: at the start of a line
	if prev == '\r' && len(p) > 0 && p[0] == '\n' {
		i = 1 // the second half of a line end
	}
	lf := -1 // the next line feed; len(p) = none
	for i < len(p) {
		if lf < i {
			if lf = bytes.IndexByte(p[i:], '\n'); lf < 0 {
				lf = len(p)
			} else {
				lf += i
			}
		}
		end := lf
		if cr := bytes.IndexByte(p[i:lf], '\r'); cr >= 0 {
			end = i + cr
		}
		if end == len(p) {
			return -1
		}
		blank := start && end == i
		if i = end + 1; p[end] == '\r' && i < len(p) && p[i] == '\n' {
			i++
		}
		if blank {
			return i
		}
		start = true
	}
	return -1
}

// Splitter cuts a stream into events. It loses nothing: the Raw of all events, one after the other, is the stream.
// An event that came in one piece is not copied; of one that is still unfinished up to hold bytes are kept, and a larger
// one is given as Fragments, so that lines without end pass through in bounded memory.
type Splitter struct {
	hold  int
	in    []byte // not yet looked at
	carry []byte // the unfinished event so far
	reuse bool   // carry was given out with the last event
	large bool   // inside an event that is given in fragments
	prev  byte   // the last byte of the unfinished event
}

// NewSplitter returns a Splitter that holds at most hold bytes of an unfinished event.
func NewSplitter(hold int) *Splitter { return &Splitter{hold: hold, prev: '\n'} }

// Feed hands over the next bytes of the stream. They must not change until Next returned false.
func (s *Splitter) Feed(p []byte) {
	if len(s.in) > 0 {
		p = append(bytes.Clone(s.in), p...)
	}
	s.in = p
}

// Next returns the next event, or false when the rest of what was fed has no end yet. The event is valid until the next
// call of Next or Feed.
func (s *Splitter) Next() (Event, bool) {
	s.release()
	if len(s.in) == 0 {
		return Event{}, false
	}
	n := boundary(s.in, s.prev)
	if n < 0 {
		return s.keep()
	}
	raw := s.in[:n]
	s.in, s.prev = s.in[n:], '\n'
	switch {
	case s.large:
		s.large = false
		return Event{Kind: Fragment, Raw: raw}, true
	case len(s.carry)+len(raw) > s.hold:
		return s.fragment(raw), true
	case len(s.carry) > 0:
		s.carry, s.reuse = append(s.carry, raw...), true
		return ParseEvent(s.carry), true
	}
	return ParseEvent(raw), true
}

// keep takes the rest of the input as a part of the unfinished event.
func (s *Splitter) keep() (Event, bool) {
	raw := s.in
	s.in, s.prev = nil, raw[len(raw)-1]
	switch {
	case s.large:
		return Event{Kind: Fragment, Raw: raw}, true
	case len(s.carry)+len(raw) > s.hold:
		s.large = true
		return s.fragment(raw), true
	}
	s.carry = append(s.carry, raw...)
	return Event{}, false
}

// fragment gives what is held of a large event, together with raw.
func (s *Splitter) fragment(raw []byte) Event {
	if len(s.carry) > 0 {
		s.carry, s.reuse = append(s.carry, raw...), true
		raw = s.carry
	}
	return Event{Kind: Fragment, Raw: raw}
}

// release takes back the buffer that was given out with the last event. One that grew large is left to the collector: most
// streams have small events only.
func (s *Splitter) release() {
	const small = 64 << 10
	if !s.reuse {
		return
	}
	s.reuse = false
	if s.carry = s.carry[:0]; cap(s.carry) > small {
		s.carry = nil
	}
}

// Pending reports whether the stream is inside an event.
func (s *Splitter) Pending() bool {
	return s.large || len(s.in) > 0 || len(s.carry) > 0 && !s.reuse
}

// Rest ends the stream. It returns the event that it ended in, marked as Cut, or false when it ended at a boundary. Call it
// after Next returned false.
func (s *Splitter) Rest() (Event, bool) {
	s.release()
	if len(s.carry) == 0 {
		return Event{}, false
	}
	s.reuse, s.prev = true, '\n'
	ev := ParseEvent(s.carry)
	ev.Cut = true
	return ev, true
}
