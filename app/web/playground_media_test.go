package web

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/pages"
)

// upload sends a form with files, whose fields are named field:file name.
func (k *kit) upload(path string, fields [][2]string, files map[string][]byte) reply {
	k.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, f := range fields {
		_ = w.WriteField(f[0], f[1]) // a buffer takes everything
	}
	for place, data := range files {
		field, name, _ := strings.Cut(place, ":")
		part, _ := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {multipart.FileContentDisposition(field, name)}, "Content-Type": {"audio/wav"}})
		_, _ = part.Write(data)
	}
	_ = w.Close()
	r := httptest.NewRequestWithContext(k.t.Context(), http.MethodPost, path, &body)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return k.do(r, nil)
}

func aPNG(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

var chatWithImage = [][2]string{{"mode", "chat"}, {"op", "send"}, {"model", "smart"}, {"role", "user"}, {"text", "What is it?"}}

func TestPlaygroundImages(t *testing.T) {
	k, d := newLogKit(t)
	k.seedLog(0, nil)
	data := "data:image/png;base64," + base64.StdEncoding.EncodeToString(aPNG(t))
	bare := strings.TrimPrefix(data, "data:image/png;base64,")
	for endpoint, want := range map[models.Endpoint]string{
		models.EndpointChat:      `"content":[{"text":"What is it?","type":"text"},{"image_url":{"url":"` + data + `"},"type":"image_url"},{"image_url":{"url":"https://one.example/a.png"},"type":"image_url"}]`,
		models.EndpointResponses: `"content":[{"text":"What is it?","type":"input_text"},{"image_url":"` + data + `","type":"input_image"},{"image_url":"https://one.example/a.png","type":"input_image"}]`,
		models.EndpointMessages:  `"content":[{"source":{"data":"` + bare + `","media_type":"image/png","type":"base64"},"type":"image"},{"source":{"type":"url","url":"https://one.example/a.png"},"type":"image"},{"text":"What is it?","type":"text"}]`,
	} {
		d.played = nil
		fields := append([][2]string{{"endpoint", string(endpoint)}, {"image_url_0", " https://one.example/a.png "}}, chatWithImage...)
		answer := k.upload("/admin/playground", fields, map[string][]byte{"image_file_0:a.txt": aPNG(t)})
		answer.want(t, string(endpoint), 200, `<img src="`+data+`"`, `name="image_0" value="https://one.example/a.png"`, `!src="https://one.example`, "&lt;b&gt;Hi&lt;/b&gt; there")
		if len(d.played) != 1 || !strings.Contains(string(d.played[0].Body), want) {
			t.Errorf("%s: sent %v", endpoint, d.played)
		}
	}
	d.played = nil
	form := append([][2]string{{"image_0", data}, {"image_0", "https://one.example/a.png"}}, chatWithImage...)
	form[3][1] = "drop:0:0"
	k.upload("/admin/playground", form, nil).want(t, "one is taken off", 200, `name="image_0" value="https://one.example/a.png"`, "!<img src=\"data:")
	form[3][1] = "drop:9:-1"
	k.upload("/admin/playground", form, nil).want(t, "none is taken off", 200, `<img src="data:`)
	form[3][1] = "attach"
	k.upload("/admin/playground", form, nil).want(t, "shown", 200, `<img src="data:`, "2 images")
	if len(d.played) > 0 {
		t.Errorf("%d requests went out", len(d.played))
	}
}

func TestPlaygroundImagesRefused(t *testing.T) {
	k, d := newLogKit(t)
	big := append(aPNG(t), make([]byte, pages.MaxPlayImage)...)
	chatWithImage := append([][2]string{{"endpoint", "/v1/chat/completions"}}, chatWithImage...)
	for name, tt := range map[string]struct {
		fields [][2]string
		files  map[string][]byte
		want   string
	}{
		"a text":        {nil, map[string][]byte{"image_file_0:a.png": []byte("<svg onload=alert(1)>")}, "is no PNG, JPEG, GIF or WebP image"},
		"too large":     {nil, map[string][]byte{"image_file_0:a.png": big}, "is larger than 4 MB"},
		"together":      {nil, map[string][]byte{"image_file_0:a.png": big[:pages.MaxPlayImage-1], "image_file_0:b.png": big[:pages.MaxPlayImage-2], "image_file_0:c.png": big[:pages.MaxPlayImage-3]}, "at most 8 MB together"},
		"no address":    {[][2]string{{"image_url_0", "javascript:alert(1)"}}, nil, "must be a URL that begins with"},
		"no image":      {[][2]string{{"image_0", "data:text/html;base64,PGI+"}}, nil, "is no PNG, JPEG, GIF or WebP image"},
		"another type":  {[][2]string{{"image_0", "data:image/gif;base64," + base64.StdEncoding.EncodeToString(aPNG(t))}}, nil, "is no PNG, JPEG, GIF or WebP image"},
		"no data":       {[][2]string{{"image_0", "data:image/png;base64,"}}, nil, "is no PNG, JPEG, GIF or WebP image"},
		"too many":      {strings9("image_0", "https://one.example/a.png"), nil, "can have at most 8 images"},
		"of the answer": {[][2]string{{"role", "assistant"}, {"text", "x"}, {"image_1", "https://one.example/a.png"}}, nil, "only messages of the user"},
	} {
		refused := k.upload("/admin/playground", append(append([][2]string{}, chatWithImage...), tt.fields...), tt.files)
		refused.want(t, name, http.StatusUnprocessableEntity, tt.want, `href="#image_`, "What is it?", "!javascript:", "!<svg onload")
		checkMedia(t, name, refused.body)
	}
	if len(d.played) > 0 {
		t.Errorf("%d requests went out", len(d.played))
	}
	k.upload("/admin/playground", chatWithImage, map[string][]byte{"image_file_0:a.png": make([]byte, maxPlayForm)}).
		want(t, "a huge file", http.StatusUnprocessableEntity, "is larger than 4 MB", `href="#image_0"`, "What is it?")
	sound := [][2]string{{"mode", "transcription"}, {"op", "send"}, {"model", "scribe"}, {"prompt", "Nutkin"}}
	k.upload("/admin/playground", sound, map[string][]byte{"file:a.wav": make([]byte, maxPlayForm)}).
		want(t, "a huge sound", http.StatusUnprocessableEntity, "is larger than 25 MB", ">Nutkin</textarea>")
	k.upload("/admin/transfer", nil, map[string][]byte{"file:a.yaml": make([]byte, maxUpload)}).want(t, "a huge import", http.StatusRequestEntityTooLarge, "can have 16 MB together")
	k.post("/admin/keys/new", "name", strings.Repeat("x", maxForm)).want(t, "a huge plain form", http.StatusRequestEntityTooLarge, "can have 1 MB together")
}

// ownMedia are the places in which a page may hold data: images and sounds that are shown, and files that are only kept.
var ownMedia = regexp.MustCompile(`<img (?:class="play-image" )?src="data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+"|` +
	`<audio controls class="w-full" src="data:audio/[a-z0-9.+-]+;base64,[A-Za-z0-9+/=]+"|` +
	`href="data:(?:image/(?:png|jpeg|gif|webp)|audio/[a-z0-9.+-]+|application/octet-stream);base64,[A-Za-z0-9+/=]+" download="[a-z0-9.-]+"`)

// checkMedia is checkInert for an answer with media: apart from those nothing may be there.
func checkMedia(t *testing.T, where, page string) {
	t.Helper()
	checkInert(t, where, ownMedia.ReplaceAllStringFunc(page, func(found string) string {
		if strings.HasPrefix(found, "<img") {
			return `<img src="/static/x"`
		}
		return strings.TrimSuffix(strings.TrimSuffix(found[:strings.Index(found, `"data:`)], "src="), "href=") + `title="x"`
	}))
}

func strings9(name, value string) (fields [][2]string) {
	for range 9 {
		fields = append(fields, [2]string{name, value})
	}
	return fields
}

func TestPlaygroundSpeech(t *testing.T) {
	k, d := newLogKit(t)
	k.seedLog(0, nil)
	k.get("/admin/playground?mode=speech").want(t, "the form", 200, `name="voice"`, `value="alloy"`, `name="speed"`, `aria-current="page"`, "!name=\"system\"")
	d.answer = &admin.Played{Type: "audio/wav", Body: []byte("RIFF<b>")}
	form := []string{"mode", "speech", "op", "send", "model", "voice", "input", "Hello", "voice", "alloy", "response_format", "wav", "speed", "1.5"}
	answer := k.post("/admin/playground", form...)
	sound := "data:audio/wav;base64," + base64.StdEncoding.EncodeToString([]byte("RIFF<b>"))
	answer.want(t, "a sound", 200, `<audio controls class="w-full" src="`+sound+`"`, `download="speech.wav"`, "7 B", "$0.00123", "30 ms")
	checkMedia(t, "a sound", answer.body)
	if in := d.played[0]; in.Endpoint != models.EndpointSpeech || string(in.Body) != `{"model":"voice","input":"Hello","voice":"alloy","response_format":"wav","speed":1.5}` {
		t.Errorf("sent %s", in.Body)
	}
	for kind, want := range map[string]string{
		"text/html; charset=utf-8": `href="data:application/octet-stream;base64,`, "audio/pcm": `download="speech.pcm"`, `audio/"><script>`: `href="data:application/octet-stream;base64,`,
	} {
		d.answer.Type = kind
		answer := k.post("/admin/playground", form...)
		answer.want(t, kind, 200, want, "!<audio", "can&#39;t be played here")
		checkMedia(t, kind, answer.body)
	}
	d.answer = &admin.Played{Type: "audio/mpeg", Body: []byte("ID3"), Cut: true}
	k.post("/admin/playground", form...).want(t, "cut", 200, "longer than 16 MB", "audio/mpeg")
	d.answer = &admin.Played{Type: "application/json", Status: 400, Body: []byte(`{"error":{"message":"no such <i>voice"}}`)}
	k.post("/admin/playground", form...).want(t, "an error", 200, "no such &lt;i&gt;voice", "!<audio")
	k.post("/admin/playground", "mode", "speech", "op", "send", "speed", "fast").want(t, "refused", http.StatusUnprocessableEntity, `href="#voice"`, `href="#input"`, `href="#model"`, "must be a number")
}

func TestPlaygroundTranscription(t *testing.T) {
	k, d := newLogKit(t)
	k.seedLog(0, nil)
	k.get("/admin/playground?mode=transcription").want(t, "the form", 200, `type="file"`, `name="language"`, "/v1/audio/translations", `enctype="multipart/form-data"`)
	form := [][2]string{{"mode", "transcription"}, {"op", "send"}, {"endpoint", "/v1/audio/transcriptions"}, {"model", "scribe"}, {"language", "en"}, {"response_format", "srt"}, {"prompt", "Nutkin"}, {"temperature", "0"}}
	d.answer = &admin.Played{Type: "text/plain; charset=utf-8", Body: []byte("1\n<b>Hello")}
	k.upload("/admin/playground", form, map[string][]byte{"file:a b.wav": []byte("RIFF")}).want(t, "a text", 200, `data-testid="transcript">1`+"\n"+`&lt;b&gt;Hello`, ">Nutkin</textarea>", "$0.00123")
	in := d.played[0]
	if in.Upload == nil || in.Upload.FileName != "a b.wav" || in.Upload.FileType != "audio/wav" || string(in.Upload.File) != "RIFF" || in.Body != nil {
		t.Fatalf("sent %+v", in)
	}
	want := [][2]string{{"model", "scribe"}, {"language", "en"}, {"prompt", "Nutkin"}, {"response_format", "srt"}, {"temperature", "0"}}
	if len(in.Upload.Fields) != len(want) {
		t.Errorf("fields %v", in.Upload.Fields)
	}
	for i := range want {
		if in.Upload.Fields[i] != want[i] {
			t.Errorf("fields %v", in.Upload.Fields)
		}
	}
	d.answer = &admin.Played{Type: "application/json", Body: []byte(`{"text":"squirrels <i>sing","language":"english"}`)}
	k.upload("/admin/playground", form, map[string][]byte{"file:a.wav": []byte("RIFF")}).want(t, "JSON", 200, `data-testid="transcript">squirrels &lt;i&gt;sing`, "Raw answer", "english")
	d.answer, d.said = nil, []string{"squirrels ", "<sing>"}
	k.upload("/admin/playground", append(form, [2]string{"stream", "true"}), map[string][]byte{"file:a.wav": []byte("RIFF")}).want(t, "a stream", 200, "squirrels &lt;sing&gt;")

	sent := len(d.played)
	k.upload("/admin/playground", form, nil).want(t, "no file", http.StatusUnprocessableEntity, "choose a file that is not empty", `href="#file"`)
	k.upload("/admin/playground", form, map[string][]byte{"file:a.wav": {}}).want(t, "an empty file", http.StatusUnprocessableEntity, "choose a file that is not empty")
	k.upload("/admin/playground", form, map[string][]byte{"file:a.wav": make([]byte, pages.MaxPlaySound+1)}).want(t, "a large file", http.StatusUnprocessableEntity, "is larger than 25 MB")
	form[2][1] = "/v1/audio/translations"
	k.upload("/admin/playground", append(form, [2]string{"stream", "true"}), map[string][]byte{"file:a.wav": []byte("RIFF")}).want(t, "no streams", http.StatusUnprocessableEntity, "is no parameter of this endpoint")
	if len(d.played) > sent {
		t.Error("a refused request went out")
	}
}

func TestPlaygroundVectorsAndImages(t *testing.T) {
	k, d := newLogKit(t)
	k.seedLog(0, nil)
	d.answer = &admin.Played{Type: "application/json", Body: []byte(`{"data":[{"embedding":[` + strings.Repeat("0.012345678,", 1535) + `1]},{"embedding":[1,2]}]}`)}
	answer := k.post("/admin/playground", "mode", "embeddings", "op", "send", "model", "vectors", "input", "one\r\n\r\ntwo", "dimensions", "8")
	answer.want(t, "vectors", 200, "1536 dimensions", "2 dimensions", "0.012345678, 0.012345678", "…", "1536 numbers")
	answer.wantSmall(t, "vectors")
	if body := string(d.played[0].Body); body != `{"model":"vectors","input":["one","two"],"dimensions":8}` || d.played[0].Endpoint != models.EndpointEmbeddings {
		t.Errorf("sent %s", body)
	}
	encoded := base64.StdEncoding.EncodeToString(append(aPNG(t), make([]byte, 400)...))
	d.answer = &admin.Played{Type: "application/json", Body: []byte(`{"data":[{"b64_json":"` + encoded + `","revised_prompt":"a <b>nut"},{"url":"https://one.example/a.png"},{"url":"javascript:alert(1)"},{"b64_json":"PGI+"}]}`)}
	answer = k.post("/admin/playground", "mode", "images", "op", "send", "model", "paint", "prompt", "a nut", "n", "2", "size", "1024x1024")
	answer.want(t, "images", 200, `<img class="play-image" src="data:image/png;base64,`+encoded+`"`, `download="image-1.png"`, "a &lt;b&gt;nut", `href="https://one.example/a.png"`, "!src=\"https://one", `!href="javascript:`, `download="image-4.octet-stream"`)
	if n := strings.Count(answer.body, encoded); n != 2 { // shown and downloaded, not in the raw answer
		t.Errorf("the image is there %d times", n)
	}
	checkMedia(t, "images", answer.body)
	if body := string(d.played[1].Body); body != `{"model":"paint","prompt":"a nut","n":2,"size":"1024x1024"}` {
		t.Errorf("sent %s", body)
	}
	k.post("/admin/playground", "mode", "images", "op", "raw", "model", "paint", "prompt", "a nut").want(t, "as raw", 200, `value="/v1/images/generations" selected`, "&#34;prompt&#34;: &#34;a nut&#34;")
}

func TestPlaygroundOpensUploads(t *testing.T) {
	k, _ := newLogKit(t)
	id := k.seedLog(0, func(w *models.LogWrite) {
		w.Log.Endpoint, w.Log.RequestedModel = models.EndpointTranslations, "scribe"
		w.Detail.RequestBody = []byte(`{"multipart":[{"name":"model","value":"scribe","bytes":6},{"name":"language","value":"de","bytes":2},{"name":"file","file_name":"a.wav","bytes":4},{"name":"op","value":"x"}]}`)
	})
	k.get("/admin/playground?log="+id).want(t, "a transcription", 200, `value="de"`, `value="scribe"`, `value="/v1/audio/translations" selected`, "choose it again")
	edit := k.seedLog(1, func(w *models.LogWrite) { w.Log.Endpoint = models.EndpointImageEdits })
	k.get("/admin/playground?log="+edit).want(t, "an edit", 200, "are not kept", `name="prompt"`)
}

// TestPlaygroundOpensRecorded: a request to any endpoint is taken over as it was, and what could not be is said.
func TestPlaygroundOpensRecorded(t *testing.T) {
	k, d := newLogKit(t)
	d.report.RedactBodies = false
	for i, endpoint := range []models.Endpoint{
		models.EndpointChat, models.EndpointMessages, models.EndpointResponses, models.EndpointCompletions, models.EndpointEmbeddings, models.EndpointImages,
		models.EndpointSpeech, models.EndpointModerations, models.EndpointCountTokens,
	} {
		write := func(w *models.LogWrite) { w.Log.Endpoint, w.Log.RequestedModel = endpoint, "nut" }
		whole := k.seedLog(3*i, func(w *models.LogWrite) {
			write(w)
			w.Detail.RequestBody = []byte(`{"model":"nut","x":12345678901234567890}`)
		})
		page := k.get("/admin/playground?log=" + whole)
		page.want(t, string(endpoint), 200, `value="`+string(endpoint)+`" selected`, "12345678901234567890", "Headers of the client are not", "!blanked out")
		k.get("/admin/logs/"+whole+"?source=all&range=all").want(t, "its log", 200, "/admin/playground?log="+whole)
		bare := k.seedLog(3*i+1, func(w *models.LogWrite) { write(w); w.Detail.RequestBody = nil })
		k.get("/admin/playground?log="+bare).want(t, "no body", 200, `value="`+string(endpoint)+`" selected`, "&#34;nut&#34;", "The body of the recorded request is not there")
		cut := k.seedLog(3*i+2, func(w *models.LogWrite) { write(w); w.Detail.Truncated = []string{"request_body:999999"} })
		k.get("/admin/playground?log="+cut).want(t, "cut", 200, "The middle of the body was not recorded")
	}
	d.report.RedactBodies = true
	k.get("/admin/playground?log="+logIDOf(0)).want(t, "redacted", 200, "What was blanked out is sent blanked out")
	bare := k.seedLog(90, func(w *models.LogWrite) { w.Log.Endpoint = models.EndpointTranscriptions; w.Detail.RequestBody = nil })
	k.get("/admin/playground?log="+bare).want(t, "no fields", 200, "choose them again")
}

func TestPlaygroundStop(t *testing.T) {
	k, d := newLogKit(t)
	k.seedLog(0, nil)
	d.said = []string{"Once"}
	answer := k.post("/admin/playground", "mode", "chat", "op", "send", "endpoint", "/v1/chat/completions", "model", "smart", "role", "user", "text", "Hi", "stream", "true")
	answer.want(t, "a stream", 200, `action="/admin/playground/stop"`, `name="id" value="`+logIDOf(0)+`"`)
	if strings.Index(answer.body, "/admin/playground/stop") > strings.Index(answer.body, "Once") {
		t.Error("stop comes after the answer")
	}
	k.postForm("/admin/playground/stop", url.Values{"id": {logIDOf(0)}}, "HX-Request", "true").want(t, "stop", http.StatusNoContent)
	k.seedLog(1, func(w *models.LogWrite) {
		w.Log.ResponseStatus, w.Log.ErrorCode, w.Log.ErrorInfo = ptrTo(503), "cancelled", "An administrator cancelled this request."
	})
	d.answer, d.said, d.logID = &admin.Played{Status: 503, Type: "application/json", Body: []byte(`{"error":{"message":"An administrator cancelled this request."}}`)}, nil, logIDOf(1)
	k.post("/admin/playground", "mode", "chat", "op", "send", "endpoint", "/v1/chat/completions", "model", "smart", "role", "user", "text", "Hi").
		want(t, "stopped", 200, ">Stopped<", "You stopped this request", "!503", "!failed")
	k.post("/admin/playground/stop", "id", logIDOf(0)).wantRedirect(t, "it has ended", "/admin/logs/"+logIDOf(0)+"?source=all&range=all")
	if len(d.cancelled) != 2 || d.cancelled[0] != logIDOf(0) {
		t.Errorf("cancelled %v", d.cancelled)
	}
	k.postForm("/admin/playground/stop", nil, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example").want(t, "from elsewhere", http.StatusForbidden)
	k.cookies = map[string]string{}
	k.post("/admin/playground/stop", "id", logIDOf(0)).want(t, "without a login", http.StatusSeeOther)
	if len(d.cancelled) != 2 {
		t.Error("somebody else stopped it")
	}
}

func TestPlaygroundModesAreSmall(t *testing.T) {
	k, _ := newLogKit(t)
	for _, mode := range pages.PlayModes {
		for _, lang := range []string{"en", "zh"} {
			page := k.get("/admin/playground?mode=" + string(mode) + "&lang=" + lang)
			page.want(t, string(mode), 200, `name="mode" value="`+string(mode)+`"`, "/static/playground.")
			page.wantSmall(t, string(mode))
			checkInert(t, string(mode), page.body)
		}
	}
	k.get("/admin/playground?mode=nonsense").want(t, "no mode", 200, `name="mode" value="chat"`)
	k.cookies = map[string]string{}
	k.get("/admin/playground?mode=speech").want(t, "without a login", http.StatusSeeOther)
}

// TestPlaygroundManyChoices: with many routes those of the form's models are listed, and what was chosen before stays chosen.
func TestPlaygroundManyChoices(t *testing.T) {
	k, _ := newLogKit(t)
	p := k.provider("Acorn of the west", "https://one.example/v1", "")
	for n := range 500 {
		k.route(fmt.Sprintf("vendor/a-model-of-2026-%03d", n), "gpt-4o-2026-05-13", p.ID)
		if _, err := k.service.CreateAPIKey(t.Context(), admin.APIKeyInput{Name: admin.Some(fmt.Sprintf("team key of project %03d", n))}); err != nil {
			t.Fatal(err)
		}
	}
	page := k.get("/admin/playground?model=vendor/a-model-of-2026-007")
	page.want(t, "many", 200, ">vendor/a-model-of-2026-007 → Acorn of the west", "!vendor/a-model-of-2026-008 → ", "only those of the chosen models", "The first 300 are listed", "team key of project 299", "!project 300")
	page.wantSmall(t, "many")
	page = k.post("/admin/playground", "op", "attach", "mode", "chat", "model", "vendor/a-model-of-2026-007", "api_key_id", "499", "route_id", "400", "model_2", "vendor/a-model-of-2026-009")
	page.want(t, "chosen", 200, `value="499" selected`, `value="400" selected`, "vendor/a-model-of-2026-399 → ", "vendor/a-model-of-2026-009 → ", "!any more")
	page.wantSmall(t, "chosen")
	k.post("/admin/playground", "op", "attach", "mode", "raw", "body", `{"model":"vendor/a-model-of-2026-011"}`, "route_id", "9999").want(t, "raw", 200, "vendor/a-model-of-2026-011 → ", "not among the choices any more")
}
