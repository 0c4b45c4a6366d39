package tap

import (
	"encoding/json"
	"testing"

	"squirrel/models"
	"squirrel/proxy/sse"
)

const (
	openAI    = models.ProtocolOpenAI
	anthropic = models.ProtocolAnthropic
	responses = models.ProtocolResponses
)

func TestMeaningful(t *testing.T) {
	for _, tc := range []struct {
		protocol models.Protocol
		raw      string
		want     bool
	}{
		{openAI, ": OPENROUTER PROCESSING\n\n", false},
		{openAI, "\n", false},
		{openAI, "data:\n\n", false},
		{openAI, "data: {}\n\n", false},
		{openAI, "data: null \n\n", false},
		{openAI, "event: ping\n\n", false},
		{openAI, "data: {\"choices\":[]}\n\n", true},
		{openAI, "data: [DONE]\n\n", true},
		{anthropic, "event: ping\ndata: {\"type\": \"ping\"}\n\n", false},
		{anthropic, "data: {\"type\": \"ping\"}\n\n", false},
		{anthropic, "event: message_start\ndata: {\"type\":\"message_start\"}\n\n", true},
		{anthropic, "data: {\"type\":\"message_start\"}\n\n", true},
		{responses, "data: {\"type\":\"response.created\"}\n\n", true},
	} {
		if got := Meaningful(tc.protocol, sse.ParseEvent([]byte(tc.raw))); got != tc.want {
			t.Errorf("%s %q: %t", tc.protocol, tc.raw, got)
		}
	}
	if !Meaningful(anthropic, sse.Event{Kind: sse.Fragment, Raw: []byte("data: …")}) {
		t.Error("a piece of a large event means nothing")
	}
}

func TestB13_Terminates(t *testing.T) {
	for _, tc := range []struct {
		protocol   models.Protocol
		name, data string
		want       bool
	}{
		{openAI, "", "[DONE]", true},
		{openAI, "", `{"choices":[]}`, false},
		{openAI, "message_stop", `{}`, false},
		{anthropic, "message_stop", `{"type":"message_stop"}`, true},
		{anthropic, "", `{"type":"message_stop"}`, true},
		{anthropic, "message_delta", `{"type":"message_delta"}`, false},
		{responses, "response.completed", `{}`, true},
		{responses, "", `{"type":"response.incomplete","response":{}}`, true},
		{responses, "response.failed", `{}`, true},
		{responses, "", `{"type":"response.created","response":{}}`, false},
		{responses, "response.output_text.done", `{}`, false},
	} {
		if got := Terminates(tc.protocol, eventOf(tc.name, tc.data)); got != tc.want {
			t.Errorf("%s %s %s: %t", tc.protocol, tc.name, tc.data, got)
		}
	}
	for _, endpoint := range []models.Endpoint{models.EndpointChat, models.EndpointCompletions, models.EndpointMessages} {
		protocol := openAI
		if endpoint == models.EndpointMessages {
			protocol = anthropic
		}
		if end := Terminator(protocol, endpoint); !Terminates(protocol, sse.ParseEvent(end)) || sse.Boundary(end, 0) != len(end) {
			t.Errorf("%s: %q terminates nothing", endpoint, end)
		}
	}
	if Terminator(responses, models.EndpointResponses) != nil || Terminator(openAI, models.EndpointImages) != nil {
		t.Error("made up an end for a stream that has none")
	}
}

func TestIsUsageOnlyChunk(t *testing.T) {
	for data, want := range map[string]bool{
		`{"choices":[],"usage":{"prompt_tokens":1}}`:                              true,
		`{ "usage" : { "prompt_tokens":1 } , "choices" : [ ] }`:                   true,
		`{"usage":{"prompt_tokens":1}}`:                                           true,
		`{"choices":null,"usage":{"prompt_tokens":1}}`:                            true,
		`{"choices":[],"usage":null}`:                                             false,
		`{"choices":[],"prompt_filter_results":[]}`:                               false,
		`{"choices":[{"index":0,"delta":{}}],"usage":{"prompt_tokens":1}}`:        false,
		`{"choices":[{"index":0,"delta":{"content":"\"usage\":{"}}]}`:             false,
		`{"choices":[],"usage":{"prompt_tokens":1},"error":{"message":"failed"}}`: false,
		`{"choices":[],"x":{"usage":{}}}`:                                         false,
		`[DONE]`:                                                                  false,
	} {
		if got := IsUsageOnlyChunk([]byte(data)); got != want {
			t.Errorf("%s: %t", data, got)
		}
		if got := IsUsageOnly(eventOf("", data)); got != want {
			t.Errorf("event %s: %t", data, got)
		}
	}
}

func TestWhole(t *testing.T) {
	for raw, want := range map[string]bool{`data: {"a":1}`: true, "data: [DONE]\n": true, `data: {"a":`: false, ": x": false, "dat": false} {
		if got := Whole(sse.ParseEvent([]byte(raw))); got != want {
			t.Errorf("%q: %t", raw, got)
		}
	}
}

func TestB06_ErrorOf(t *testing.T) {
	for _, tc := range []struct {
		name       string
		protocol   models.Protocol
		event      string
		data       string
		status     int
		kind, code string
		message    string
	}{
		{"openai", openAI, "", `{"error":{"message":"no","type":"server_error","param":null,"code":null}}`, 500, "server_error", "", "no"},
		{"openai code", openAI, "", `{"error":{"message":"no","type":"tokens","code":"rate_limit_exceeded"}}`, 429, "tokens", "rate_limit_exceeded", "no"},
		{"text", openAI, "", `{"error":"out of memory"}`, 502, "", "", "out of memory"},
		{"openrouter", openAI, "", `{"id":"g","error":{"code":503,"message":"lost"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}`, 503, "", "503", "lost"},
		{"openrouter, in the choice", openAI, "", `{"choices":[{"index":0,"delta":{},"error":{"code":429,"message":"slow down"}}]}`, 429, "", "429", "slow down"},
		{"finish only", openAI, "", `{"choices":[{"index":0,"delta":{},"finish_reason":"error"}]}`, 502, "", "", ""},
		{"vllm", openAI, "", `{"object":"error","message":"too long","type":"BadRequestError","code":400}`, 400, "BadRequestError", "400", "too long"},
		{"named", openAI, "error", `{"message":"x"}`, 502, "", "", "x"},
		{"anthropic", anthropic, "error", `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`, 529, "overloaded_error", "", "Overloaded"},
		{"anthropic, unnamed", anthropic, "", `{"type":"error","error":{"type":"api_error","message":"m"}}`, 500, "api_error", "", "m"},
		{"responses", responses, "error", `{"type":"error","code":"server_error","message":"m","param":null,"sequence_number":1}`, 500, "", "server_error", "m"},
		{"responses, nested", responses, "error", `{"type":"error","error":{"type":"invalid_request_error","message":"m"}}`, 400, "invalid_request_error", "", "m"},
		{"responses, failed", responses, "response.failed", `{"type":"response.failed","response":{"status":"failed","error":{"code":"rate_limit_exceeded","message":"m"}}}`, 429, "", "rate_limit_exceeded", "m"},
		{"responses, bare", responses, "", `{"error":{"message":"m"}}`, 502, "", "", "m"},
	} {
		ev := eventOf(tc.event, tc.data)
		got := ErrorOf(tc.protocol, ev)
		if got == nil {
			t.Errorf("%s: no error", tc.name)
			continue
		}
		if got.HTTPStatus() != tc.status || got.Type != tc.kind || got.Code != tc.code || tc.message != "" && got.Message != tc.message {
			t.Errorf("%s: %d %+v", tc.name, got.HTTPStatus(), got)
		}
		var body map[string]json.RawMessage
		if err := json.Unmarshal(got.Raw, &body); err != nil || body["error"] == nil {
			t.Errorf("%s: the body is %s", tc.name, got.Raw)
		}
		tap := New(models.EndpointChat, tc.protocol, true, 0)
		tap.Event(ev)
		if tap.Failure() == nil || tap.Result().ErrorEvent == nil {
			t.Errorf("%s: the tap did not note it", tc.name)
		}
	}
}

func TestErrorOf_OrdinaryEvents(t *testing.T) {
	for _, tc := range []struct {
		protocol models.Protocol
		data     string
	}{
		{openAI, `{"error":null,"choices":[{"index":0,"delta":{"content":"an \"error\""},"finish_reason":null}]}`},
		{openAI, `{"error":"","choices":[]}`},
		{openAI, `[DONE]`},
		{anthropic, `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"error"}}`},
		{anthropic, `{"type":"content_block_start","index":0,"content_block":{"type":"tool_result","error":{"type":"x"}}}`},
		{responses, `{"type":"response.created","response":{"status":"in_progress","error":null}}`},
		{responses, `{"type":"response.output_item.done","item":{"error":{"message":"of a tool"}}}`},
	} {
		if got := ErrorOf(tc.protocol, eventOf("", tc.data)); got != nil {
			t.Errorf("%s: %+v", tc.data, got)
		}
	}
	if got := ErrorOf(openAI, sse.ParseEvent([]byte(": error\n\n"))); got != nil {
		t.Errorf("a comment is an error: %+v", got)
	}
}
