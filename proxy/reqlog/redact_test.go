package reqlog

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"squirrel/models"
)

const (
	providerKey = "sk-proj-Zx81kQpLw0aRt7Vb2Nc4Md6F"
	callerKey   = "lgw-9f8e7d6c5b4a39281706f5e4d3c2b1a0"
	someJWT     = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"
	somePEM     = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nb3BlbnNzaC1rZXk=\n-----END RSA PRIVATE KEY-----"
)

func newTestRedactor() *Redactor {
	r := NewRedactor(RedactPolicy{KeyPrefix: "lgw-"})
	r.SetSecrets([]models.Secret{providerKey, "pass/word+with=special", "short", "1234567890", `quo"te\back`})
	return r
}

func TestG03_URLs(t *testing.T) {
	r := newTestRedactor()
	for in, want := range map[string]string{
		"https://h/v1?key=AIzaSyA1234567890abcdefghijklmnopqrstu&alt=sse": "https://h/v1?key=***&alt=sse",
		"/v1/chat?api_key=abc&model=x":                                    "/v1/chat?api_key=***&model=x",
		"https://user:pass@host:8080/p":                                   "https://***@host:8080/p",
		"postgres://me:secret@db/app?sslmode=disable":                     "postgres://***@db/app?sslmode=disable",
		"https://h/cb#access_token=abc&state=1":                           "https://h/cb#access_token=***&state=1",
		"https://h/p?X-Amz-Signature=abc&x-amz-date=1&q=key":              "https://h/p?X-Amz-Signature=***&x-amz-date=***&q=key",
		"https://h/a@b?max_tokens=5&token_type=x":                         "https://h/a@b?max_tokens=5&token_type=x",
		"https://h/?url=https://u:p@inner/&sig=1":                         "https://h/?url=https://***@inner/&sig=***",
		"https://h/" + providerKey + "/x":                                 "https://h/sk-p***Md6F/x",
		"https://h/pass%2Fword%2Bwith%3Dspecial/x":                        "https://h/pass***cial/x",
		"":            "",
		"not a url ?": "not a url ?",
	} {
		if got := r.URL(in); got != want {
			t.Errorf("URL(%q) = %q, want %q", in, got, want)
		}
		if twice := r.URL(r.URL(in)); twice != want {
			t.Errorf("twice: %q", twice)
		}
	}
}

func TestG04_ErrorsOfTheHTTPClient(t *testing.T) {
	r := newTestRedactor()
	err := &url.Error{Op: "Post", URL: "https://u:p@api.example/v1?key=abc", Err: errors.New("dial tcp: refused")}
	want := `Post "https://***@api.example/v1?key=***": dial tcp: refused`
	if got := r.Error(fmt.Errorf("%w", err)); got != want {
		t.Errorf("got %s", got)
	}
	if r.Error(nil) != "" {
		t.Error("nil has no text")
	}
}

func TestG05_Bodies(t *testing.T) {
	r := newTestRedactor()
	tests := []struct{ name, in, want string }{
		{"live key", `{"c":"use ` + providerKey + ` now"}`, `{"c":"use sk-p***Md6F now"}`},
		{"caller's key", `{"c":"` + callerKey + `"}`, `{"c":"lgw-***b1a0"}`},
		{"unknown sk", `{"c":"\nsk-live-abcdefghijklmnopqrst"}`, `{"c":"\nsk-l***qrst"}`},
		{"google", `AIzaSyA1234567890abcdefghijklmnopqrstuv`, `AIza***stuv`},
		{"aws", `id AKIAIOSFODNN7EXAMPLE.`, `id ***.`},
		{"github", `ghp_0123456789abcdefghijABCDEFGHIJ012345`, `ghp_***2345`},
		{"github fine", "github_pat_" + strings.Repeat("a1", 35), "gith***a1a1"},
		{"slack", "xoxb-123456789012-abcdef", "xoxb***cdef"},
		{"hugging face", "hf_abcdefghijklmnopqrstuvwxyzABCDEF", "hf_a***CDEF"},
		{"jwt", "jwt " + someJWT + " end", "jwt eyJh***3I9P end"},
		{"pem", `{"k":"` + strings.ReplaceAll(somePEM, "\n", `\n`) + `\nmore"}`, `{"k":"***\nmore"}`},
		{"pem plain", "a\n" + somePEM + "\nb", "a\n***\nb"},
		{"pem without end", "-----BEGIN PRIVATE KEY-----\nMIIEabc123 and then prose", "*** and then prose"},
		{"public key stays", "-----BEGIN PUBLIC KEY-----\nMIIEabc", "-----BEGIN PUBLIC KEY-----\nMIIEabc"},
		{"bearer", "Authorization: Bearer abcdefghijklmnopqrstuvwxyz", "Authorization: Bearer abcd***wxyz"},
		{"bearer word", "the bearer is well known", "the bearer is well known"},
		{"json key", `{"api_key":"x1","Client-Secret": "y","password":"two words"}`, `{"api_key":"***","Client-Secret": "***","password":"***"}`},
		{"json key long", `{"access_token":"0123456789012345678901234567"}`, `{"access_token":"0123***4567"}`},
		{"json key escapes", `{"password":"a\"b\\","n":1}`, `{"password":"***","n":1}`},
		{"json in string", `{"arguments":"{\"api_key\":\"a\\\"b\",\"q\":\"c\"}"}`, `{"arguments":"{\"api_key\":\"***\",\"q\":\"c\"}"}`},
		{"number", `{"password": 12345,"x":1}`, `{"password": "***","x":1}`},
		{"live digits as number", `{"n":1234567890,"m":"1234567890"}`, `{"n":"***","m":"***"}`},
		{"live with escapes", `{"n":"quo\"te\\back"}`, `{"n":"***"}`},
		{"schema", `{"properties":{"password":{"type":"string"}},"required":["password"],"secret":null,"secret_":true}`, ""},
		{"short live secret is no rule", "a short text", "a short text"},
		{"dsn", "see postgresql://u:p@h/db.", "see postgresql://***@h/db."},
		{"not json", "api_key: plain", "api_key: plain"},
		{"empty", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := []byte(tt.in)
			got := string(r.Body(in, callerKey))
			if tt.want == "" {
				tt.want = tt.in
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if twice := string(r.Body([]byte(got), callerKey)); twice != got {
				t.Errorf("not idempotent: %s", twice)
			}
			if string(in) != tt.in {
				t.Error("the body that is forwarded was changed")
			}
		})
	}
	if off := NewRedactor(RedactPolicy{KeepBodies: true}); string(off.Body([]byte(somePEM))) != somePEM || off.Text(somePEM) == somePEM {
		t.Error("LOG_REDACT_BODY=off is about bodies only")
	}
}

func TestG05_LiveSecretInBase64(t *testing.T) {
	r := newTestRedactor()
	for _, user := range []string{"", "u", "us", "use", "user:"} {
		in := "Basic " + base64.StdEncoding.EncodeToString([]byte(user+providerKey+"?"))
		got := r.Text(in)
		for n := range 3 { // no twelve characters of the secret may be left, however they are aligned
			for i := 0; i+12 <= len(providerKey); i++ {
				part := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", n) + providerKey[i:i+12]))
				if strings.Contains(got, part[4:12]) {
					t.Fatalf("%q became %q", in, got)
				}
			}
		}
	}
}

func TestG06_DataStays(t *testing.T) {
	r := newTestRedactor()
	for _, in := range []string{
		`{"max_tokens":5,"logprobs":{"token":"x"},"tokenizer":"y","key":"C minor"}`,
		`{"token":"sk","tokens":[1],"completion_tokens_details":{},"top_logprobs":3,"keys":"a","secretary":"b","auth":"x"}`,
		`risk-based-assessment-of-things desk-sharing-arrangements-policy key-json eyJson.foo`,
		`{"content":"see https://example.org/a?q=1&page=2#top or http://localhost:8000/"}`,
		string(imageBody(10 << 10)),
		string(chatBody(10 << 10)),
	} {
		out := r.Body([]byte(in), callerKey)
		if string(out) != in {
			t.Errorf("changed to %s", out)
		}
		if b := []byte(in); &r.Body(b)[0] != &b[0] {
			t.Error("a copy was made although nothing was found")
		}
	}
}

func TestG07_SecretOverSeveralEvents(t *testing.T) {
	r := newTestRedactor()
	raw := []byte(`data: {"d":"sk-proj-Zx81kQ"}` + "\n\n" + `data: {"d":"pLw0aRt7Vb2Nc4Md6F"}` + "\n\n")
	message := []byte(`{"content":"` + providerKey + `"}`)
	if got := string(r.Body(message)); got != `{"content":"sk-p***Md6F"}` {
		t.Errorf("message %s", got)
	}
	if got := r.Events(raw, message); got != nil {
		t.Errorf("events were kept: %s", got)
	}
	if got := r.Events(raw, []byte(`{"content":"hello"}`)); !bytes.Equal(got, raw) {
		t.Errorf("events without a secret were changed: %s", got)
	}
	off := NewRedactor(RedactPolicy{KeepBodies: true})
	if got := off.Events(raw, message); !bytes.Equal(got, raw) {
		t.Error("events are bodies")
	}
}

func TestG08_NoLogInjection(t *testing.T) {
	r := newTestRedactor()
	evil := "a\n{\"level\":\"error\"}\x1b[2J\x7f"
	headers := r.Headers(func(yield func(string, string) bool) { yield("X-Model", evil) })
	if bytes.ContainsAny(headers, "\n\x1b\x7f") || !json.Valid(headers) {
		t.Errorf("%q", headers)
	}
	for name, handler := range map[string]func(*bytes.Buffer, *slog.HandlerOptions) slog.Handler{
		"json": func(b *bytes.Buffer, o *slog.HandlerOptions) slog.Handler { return slog.NewJSONHandler(b, o) },
		"text": func(b *bytes.Buffer, o *slog.HandlerOptions) slog.Handler { return slog.NewTextHandler(b, o) },
	} {
		var out bytes.Buffer
		log := slog.New(handler(&out, &slog.HandlerOptions{ReplaceAttr: r.ReplaceAttr}))
		log.Warn("model", "model", evil, "error", errors.New("key "+providerKey), "password", "hunter22", "raw", []byte(someJWT), "n", 5)
		line := strings.TrimSuffix(out.String(), "\n")
		if strings.ContainsAny(line, "\n\x1b") || strings.Contains(line, providerKey) || strings.Contains(line, "hunter22") || strings.Contains(line, someJWT) {
			t.Errorf("%s: %q", name, line)
		}
	}
}

func TestHeaders(t *testing.T) {
	r := newTestRedactor()
	h := http.Header{
		"Authorization":     {"Bearer " + callerKey},
		"Cookie":            {"session=0123456789012345678901234567"},
		"X-Goog-Api-Key":    {"abc"},
		"X-Company-Token":   {"0123456789012345678901234567"},
		"X-Vercel-Anything": {"x"},
		"Accept":            {"a", "b", "c"},
		"Referer":           {"https://h/?key=abc"},
		"Content-Type":      {"application/json"},
		"X-Bad":             {"\xff\""},
		"Keyboard":          {"qwerty"},
	}
	want := `{"Accept":["a","b","c"],"Authorization":"Bearer lgw-***b1a0","Content-Type":"application/json","Cookie":"***",` +
		`"Keyboard":"qwerty","Referer":"https://h/?key=***","X-Bad":"�\"","X-Company-Token":"0123***4567",` +
		`"X-Goog-Api-Key":"***","X-Vercel-Anything":"***"}`
	if got := string(r.HTTPHeaders(h)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	many := func(yield func(string, string) bool) {
		for i := range 300 {
			if !yield([]string{"b", "A"}[i%2], "v") {
				return
			}
		}
	}
	var object map[string][]string
	if err := json.Unmarshal(r.Headers(many), &object); err != nil || len(object["A"]) != 150 || len(object["b"]) != 150 {
		t.Errorf("%v, %v", err, object)
	}
	if long := strings.Repeat("x", 80) + "-Secret"; !secretHeader(long) || secretHeader(strings.Repeat("y", 80)) {
		t.Error("long names")
	}
}
