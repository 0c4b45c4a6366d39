package reqlog

import (
	"bytes"
	"cmp"
	"encoding/json"
	"iter"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"

	"squirrel/models"
)

// RedactPolicy says what is redacted. URLs and headers always are.
type RedactPolicy struct {
	KeepBodies bool   // LOG_REDACT_BODY=off: bodies stay as they are
	KeyPrefix  string // API_KEY_PREFIX: gateway keys begin so
}

// Redactor takes secrets out of everything that is kept or printed. What is redacted twice stays as it was after the first time.
// It is safe for concurrent use.
type Redactor struct {
	policy  RedactPolicy
	secrets atomic.Pointer[secretSet]
	anchors *anchors
}

// NewRedactor makes a redactor that knows no live secrets yet.
func NewRedactor(policy RedactPolicy) *Redactor {
	return &Redactor{policy: policy, anchors: newAnchors(policy.KeyPrefix)}
}

// SetSecrets replaces the secrets that are found by their value: provider keys, passwords of proxies and databases.
// Values of fewer than eight bytes are left out.
func (r *Redactor) SetSecrets(secrets []models.Secret) { r.secrets.Store(newSecretSet(secrets)) }

// Body redacts a body of any kind. JSON stays valid JSON and is not written anew: only the secret bytes change. Own are
// secrets of this request, such as the caller's key. The result is b itself when there was nothing to hide; b is not changed.
func (r *Redactor) Body(b []byte, own ...models.Secret) []byte {
	if r.policy.KeepBodies {
		return b
	}
	return r.redact(b, own)
}

// Events redacts the raw events of a stream. When the message they add up to holds a secret, it may be spread over several
// events, where no rule can see it: then nil is returned, and the events are not kept.
func (r *Redactor) Events(raw, message []byte, own ...models.Secret) []byte {
	if r.policy.KeepBodies {
		return raw
	}
	if !sameBytes(r.redact(message, own), message) {
		return nil
	}
	return r.redact(raw, own)
}

// Text redacts a message, an error or any other text that is shown or logged.
func (r *Redactor) Text(s string, own ...models.Secret) string {
	if s == "" {
		return s
	}
	in := unsafe.Slice(unsafe.StringData(s), len(s)) // redact does not write to it
	out := r.redact(in, own)
	if sameBytes(in, out) {
		return s
	}
	return string(out)
}

// Error returns the redacted text of err: errors of the HTTP client hold whole URLs.
func (r *Redactor) Error(err error) string {
	if err == nil {
		return ""
	}
	return r.Text(err.Error())
}

// URL redacts user information and secret parameters of a URL or a path with a query, which need not be well-formed.
func (r *Redactor) URL(raw string, own ...models.Secret) string {
	var spans spanList
	b := []byte(raw)
	if !strings.Contains(raw, "://") {
		queryParameters(b, 0, len(b), &spans)
	}
	return r.Text(string(spans.merge().hide(b)), own...)
}

// Headers returns the headers as one JSON object, in their order, with the values of secret headers masked.
// A name that comes more than once has a list as its value.
func (r *Redactor) Headers(headers iter.Seq2[string, string], own ...models.Secret) []byte {
	l := lists.Get().(*headerList)
	defer l.release()
	for name, value := range headers {
		l.list = append(l.list, header{name, r.headerValue(name, value, own)})
	}
	if len(l.list) > manyHeaders {
		slices.SortStableFunc(l.list, func(a, b header) int { return cmp.Compare(strings.ToLower(a.name), strings.ToLower(b.name)) })
	}
	l.text = appendHeaders(l.text, l.list)
	return bytes.Clone(l.text)
}

// HTTPHeaders is Headers for net/http, sorted by name.
func (r *Redactor) HTTPHeaders(h http.Header, own ...models.Secret) []byte {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	return r.Headers(func(yield func(string, string) bool) {
		for _, name := range names {
			for _, v := range h[name] {
				if !yield(name, v) {
					return
				}
			}
		}
	}, own...)
}

// ReplaceAttr is for slog.HandlerOptions: it redacts texts and errors, and attributes whose name says that they are secret.
func (r *Redactor) ReplaceAttr(_ []string, a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(r.named(a.Key, v.String()))
	case slog.KindAny:
		switch x := v.Any().(type) {
		case error:
			a.Value = slog.StringValue(r.named(a.Key, x.Error()))
		case []byte:
			a.Value = slog.StringValue(r.named(a.Key, string(x)))
		}
	}
	return a
}

func (r *Redactor) named(name, value string) string {
	if secretKey([]byte(name)) {
		return mask(value)
	}
	return r.Text(value)
}

// redact finds the secrets of b and hides them. Hiding one may bring the parts around it together to something that looks like
// another; so it looks again until nothing is found.
func (r *Redactor) redact(b []byte, own []models.Secret) []byte {
	for range 8 {
		next := r.pass(b, own)
		if sameBytes(next, b) {
			return b
		}
		b = next
	}
	return b
}

func (r *Redactor) pass(b []byte, own []models.Secret) []byte {
	s := scans.Get().(*scan)
	defer scans.Put(s)
	*s = scan{b: b, spans: s.spans[:0]}
	r.secrets.Load().find(b, &s.spans)
	for _, secret := range own {
		findPlain(b, secret.Reveal(), &s.spans)
	}
	byValue := len(s.spans) > 0
	r.anchors.find(s)
	jsonKeys(b, &s.spans)
	s.b = nil
	spans := s.spans.merge()
	out := spans.hide(b)
	if byValue && looksLikeJSON(b) && !json.Valid(out) && json.Valid(b) {
		// A secret was found where JSON's own characters happen to spell it.
		return fitJSON(b, spans).hide(b)
	}
	return out
}

var scans = sync.Pool{New: func() any { return new(scan) }}

// findPlain adds each place where secret stands as it is.
func findPlain(b []byte, secret string, spans *spanList) {
	if len(secret) < shortestSecret {
		return
	}
	text := unsafe.String(unsafe.SliceData(b), len(b)) // nobody writes to b meanwhile
	for at := 0; ; {
		i := strings.Index(text[at:], secret)
		if i < 0 {
			return
		}
		spans.add(at+i, at+i+len(secret), false)
		at += i + len(secret)
	}
}
