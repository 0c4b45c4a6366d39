package tap

import (
	"encoding/json"
	"strings"
	"testing"

	"squirrel/models"
	"squirrel/proxy/sse"
)

// stream observes a stream of the given payloads.
func stream(e models.Endpoint, p models.Protocol, payloads ...string) Result {
	tap := New(e, p, true, 10<<20)
	for _, data := range payloads {
		_, _ = tap.Write(sse.AppendEvent(nil, "", []byte(data)))
	}
	return tap.Result()
}

// sameJSON compares two JSON texts, members in any order.
func sameJSON(t *testing.T, got []byte, want string) {
	t.Helper()
	a, errA := json.Marshal(decode(t, got))
	b, errB := json.Marshal(decode(t, []byte(want)))
	if errA != nil || errB != nil || string(a) != string(b) {
		t.Errorf("got\n%s\nwant\n%s", a, b)
	}
}

func TestChat_PutsTheMessageTogether(t *testing.T) {
	r := stream(models.EndpointChat, openAI,
		`{"id":"c1","object":"chat.completion.chunk","created":5,"model":"m","system_fingerprint":null,"choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"x"}`,
		`{"id":"c1","created":5,"model":"m","system_fingerprint":"fp","choices":[{"index":0,"delta":{"reasoning_content":"th\"in"}}]}`,
		`{"id":"c1","choices":[{"index":0,"delta":{"reasoning_content":"k\n"}},{"index":1,"delta":{"content":"other"},"finish_reason":"length"}]}`,
		`{"id":"c1","choices":[{"index":0,"delta":{"content":"é\ud83d"}}]}`,
		`{"id":"c1","choices":[{"index":0,"delta":{"content":"\ude00 done","annotations":[{"a":1}]}}]}`,
		`{"id":"c1","choices":[{"index":0,"delta":{"annotations":[{"b":2}]},"finish_reason":"stop"}]}`,
		`{"id":"c1","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}`,
		`[DONE]`, `{"choices":[{"index":0,"delta":{"content":"after the end"}}]}`)
	sameJSON(t, r.Message, `{"id":"c1","object":"chat.completion","created":5,"model":"m","system_fingerprint":"fp","choices":[
		{"index":0,"message":{"role":"assistant","content":"é😀 done","refusal":null,"reasoning_content":"th\"ink\n","annotations":[{"a":1},{"b":2}]},"logprobs":null,"finish_reason":"stop"},
		{"index":1,"message":{"role":"assistant","content":"other"},"logprobs":null,"finish_reason":"length"}],
		"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}`)
	if r.FinishReason != "stop" || r.UpstreamID != "c1" || r.Model != "m" || !r.Terminated {
		t.Errorf("read %+v", r)
	}
	if text := r.Text(); text != "th\"ink\né😀 doneother" {
		t.Errorf("text %q", text)
	}
}

func TestChat_ToolCalls(t *testing.T) {
	for name, tc := range map[string]struct {
		deltas []string
		want   string
	}{
		"interleaved": {[]string{
			`[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]`,
			`[{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":"{\"x\":"}}]`,
			`[{"index":0,"function":{"arguments":"{}"}},{"index":1,"function":{"arguments":"1}"}}]`,
		}, `[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"b","type":"function","function":{"name":"g","arguments":"{\"x\":1}"}}]`},
		"id and name repeated": {[]string{
			`[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{"}}]`,
			`[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"}"}}]`,
		}, `[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]`},
		"without index": {[]string{
			`[{"id":"a","function":{"name":"f","arguments":"{}"}},{"id":"b","function":{"name":"g","arguments":"{"}}]`,
			`[{"function":{"arguments":"}"}}]`,
		}, `[{"id":"a","function":{"name":"f","arguments":"{}"}},{"id":"b","function":{"name":"g","arguments":"{}"}}]`},
		"all with index 0": {[]string{
			`[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]`, `[{"index":0,"id":"b","function":{"name":"g","arguments":"{}"}}]`,
		}, `[{"id":"a","function":{"name":"f","arguments":"{}"}},{"id":"b","function":{"name":"g","arguments":"{}"}}]`},
		"id late": {[]string{
			`[{"index":0,"function":{"name":"f","arguments":"{"}}]`, `[{"index":0,"id":"a","function":{"name":"","arguments":"}"}}]`,
		}, `[{"function":{"name":"f","arguments":"{}"},"id":"a"}]`},
		"custom": {[]string{
			`[{"index":0,"id":"a","type":"custom","custom":{"name":"sh","input":"l"}}]`, `[{"index":0,"custom":{"input":"s"}}]`,
		}, `[{"id":"a","type":"custom","custom":{"name":"sh","input":"ls"}}]`},
	} {
		t.Run(name, func(t *testing.T) {
			var chunks []string
			for _, delta := range tc.deltas {
				chunks = append(chunks, `{"choices":[{"index":0,"delta":{"tool_calls":`+delta+`}}]}`)
			}
			r := stream(models.EndpointChat, openAI, append(chunks, `{"choices":[{"index":0,"delta":{"tool_calls":null},"finish_reason":"tool_calls"}]}`)...)
			sameJSON(t, r.Message, `{"object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":null,"tool_calls":`+tc.want+`},"logprobs":null,"finish_reason":"tool_calls"}]}`)
			if r.TextBytes == 0 || r.Text() == "" {
				t.Error("tool arguments do not count as text")
			}
		})
	}
}

func TestChat_VendorsWays(t *testing.T) {
	for name, tc := range map[string]struct{ deltas, want string }{
		"function_call":  {`{"function_call":{"name":"f","arguments":"{"}}|{"function_call":{"arguments":"}"}}`, `{"function_call":{"name":"f","arguments":"{}"},"content":null}`},
		"audio":          {`{"audio":{"id":"a","transcript":"he"}}|{"audio":{"transcript":"y","data":"QUJD"}}|{"audio":{"expires_at":9}}`, `{"audio":{"id":"a","transcript":"hey","data":"QUJD","expires_at":9},"content":null}`},
		"parts":          {`{"content":""}|{"content":[{"type":"thinking","thinking":[]}]}|{"content":"hi"}`, `{"content":[{"type":"thinking","thinking":[]},{"type":"text","text":"hi"}]}`},
		"text, parts":    {`{"content":"a"}|{"content":[{"type":"x"}]}`, `{"content":[{"type":"text","text":"a"},{"type":"x"}]}`},
		"null then text": {`{"content":null}|{"content":"a"}|{"content":null}`, `{"content":"a"}`},
		"nothing":        {`{}`, `{"content":null}`},
	} {
		t.Run(name, func(t *testing.T) {
			var chunks []string
			for delta := range strings.SplitSeq(tc.deltas, "|") {
				chunks = append(chunks, `{"choices":[{"index":0,"delta":`+delta+`}]}`)
			}
			message, err := json.Marshal(at(decode(t, stream(models.EndpointChat, openAI, chunks...).Message), "choices", 0, "message"))
			if err != nil {
				t.Fatal(err)
			}
			sameJSON(t, message, `{"role":"assistant",`+tc.want[1:])
		})
	}
	r := stream(models.EndpointChat, openAI, `{"choices":[{"index":0,"message":{"role":"assistant","content":"ab"},"delta":{"content":"a"}}]}`,
		`{"choices":[{"index":0,"message":{"role":"assistant","content":"ab"},"delta":{"content":"b"}}]}`)
	if r.Text() != "ab" {
		t.Errorf("the whole message beside the delta was joined: %q", r.Text())
	}
	r = stream(models.EndpointChat, openAI, `{"choices":[{"index":0,"message":{"role":"assistant","content":"ab"},"finish_reason":"stop"}]}`)
	if r.Text() != "ab" || r.FinishReason != "stop" {
		t.Errorf("a message instead of deltas was lost: %q", r.Text())
	}
}

func TestCompletions(t *testing.T) {
	r := stream(models.EndpointCompletions, openAI, `{"id":"x","object":"text_completion","choices":[{"text":"a","index":0,"logprobs":null,"finish_reason":null}]}`,
		`{"id":"x","choices":[{"text":"b","index":0,"finish_reason":"length"}]}`, `[DONE]`)
	sameJSON(t, r.Message, `{"id":"x","object":"text_completion","choices":[{"index":0,"text":"ab","logprobs":null,"finish_reason":"length"}]}`)
	if r.Text() != "ab" || r.FinishReason != "length" {
		t.Errorf("read %+v", r)
	}
}

func TestMessages_PutsTheBlocksTogether(t *testing.T) {
	r := stream(models.EndpointMessages, anthropic,
		`{"type":"message_start","message":{"id":"m1","type":"message","role":"assistant","model":"c","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":1}}}`,
		`{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}`, `{"type":"ping"}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm\n"}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"SIG="}}`,
		`{"type":"content_block_start","index":1,"content_block":{"type":"text","text":"A","citations":[]}}`,
		`{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t1","name":"f","input":{}}}`,
		`{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"a\": 1.50,"}}`,
		`{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"B"}}`,
		`{"type":"content_block_delta","index":1,"delta":{"type":"citations_delta","citation":{"n":1}}}`,
		`{"type":"content_block_delta","index":1,"delta":{"type":"citations_delta","citation":{"n":2}}}`,
		`{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"\"b\":\"\\u00e9\"}"}}`,
		`{"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"t2","name":"g","input":{}}}`,
		`{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":9}}`, `{"type":"message_stop"}`,
		`{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"after the end"}}`)
	sameJSON(t, r.Message, `{"id":"m1","type":"message","role":"assistant","model":"c","content":[{"type":"thinking","thinking":"hm\n","signature":"SIG="},
		{"type":"text","text":"AB","citations":[{"n":1},{"n":2}]},{"type":"tool_use","id":"t1","name":"f","input":{"a":1.50,"b":"é"}},{"type":"tool_use","id":"t2","name":"g","input":{}}],
		"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":9}}`)
	if !strings.Contains(string(r.Message), `{"a": 1.50,"b":"\u00e9"}`) {
		t.Errorf("the input was written anew: %s", r.Message)
	}
	if r.FinishReason != "tool_use" || r.UpstreamID != "m1" || r.Model != "c" || !r.Terminated || !strings.HasPrefix(r.Text(), "hm\nABf{") {
		t.Errorf("read %+v, text %q", r, r.Text())
	}
}

func TestMessages_CutInAToolCall(t *testing.T) {
	r := stream(models.EndpointMessages, anthropic,
		`{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"a\":\"xy"}}`)
	sameJSON(t, r.Message, `{"content":[{"type":"tool_use","id":"t","name":"f","input":{"partial_json":"{\"a\":\"xy"}}],"usage":{}}`)
	if r.Terminated || r.FinishReason != "" {
		t.Errorf("read %+v", r)
	}
}

func TestResponses_PutsUnfinishedItemsTogether(t *testing.T) {
	events := []string{
		`{"type":"response.created","response":{"id":"r1","model":"m","status":"in_progress","output":[]}}`,
		`{"type":"response.output_item.added","output_index":0,"item":{"id":"i0","type":"reasoning","summary":[]}}`,
		`{"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":0,"delta":"hm"}`,
		`{"type":"response.output_item.done","output_index":0,"item":{"id":"i0","type":"reasoning","summary":[{"type":"summary_text","text":"hm."}]}}`,
		`{"type":"response.output_item.added","output_index":1,"item":{"id":"i1","type":"message","role":"assistant","content":[]}}`,
		`{"type":"response.output_text.delta","output_index":1,"content_index":0,"delta":"he"}`,
		`{"type":"response.output_text.delta","output_index":1,"content_index":0,"delta":"y"}`,
		`{"type":"response.refusal.delta","output_index":1,"content_index":1,"delta":"no"}`,
		`{"type":"response.output_item.added","output_index":2,"item":{"id":"i2","type":"function_call","name":"f","arguments":""}}`,
		`{"type":"response.function_call_arguments.delta","output_index":2,"delta":"{\"a"}`,
		`{"type":"response.custom_thing.delta","output_index":2,"delta":"?"}`,
	}
	r := stream(models.EndpointResponses, responses, events...)
	sameJSON(t, r.Message, `{"id":"r1","model":"m","status":"in_progress","output":[{"id":"i0","type":"reasoning","summary":[{"type":"summary_text","text":"hm."}]},
		{"id":"i1","type":"message","role":"assistant","content":[{"type":"output_text","text":"hey"},{"type":"refusal","refusal":"no"}]},
		{"id":"i2","type":"function_call","name":"f","arguments":"{\"a","custom_thing":"?"}]}`)
	if r.Terminated || r.UpstreamID != "r1" || r.Text() != "hm.heynof{\"a" || r.TextBytes == 0 {
		t.Errorf("read %+v, text %q", r, r.Text())
	}
	final := `{"id":"r1","status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[],"usage":{"input_tokens":1,"output_tokens":2}}`
	r = stream(models.EndpointResponses, responses, append(events, `{"type":"response.incomplete","response":`+final+`}`, `[DONE]`)...)
	if string(r.Message) != final || r.FinishReason != "max_output_tokens" || !r.Terminated || r.Usage != (models.Usage{Input: 1, Output: 2, Known: true}) {
		t.Errorf("read %+v %s", r, r.Message)
	}
}
