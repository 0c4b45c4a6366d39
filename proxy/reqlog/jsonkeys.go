package reqlog

import (
	"bytes"
)

// jsonKeys finds the values of secret JSON keys. It does not parse: it looks at each `"name":`, at any depth and also in JSON
// that lies escaped in a string (the arguments of a tool call), and takes the value that follows.
func jsonKeys(b []byte, spans *spanList) {
	for at := 0; ; {
		i := bytes.IndexByte(b[at:], ':')
		if i < 0 {
			return
		}
		colon := at + i
		at = colon + 1
		name, escapes, ok := keyBefore(b, colon)
		if ok && secretKey(name) {
			jsonValue(b, at, escapes, spans)
		}
	}
}

// keyBefore returns the quoted name that ends before a colon, and how many backslashes stand before its quotes.
func keyBefore(b []byte, colon int) (name []byte, escapes int, ok bool) {
	end := colon
	for end > 0 && isSpace(b[end-1]) {
		end--
	}
	if end == 0 || b[end-1] != '"' {
		return nil, 0, false
	}
	end--
	for end > 0 && b[end-1] == '\\' && escapes < longestKey {
		end--
		escapes++
	}
	from := max(0, end-longestKey-1)
	open := bytes.LastIndexByte(b[from:end], '"')
	if open < 0 {
		return nil, 0, false
	}
	return b[from+open+1 : end], escapes, true
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// jsonValue adds the string or number that begins at or after from. Objects, lists, true, false and null hide nothing: a JSON
// schema may well have a property "password".
func jsonValue(b []byte, from, escapes int, spans *spanList) {
	for from < len(b) && isSpace(b[from]) {
		from++
	}
	if from >= len(b) {
		return
	}
	if c := b[from]; c == '-' || c >= '0' && c <= '9' {
		to := from
		for to < len(b) && bytes.IndexByte([]byte("+-.0123456789eE"), b[to]) >= 0 {
			to++
		}
		quote := string(bytes.Repeat([]byte{'\\'}, escapes)) + `"`
		*spans = append(*spans, span{from, to, true, quote})
		return
	}
	open := from + escapes
	if open >= len(b) || b[open] != '"' || len(bytes.Trim(b[from:open], `\`)) > 0 {
		return
	}
	if to := stringEnd(b, open+1, escapes); to > open+1 {
		spans.add(open+1, to, false)
	}
}

// stringEnd finds the end of a string whose quotes have so many backslashes before them: 0 in plain JSON, 1 in JSON in a string,
// 3 one deeper. A quote with fewer ends an outer string, and so this one.
func stringEnd(b []byte, from, escapes int) int {
	for at := from; ; {
		i := bytes.IndexByte(b[at:], '"')
		if i < 0 {
			return len(b)
		}
		quote := at + i
		slashes := 0
		for quote-slashes > from && b[quote-slashes-1] == '\\' {
			slashes++
		}
		if slashes < escapes || (slashes-escapes)%(2*(escapes+1)) == 0 {
			return quote - min(slashes, escapes)
		}
		at = quote + 1
	}
}
