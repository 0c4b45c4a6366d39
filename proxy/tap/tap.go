// Package tap watches an answer go by and tells afterwards what was in it: usage, stop reason, errors, and the message, put
// together from its deltas in the shape the protocol uses when it doesn't stream. It never changes or delays the answer.
package tap

import (
	"bytes"
	"strings"

	"squirrel/models"
	"squirrel/proxy/sse"

	"github.com/tidwall/gjson"
)

// Result is what was seen of an answer.
type Result struct {
	Usage        models.Usage // Known is false when the provider told nothing
	FinishReason string       // as the protocol spells it: finish_reason, stop_reason, or for responses completed, failed or why incomplete
	Message      []byte       // the answer; of a stream: put together, valid JSON; nil when nothing was seen
	UpstreamID   string       // the provider's id of the answer
	Model        string       // as the provider named it
	Terminated   bool         // the protocol's last event came; of answers that are no streams: the whole was JSON
	ErrorEvent   *ErrorInfo   // the error the provider reported in a stream, or in a body whose status said 200
	TextBytes    int64        // of generated text: content, reasoning, refusals, tool arguments
	Cut          int64        // bytes that the limit kept out of Message

	protocol models.Protocol
	endpoint models.Endpoint
}

// seen is what the observers of all protocols note.
type seen struct {
	budget     budget
	counts     counts
	images     int64
	finish     string
	id         string
	model      string
	terminated bool
	failure    *ErrorInfo
}

// fail notes the error of an event that looks like one.
func (s *seen) fail(protocol models.Protocol, ev sse.Event) {
	if s.failure == nil {
		s.failure = ErrorOf(protocol, ev)
	}
}

// observer follows the events of one protocol.
type observer interface {
	// event takes one message that holds JSON. Nothing of it is kept without a copy.
	event(ev sse.Event, root gjson.Result)
	// write writes the message so far, or nothing when there is none.
	write(w *writer)
}

// Tap observes one answer. It is not safe for concurrent use.
type Tap struct {
	endpoint models.Endpoint
	protocol models.Protocol
	stream   bool
	seen     seen
	split    *sse.Splitter
	observer observer
	body     body // what is not a stream, and the end of events too large to read
	checked  bool // the body is JSON, somebody has looked
	events   int
}

// minLimit is the least a tap keeps. With less it could not read the usage of an ordinary answer.
const minLimit = 64 << 10

// New returns a Tap for an answer of a provider that speaks protocol, to a request for endpoint. stream says whether the
// answer is an event stream. limit bounds the message in bytes; twice that much may be in use while an event is incomplete.
func New(endpoint models.Endpoint, protocol models.Protocol, stream bool, limit int64) *Tap {
	limit = max(limit, minLimit)
	t := &Tap{endpoint: endpoint, protocol: protocol, stream: stream}
	t.seen.budget.left = int(limit)
	if !stream {
		t.body.limit = int(limit)
		return t
	}
	t.body.limit = minLimit
	t.split = sse.NewSplitter(int(limit))
	switch {
	case protocol == models.ProtocolAnthropic:
		t.observer = &messageStream{seen: &t.seen}
	case protocol == models.ProtocolResponses:
		t.observer = &responseStream{seen: &t.seen}
	case endpoint == models.EndpointChat || endpoint == models.EndpointCompletions:
		t.observer = &chatStream{seen: &t.seen, legacy: endpoint == models.EndpointCompletions}
	default:
		t.observer = &mediaStream{seen: &t.seen}
	}
	return t
}

// Read observes an answer that has come whole and is valid JSON. The Result shares its bytes, which must not change any more.
func Read(endpoint models.Endpoint, protocol models.Protocol, answer []byte) Result {
	t := New(endpoint, protocol, false, int64(len(answer)))
	t.body.head, t.body.size = answer, int64(len(answer))
	t.checked = true
	return t.Result()
}

// Write observes the next bytes of the answer. It never fails.
func (t *Tap) Write(p []byte) (int, error) {
	if !t.stream {
		t.body.write(p)
		return len(p), nil
	}
	t.split.Feed(p)
	for ev, ok := t.split.Next(); ok; ev, ok = t.split.Next() {
		t.observe(ev)
	}
	return len(p), nil
}

// Event observes an event that was cut out of the stream already. It may be mixed with Write: what ends an event that
// Write saw the beginning of is taken as that.
func (t *Tap) Event(ev sse.Event) {
	if !t.stream || ev.Kind == sse.Fragment || t.split.Pending() {
		_, _ = t.Write(ev.Raw)
		return
	}
	t.observe(ev)
}

// observe handles an event. What comes after the last event of the protocol is ignored.
func (t *Tap) observe(ev sse.Event) {
	switch {
	case t.seen.terminated || ev.Kind == sse.Comment:
	case ev.Kind == sse.Fragment:
		t.body.write(ev.Raw)
	case ev.IsDone():
		t.seen.terminated = true
	default:
		t.events++
		if chat, ok := t.observer.(*chatStream); ok && ev.Name == "" && chat.plainText(ev.Data) {
			return
		}
		t.observer.event(ev, gjson.ParseBytes(ev.Data))
	}
}

// finishEvent takes an event that the stream ended in, if it is whole.
func (t *Tap) finishEvent() {
	if !t.stream {
		return
	}
	if ev, ok := t.split.Rest(); ok && Whole(ev) {
		t.observe(ev)
	}
}

// Result tells what was seen so far. Call it when the answer has ended; Partial is for looking in between.
func (t *Tap) Result() Result {
	t.finishEvent()
	if !t.stream {
		t.readBody()
	} else if t.body.size > 0 {
		t.seen.counts.update(usageAtEnd(t.body.tail, t.protocol))
	}
	s := &t.seen
	r := Result{
		Usage: s.counts.usage(), FinishReason: s.finish, Message: t.Partial(), UpstreamID: s.id, Model: s.model,
		Terminated: s.terminated, ErrorEvent: s.failure, TextBytes: s.budget.text, Cut: s.budget.cut,
		protocol: t.protocol, endpoint: t.endpoint,
	}
	r.Usage.Images = s.images
	if t.stream {
		r.Cut += t.body.size
	} else {
		r.Cut = t.body.cut()
	}
	if !t.stream && r.Usage.Output == 0 {
		r.TextBytes = int64(len(r.Text()))
	}
	return r
}

// Terminated reports whether the protocol's last event of a stream has come.
func (t *Tap) Terminated() bool { return t.seen.terminated }

// Failure returns the error that the provider reported in a stream so far; nil if there is none.
func (t *Tap) Failure() *ErrorInfo { return t.seen.failure }

// Partial returns the message as far as it has come.
func (t *Tap) Partial() []byte {
	if !t.stream {
		return t.body.bytes()
	}
	if t.events == 0 {
		return nil
	}
	return build(t.observer.write)
}

// note keeps a short text of the provider's, once.
func note(to *string, v gjson.Result) {
	const most = 256
	if *to == "" && v.Type == gjson.String {
		*to = strings.Clone(v.Str[:min(len(v.Str), most)])
	}
}

// usageAtEnd finds the usage object in the last bytes of an answer too large to keep.
func usageAtEnd(tail []byte, protocol models.Protocol) counts {
	for end := len(tail); ; {
		i := bytes.LastIndex(tail[:end], []byte(`"usage"`))
		if i < 0 {
			return counts{cacheBesideInput: protocol == models.ProtocolAnthropic}
		}
		value := bytes.TrimLeft(tail[i+len(`"usage"`):], " \t\r\n:")
		if found := gjson.ParseBytes(value); found.IsObject() {
			if c := readUsage(found, protocol); c.told {
				return c
			}
		}
		end = i
	}
}
