package app

import (
	"bytes"
	"encoding/base64"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// playKit is a gateway with models of each kind at simulated providers, whose playground is used as a browser without scripts
// does.
func playKit(t *testing.T) *storyKit {
	t.Helper()
	k := newStoryKit(t)
	for name, target := range map[string]string{"scribe": "whisper-1", "voice": "tts-1", "seer": "gpt-4o-mini", "slow": "fault:slow:400ms"} {
		k.addModel(name, "acorn", target)
	}
	k.addModel("claude", "walnut", "claude-haiku-4-5")
	k.addModel("later", "acorn", "gpt-4o-mini")
	k.eventually("the models are in effect", func() bool {
		status, _ := k.send(http.MethodPost, "/v1/chat/completions", `{"model":"later","messages":[{"role":"user","content":"Hello"}]}`, "Authorization", "Bearer "+k.key)
		return status == http.StatusOK
	})
	return k
}

// play sends the form of the playground. file is one that is uploaded, "" = none.
func (k *storyKit) play(fields [][2]string, field string, file []byte) string {
	k.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, f := range append([][2]string{{"op", "send"}}, fields...) {
		_ = w.WriteField(f[0], f[1]) // a buffer takes everything
	}
	if field != "" {
		part, _ := w.CreateFormFile(field, "nuts.wav")
		_, _ = part.Write(file)
	}
	_ = w.Close()
	resp, err := k.pages.Post(k.url+"/admin/playground", w.FormDataContentType(), &body)
	if err != nil {
		k.t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		k.t.Fatalf("%d, %v: %.300s", resp.StatusCode, err, page)
	}
	return string(page)
}

var logLink = regexp.MustCompile(`href="/admin/logs/([0-9A-Z]{26})\?`)

// record is the page of the request that an answer of the playground came from.
func (k *storyKit) record(page, query string) string {
	k.t.Helper()
	found := logLink.FindStringSubmatch(page)
	if found == nil {
		k.t.Fatalf("the answer names no record: %.3000s", page[strings.Index(page, `id="answer"`):])
	}
	return k.page(found[1], query)
}

func TestPlaygroundHearsAndSpeaks(t *testing.T) {
	k := playKit(t)
	page := k.play([][2]string{{"mode", "speech"}, {"model", "voice"}, {"input", "Hello"}, {"voice", "alloy"}, {"response_format", "wav"}}, "", nil)
	_, sound, found := strings.Cut(page, `src="data:audio/wav;base64,`)
	sound, _, _ = strings.Cut(sound, `"`)
	data, err := base64.StdEncoding.DecodeString(html.UnescapeString(sound))
	if !found || err != nil || !bytes.HasPrefix(data, []byte("RIFF")) || len(data) != 44+2*(800+40*len("Hello")) {
		t.Fatalf("no sound (%v), but %.300q", err, data)
	}
	if log := k.record(page, ""); !strings.Contains(log, "/v1/audio/speech") || !strings.Contains(log, "Playground") {
		t.Error("speech is not recorded as such")
	}

	file := bytes.Repeat([]byte("nuts"), 100_000) // more than is kept in memory
	for format, want := range map[string]string{
		"": `Transcript of nuts.wav (400000 bytes)`, "srt": "00:00:02,500\nTranscript of nuts.wav", "verbose_json": "Transcript of nuts.wav (400000 bytes)",
	} {
		page = html.UnescapeString(k.play([][2]string{{"mode", "transcription"}, {"endpoint", "/v1/audio/transcriptions"}, {"model", "scribe"}, {"language", "en"}, {"response_format", format}}, "file", file))
		if !strings.Contains(page, want) {
			t.Errorf("%q: %.2000s", format, page[strings.Index(page, `id="answer"`):])
		}
	}
	if log := k.record(page, "?tab=request"); !strings.Contains(log, "nuts.wav") || !strings.Contains(log, "400000") || strings.Contains(log, "nutsnuts") {
		t.Error("the record of a transcription has no summary of its file")
	}
	page = k.play([][2]string{{"mode", "transcription"}, {"endpoint", "/v1/audio/transcriptions"}, {"model", "scribe"}, {"stream", "true"}}, "file", file)
	if !strings.Contains(page, "squirrels sing at dawn") {
		t.Errorf("streamed: %.2000s", page[strings.Index(page, `id="answer"`):])
	}
	page = k.play([][2]string{{"mode", "transcription"}, {"endpoint", "/v1/audio/translations"}, {"model", "no-such-model"}}, "file", file)
	if log := k.record(page, ""); !strings.Contains(page, "no-such-model") || !strings.Contains(log, "no-such-model") {
		t.Errorf("unknown model: %.2000s", page[strings.Index(page, `id="answer"`):])
	}
}

// TestPlaygroundShowsImages attaches an image in the words of each protocol, to providers of both.
func TestPlaygroundShowsImages(t *testing.T) {
	k := playKit(t)
	image, _ := base64.StdEncoding.DecodeString("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==") // it is one
	for _, endpoint := range []string{"/v1/chat/completions", "/v1/messages", "/v1/responses"} {
		for _, model := range []string{"seer", "claude"} {
			page := k.play([][2]string{{"mode", "chat"}, {"endpoint", endpoint}, {"model", model}, {"role", "user"}, {"text", "What is it?"}, {"stream", "true"}}, "image_file_0", image)
			if !strings.Contains(page, "I see an image.") || !strings.Contains(page, `data-testid="thumb"`) {
				t.Errorf("%s to %s: %.2000s", endpoint, model, page[strings.Index(page, `id="answer"`):])
			}
		}
	}
}

// TestPlaygroundKeepsToASchema asks for an answer of a shape in the words of each protocol, of providers of both.
func TestPlaygroundKeepsToASchema(t *testing.T) {
	k := playKit(t)
	schema := `{"type":"object","properties":{"nuts":{"type":"integer"}},"required":["nuts"],"additionalProperties":false}`
	for _, endpoint := range []string{"/v1/chat/completions", "/v1/messages", "/v1/responses"} {
		for _, model := range []string{"seer", "claude"} {
			page := html.UnescapeString(k.play([][2]string{
				{"mode", "chat"}, {"endpoint", endpoint}, {"model", model}, {"role", "user"}, {"text", "How many?"}, {"response_format", "json_schema"}, {"schema", schema},
			}, "", nil))
			if _, answer, _ := strings.Cut(page, `id="answer"`); !strings.Contains(answer, `{"nuts":`) {
				t.Errorf("%s to %s: %.2000s", endpoint, model, answer)
			}
		}
	}
}

var stopID = regexp.MustCompile(`name="id" value="([0-9A-Z]{26})"`)

// TestPlaygroundStops ends a stream in its middle: the provider's call ends, and page and record say who ended it.
func TestPlaygroundStops(t *testing.T) {
	k := playKit(t)
	form := url.Values{"op": {"send"}, "mode": {"chat"}, "endpoint": {"/v1/chat/completions"}, "model": {"slow"}, "role": {"user"}, "text": {"Hello"}, "stream": {"true"}}
	began := time.Now()
	resp, err := k.pages.PostForm(k.url+"/admin/playground", form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var page strings.Builder
	buffer := make([]byte, 4096)
	for !stopID.MatchString(page.String()) {
		n, err := resp.Body.Read(buffer)
		page.Write(buffer[:n])
		if err != nil {
			t.Fatalf("%v: %s", err, page.String())
		}
	}
	id := stopID.FindStringSubmatch(page.String())[1]
	k.eventually("it is stopped", func() bool {
		stopped, err := k.pages.PostForm(k.url+"/admin/playground/stop", url.Values{"id": {id}})
		if err != nil {
			t.Fatal(err)
		}
		stopped.Body.Close()
		return stopped.StatusCode == http.StatusOK && stopped.Request.URL.Path == "/admin/logs/"+id
	})
	rest, err := io.ReadAll(resp.Body)
	if took := time.Since(began); err != nil || took > 8*time.Second || !strings.Contains(string(rest), `data-testid="play-figures"`) || !strings.Contains(string(rest), "</html>") {
		t.Fatalf("after %v: %v, %s", took, err, rest)
	}
	if log := k.page(id, ""); !strings.Contains(log, "cancelled") || !strings.Contains(part(log, "outcome"), "administrator") {
		t.Errorf("the record says %q", part(log, "outcome"))
	}
}
