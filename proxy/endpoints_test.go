package proxy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"os"
	"strings"
	"testing"
	"time"

	"squirrel/models"
)

// formOf is a multipart body whose file is size bytes of noise.
func formOf(t testing.TB, size int, fields ...string) (body []byte, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part := func(h textproto.MIMEHeader, data []byte) {
		p, err := w.CreatePart(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	part(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="file"; filename="../../größe.wav"`}, "Content-Type": {"audio/wav"}}, noise(size))
	for i := 0; i+1 < len(fields); i += 2 {
		part(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + fields[i] + `"`}}, []byte(fields[i+1]))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), w.FormDataContentType()
}

func noise(size int) []byte {
	data := make([]byte, size)
	for i, x := range data {
		data[i] = x + byte(i*i>>3) ^ byte(i>>8)
	}
	return data
}

func TestTranscription(t *testing.T) {
	for _, c := range []struct {
		path   string
		size   int
		fields []string
	}{
		{"/v1/audio/transcriptions", 1000, nil},
		{"/v1/audio/transcriptions", 3 << 20, []string{"language", "de"}},
		{"/audio/transcriptions", 3 << 20, []string{"response_format", "text"}},
		{"/v1/audio/transcriptions", 3 << 20, []string{"stream", "true"}},
		{"/v1/audio/translations", 300 << 10, nil},
	} {
		var dir string
		s := one("a-target-with-a-longer-name")
		s.options = func(o *Options) { dir = o.TempDir }
		s.sim.LedgerBody = 8 << 20
		g := newTestGateway(t, s)
		body, contentType := formOf(t, c.size, append([]string{"model", "m"}, c.fields...)...)
		resp := g.post(c.path, string(body), "Content-Type", contentType)
		if text := readAll(t, resp); resp.StatusCode != 200 || text == "" {
			t.Fatalf("%s %v: %d %s", c.path, c.fields, resp.StatusCode, text)
		}
		entry := g.sim.Ledger().Entries(nil)[0]
		want := bytes.Replace(body, []byte("\r\n\r\nm\r\n"), []byte("\r\n\r\na-target-with-a-longer-name\r\n"), 1)
		if !bytes.Equal(entry.Body, want) || entry.Header.Get("Content-Type") != contentType {
			t.Errorf("%s %v: the provider got %d bytes, want %d", c.path, c.fields, len(entry.Body), len(want))
		}
		end := mustRecord(t, g, 200, 200, "")
		if begin := g.rec.all()[0]; bytes.Contains(begin.Detail.RequestBody, noise(c.size)[:100]) || !strings.Contains(string(begin.Detail.RequestBody), `"bytes":`+fmt.Sprint(c.size)) {
			t.Errorf("recorded %.300s", begin.Detail.RequestBody)
		}
		if end.Log.RequestedModel != "m" || end.Log.TargetModel != "a-target-with-a-longer-name" {
			t.Errorf("log: %+v", end.Log)
		}
		mustBeEmpty(t, dir)
	}
}

// mustBeEmpty waits until a folder holds no temporary file any more.
func mustBeEmpty(t testing.TB, dir string) {
	t.Helper()
	var files []os.DirEntry
	for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if files, _ = os.ReadDir(dir); len(files) == 0 {
			return
		}
	}
	t.Errorf("%d temporary files are left", len(files))
}

// TestUploadIsSentAgain to the next provider, from its temporary file.
func TestUploadIsSentAgain(t *testing.T) {
	var dir string
	s := two("fault:status:500", "whisper-1")
	s.options = func(o *Options) { dir = o.TempDir }
	g := newTestGateway(t, s)
	body, contentType := formOf(t, 2<<20, "model", "m")
	resp := g.post("/v1/audio/transcriptions", string(body), "Content-Type", contentType)
	if text := readAll(t, resp); resp.StatusCode != 200 {
		t.Fatalf("%d %s", resp.StatusCode, text)
	}
	calls := g.sim.Ledger().Entries(nil)
	if len(calls) != 4 || calls[0].BodySize != calls[1].BodySize || calls[3].BodySize != len(body)+len("whisper-1")-len("m") {
		t.Errorf("calls: %+v", calls)
	}
	mustBeEmpty(t, dir)
}

func TestD10_BadUploads(t *testing.T) {
	var dir string
	g := newTestGateway(t, setup{options: func(o *Options) { o.MaxUploadBytes, dir = 1<<20, o.TempDir }})
	good, contentType := formOf(t, 300<<10, "model", "m")
	many := []string{"model", "m"}
	for i := range 1001 {
		many = append(many, fmt.Sprint("f", i), "x")
	}
	tooMany, manyType := formOf(t, 10, many...)
	big, bigType := formOf(t, 2<<20, "model", "m")
	nameless, namelessType := formOf(t, 300<<10)
	unknown, unknownType := formOf(t, 300<<10, "model", "unheard-of")
	for name, c := range map[string]struct {
		body        []byte
		contentType string
		status      int
		code        string
	}{
		"good":             {good, contentType, 200, ""},
		"cut short":        {good[:len(good)-60], contentType, 400, "invalid_request"},
		"no boundary":      {good, "multipart/form-data", 400, "invalid_request"},
		"other boundary":   {good, "multipart/form-data; boundary=other", 400, "invalid_request"},
		"too many parts":   {tooMany, manyType, 400, "invalid_request"},
		"too large":        {big, bigType, 413, "request_too_large"},
		"no model":         {nameless, namelessType, 400, "missing_model"},
		"unknown model":    {unknown, unknownType, 404, "model_not_found"},
		"JSON, not a form": {[]byte(`{"model":"m","file":"x"}`), "application/json", 400, ""},
	} {
		resp := g.post("/v1/audio/transcriptions", string(c.body), "Content-Type", c.contentType)
		if text := readAll(t, resp); resp.StatusCode != c.status || !strings.Contains(text, c.code) {
			t.Errorf("%s: %d %s", name, resp.StatusCode, text)
		}
		g.rec.end(t, resp.Header.Get("X-Squirrel-Request-Id"))
		mustBeEmpty(t, dir)
	}
}

// TestPerformUpload: a form of our own pages is taken in by the rules for those of clients.
func TestPerformUpload(t *testing.T) {
	var dir string
	g := newTestGateway(t, setup{options: func(o *Options) { o.MaxUploadBytes, dir = 1<<20, o.TempDir }})
	good, contentType := formOf(t, 300<<10, "model", "m")
	big, bigType := formOf(t, 2<<20, "model", "m")
	for name, c := range map[string]struct {
		endpoint    models.Endpoint
		body        []byte
		contentType string
		status      int
		code        string
	}{
		"good":            {models.EndpointTranscriptions, good, contentType, 200, "Transcript of"},
		"too large":       {models.EndpointTranscriptions, big, bigType, 413, "request_too_large"},
		"cut short":       {models.EndpointTranscriptions, good[:len(good)-60], contentType, 400, "invalid_request"},
		"no form's type":  {models.EndpointTranscriptions, good, "application/json", 400, "takes no form"},
		"no form's place": {models.EndpointChat, good, contentType, 400, "takes no form"},
	} {
		var begun string
		done, failure := g.Perform(t.Context(), Internal{
			Endpoint: c.endpoint, Header: http.Header{"Content-Type": {c.contentType}}, Upload: bytes.NewReader(c.body), Source: models.SourcePlayground,
			Begun: func(id string) { begun = id },
		}, io.Discard)
		if failure != nil || done.Status != c.status || !strings.Contains(string(done.Body), c.code) || begun != done.LogID {
			t.Errorf("%s: %d %s %v, begun %q", name, done.Status, done.Body, failure, begun)
		}
		if end := g.rec.end(t, done.LogID); end.Log.Source != models.SourcePlayground {
			t.Errorf("%s: recorded as %q", name, end.Log.Source)
		}
		mustBeEmpty(t, dir)
	}
}

func TestSpeechIsRelayedAsItArrives(t *testing.T) {
	g := newTestGateway(t, setup{})
	resp := g.post("/v1/audio/speech", `{"model":"m","input":"hello squirrels","voice":"alloy","response_format":"mp3"}`)
	audio := readAll(t, resp)
	entry := g.sim.Ledger().Entries(nil)[0]
	if resp.StatusCode != 200 || !strings.HasPrefix(resp.Header.Get("Content-Type"), "audio/") || int64(len(audio)) != entry.Sent {
		t.Errorf("%d %v: %d bytes of %d", resp.StatusCode, resp.Header, len(audio), entry.Sent)
	}
	mustRecord(t, g, 200, 200, "")
}

// TestSpeechCutShort: bytes can't carry an error event, so the connection is broken off.
func TestSpeechCutShort(t *testing.T) {
	g := newTestGateway(t, one("fault:rst@400"))
	resp := g.post("/v1/audio/speech", `{"model":"m","input":"hello squirrels","voice":"alloy"}`)
	data, err := io.ReadAll(resp.Body)
	if err == nil || len(data) == 0 {
		t.Errorf("%d bytes, %v: a cut answer looks whole", len(data), err)
	}
	mustRecord(t, g, 502, 200, "stream_interrupted")
}

func TestOtherEndpoints(t *testing.T) {
	for path, c := range map[string]struct{ body, holds string }{
		"/v1/completions":        {`{"model":"m","prompt":"hello"}`, `"object":"text_completion"`},
		"/v1/embeddings":         {`{"model":"m","input":["hello","squirrel"]}`, `"object":"embedding"`},
		"/v1/moderations":        {`{"model":"m","input":"hello"}`, `"results"`},
		"/v1/images/generations": {`{"model":"m","prompt":"a squirrel","n":2,"size":"1024x1024"}`, `"data"`},
		"/v1/images/edits":       {`{"model":"m","prompt":"a squirrel","images":[{"image_url":"data:image/png;base64,AA=="}]}`, `"data"`},
		"/v1/chat/completions":   {chat("m", "x", false), `"object":"chat.completion"`},
		"/v1/responses":          {`{"model":"m","input":"hello"}`, `"object":"response"`},
		"/v1/messages":           {`{"model":"m","max_tokens":100,"messages":[{"role":"user","content":"hello"}]}`, `"type":"message"`},
	} {
		for _, alias := range []string{path, strings.TrimPrefix(path, "/v1")} {
			g := newTestGateway(t, setup{providers: []models.Provider{{Name: "p", Protocol: ProtocolOf(models.Endpoint(path))}}})
			resp := g.post(alias, c.body)
			text := readAll(t, resp)
			if resp.StatusCode != 200 || !strings.Contains(strings.ReplaceAll(text, ": ", ":"), c.holds) {
				t.Errorf("%s: %d %.300s", alias, resp.StatusCode, text)
				continue
			}
			entry := g.sim.Ledger().Entries(nil)[0]
			if want := strings.Replace(c.body, `"model":"m"`, `"model":"gpt-4o"`, 1); string(entry.Body) != want || string(entry.Endpoint) != path {
				t.Errorf("%s: the provider got %s", alias, entry.Body)
			}
			if log := g.rec.end(t, "").Log; string(log.Endpoint) != path || *log.ResponseStatus != 200 {
				t.Errorf("%s: log %+v", alias, log)
			}
		}
	}
}

// TestEndpointsThatCanNotBeConverted are not sent to a provider that has nothing like them.
func TestEndpointsThatCanNotBeConverted(t *testing.T) {
	g := newTestGateway(t, dialects[2].on("claude"))
	for path, body := range map[string]string{"/v1/embeddings": `{"model":"m","input":"x"}`, "/v1/completions": `{"model":"m","prompt":"x"}`, "/v1/audio/speech": `{"model":"m","input":"x"}`} {
		resp := g.post(path, body)
		if text := readAll(t, resp); resp.StatusCode != 422 || !strings.Contains(text, "unsupported_conversion") {
			t.Errorf("%s: %d %s", path, resp.StatusCode, text)
		}
	}
	if g.sim.Ledger().Total() != 0 {
		t.Error("the provider was called")
	}
}

func TestCountTokens(t *testing.T) {
	const body = `{"model":"m","messages":[{"role":"user","content":"How many squirrels live in this forest, and where?"}]}`
	counts := map[models.Protocol]int{}
	for _, d := range dialects {
		g := newTestGateway(t, d.on(good))
		resp := g.post("/v1/messages/count_tokens", body)
		text := readAll(t, resp)
		var count struct {
			InputTokens int `json:"input_tokens"`
		}
		if err := json.Unmarshal([]byte(text), &count); err != nil || resp.StatusCode != 200 || count.InputTokens < 5 || count.InputTokens > 60 {
			t.Errorf("%s: %d %s", d.protocol, resp.StatusCode, text)
		}
		counts[d.protocol] = count.InputTokens
		if calls := g.sim.Ledger().Total(); calls != map[bool]int64{true: 1, false: 0}[d.protocol == models.ProtocolAnthropic] {
			t.Errorf("%s: %d calls", d.protocol, calls)
		}
		mustRecord(t, g, 200, 200, "")
	}
	if counts[models.ProtocolOpenAI] != counts[models.ProtocolResponses] {
		t.Errorf("counts: %v", counts)
	}
}

// TestCountTokensFailsOver: when the provider that could count can't be reached, the count is made here, by the next one's turn.
func TestCountTokensFailsOver(t *testing.T) {
	s := two("fault:status:500", good)
	s.providers[0].Protocol = models.ProtocolAnthropic
	g := newTestGateway(t, s)
	resp := g.post("/v1/messages/count_tokens", `{"model":"m","messages":[{"role":"user","content":"hello"}]}`)
	if text := readAll(t, resp); resp.StatusCode != 200 || !strings.Contains(text, "input_tokens") {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
}

func TestUnknownPathsAndMethods(t *testing.T) {
	g := newTestGateway(t, setup{})
	for _, c := range []struct {
		method, path string
		status       int
		holds        string
	}{
		{"POST", "/v1/nothing", 404, `"code":"unknown_endpoint"`},
		{"POST", "/v1/v1/chat/completions", 404, "Take /v1 off the base URL"},
		{"POST", "/v1/v1/messages", 404, "Take /v1 off the base URL"},
		{"POST", "/v1/messages/unknown", 404, `{"type":"error","error":{"type":"invalid_request_error"`},
		{"GET", "/v1/chat/completions", 405, `"code":"method_not_allowed"`},
		{"GET", "/chat/completions", 405, `"code":"method_not_allowed"`},
		{"DELETE", "/v1/messages", 405, `{"type":"error","error":{"type":"invalid_request_error"`},
		{"PUT", "/messages", 405, `{"type":"error"`},
		{"POST", "/v1/models", 405, "method_not_allowed"},
		{"POST", "/v1/usage", 405, "method_not_allowed"},
		{"TRACE", "/v1/chat/completions", 405, ""},
		{"OPTIONS", "/v1/chat/completions", 405, ""},
		{"POST", "/v1/batches", 404, `"code":"unknown_endpoint"`}, // batches have prices of their own, and end days after they began
		{"GET", "/v1/batches/batch_1", 404, `"code":"unknown_endpoint"`},
		{"POST", "/v1/files", 404, `"code":"unknown_endpoint"`},
		{"POST", "/v1/messages/batches", 404, `{"type":"error","error":{"type":"invalid_request_error"`},
		{"GET", "/v1/messages/batches/msgbatch_1/results", 404, `{"type":"error"`},
		{"GET", "/v1/Chat/Completions", 404, "unknown_endpoint"},
		{"POST", "/v1/chat/completions/", 404, "unknown_endpoint"},
		{"POST", "/v1/%63hat/completions", 404, "unknown_endpoint"},
	} {
		req := g.request(c.path, "{}")
		req.Method = c.method
		req.URL.Opaque = "//" + req.URL.Host + c.path
		resp := g.do(req)
		text := readAll(t, resp)
		if resp.StatusCode != c.status || !strings.Contains(text, c.holds) || resp.Header.Get("Content-Type") != "application/json" || !json.Valid([]byte(text)) {
			t.Errorf("%s %s: %d %v %s", c.method, c.path, resp.StatusCode, resp.Header, text)
		}
		if c.status == 405 && resp.Header.Get("Allow") == "" || resp.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s %s: %v", c.method, c.path, resp.Header)
		}
	}
	if g.sim.Ledger().Total() != 0 || len(g.rec.all()) != 0 {
		t.Error("an unknown path was forwarded or recorded")
	}
}

func TestDefaultParametersFillGaps(t *testing.T) {
	s := setup{providers: []models.Provider{{Name: "p", Protocol: models.ProtocolOpenAI, DefaultParameters: []byte(`{"temperature":0.5,"model":"other","stream":true,"seed":7}`)}}}
	g := newTestGateway(t, s)
	body := strings.Replace(chat("m", "x", false), `{`, `{"temperature":0,`, 1)
	if resp := g.post("/v1/chat/completions", body); resp.StatusCode != 200 {
		t.Fatal(resp.Status)
	}
	want := strings.TrimSuffix(strings.Replace(body, `"m"`, `"gpt-4o"`, 1), "}") + `,"seed":7}`
	if got := string(g.sim.Ledger().Entries(nil)[0].Body); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if end := g.rec.end(t, ""); string(end.Detail.UpstreamBody) != want {
		t.Errorf("recorded %s", end.Detail.UpstreamBody)
	}
}
