package wire

import (
	"bytes"
	"encoding/json"
)

// space returns the index of the first byte at or after i that is no white space.
func space(raw []byte, i int) int {
	for i < len(raw) && (raw[i] == ' ' || raw[i] == '\n' || raw[i] == '\t' || raw[i] == '\r') {
		i++
	}
	return i
}

// skip returns the index after the value that begins at i.
func skip(raw []byte, i int) int {
	if i >= len(raw) {
		return i
	}
	switch raw[i] {
	case '"':
		return skipString(raw, i)
	case '{', '[':
		return skipNested(raw, i)
	}
	for i < len(raw) && !ends(raw[i]) {
		i++
	}
	return i
}

// ends reports whether c ends a number or a literal.
func ends(c byte) bool {
	switch c {
	case ',', '}', ']', ':', ' ', '\n', '\t', '\r', '"', '{', '[':
		return true
	}
	return false
}

func skipString(raw []byte, i int) int {
	for i++; i < len(raw); i++ {
		next := bytes.IndexByte(raw[i:], '"')
		if next < 0 {
			return len(raw)
		}
		i += next
		if !escaped(raw, i) {
			return i + 1
		}
	}
	return len(raw)
}

// escaped reports whether the quote at i is preceded by an odd number of backslashes.
func escaped(raw []byte, i int) bool {
	n := 0
	for i--; i >= 0 && raw[i] == '\\'; i-- {
		n++
	}
	return n%2 == 1
}

func skipNested(raw []byte, i int) int {
	depth := 0
	for i < len(raw) {
		switch raw[i] {
		case '"':
			i = skipString(raw, i)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
			if depth == 0 {
				return i + 1
			}
		}
		i++
	}
	return len(raw)
}

// unquote returns the value of a JSON string. Escapes are rare in what is large (base64, text without line breaks is
// not), so the plain case copies once.
func unquote(raw []byte) string {
	if len(raw) < 2 {
		return ""
	}
	inner := raw[1 : len(raw)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return string(inner)
	}
	return unescape(raw, inner)
}

// simple are the escapes that stand for one byte.
var simple = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// unescape returns the value of a string with escapes. Code units, of which two may make one character, are left to
// encoding/json.
func unescape(raw, inner []byte) string {
	out := make([]byte, 0, len(inner))
	for {
		i := bytes.IndexByte(inner, '\\')
		if i < 0 {
			return string(append(out, inner...))
		}
		if i+1 >= len(inner) || simple[inner[i+1]] == 0 {
			break
		}
		out = append(append(out, inner[:i]...), simple[inner[i+1]])
		inner = inner[i+2:]
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// keyMember is a member whose key stands, in its quotes, at raw[i:end].
func keyMember(raw []byte, i, end int) member {
	return member{key: uint32(i + 1), keyEnd: uint32(end - 1), escaped: bytes.IndexByte(raw[i:end], '\\') >= 0}
}
