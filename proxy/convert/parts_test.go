package convert

import (
	"testing"

	"squirrel/models"
)

// TestParts converts one part at a time; the pieces have to be in the result in this order.
func TestParts(t *testing.T) {
	for name, tc := range map[string]struct {
		in, out models.Protocol
		body    string
		want    []string
		dropped []string
	}{
		"text document": {messages, chat, `{"messages":[{"role":"user","content":[{"type":"document","title":"T","source":{"type":"text","media_type":"text/plain","data":"body"}},{"type":"text","text":"q"}]}]}`,
			[]string{`"content":[{"type":"text","text":"T\n\nbody"},{"type":"text","text":"q"}]`}, nil},
		"content document": {messages, resp, `{"messages":[{"role":"user","content":[{"type":"document","source":{"type":"content","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}}]}]}`,
			[]string{`{"type":"input_text","text":"a\n\nb"}`}, nil},
		"search result": {messages, chat, `{"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"r"}]},{"type":"search_result","title":"T","source":"https://x","content":[{"type":"text","text":"found"}]}]}]}`,
			[]string{`T (https://x)\n\nfound`}, []string{"a tool result without its call: t"}},
		"search result stays": {messages, messages, `{"messages":[{"role":"user","content":[{"type":"search_result","title":"T","source":"s","content":[]},{"type":"document","context":"c","citations":{"enabled":true},"source":{"type":"url","url":"https://x"}},{"type":"image","source":{"type":"file","file_id":"f"}}]}]}`,
			[]string{`{"type":"search_result","title":"T"`, `"url":"https://x"},"context":"c","citations":{"enabled":true}`, `"file_id":"f"`}, nil},
		"document by url": {messages, resp, `{"messages":[{"role":"user","content":[{"type":"document","source":{"type":"url","url":"https://x/a.pdf"}}]}]}`,
			[]string{`{"type":"input_file","file_url":"https://x/a.pdf"}`}, nil},
		"document by url to chat": {messages, chat, `{"messages":[{"role":"user","content":[{"type":"text","text":"q"},{"type":"document","source":{"type":"url","url":"https://x/a.pdf"}}]}]}`,
			[]string{`"text":"q"`}, []string{"messages[0].content[1]"}},
		"files of another vendor": {messages, resp, `{"messages":[{"role":"user","content":[{"type":"image","source":{"type":"file","file_id":"f"}},{"type":"document","source":{"type":"file","file_id":"f"}}]}]}`,
			[]string{`"input":[]`}, []string{"messages[0].content[0]", "messages[0].content[1]"}},
		"file id between OpenAI's": {chat, resp, `{"messages":[{"role":"user","content":[{"type":"file","file":{"file_id":"file-1"}},{"type":"file","file":{"file_data":"JVBERi0="}}]}]}`,
			[]string{`{"type":"input_file","file_id":"file-1"}`, `"file_data":"data:application/pdf;base64,JVBERi0="`}, nil},
		"file to Anthropic": {resp, messages, `{"input":[{"role":"user","content":[{"type":"input_file","file_data":"JVBERi0=","filename":"a.pdf"},{"type":"input_file","file_url":"https://x/a.pdf"},{"type":"input_image","file_id":"f"}]}]}`,
			[]string{`"media_type":"application/pdf","data":"JVBERi0="},"title":"a.pdf"`, `{"type":"url","url":"https://x/a.pdf"}`}, []string{"input[0].content[2]"}},
		"pdf as an image": {chat, messages, `{"messages":[{"role":"user","content":[{"type":"image_url","image_url":"data:application/pdf;base64,JVBERi0="}]}]}`,
			[]string{`{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="}}`}, nil},
		"legacy functions": {chat, messages, `{"functions":[{"name":"f","parameters":{"type":"object","properties":{}}}],"function_call":{"name":"f"},"messages":[{"role":"user","content":"q"},{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}},{"role":"function","name":"f","content":"r"}]}`,
			[]string{`{"type":"tool_use","id":"call_1","name":"f","input":{}}`, `{"type":"tool_result","tool_use_id":"call_1","content":"r"}`, `"tool_choice":{"type":"tool","name":"f"}`}, nil},
		"custom tools of chat": {chat, resp, `{"tools":[{"type":"custom","custom":{"name":"c","description":"d","format":{"type":"grammar","grammar":{"syntax":"lark","definition":"x"}}}}],"tool_choice":{"type":"custom","custom":{"name":"c"}},"messages":[{"role":"assistant","tool_calls":[{"id":"a","type":"custom","custom":{"name":"c","input":"i"}}]},{"role":"tool","tool_call_id":"a","content":"r"}]}`,
			[]string{`{"type":"custom_tool_call","call_id":"a","name":"c","input":"i"}`, `{"type":"custom","name":"c","description":"d","format":{"type":"grammar","syntax":"lark","definition":"x"}}`, `"tool_choice":{"type":"custom","name":"c"}`}, nil},
		"custom tools of chat stay": {chat, chat, `{"tools":[{"type":"custom","custom":{"name":"c","format":{"type":"grammar","grammar":{"syntax":"lark","definition":"x"}}}},{"type":"openrouter:web_search","parameters":{}}],"tool_choice":{"type":"custom","custom":{"name":"c"}},"messages":[{"role":"developer","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]},{"role":"assistant","content":null,"refusal":"no"}]}`,
			[]string{`{"role":"developer","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]}`, `"content":null,"refusal":"no"`, `"format":{"type":"grammar","grammar":{"syntax":"lark","definition":"x"}}`, `{"type":"openrouter:web_search"`, `"tool_choice":{"type":"custom","custom":{"name":"c"}}`}, nil},
		"arguments that are no object": {chat, messages, `{"messages":[{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":"{\"half"}}]}]}`,
			[]string{`"input":{"arguments":"{\"half"}`}, []string{"messages[0].tool_calls[0].arguments"}},
		"choice of a tool that is gone": {resp, chat, `{"input":"a","tools":[{"type":"web_search"},{"type":"function","name":"f"}],"tool_choice":{"type":"function","name":"gone"}}`,
			[]string{`"name":"f"`}, []string{"tools[0]", "tool_choice"}},
		"allowed tools": {resp, chat, `{"input":"a","tools":[{"type":"function","name":"f"}],"tool_choice":{"type":"allowed_tools","mode":"auto","tools":[{}]}}`,
			[]string{`"tool_choice":"auto"`}, []string{"tool_choice.tools"}},
		"output that is an object": {resp, chat, `{"input":[{"type":"function_call","call_id":"c","name":"f","arguments":""},{"type":"function_call_output","call_id":"c","output":{"a": 1}}]}`,
			[]string{`"arguments":"{}"`, `"content":"{\"a\":1}"`}, nil},
		"json mode": {chat, messages, `{"messages":[],"response_format":{"type":"json_object"}}`, nil, []string{"response_format"}},
		"format between OpenAI's": {resp, chat, `{"input":"a","text":{"format":{"type":"json_schema","name":"n","schema":{},"strict":true}}}`,
			[]string{`"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{},"strict":true}}`}, nil},
		"format of Anthropic": {messages, chat, `{"messages":[],"output_config":{"format":{"type":"json_schema","schema":{"type":"object"}},"task_budget":{"total":1}}}`,
			[]string{`"json_schema":{"name":"response","schema":{"type":"object"}}`}, []string{"output_config.task_budget"}},
		"unknown fields": {messages, chat, `{"messages":[{"role":"user","content":[{"type":"text","text":"a","odd":1}],"more":2}],"tools":[{"name":"f","defer_loading":true}],"container":"c","inference_geo":"eu","odd":{"x":1}}`,
			nil, []string{"messages[0].content[0].odd", "messages[0].more", "tools[0].defer_loading", "container", "inference_geo", "odd"}},
		"reasoning of OpenRouter": {chat, resp, `{"messages":[],"reasoning":{"enabled":true,"max_tokens":9000}}`, []string{`"effort":"medium"`}, nil},
		"includes":                {resp, chat, `{"input":"a","include":["file_search_call.results"],"truncation":"auto"}`, nil, []string{"truncation", "include"}},
	} {
		t.Run(name, func(t *testing.T) {
			body, dropped := request(t, tc.in, tc.out, tc.body, Options{})
			has(t, body, tc.want...)
			for _, path := range tc.dropped {
				has(t, dropped, path)
			}
			if len(tc.dropped) == 0 && dropped != "" {
				t.Errorf("dropped:\n%s", dropped)
			}
		})
	}
}

func TestStreamedCitations(t *testing.T) {
	citation := `{"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":{"type":"web_search_result_location","url":"https://x","title":"T","cited_text":"q","encrypted_index":"e"}}}`
	data := []string{
		aStart, `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"","citations":[{"type":"char_location","cited_text":"c"}]}}`,
		citation, `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}`, `{"type":"content_block_stop","index":0}`, aEnd, aStop,
	}
	for client, want := range map[models.Protocol][]string{
		chat:     {`"annotations":[{"type":"url_citation","url_citation":{"url":"https://x","title":"T"`},
		resp:     {"annotation.added", `"annotation":{"type":"url_citation","url":"https://x"`, `"text":"a","annotations":[{"type":"url_citation"`},
		messages: {`"citation":{"type":"char_location"`, `"encrypted_index":"e"`},
	} {
		got, res := stream(t, client, messages, Options{}, data...)
		has(t, joined(got), want...)
		if client != messages {
			has(t, droppedText(res.Dropped), "citations")
		}
	}
	got, _ := stream(t, messages, chat, Options{}, `{"choices":[{"delta":{"content":"a","annotations":[{"type":"url_citation","url_citation":{"url":"https://x","title":"T","content":"q"}}]},"finish_reason":"stop"}]}`, cDone)
	has(t, joined(got), `"citation":{"type":"web_search_result_location","url":"https://x","title":"T","cited_text":"q"`)
}

func TestCitationRangesMoveWithTheirText(t *testing.T) {
	out, _, err := Response(chat, resp, []byte(`{"id":"r","status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"éé","annotations":[]}]},
		{"type":"message","content":[{"type":"output_text","text":"bb","annotations":[{"type":"url_citation","url":"https://x","title":"T","start_index":0,"end_index":2}]}]}]}`), Options{})
	if err != nil {
		t.Fatal(err)
	}
	has(t, string(out), `"content":"éébb"`, `"start_index":2,"end_index":4`)
}

func TestStreamedReasoningOfVendors(t *testing.T) {
	finish := `{"choices":[{"delta":{},"finish_reason":"stop"}]}`
	for name, tc := range map[string]struct {
		data []string
		want []string
	}{
		"OpenRouter repeats the text": {[]string{
			`{"choices":[{"delta":{"reasoning":"Hm","reasoning_details":[{"type":"reasoning.text","text":"Hm","format":"anthropic-claude-v1","index":0}]}}]}`,
			`{"choices":[{"delta":{"reasoning":null,"reasoning_details":[{"type":"reasoning.text","signature":"SIG","format":"anthropic-claude-v1","index":0}]}}]}`,
		}, []string{`"thinking_delta","thinking":"Hm"`, `"signature_delta","signature":"SIG"`}},
		"only details": {[]string{
			`{"choices":[{"delta":{"reasoning_details":[{"type":"reasoning.summary","summary":"Hm"},{"type":"reasoning.encrypted","data":"E","id":"rs","format":"openai-responses-v1"},{"type":"reasoning.encrypted","data":"R","format":"anthropic-claude-v1"},{"type":"odd"}]}}]}`,
		}, []string{`"thinking":"Hm"`, `"signature":"squirrel.openai-responses-v1.rs.E"`, `"redacted_thinking","data":"R"`}},
		"Mistral": {[]string{
			`{"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"H"},{"type":"text","text":"m"}]},{"type":"text","text":"Hi"},{"type":"odd"}]}}]}`,
		}, []string{`"thinking":"Hm"`, `"text_delta","text":"Hi"`}},
		"legacy function call": {[]string{
			`{"id":"c","choices":[{"delta":{"function_call":{"name":"f","arguments":"{"}}}]}`, `{"choices":[{"delta":{"function_call":{"arguments":"}"}}}]}`,
		}, []string{`"id":"call_c_0","name":"f"`, `"partial_json":"{"`, `"partial_json":"}"`}},
		"refusal": {[]string{`{"choices":[{"delta":{"refusal":"No."},"logprobs":{"content":[]}},{"index":1,"delta":{}}]}`}, []string{`"text":"No."`}},
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := stream(t, messages, chat, Options{}, append(tc.data, finish, cDone)...)
			has(t, joined(got), tc.want...)
		})
	}
}

func TestFailedResponses(t *testing.T) {
	for code, want := range map[string]string{
		"rate_limit_exceeded": "rate_limit_error", "server_is_overloaded": "overloaded_error", "invalid_prompt": "invalid_request_error", "server_error": "api_error",
	} {
		got, _ := stream(t, messages, resp, Options{}, `{"type":"response.created","response":{"id":"r"}}`,
			`{"type":"response.failed","response":{"status":"failed","error":{"code":"`+code+`","message":"m"}}}`)
		has(t, joined(got), `"type":"`+want+`"`)
	}
	got, _ := stream(t, resp, resp, Options{}, `{"type":"error","code":"rate_limit_exceeded","message":"m","param":null}`)
	has(t, joined(got), "response.created", "response.failed", `"code":"rate_limit_exceeded"`)
	if _, _, err := Response(chat, resp, []byte(`{"output":[],"status":"failed","error":{"code":"server_error","message":"boom"}}`), Options{}); err == nil || err.Error() != "boom" {
		t.Error(err)
	}
}

func TestResponsesStreamWithoutDeltas(t *testing.T) {
	items := `[{"type":"reasoning","id":"rs","summary":[{"type":"summary_text","text":"A"},{"type":"summary_text","text":"B"}],"encrypted_content":"E"},` +
		`{"type":"message","content":[{"type":"output_text","text":"Hi"},{"type":"refusal","refusal":"No"}]},{"type":"function_call","name":"f","arguments":"{}"},{"type":"custom_tool_call","call_id":"c","name":"g","input":"free"}]`
	got, res := stream(t, resp, resp, Options{}, `{"type":"response.completed","response":{"id":"r","status":"completed","output":`+items+`,"usage":{"input_tokens":1,"output_tokens":2}}}`)
	has(t, joined(got), `"text":"A\n\nB"`, `"text":"Hi"`, `"refusal":"No"`, `"call_id":"call_r_2","name":"f"`, `"input":"free"`, `"output_tokens":2`)
	if res.FinishReason != "tool_calls" {
		t.Error(res)
	}
}
