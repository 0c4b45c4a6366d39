package llm

// EventKind says what an Event tells.
type EventKind uint8

// The kinds of events, in the order in which a tidy upstream sends them.
const (
	EventStart    EventKind = iota + 1 // ID, Model, and Usage if it is known already
	EventBlock                         // Block begins: Part is a *Text, *Thinking or *ToolCall with what is known of it
	EventDelta                         // Text to append to Block
	EventSeal                          // Part is a *Thinking whose Seal, Format, ID and Redacted complete Block
	EventCitation                      // Citation of Block
	EventBlockEnd                      // nothing more for Block
	EventUsage                         // Usage so far, all fields
	EventStop                          // Stop and Sequence
	EventEnd                           // the upstream said that it is done
	EventError                         // Err, instead of an end
)

// Event is one step of a streamed answer. A decoder may send them in any order and leave out what its upstream left
// out; the [Sequencer] puts them in order.
type Event struct {
	Kind     EventKind
	Block    int // the decoder's own key of the block
	ID       string
	Model    string
	Part     Part
	Text     string
	Citation Citation
	Usage    Usage
	Stop     StopReason
	Sequence string
	Err      *Error
}

// Encoder writes one streamed answer. The [Sequencer] calls it in the one order that every protocol can say: Start,
// then for each block Open, any of Delta, Seal and Cite, and Close, then Finish. Fail may come at any time instead.
// Nothing comes after Finish or Fail.
type Encoder interface {
	Start(id, model string, usage Usage)
	Open(p Part)
	Delta(text string)
	Seal(t *Thinking)
	Cite(c Citation)
	Close()
	Finish(stop StopReason, sequence string, usage Usage)
	Fail(e *Error)
	// Take returns the bytes written since the last call. They are valid until something is written again.
	Take() []byte
	// Dropped returns what the protocol could not hold.
	Dropped() []Dropped
}

// Decoder reads one streamed answer. Decode calls emit for everything that one wire event says.
// An error means that the stream cannot be understood any further. Dropped tells what had no place in an Event.
type Decoder interface {
	Decode(w Wire, emit func(Event)) error
	Dropped() []Dropped
}
