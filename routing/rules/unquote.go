package rules

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// unquote decodes a string literal (RFC 8259, section 7); without escapes the result shares its memory. An escape that is
// not valid stays as it is written, half of a surrogate pair becomes U+FFFD.
func unquote(literal string) string {
	if len(literal) < 2 {
		return ""
	}
	text := literal[1 : len(literal)-1]
	next := strings.IndexByte(text, '\\')
	if next < 0 {
		return text
	}
	var out strings.Builder
	out.Grow(len(text))
	for ; next >= 0; next = strings.IndexByte(text, '\\') {
		out.WriteString(text[:next])
		r, size := unescape(text[next:])
		out.WriteRune(r)
		text = text[next+size:]
	}
	out.WriteString(text)
	return out.String()
}

// escapes pairs the letters of the short escapes with what they stand for.
const escapes = "b\bf\fn\nr\rt\t\"\"\\\\//"

// unescape decodes the escape that text begins with.
func unescape(text string) (r rune, size int) {
	if len(text) < 2 {
		return '\\', 1
	}
	if text[1] == 'u' {
		return unescapeHex(text)
	}
	for i := 0; i < len(escapes); i += 2 {
		if escapes[i] == text[1] {
			return rune(escapes[i+1]), 2
		}
	}
	return '\\', 1
}

func unescapeHex(text string) (r rune, size int) {
	first, ok := hex4(text)
	if !ok {
		return '\\', 1
	}
	if !utf16.IsSurrogate(first) {
		return first, 6
	}
	if second, ok := hex4(text[6:]); ok {
		if r = utf16.DecodeRune(first, second); r != utf8.RuneError {
			return r, 12
		}
	}
	return utf8.RuneError, 6
}

// hex4 reads an escape such as \u00e9 from the start of text.
func hex4(text string) (r rune, ok bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(text[2:6], 16, 16)
	return rune(n), err == nil
}
