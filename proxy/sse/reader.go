package sse

import (
	"errors"
	"io"
)

// DefaultMaxEvent is the size of the largest event that readers accept, unless they are told otherwise.
const DefaultMaxEvent = 4 << 20

// ErrTooLarge says that an event of the stream is larger than the reader accepts. The stream can't be read on.
var ErrTooLarge = errors.New("sse: event too large")

// Parser reads the messages of a stream that is pushed to it. Comments are passed over.
type Parser struct {
	split Splitter
	err   error
}

// NewParser returns a Parser of events of up to maxEvent bytes; 0 means DefaultMaxEvent.
func NewParser(maxEvent int) *Parser {
	if maxEvent <= 0 {
		maxEvent = DefaultMaxEvent
	}
	return &Parser{split: Splitter{hold: maxEvent, prev: '\n'}}
}

// Feed hands over the next bytes of the stream. They must not change until Next returned false.
func (p *Parser) Feed(data []byte) { p.split.Feed(data) }

// Next returns the next message, or false when what was fed holds no more, or when the stream is broken: see Err. The
// event is valid until the next call of Next or Feed.
func (p *Parser) Next() (Event, bool) {
	for p.err == nil {
		ev, ok := p.split.Next()
		switch {
		case !ok:
			return Event{}, false
		case ev.Kind == Message:
			return ev, true
		case ev.Kind == Fragment:
			p.err = ErrTooLarge
		}
	}
	return Event{}, false
}

// Rest ends the stream and returns the message that it ended in, if any, marked as Cut. The standard would drop it, but
// providers do end streams without the last blank line.
func (p *Parser) Rest() (Event, bool) {
	ev, ok := p.split.Rest()
	return ev, ok && ev.Kind == Message && p.err == nil
}

// Err returns ErrTooLarge once the stream held an event that is too large.
func (p *Parser) Err() error { return p.err }

// Reader reads the messages of a stream from an io.Reader.
type Reader struct {
	src    io.Reader
	parser *Parser
	buf    []byte
	err    error // of src; returned once the events before it are read
	rested bool
}

// NewReader returns a Reader of events of up to maxEvent bytes; 0 means DefaultMaxEvent.
func NewReader(src io.Reader, maxEvent int) *Reader {
	return &Reader{src: src, parser: NewParser(maxEvent), buf: make([]byte, 16<<10)}
}

// Next returns the next message. It is valid until the next call. At the end of the stream the error is io.EOF, perhaps
// after one event marked as Cut; an event that is too large gives ErrTooLarge; other errors are those of the source.
func (r *Reader) Next() (Event, error) {
	for {
		if ev, ok := r.parser.Next(); ok {
			return ev, nil
		}
		if err := r.parser.Err(); err != nil {
			return Event{}, err
		}
		if r.err != nil {
			return r.finish()
		}
		n, err := r.src.Read(r.buf)
		r.parser.Feed(r.buf[:n])
		r.err = err
	}
}

func (r *Reader) finish() (Event, error) {
	if !r.rested && errors.Is(r.err, io.EOF) {
		r.rested = true
		if ev, ok := r.parser.Rest(); ok {
			return ev, nil
		}
	}
	return Event{}, r.err
}
