package proxy

import (
	"encoding/json"
	"strings"
	"testing"

	"squirrel/models"
	"squirrel/proxy/sse"
)

// heard is what a client understands of an answer, in no dialect.
type heard struct {
	text, thinking string
	calls          []heardCall
	stop           string // in the dialect's words
	input, output  int64
}

type heardCall struct{ id, name, arguments string }

// listener follows the events of one dialect and complains about what its clients would not understand.
type listener struct {
	t     testing.TB
	name  string
	heard heard
	ended bool
}

func (l *listener) wrong(event sse.Event, what string) {
	l.t.Helper()
	l.t.Errorf("%s: %s: %.500s", l.name, what, event.Raw)
}

// hear reads a stream of the dialect and checks the order of its events.
func (d dialect) hear(t testing.TB, name, text string) heard {
	t.Helper()
	l := &listener{t: t, name: name}
	all := eventsOf(t, text)
	switch d.protocol {
	case models.ProtocolOpenAI:
		l.chat(all)
	case models.ProtocolAnthropic:
		l.messages(all)
	case models.ProtocolResponses:
		l.responses(all)
	}
	if !l.ended {
		t.Errorf("%s: the stream has no end: %.2000s", name, text)
	}
	for _, call := range l.heard.calls {
		if call.id == "" || call.name == "" || !json.Valid([]byte(call.arguments)) {
			t.Errorf("%s: a broken call: %+v", name, call)
		}
	}
	return l.heard
}

// chatChunk is a chunk of a chat completion (platform.openai.com/docs/api-reference/chat-streaming), and chatMessage's members
// are also those of a whole one.
type chatChunk struct {
	ID, Object, Model string
	Created           int64
	Choices           []struct {
		Index          int
		Delta, Message chatMessage
		FinishReason   *string `json:"finish_reason"`
	}
	Usage *struct {
		Prompt     int64 `json:"prompt_tokens"`
		Completion int64 `json:"completion_tokens"`
	}
}

type chatMessage struct {
	Role, Content string
	Reasoning     string `json:"reasoning_content"`
	Calls         []struct {
		Index    int
		ID       string
		Function struct{ Name, Arguments string }
	} `json:"tool_calls"`
}

func (l *listener) chat(all []sse.Event) {
	id, begun := "", false
	for _, event := range all {
		if l.ended {
			l.wrong(event, "after [DONE]")
		}
		if event.IsDone() {
			l.ended = true
			continue
		}
		var c chatChunk
		if err := json.Unmarshal(event.Data, &c); err != nil || c.Object != "chat.completion.chunk" || c.ID == "" || c.Created == 0 || c.Model == "" || id != "" && c.ID != id {
			l.wrong(event, "not a chunk of this completion")
		}
		id = c.ID
		if c.Usage != nil {
			l.heard.input, l.heard.output = c.Usage.Prompt, c.Usage.Completion
		}
		for _, choice := range c.Choices {
			if !begun && choice.Delta.Role != "assistant" || l.heard.stop != "" {
				l.wrong(event, "a delta before the role or after the finish reason")
			}
			begun = true
			l.chatDelta(event, choice.Delta)
			if choice.FinishReason != nil {
				l.heard.stop = *choice.FinishReason
			}
		}
	}
}

func (l *listener) chatDelta(event sse.Event, delta chatMessage) {
	l.heard.text += delta.Content
	l.heard.thinking += delta.Reasoning
	for _, call := range delta.Calls {
		switch n := len(l.heard.calls); {
		case call.Index == n && call.ID != "" && call.Function.Name != "":
			l.heard.calls = append(l.heard.calls, heardCall{call.ID, call.Function.Name, call.Function.Arguments})
		case call.Index < n:
			l.heard.calls[call.Index].arguments += call.Function.Arguments
		default:
			l.wrong(event, "a call out of order or without a name")
		}
	}
}

// anthropicEvent is an event of a message's stream (docs.anthropic.com/en/api/messages-streaming).
type anthropicEvent struct {
	Type    string
	Index   int
	Message anthropicMessage
	Block   anthropicBlock `json:"content_block"`
	Delta   struct {
		Type, Text, Thinking, Signature string
		JSON                            string `json:"partial_json"`
		StopReason                      string `json:"stop_reason"`
	}
	Usage anthropicUsage
}

type anthropicMessage struct {
	ID, Type, Role, Model string
	Content               []anthropicBlock
	StopReason            string `json:"stop_reason"`
	Usage                 anthropicUsage
}

type anthropicBlock struct {
	Type, Text, Thinking, ID, Name string
	Input                          json.RawMessage
}

type anthropicUsage struct {
	Input  int64 `json:"input_tokens"`
	Output int64 `json:"output_tokens"`
}

func (l *listener) messages(all []sse.Event) {
	blocks, open, last := 0, "", ""
	for _, event := range all {
		var e anthropicEvent
		if err := json.Unmarshal(event.Data, &e); err != nil || e.Type != event.Name || l.ended {
			l.wrong(event, "an event without its type, or after message_stop")
		}
		var ok bool
		switch e.Type {
		case "ping":
			continue
		case "message_start":
			ok = last == "" && e.Message.ID != "" && e.Message.Role == "assistant" && e.Message.Type == "message" && e.Message.Model != "" && len(e.Message.Content) == 0
			l.heard.input = e.Message.Usage.Input
		case "content_block_start":
			ok = last != "" && open == "" && e.Index == blocks && l.heard.stop == ""
			open = e.Block.Type
			if open == "tool_use" {
				l.heard.calls = append(l.heard.calls, heardCall{id: e.Block.ID, name: e.Block.Name})
			}
		case "content_block_delta":
			ok = e.Index == blocks && l.blockDelta(open, e)
		case "content_block_stop":
			ok, open = open != "" && e.Index == blocks, ""
			blocks++
		case "message_delta":
			ok = open == "" && last != ""
			l.heard.stop, l.heard.output = e.Delta.StopReason, e.Usage.Output
			if e.Usage.Input > 0 {
				l.heard.input = e.Usage.Input
			}
		case "message_stop":
			ok, l.ended = l.heard.stop != "" && open == "", true
		default:
			ok = false
		}
		if last = e.Type; !ok {
			l.wrong(event, "out of order")
		}
	}
}

func (l *listener) blockDelta(open string, e anthropicEvent) bool {
	l.heard.text += e.Delta.Text
	l.heard.thinking += e.Delta.Thinking
	if n := len(l.heard.calls); e.Delta.JSON != "" && n > 0 {
		l.heard.calls[n-1].arguments += e.Delta.JSON
	}
	switch e.Delta.Type {
	case "text_delta", "citations_delta":
		return open == "text"
	case "thinking_delta", "signature_delta":
		return open == "thinking"
	case "input_json_delta":
		return open == "tool_use"
	}
	return false
}

// whole reads an answer that is no stream.
func (d dialect) whole(t testing.TB, name, text string) (h heard) {
	t.Helper()
	switch d.protocol {
	case models.ProtocolOpenAI:
		var c chatChunk
		mustDecode(t, name, text, &c)
		if len(c.Choices) != 1 || c.Object != "chat.completion" || c.ID == "" || c.Created == 0 || c.Usage == nil || c.Choices[0].FinishReason == nil {
			t.Fatalf("%s: %s", name, text)
		}
		m := c.Choices[0].Message
		h = heard{text: m.Content, thinking: m.Reasoning, stop: *c.Choices[0].FinishReason, input: c.Usage.Prompt, output: c.Usage.Completion}
		for _, call := range m.Calls {
			h.calls = append(h.calls, heardCall{call.ID, call.Function.Name, call.Function.Arguments})
		}
	case models.ProtocolAnthropic:
		var m anthropicMessage
		mustDecode(t, name, text, &m)
		if m.ID == "" || m.Type != "message" || m.Role != "assistant" {
			t.Fatalf("%s: %s", name, text)
		}
		h = heard{stop: m.StopReason, input: m.Usage.Input, output: m.Usage.Output}
		for _, b := range m.Content {
			h.text, h.thinking = h.text+b.Text, h.thinking+b.Thinking
			if b.Type == "tool_use" {
				h.calls = append(h.calls, heardCall{b.ID, b.Name, string(b.Input)})
			}
		}
	case models.ProtocolResponses:
		var r response
		mustDecode(t, name, text, &r)
		h = r.heard()
	}
	return h
}

func mustDecode(t testing.TB, name, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%s: %v: %.900s", name, err, text)
	}
}

// same reports whether two answers say the same, whatever their dialects and ids.
func (h heard) same(other heard) bool {
	if h.text != other.text || len(h.calls) != len(other.calls) || strings.TrimSpace(h.thinking) != strings.TrimSpace(other.thinking) {
		return false
	}
	for i, call := range h.calls {
		if call.name != other.calls[i].name || compact(call.arguments) != compact(other.calls[i].arguments) {
			return false
		}
	}
	return true
}

func compact(text string) string {
	var v any
	if json.Unmarshal([]byte(text), &v) != nil {
		return text
	}
	out, _ := json.Marshal(v)
	return string(out)
}
