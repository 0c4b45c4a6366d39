package responses

import (
	"bytes"
	"strconv"
	"strings"

	"squirrel/proxy/body"
	"squirrel/proxy/convert/openai"
	"squirrel/proxy/convert/wire"
	"squirrel/proxy/llm"
)

// Decoder reads the events of a Responses stream.
type Decoder struct {
	id     string
	blocks map[int]*blockState
	drops  llm.Drops
	emit   func(llm.Event)
}

// blockState is what is known of one block: a content part, a reasoning item, or a call.
type blockState struct {
	wrote   bool  // some of its text came in deltas
	section int64 // the summary or content part its text is in
}

// NewDecoder returns a decoder for one stream.
func NewDecoder() *Decoder { return &Decoder{blocks: make(map[int]*blockState)} }

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
	if kind == "error" || kind == "" && o.Get("error") != nil {
		d.emit(llm.Event{Kind: llm.EventError, Err: openai.DecodeError(0, data)})
		return nil
	}
	d.event(strings.TrimPrefix(kind, "response."), o)
	return nil
}

func (d *Decoder) event(kind string, o *wire.Object) {
	item := int(o.Int("output_index"))
	switch kind {
	case "created", "in_progress":
		d.start(o.Object("response"))
	case "output_item.added":
		d.itemAdded(item, o.Object("item"))
	case "content_part.added":
		if o.Object("part").Str("type") == "output_text" {
			d.begin(partKey(o), &llm.Text{})
		}
	case "output_text.delta":
		d.delta(partKey(o), o.Str("delta"), &llm.Text{})
	case "refusal.delta":
		d.delta(partKey(o), o.Str("delta"), &llm.Text{Refusal: true})
	case "output_text.annotation.added":
		d.begin(partKey(o), &llm.Text{})
		d.emit(llm.Event{Kind: llm.EventCitation, Block: partKey(o), Citation: decodeAnnotation(o.Get("annotation"))})
	case "reasoning_summary_text.delta":
		d.reasoning(item, o.Int("summary_index"), o.Str("delta"))
	case "reasoning_text.delta":
		d.reasoning(item, o.Int("content_index"), o.Str("delta"))
	case "function_call_arguments.delta", "custom_tool_call_input.delta":
		d.delta(itemKey(item), o.Str("delta"), nil)
	case "output_item.done":
		d.itemDone(item, o.Object("item"))
	case "completed", "incomplete", "failed", "cancelled":
		d.end(kind, o.Object("response"))
	}
}

// Keys of the decoder's blocks: an item, or a content part of it.
func itemKey(item int) int { return item << 8 }

func partKey(o *wire.Object) int {
	return itemKey(int(o.Int("output_index"))) | int(o.Int("content_index")+1)&0xff
}

func (d *Decoder) start(response *wire.Object) {
	if d.id == "" {
		d.id = response.Str("id")
		d.emit(llm.Event{Kind: llm.EventStart, ID: d.id, Model: response.Str("model")})
	}
}

// begin opens a block unless it is open. A nil head only looks it up.
func (d *Decoder) begin(key int, head llm.Part) *blockState {
	b := d.blocks[key]
	if b == nil && head != nil {
		b = new(blockState)
		d.blocks[key] = b
		d.emit(llm.Event{Kind: llm.EventBlock, Block: key, Part: head})
	}
	return b
}

func (d *Decoder) delta(key int, text string, head llm.Part) {
	b := d.begin(key, head)
	if b == nil || text == "" {
		return
	}
	b.wrote = true
	d.emit(llm.Event{Kind: llm.EventDelta, Block: key, Text: text})
}

// reasoning appends to a reasoning item, whose sections are set apart by an empty line.
func (d *Decoder) reasoning(item int, section int64, text string) {
	key := itemKey(item)
	b := d.begin(key, &llm.Thinking{})
	if b.wrote && b.section != section {
		text = "\n\n" + text
	}
	b.section = section
	d.delta(key, text, nil)
}

// itemAdded begins calls. Messages begin with their parts, reasoning with its text.
func (d *Decoder) itemAdded(index int, item *wire.Object) {
	switch kind := item.Str("type"); kind {
	case "function_call", "custom_tool_call":
		d.begin(itemKey(index), d.call(index, item))
	case "message", "reasoning":
	default:
		d.drops.Add(kind, "an item of OpenAI's own")
	}
}

func (d *Decoder) call(index int, item *wire.Object) *llm.ToolCall {
	call := &llm.ToolCall{
		ID: item.Str("call_id"), Name: item.Str("name"), Namespace: item.Str("namespace"),
		Custom: item.Str("type") == "custom_tool_call",
	}
	if call.ID == "" {
		call.ID = "call_" + llm.BareID(d.id) + "_" + strconv.Itoa(index)
	}
	return call
}

// itemDone ends an item and adds what no delta said.
func (d *Decoder) itemDone(index int, item *wire.Object) {
	key := itemKey(index)
	switch item.Str("type") {
	case "function_call":
		d.complete(key, d.call(index, item), item.Str("arguments"))
	case "custom_tool_call":
		d.complete(key, d.call(index, item), item.Str("input"))
	case "reasoning":
		d.reasoningDone(key, decodeReasoning(item))
	case "message":
		for i, raw := range wire.Each(item.Get("content")) {
			part := wire.Parse(raw)
			head := &llm.Text{Refusal: part.Str("type") == "refusal"}
			text := part.Str("text")
			if head.Refusal {
				text = part.Str("refusal")
			}
			d.complete(key|(i+1)&0xff, head, text)
		}
	}
}

// complete ends a block, with its whole text if it had no deltas.
func (d *Decoder) complete(key int, head llm.Part, text string) {
	if b := d.begin(key, head); !b.wrote {
		d.delta(key, text, nil)
	}
	d.emit(llm.Event{Kind: llm.EventBlockEnd, Block: key})
}

// reasoningDone ends a reasoning item. One without text and seal tells nothing and is passed over.
func (d *Decoder) reasoningDone(key int, t *llm.Thinking) {
	if d.blocks[key] == nil && t.Text == "" && t.Seal == "" {
		return
	}
	if b := d.begin(key, &llm.Thinking{}); !b.wrote {
		d.delta(key, t.Text, nil)
	}
	d.emit(llm.Event{Kind: llm.EventSeal, Block: key, Part: t})
	d.emit(llm.Event{Kind: llm.EventBlockEnd, Block: key})
}

// end reads the final object. An upstream that sent nothing before has everything in it.
func (d *Decoder) end(kind string, response *wire.Object) {
	d.start(response)
	if kind == "failed" {
		d.emit(llm.Event{Kind: llm.EventError, Err: failureOf(response)})
		return
	}
	if len(d.blocks) == 0 {
		for i, raw := range wire.Each(response.Get("output")) {
			d.itemDone(i, wire.Parse(raw))
		}
	}
	if u := decodeUsage(response.Object("usage")); u.Known {
		d.emit(llm.Event{Kind: llm.EventUsage, Usage: u})
	}
	d.emit(llm.Event{Kind: llm.EventStop, Stop: decodeStop(response)})
	d.emit(llm.Event{Kind: llm.EventEnd})
}
