package web

import (
	"encoding/json"
	"net/http"
	"testing"

	"squirrel/models"
	"squirrel/views/pages"
)

func TestPlayParams(t *testing.T) {
	t.Parallel()
	form := pages.Playground{Model: "smart", Messages: []pages.PlayMessage{{Role: "user", Text: "Hi"}}}
	all := map[string]string{
		"temperature": "0", "seed": "0", "stop": "END\r\n\r\n##", "reasoning_effort": "low", "response_format": "json_object", "tools": `[{"type":"function","n":12345678901234567890}]`,
	}
	some := map[string]string{"stop": "END", "tools": "[]"}
	for _, tt := range []struct {
		endpoint models.Endpoint
		params   map[string]string
		want     string
	}{
		{models.EndpointChat, nil, `{"model":"smart","messages":[{"role":"user","content":"Hi"}]}`},
		{models.EndpointChat, all, `{"model":"smart","messages":[{"role":"user","content":"Hi"}],"temperature":0,"stop":["END","##"],"seed":0,"reasoning_effort":"low","response_format":{"type":"json_object"},"tools":[{"type":"function","n":12345678901234567890}]}`},
		{models.EndpointResponses, map[string]string{"reasoning_effort": "high", "response_format": "text"}, `{"model":"smart","input":[{"role":"user","content":"Hi"}],"reasoning":{"effort":"high"},"text":{"format":{"type":"text"}}}`},
		{models.EndpointMessages, some, `{"model":"smart","max_tokens":1024,"messages":[{"role":"user","content":"Hi"}],"stop_sequences":["END"],"tools":[]}`},
	} {
		form.Endpoint, form.Params = string(tt.endpoint), tt.params
		request, problems := requestOf(form)
		if string(request.Body) != tt.want || len(problems) > 0 || !json.Valid(request.Body) {
			t.Errorf("%s: %s %v", tt.endpoint, request.Body, problems)
		}
	}
}

func TestPlayParamsRefused(t *testing.T) {
	k, d := newLogKit(t)
	send := func(pairs ...string) reply {
		return k.post("/admin/playground", append([]string{"mode", "chat", "op", "send", "model", "smart", "role", "user", "text", "Hi"}, pairs...)...)
	}
	refused := send("endpoint", "/v1/chat/completions", "tools", `{"<b>":1}`, "seed", "1.5")
	refused.want(t, "malformed", http.StatusUnprocessableEntity, "must be a JSON array", "must be a whole number", "{&#34;&lt;b&gt;&#34;:1}", `href="#tools"`)
	checkInert(t, "malformed", refused.body)
	send("endpoint", "/v1/messages", "seed", "7").want(t, "not of Anthropic", http.StatusUnprocessableEntity, "is no parameter of this endpoint", `value="7"`)
	send("endpoint", "/v1/responses", "stop", "END").want(t, "not of Responses", http.StatusUnprocessableEntity, "is no parameter of this endpoint")
	if len(d.played) > 0 {
		t.Errorf("%d requests went out", len(d.played))
	}
}
