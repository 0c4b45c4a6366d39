package answers

import (
	"strings"

	"squirrel/models"
)

// Bench is an answer of a fixed size for measurements: a text of about 1 KB, or with events > 0 a stream of that many text
// events. With counted, a chat stream ends in its usage. Endpoints other than those of conversations have none.
func Bench(e models.Endpoint, model string, events int, counted bool) (*Answer, bool) {
	r := reply{text: strings.Repeat("squirrels store acorns ", 44), usage: usage{input: 200, output: 200}}
	if events > 0 {
		r.text = strings.Repeat("acorn ", events-1) + "acorn."
		r.usage.output = events
	}
	id := (&Request{Seed: 1}).mint()
	const created = 1_767_225_600
	switch e {
	case models.EndpointChat:
		a := &chatAnswer{mint: id, id: id.chat(), created: created, model: model, reply: r, choices: 1, usageAsked: counted}
		return benchAnswer(events, a.whole, a.stream), true
	case models.EndpointMessages:
		a := &messageAnswer{mint: id, id: id.message(), model: model, reply: r}
		return benchAnswer(events, a.whole, a.stream), true
	case models.EndpointResponses:
		a := &responseAnswer{req: &responsesRequest{Model: model}, mint: id, id: id.response(), created: created, reply: r}
		return benchAnswer(events, func() object { return a.object("completed", a.items()) }, a.stream), true
	}
	return nil, false
}

func benchAnswer(events int, whole func() object, streamed func() []Event) *Answer {
	if events == 0 {
		return plain(whole())
	}
	return stream(streamed())
}
