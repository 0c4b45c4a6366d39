package openai

import (
	"bytes"
	"encoding/json"
	"strconv"

	"squirrel/proxy/body"
	"squirrel/proxy/convert/wire"
	"squirrel/proxy/llm"
)

// Keys of the blocks a chat stream consists of. It has no blocks of its own; tool calls follow from keyTools on.
const (
	keyText = iota
	keyThinking
	keyRefusal
	keyRedacted
	keyTools
)

// Decoder reads the chunks of a chat completions stream.
type Decoder struct {
	id       string
	started  bool
	open     map[int]bool // blocks that were begun, apart from tool calls
	calls    []*callState
	held     int // bytes of arguments of calls without a name
	drops    llm.Drops
	emit     func(llm.Event)
	redacted int
}

// callState is what is known of one tool call.
type callState struct {
	index    int64 // the upstream's
	id, name string
	custom   bool
	begun    bool
	early    string // arguments that came before the name
}

// NewDecoder returns a decoder for one stream.
func NewDecoder() *Decoder { return &Decoder{open: make(map[int]bool)} }

// Dropped returns what had no place in an event.
func (d *Decoder) Dropped() []llm.Dropped { return d.drops.List() }

// Decode reads one event.
func (d *Decoder) Decode(ev llm.Wire, emit func(llm.Event)) error {
	data := bytes.TrimSpace(ev.Data)
	if len(data) == 0 {
		return nil
	}
	d.emit = emit
	if string(data) == "[DONE]" {
		emit(llm.Event{Kind: llm.EventEnd})
		return nil
	}
	if !body.Valid(data) {
		return &llm.Error{Status: 502, Type: llm.ErrAPI, Message: "the upstream sent a chunk that is no JSON"}
	}
	o := wire.Parse(data)
	if o.Get("error") != nil || ev.Name == "error" {
		emit(llm.Event{Kind: llm.EventError, Err: DecodeError(0, data)})
		return nil
	}
	d.chunk(o)
	return nil
}

func (d *Decoder) chunk(o *wire.Object) {
	choices := o.Get("choices")
	for i, raw := range wire.Each(choices) {
		d.start(o)
		choice := wire.Parse(raw)
		if i > 0 || choice.Int("index") > 0 {
			d.drops.Add("choices["+strconv.Itoa(max(i, 1))+"]", "only the first choice has a place in the client's protocol")
			continue
		}
		d.choice(choice)
		d.usage(choice.Object("usage")) // Moonshot
	}
	d.usage(o.Object("usage"))
}

// start tells the id and the model. Azure's first chunk has neither, nor choices, and is passed over.
func (d *Decoder) start(o *wire.Object) {
	if d.started {
		return
	}
	d.started = true
	d.id = o.Str("id")
	d.emit(llm.Event{Kind: llm.EventStart, ID: d.id, Model: o.Str("model")})
}

func (d *Decoder) usage(o *wire.Object) {
	if u := decodeUsage(o); u.Known {
		d.emit(llm.Event{Kind: llm.EventUsage, Usage: u})
	}
}

func (d *Decoder) choice(choice *wire.Object) {
	delta := choice.Object("delta")
	if delta == nil {
		delta = choice.Object("message") // some vendors repeat the answer's shape
	}
	d.thinking(delta)
	d.content(delta.Get("content"))
	d.text(keyRefusal, delta.Str("refusal"), &llm.Text{Refusal: true})
	for _, c := range decodeAnnotations(delta.Get("annotations")) {
		d.begin(keyText, &llm.Text{})
		d.emit(llm.Event{Kind: llm.EventCitation, Block: keyText, Citation: c})
	}
	for i, raw := range wire.Each(delta.Get("tool_calls")) {
		d.call(i, wire.Parse(raw))
	}
	if legacy := delta.Object("function_call"); legacy != nil {
		d.function(d.legacyCall(), legacy.Str("name"), arguments(legacy))
	}
	if choice.Get("logprobs") != nil {
		d.drops.Add("choices[0].logprobs", "the client's protocol has no log probabilities")
	}
	if reason := choice.Str("finish_reason"); reason != "" {
		d.emit(llm.Event{Kind: llm.EventStop, Stop: decodeFinish(reason)})
	}
}

// content takes a piece of text, or Mistral's list of parts.
func (d *Decoder) content(raw json.RawMessage) {
	if text, ok := wire.String(raw); ok {
		d.text(keyText, text, &llm.Text{})
		return
	}
	for _, item := range wire.Each(raw) {
		o := wire.Parse(item)
		switch o.Str("type") {
		case "text":
			d.text(keyText, o.Str("text"), &llm.Text{})
		case "thinking":
			d.text(keyThinking, mistralThinking(o), &llm.Thinking{})
		default:
			d.drops.Add("choices[0].delta.content", "a part of unknown type")
		}
	}
}

// text appends to a block that begins with its first character.
func (d *Decoder) text(key int, text string, head llm.Part) {
	if text == "" {
		return
	}
	d.begin(key, head)
	d.emit(llm.Event{Kind: llm.EventDelta, Block: key, Text: text})
}

func (d *Decoder) begin(key int, head llm.Part) {
	if !d.open[key] {
		d.open[key] = true
		d.emit(llm.Event{Kind: llm.EventBlock, Block: key, Part: head})
	}
}

// thinking takes reasoning text and OpenRouter's details, whose text repeats it.
func (d *Decoder) thinking(delta *wire.Object) {
	text := reasoningText(delta)
	d.text(keyThinking, text, &llm.Thinking{})
	for _, raw := range wire.Each(delta.Get("reasoning_details")) {
		t := decodeDetail(wire.Parse(raw))
		if t == nil {
			d.drops.Add("reasoning_details", "a detail of unknown type")
			continue
		}
		d.detail(t, text == "")
	}
}

func (d *Decoder) detail(t *llm.Thinking, wantText bool) {
	if t.Redacted {
		d.redacted++
		key := -d.redacted
		d.emit(llm.Event{Kind: llm.EventBlock, Block: key, Part: t})
		d.emit(llm.Event{Kind: llm.EventBlockEnd, Block: key})
		return
	}
	if wantText {
		d.text(keyThinking, t.Text, &llm.Thinking{})
	}
	if t.Seal == "" {
		return
	}
	d.begin(keyThinking, &llm.Thinking{})
	d.emit(llm.Event{Kind: llm.EventSeal, Block: keyThinking, Part: t})
	d.emit(llm.Event{Kind: llm.EventBlockEnd, Block: keyThinking})
	d.open[keyThinking] = false
}

// call takes a piece of a tool call.
func (d *Decoder) call(position int, o *wire.Object) {
	f := o.Object("function")
	custom := o.Object("custom")
	if custom != nil {
		f = custom
	}
	id, name := o.Str("id"), f.Str("name")
	c := d.find(position, o, id, name)
	if c.id == "" {
		c.id = id
	}
	c.custom = c.custom || custom != nil
	text := arguments(f)
	if custom != nil {
		text = custom.Str("input")
	}
	d.function(c, name, text)
}

// find returns the call a delta belongs to. Some upstreams leave out the index, or give every call the same one.
func (d *Decoder) find(position int, o *wire.Object, id, name string) *callState {
	index := int64(len(d.calls))
	switch {
	case o.Get("index") != nil:
		index = o.Int("index")
	case id == "" && len(d.calls) > 0:
		return d.calls[len(d.calls)-1]
	case id == "":
		index = int64(position)
	}
	for i := len(d.calls) - 1; i >= 0; i-- {
		c := d.calls[i]
		if o.Get("index") == nil && c.id == id {
			return c
		}
		if c.index != index {
			continue
		}
		if id != "" && c.id != "" && c.id != id && name != "" {
			break // another call under the same index
		}
		return c
	}
	c := &callState{index: index}
	d.calls = append(d.calls, c)
	return c
}

func (d *Decoder) legacyCall() *callState {
	if len(d.calls) == 0 {
		d.calls = append(d.calls, &callState{})
	}
	return d.calls[0]
}

// maxEarly bounds the arguments kept of calls whose name has not come yet.
const maxEarly = 1 << 20

// function passes arguments on as soon as the name is known; the first delta has to carry it.
func (d *Decoder) function(c *callState, name, args string) {
	key := d.keyOf(c)
	if c.name == "" {
		c.name = name
	}
	if c.name == "" {
		if d.held += len(args); d.held <= maxEarly {
			c.early += args
		}
		return
	}
	if !c.begun {
		c.begun = true
		if c.id == "" {
			c.id = callID(d.id, key-keyTools)
		}
		part := &llm.ToolCall{ID: c.id, Name: c.name, Custom: c.custom}
		d.emit(llm.Event{Kind: llm.EventBlock, Block: key, Part: part})
		args, c.early = c.early+args, ""
	}
	if args != "" {
		d.emit(llm.Event{Kind: llm.EventDelta, Block: key, Text: args})
	}
}

func (d *Decoder) keyOf(c *callState) int {
	for i, one := range d.calls {
		if one == c {
			return keyTools + i
		}
	}
	return keyTools
}
