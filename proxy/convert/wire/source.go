package wire

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"

	"squirrel/proxy/llm"
)

// DataURL splits a data URL with base64 content into media type and data. Anything else is kept as a URL.
func DataURL(text string) llm.Source {
	rest, ok := strings.CutPrefix(text, "data:")
	if !ok {
		return llm.Source{URL: text}
	}
	head, data, ok := strings.Cut(rest, ",")
	if !ok {
		return llm.Source{URL: text}
	}
	media, ok := strings.CutSuffix(head, ";base64")
	if !ok {
		return llm.Source{URL: text}
	}
	media, _, _ = strings.Cut(media, ";")
	return llm.Source{MediaType: strings.ToLower(strings.TrimSpace(media)), Data: data}
}

// Inline returns s with the data of its data URL in base64, where the URL spells them in another way. A data URL that can't be read
// becomes nothing: no provider could read it either.
func Inline(s llm.Source) llm.Source {
	rest, ok := strings.CutPrefix(s.URL, "data:")
	if !ok {
		return s
	}
	head, data, _ := strings.Cut(rest, ",")
	raw, err := url.PathUnescape(data)
	if err != nil || raw == "" {
		return llm.Source{}
	}
	media, _, _ := strings.Cut(head, ";")
	return llm.Source{MediaType: strings.ToLower(strings.TrimSpace(media)), Data: base64.StdEncoding.EncodeToString([]byte(raw))}
}

// ToDataURL is the inverse of DataURL.
func ToDataURL(s llm.Source) string {
	if s.Data == "" {
		return s.URL
	}
	return "data:" + s.MediaType + ";base64," + s.Data
}

// IsURL reports whether s looks like a URL rather than data.
func IsURL(s string) bool {
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "data:") ||
		strings.HasPrefix(s, "gs://") || strings.HasPrefix(s, "s3://")
}

// sniffed is how much base64 is enough to recognise a file: 48 bytes.
const sniffed = 64

// Sniff returns the media type that the first bytes of base64 data show, "" when they show none.
func Sniff(data string) string {
	if len(data) > sniffed {
		data = data[:sniffed]
	}
	head, err := base64.StdEncoding.DecodeString(data[:len(data)/4*4])
	if err != nil {
		return ""
	}
	media, _, _ := strings.Cut(http.DetectContentType(head), ";")
	if media == "application/octet-stream" || media == "text/plain" {
		return ""
	}
	return media
}

// Typed returns s with the media type its data shows, when it came without a usable one.
func Typed(s llm.Source) llm.Source {
	if s.Data == "" || strings.HasPrefix(s.MediaType, "image/") {
		return s
	}
	if media := Sniff(s.Data); media != "" {
		s.MediaType = media
	}
	return s
}
