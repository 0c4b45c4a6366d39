package answers

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
)

func message(r *Request) (*Answer, *failure) {
	req, f := decode[messagesRequest](r)
	if f != nil {
		return nil, f
	}
	if f := req.check(false); f != nil {
		return nil, f
	}
	a := &messageAnswer{mint: r.mint(), model: req.Model, reply: req.conversation(r.Body).compose()}
	a.id = a.mint.message()
	if req.Stream {
		return stream(a.stream()), nil
	}
	return plain(a.whole()), nil
}

func countTokens(r *Request) (*Answer, *failure) {
	req, f := decode[messagesRequest](r)
	if f != nil {
		return nil, f
	}
	if f := req.check(true); f != nil {
		return nil, f
	}
	return plain(object{{"input_tokens", max(req.conversation(r.Body).input, 1)}}), nil
}

// messageAnswer writes a reply as an Anthropic message.
type messageAnswer struct {
	mint  mint
	id    string
	model string
	reply reply
}

func (a *messageAnswer) whole() object {
	content := list{}
	if a.reply.thinking != "" {
		content = append(content, object{
			{"type", "thinking"}, {"thinking", a.reply.thinking}, {"signature", signature(a.reply.thinking)},
		})
	}
	if a.reply.text != "" || len(a.reply.calls) == 0 {
		content = append(content, object{{"type", "text"}, {"text", a.reply.text}})
	}
	for _, c := range a.reply.calls {
		content = append(content, object{
			{"type", "tool_use"}, {"id", a.mint.toolUse()}, {"name", c.name}, {"input", json.RawMessage(c.arguments)},
		})
	}
	return a.message(content, messagesStop(a.reply.finish), orNull(a.reply.stopped), a.reply.usage.output)
}

func (a *messageAnswer) message(content list, stop, sequence any, output int) object {
	return object{
		{"model", a.model}, {"id", a.id}, {"type", "message"}, {"role", "assistant"}, {"content", content},
		{"stop_reason", stop}, {"stop_sequence", sequence}, {"usage", a.usage(output).with(
			field{"cache_creation", object{{"ephemeral_5m_input_tokens", a.reply.usage.written}, {"ephemeral_1h_input_tokens", 0}}},
			field{"service_tier", "standard"},
		)},
	}
}

// usage counts as Anthropic does: input_tokens are those neither read from nor written to the cache.
func (a *messageAnswer) usage(output int) object {
	u := a.reply.usage
	return object{
		{"input_tokens", u.input - u.cached - u.written},
		{"cache_creation_input_tokens", u.written},
		{"cache_read_input_tokens", u.cached},
		{"output_tokens", output},
	}
}

// stream lists the events: message_start, the blocks one after the other, message_delta, message_stop. A ping follows the
// start of the first block, as on the live service.
func (a *messageAnswer) stream() []Event {
	s := messageStream{}
	s.add("message_start", field{"message", a.message(list{}, nil, nil, 1)})
	if a.reply.thinking != "" {
		s.open(object{{"type", "thinking"}, {"thinking", ""}, {"signature", ""}})
		s.deltas("thinking_delta", "thinking", pieces(a.reply.thinking))
		s.deltas("signature_delta", "signature", []string{signature(a.reply.thinking)})
		s.close()
	}
	if a.reply.text != "" || len(a.reply.calls) == 0 {
		s.open(object{{"type", "text"}, {"text", ""}})
		s.deltas("text_delta", "text", pieces(a.reply.text))
		s.close()
	}
	for _, c := range a.reply.calls {
		s.open(object{{"type", "tool_use"}, {"id", a.mint.toolUse()}, {"name", c.name}, {"input", object{}}})
		s.deltas("input_json_delta", "partial_json", append([]string{""}, fragments(c.arguments, 8)...))
		s.close()
	}
	s.add("message_delta",
		field{"delta", object{{"stop_reason", messagesStop(a.reply.finish)}, {"stop_sequence", orNull(a.reply.stopped)}}},
		field{"usage", a.usage(a.reply.usage.output)})
	s.add("message_stop")
	return s.events
}

type messageStream struct {
	events []Event
	index  int
}

func (s *messageStream) add(name string, fields ...field) {
	s.events = append(s.events, Event{Name: name, Data: encode(object{{"type", name}}.with(fields...))})
}

func (s *messageStream) open(block object) {
	s.add("content_block_start", field{"index", s.index}, field{"content_block", block})
	if s.index == 0 {
		s.add("ping")
	}
}

func (s *messageStream) deltas(kind, key string, parts []string) {
	for _, p := range parts {
		s.add("content_block_delta", field{"index", s.index}, field{"delta", object{{"type", kind}, {key, p}}})
	}
}

func (s *messageStream) close() {
	s.add("content_block_stop", field{"index", s.index})
	s.index++
}

// signature stands for the opaque signature of a thinking block.
func signature(thinking string) string {
	sum := sha256.Sum256([]byte(thinking))
	return base64.StdEncoding.EncodeToString(append(sum[:], sum[:]...))
}

func messagesStop(f finish) string {
	switch f {
	case finishLength:
		return "max_tokens"
	case finishTools:
		return "tool_use"
	case finishSequence:
		return "stop_sequence"
	case finishRefusal:
		return "refusal"
	}
	return "end_turn"
}
