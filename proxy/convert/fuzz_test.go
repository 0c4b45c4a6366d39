package convert

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"squirrel/models"
)

// seed adds the recorded cases of one kind and protocol to a corpus.
func seed(f *testing.F, kind string, p models.Protocol) {
	f.Helper()
	paths, err := filepath.Glob("testdata/*/" + kind + "." + string(p) + ".*")
	if err != nil || len(paths) == 0 {
		f.Fatal(kind, p, err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{}`))
	f.Add([]byte(`null`))
}

// fuzzRequest: whatever a client sends, the converted request is JSON and no conversion panics.
func fuzzRequest(f *testing.F, in models.Protocol) {
	seed(f, "request", in)
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, out := range protocols {
			got, _, err := Request(in, out, body, "m", Options{Carry: new(Carry)})
			if errors.Is(err, ErrPanic) || err == nil && !json.Valid(got) {
				t.Fatalf("%s: %v\n%s\nbecame\n%s", out, err, body, got)
			}
		}
	})
}

// fuzzAnswer: whatever a provider answers, the converted answer is JSON and no conversion panics.
func fuzzAnswer(f *testing.F, out models.Protocol) {
	seed(f, "answer", out)
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, in := range protocols {
			got, _, err := Response(in, out, body, Options{})
			if errors.Is(err, ErrPanic) || err == nil && !json.Valid(got) {
				t.Fatalf("%s: %v\n%s\nbecame\n%s", in, err, body, got)
			}
			if e := DecodeError(out, 400, body); !json.Valid(ErrorBody(in, e)) || e.Message == "" {
				t.Fatalf("%s became %s", body, ErrorBody(in, e))
			}
		}
	})
}

// fuzzStream: whatever a provider streams, what the client gets is in legal order once it is ended.
func fuzzStream(f *testing.F, out models.Protocol) {
	seed(f, "stream", out)
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, in := range protocols {
			s := NewStream(in, out, Options{})
			got, err := run(s, raw)
			if errors.Is(err, ErrPanic) {
				t.Fatal(err)
			}
			got = append(got, s.Fail(DecodeError(out, 502, nil))...)
			if err := legal(in, events(got)); err != nil {
				t.Fatalf("%s: %v\n%s", in, err, got)
			}
		}
	})
}

func FuzzRequestOpenAI(f *testing.F)    { fuzzRequest(f, chat) }
func FuzzRequestResponses(f *testing.F) { fuzzRequest(f, resp) }
func FuzzRequestAnthropic(f *testing.F) { fuzzRequest(f, messages) }
func FuzzAnswerOpenAI(f *testing.F)     { fuzzAnswer(f, chat) }
func FuzzAnswerResponses(f *testing.F)  { fuzzAnswer(f, resp) }
func FuzzAnswerAnthropic(f *testing.F)  { fuzzAnswer(f, messages) }
func FuzzStreamOpenAI(f *testing.F)     { fuzzStream(f, chat) }
func FuzzStreamResponses(f *testing.F)  { fuzzStream(f, resp) }
func FuzzStreamAnthropic(f *testing.F)  { fuzzStream(f, messages) }
