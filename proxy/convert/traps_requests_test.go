package convert

import (
	"strings"
	"testing"

	"squirrel/models"
	"squirrel/proxy/convert/wire"
)

func TestTrap_ToolResultLists(t *testing.T) {
	const body = `{"max_tokens":9,"messages":[{"role":"user","content":"q"},{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"f","input":{}},{"type":"tool_use","id":"t2","name":"f","input":{}}]},
		{"role":"user","content":[{"type":"tool_result","tool_use_id":"t2","is_error":true,"content":[{"type":"text","text":"a"},{"type":"text","text":"b"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}}]},{"type":"tool_result","tool_use_id":"t1"}]}]}`
	got, dropped := request(t, messages, chat, body, Options{})
	has(t, got, `{"role":"tool","tool_call_id":"t1","content":""}`, `{"role":"tool","tool_call_id":"t2","content":"a\n\nb"}`, `{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}]}`)
	has(t, dropped, "messages[2].is_error")
	got, _ = request(t, messages, resp, body, Options{})
	has(t, got, `{"type":"function_call_output","call_id":"t1","output":""}`, `"call_id":"t2","output":[{"type":"input_text","text":"a"},{"type":"input_text","text":"b"},{"type":"input_image"`)
}

func TestTrap_EmptyContentBeforeACall(t *testing.T) {
	const call = `"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c","content":"r"}]}`
	for _, content := range []string{`"content":null,`, `"content":"",`, `"content":[],`, `"content":[{"type":"text","text":""}],`, ""} {
		body := `{"messages":[{"role":"user","content":"q"},{"role":"assistant",` + content + call
		got, dropped := request(t, chat, messages, body, Options{})
		has(t, got, `{"role":"assistant","content":[{"type":"tool_use","id":"c","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c","content":"r"}]}`)
		inResponses, also := request(t, chat, resp, body, Options{})
		has(t, inResponses, `"text":"q"}]},{"type":"function_call","call_id":"c"`)
		if dropped+also != "" {
			t.Errorf("%s: dropped %s%s", content, dropped, also)
		}
	}
}

func TestTrap_ImagesOfUnknownType(t *testing.T) {
	const ask = `{"messages":[{"role":"user","content":[{"type":"text","text":"q"},{"type":"image_url","image_url":{"url":"%s"}}]}]}`
	for url, want := range map[string]string{
		"data:;base64,iVBORw0KGgo=":                         `"media_type":"image/png","data":"iVBORw0KGgo="`,
		"data:application/octet-stream;base64,/9j/4AAQSkZJ": `"media_type":"image/jpeg"`,
		"data:image/jpg;base64,/9j/4AAQSkZJ":                `"media_type":"image/jpeg"`,
		"data:image/png,%89PNG%0D%0A%1A%0A":                 `"media_type":"image/png","data":"iVBORw0KGgo="`,
		"data:image/png":                                    ``,
		"data:image/png,%zz":                                ``,
		"data:image/svg+xml;base64,PHN2Zz48L3N2Zz4=":        ``,
		"https://example.com/a":                             `"source":{"type":"url","url":"https://example.com/a"}`,
	} {
		got, dropped := request(t, chat, messages, strings.Replace(ask, "%s", url, 1), Options{})
		if want == "" {
			hasNot(t, got, `"type":"image"`)
			has(t, dropped, "messages[0].content[1]")
			continue
		}
		has(t, got, `"text":"q"`, want)
		if dropped != "" {
			t.Errorf("%s: dropped %s", url, dropped)
		}
	}
}

func TestTrap_ManyChoices(t *testing.T) {
	for _, out := range []models.Protocol{messages, resp} {
		if e := refusal(t, chat, out, `{"messages":[{"role":"user","content":"q"}],"n":3}`); e.Status != 422 || e.Code != "unsupported_conversion" || e.Param != "n" {
			t.Errorf("%s: %+v", out, e)
		}
		got, _ := request(t, chat, out, `{"messages":[{"role":"user","content":"q"}],"n":1}`, Options{})
		hasNot(t, got, `"n"`)
	}
}

func TestTrap_Logprobs(t *testing.T) {
	_, dropped := request(t, chat, messages, `{"messages":[{"role":"user","content":"q"}],"logprobs":true,"top_logprobs":3}`, Options{})
	has(t, dropped, "dropped logprobs", "dropped top_logprobs")
	_, dropped = request(t, chat, messages, `{"messages":[{"role":"user","content":"q"}],"logprobs":false}`, Options{})
	if dropped != "" {
		t.Errorf("logprobs that are off: dropped %s", dropped)
	}
	const logprobs = `"logprobs":{"content":[{"token":"Hi","logprob":-0.1}]}`
	out, res, err := Response(messages, chat, []byte(`{"id":"c","choices":[{"message":{"role":"assistant","content":"Hi"},`+logprobs+`,"finish_reason":"stop"}]}`), Options{})
	if err != nil {
		t.Fatal(err)
	}
	hasNot(t, string(out), "logprob")
	has(t, droppedText(res.Dropped), "choices[0].logprobs")
	_, res = stream(t, messages, chat, Options{}, `{"id":"c","choices":[{"index":0,"delta":{"content":"Hi"},`+logprobs+`,"finish_reason":"stop"}]}`, cDone)
	has(t, droppedText(res.Dropped), "choices[0].logprobs")
}

func TestTrap_ToolIndexesCountToolsNotBlocks(t *testing.T) {
	block := func(index, content string) []string {
		return []string{`{"type":"content_block_start","index":` + index + `,"content_block":` + content + `}`, `{"type":"content_block_stop","index":` + index + `}`}
	}
	data := append([]string{aStart}, block("0", `{"type":"thinking","thinking":"Hm","signature":"S"}`)...)
	data = append(data, block("1", `{"type":"text","text":"Hi"}`)...)
	data = append(data, block("2", `{"type":"tool_use","id":"a","name":"f","input":{}}`)...)
	data = append(data, block("3", `{"type":"server_tool_use","id":"s","name":"web_search","input":{}}`)...)
	data = append(data, block("4", `{"type":"tool_use","id":"b","name":"g","input":{}}`)...)
	got, _ := stream(t, chat, messages, Options{}, append(data, aEnd, aStop)...)
	has(t, joined(got), `"tool_calls":[{"index":0,"id":"a"`, `"arguments":"{}"`, `"tool_calls":[{"index":1,"id":"b"`, `"arguments":"{}"`)
}

func TestTrap_Pings(t *testing.T) {
	const ping = `{"type":"ping"}`
	for _, client := range protocols {
		got, res := stream(t, client, messages, Options{}, ping, aStart, ping, `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`, ping,
			`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}`, `{"type":"content_block_stop","index":0}`, ping, aEnd, ping, aStop)
		hasNot(t, joined(got), "ping")
		if len(res.Dropped) > 0 || res.FinishReason != "stop" {
			t.Errorf("%s: %+v", client, res)
		}
	}
}

// TestTrap_UsageThatWasNeverTold is unknown, not zero.
func TestTrap_UsageThatWasNeverTold(t *testing.T) {
	hi := `{"id":"c","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}`
	got, res := stream(t, chat, chat, Options{IncludeUsage: true}, hi, cDone)
	if last := wire.Parse([]byte(got[len(got)-2].data)); res.Usage.Known || last.Get("usage") != nil {
		t.Errorf("%+v, %s", res.Usage, got[len(got)-2].data)
	}
	got, _ = stream(t, resp, chat, Options{}, hi, cDone)
	has(t, got[len(got)-1].data, `"usage":null`)
	got, _ = stream(t, messages, chat, Options{EstimatedInput: func() int64 { return 8 }}, hi, cDone) // which has to tell a number
	has(t, joined(got), `"message_start"`, `"input_tokens":8`, `"message_delta"`, `"input_tokens":8`)
}
