package openai

import (
	"squirrel/proxy/convert/wire"
	"squirrel/proxy/llm"
)

// Encoder writes the chunks of a chat completions stream. It implements [llm.Encoder].
type Encoder struct {
	w     wire.Writer
	opt   llm.AnswerOptions
	head  string // what every chunk begins with, up to its choices
	part  llm.Part
	calls int64 // tool calls begun
	empty bool  // the open call has no arguments yet
	drops llm.Drops
}

// NewEncoder returns an encoder for one stream.
func NewEncoder(opt llm.AnswerOptions) *Encoder { return &Encoder{opt: opt} }

// Take returns what was written since the last call. It is valid until more is written.
func (e *Encoder) Take() []byte { return e.w.Lend() }

// Dropped returns what the protocol could not hold.
func (e *Encoder) Dropped() []llm.Dropped { return e.drops.List() }

// Start sends the role.
func (e *Encoder) Start(id, model string, _ llm.Usage) {
	var w wire.Writer
	w.Object("")
	w.Str("id", e.opt.IDWith("chatcmpl-", id))
	w.Str("object", "chat.completion.chunk")
	w.Int("created", e.opt.Created)
	w.Str("model", e.opt.ModelOr(model))
	w.Null("system_fingerprint")
	e.head = string(w.Take())
	e.begin()
	e.w.Str("role", "assistant")
	e.w.Str("content", "")
	e.w.Null("refusal")
	e.end("")
}

// begin opens a chunk up to the inside of its delta.
func (e *Encoder) begin() {
	e.w.Event("")
	e.w.Literal(e.head)
	e.w.Array("choices")
	e.w.Object("")
	e.w.Int("index", 0)
	e.w.Object("delta")
}

// end closes what begin opened.
func (e *Encoder) end(finish string) {
	e.w.EndObject()
	e.w.Null("logprobs")
	e.w.StrOrNull("finish_reason", finish)
	e.w.EndObject()
	e.w.EndArray()
	if e.opt.IncludeUsage {
		e.w.Null("usage")
	}
	e.w.EndObject()
	e.w.EndEvent()
}

// Open sends the head of a tool call; text and thinking need none.
func (e *Encoder) Open(p llm.Part) {
	e.part = p
	switch p := p.(type) {
	case *llm.ToolCall:
		e.openCall(p)
	case *llm.Thinking:
		if p.Seal != "" {
			e.Seal(p)
		}
	}
}

func (e *Encoder) openCall(call *llm.ToolCall) {
	e.calls++
	e.empty = true
	e.begin()
	e.w.Array("tool_calls")
	e.w.Object("")
	e.w.Int("index", e.calls-1)
	e.w.Str("id", call.ID)
	kind, field := "function", "arguments"
	if call.Custom {
		kind, field = "custom", "input"
	}
	e.w.Str("type", kind)
	e.w.Object(kind)
	e.w.Str("name", call.Name)
	e.w.Str(field, "")
	e.w.EndObject()
	e.w.EndObject()
	e.w.EndArray()
	e.end("")
}

// Delta sends a piece of the open block.
func (e *Encoder) Delta(text string) {
	if text == "" {
		return
	}
	switch p := e.part.(type) {
	case *llm.Text:
		e.deltaText(p, text)
	case *llm.Thinking:
		e.begin()
		e.w.Str("reasoning_content", text)
		e.end("")
	case *llm.ToolCall:
		e.deltaCall(p, text)
	}
}

func (e *Encoder) deltaText(p *llm.Text, text string) {
	e.begin()
	if p.Refusal {
		e.w.Str("refusal", text)
	} else {
		e.w.Str("content", text)
	}
	e.end("")
}

func (e *Encoder) deltaCall(call *llm.ToolCall, text string) {
	e.empty = false
	e.begin()
	e.w.Array("tool_calls")
	e.w.Object("")
	e.w.Int("index", e.calls-1)
	if call.Custom {
		e.w.Object("custom")
		e.w.Str("input", text)
	} else {
		e.w.Object("function")
		e.w.Str("arguments", text)
	}
	e.w.EndObject()
	e.w.EndObject()
	e.w.EndArray()
	e.end("")
}

// Seal sends the opaque part of the reasoning, for the client to send back.
func (e *Encoder) Seal(t *llm.Thinking) {
	if t.Seal == "" {
		return
	}
	e.begin()
	e.w.Raw("reasoning_details", rawDetails(t))
	e.end("")
}

// Cite sends a source.
func (e *Encoder) Cite(c llm.Citation) {
	if c.URL == "" && c.From != llm.Chat {
		e.drops.Add("citations", "chat completions cite web pages only")
		return
	}
	e.begin()
	writeAnnotations(&e.w, []llm.Citation{c}, &e.drops)
	e.end("")
}

// Close gives a call without arguments an empty object.
func (e *Encoder) Close() {
	if call, ok := e.part.(*llm.ToolCall); ok && e.empty && !call.Custom {
		e.Delta("{}")
	}
	e.part = nil
}

// Finish sends the reason, the usage if it is known and the client asked for it, and the terminator.
func (e *Encoder) Finish(stop llm.StopReason, _ string, usage llm.Usage) {
	e.begin()
	e.end(encodeFinish(stop))
	if e.opt.IncludeUsage && usage.Known {
		e.w.Event("")
		e.w.Literal(e.head)
		e.w.Array("choices")
		e.w.EndArray()
		writeUsage(&e.w, usage)
		e.w.EndObject()
		e.w.EndEvent()
	}
	e.w.Literal("data: [DONE]\n\n")
}

// Fail sends an error and no terminator.
func (e *Encoder) Fail(err *llm.Error) {
	e.w.Event("")
	e.w.Literal(string(EncodeError(err)))
	e.w.EndEvent()
}
