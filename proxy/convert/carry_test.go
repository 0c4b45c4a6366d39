package convert

import (
	"testing"
)

const structuredRequest = `{"messages":[{"role":"user","content":"a"}],"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object","properties":{"x":{"type":"integer"}}}}}%s}`

func TestStructuredAnswerThroughATool(t *testing.T) {
	opt := Options{Carry: new(Carry)}
	body, _ := request(t, chat, messages, sprintf(structuredRequest, ""), opt)
	has(t, body, `"name":"structured_answer"`, `"tool_choice":{"type":"tool","name":"structured_answer","disable_parallel_tool_use":true}`)
	out, res, err := Response(chat, messages, []byte(`{"id":"m","content":[{"type":"text","text":"Sure."},
		{"type":"tool_use","id":"t","name":"structured_answer","input":{"x": 1.0}}],"stop_reason":"tool_use","usage":{}}`), opt)
	if err != nil || res.FinishReason != "stop" || len(res.Dropped) != 1 {
		t.Fatal(err, res)
	}
	has(t, string(out), `"content":"{\"x\": 1.0}"`, `"finish_reason":"stop"`)
	hasNot(t, string(out), "tool_calls")
	got, res := stream(t, chat, messages, opt, aStart,
		`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Sure."}}`,
		`{"type":"content_block_stop","index":0}`,
		`{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t","name":"structured_answer","input":{}}}`,
		`{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"x\":1}"}}`,
		`{"type":"content_block_stop","index":1}`, aEnd, aStop)
	has(t, joined(got), `"content":"{\"x\":1}"`, `"finish_reason":"stop"`)
	hasNot(t, joined(got), "Sure.")
	has(t, droppedText(res.Dropped), "content")
}

// TestStructuredAnswerTwice: a model that calls the tool twice in parallel still gives one JSON text.
func TestStructuredAnswerTwice(t *testing.T) {
	opt := Options{Carry: new(Carry)}
	body, _ := request(t, chat, messages, sprintf(structuredRequest, ""), opt)
	has(t, body, `"disable_parallel_tool_use":true`)
	out, res, err := Response(chat, messages, []byte(`{"id":"m","content":[{"type":"tool_use","id":"t","name":"structured_answer","input":{"x":1}},
		{"type":"tool_use","id":"u","name":"structured_answer","input":{"x":2}}],"stop_reason":"tool_use","usage":{}}`), opt)
	if err != nil || res.FinishReason != "stop" {
		t.Fatal(err, res)
	}
	has(t, string(out), `"content":"{\"x\":1}"`)
	block := func(i, name, rest string) []string {
		return []string{`{"type":"content_block_start","index":` + i + `,"content_block":` + name + `}`, `{"type":"content_block_delta","index":` + i + `,"delta":` + rest + `}`, `{"type":"content_block_stop","index":` + i + `}`}
	}
	data := append([]string{aStart}, block("0", `{"type":"tool_use","id":"t","name":"structured_answer","input":{}}`, `{"type":"input_json_delta","partial_json":"{\"x\":1}"}`)...)
	data = append(data, block("1", `{"type":"tool_use","id":"u","name":"structured_answer","input":{}}`, `{"type":"input_json_delta","partial_json":"{\"x\":2}"}`)...)
	data = append(data, block("2", `{"type":"text","text":""}`, `{"type":"text_delta","text":"There."}`)...)
	got, res := stream(t, chat, messages, opt, append(data, aEnd, aStop)...)
	has(t, joined(got), `"content":"{\"x\":1}"`, `"finish_reason":"stop"`)
	hasNot(t, joined(got), `{\"x\":2}`)
	hasNot(t, joined(got), "There.")
	has(t, droppedText(res.Dropped), "content")
}

func TestStructuredAnswerBesideTools(t *testing.T) {
	opt := Options{Carry: new(Carry)}
	tools := `,"tools":[{"type":"function","function":{"name":"structured_answer"}}],"reasoning_effort":"low"`
	body, dropped := request(t, chat, messages, sprintf(structuredRequest, tools), opt)
	has(t, body, `"name":"structured_answer_"`, `"tool_choice":{"type":"any"}`)
	hasNot(t, body, `"thinking"`)
	has(t, dropped, "reasoning_effort")
	got, _ := stream(t, chat, messages, opt, aStart,
		`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"Plain."}}`, `{"type":"content_block_stop","index":0}`, aEnd, aStop)
	has(t, joined(got), `"content":"Plain."`)
	forced := `,"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"function","function":{"name":"f"}}`
	_, dropped = request(t, chat, messages, sprintf(structuredRequest, forced), Options{})
	has(t, dropped, "response_format")
	body, _ = request(t, chat, messages, sprintf(structuredRequest, ""), Options{NativeSchema: true})
	has(t, body, `"output_config":{"format":{"type":"json_schema","schema":`)
}

const codexTools = `{"input":"a","tools":[{"type":"custom","name":"apply_patch","format":{"type":"grammar","syntax":"lark","definition":"start: x"}},
	{"type":"namespace","name":"gh","tools":[{"type":"function","name":"list"}]},{"type":"web_search"},{"type":"local_shell"}],"tool_choice":{"type":"custom","name":"apply_patch"}}`

func TestFact5_CodexToolsComeBack(t *testing.T) {
	opt := Options{Carry: new(Carry), ID: "X"}
	body, dropped := request(t, resp, chat, codexTools, opt)
	has(t, body, `"name":"apply_patch"`, `lark grammar:\nstart: x`, `"name":"gh__list"`, `"tool_choice":{"type":"function","function":{"name":"apply_patch"}}`)
	has(t, dropped, "tools[2]", "tools[3]")
	got, _ := stream(t, resp, chat, opt,
		`{"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"apply_patch","arguments":"{\"input\":\"*** \\"}}]}}]}`,
		`{"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"b","function":{"name":"gh__list","arguments":""}}]}}]}`,
		`{"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"nBegin\"}"}}]}}]}`,
		`{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}`, cDone)
	has(t, joined(got), `"type":"custom_tool_call"`, `"delta":"*** \nBegin"`, `"type":"response.custom_tool_call_input.done"`, `"input":"*** \nBegin"`,
		`"type":"function_call"`, `"name":"list","namespace":"gh"`, `"type":"response.completed"`)
	out, _, err := Response(resp, chat, []byte(`{"id":"c","choices":[{"message":{"role":"assistant","content":null,"tool_calls":[
		{"id":"a","type":"function","function":{"name":"apply_patch","arguments":"{\"input\":\"p\"}"}}]},"finish_reason":"tool_calls"}]}`), opt)
	if err != nil {
		t.Fatal(err)
	}
	has(t, string(out), `"type":"custom_tool_call","id":"ctc_X_0","status":"completed","call_id":"a","name":"apply_patch","input":"p"`)
}

func TestTrap_LongToolNames(t *testing.T) {
	long := "mcp__a_server_with_a_rather_long_name__and_a_tool_with_an_even_longer.name"
	opt := Options{Carry: new(Carry)}
	body, _ := request(t, messages, chat, `{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"`+long+`","input":{}}]}],
		"tools":[{"name":"`+long+`","input_schema":{"type":"object","properties":{}}}],"tool_choice":{"type":"tool","name":"`+long+`"}}`, opt)
	hasNot(t, body, long)
	short := "mcp__a_server_with_a_rather_long_name__and_a_tool_with_a_c8d52ba8"
	for name := range opt.Carry.tools {
		short = name
	}
	if len(short) > 64 {
		t.Error(short)
	}
	has(t, body, `"name":"`+short, `"name":"`+short, `"name":"`+short)
	out, _, err := Response(messages, chat, []byte(`{"choices":[{"message":{"tool_calls":[{"id":"a","function":{"name":"`+short+`","arguments":""}}]}}]}`), opt)
	if err != nil {
		t.Fatal(err)
	}
	has(t, string(out), `"name":"`+long+`","input":{}`, `"stop_reason":"tool_use"`)
}

func TestEchoOfAResponsesRequest(t *testing.T) {
	opt := Options{Carry: new(Carry)}
	request(t, resp, chat, `{"input":"a","instructions":"be brief","temperature":0.50,"metadata":{"k":"v"},"tools":[{"type":"function","name":"f"}]}`, opt)
	got, _ := stream(t, resp, chat, opt, `{"id":"c","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}`, cDone)
	for _, i := range []int{0, 1, len(got) - 1} {
		has(t, got[i].data, `"instructions":"be brief"`, `"temperature":0.50`, `"tools":[{"type":"function","name":"f"}]`, `"metadata":{"k":"v"}`)
	}
}
