package answers

import (
	"encoding/json"
	"strings"
	"testing"

	"squirrel/models"
)

// at follows a path of keys and indexes into decoded JSON.
func at(t *testing.T, raw []byte, path ...any) any {
	t.Helper()
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	for _, step := range path {
		switch s := step.(type) {
		case string:
			object, _ := value.(map[string]any)
			value = object[s]
		case int:
			array, _ := value.([]any)
			if s >= len(array) {
				return nil
			}
			value = array[s]
		}
	}
	return value
}

func text(t *testing.T, raw []byte, path ...any) string {
	t.Helper()
	s, _ := at(t, raw, path...).(string)
	return s
}

// joined puts the text of a stream together again.
func joined(t *testing.T, a *Answer, path ...any) string {
	t.Helper()
	var all strings.Builder
	for _, e := range a.Events {
		if string(e.Data) != "[DONE]" {
			all.WriteString(text(t, e.Data, path...))
		}
	}
	return all.String()
}

// TestStreamsSayTheSame: a stream put together is the plain answer to the same request.
func TestStreamsSayTheSame(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		endpoint models.Endpoint
		body     string
		plain    []any
		delta    []any
	}{
		"chat text": {
			models.EndpointChat, `{"model":"m","messages":[{"role":"user","content":"hello"}]`,
			[]any{"choices", 0, "message", "content"},
			[]any{"choices", 0, "delta", "content"},
		},
		"chat reasoning": {
			models.EndpointChat, `{"model":"a-reasoner","messages":[{"role":"user","content":"hello"}]`,
			[]any{"choices", 0, "message", "reasoning_content"},
			[]any{"choices", 0, "delta", "reasoning_content"},
		},
		"chat json": {
			models.EndpointChat, `{"model":"m","response_format":{"type":"json_object"},"messages":[{"role":"user","content":"hello"}]`,
			[]any{"choices", 0, "message", "content"},
			[]any{"choices", 0, "delta", "content"},
		},
		"chat call": {
			models.EndpointChat, `{"model":"m","messages":[{"role":"user","content":"weather"}],"tools":[` + weatherTool + `]`,
			[]any{"choices", 0, "message", "tool_calls", 0, "function", "arguments"},
			[]any{"choices", 0, "delta", "tool_calls", 0, "function", "arguments"},
		},
		"messages text": {
			models.EndpointMessages, `{"model":"m","max_tokens":99,"messages":[{"role":"user","content":"hello"}]`,
			[]any{"content", 0, "text"},
			[]any{"delta", "text"},
		},
		"messages thinking": {
			models.EndpointMessages, `{"model":"m","max_tokens":99,"thinking":{"type":"adaptive"},"messages":[{"role":"user","content":"hello"}]`,
			[]any{"content", 0, "thinking"},
			[]any{"delta", "thinking"},
		},
		"messages signature": {
			models.EndpointMessages, `{"model":"m","max_tokens":99,"thinking":{"type":"adaptive"},"messages":[{"role":"user","content":"hello"}]`,
			[]any{"content", 0, "signature"},
			[]any{"delta", "signature"},
		},
		"responses text": {
			models.EndpointResponses, `{"model":"m","input":"hello"`,
			[]any{"output", 0, "content", 0, "text"},
			[]any{"delta"},
		},
		"responses call": {
			models.EndpointResponses, `{"model":"m","input":"weather","tools":[` + flatTool + `]`,
			[]any{"output", 0, "arguments"},
			[]any{"delta"},
		},
		"completions": {
			models.EndpointCompletions, `{"model":"m","prompt":"hello"`,
			[]any{"choices", 0, "text"},
			[]any{"choices", 0, "text"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole := askJSON(tc.endpoint, tc.body+"}")
			streamed := askJSON(tc.endpoint, tc.body+`,"stream":true}`)
			want, got := text(t, whole.Body, tc.plain...), joined(t, streamed, tc.delta...)
			if want == "" || got != want {
				t.Errorf("the stream says %q, the plain answer %q", got, want)
			}
			if last := streamed.Events[len(streamed.Events)-1]; !last.Terminator() {
				t.Errorf("the stream ends in %s %s", last.Name, last.Data)
			}
		})
	}
}

func TestUsageChunkOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	const body = `{"model":"m","stream":true,"messages":[{"role":"user","content":"hello"}]`
	for _, e := range askJSON(models.EndpointChat, body+"}").Events {
		if strings.Contains(string(e.Data), "usage") {
			t.Errorf("usage was not asked for: %s", e.Data)
		}
	}
	events := askJSON(models.EndpointChat, body+`,"stream_options":{"include_usage":true}}`).Events
	chunk := events[len(events)-2].Data
	if at(t, chunk, "choices", 0) != nil || at(t, chunk, "usage", "total_tokens") == nil {
		t.Errorf("the last chunk is %s", chunk)
	}
}

func TestCacheUsage(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("nut ", 1500)
	chat := askJSON(models.EndpointChat, `{"model":"m","messages":[{"role":"user","content":"`+long+`"}]}`).Body
	if cached := at(t, chat, "usage", "prompt_tokens_details", "cached_tokens"); cached != 640.0 {
		t.Errorf("chat had %v cached tokens", cached)
	}
	message := askJSON(models.EndpointMessages, `{"model":"m","max_tokens":9,"system":[{"type":"text","text":"`+long+`","cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":"a"}]}`).Body
	in, read, written := at(t, message, "usage", "input_tokens"), at(t, message, "usage", "cache_read_input_tokens"), at(t, message, "usage", "cache_creation_input_tokens")
	if in.(float64)+read.(float64)+written.(float64) < 1500 || read != written {
		t.Errorf("messages counted %v + %v read + %v written", in, read, written)
	}
}
