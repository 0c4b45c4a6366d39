package convert

import (
	"errors"
	"strings"
	"testing"

	"squirrel/models"
	"squirrel/proxy/convert/wire"
)

// request converts and returns the body and the paths of what was dropped.
func request(t *testing.T, in, out models.Protocol, body string, opt Options) (string, string) {
	t.Helper()
	got, dropped, err := Request(in, out, []byte(body), "target", opt)
	if err != nil {
		t.Fatal(err)
	}
	return string(got), droppedText(dropped)
}

func refusal(t *testing.T, in, out models.Protocol, body string) *Error {
	t.Helper()
	_, _, err := Request(in, out, []byte(body), "target", Options{})
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("%v is no refusal", err)
	}
	return e
}

func TestRefusals(t *testing.T) {
	for _, tc := range []struct {
		in, out models.Protocol
		body    string
		status  int
		code    string
		param   string
	}{
		{chat, messages, `{"messages":[],"n":2}`, 422, "unsupported_conversion", "n"},
		{chat, resp, `{"messages":[],"n":2}`, 422, "unsupported_conversion", "n"},
		{resp, chat, `{"input":"a","previous_response_id":"resp_1"}`, 422, "unsupported_conversion", "previous_response_id"},
		{resp, messages, `{"input":"a","conversation":{"id":"c"}}`, 422, "unsupported_conversion", "conversation"},
		{resp, messages, `{"input":"a","store":true}`, 422, "unsupported_conversion", "store"},
		{resp, messages, `{"input":"a","background":true}`, 422, "unsupported_conversion", "background"},
		{resp, chat, `{"input":[{"type":"item_reference","id":"m"}]}`, 422, "unsupported_conversion", "input[0]"},
		{messages, chat, `{"messages":[],"thread":{"type":"create"}}`, 400, "thread_unsupported_request", "thread"},
		{chat, messages, `{"messages":1}`, 400, "invalid_request", "messages"},
		{chat, messages, `{"messages":[1]}`, 400, "invalid_request", "messages[0]"},
		{chat, messages, `{"messages":[{"role":"cat","content":"a"}]}`, 400, "invalid_request", "messages[0].role"},
		{chat, messages, `{"messages":[],"max_tokens":"many"}`, 400, "invalid_request", "max_tokens"},
		{messages, chat, `{"messages":[],"top_p":"x"}`, 400, "invalid_request", "top_p"},
		{resp, chat, `{"input":[{"role":"cat"}]}`, 400, "invalid_request", "input[0].role"},
		{resp, chat, `{`, 400, "invalid_request", ""},
		{resp, chat, `[]`, 400, "invalid_request", ""},
		{"other", chat, `{}`, 422, "unsupported_conversion", ""},
	} {
		e := refusal(t, tc.in, tc.out, tc.body)
		if e.Status != tc.status || e.Code != tc.code || e.Param != tc.param {
			t.Errorf("%s: %+v", tc.body, e)
		}
	}
}

func TestFact4_ThreadAnswersWithDetails(t *testing.T) {
	e := refusal(t, messages, chat, `{"messages":[],"thread":{"type":"continue","id":"t"}}`)
	has(t, string(ErrorBody(messages, e.Wire())), `"type":"error"`, `"type":"invalid_request_error"`,
		`"details":{"error_code":"thread_unsupported_request","unsupported":["thread"]}`)
}

func TestStateOfTheSameProtocolStays(t *testing.T) {
	body, dropped := request(t, resp, resp, `{"input":"a","previous_response_id":"resp_1","store":true,"background":true}`, Options{})
	has(t, body, `"store":true`, `"previous_response_id":"resp_1"`, `"background":true`)
	if dropped != "" {
		t.Error(dropped)
	}
}

func TestFact8_EffortBecomesThinking(t *testing.T) {
	for effort, want := range map[string]string{
		"none": `"thinking":{"type":"disabled"}`, "minimal": `"budget_tokens":1024`, "low": `"budget_tokens":1024`,
		"medium": `"budget_tokens":8192`, "high": `"budget_tokens":16384`, "xhigh": `"budget_tokens":32768`,
	} {
		body, _ := request(t, chat, messages, `{"messages":[{"role":"user","content":"a"}],"max_tokens":500,"temperature":0.5,"reasoning_effort":"`+effort+`"}`, Options{})
		has(t, body, want)
		o := wire.Parse([]byte(body))
		budget := o.Object("thinking").Int("budget_tokens")
		if o.Int("max_tokens") != budget+500 {
			t.Errorf("%s: max_tokens %d for a budget of %d", effort, o.Int("max_tokens"), budget)
		}
		if (o.Get("temperature") == nil) != (budget > 0) {
			t.Errorf("%s: temperature beside thinking: %s", effort, body)
		}
	}
}

func TestFact8_BudgetBecomesEffort(t *testing.T) {
	for thinking, want := range map[string]string{
		`{"type":"enabled","budget_tokens":1024}`: "low", `{"type":"enabled","budget_tokens":5000}`: "medium",
		`{"type":"enabled","budget_tokens":16000}`: "high", `{"type":"enabled","budget_tokens":63999}`: "xhigh",
		`{"type":"disabled"}`: "none",
	} {
		body, _ := request(t, messages, chat, `{"messages":[],"thinking":`+thinking+`}`, Options{})
		has(t, body, `"reasoning_effort":"`+want+`"`)
	}
	body, _ := request(t, messages, resp, `{"messages":[],"thinking":{"type":"adaptive"},"output_config":{"effort":"max"}}`, Options{})
	has(t, body, `"reasoning":{"effort":"xhigh","summary":"auto"}`, `"store":false`, `"include":["reasoning.encrypted_content"]`)
}

func TestFact8_NoThinkingInALoopWithoutIt(t *testing.T) {
	loop := `{"messages":[{"role":"user","content":"a"},{"role":"assistant"%s,"tool_calls":[{"id":"c","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c","content":"r"}],"reasoning_effort":"low"}`
	body, dropped := request(t, chat, messages, strings.Replace(loop, "%s", "", 1), Options{})
	hasNot(t, body, `"thinking"`)
	has(t, dropped, "reasoning_effort")
	sealed := `,"reasoning_content":"Hm","reasoning_details":[{"type":"reasoning.text","signature":"SIG","format":"anthropic-claude-v1"}]`
	body, dropped = request(t, chat, messages, strings.Replace(loop, "%s", sealed, 1), Options{})
	has(t, body, `{"type":"thinking","thinking":"Hm","signature":"SIG"}`, `"budget_tokens":1024`)
	if dropped != "" {
		t.Error(dropped)
	}
}

func TestFact2_LongUserIDIsHashed(t *testing.T) {
	long := strings.Repeat("u", 150)
	for _, out := range []models.Protocol{chat, resp} {
		body, _ := request(t, messages, out, `{"messages":[],"metadata":{"user_id":"`+long+`"}}`, Options{})
		if user := wire.Parse([]byte(body)).Str("user"); len(user) != 64 || strings.Contains(user, "uuu") {
			t.Error(user)
		}
	}
	body, _ := request(t, chat, messages, `{"messages":[{"role":"user","content":"a"}],"user":"`+long+`"}`, Options{})
	has(t, body, `"user_id":"`+long+`"`)
}

func TestTrap_SystemTextOnly(t *testing.T) {
	body, dropped := request(t, chat, messages, `{"messages":[{"role":"system","content":"Say hi."}]}`, Options{})
	has(t, body, `"messages":[{"role":"user","content":[{"type":"text","text":"Say hi."}]}]`)
	has(t, dropped, "messages[0].role")
}

func TestTrap_TinyOutputLimit(t *testing.T) {
	body, dropped := request(t, messages, resp, `{"messages":[],"max_tokens":1}`, Options{})
	has(t, body, `"max_output_tokens":16`)
	has(t, dropped, "max_tokens")
}

func TestDefaultMaxTokens(t *testing.T) {
	body, _ := request(t, chat, messages, `{"messages":[]}`, Options{DefaultMaxTokens: 64000})
	has(t, body, `"max_tokens":64000`)
	body, _ = request(t, chat, messages, `{"messages":[]}`, Options{})
	has(t, body, `"max_tokens":4096`)
	got, _, _ := Request(messages, chat, []byte(`{"messages":[],"max_tokens":7}`), "openai/o3-mini", Options{})
	has(t, string(got), `"max_completion_tokens":7`)
}

// TestTrap_LimitsBeyondTheModel: Claude Code asks for 32,000 tokens of whatever model; OpenAI refuses more than a model can write.
func TestTrap_LimitsBeyondTheModel(t *testing.T) {
	body, dropped := request(t, messages, chat, `{"messages":[],"max_tokens":32000}`, Options{MaxOutput: 16384})
	has(t, body, `"max_tokens":16384`)
	has(t, dropped, "dropped max_tokens: the model writes at most 16384 tokens; 16384 was sent")
	body, dropped = request(t, resp, chat, `{"input":"a","max_output_tokens":32000}`, Options{MaxOutput: 64000})
	has(t, body, `"max_tokens":32000`)
	if dropped != "" {
		t.Error(dropped)
	}
	for _, tc := range []struct {
		most, limit  int
		want, budget int64
	}{{0, 500, 33268, 32768}, {32000, 500, 32000, 16000}, {64000, 40000, 40000, 32768}, {64000, 500, 33268, 32768}, {40000, 30000, 40000, 32768}} {
		body, _ := request(t, chat, messages, sprintf(`{"messages":[{"role":"user","content":"a"}],"max_tokens":%d,"reasoning_effort":"xhigh"}`, tc.limit), Options{MaxOutput: tc.most})
		o := wire.Parse([]byte(body))
		if got, budget := o.Int("max_tokens"), o.Object("thinking").Int("budget_tokens"); got != tc.want || budget != tc.budget || budget >= got {
			t.Errorf("%+v: limit %d, budget %d", tc, got, budget)
		}
	}
}

func TestTrap_NumbersKeepTheirDigits(t *testing.T) {
	for _, in := range protocols {
		for _, out := range protocols {
			body := `{"messages":[],"temperature":0.10,"top_p":1e-1}`
			if in == resp {
				body = `{"input":[],"temperature":0.10,"top_p":1e-1}`
			}
			got, _ := request(t, in, out, body, Options{})
			has(t, got, `"temperature":0.10`, `"top_p":1e-1`)
		}
	}
}

func TestTrap_SchemaKeywords(t *testing.T) {
	body, dropped := request(t, messages, chat, `{"messages":[],"tools":[
		{"name":"a","input_schema":{"type":"object","properties":{"k\"ey":{"type":"string"}},"oneOf":[{}],"allOf":[{}]}},
		{"name":"b"},{"name":"c","strict":true,"input_schema":{"type":"object","properties":{"x":{"type":"string"}},"additionalProperties":false}},
		{"name":"d","strict":true,"input_schema":{"type":"object","properties":{"x":{"type":"array","items":{"type":"object","properties":{},"additionalProperties":false}}},"required":["x"],"additionalProperties":false}}]}`, Options{})
	has(t, body, `{"name":"a","parameters":{"type":"object","properties":{"k\"ey":{"type":"string"}}}}`,
		`{"name":"b","parameters":{"type":"object","properties":{}}}`, `{"name":"c","parameters":`, `"strict":true`)
	if strings.Count(body, `"strict":true`) != 1 {
		t.Error(body)
	}
	has(t, dropped, "tools[0].oneOf", "tools[0].allOf", "tools[2].strict")
}

func TestForeignSealsAreNeverSent(t *testing.T) {
	for seal, in := range map[string]string{
		"reasoning":          `{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"thinking","thinking":"x","signature":"squirrel.openai-responses-v1.rs_1.AAA"},{"type":"text","text":"b"}]}]}`,
		"without signature":  `{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"thinking","thinking":"x","signature":""},{"type":"text","text":"b"}]}]}`,
		"nothing but a seal": `{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"redacted_thinking","data":"squirrel.x..A"},{"type":"text","text":"b"}]}]}`,
	} {
		body, dropped := request(t, messages, messages, in, Options{})
		if !HoldsForeignSeals(messages, []byte(in)) || HoldsForeignSeals(messages, []byte(body)) {
			t.Errorf("%s: not recognised, or not cured", seal)
		}
		hasNot(t, body, "thinking")
		has(t, dropped, "messages[1].content[0]")
	}
}

func TestSupported(t *testing.T) {
	for _, in := range protocols {
		for _, out := range protocols {
			for endpoint, own := range map[models.Endpoint]models.Protocol{
				models.EndpointChat: chat, models.EndpointResponses: resp, models.EndpointMessages: messages,
			} {
				if got := Supported(in, out, endpoint); got != (in == out || in == own) {
					t.Errorf("Supported(%s, %s, %s) = %v", in, out, endpoint, got)
				}
			}
		}
	}
	if Supported(chat, messages, models.EndpointEmbeddings) || Supported(chat, "x", models.EndpointChat) || Supported("x", "x", "") {
		t.Error("supported what nobody can do")
	}
}
