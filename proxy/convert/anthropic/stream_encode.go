package anthropic

import (
	"squirrel/proxy/convert/wire"
	"squirrel/proxy/llm"
)

// Encoder writes the events of a Messages stream. It implements [llm.Encoder].
type Encoder struct {
	w     wire.Writer
	opt   llm.AnswerOptions
	part  llm.Part
	index int64
	empty bool // the open call has no input yet
	drops llm.Drops
}

// NewEncoder returns an encoder for one stream.
func NewEncoder(opt llm.AnswerOptions) *Encoder { return &Encoder{opt: opt} }

// Take returns what was written since the last call. It is valid until more is written.
func (e *Encoder) Take() []byte { return e.w.Lend() }

// Dropped returns what the protocol could not hold.
func (e *Encoder) Dropped() []llm.Dropped { return e.drops.List() }

func (e *Encoder) begin(name string) {
	e.w.Event(name)
	e.w.Object("")
	e.w.Str("type", name)
}

func (e *Encoder) end() {
	e.w.EndObject()
	e.w.EndEvent()
}

// Start sends message_start. Clients show its input tokens before anything else is known, so an upstream that tells
// them late is stood in for by an estimate.
func (e *Encoder) Start(id, model string, usage llm.Usage) {
	if !usage.Known && e.opt.EstimatedInput != nil {
		usage.Input = e.opt.EstimatedInput()
	}
	w := &e.w
	e.begin("message_start")
	w.Object("message")
	w.Str("id", e.opt.IDWith("msg_", id))
	w.Str("type", "message")
	w.Str("role", "assistant")
	w.Str("model", e.opt.ModelOr(model))
	w.Array("content")
	w.EndArray()
	w.Null("stop_reason")
	w.Null("stop_sequence")
	writeUsage(w, usage)
	w.EndObject()
	e.end()
}

// Open sends content_block_start with the empty fields that strict clients ask for.
func (e *Encoder) Open(p llm.Part) {
	e.part = p
	w := &e.w
	e.begin("content_block_start")
	w.Int("index", e.index)
	switch p := p.(type) {
	case *llm.ToolCall:
		e.empty = true
		w.Object("content_block")
		w.Str("type", "tool_use")
		w.Str("id", p.ID)
		w.Str("name", p.Name)
		w.Object("input")
		w.EndObject()
	case *llm.Thinking:
		w.Object("content_block")
		if p.Redacted {
			w.Str("type", "redacted_thinking")
			w.Str("data", sealOf(p))
		} else {
			w.Str("type", "thinking")
			w.Str("thinking", "")
			w.Str("signature", "")
		}
	default:
		w.Object("content_block")
		w.Str("type", "text")
		w.Str("text", "")
	}
	w.EndObject()
	e.end()
	if t, ok := p.(*llm.Thinking); ok && t.Seal != "" && !t.Redacted {
		e.Seal(t)
	}
}

func sealOf(t *llm.Thinking) string {
	if t.Format == llm.SealAnthropic {
		return t.Seal
	}
	return llm.WrapSeal(t)
}

// Delta sends a piece of the open block.
func (e *Encoder) Delta(text string) {
	if text == "" {
		return
	}
	kind, field := "text_delta", "text"
	switch p := e.part.(type) {
	case *llm.Thinking:
		if p.Redacted {
			return
		}
		kind, field = "thinking_delta", "thinking"
	case *llm.ToolCall:
		kind, field = "input_json_delta", "partial_json"
		if p.Custom {
			text = e.customPiece(text)
		}
		e.empty = false
	}
	e.delta(kind, func(w *wire.Writer) { w.Str(field, text) })
}

// customPiece turns a piece of a call's free text into a piece of the object that holds it: clients parse every input.
func (e *Encoder) customPiece(text string) string {
	quoted := string(wire.AppendString(nil, text))
	piece := quoted[1 : len(quoted)-1]
	if e.empty {
		piece = `{"input":"` + piece
	}
	return piece
}

func (e *Encoder) delta(kind string, body func(*wire.Writer)) {
	e.begin("content_block_delta")
	e.w.Int("index", e.index)
	e.w.Object("delta")
	e.w.Str("type", kind)
	body(&e.w)
	e.w.EndObject()
	e.end()
}

// Seal sends the signature of the open thinking block.
func (e *Encoder) Seal(t *llm.Thinking) {
	open, ok := e.part.(*llm.Thinking)
	if !ok || open.Redacted || t.Seal == "" {
		return
	}
	e.delta("signature_delta", func(w *wire.Writer) { w.Str("signature", sealOf(t)) })
}

// Cite sends a source of the open text.
func (e *Encoder) Cite(c llm.Citation) {
	if _, ok := e.part.(*llm.Text); !ok || c.URL == "" && c.From != llm.Messages {
		e.drops.Add("annotations", "the Messages API has no such citation")
		return
	}
	e.delta("citations_delta", func(w *wire.Writer) { writeCitation(w, "citation", c) })
}

// Close sends content_block_stop. Clients parse the joined input of a call, so one without input gets an empty object.
func (e *Encoder) Close() {
	if call, ok := e.part.(*llm.ToolCall); ok {
		e.endInput(call)
	}
	e.begin("content_block_stop")
	e.w.Int("index", e.index)
	e.end()
	e.index++
	e.part = nil
}

func (e *Encoder) endInput(call *llm.ToolCall) {
	rest := ""
	if e.empty {
		rest = "{}"
	} else if call.Custom {
		rest = `"}`
	}
	if rest != "" {
		e.delta("input_json_delta", func(w *wire.Writer) { w.Str("partial_json", rest) })
	}
}

// Finish sends message_delta with the final counts, and message_stop.
func (e *Encoder) Finish(stop llm.StopReason, sequence string, usage llm.Usage) {
	if !usage.Known && e.opt.EstimatedInput != nil {
		usage.Input = e.opt.EstimatedInput()
	}
	w := &e.w
	e.begin("message_delta")
	w.Object("delta")
	w.Str("stop_reason", encodeStop(stop))
	w.StrOrNull("stop_sequence", sequence)
	w.EndObject()
	writeUsage(w, usage)
	e.end()
	e.begin("message_stop")
	e.end()
}

// Fail sends an error event and no message_stop.
func (e *Encoder) Fail(err *llm.Error) {
	e.w.Event("error")
	e.w.Literal(string(EncodeError(err)))
	e.w.EndEvent()
}
