package convert

import (
	"strings"
	"testing"

	"squirrel/models"
	"squirrel/proxy/convert/wire"
)

const (
	chat     = models.ProtocolOpenAI
	resp     = models.ProtocolResponses
	messages = models.ProtocolAnthropic
)

// stream runs the data lines of an upstream's stream and returns what the client gets.
func stream(t *testing.T, client, upstream models.Protocol, opt Options, data ...string) ([]wireEvent, Result) {
	t.Helper()
	s := NewStream(client, upstream, opt)
	out, err := run(s, []byte("data: "+strings.Join(data, "\n\ndata: ")))
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	checkStream(t, client, out)
	return events(out), s.Result()
}

func joined(list []wireEvent) string {
	var b strings.Builder
	for _, e := range list {
		b.WriteString(e.data + "\n")
	}
	return b.String()
}

// has fails the test unless text holds every piece, in this order.
func has(t *testing.T, text string, pieces ...string) {
	t.Helper()
	rest := text
	for _, piece := range pieces {
		_, after, ok := strings.Cut(rest, piece)
		if !ok {
			t.Fatalf("%s is missing, or out of order, in\n%s", piece, text)
		}
		rest = after
	}
}

func hasNot(t *testing.T, text, piece string) {
	t.Helper()
	if strings.Contains(text, piece) {
		t.Fatalf("%s must not be in\n%s", piece, text)
	}
}

const (
	aStart = `{"type":"message_start","message":{"id":"msg_1","model":"claude","usage":{"input_tokens":11,"cache_read_input_tokens":5,"cache_creation_input_tokens":2,"output_tokens":1}}}`
	aStop  = `{"type":"message_stop"}`
	aCall  = `{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"f","input":{}}}`
	aEnd   = `{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":0,"output_tokens":7}}`
)

func TestTrap_ArgumentsBeginWithTheirText(t *testing.T) {
	got, _ := stream(t, chat, messages, Options{}, aStart,
		`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}`,
		`{"type":"content_block_stop","index":0}`, aCall,
		`{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":""}}`,
		`{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"a\":1}"}}`,
		`{"type":"content_block_stop","index":1}`, aEnd, aStop)
	text := joined(got)
	has(t, text, `"tool_calls":[{"index":0,"id":"toolu_1","type":"function","function":{"name":"f","arguments":""}}]`,
		`"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":1}"}}]`, `"finish_reason":"tool_calls"`)
	hasNot(t, text, `"arguments":"{}`)
	if strings.Count(text, `"name":"f"`) != 1 {
		t.Error("the name belongs to the first delta only")
	}
}

func TestTrap_MessageDeltaRepeatsInputTokens(t *testing.T) {
	_, res := stream(t, chat, messages, Options{}, aStart, aEnd, aStop)
	want := models.Usage{Input: 18, CachedInput: 5, CacheWrite: 2, Output: 7, Known: true}
	if res.Usage != want || res.FinishReason != "stop" {
		t.Errorf("usage %+v, finish %s", res.Usage, res.FinishReason)
	}
}

func TestTrap_BlockStartWithText(t *testing.T) {
	got, _ := stream(t, chat, messages, Options{}, aStart, `{"type":"ping"}`,
		`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"Hel"}}`, `{"type":"ping"}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"lo"}}`,
		`{"type":"content_block_stop","index":0}`,
		`{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t","name":"f","input":{"x":1.0}}}`,
		`{"type":"content_block_stop","index":1}`, aEnd, aStop)
	has(t, joined(got), `"content":"Hel"`, `"content":"lo"`, `"arguments":"{\"x\":1.0}"`)
}

func TestTrap_SignatureDelta(t *testing.T) {
	data := []string{
		aStart, `{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Hm."}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"SIG"}}`,
		`{"type":"content_block_stop","index":0}`,
		`{"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"RED"}}`,
		`{"type":"content_block_stop","index":1}`, aEnd, aStop,
	}
	got, _ := stream(t, chat, messages, Options{}, data...)
	has(t, joined(got), `"reasoning_content":"Hm."`, `"signature":"SIG","format":"anthropic-claude-v1"`, `"type":"reasoning.encrypted","data":"RED"`)
	got, _ = stream(t, resp, messages, Options{}, data...)
	has(t, joined(got), `reasoning_summary_text.delta`, `"encrypted_content":"squirrel.anthropic-claude-v1..SIG"`,
		`"encrypted_content":"squirrel.anthropic-claude-v1+redacted..RED"`)
	got, _ = stream(t, messages, messages, Options{}, data...)
	has(t, joined(got), `"type":"signature_delta","signature":"SIG"`, `"type":"redacted_thinking","data":"RED"`)
}

const cDone = "[DONE]"

func TestTrap_InterleavedToolCalls(t *testing.T) {
	for _, client := range protocols {
		got, res := stream(t, client, chat, Options{},
			`{"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\":"}}]}}]}`,
			`{"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":"{\"y\":"}}]}}]}`,
			`{"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]}}]}`,
			`{"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"function":{"arguments":"2}"}}]}}]}`,
			`{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`, cDone)
		has(t, joined(got), `"f"`, `{\"x\":`, `1}`, `"g"`, `{\"y\":`, `2}`)
		if res.FinishReason != "tool_calls" {
			t.Errorf("a call was sent, but the reason is %s", res.FinishReason)
		}
	}
}

func TestTrap_SequentialCallsAreNotHeldBack(t *testing.T) {
	s := NewStream(messages, chat, Options{})
	for i, data := range []string{
		`{"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}}]}`,
		`{"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":"{\"z\""}}]}}]}`,
	} {
		out, err := s.Event("", []byte(data))
		if err != nil {
			t.Fatal(err)
		}
		has(t, string(out), []string{`"name":"f"`, `"name":"g"`}[i])
	}
}

func TestTrap_UsageBeforeOrAfterFinish(t *testing.T) {
	text := `{"id":"c","choices":[{"index":0,"delta":{"content":"Hi"}}]}`
	finish := `{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`
	usage := `{"id":"c","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":3}}}`
	inline := `{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":9,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":3}}}]}`
	for name, data := range map[string][]string{
		"after": {text, finish, usage, cDone}, "before": {text, usage, finish, cDone}, "inline": {text, inline, cDone},
	} {
		got, res := stream(t, messages, chat, Options{EstimatedInput: func() int64 { return 8 }}, data...)
		if (res.Usage != models.Usage{Input: 9, Output: 4, CachedInput: 3, Known: true}) {
			t.Errorf("%s: %+v", name, res.Usage)
		}
		has(t, joined(got), `"message_start"`, `"input_tokens":8`, `"message_delta"`, `"input_tokens":6`, `"cache_read_input_tokens":3`)
	}
}

func TestTrap_UpstreamLeavesThingsOut(t *testing.T) {
	for name, data := range map[string][]string{
		"no index": {
			`{"choices":[{"delta":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{\"x\":"}}]}}]}`,
			`{"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"1}"}}]}}]}`,
			`{"choices":[{"delta":{"tool_calls":[{"id":"b","function":{"name":"g","arguments":"{}"}}]}}]}`,
			`{"choices":[{"finish_reason":"tool_calls"}]}`, cDone,
		},
		"same index": {
			`{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}}]}}]}`,
			`{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"b","function":{"name":"g","arguments":"{}"}}]}}]}`,
			`{"choices":[{"finish_reason":"tool_calls"}]}`, cDone,
		},
		"no id": {
			`{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"f","arguments":{"x":1}}}]}}]}`,
			`{"choices":[{"delta":{"tool_calls":[{"index":1,"function":{"name":"g"}}]}}]}`,
			`{"choices":[{"finish_reason":"tool_calls"}]}`,
		},
		"no finish reason": {
			`{"choices":[{"delta":{"tool_calls":null,"content":null}}]}`,
			`{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"arguments":"{\"x\":1}"}}]}}]}`,
			`{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"f"}}]}}]}`,
			`{"choices":[{"delta":{"tool_calls":[{"index":1,"id":"b","function":{"name":"g"}}]}}]}`, cDone,
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, client := range protocols {
				got, res := stream(t, client, chat, Options{}, data...)
				has(t, joined(got), `"name":"f"`, `{\"x\":`, `1}`, `"name":"g"`, `{}`)
				if res.FinishReason != "tool_calls" || res.Usage.Known {
					t.Errorf("%+v", res)
				}
			}
		})
	}
}

func TestTrap_AzureFirstChunk(t *testing.T) {
	got, res := stream(t, chat, chat, Options{},
		`{"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0}]}`,
		`{"id":"chatcmpl-7","model":"gpt","choices":[{"index":0,"delta":{"role":"assistant","content":"Hi"}}]}`,
		`{"id":"chatcmpl-7","model":"gpt","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`, cDone)
	has(t, got[0].data, `"id":"chatcmpl-7"`, `"model":"gpt"`)
	if res.UpstreamID != "chatcmpl-7" {
		t.Errorf("%+v", res)
	}
}

func TestTrap_ToolCallsNullOrEmpty(t *testing.T) {
	for _, none := range []string{"null", "[]"} {
		out, res, err := Response(messages, chat, []byte(
			`{"id":"c","choices":[{"message":{"role":"assistant","content":"Hi","tool_calls":`+none+`},"finish_reason":"tool_calls"}]}`), Options{})
		if err != nil || res.FinishReason != "stop" {
			t.Fatal(err, res)
		}
		has(t, string(out), `"content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn"`)
	}
}

func TestTrap_ChatToResponsesCarriesCallsAndReasoning(t *testing.T) {
	got, _ := stream(t, resp, chat, Options{},
		`{"id":"c","choices":[{"index":0,"delta":{"reasoning_content":"Hm"}}]}`,
		`{"id":"c","choices":[{"index":0,"delta":{"content":"Hi"}}]}`,
		`{"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}}]}`,
		`{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"length"}]}`, cDone)
	has(t, joined(got), "reasoning_summary_part.added", `"delta":"Hm"`, "output_text.delta", `"type":"function_call"`,
		"function_call_arguments.delta", "function_call_arguments.done", `"response.completed"`)
}

func TestTrap_LengthInsideArgumentsStaysLength(t *testing.T) {
	got, res := stream(t, resp, chat, Options{},
		`{"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"half"}}]}}]}`,
		`{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"length"}]}`, cDone)
	has(t, joined(got), `"response.incomplete"`, `"reason":"max_output_tokens"`)
	if res.FinishReason != "length" {
		t.Error(res.FinishReason)
	}
}

// TestTrap_FreeTextIsNoInput: a call of a custom tool that a Messages client never defined still has an input that can be parsed.
func TestTrap_FreeTextIsNoInput(t *testing.T) {
	const call = `{"type":"custom_tool_call","id":"ctc_1","call_id":"c","name":"sql","input":"SELECT \"a\"\nFROM b"}`
	got, _ := stream(t, messages, resp, Options{}, `{"type":"response.created","response":{"id":"resp_1"}}`,
		`{"type":"response.output_item.added","output_index":0,"item":{"type":"custom_tool_call","call_id":"c","name":"sql","input":""}}`,
		`{"type":"response.custom_tool_call_input.delta","output_index":0,"delta":"SELECT \"a"}`, `{"type":"response.custom_tool_call_input.delta","output_index":0,"delta":"\"\nFROM b"}`,
		`{"type":"response.output_item.done","output_index":0,"item":`+call+`}`, `{"type":"response.completed","response":{"id":"resp_1","status":"completed"}}`)
	input := ""
	for _, e := range got {
		input += wire.Parse([]byte(e.data)).Object("delta").Str("partial_json")
	}
	const want = `{"input":"SELECT \"a\"\nFROM b"}`
	if input != want {
		t.Errorf("streamed input %s", input)
	}
	out, _, err := Response(messages, resp, []byte(`{"id":"resp_1","status":"completed","output":[`+call+`]}`), Options{})
	if err != nil {
		t.Fatal(err)
	}
	has(t, string(out), `"name":"sql","input":`+want)
}

func TestTrap_ExplicitFields(t *testing.T) {
	got, _ := stream(t, chat, messages, Options{IncludeUsage: true}, aStart, aEnd, aStop)
	has(t, got[0].data, `"index":0`, `"role":"assistant","content":""`, `"logprobs":null,"finish_reason":null`, `"usage":null`)
}

func TestTrap_StopReasons(t *testing.T) {
	for reason, want := range map[string][2]string{
		"end_turn": {`"finish_reason":"stop"`, `"status":"completed"`}, "max_tokens": {`"finish_reason":"length"`, `"max_output_tokens"`},
		"stop_sequence": {`"finish_reason":"stop"`, `"completed"`}, "refusal": {`"finish_reason":"content_filter"`, `"content_filter"`},
		"pause_turn": {`"finish_reason":"stop"`, `"completed"`}, "tool_use": {`"finish_reason":"stop"`, `"completed"`},
		"model_context_window_exceeded": {`"finish_reason":"length"`, `"max_output_tokens"`},
	} {
		body := []byte(`{"id":"m","content":[{"type":"text","text":"a"},{"type":"server_tool_use","id":"s","name":"web_search","input":{}}],"stop_reason":"` + reason + `","stop_sequence":null,"usage":{}}`)
		for i, client := range []models.Protocol{chat, resp} {
			out, res, err := Response(client, messages, body, Options{})
			if err != nil || len(res.Dropped) != 1 || res.Dropped[0].Path != "server_tool_use" {
				t.Fatal(err, res)
			}
			has(t, string(out), want[i])
		}
	}
}
