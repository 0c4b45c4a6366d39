package answers

import (
	"encoding/json"
	"slices"
)

func response(r *Request) (*Answer, *failure) {
	req, f := decode[responsesRequest](r)
	if f != nil {
		return nil, f
	}
	if f := req.check(); f != nil {
		return nil, f
	}
	a := &responseAnswer{req: req, mint: r.mint(), created: r.Now.Unix(), reply: req.conversation().compose()}
	a.id = a.mint.response()
	if req.Stream {
		return stream(a.stream()), nil
	}
	return plain(a.object(a.status(), a.items())), nil
}

// responseAnswer writes a reply as a response object.
type responseAnswer struct {
	req     *responsesRequest
	mint    mint
	id      string
	created int64
	reply   reply
}

func (a *responseAnswer) status() string {
	if a.reply.finish == finishLength || a.reply.finish == finishRefusal {
		return "incomplete"
	}
	return "completed"
}

// items are the output items: the reasoning, then the message or the calls.
func (a *responseAnswer) items() []object {
	var items []object
	if a.reply.usage.reasoning > 0 {
		items = append(items, a.reasoning(a.mint.item("rs")))
	}
	if a.reply.text != "" || len(a.reply.calls) == 0 {
		items = append(items, textItem(a.mint.item("msg"), a.status(), list{textPart(a.reply.text)}))
	}
	for _, c := range a.reply.calls {
		items = append(items, callItem(a.mint.item("fc"), a.mint.call(), c.name, c.arguments, "completed"))
	}
	return items
}

func (a *responseAnswer) reasoning(id string) object {
	summary := list{}
	if a.reply.thinking != "" {
		summary = list{summaryPart(a.reply.thinking)}
	}
	item := object{{"id", id}, {"type", "reasoning"}, {"summary", summary}}
	if a.req.encrypted() {
		item = item.with(field{"encrypted_content", signature(id)})
	}
	return item
}

func summaryPart(text string) object { return object{{"type", "summary_text"}, {"text", text}} }

func textPart(text string) object {
	return object{{"type", "output_text"}, {"annotations", list{}}, {"logprobs", list{}}, {"text", text}}
}

func textItem(id, status string, content list) object {
	return object{{"id", id}, {"type", "message"}, {"status", status}, {"content", content}, {"role", "assistant"}}
}

func callItem(id, callID, name, arguments, status string) object {
	return object{
		{"id", id}, {"type", "function_call"}, {"status", status},
		{"arguments", arguments}, {"call_id", callID}, {"name", name},
	}
}

// object is the response in one of its states; it has its usage only at the end.
func (a *responseAnswer) object(status string, items []object) object {
	var incomplete, used any
	if status != "in_progress" {
		used = a.usage()
	}
	if status == "incomplete" {
		reason := "max_output_tokens"
		if a.reply.finish == finishRefusal {
			reason = "content_filter"
		}
		incomplete = object{{"reason", reason}}
	}
	output := list{}
	for _, item := range items {
		output = append(output, item)
	}
	return slices.Concat(object{
		{"id", a.id}, {"object", "response"}, {"created_at", a.created}, {"status", status}, {"background", false},
		{"error", nil}, {"incomplete_details", incomplete},
	}, a.echo(), object{{"output", output}, {"usage", used}})
}

// echo repeats the request's settings as the response object does, with OpenAI's defaults.
func (a *responseAnswer) echo() object {
	req := a.req
	return object{
		{"instructions", req.Instructions},
		{"max_output_tokens", req.MaxOutputTokens},
		{"max_tool_calls", nil},
		{"model", req.Model},
		{"parallel_tool_calls", valueOr(req.ParallelToolCalls, true)},
		{"previous_response_id", orNull(req.PreviousResponseID)},
		{"prompt_cache_key", nil},
		{"reasoning", object{{"effort", orNull(req.Reasoning.Effort)}, {"summary", orNull(req.Reasoning.Summary)}}},
		{"safety_identifier", nil},
		{"service_tier", "default"},
		{"store", valueOr(req.Store, true)},
		{"temperature", valueOr(req.Temperature, 1)},
		{"text", object{{"format", a.format()}, {"verbosity", "medium"}}},
		{"tool_choice", rawOr(req.ToolChoice, "auto")},
		{"tools", rawOr(req.Tools, list{})},
		{"top_logprobs", 0},
		{"top_p", valueOr(req.TopP, 1)},
		{"truncation", "disabled"},
		{"user", nil},
		{"metadata", rawOr(req.Metadata, object{})},
	}
}

func (a *responseAnswer) format() object {
	format := a.req.Text.Format
	switch format.Type {
	case "":
		return object{{"type", "text"}}
	case "json_schema":
		return object{
			{"type", format.Type}, {"description", nil}, {"name", format.Name},
			{"schema", rawOr(format.Schema, object{})}, {"strict", true},
		}
	}
	return object{{"type", format.Type}}
}

func (a *responseAnswer) usage() object {
	u := a.reply.usage
	return object{
		{"input_tokens", u.input},
		{"input_tokens_details", object{{"cached_tokens", u.cached}, {"cache_write_tokens", u.written}}},
		{"output_tokens", u.output},
		{"output_tokens_details", object{{"reasoning_tokens", u.reasoning}}},
		{"total_tokens", u.input + u.output},
	}
}

func valueOr[T any](given *T, usual T) T {
	if given == nil {
		return usual
	}
	return *given
}

func rawOr(given json.RawMessage, usual any) any {
	if len(given) == 0 || string(given) == "null" {
		return usual
	}
	return given
}
