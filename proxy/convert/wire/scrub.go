package wire

import (
	"bytes"
	"regexp"
	"unicode/utf8"
)

// secrets matches what looks like key material in the messages of providers: OpenAI quotes parts of the key it refuses.
var secrets = regexp.MustCompile(`(?i)\b(bearer\s+)[\w.~+/=*-]{8,}|\b(sk|pk|rk|gsk|xai|key)-[\w*.-]{6,}|\bAIza[\w-]{10,}|` +
	`([?&](?:key|api[-_]key|token|sig)=)[^&\s"']+`)

// Scrub replaces key material in a message.
func Scrub(message string) string {
	return secrets.ReplaceAllString(message, "${1}${3}[REDACTED]")
}

// maxPlain bounds the message made of a body that is no JSON.
const maxPlain = 500

// PlainMessage makes a message of a body that is no JSON. HTML pages of proxies are not repeated.
func PlainMessage(body []byte) string {
	text := bytes.TrimSpace(body)
	if len(text) == 0 || text[0] == '<' || !utf8.Valid(text) {
		return "the upstream gave no reason"
	}
	if len(text) > maxPlain {
		text = bytes.ToValidUTF8(text[:maxPlain], nil)
	}
	return Scrub(string(text))
}
