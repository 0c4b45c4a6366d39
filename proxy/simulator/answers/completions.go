package answers

import "encoding/json"

type completionRequest struct {
	Model         string          `json:"model"`
	Prompt        json.RawMessage `json:"prompt"`
	Stream        bool            `json:"stream"`
	MaxTokens     *int            `json:"max_tokens"`
	Stop          json.RawMessage `json:"stop"`
	StreamOptions struct {
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options"`
}

// textCompletion answers the legacy endpoint /v1/completions. Unlike chat it stops after 16 tokens unless told otherwise.
func textCompletion(r *Request) (*Answer, *failure) {
	req, f := decode[completionRequest](r)
	if f != nil {
		return nil, f
	}
	if f := checkModel(req.Model); f != nil {
		return nil, f
	}
	a := req.answer(r)
	if req.Stream {
		return stream(a.stream()), nil
	}
	return plain(a.body(list{a.choice(a.reply.text, chatFinish(a.reply.finish))}, chatUsage(a.reply.usage))), nil
}

func (req *completionRequest) answer(r *Request) *completionAnswer {
	c := &conversation{model: req.Model, stream: req.Stream, limit: firstOf(req.MaxTokens, new(16)), stops: stringsOf(req.Stop)}
	for _, prompt := range stringsOf(req.Prompt) {
		c.addText("user", prompt)
	}
	return &completionAnswer{
		id: r.mint().text(), created: r.Now.Unix(), model: req.Model, reply: c.compose(), usageAsked: req.StreamOptions.IncludeUsage,
	}
}

type completionAnswer struct {
	id         string
	created    int64
	model      string
	reply      reply
	usageAsked bool
}

func (a *completionAnswer) choice(text string, finish any) object {
	return object{{"text", text}, {"index", 0}, {"logprobs", nil}, {"finish_reason", finish}}
}

func (a *completionAnswer) body(choices list, usage any) object {
	o := object{
		{"id", a.id}, {"object", "text_completion"}, {"created", a.created}, {"model", a.model},
		{"system_fingerprint", fingerprint}, {"choices", choices},
	}
	if usage != nil || a.usageAsked {
		o = o.with(field{"usage", usage})
	}
	return o
}

func (a *completionAnswer) stream() []Event {
	var events []Event
	for _, p := range pieces(a.reply.text) {
		events = append(events, Event{Data: encode(a.body(list{a.choice(p, nil)}, nil))})
	}
	events = append(events, Event{Data: encode(a.body(list{a.choice("", chatFinish(a.reply.finish))}, nil))})
	if a.usageAsked {
		events = append(events, Event{Data: encode(a.body(list{}, chatUsage(a.reply.usage)))})
	}
	return append(events, done)
}
