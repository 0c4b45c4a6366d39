package responses

import (
	"strings"

	"squirrel/proxy/convert/wire"
	"squirrel/proxy/llm"
)

// Encoder writes the events of a Responses stream. It implements [llm.Encoder]. The protocol repeats every text at its
// end and the whole answer at the very end, so the encoder keeps it; the [llm.Sequencer] bounds its size.
type Encoder struct {
	w       wire.Writer
	object  object
	items   wire.Writer // the finished items, as elements of an array
	number  int64       // of the next event
	index   int         // of the open item
	started bool

	part      llm.Part
	id        string
	text      strings.Builder
	citations []llm.Citation
	inSection bool // the open reasoning item has begun its summary
	drops     llm.Drops
}

// NewEncoder returns an encoder for one stream.
func NewEncoder(opt llm.AnswerOptions) *Encoder { return &Encoder{object: object{opt: opt}} }

// Take returns what was written since the last call. It is valid until more is written.
func (e *Encoder) Take() []byte { return e.w.Lend() }

// Dropped returns what the protocol could not hold.
func (e *Encoder) Dropped() []llm.Dropped { return e.drops.List() }

// begin opens an event. Every event has its number.
func (e *Encoder) begin(name string) {
	e.w.Event(name)
	e.w.Object("")
	e.w.Str("type", name)
	e.w.Int("sequence_number", e.number)
	e.number++
}

func (e *Encoder) end() {
	e.w.EndObject()
	e.w.EndEvent()
}

// beginItem opens an event about the open item, beginPart one about its only content part.
func (e *Encoder) beginItem(name string) {
	e.begin(name)
	e.w.Str("item_id", e.id)
	e.w.Int("output_index", int64(e.index))
}

func (e *Encoder) beginPart(name string) {
	e.beginItem(name)
	if _, ok := e.part.(*llm.Thinking); ok {
		e.w.Int("summary_index", 0)
		return
	}
	e.w.Int("content_index", 0)
}

// Start sends response.created and response.in_progress.
func (e *Encoder) Start(id, model string, _ llm.Usage) {
	e.started = true
	o := &e.object
	o.id, o.base, o.model = o.opt.IDWith("resp_", id), o.opt.IDWith("", id), model
	o.status = "in_progress"
	e.items.Array("")
	for _, name := range []string{"response.created", "response.in_progress"} {
		e.response(name)
	}
}

func (e *Encoder) response(name string) {
	e.begin(name)
	e.object.write(&e.w, "response")
	e.end()
}

// Open sends output_item.added and, for text, content_part.added.
func (e *Encoder) Open(p llm.Part) {
	e.part = p
	e.id = e.object.itemID(p, e.index)
	e.text.Reset()
	e.citations, e.inSection = nil, false
	e.begin("response.output_item.added")
	e.w.Int("output_index", int64(e.index))
	e.w.Literal(`,"item":`)
	switch p := p.(type) {
	case *llm.Text:
		writeMessageItem(&e.w, e.id, "in_progress", func() {})
	case *llm.Thinking:
		writeReasoningItem(&e.w, e.id, &llm.Thinking{})
	case *llm.ToolCall:
		head := *p
		head.Arguments = ""
		writeCallItem(&e.w, &head, e.id, "in_progress")
	}
	e.end()
	if t, ok := p.(*llm.Text); ok {
		e.beginPart("response.content_part.added")
		writeTextPart(&e.w, "part", &llm.Text{Refusal: t.Refusal}, &e.drops)
		e.end()
	}
}

// Delta sends a piece of the open item.
func (e *Encoder) Delta(text string) {
	if text == "" {
		return
	}
	e.text.WriteString(text)
	switch p := e.part.(type) {
	case *llm.Text:
		if p.Refusal {
			e.beginPart("response.refusal.delta")
			break
		}
		e.beginPart("response.output_text.delta")
		e.w.Array("logprobs")
		e.w.EndArray()
	case *llm.Thinking:
		e.openSection()
		e.beginPart("response.reasoning_summary_text.delta")
	case *llm.ToolCall:
		e.beginItem(callEvent(p, "delta"))
	}
	e.w.Str("delta", text)
	e.end()
}

func callEvent(p *llm.ToolCall, suffix string) string {
	if p.Custom {
		return "response.custom_tool_call_input." + suffix
	}
	return "response.function_call_arguments." + suffix
}

// openSection begins the summary of a reasoning item with its first text.
func (e *Encoder) openSection() {
	if e.inSection {
		return
	}
	e.inSection = true
	e.section("response.reasoning_summary_part.added", "")
}

func (e *Encoder) section(name, text string) {
	e.beginPart(name)
	e.w.Object("part")
	e.w.Str("type", "summary_text")
	e.w.Str("text", text)
	e.w.EndObject()
	e.end()
}

// Seal keeps the encrypted content for the end of the item. Its id was sent with the item's begin and stays.
func (e *Encoder) Seal(t *llm.Thinking) {
	if open, ok := e.part.(*llm.Thinking); ok {
		sealed := *open
		sealed.Seal, sealed.Format, sealed.ID = t.Seal, t.Format, t.ID
		e.part = &sealed
	}
}

// Cite sends a source of the open text.
func (e *Encoder) Cite(c llm.Citation) {
	if t, ok := e.part.(*llm.Text); !ok || t.Refusal || c.URL == "" && c.From != llm.Responses {
		e.drops.Add("citations", "the Responses API has no such citation")
		return
	}
	e.beginPart("response.output_text.annotation.added")
	e.w.Int("annotation_index", int64(len(e.citations)))
	writeAnnotation(&e.w, "annotation", c, &e.drops)
	e.end()
	e.citations = append(e.citations, c)
}

// Close sends the whole text once more and output_item.done, and keeps the item for the end.
func (e *Encoder) Close() {
	text := e.text.String()
	var done llm.Part
	switch p := e.part.(type) {
	case *llm.Text:
		whole := &llm.Text{Text: text, Refusal: p.Refusal, Citations: e.citations}
		e.closeText(whole)
		done = whole
	case *llm.Thinking:
		sealed := *p
		sealed.Text = text
		if e.inSection {
			e.beginPart("response.reasoning_summary_text.done")
			e.w.Str("text", text)
			e.end()
			e.section("response.reasoning_summary_part.done", text)
		}
		done = &sealed
	case *llm.ToolCall:
		done = e.closeCall(p, text)
	}
	mark := e.items.Len()
	e.writeDone(done)
	item := e.items.Bytes()[mark:]
	e.begin("response.output_item.done")
	e.w.Int("output_index", int64(e.index))
	e.w.Raw("item", trimComma(item))
	e.end()
	e.index++
	e.part = nil
}

func trimComma(item []byte) []byte {
	if len(item) > 0 && item[0] == ',' {
		return item[1:]
	}
	return item
}

// writeDone appends the finished item to those of the final object, under the id it was announced with.
func (e *Encoder) writeDone(done llm.Part) {
	switch p := done.(type) {
	case *llm.Thinking:
		writeReasoningItem(&e.items, e.id, p)
	default:
		e.object.writeItem(&e.items, e.index, p, &e.drops)
	}
}

func (e *Encoder) closeText(p *llm.Text) {
	if p.Refusal {
		e.beginPart("response.refusal.done")
		e.w.Str("refusal", p.Text)
	} else {
		e.beginPart("response.output_text.done")
		e.w.Str("text", p.Text)
		e.w.Array("logprobs")
		e.w.EndArray()
	}
	e.end()
	e.beginPart("response.content_part.done")
	writeTextPart(&e.w, "part", p, &e.drops)
	e.end()
}

// closeCall ends a call; clients parse its arguments, so one without any gets an empty object.
func (e *Encoder) closeCall(p *llm.ToolCall, text string) *llm.ToolCall {
	field := "arguments"
	if p.Custom {
		field = "input"
	} else if text == "" {
		e.Delta("{}")
		text = "{}"
	}
	e.beginItem(callEvent(p, "done"))
	if !p.Custom {
		e.w.Str("name", p.Name)
	}
	e.w.Str(field, text)
	e.end()
	done := *p
	done.Arguments = text
	return &done
}

// Finish sends response.completed or response.incomplete with the whole answer.
func (e *Encoder) Finish(stop llm.StopReason, _ string, usage llm.Usage) {
	e.object.status, e.object.incomplete = statusOf(stop)
	e.object.usage = usage
	e.items.EndArray()
	e.object.output = e.items.Take()
	e.response("response." + e.object.status)
}

// Fail sends response.failed with what there is of the answer.
func (e *Encoder) Fail(err *llm.Error) {
	if !e.started {
		e.Start("", "", llm.Usage{})
	}
	e.object.status, e.object.failure = "failed", err
	e.items.EndArray()
	e.object.output = e.items.Take()
	e.response("response.failed")
}
