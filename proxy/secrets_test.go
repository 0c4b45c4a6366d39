package proxy

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"squirrel/models"
	"squirrel/proxy/simulator"
)

const providerKey = "sim-key-of-the-provider-0001"

// noTrace checks that neither the log records, the process's own log, nor the given texts hold a secret or a good part of it.
func noTrace(t testing.TB, g *testGateway, secret string, texts ...string) {
	t.Helper()
	places := map[string]string{"the records": g.rec.dump(), "the log": g.logs.String(), "the answer": strings.Join(texts, "\n")}
	for name, text := range places {
		for i := 0; i+12 <= len(secret); i++ {
			if at := strings.Index(text, secret[i:i+12]); at >= 0 {
				t.Errorf("%s hold %q of a secret: …%.300q", name, secret[i:i+12], text[max(0, at-100):])
				break
			}
		}
	}
}

// answerOf is an answer's body and header as one text.
func answerOf(t testing.TB, resp *http.Response) string {
	t.Helper()
	return fmt.Sprintf("%v\n%s", resp.Header, readAll(t, resp))
}

// TestE09_ARequestCanNotChooseItsProvider: what other gateways read from a request is forwarded or dropped, never followed.
func TestE09_ARequestCanNotChooseItsProvider(t *testing.T) {
	other, err := simulator.Start(simulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	g := newTestGateway(t, setup{})
	body := strings.Replace(chat("m", "x", false), `{`, fmt.Sprintf(`{"api_base":%[1]q,"base_url":%[1]q,"api_key":"sk-attacker","provider":"x","custom_llm_provider":"y",`, other.OpenAIBase()), 1)
	resp := g.post("/v1/chat/completions", body, "X-Portkey-Custom-Host", other.URL(), "X-Litellm-Api-Base", other.URL(), "X-Base-Url", other.URL(), "Host", "evil")
	if text := readAll(t, resp); resp.StatusCode != 200 {
		t.Fatalf("%d %s", resp.StatusCode, text)
	}
	if other.Ledger().Total() != 0 {
		t.Error("the request went where it wanted to")
	}
	if got := string(g.sim.Ledger().Entries(nil)[0].Body); got != strings.Replace(body, `"m"`, `"gpt-4o"`, 1) {
		t.Errorf("forwarded %s", got)
	}
}

// TestE10_TheProviderEchoesOurKey in every place where it can.
func TestE10_TheProviderEchoesOurKey(t *testing.T) {
	for _, d := range dialects {
		for _, in := range dialects {
			g := newTestGateway(t, d.on("fault:echoauth"))
			noTrace(t, g, providerKey, answerOf(t, in.post(g, "x", false)))
			if resp := in.post(g, "x", true); resp.StatusCode != 502 {
				t.Errorf("our key's trouble is shown as %d", resp.StatusCode)
			}
			noTrace(t, g, providerKey)
		}
	}
}

func TestE10_EchoesInOtherAnswers(t *testing.T) {
	const message = "you sent " + providerKey + "!"
	failure := fmt.Sprintf(`{"error":{"message":%q,"type":"server_error","code":null,"param":null}}`, message)
	chunk := `data: {"choices":[{"index":0,"delta":{"content":"hi"}}]}` + "\n\n"
	for name, c := range map[string]struct {
		fault  simulator.Fault
		stream bool
		shown  string
	}{
		"400":                  {simulator.Fault{Statuses: []int{400}, Body: []byte(failure)}, false, "you sent"},
		"429":                  {simulator.Fault{Statuses: []int{429}, Body: []byte(failure), Header: [][2]string{{"Retry-After", "30"}}}, false, "you sent"},
		"500":                  {simulator.Fault{Statuses: []int{500}, Body: []byte(failure)}, false, "you sent"},
		"first event":          {simulator.Fault{Body: []byte("data: " + failure + "\n\n"), ContentType: "text/event-stream"}, true, "you sent"},
		"event in the middle":  {simulator.Fault{Body: []byte(chunk + "data: " + failure + "\n\n"), ContentType: "text/event-stream"}, true, "you sent"},
		"before a terminator":  {simulator.Fault{Body: []byte(chunk + "data: " + failure + "\n\ndata: [DONE]\n\n"), ContentType: "text/event-stream"}, true, "you sent"},
		"without a blank line": {simulator.Fault{Body: []byte(chunk + "data: " + failure), ContentType: "text/event-stream"}, true, "you sent"},
		"html":                 {simulator.Fault{Statuses: []int{500}, Body: []byte("<p>" + message), ContentType: "text/html"}, false, ""},
		"plain text":           {simulator.Fault{Statuses: []int{400}, Body: []byte(message), ContentType: "text/plain"}, false, ""},
	} {
		for _, in := range []dialect{dialects[0], dialects[2]} {
			g := newTestGateway(t, setup{sim: simulator.Options{Script: func(*simulator.Request) simulator.Fault { return c.fault }}})
			text := answerOf(t, in.post(g, "x", c.stream))
			noTrace(t, g, providerKey, text)
			if !strings.Contains(text, c.shown) {
				t.Errorf("%s to %s: the provider's words are gone: %s", name, in.protocol, text)
			}
		}
	}
}

// TestG03G05_SecretsOfClients in headers, query and body stay out of the records, and go to the provider where they belong.
func TestG03G05_SecretsOfClients(t *testing.T) {
	const canary = "Zq8vN3xKpL5wRt7yBd2mHf4c"
	g := newTestGateway(t, setup{options: func(o *Options) { o.StreamEvents = true }})
	secrets := []string{
		"sk-live-" + canary, strings.Repeat("the provider quotes the beginning ", 4), "AKIA" + strings.ToUpper(canary[:16]), "-----BEGIN PRIVATE KEY-----\\nMIIEvQ" + canary + canary + "\\n-----END PRIVATE KEY-----",
		"eyJhbGciOiJIUzI1NiJ9." + canary + "." + canary, testKey, "ghp_" + canary + canary[:12],
	}
	body := fmt.Sprintf(`{"model":"m","stream":true,"messages":[{"role":"user","content":"%s"}],"api_key":"plain-%s","metadata":{"password":"pw-%s"}}`, strings.Join(secrets, " "), canary, canary)
	resp := g.post("/v1/chat/completions?session=1&sig="+canary, body, "X-Company-Token", "t-"+canary, "Cookie", "s="+canary, "X-Api-Key", testKey)
	text := readAll(t, resp)
	if resp.StatusCode != 200 {
		t.Fatalf("%d %s", resp.StatusCode, text)
	}
	g.rec.end(t, "")
	noTrace(t, g, canary)
	noTrace(t, g, testKey)
	noTrace(t, g, providerKey)
	if got := string(g.sim.Ledger().Entries(nil)[0].Body); !strings.Contains(got, secrets[0]) || !strings.Contains(got, "plain-"+canary) {
		t.Errorf("the provider's copy was changed: %s", got)
	}
}

func TestG03_AKeyInTheQueryIsNotRecorded(t *testing.T) {
	g := newTestGateway(t, setup{})
	noTrace(t, g, testKey, answerOf(t, g.post("/v1/chat/completions?key="+testKey, chat("m", "x", false))))
}

// TestG04_FailedCallsDoNotNameTheURL: Go's errors hold the whole URL, credentials and all.
func TestG04_FailedCallsDoNotNameTheURL(t *testing.T) {
	const secret = "hunter2-of-the-proxy-user"
	for _, base := range []string{"http://user:" + secret + "@127.0.0.1:1/v1", "http://no-such-host.invalid/v1?api_key=" + secret, "http://127.0.0.1:1/" + secret + "?sig=" + secret} {
		g := newTestGateway(t, setup{providers: []models.Provider{{Name: "p", Protocol: models.ProtocolOpenAI, BaseURL: base}}})
		answer := answerOf(t, g.post("/v1/chat/completions", chat("m", "x", false)))
		if strings.Contains(answer, "127.0.0.1") || strings.Contains(answer, "no-such-host") || strings.Contains(answer, "dial") || strings.Contains(answer, secret) {
			t.Errorf("%s", answer)
		}
		if strings.Contains(base, "/"+secret) {
			continue // a path is no secret
		}
		noTrace(t, g, secret)
	}
	s := setup{providers: []models.Provider{{Name: "p", Protocol: models.ProtocolOpenAI, ProxyURL: "http://user:" + secret + "@127.0.0.1:1"}}}
	g := newTestGateway(t, s)
	noTrace(t, g, secret, answerOf(t, g.post("/v1/chat/completions", chat("m", "x", false))))
}

// TestG06_WhatOnlyLooksSecretIsKept: masking too much destroys what the log is for.
func TestG06_WhatOnlyLooksSecretIsKept(t *testing.T) {
	g := newTestGateway(t, setup{})
	body := strings.Replace(chat("m", "hello", false), `{`, `{"max_tokens":5,"x":{"logprobs":{"token":"x"},"tokenizer":"y","key":"C minor","token_count":12345678901234567890,"secretary":"Anna"},`, 1)
	g.post("/v1/chat/completions", body)
	g.rec.end(t, "")
	if begin := g.rec.all()[0]; string(begin.Detail.RequestBody) != body {
		t.Errorf("%s", begin.Detail.RequestBody)
	}
}

// TestG07_ASecretSplitOverDeltas is found when the answer is put together; the raw events don't keep the pieces.
func TestG07_ASecretSplitOverDeltas(t *testing.T) {
	const secret = "sk-live-Zq8vN3xKpL5wRt7yBd2mHf4c"
	var stream strings.Builder
	for i := 0; i < len(secret); i += 4 {
		fmt.Fprintf(&stream, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":%q}}]}\n\n", secret[i:min(i+4, len(secret))])
	}
	stream.WriteString("data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
	s := scripted(stream.String())
	s.options = func(o *Options) { o.StreamEvents = true }
	g := newTestGateway(t, s)
	if got := readAll(t, g.post("/v1/chat/completions", chat("m", "x", true))); got != stream.String() {
		t.Errorf("the client's copy was changed: %s", got)
	}
	end := g.rec.end(t, "")
	noTrace(t, g, secret)
	for i := 0; i < len(secret); i += 4 {
		if piece := secret[i:min(i+4, len(secret))]; strings.Contains(string(end.Detail.StreamEvents), `"`+piece+`"`) {
			t.Errorf("the recorded events hold the piece %q", piece)
		}
	}
}

// TestG08_NothingBreaksTheLog: what a client names is one value of one line.
func TestG08_NothingBreaksTheLog(t *testing.T) {
	s := one("fault:status:500")
	s.providers = []models.Provider{{Name: "p\n{\"level\":\"ERROR\"}\x1b[2J", Protocol: models.ProtocolAnthropic, DefaultParameters: []byte(`[1]`)}}
	g := newTestGateway(t, s)
	resp := g.post("/v1/chat/completions", `{"model":"a\n{\"level\":\"ERROR\",\"msg\":\"forged\"}\u001b[2J","messages":[]}`, "X-User-Id", "u")
	if body := readAll(t, resp); resp.StatusCode != 404 || strings.Contains(body, "\x1b") {
		t.Errorf("%d %q", resp.StatusCode, body)
	}
	readAll(t, g.post("/v1/chat/completions", chat("m", "x", false)))
	text := g.logs.String()
	if strings.Contains(text, "\x1b") || strings.Contains(text, "\n{\"level\":\"ERROR\"") {
		t.Errorf("%q", text)
	}
}

// TestG11_LabelsAreBounded: no client can grow the metrics by inventing models.
func TestG11_LabelsAreBounded(t *testing.T) {
	var l labelSet
	l.seen = map[string]bool{}
	for i := range 2 * maxModelLabels {
		l.bounded(fmt.Sprintf("model %d", i))
	}
	if l.bounded("one more") != "other" || l.bounded("model 0") != "model 0" || len(l.seen) != maxModelLabels {
		t.Errorf("%d labels", len(l.seen))
	}
}
