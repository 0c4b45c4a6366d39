package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/pages"
)

// codeOf shows a request as code, by the names of the snippets.
func codeOf(t *testing.T, form *pages.Playground, request admin.Play) map[string]string {
	shown := map[string]string{}
	for _, s := range playCode(t.Context(), "https://llm.example", form, &request) {
		shown[s.ID], shown["note"] = s.Code, s.Note
	}
	return shown
}

func TestPlayCode(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		endpoint models.Endpoint
		body     string
		want     map[string][]string
	}{
		"chat": {models.EndpointChat, `{"model":"it's","messages":[{"role":"user","content":"<b>\"Hi\"\u2028"}],"seed":12345678901234567890,"x-y":{"deep":[null,true]},"stream":true}`, map[string][]string{
			"code-curl":   {`curl -N 'https://llm.example/v1/chat/completions'`, `"Authorization: Bearer $SQUIRREL_API_KEY"`, `"it'\''s"`},
			"code-python": {`base_url="https://llm.example/v1"`, `os.environ["SQUIRREL_API_KEY"]`, `client.chat.completions.create(`, `    messages=[{"role": "user", "content": "<b>\"Hi\"\u2028"}],`, "seed=12345678901234567890", "    extra_body={\n        \"x-y\": {\"deep\": [None, True]},", "stream=True", "chunk.choices[0].delta.content"},
			"code-node":   {`baseURL: "https://llm.example/v1"`, `process.env.SQUIRREL_API_KEY`, `  "x-y": {deep: [null, true]},`, "for await (const chunk"},
		}},
		"messages": {models.EndpointMessages, `{"model":"m","max_tokens":5,"messages":[],"output_config":{}}`, map[string][]string{
			"code-curl": {`"x-api-key: $SQUIRREL_API_KEY"`, "anthropic-version"}, "code-python": {`Anthropic(base_url="https://llm.example",`, "client.messages.create(", "extra_body={\n        \"output_config\": {},", `block.type == "text"`},
			"code-node": {`from "@anthropic-ai/sdk"`, `baseURL: "https://llm.example",`},
		}},
		"speech": {models.EndpointSpeech, `{"model":"m","input":"x","voice":"alloy","response_format":"wav"}`, map[string][]string{
			"code-python": {`write_to_file("speech.wav")`}, "code-node": {`writeFile("speech.wav"`, "node:fs/promises"},
		}},
		"long": {models.EndpointEmbeddings, `{"model":"m","input":"` + strings.Repeat("nut ", maxCode/4) + `","dimensions":3}`, map[string][]string{
			"code-curl": {"--data-binary @request.json"}, "code-python": {`json.load(open("request.json"))`, `input=body.pop("input")`, "extra_body=body"}, "code-node": {`readFile("request.json"`}, "note": {"request.json"},
		}},
		"an image": {models.EndpointChat, `{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,` + strings.Repeat("QUJD", 9000) + `"}}]}]}`, map[string][]string{
			"code-curl": {`"data:image/png;base64,BASE64"`}, "note": {"where BASE64 stands"},
		}},
	} {
		shown := codeOf(t, &pages.Playground{}, admin.Play{Endpoint: tt.endpoint, Body: json.RawMessage(tt.body)})
		for id, words := range tt.want {
			for _, word := range words {
				if id == "code-node" {
					word = strings.ReplaceAll(word, `{"deep"`, `{deep`)
				}
				if !strings.Contains(shown[id], word) {
					t.Errorf("%s: no %s in %s:\n%s", name, word, id, shown[id])
				}
			}
		}
	}
	upload := codeOf(t, &pages.Playground{RouteID: "3"}, admin.Play{Endpoint: models.EndpointTranscriptions, Upload: &admin.PlayUpload{
		Fields: [][2]string{{"model", "scribe"}, {"temperature", "0"}, {"response_format", "srt"}}, FileName: "it's.wav",
	}})
	for id, word := range map[string]string{"code-curl": `-F 'file=@it'\''s.wav'`, "code-python": `file=open("it's.wav", "rb")`, "code-node": `fs.createReadStream("it's.wav")`, "note": "as routed"} {
		if !strings.Contains(upload[id], word) {
			t.Errorf("an upload: no %s in %s", word, upload[id])
		}
	}
	for _, e := range []models.Endpoint{models.EndpointResponses, models.EndpointCompletions, models.EndpointImages, models.EndpointModerations, models.EndpointCountTokens, models.EndpointTranslations} {
		if c := calls[e]; c.python == "" || c.node == "" || c.pythonAfter == "" || c.nodeAfter == "" || len(c.known) == 0 {
			t.Errorf("%s: %+v", e, c)
		}
	}
}

func TestPlaygroundCode(t *testing.T) {
	k, d := newLogKit(t)
	form := []string{"mode", "chat", "op", "code", "endpoint", "/v1/chat/completions", "model", "smart", "role", "user", "text", "<b>Hi", "api_key_id", "1"}
	page := k.post("/admin/playground", form...)
	page.want(t, "code", 200, `data-testid="snippet-code-curl"`, "$SQUIRREL_API_KEY", "OpenAI(", "&lt;b&gt;Hi</textarea>")
	checkInert(t, "code", page.body)
	k.post("/admin/playground", "mode", "chat", "op", "code", "role", "user", "text", "x").want(t, "no model", http.StatusUnprocessableEntity, "must not be empty", `id="answer-to-come"`)
	k.post("/admin/playground", "mode", "transcription", "op", "code", "endpoint", "/v1/audio/transcriptions", "model", "scribe").want(t, "without its file", 200, "file=@FILE")
	if len(d.played) > 0 {
		t.Errorf("%d requests went out", len(d.played))
	}
}
