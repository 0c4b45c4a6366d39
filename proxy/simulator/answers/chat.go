package answers

const fingerprint = "fp_51a5c0de42"

func chatCompletion(r *Request) (*Answer, *failure) {
	req, f := decode[chatRequest](r)
	if f != nil {
		return nil, f
	}
	if f := req.check(); f != nil {
		return nil, f
	}
	c := req.conversation()
	a := &chatAnswer{
		mint: r.mint(), created: r.Now.Unix(), model: req.Model, reply: c.compose(),
		choices: max(firstOf(req.N), 1), usageAsked: req.StreamOptions.IncludeUsage,
	}
	a.id = a.mint.chat()
	if req.Stream {
		return stream(a.stream()), nil
	}
	return plain(a.whole()), nil
}

// chatAnswer writes a reply as a chat completion.
type chatAnswer struct {
	mint       mint
	id         string
	created    int64
	model      string
	reply      reply
	choices    int
	usageAsked bool
}

func (a *chatAnswer) whole() object {
	choices := list{}
	for i := range a.choices {
		choices = append(choices, object{
			{"index", i}, {"message", a.message()}, {"logprobs", nil}, {"finish_reason", chatFinish(a.reply.finish)},
		})
	}
	return object{
		{"id", a.id}, {"object", "chat.completion"}, {"created", a.created}, {"model", a.model}, {"choices", choices},
		{"usage", a.usage()}, {"service_tier", "default"}, {"system_fingerprint", fingerprint},
	}
}

func (a *chatAnswer) message() object {
	m := object{{"role", "assistant"}, {"content", a.reply.text}, {"refusal", nil}, {"annotations", list{}}}
	if a.reply.text == "" && len(a.reply.calls) > 0 {
		m[1].value = nil
	}
	if a.reply.thinking != "" {
		m = m.with(field{"reasoning_content", a.reply.thinking})
	}
	if len(a.reply.calls) == 0 {
		return m
	}
	calls := list{}
	for _, c := range a.reply.calls {
		calls = append(calls, object{
			{"id", a.mint.call()}, {"type", "function"}, {"function", object{{"name", c.name}, {"arguments", c.arguments}}},
		})
	}
	return m.with(field{"tool_calls", calls})
}

func (a *chatAnswer) usage() object {
	return chatUsage(usage{
		input: a.reply.usage.input, cached: a.reply.usage.cached,
		output: a.reply.usage.output * a.choices, reasoning: a.reply.usage.reasoning * a.choices,
	})
}

func chatUsage(u usage) object {
	return object{
		{"prompt_tokens", u.input},
		{"completion_tokens", u.output},
		{"total_tokens", u.input + u.output},
		{"prompt_tokens_details", object{{"cached_tokens", u.cached}, {"audio_tokens", 0}}},
		{"completion_tokens_details", object{
			{"reasoning_tokens", u.reasoning}, {"audio_tokens", 0}, {"accepted_prediction_tokens", 0}, {"rejected_prediction_tokens", 0},
		}},
	}
}

// stream lists the chunks: role, reasoning, text, calls, finish of each choice, the usage when asked for, and [DONE].
func (a *chatAnswer) stream() []Event {
	var events []Event
	for i := range a.choices {
		events = append(events, a.choiceStream(i)...)
	}
	if a.usageAsked {
		events = append(events, a.chunk(list{}, a.usage()))
	}
	return append(events, done)
}

var done = Event{Data: []byte("[DONE]")}

func (a *chatAnswer) choiceStream(index int) []Event {
	first := object{{"role", "assistant"}, {"content", ""}, {"refusal", nil}}
	if len(a.reply.calls) > 0 {
		first[1].value = nil
	}
	events := []Event{a.delta(index, first, nil)}
	for _, p := range pieces(a.reply.thinking) {
		events = append(events, a.delta(index, object{{"reasoning_content", p}}, nil))
	}
	for _, p := range pieces(a.reply.text) {
		events = append(events, a.delta(index, object{{"content", p}}, nil))
	}
	for n, c := range a.reply.calls {
		events = append(events, a.callStream(index, n, c)...)
	}
	return append(events, a.delta(index, object{}, chatFinish(a.reply.finish)))
}

// callStream names the call once and then sends its arguments in fragments, as OpenAI does.
func (a *chatAnswer) callStream(index, n int, c call) []Event {
	events := []Event{a.delta(index, object{{"tool_calls", list{object{
		{"index", n}, {"id", a.mint.call()}, {"type", "function"},
		{"function", object{{"name", c.name}, {"arguments", ""}}},
	}}}}, nil)}
	for _, part := range fragments(c.arguments, 8) {
		events = append(events, a.delta(index, object{{"tool_calls", list{object{
			{"index", n}, {"function", object{{"arguments", part}}},
		}}}}, nil))
	}
	return events
}

func (a *chatAnswer) delta(index int, delta object, finish any) Event {
	return a.chunk(list{object{{"index", index}, {"delta", delta}, {"logprobs", nil}, {"finish_reason", finish}}}, nil)
}

func (a *chatAnswer) chunk(choices list, usage any) Event {
	chunk := object{
		{"id", a.id}, {"object", "chat.completion.chunk"}, {"created", a.created}, {"model", a.model},
		{"service_tier", "default"}, {"system_fingerprint", fingerprint}, {"choices", choices},
	}
	if a.usageAsked {
		chunk = chunk.with(field{"usage", usage})
	}
	return Event{Data: encode(chunk)}
}

func chatFinish(f finish) string {
	switch f {
	case finishLength:
		return "length"
	case finishTools:
		return "tool_calls"
	case finishRefusal:
		return "content_filter"
	}
	return "stop"
}
