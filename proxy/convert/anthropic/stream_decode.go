package anthropic

import (
	"bytes"
	"encoding/json"

	"squirrel/proxy/body"
	"squirrel/proxy/convert/wire"
	"squirrel/proxy/llm"
)

// Decoder reads the events of a Messages stream.
type Decoder struct {
	started bool
	usage   llm.Usage
	skipped map[int]bool // blocks that no other protocol knows
	drops   llm.Drops
	emit    func(llm.Event)
}

// NewDecoder returns a decoder for one stream.
func NewDecoder() *Decoder { return &Decoder{skipped: make(map[int]bool)} }

// Dropped returns what had no place in an event.
func (d *Decoder) Dropped() []llm.Dropped { return d.drops.List() }

// Decode reads one event. The type in its data counts; some upstreams leave out the event field.
func (d *Decoder) Decode(ev llm.Wire, emit func(llm.Event)) error {
	data := bytes.TrimSpace(ev.Data)
	if len(data) == 0 || string(data) == "[DONE]" {
		return nil
	}
	if !body.Valid(data) {
		return &llm.Error{Status: 502, Type: llm.ErrAPI, Message: "the upstream sent an event that is no JSON"}
	}
	d.emit = emit
	o := wire.Parse(data)
	kind := o.Str("type")
	if kind == "" {
		kind = ev.Name
	}
	switch kind {
	case "message_start":
		d.start(o.Object("message"))
	case "content_block_start":
		d.blockStart(int(o.Int("index")), o.Get("content_block"))
	case "content_block_delta":
		d.delta(int(o.Int("index")), o.Object("delta"))
	case "content_block_stop":
		d.emit(llm.Event{Kind: llm.EventBlockEnd, Block: int(o.Int("index"))})
	case "message_delta":
		d.messageDelta(o)
	case "message_stop":
		d.emit(llm.Event{Kind: llm.EventEnd})
	case "error":
		d.emit(llm.Event{Kind: llm.EventError, Err: DecodeError(0, data)})
	}
	return nil
}

func (d *Decoder) start(message *wire.Object) {
	if d.started { // some proxies repeat it
		return
	}
	d.started = true
	mergeUsage(&d.usage, message.Object("usage"))
	d.emit(llm.Event{
		Kind: llm.EventStart, ID: message.Str("id"), Model: message.Str("model"), Usage: d.usage,
	})
}

// blockStart begins a block. It may bring its first text along; the empty input of a call is a placeholder.
func (d *Decoder) blockStart(index int, raw json.RawMessage) {
	o := wire.Parse(raw)
	head := llm.Event{Kind: llm.EventBlock, Block: index}
	text := ""
	switch kind := o.Str("type"); kind {
	case "text":
		head.Part, text = &llm.Text{}, o.Str("text")
	case "thinking":
		head.Part, text = &llm.Thinking{}, o.Str("thinking")
	case "redacted_thinking":
		head.Part = decodeThinking(o)
	case "tool_use":
		head.Part = &llm.ToolCall{ID: o.Str("id"), Name: o.Str("name")}
		if input := o.Get("input"); len(wire.Compact(input)) > 2 {
			text = string(input)
		}
	default:
		d.skipped[index] = true
		d.drops.Add(kind, "a block of Anthropic's own")
		return
	}
	delete(d.skipped, index)
	d.emit(head)
	if text != "" {
		d.emit(llm.Event{Kind: llm.EventDelta, Block: index, Text: text})
	}
	for _, c := range decodeCitations(o.Get("citations")) {
		d.emit(llm.Event{Kind: llm.EventCitation, Block: index, Citation: c})
	}
	if signature := o.Str("signature"); signature != "" {
		d.seal(index, signature)
	}
}

func (d *Decoder) delta(index int, o *wire.Object) {
	if d.skipped[index] {
		return
	}
	text := ""
	switch kind := o.Str("type"); kind {
	case "text_delta":
		text = o.Str("text")
	case "thinking_delta":
		text = o.Str("thinking")
	case "input_json_delta":
		text = o.Str("partial_json")
	case "signature_delta":
		d.seal(index, o.Str("signature"))
	case "citations_delta":
		d.emit(llm.Event{Kind: llm.EventCitation, Block: index, Citation: decodeCitation(o.Get("citation"))})
	default:
		d.drops.Add(kind, "a delta of Anthropic's own")
	}
	if text != "" {
		d.emit(llm.Event{Kind: llm.EventDelta, Block: index, Text: text})
	}
}

func (d *Decoder) seal(index int, signature string) {
	t := &llm.Thinking{Seal: signature, Format: llm.SealAnthropic}
	d.emit(llm.Event{Kind: llm.EventSeal, Block: index, Part: t})
}

// messageDelta tells the end and the counts.
func (d *Decoder) messageDelta(o *wire.Object) {
	mergeUsage(&d.usage, o.Object("usage"))
	if d.usage.Known {
		d.emit(llm.Event{Kind: llm.EventUsage, Usage: d.usage})
	}
	delta := o.Object("delta")
	if reason := delta.Str("stop_reason"); reason != "" {
		d.emit(llm.Event{Kind: llm.EventStop, Stop: decodeStop(reason), Sequence: delta.Str("stop_sequence")})
	}
	if delta.Get("stop_details") != nil {
		d.drops.Add("stop_details", "the client's protocol has no details of a refusal")
	}
}
