package convert

import (
	"errors"
	"strconv"

	"squirrel/models"
	"squirrel/proxy/llm"
)

// defaultMaxLine bounds one event of a stream.
const defaultMaxLine = 4 << 20

// ErrTruncated reports a stream that stopped without an end: neither a stop reason nor a terminator had come. The caller
// ends the client's stream with Fail.
var ErrTruncated = errors.New("the upstream's stream stopped without an end")

// Stream converts one streamed answer, event by event. It keeps what the client's protocol makes it keep (calls that
// interleave, the text that a Responses answer repeats at its end) within bounds, and nothing else. It is not safe for
// concurrent use.
type Stream struct {
	dec     llm.Decoder
	enc     llm.Encoder
	seq     *llm.Sequencer
	restore *restorer
	maxLine int
	id      string
	model   string
	failed  bool
}

// NewStream returns a stream from a provider that speaks out to a client that speaks in. Both must be valid protocols.
func NewStream(in, out models.Protocol, opt Options) *Stream {
	enc := codecs[in].newEncoder(answerOptions(opt, 0))
	s := &Stream{
		dec: codecs[out].newDecoder(), enc: enc, seq: llm.NewSequencer(enc), restore: opt.Carry.restorer(), maxLine: opt.MaxLine,
	}
	if s.maxLine <= 0 {
		s.maxLine = defaultMaxLine
	}
	return s
}

// Event takes the next event of the upstream and returns the bytes to write to the client now, nil when there are none. They
// are valid until the next call. The data is not kept. After an error the caller writes what Fail returns and gives up.
func (s *Stream) Event(name string, data []byte) (out []byte, err error) {
	defer guard(&err)
	if len(data) > s.maxLine {
		return s.enc.Take(), badStream("an event of the upstream is larger than " + strconv.Itoa(s.maxLine) + " bytes")
	}
	var failure error
	push := func(e llm.Event) {
		if failure == nil {
			failure = s.seq.Push(e)
		}
	}
	err = s.dec.Decode(llm.Wire{Name: name, Data: data}, func(e llm.Event) {
		s.note(e)
		if held := s.restore.event(e, push); failure == nil {
			failure = held
		}
	})
	if err == nil {
		err = failure
	}
	if err != nil {
		err = badStream(err.Error())
	}
	return s.enc.Take(), err
}

// note remembers what a result tells.
func (s *Stream) note(e llm.Event) {
	switch e.Kind {
	case llm.EventStart:
		if s.id == "" {
			s.id, s.model = e.ID, e.Model
		}
	case llm.EventError:
		s.failed = true
	}
}

// Finish ends the answer after the last event, when the upstream closed its stream in good order. It writes nothing when
// the end was written already. A stream that stopped in the middle gives ErrTruncated.
func (s *Stream) Finish() (out []byte, err error) {
	defer guard(&err)
	if s.seq.Ended() {
		return nil, nil
	}
	if !s.seq.Stopped() {
		return nil, ErrTruncated
	}
	push := func(e llm.Event) { err = errors.Join(err, s.seq.Push(e)) }
	if failure := s.restore.event(llm.Event{Kind: llm.EventEnd}, push); failure != nil {
		return nil, badStream(failure.Error())
	}
	return s.enc.Take(), err
}

// Fail returns the bytes that tell the client about an error in the middle of the answer: its protocol's error, no
// terminator. It returns nil when the answer has ended already.
func (s *Stream) Fail(e llm.Error) []byte {
	if s.seq.Ended() {
		return nil
	}
	s.failed = true
	if s.seq.Push(llm.Event{Kind: llm.EventError, Err: &e}) != nil {
		return nil
	}
	return s.enc.Take()
}

// Ended reports whether the client's answer has ended, well or with an error. Later events are ignored.
func (s *Stream) Ended() bool { return s.seq.Ended() }

// Result tells what is known so far.
func (s *Stream) Result() Result {
	res := Result{Usage: usage(s.seq.Usage()), FinishReason: finishReason(s.seq.Stop()), UpstreamID: s.id, Model: s.model}
	switch {
	case s.failed:
		res.FinishReason = "error"
	case !s.seq.Ended() && !s.seq.Stopped():
		res.FinishReason = "truncated"
	}
	var drops llm.Drops
	drops.AddAll(s.dec.Dropped())
	drops.AddAll(s.seq.Dropped())
	drops.AddAll(s.restore.dropped())
	drops.AddAll(s.enc.Dropped())
	res.Dropped = toModels(drops.List())
	return res
}

func badStream(message string) error {
	return &Error{Status: 502, Code: "upstream_bad_response", Message: message}
}
