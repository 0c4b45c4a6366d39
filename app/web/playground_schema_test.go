package web

import (
	"net/http"
	"strings"
	"testing"

	"squirrel/models"
	"squirrel/views/pages"
)

func TestSchemaProblem(t *testing.T) {
	t.Parallel()
	for schema, want := range map[string]string{
		`{}`: "",
		`{"type":"object","properties":{"name":{"type":["string","null"]},"tags":{"type":"array","items":{"type":"string"}}},"required":["name"],"additionalProperties":false}`: "",
		`{"$defs":{"a":true},"anyOf":[{"$ref":"#/$defs/a"},{"enum":["x"]}],"not":{"const":1}}`:                                                                                  "",
		``:   "must not be empty",
		`[]`: "must be a JSON object", `null`: "must be a JSON object", `"x"`: "must be a JSON object",
		"{\n  \"type\": object}":                   "must be JSON: line 2, column 11: invalid character 'o' looking for beginning of value",
		"{\"ä\": }":                                "must be JSON: line 1, column 7: invalid character '}' looking for beginning of value",
		`{"a":1`:                                   "must be JSON: line 1, column 6: unexpected end of JSON input",
		`{"type":"text"}`:                          "at #/type: must be one of string, number",
		`{"type":[]}`:                              "at #/type: must be one of string, number",
		`{"properties":[]}`:                        "at #/properties: must be a JSON object",
		`{"properties":{"a":{"type":"int"}}}`:      "at #/properties/a/type: must be one of",
		`{"properties":{"a":1}}`:                   "at #/properties/a: must be a JSON object",
		`{"properties":{"a":{}},"required":["b"]}`: `at #/required: names "b", which is not among the properties`,
		`{"required":"a"}`:                         "at #/required: must be a list of names",
		`{"items":{"items":{"type":"x"}}}`:         "at #/items/items/type: must be one of",
		`{"additionalProperties":"no"}`:            "at #/additionalProperties: must be a JSON object",
		`{"enum":[]}`:                              "at #/enum: must be a list that is not empty",
		`{"anyOf":[]}`:                             "at #/anyOf: must be a list that is not empty",
		`{"anyOf":[{},{"type":"x"}]}`:              "at #/anyOf/1/type: must be one of",
		`{"$defs":{"a":{"type":"x"}}}`:             "at #/$defs/a/type: must be one of",
		strings.Repeat(`{"items":`, 80) + `{}` + strings.Repeat(`}`, 80): "is nested too deeply",
	} {
		if got := schemaProblem(schema); got != want && (want == "" || !strings.Contains(got, want)) {
			t.Errorf("%.80s: %q, want %q", schema, got, want)
		}
	}
}

func TestPlaySchema(t *testing.T) {
	t.Parallel()
	form := pages.Playground{Model: "smart", Messages: []pages.PlayMessage{{Role: "user", Text: "Hi"}}}
	for _, tt := range []struct {
		endpoint models.Endpoint
		params   map[string]string
		want     string
	}{
		{models.EndpointChat, map[string]string{"response_format": "json_schema", "schema": `{"type":"object"}`, "schema_strict": "true", "schema_name": "nut"}, `"response_format":{"json_schema":{"name":"nut","schema":{"type":"object"},"strict":true},"type":"json_schema"}`},
		{models.EndpointResponses, map[string]string{"response_format": "json_schema", "schema": `{"type":"object"}`}, `"text":{"format":{"name":"answer","schema":{"type":"object"},"type":"json_schema"}}`},
		{models.EndpointMessages, map[string]string{"response_format": "json_schema", "schema": `{"type":"object"}`}, `"output_config":{"format":{"schema":{"type":"object"},"type":"json_schema"}}`},
		{models.EndpointChat, map[string]string{"response_format": "text", "schema": "{"}, `"response_format":{"type":"text"}}`},
	} {
		form.Endpoint, form.Params = string(tt.endpoint), tt.params
		if request, problems := requestOf(form); !strings.Contains(string(request.Body), tt.want) || len(problems) > 0 {
			t.Errorf("%s: %s %v", tt.endpoint, request.Body, problems)
		}
	}
	form.Endpoint, form.Params = string(models.EndpointMessages), map[string]string{"response_format": "json_object"}
	if _, problems := requestOf(form); problems["response_format"] != notOfEndpoint {
		t.Errorf("Anthropic has no such format: %v", problems)
	}
	k, d := newLogKit(t)
	refused := k.post("/admin/playground", "mode", "chat", "op", "send", "endpoint", "/v1/chat/completions", "model", "smart", "role", "user", "text", "Hi", "response_format", "json_schema", "schema", `{"type":"<b>"}`, "schema_name", "a b")
	refused.want(t, "no schema", http.StatusUnprocessableEntity, "at #/type: must be one of", `href="#schema"`, `href="#schema_name"`, "letters, digits, _ and -")
	checkInert(t, "no schema", refused.body)
	k.post("/admin/playground?lang=zh", "mode", "chat", "op", "send", "endpoint", "/v1/chat/completions", "model", "smart", "role", "user", "text", "Hi", "response_format", "json_schema", "schema", `{`).
		want(t, "in Chinese", http.StatusUnprocessableEntity, "必须是 JSON：第 1 行")
	if len(d.played) > 0 {
		t.Errorf("%d requests went out", len(d.played))
	}
}

func TestPlaygroundRawColumns(t *testing.T) {
	k, d := newLogKit(t)
	k.seedLog(0, nil)
	body := `{"a":[1, 2],"model":"smart","n":12345678901234567890}`
	answer := k.post("/admin/playground", "mode", "raw", "op", "send", "endpoint", "/v1/chat/completions", "body", body, "model_2", `fa"st`, "route_id_3", "7")
	answer.want(t, "columns", 200, `data-testid="play-columns"`, "<bdi>smart</bdi>", "<bdi>fa&#34;st</bdi>", `value="fa&#34;st"`)
	sent := map[string]int{}
	for _, in := range d.played {
		sent[string(in.Body)]++
	}
	if len(d.played) != 3 || sent[body] != 2 || sent[strings.Replace(body, `"smart"`, `"fa\"st"`, 1)] != 1 {
		t.Errorf("sent %v", sent)
	}
	k.post("/admin/playground", "mode", "raw", "op", "send", "endpoint", "/v1/chat/completions", "body", "{\n]", "model_2", "fast").
		want(t, "no JSON", http.StatusUnprocessableEntity, "must be JSON: line 2, column 1")
}

func TestWithModel(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{}`:                               `{"model":"m"}`,
		` { "a" : {"model":"x"} }`:         ` {"model":"m", "a" : {"model":"x"} }`,
		`{"a":1, "model" : null , "b":[]}`: `{"a":1, "model" : "m" , "b":[]}`,
		`{"mod\u0065l":"x"}`:               `{"mod\u0065l":"m"}`,
	} {
		if got := string(withModel([]byte(body), "m")); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
}
