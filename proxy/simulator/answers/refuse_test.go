package answers

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"squirrel/models"
)

// TestRefusals: what the vendors refuse is refused with their status, shape and parameter.
func TestRefusals(t *testing.T) {
	t.Parallel()
	const (
		chatCall   = `{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]}`
		claudeCall = `{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"f","input":{}}]}`
		result     = `{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"ok"}]}`
		hi         = `{"role":"user","content":"hi"}`
	)
	for name, tc := range map[string]struct {
		endpoint models.Endpoint
		body     string
		status   int
		says     string
	}{
		"chat: no model":             {models.EndpointChat, `{"messages":[` + hi + `]}`, 400, "model"},
		"chat: no messages":          {models.EndpointChat, `{"model":"m"}`, 400, "messages"},
		"chat: not an object":        {models.EndpointChat, `[1]`, 400, "JSON"},
		"chat: empty body":           {models.EndpointChat, ``, 400, "JSON"},
		"chat: temperature":          {models.EndpointChat, `{"model":"m","temperature":3,"messages":[` + hi + `]}`, 400, "temperature"},
		"chat: n":                    {models.EndpointChat, `{"model":"m","n":0,"messages":[` + hi + `]}`, 400, `"n"`},
		"chat: stream_options":       {models.EndpointChat, `{"model":"m","stream_options":{"include_usage":true},"messages":[` + hi + `]}`, 400, "stream_options"},
		"chat: call without result":  {models.EndpointChat, `{"model":"m","messages":[` + hi + `,` + chatCall + `,` + hi + `]}`, 400, "tool_call_id"},
		"chat: call at the end":      {models.EndpointChat, `{"model":"m","messages":[` + hi + `,` + chatCall + `]}`, 400, "c1"},
		"chat: result without call":  {models.EndpointChat, `{"model":"m","messages":[{"role":"tool","tool_call_id":"c1","content":"ok"}]}`, 400, "preceding"},
		"messages: no max_tokens":    {models.EndpointMessages, `{"model":"m","messages":[` + hi + `]}`, 400, "max_tokens"},
		"messages: no model":         {models.EndpointMessages, `{"max_tokens":9,"messages":[` + hi + `]}`, 400, "model"},
		"messages: no messages":      {models.EndpointMessages, `{"model":"m","max_tokens":9}`, 400, "messages"},
		"messages: unknown model":    {models.EndpointMessages, `{"model":"unknown-y","max_tokens":9,"messages":[` + hi + `]}`, 404, "not_found_error"},
		"messages: temperature":      {models.EndpointMessages, `{"model":"m","max_tokens":9,"temperature":1.5,"messages":[` + hi + `]}`, 400, "temperature"},
		"messages: small budget":     {models.EndpointMessages, `{"model":"m","max_tokens":9000,"thinking":{"type":"enabled","budget_tokens":10},"messages":[` + hi + `]}`, 400, "budget_tokens"},
		"messages: large budget":     {models.EndpointMessages, `{"model":"m","max_tokens":1024,"thinking":{"type":"enabled","budget_tokens":1024},"messages":[` + hi + `]}`, 400, "max_tokens"},
		"messages: warm thinking":    {models.EndpointMessages, `{"model":"m","max_tokens":2000,"temperature":0.5,"thinking":{"type":"enabled","budget_tokens":1024},"messages":[` + hi + `]}`, 400, "temperature"},
		"messages: forced thinking":  {models.EndpointMessages, `{"model":"m","max_tokens":2000,"tool_choice":{"type":"any"},"thinking":{"type":"enabled","budget_tokens":1024},"messages":[` + hi + `]}`, 400, "tool_choice"},
		"messages: loop, no thought": {models.EndpointMessages, `{"model":"m","max_tokens":2000,"thinking":{"type":"enabled","budget_tokens":1024},"messages":[` + hi + `,` + claudeCall + `,` + result + `]}`, 400, "thinking"},
		"messages: call, no result":  {models.EndpointMessages, `{"model":"m","max_tokens":9,"messages":[` + hi + `,` + claudeCall + `,` + hi + `]}`, 400, "tool_use"},
		"messages: result, no call":  {models.EndpointMessages, `{"model":"m","max_tokens":9,"messages":[` + result + `]}`, 400, "tool_result"},
		"responses: no input":        {models.EndpointResponses, `{"model":"m"}`, 400, "input"},
		"responses: tokens":          {models.EndpointResponses, `{"model":"m","input":"a","max_output_tokens":0}`, 400, "max_output_tokens"},
		"responses: call, no output": {models.EndpointResponses, `{"model":"m","input":[{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"}]}`, 400, "c1"},
		"responses: output, no call": {models.EndpointResponses, `{"model":"m","input":[{"type":"function_call_output","call_id":"c1","output":"ok"}]}`, 400, "c1"},
		"embeddings: no input":       {models.EndpointEmbeddings, `{"model":"m"}`, 400, "input"},
		"embeddings: dimensions":     {models.EndpointEmbeddings, `{"model":"m","input":"a","dimensions":99999}`, 400, "dimensions"},
		"moderations: no input":      {models.EndpointModerations, `{}`, 400, "input"},
		"speech: no voice":           {models.EndpointSpeech, `{"model":"m","input":"a"}`, 400, "voice"},
		"transcription: JSON":        {models.EndpointTranscriptions, `{"model":"m"}`, 400, "multipart"},
		"images: n":                  {models.EndpointImages, `{"model":"m","prompt":"a","n":11}`, 400, `"n"`},
		"unknown endpoint":           {"/v1/nothing", `{}`, 404, "Invalid URL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := askJSON(tc.endpoint, tc.body)
			if a.Status != tc.status || !strings.Contains(string(a.Body), tc.says) {
				t.Errorf("got %d %s", a.Status, a.Body)
			}
			anthropic := Protocol(tc.endpoint) == models.ProtocolAnthropic
			if shape := at(t, a.Body, "type") == "error"; shape != anthropic {
				t.Errorf("the error has the other vendor's shape: %s", a.Body)
			}
		})
	}
}

// TestToolLoops: what the vendors take is taken.
func TestToolLoops(t *testing.T) {
	t.Parallel()
	loop := `{"model":"m","max_tokens":2000,"thinking":{"type":"enabled","budget_tokens":1024},"messages":[{"role":"user","content":"weather"},` +
		`{"role":"assistant","content":[{"type":"thinking","thinking":"x","signature":"s"},{"type":"tool_use","id":"t1","name":"f","input":{}}]},` +
		`{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":"sunny"}]}]}]}`
	a := askJSON(models.EndpointMessages, loop)
	if a.Status != http.StatusOK || !strings.Contains(text(t, a.Body, "content", 1, "text"), "sunny") {
		t.Errorf("got %d %s", a.Status, a.Body)
	}
	a = askJSON(models.EndpointResponses, `{"model":"m","input":[{"role":"user","content":"weather"},{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c","output":"sunny"}]}`)
	if a.Status != http.StatusOK || !strings.Contains(text(t, a.Body, "output", 0, "content", 0, "text"), "sunny") {
		t.Errorf("got %d %s", a.Status, a.Body)
	}
}

func TestToolChoice(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		said, choice string
		want         string // names of the tools that are called
	}{
		"plain talk":           {"hello", `"auto"`, ""},
		"forbidden":            {"weather", `"none"`, ""},
		"weather":              {"what is the weather", `"auto"`, "get_weather"},
		"call":                 {"call something", `"auto"`, "get_weather"},
		"named by the user":    {"use GET_TIME", `"auto"`, "get_time"},
		"both":                 {"get_weather, get_time", `"auto"`, "get_weather get_time"},
		"required":             {"hello", `"required"`, "get_weather"},
		"named by the request": {"hello", `{"type":"function","function":{"name":"get_time"}}`, "get_time"},
		"parallel":             {"weather in parallel", `"auto"`, "get_weather get_weather"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := askJSON(models.EndpointChat, `{"model":"m","messages":[{"role":"user","content":"`+tc.said+`"}],"tools":[`+weatherTool+`,`+timeTool+`],"tool_choice":`+tc.choice+`}`)
			var names []string
			for i := 0; at(t, a.Body, "choices", 0, "message", "tool_calls", i) != nil; i++ {
				names = append(names, text(t, a.Body, "choices", 0, "message", "tool_calls", i, "function", "name"))
			}
			if got := strings.Join(names, " "); got != tc.want {
				t.Errorf("called %q, want %q: %s", got, tc.want, a.Body)
			}
		})
	}
}

// FuzzMake: no request makes it panic, and every answer has a status and, when it is JSON, valid JSON.
func FuzzMake(f *testing.F) {
	for i, tc := range goldens {
		f.Add(uint8(i), tc.body)
	}
	f.Add(uint8(0), `{"model":"m","messages":[{"role":"user","content":"call"}],"tools":[{"function":{"name":"f","parameters":{"$ref":"#","type":["x"],"properties":{"a":{"$ref":"#"},"b":{"items":{"$ref":"#"},"type":"array","minItems":99}}}}}]}`)
	f.Fuzz(func(t *testing.T, which uint8, body string) {
		e := goldens[int(which)%len(goldens)].endpoint
		for _, contentType := range []string{"application/json", "multipart/form-data; boundary=b"} {
			a := Make(&Request{Endpoint: e, Header: http.Header{"Content-Type": {contentType}}, Body: []byte(body), Now: time.Unix(0, 0)})
			if a.Status < 200 || (a.ContentType == "application/json" && len(a.Body) == 0) {
				t.Errorf("got %d with %d bytes", a.Status, len(a.Body))
			}
			Peek(http.Header{"Content-Type": {contentType}}, []byte(body))
		}
	})
}
