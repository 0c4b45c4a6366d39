package reqlog

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// FuzzRedact plants a live secret into any text and into any JSON.
func FuzzRedact(f *testing.F) {
	for _, seed := range []string{
		`{"messages":[{"role":"user","content":"hi \n sk-abcdefghijklmnopqrstuvwx"}],"max_tokens":5}`,
		`{"password":"a\"b","n":1234567890,"u":"https://a:b@c/?key=d#e"}`, somePEM, someJWT, `{"a":"\u000AKIAIOSFODNN7EXAMPLE"}`,
		`{"api_key":-1e5,"x":"\\\"","secret":"\\"}`, "bearer \t abcdefghijklmnopqrstuvwxyz", `"password" : "`, `[1234567890,"\n1234567890"]`,
	} {
		f.Add(seed, 3)
	}
	r := newTestRedactor()
	f.Fuzz(func(t *testing.T, text string, at int) {
		in := []byte(text)
		out := r.Body(in, callerKey)
		if string(in) != text {
			t.Fatal("the input was changed")
		}
		if again := r.Body(out, callerKey); !bytes.Equal(again, out) {
			t.Fatalf("not idempotent: %q, then %q", out, again)
		}
		if json.Valid(in) && !json.Valid(out) {
			t.Fatalf("JSON broke: %q became %q", in, out)
		}
		at = max(0, min(at, len(text)))
		for _, secret := range []string{providerKey, callerKey} {
			planted := text[:at] + " " + secret + " " + text[at:]
			if got := r.Text(planted, callerKey); strings.Contains(got, secret) {
				t.Fatalf("%q still holds the secret", got)
			}
		}
	})
}

// TestRedactIsLinear gives texts that are made to be slow. A quadratic rule would take minutes.
func TestRedactIsLinear(t *testing.T) {
	r := newTestRedactor()
	const size = 256 << 10
	for _, piece := range []string{
		"eyJ-", "eyJ.", "eyJa.eyJ", "sk-", "sk-a ", "://", "://a@", "https://h?a=", "-----BEGIN PRIVATE KEY-----", "-----BEGIN RSA ",
		"Bearer ", "bearer a", `"password":"`, `"password":`, `\"api_key\":\"`, `\\\\"`, `":`, "AKIAAKIA", "ghp_", "lgw-", "pass/word",
		" ", `"`, "?key=", "1234567890", "123456789",
	} {
		in := []byte(strings.Repeat(piece, size/len(piece)))
		start := time.Now()
		r.Body(in, callerKey)
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%q took %v", piece, took)
		}
	}
}
