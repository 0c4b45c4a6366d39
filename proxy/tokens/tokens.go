// Package tokens counts the input tokens of requests without asking anyone: with the vocabularies OpenAI published,
// which are part of the binary, and the overheads and rates the vendors document. A count is exact only for text of
// models whose vocabulary is public; everything else is an estimate and flagged as such.
package tokens

import (
	"context"
	"strings"
	"sync"

	"github.com/pkoukk/tiktoken-go"
	loader "github.com/pkoukk/tiktoken-go-loader"
)

// The encodings in use.
const (
	o200k  = tiktoken.MODEL_O200K_BASE
	cl100k = tiktoken.MODEL_CL100K_BASE
)

// encodings maps the beginning of a model's name to its encoding; the first match counts. The source is the table of
// OpenAI's tiktoken (tiktoken/model.py) and, for gpt-oss, the model card (o200k_harmony differs in special tokens only).
var encodings = []struct{ prefix, name string }{
	{"gpt-3.5", cl100k}, {"gpt-35", cl100k},
	{"gpt-4o", o200k}, {"gpt-4.1", o200k}, {"gpt-4.5", o200k}, {"gpt-4", cl100k},
	{"gpt-5", o200k}, {"gpt-oss", o200k}, {"gpt-audio", o200k}, {"gpt-realtime", o200k}, {"chatgpt-4o", o200k},
	{"o1", o200k}, {"o3", o200k}, {"o4", o200k}, {"codex-mini", o200k}, {"computer-use-preview", o200k},
	{"text-embedding-ada-002", cl100k}, {"text-embedding-3", cl100k},
	{"davinci-002", cl100k}, {"babbage-002", cl100k},
}

// Encoding returns the encoding to count the text of a model with, and whether it is the model's own. Other models are
// counted with o200k_base.
func Encoding(model string) (name string, exact bool) {
	base := baseName(model)
	for _, e := range encodings {
		if hasNamePrefix(base, e.prefix) {
			return e.name, true
		}
	}
	return o200k, false
}

// baseName strips what hosts put before a model's name: "azure/gpt-4o", "ft:gpt-4o-mini:acme", "us.anthropic.claude-…".
func baseName(model string) string {
	model = strings.ToLower(model)
	model = model[strings.LastIndexByte(model, '/')+1:]
	model = strings.TrimPrefix(model, "ft:")
	if _, rest, found := strings.Cut(model, "anthropic."); found {
		model = rest
	}
	return model
}

// hasNamePrefix reports whether name begins with prefix and the prefix ends where a part of the name does, so that "o1"
// is the beginning of "o1-mini" and not of "o1234".
func hasNamePrefix(name, prefix string) bool {
	rest, found := strings.CutPrefix(name, prefix)
	if !found {
		return false
	}
	return rest == "" || rest[0] < '0' || rest[0] > '9'
}

// CountText counts the tokens of a text, as of a model's answer. Beyond 200 ms the rest is estimated from its length.
func CountText[T ~string | ~[]byte](text T, model string) int64 {
	c := newCounter(context.Background(), model)
	c.text(string(text))
	return c.total()
}

// Warm builds the encoders of the given models, all of them when none is given, so that the first request does not wait
// for the 100 to 200 ms each takes. An encoder that was built stays in memory (12 to 24 MB).
func Warm(models ...string) {
	if len(models) == 0 {
		models = []string{"gpt-4o", "gpt-4"}
	}
	for _, m := range models {
		name, _ := Encoding(m)
		encoders[name]()
	}
}

// encoders are built at first use and shared; encoding is safe for concurrent use.
var encoders = map[string]func() *encoder{
	o200k:  sync.OnceValue(func() *encoder { return build(o200k) }),
	cl100k: sync.OnceValue(func() *encoder { return build(cl100k) }),
}

var offline = sync.OnceFunc(func() { tiktoken.SetBpeLoader(loader.NewOfflineLoader()) })

func build(name string) *encoder {
	offline()
	enc, err := tiktoken.GetEncoding(name)
	if err != nil {
		panic("tokens: the embedded vocabulary " + name + " is damaged: " + err.Error())
	}
	return newEncoder(enc)
}
