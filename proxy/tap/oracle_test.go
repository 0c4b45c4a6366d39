package tap

import (
	"encoding/json"
	"strings"
	"testing"

	"squirrel/models"
	"squirrel/proxy/sse"
)

// expectation is what a plain full decode of a recording says.
type expectation struct {
	usage      models.Usage
	finish     string
	id, model  string
	text       string // content, or all text blocks
	reasoning  string
	arguments  string // of all tool calls
	terminated bool
}

type doc = map[string]any

// at walks into a decoded document: names for objects, numbers for arrays. Missing parts are nil.
func at(v any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			object, _ := v.(doc)
			v = object[step]
		case int:
			array, _ := v.([]any)
			if step >= len(array) {
				return nil
			}
			v = array[step]
		}
	}
	return v
}

func str(v any) string { s, _ := v.(string); return s }
func list(v any) []any { l, _ := v.([]any); return l }
func num(v any) int64  { f, _ := v.(float64); return int64(f) }
func has(v any) bool   { return v != nil }
func isDoc(v any) bool { _, ok := v.(doc); return ok }
func decode(t *testing.T, data []byte) doc {
	t.Helper()
	var d doc
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatalf("%.100s: %v", data, err)
	}
	return d
}

// decodeEvents decodes the events of a recorded stream up to its end.
func decodeEvents(t *testing.T, stream string) (docs []doc, done bool) {
	t.Helper()
	for block := range strings.SplitSeq(strings.ReplaceAll(stream, "\r\n", "\n"), "\n\n") {
		for line := range strings.SplitSeq(block, "\n") {
			data, ok := strings.CutPrefix(line, "data:")
			if !ok {
				continue
			}
			if strings.TrimSpace(data) == "[DONE]" {
				return docs, true
			}
			docs = append(docs, decode(t, []byte(data)))
		}
	}
	return docs, false
}

func expectChatStream(t *testing.T, stream string) expectation {
	docs, done := decodeEvents(t, stream)
	want := expectation{terminated: done, id: str(docs[0]["id"]), model: str(docs[0]["model"])}
	for _, chunk := range docs {
		if isDoc(chunk["usage"]) {
			want.usage = chatUsage(chunk["usage"])
		}
		if finish := str(at(chunk, "choices", 0, "finish_reason")); finish != "" {
			want.finish = finish
		}
		want.addMessage(at(chunk, "choices", 0, "delta"))
	}
	return want
}

func (e *expectation) addMessage(message any) {
	e.text += str(at(message, "content"))
	e.reasoning += str(at(message, "reasoning_content"))
	if !has(at(message, "reasoning_content")) {
		e.reasoning += str(at(message, "reasoning"))
	}
	for _, call := range list(at(message, "tool_calls")) {
		e.arguments += str(at(call, "function", "arguments"))
	}
}

func chatUsage(u any) models.Usage {
	usage := models.Usage{
		Input: num(at(u, "prompt_tokens")), Output: num(at(u, "completion_tokens")), Known: true,
		CachedInput: max(num(at(u, "prompt_tokens_details", "cached_tokens")), num(at(u, "prompt_cache_hit_tokens"))),
		CacheWrite:  num(at(u, "prompt_tokens_details", "cache_write_tokens")),
		Reasoning:   num(at(u, "completion_tokens_details", "reasoning_tokens")),
		AudioInput:  num(at(u, "prompt_tokens_details", "audio_tokens")),
		AudioOutput: num(at(u, "completion_tokens_details", "audio_tokens")),
	}
	if num(at(u, "total_tokens")) == usage.Input+usage.Output+usage.Reasoning {
		usage.Output += usage.Reasoning // xAI counts it beside the completion
	}
	return usage
}

func expectMessageStream(t *testing.T, stream string) expectation {
	docs, _ := decodeEvents(t, stream)
	var want expectation
	merged := doc{}
	for _, ev := range docs {
		switch ev["type"] {
		case "message_start":
			want.id, want.model = str(at(ev, "message", "id")), str(at(ev, "message", "model"))
			for key, v := range at(ev, "message", "usage").(doc) {
				merged[key] = v
			}
		case "content_block_start":
			want.text += str(at(ev, "content_block", "text"))
			if input, _ := at(ev, "content_block", "input").(doc); len(input) > 0 {
				raw, err := json.Marshal(input)
				if err != nil {
					t.Fatal(err)
				}
				want.arguments += string(raw)
			}
		case "content_block_delta":
			want.text += str(at(ev, "delta", "text"))
			want.reasoning += str(at(ev, "delta", "thinking"))
			want.arguments += str(at(ev, "delta", "partial_json"))
		case "message_delta":
			want.finish = str(at(ev, "delta", "stop_reason"))
			for key, v := range at(ev, "usage").(doc) {
				merged[key] = v
			}
		case "message_stop":
			want.terminated = true
		}
		if want.terminated {
			break
		}
	}
	want.usage = messageUsage(merged)
	return want
}

func messageUsage(u any) models.Usage {
	runs := []any{u}
	for _, run := range list(at(u, "iterations")) {
		if at(run, "type") == "compaction" {
			runs = append(runs, run)
		}
	}
	usage := models.Usage{Known: true, Reasoning: num(at(u, "output_tokens_details", "thinking_tokens"))}
	for _, run := range runs {
		read, write := num(at(run, "cache_read_input_tokens")), num(at(run, "cache_creation_input_tokens"))
		usage.Input += num(at(run, "input_tokens")) + read + write
		usage.CachedInput += read
		usage.CacheWrite += write
		usage.Output += num(at(run, "output_tokens"))
	}
	return usage
}

func expectResponseStream(t *testing.T, stream string) expectation {
	docs, _ := decodeEvents(t, stream)
	last := docs[len(docs)-1]
	want := expectResponse(at(last, "response"))
	want.terminated = true
	return want
}

func expectResponse(response any) expectation {
	u := at(response, "usage")
	want := expectation{id: str(at(response, "id")), model: str(at(response, "model")), finish: str(at(response, "status"))}
	want.usage = models.Usage{
		Input: num(at(u, "input_tokens")), Output: num(at(u, "output_tokens")), Known: has(u),
		CachedInput: num(at(u, "input_tokens_details", "cached_tokens")),
		CacheWrite:  num(at(u, "input_tokens_details", "cache_write_tokens")),
		Reasoning:   num(at(u, "output_tokens_details", "reasoning_tokens")),
	}
	for _, item := range list(at(response, "output")) {
		want.arguments += str(at(item, "arguments"))
		for _, part := range list(at(item, "content")) {
			if at(part, "type") == "reasoning_text" {
				want.reasoning += str(at(part, "text"))
			} else {
				want.text += str(at(part, "text"))
			}
		}
	}
	return want
}

// expectBody is what a plain decode of an answer that is no stream says.
func expectBody(t *testing.T, protocol models.Protocol, data []byte) expectation {
	d := decode(t, data)
	want := expectation{terminated: true, id: str(d["id"]), model: str(d["model"])}
	switch protocol {
	case models.ProtocolAnthropic:
		want.usage, want.finish = messageUsage(d["usage"]), str(d["stop_reason"])
		want.usage.Known = has(d["usage"])
	case models.ProtocolResponses:
		want = expectResponse(d)
		want.terminated = true
	default:
		want.usage, want.finish = chatUsage(d["usage"]), str(at(d, "choices", 0, "finish_reason"))
		want.usage.Known = has(d["usage"])
	}
	want.text, want.reasoning, want.arguments = "", "", ""
	return want
}

// assembled reads the same from a message that a tap has put together.
func assembled(t *testing.T, protocol models.Protocol, r Result) expectation {
	d := decode(t, r.Message)
	got := expectation{usage: r.Usage, finish: r.FinishReason, id: r.UpstreamID, model: r.Model, terminated: r.Terminated}
	switch protocol {
	case models.ProtocolAnthropic:
		for _, block := range list(d["content"]) {
			got.text += str(at(block, "text"))
			got.reasoning += str(at(block, "thinking"))
		}
	case models.ProtocolResponses:
		whole := expectResponse(d)
		got.text, got.reasoning, got.arguments = whole.text, whole.reasoning, whole.arguments
	default:
		got.addMessage(at(d, "choices", 0, "message"))
	}
	return got
}

// inputs joins the raw inputs of the tool calls of an Anthropic message.
func inputs(t *testing.T, message []byte) string {
	var m struct {
		Content []struct {
			Type  string
			Input json.RawMessage
		}
	}
	if err := json.Unmarshal(message, &m); err != nil {
		t.Fatal(err)
	}
	var out string
	for _, block := range m.Content {
		if string(block.Input) != "{}" {
			out += string(block.Input)
		}
	}
	return out
}

func eventOf(name, data string) sse.Event {
	return sse.ParseEvent(sse.AppendEvent(nil, name, []byte(data)))
}
