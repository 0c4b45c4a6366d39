package proxy

import (
	"io"

	"squirrel/proxy/sse"
)

// eventReader is a window over a provider's stream. From left to right it holds what is ready to be sent, then what has not
// been looked at; the last event in it may be unfinished.
//
//	[0 … from) nothing   [from … at) ready   [at … end) not looked at
type eventReader struct {
	pooled        *[]byte
	buf           []byte
	from, at, end int
	scanned       int // boundary search resumes here
}

func (e *eventReader) init() {
	e.pooled = bufferPool.Get().(*[]byte)
	e.buf = *e.pooled
}

func (e *eventReader) release() {
	if e.pooled != nil && cap(e.buf) == relayBuffer {
		bufferPool.Put(e.pooled)
	}
	e.pooled, e.buf = nil, nil
}

// fill reads once more from the stream, behind what is held.
func (e *eventReader) fill(source io.Reader) (int, error) {
	if e.from > 0 {
		copy(e.buf, e.buf[e.from:e.end])
		e.at, e.end, e.scanned, e.from = e.at-e.from, e.end-e.from, max(0, e.scanned-e.from), 0
	}
	if e.end == len(e.buf) {
		bigger := make([]byte, 2*len(e.buf))
		copy(bigger, e.buf)
		e.buf = bigger
	}
	n, err := source.Read(e.buf[e.end:])
	e.end += n
	if n > 0 && err == io.EOF {
		err = nil // the next read tells again
	}
	return n, err
}

// next moves past one whole event, which then counts as ready, and returns its bytes.
func (e *eventReader) next() ([]byte, bool) {
	n := sse.Boundary(e.buf[e.at:e.end], max(0, e.scanned-e.at))
	if n == 0 {
		e.scanned = e.end
		return nil, false
	}
	raw := e.buf[e.at : e.at+n]
	e.at += n
	e.scanned = e.at
	return raw, true
}

// held is the length of the unfinished event at the end.
func (e *eventReader) held() int { return e.end - e.at }

// rest returns the unfinished event and consumes it.
func (e *eventReader) rest() []byte {
	raw := e.buf[e.at:e.end]
	e.at = e.end
	return raw
}

func (e *eventReader) ready() []byte { return e.buf[e.from:e.at] }

func (e *eventReader) sent() { e.from = e.at }

// keepBack takes the last n ready bytes out of what is ready; they stay readable until the next fill.
func (e *eventReader) keepBack(n int) { e.at -= n }

// hide removes the last n ready bytes for good.
func (e *eventReader) hide(n int) {
	copy(e.buf[e.at-n:], e.buf[e.at:e.end])
	e.at -= n
	e.end -= n
	e.scanned = e.at
}

// drop forgets everything that is ready: a translation of it is sent instead.
func (e *eventReader) drop() { e.from = e.at }

// takePiece returns everything that is held, events or not.
func (e *eventReader) takePiece() []byte {
	piece := e.buf[e.from:e.end]
	e.from, e.at, e.scanned = e.end, e.end, e.end
	return piece
}
