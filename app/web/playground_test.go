package web

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"testing"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/pages"
)

func TestPlayground(t *testing.T) {
	k, d := newLogKit(t)
	id := k.seedLog(0, nil)
	k.get("/admin/playground?model=smart").want(t, "the form", 200, `value="smart"`, "As the key", "Over the route")
	k.get("/admin/playground?log="+id).want(t, "from a log", 200, "12345678901234567890", `name="body"`)
	k.post("/admin/playground", "mode", "chat", "op", "send", "endpoint", "/v1/chat/completions", "model", "", "temperature", "warm").
		want(t, "refused", http.StatusUnprocessableEntity, `data-testid="error-summary"`, "must not be empty", "must be a number")
	k.post("/admin/playground", "mode", "raw", "op", "send", "endpoint", "/v1/chat/completions", "body", "{").
		want(t, "no JSON", http.StatusUnprocessableEntity, "must be JSON")
	k.post("/admin/playground", "mode", "raw", "op", "send", "endpoint", "/v1/chat/completions", "body", "[]").
		want(t, "no object", http.StatusUnprocessableEntity, "must be a JSON object")
	k.post("/admin/playground", "op", "add", "role", "user", "text", "one").want(t, "another message", 200, `id="text-1"`, "one")
	k.post("/admin/playground", "op", "up:1", "role", "user", "text", "one", "role", "user", "text", "two", "temperature", "0.5").
		want(t, "moved", 200, `id="text-0" name="text" rows="3">two</textarea>`, `value="0.5"`, `name="op" value="up:0" disabled`, `name="op" value="down:1" disabled`)
	if len(d.played) > 0 {
		t.Fatalf("%d requests went out", len(d.played))
	}
	answer := k.post("/admin/playground", "mode", "chat", "op", "send", "endpoint", "/v1/chat/completions", "model", "smart", "role", "user", "text", "Hello", "api_key_id", "7", "route_id", "3")
	answer.want(t, "an answer", 200, "&lt;b&gt;Hi&lt;/b&gt; there", "30 ms", "$0.00123", "/admin/logs/"+id, "1.20K / 80")
	if in := d.played[0]; *in.APIKeyID != 7 || *in.RouteID != 3 || in.Endpoint != models.EndpointChat {
		t.Errorf("sent %+v", in)
	}
	k.postForm("/admin/playground", url.Values{"op": {"send"}}, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example").want(t, "from elsewhere", http.StatusForbidden)
}

// TestPlaygroundMessages puts the messages of a conversation in order; what was typed stays, images go with their message.
func TestPlaygroundMessages(t *testing.T) {
	t.Parallel()
	for op, want := range map[string]string{
		"add": "user:a assistant:b user:c! assistant: | text-3", "up:1": "assistant:b user:a user:c! | up-0", "up:0": "user:a assistant:b user:c! | ", "down:0": "assistant:b user:a user:c! | down-1",
		"down:2": "user:a assistant:b user:c! | ", "up:2": "user:a user:c! assistant:b | up-1", "del:0": "assistant:b user:c! | text-0", "del:2": "user:a assistant:b | text-1",
		"del:9": "user:a assistant:b user:c! | ", "del:x": "user:a assistant:b user:c! | ", "send": "user:a assistant:b user:c! | ",
	} {
		form := pages.Playground{Messages: []pages.PlayMessage{{Role: "user", Text: "a"}, {Role: "assistant", Text: "b"}, {Role: "user", Text: "c"}}, Errors: map[string]string{"image_2": "!", "model": "kept"}}
		if done := editMessages(&form, op); done != (op != "send") {
			t.Errorf("%s: %v", op, done)
		}
		got := ""
		for i, m := range form.Messages {
			got += m.Role + ":" + m.Text + form.Errors["image_"+strconv.Itoa(i)] + " "
		}
		if got += "| " + form.Focus; got != want || form.Errors["model"] != "kept" {
			t.Errorf("%s: %q, want %q (%v)", op, got, want, form.Errors)
		}
	}
	last := pages.Playground{Messages: []pages.PlayMessage{{Role: "assistant", Text: "a"}}}
	if editMessages(&last, "del:0"); len(last.Messages) != 1 || last.Messages[0].Text != "" || last.Messages[0].Role != "user" {
		t.Errorf("the last one is removed: %+v", last.Messages)
	}
}

func TestPlaygroundStreams(t *testing.T) {
	k, d := newLogKit(t)
	k.seedLog(0, nil)
	d.said = []string{"Once ", "<script>x</script>", " upon"}
	answer := k.post("/admin/playground", "mode", "chat", "op", "send", "endpoint", "/v1/messages", "model", "smart", "role", "user", "text", "Hi", "stream", "true")
	answer.want(t, "a stream", 200, "Once &lt;script&gt;x&lt;/script&gt; upon", `data-testid="play-figures"`, "$0.00123", "</html>")
	checkInert(t, "a stream", answer.body)
}

// requestOf makes the request of a form in which nobody chose a file.
func requestOf(form pages.Playground) (admin.Play, map[string]string) {
	form.Errors = map[string]string{}
	if form.Mode == "" {
		form.Mode = pages.PlayChat
	}
	made := playForm{Playground: form}
	return made.request(), made.Errors
}

func TestPlayRequest(t *testing.T) {
	t.Parallel()
	form := pages.Playground{
		Model: `sm"art`, System: "Be brief", Stream: true, Params: map[string]string{"temperature": "0.70", "max_tokens": "50"},
		Messages: []pages.PlayMessage{{Role: "user", Text: "Hi"}, {Role: "assistant"}},
	}
	for endpoint, want := range map[models.Endpoint]string{
		models.EndpointChat:      `{"model":"sm\"art","messages":[{"role":"system","content":"Be brief"},{"role":"user","content":"Hi"}],"max_completion_tokens":50,"temperature":0.70,"stream":true}`,
		models.EndpointResponses: `{"model":"sm\"art","instructions":"Be brief","input":[{"role":"user","content":"Hi"}],"max_output_tokens":50,"temperature":0.70,"stream":true}`,
		models.EndpointMessages:  `{"model":"sm\"art","system":"Be brief","messages":[{"role":"user","content":"Hi"}],"max_tokens":50,"temperature":0.70,"stream":true}`,
	} {
		form.Endpoint = string(endpoint)
		request, problems := requestOf(form)
		if string(request.Body) != want || len(problems) > 0 || !json.Valid(request.Body) {
			t.Errorf("%s: %s %v", endpoint, request.Body, problems)
		}
	}
}
