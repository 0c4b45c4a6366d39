package llm

import "errors"

// ErrTooMuch reports a stream that makes the gateway hold more than it is willing to.
var ErrTooMuch = errors.New("stream holds too much back")

// maxHeld bounds the bytes of blocks that wait for their turn. maxBlocks and maxText bound one answer: an encoder may
// have to repeat it at its end.
const (
	maxHeld   = 4 << 20
	maxBlocks = 4096
	maxText   = 32 << 20
)

// Sequencer turns events in whatever order an upstream sends them into the order an [Encoder] is promised.
//
// Text and thinking pass at once. Tool calls may interleave (OpenAI streams address them by index), but a protocol
// with one open block at a time cannot say that: a call that begins while the arguments of another are still
// incomplete waits until those are whole. Calls that come one after the other are never held back.
type Sequencer struct {
	enc Encoder

	started, ended bool
	cur            *block
	waiting        []*block
	closed         map[int]Part // heads of closed blocks, for text that comes late
	held           int
	size           int // bytes of text so far
	blocks         int
	calls          int
	lastWhole      bool

	usage    Usage
	stop     StopReason
	sequence string
	stopped  bool
	drops    Drops
}

// block is one content block on its way out.
type block struct {
	key       int
	part      Part
	args      Progress
	text      []byte // held back
	seal      *Thinking
	citations []Citation
	ended     bool
}

// NewSequencer returns a sequencer that drives enc.
func NewSequencer(enc Encoder) *Sequencer {
	return &Sequencer{enc: enc, closed: make(map[int]Part), lastWhole: true}
}

// Push takes the next event. What follows the end of the answer is ignored.
func (s *Sequencer) Push(e Event) error {
	if s.ended {
		return nil
	}
	if e.Kind != EventError {
		s.start(e)
	}
	switch e.Kind {
	case EventBlock:
		return s.begin(&block{key: e.Block, part: e.Part})
	case EventDelta:
		return s.delta(e)
	case EventSeal:
		if t, ok := e.Part.(*Thinking); ok {
			s.seal(e.Block, t)
		}
	case EventCitation:
		s.cite(e.Block, e.Citation)
	case EventBlockEnd:
		s.end(e.Block)
	case EventUsage:
		s.usage = e.Usage
	case EventStop:
		if !s.stopped {
			s.stopped, s.stop, s.sequence = true, e.Stop, e.Sequence
		}
	case EventEnd:
		s.finish()
	case EventError:
		s.ended = true
		s.enc.Fail(e.Err)
	}
	return nil
}

// Stopped reports whether the upstream gave a reason for its end, Ended whether the answer was ended.
func (s *Sequencer) Stopped() bool { return s.stopped }

// Ended reports whether the answer has ended, well or with an error.
func (s *Sequencer) Ended() bool { return s.ended }

// Usage returns the last usage seen.
func (s *Sequencer) Usage() Usage { return s.usage }

// Stop returns the reason that was, or would now be, told to the client.
func (s *Sequencer) Stop() StopReason { return SettleStop(s.stop, s.calls, s.lastWhole) }

// Dropped returns what could not be put in order.
func (s *Sequencer) Dropped() []Dropped { return s.drops.List() }

func (s *Sequencer) start(e Event) {
	if s.started {
		return
	}
	s.started = true
	if e.Kind == EventStart && e.Usage.Known {
		s.usage = e.Usage
	}
	s.enc.Start(e.ID, e.Model, s.usage)
}

// begin opens b, or lets it wait while a tool call is still incomplete.
func (s *Sequencer) begin(b *block) error {
	if b.part == nil || s.find(b.key) != nil {
		return nil
	}
	if s.blocks++; s.blocks > maxBlocks {
		return ErrTooMuch
	}
	if s.cur != nil && !s.cur.mayClose() {
		s.waiting = append(s.waiting, b)
		return nil
	}
	s.closeCurrent()
	s.open(b)
	return nil
}

// find returns the block with this key that is open or waits.
func (s *Sequencer) find(key int) *block {
	if s.cur != nil && s.cur.key == key {
		return s.cur
	}
	for _, b := range s.waiting {
		if b.key == key {
			return b
		}
	}
	return nil
}

// mayClose reports whether nothing needed is lost when the block ends here.
func (b *block) mayClose() bool {
	call, isCall := b.part.(*ToolCall)
	return !isCall || b.ended || !call.Custom && b.args.Done()
}

func (s *Sequencer) delta(e Event) error {
	if s.size += len(e.Text); s.size > maxText {
		return ErrTooMuch
	}
	b := s.find(e.Block)
	if b == nil {
		var err error
		if b, err = s.reopen(e.Block); b == nil {
			return err
		}
	}
	b.args.Feed(e.Text)
	if b == s.cur {
		s.enc.Delta(e.Text)
		s.advance()
		return nil
	}
	if s.held += len(e.Text); s.held > maxHeld {
		return ErrTooMuch
	}
	b.text = append(b.text, e.Text...)
	return nil
}

// reopen continues text or thinking that was closed because another block began.
func (s *Sequencer) reopen(key int) (*block, error) {
	var part Part
	switch s.closed[key].(type) {
	case *Thinking:
		part = &Thinking{}
	case *ToolCall:
		s.drops.Add("tool_calls", "arguments that came after the call had ended")
		return nil, nil
	default:
		part = &Text{}
	}
	err := s.begin(&block{key: key, part: part})
	return s.find(key), err
}

func (s *Sequencer) seal(key int, t *Thinking) {
	b := s.find(key)
	switch {
	case b == nil:
		s.drops.Add("thinking.signature", "it came after its block had ended")
	case b == s.cur:
		s.enc.Seal(t)
	default:
		b.seal = t
	}
}

func (s *Sequencer) cite(key int, c Citation) {
	b := s.find(key)
	switch {
	case b == nil:
		s.drops.Add("citations", "a citation came after its text had ended")
	case b == s.cur:
		s.enc.Cite(c)
	default:
		b.citations = append(b.citations, c)
	}
}

func (s *Sequencer) end(key int) {
	if b := s.find(key); b != nil {
		b.ended = true
		if b == s.cur {
			s.closeCurrent()
			s.advance()
		}
	}
}

// open makes b the current block and writes what was held back of it.
func (s *Sequencer) open(b *block) {
	s.cur = b
	if _, ok := b.part.(*ToolCall); ok {
		s.calls++
	}
	s.enc.Open(b.part)
	if len(b.text) > 0 {
		s.enc.Delta(string(b.text))
		s.held -= len(b.text)
		b.text = nil
	}
	for _, c := range b.citations {
		s.enc.Cite(c)
	}
	if b.seal != nil {
		s.enc.Seal(b.seal)
	}
}

func (s *Sequencer) closeCurrent() {
	if s.cur == nil {
		return
	}
	if call, ok := s.cur.part.(*ToolCall); ok {
		s.lastWhole = call.Custom || s.cur.args.Whole()
	}
	s.closed[s.cur.key] = s.cur.part
	s.enc.Close()
	s.cur = nil
}

// advance lets waiting blocks follow as soon as the current one may close.
func (s *Sequencer) advance() {
	for len(s.waiting) > 0 && (s.cur == nil || s.cur.mayClose()) {
		s.closeCurrent()
		next := s.waiting[0]
		s.waiting = s.waiting[1:]
		s.open(next)
	}
	if s.cur != nil && s.cur.ended {
		s.closeCurrent()
	}
}

func (s *Sequencer) finish() {
	for s.cur != nil || len(s.waiting) > 0 {
		if s.cur != nil {
			s.cur.ended = true
		}
		s.closeCurrent()
		s.advance()
	}
	s.ended = true
	s.enc.Finish(s.Stop(), s.sequence, s.usage)
}
