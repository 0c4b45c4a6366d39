package simulator

import "time"

// Fault is how an answer departs from a healthy one. The zero value does not depart. The package documentation describes
// each in its written form, which [ParseFault] reads.
type Fault struct {
	// Statuses are answered one after the other, the last one for ever.
	Statuses []int
	// Header holds further response header fields, Retry-After among them.
	Header [][2]string
	// Body and ContentType replace the body of the answer when Body is not nil; a stream becomes a plain answer.
	Body        []byte
	ContentType string
	// Replay names a recording to answer with.
	Replay string

	EchoAuth bool
	Redirect string
	JSON     string

	DelayHeader time.Duration
	// DelayChunks are waits before some events; Interval is the wait before each event but the first.
	DelayChunks []ChunkDelay
	Interval    time.Duration

	// Reset, Finish and Stall end the answer early: by RST, by FIN, or by silence.
	Reset, Finish, Stall *Cut
	Blackhole            bool

	ShortLength, LongLength bool
	BadChunk                bool
	// Segment is how many body bytes are written at once, 0 = as they come.
	Segment int

	// HeaderDrip is the pause between two bytes of the header.
	HeaderDrip time.Duration
	// HeaderFlood is the size of the header in bytes, InterimFlood the number of interim answers.
	HeaderFlood, InterimFlood int
	// GzipBomb is the size the body inflates to, in bytes.
	GzipBomb int64

	// SSE are the oddities of the event stream's text.
	SSE SSEFault
	// FirstError is the status that an error event reports at the start of the stream; MidError the one after MidErrorAt events.
	FirstError, MidError, MidErrorAt int
}

// SSEFault is how the text of an event stream departs from the usual.
type SSEFault struct {
	// Newline is the line ending, "" = LF.
	Newline                                            string
	BOM, NoSpace, Multiline, Comment, SplitUTF8        bool
	NoTerminator, DoubleTerminator, ErrorForTerminator bool
	// GiantLine is the length in bytes that the second event's data line is padded to.
	GiantLine int
}

// ChunkDelay is a wait before an event, counted from 1.
type ChunkDelay struct {
	At   int
	Wait time.Duration
}

// Cut is a point in an answer.
type Cut struct {
	// At counts what Unit says, from the start of the body.
	At   int
	Unit Unit
}

// Unit is what a [Cut] counts.
type Unit int

// The units. BeforeHeader is the point before the first byte of the answer. Parts are events of a stream and bytes of a
// plain body.
const (
	BeforeHeader Unit = iota
	Bytes
	Events
	Parts
)

// MustFault is [ParseFault] for faults written in code; it panics on a mistake.
func MustFault(spec string) Fault {
	f, err := ParseFault(spec)
	if err != nil {
		panic(err)
	}
	return f
}

// status is the status of a request's n-th hit, 0 when the fault does not say.
func (f *Fault) status(hit int) int {
	if len(f.Statuses) == 0 {
		return 0
	}
	return f.Statuses[min(hit, len(f.Statuses))-1]
}

// before reports whether c cuts before the header.
func (c *Cut) before() bool { return c != nil && c.Unit == BeforeHeader }

// bytes is how many body bytes may still be sent after `sent` were, and whether c counts bytes of such an answer.
func (c *Cut) bytes(sent int64, stream bool) (left int64, counts bool) {
	if c == nil || c.Unit == BeforeHeader || c.Unit == Events || (c.Unit == Parts && stream) {
		return 0, false
	}
	return int64(c.At) - sent, true
}

// afterEvent reports whether c cuts after so many events.
func (c *Cut) afterEvent(n int) bool {
	return c != nil && (c.Unit == Events || c.Unit == Parts) && n >= c.At
}
