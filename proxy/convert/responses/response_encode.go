package responses

import (
	"encoding/json"
	"strconv"

	"squirrel/proxy/convert/wire"
	"squirrel/proxy/llm"
)

// EncodeResponse writes an answer and reports what it could not hold.
func EncodeResponse(r *llm.Response, opt llm.AnswerOptions) ([]byte, []llm.Dropped) {
	var drops llm.Drops
	drops.AddAll(r.Dropped)
	o := object{opt: opt, id: opt.IDWith("resp_", r.ID), base: opt.IDWith("", r.ID), model: r.Model, usage: r.Usage}
	o.status, o.incomplete = statusOf(r.Stop)
	var items wire.Writer
	items.Array("")
	n := 0
	for _, p := range r.Parts {
		if o.writeItem(&items, n, p, &drops) {
			n++
		}
	}
	items.EndArray()
	o.output = items.Take()
	var w wire.Writer
	o.write(&w, "")
	return w.Take(), drops.List()
}

// statusOf returns the status of an ended response and why it is incomplete.
func statusOf(stop llm.StopReason) (status, incomplete string) {
	switch stop {
	case llm.StopLength:
		return "incomplete", "max_output_tokens"
	case llm.StopFilter:
		return "incomplete", "content_filter"
	}
	return "completed", ""
}

// object is a response object, which an answer is and the events of a stream repeat.
type object struct {
	opt        llm.AnswerOptions
	id, base   string
	model      string
	status     string
	incomplete string
	failure    *llm.Error
	output     json.RawMessage
	usage      llm.Usage
}

// itemID makes the id of the item at index n. It is the same in every event and in the final object.
func (o *object) itemID(p llm.Part, n int) string {
	prefix := "msg_"
	switch p := p.(type) {
	case *llm.Thinking:
		if p.ID != "" {
			return p.ID
		}
		prefix = "rs_"
	case *llm.ToolCall:
		prefix = "fc_"
		if p.Custom {
			prefix = "ctc_"
		}
	}
	return prefix + o.base + "_" + strconv.Itoa(n)
}

// writeItem writes a finished output item and reports whether the part was one.
func (o *object) writeItem(w *wire.Writer, n int, p llm.Part, drops *llm.Drops) bool {
	id := o.itemID(p, n)
	switch p := p.(type) {
	case *llm.Text:
		writeMessageItem(w, id, "completed", func() { writeTextPart(w, "", p, drops) })
	case *llm.Thinking:
		writeReasoningItem(w, id, p)
	case *llm.ToolCall:
		writeCallItem(w, p, id, "completed")
	case *llm.Opaque:
		if p.From != llm.Responses {
			drops.Add(p.Type, "the Responses API has no such item")
			return false
		}
		w.Raw("", p.Raw)
	default:
		drops.Add("content", "an answer of the Responses API holds no such part")
		return false
	}
	return true
}

func writeMessageItem(w *wire.Writer, id, status string, content func()) {
	w.Object("")
	w.Str("type", "message")
	w.Str("id", id)
	w.Str("status", status)
	w.Str("role", "assistant")
	w.Array("content")
	content()
	w.EndArray()
	w.EndObject()
}

// writeTextPart writes the only content part of a message item.
func writeTextPart(w *wire.Writer, name string, p *llm.Text, drops *llm.Drops) {
	w.Object(name)
	if p.Refusal {
		w.Str("type", "refusal")
		w.Str("refusal", p.Text)
		w.EndObject()
		return
	}
	w.Str("type", "output_text")
	w.Str("text", p.Text)
	w.Array("annotations")
	for _, c := range p.Citations {
		writeAnnotation(w, "", c, drops)
	}
	w.EndArray()
	w.Array("logprobs")
	w.EndArray()
	w.EndObject()
}

// writeAnnotation writes a source and reports whether it could be said.
func writeAnnotation(w *wire.Writer, name string, c llm.Citation, drops *llm.Drops) bool {
	switch {
	case c.From == llm.Responses && c.Raw != nil:
		w.Raw(name, c.Raw)
	case c.URL != "":
		w.Object(name)
		w.Str("type", "url_citation")
		w.Str("url", c.URL)
		w.Str("title", c.Title)
		w.Int("start_index", c.Start)
		w.Int("end_index", c.End)
		w.EndObject()
	default:
		drops.Add("citations", "the Responses API has no such citation")
		return false
	}
	return true
}

func writeReasoningItem(w *wire.Writer, id string, t *llm.Thinking) {
	w.Object("")
	w.Str("type", "reasoning")
	w.Str("id", id)
	writeSummary(w, t.Text)
	if t.Seal == "" {
		w.Null("encrypted_content")
	} else {
		w.Str("encrypted_content", sealOf(t))
	}
	w.EndObject()
}

// write writes the object with all members the reference requires; what the request said is repeated.
func (o *object) write(w *wire.Writer, name string) {
	w.Object(name)
	w.Str("id", o.id)
	w.Str("object", "response")
	w.Int("created_at", o.opt.Created)
	w.Str("status", o.status)
	w.Bool("background", false)
	o.writeEnd(w)
	o.echo(w, "instructions", "null")
	o.echo(w, "max_output_tokens", "null")
	o.echo(w, "max_tool_calls", "null")
	w.Str("model", o.opt.ModelOr(o.model))
	if o.output == nil {
		w.Array("output")
		w.EndArray()
	} else {
		w.Raw("output", o.output)
	}
	o.echo(w, "parallel_tool_calls", "true")
	o.echo(w, "previous_response_id", "null")
	o.echo(w, "prompt_cache_key", "null")
	o.echo(w, "reasoning", `{"effort":null,"summary":null}`)
	o.echo(w, "safety_identifier", "null")
	o.echo(w, "store", "false")
	o.echo(w, "temperature", "null")
	o.echo(w, "text", `{"format":{"type":"text"}}`)
	o.echo(w, "tool_choice", `"auto"`)
	o.echo(w, "tools", "[]")
	o.echo(w, "top_logprobs", "0")
	o.echo(w, "top_p", "null")
	o.echo(w, "truncation", `"disabled"`)
	o.writeUsage(w)
	o.echo(w, "user", "null")
	o.echo(w, "metadata", "{}")
	w.EndObject()
}

// writeEnd writes why the response failed or is incomplete.
func (o *object) writeEnd(w *wire.Writer) {
	if o.failure == nil {
		w.Null("error")
	} else {
		w.Object("error")
		code := o.failure.Code
		if code == "" {
			code = codeOf(o.failure.Type)
		}
		w.Str("code", code)
		w.Str("message", o.failure.Message)
		w.EndObject()
	}
	if o.incomplete == "" {
		w.Null("incomplete_details")
		return
	}
	w.Object("incomplete_details")
	w.Str("reason", o.incomplete)
	w.EndObject()
}

// codeOf returns the code clients know for a class of errors.
func codeOf(t llm.ErrorType) string {
	switch t {
	case llm.ErrRateLimit:
		return "rate_limit_exceeded"
	case llm.ErrOverloaded:
		return "server_is_overloaded"
	case llm.ErrInvalidRequest, llm.ErrTooLarge:
		return "invalid_prompt"
	}
	return "server_error"
}

func (o *object) echo(w *wire.Writer, name, otherwise string) {
	for _, f := range o.opt.Echo {
		if f.Name == name {
			w.Raw(name, f.Value)
			return
		}
	}
	w.Raw(name, json.RawMessage(otherwise))
}

func (o *object) writeUsage(w *wire.Writer) {
	u := o.usage
	if !u.Known {
		w.Null("usage")
		return
	}
	w.Object("usage")
	w.Int("input_tokens", u.Input)
	w.Object("input_tokens_details")
	w.Int("cached_tokens", u.CachedInput)
	w.Int("cache_write_tokens", u.CacheWrite)
	w.EndObject()
	w.Int("output_tokens", u.Output)
	w.Object("output_tokens_details")
	w.Int("reasoning_tokens", u.Reasoning)
	w.EndObject()
	w.Int("total_tokens", u.Input+u.Output)
	w.EndObject()
}
