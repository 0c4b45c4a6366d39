package answers

import (
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"squirrel/models"
)

var update = flag.Bool("update", false, "write the golden files")

// ask makes an answer at a fixed time with fixed ids.
func ask(endpoint models.Endpoint, contentType, body string) *Answer {
	return Make(&Request{
		Endpoint: endpoint, Header: http.Header{"Content-Type": {contentType}}, Body: []byte(body),
		Now: time.Unix(1_767_225_600, 0), Seed: 1, Serial: 1, Models: []string{"gpt-5-mini", "claude-sonnet-4-5"},
	})
}

func askJSON(endpoint models.Endpoint, body string) *Answer {
	return ask(endpoint, "application/json", body)
}

const (
	weatherTool = `{"type":"function","function":{"name":"get_weather","parameters":{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"}},"required":["city"]}}}`
	timeTool    = `{"type":"function","function":{"name":"get_time","parameters":{"type":"object","properties":{"location":{"type":"string"}}}}}`
	flatTool    = `{"type":"function","name":"get_weather","strict":true,"parameters":{"type":"object","properties":{"city":{"type":"string"}}}}`
	claudeTool  = `{"name":"get_weather","input_schema":{"type":"object","properties":{"city":{"type":"string"}}}}`
	pointSchema = `{"type":"object","properties":{"label":{"enum":["a","b"]},"points":{"type":"array","minItems":2,"items":{"$ref":"#/$defs/P"}},"note":{"anyOf":[{"type":"null"},{"type":"string"}]}},"$defs":{"P":{"type":"object","properties":{"x":{"type":"integer","minimum":7}}}}}`
)

// formBody is a multipart form with a file of nine bytes.
func formBody(values ...string) string {
	var out strings.Builder
	for _, v := range values {
		name, value, _ := strings.Cut(v, "=")
		fmt.Fprintf(&out, "--b\r\nContent-Disposition: form-data; name=%q\r\n\r\n%s\r\n", name, value)
	}
	out.WriteString("--b--\r\n")
	return out.String()
}

func fileForm(field, name string, values ...string) string {
	file := fmt.Sprintf("--b\r\nContent-Disposition: form-data; name=%q; filename=%q\r\nContent-Type: application/octet-stream\r\n\r\nnut bytes\r\n", field, name)
	return file + formBody(values...)
}

// goldens are answers that are compared with testdata/golden. The schema is OpenAI's, for the body or for each event.
var goldens = []struct {
	name     string
	endpoint models.Endpoint
	form     bool
	body     string
	schema   string
}{
	{"chat", models.EndpointChat, false, `{"model":"gpt-5-mini","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":[{"type":"text","text":"hello <b> & “you”"}]}]}`, "CreateChatCompletionResponse"},
	{"chat-n", models.EndpointChat, false, `{"model":"gpt-5-mini","n":2,"messages":[{"role":"user","content":"hi"}],"max_tokens":3}`, "CreateChatCompletionResponse"},
	{"chat-stream", models.EndpointChat, false, `{"model":"gpt-5-mini","stream":true,"messages":[{"role":"user","content":"hi"}],"stop":["Squirrels","said"]}`, "CreateChatCompletionStreamResponse"},
	{"chat-stream-usage", models.EndpointChat, false, `{"model":"deepseek-reasoner","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}],"max_completion_tokens":5}`, "CreateChatCompletionStreamResponse"},
	{"chat-tools", models.EndpointChat, false, `{"model":"gpt-5-mini","messages":[{"role":"user","content":"get_weather and get_time please"}],"tools":[` + weatherTool + `,` + timeTool + `]}`, "CreateChatCompletionResponse"},
	{"chat-tools-stream", models.EndpointChat, false, `{"model":"gpt-5-mini","stream":true,"messages":[{"role":"user","content":"call it twice in parallel"}],"tools":[` + weatherTool + `]}`, "CreateChatCompletionStreamResponse"},
	{"chat-tool-result", models.EndpointChat, false, `{"model":"gpt-5-mini","messages":[{"role":"user","content":"weather"},{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"get_weather","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c1","content":"21 °C"}],"tools":[` + weatherTool + `]}`, "CreateChatCompletionResponse"},
	{"chat-schema", models.EndpointChat, false, `{"model":"gpt-5-mini","messages":[{"role":"user","content":"hi"}],"response_format":{"type":"json_schema","json_schema":{"name":"p","schema":` + pointSchema + `}}}`, "CreateChatCompletionResponse"},
	{"chat-unknown-model", models.EndpointChat, false, `{"model":"unknown-x","messages":[{"role":"user","content":"hi"}]}`, "ErrorResponse"},
	{"chat-bad-json", models.EndpointChat, false, `{"model":`, "ErrorResponse"},
	{"chat-bad-type", models.EndpointChat, false, `{"model":"m","stream":"yes","messages":[]}`, "ErrorResponse"},
	{"completion", models.EndpointCompletions, false, `{"model":"davinci","prompt":"Once upon"}`, "CreateCompletionResponse"},
	{"completion-stream", models.EndpointCompletions, false, `{"model":"davinci","prompt":"Once upon","stream":true,"max_tokens":4,"stream_options":{"include_usage":true}}`, "CreateCompletionResponse"},
	{"embedding", models.EndpointEmbeddings, false, `{"model":"text-embedding-3-small","input":["a","b c"],"dimensions":4}`, "CreateEmbeddingResponse"},
	{"embedding-base64", models.EndpointEmbeddings, false, `{"model":"text-embedding-3-small","input":[[1,2],[3]],"dimensions":4,"encoding_format":"base64"}`, ""},
	{"response", models.EndpointResponses, false, `{"model":"gpt-5-mini","instructions":"Be brief.","input":"hello","text":{"format":{"type":"json_object"}}}`, "Response"},
	{"response-stream", models.EndpointResponses, false, `{"model":"gpt-5-mini","input":[{"role":"user","content":[{"type":"input_text","text":"hello"}]}],"reasoning":{"effort":"low","summary":"auto"},"include":["reasoning.encrypted_content"],"stream":true,"max_output_tokens":4}`, "ResponseStreamEvent"},
	{"response-tools-stream", models.EndpointResponses, false, `{"model":"gpt-5-mini","input":"the weather?","stream":true,"tools":[` + flatTool + `]}`, "ResponseStreamEvent"},
	{"message", models.EndpointMessages, false, `{"model":"claude-sonnet-4-5","max_tokens":100,"system":[{"type":"text","text":"a b c d e f g h","cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":"hello"}]}`, ""},
	{"message-stream-thinking", models.EndpointMessages, false, `{"model":"claude-sonnet-4-5","max_tokens":1100,"thinking":{"type":"enabled","budget_tokens":1024},"stream":true,"messages":[{"role":"user","content":"hello"}],"stop_sequences":["hello"]}`, ""},
	{"message-tools-stream", models.EndpointMessages, false, `{"model":"claude-sonnet-4-5","max_tokens":100,"stream":true,"messages":[{"role":"user","content":"hi"}],"tools":[` + claudeTool + `],"tool_choice":{"type":"any"}}`, ""},
	{"message-refused", models.EndpointMessages, false, `{"model":"claude-sonnet-4-5","messages":[{"role":"user","content":"hi"}]}`, ""},
	{"count-tokens", models.EndpointCountTokens, false, `{"model":"claude-sonnet-4-5","messages":[{"role":"user","content":"one two three"}]}`, ""},
	{"moderation", models.EndpointModerations, false, `{"input":["a nut","a bomb"]}`, ""},
	{"models", EndpointModels, false, ``, "ListModelsResponse"},
	{"transcription", models.EndpointTranscriptions, true, fileForm("file", "clip.wav", "model=whisper-1"), ""},
	{"translation-verbose", models.EndpointTranslations, true, fileForm("file", "clip.wav", "model=whisper-1", "response_format=verbose_json"), ""},
	{"transcription-stream", models.EndpointTranscriptions, true, fileForm("file", "clip.wav", "model=gpt-4o-transcribe", "stream=true"), ""},
	{"image", models.EndpointImages, false, `{"model":"gpt-image-1","prompt":"a nut","n":2}`, ""},
	{"image-stream", models.EndpointImages, false, `{"model":"gpt-image-1","prompt":"a nut","stream":true,"partial_images":1}`, ""},
	{"image-edit", models.EndpointImageEdits, true, fileForm("image", "nut.png", "model=gpt-image-1", "prompt=bigger", "n=1"), ""},
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for _, tc := range goldens {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			contentType := "application/json"
			if tc.form {
				contentType = "multipart/form-data; boundary=b"
			}
			a := ask(tc.endpoint, contentType, tc.body)
			checkSchema(t, tc.schema, a)
			compareGolden(t, tc.name, render(a))
		})
	}
}

func checkSchema(t *testing.T, schema string, a *Answer) {
	t.Helper()
	if schema == "" {
		return
	}
	if a.Events == nil {
		mustFit(t, schema, a.Body)
	}
	for _, e := range a.Events {
		if string(e.Data) != "[DONE]" {
			mustFit(t, schema, e.Data)
		}
	}
}

// render writes an answer as readable text.
func render(a *Answer) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "%d %s\n", a.Status, a.ContentType)
	for _, h := range a.Header {
		fmt.Fprintf(&out, "%s: %s\n", h[0], h[1])
	}
	fmt.Fprintf(&out, "\n%s", a.Body)
	for _, e := range a.Events {
		fmt.Fprintf(&out, "%s > %s\n", e.Name, e.Data)
	}
	return append(bytes.TrimRight(out.Bytes(), "\n"), '\n')
}

func compareGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name+".txt")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
