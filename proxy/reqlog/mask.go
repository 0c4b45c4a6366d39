package reqlog

import (
	"bytes"
	"cmp"
	"slices"
	"unicode/utf8"
	"unsafe"
)

const (
	hidden   = "***"
	maskFrom = 24 // values from this length on show their first and last four bytes
)

// mask returns what is shown of a secret.
func mask(value string) string {
	return string(maskBytes(nil, []byte(value), false))
}

// maskBytes appends what is shown of v: "abcd***wxyz" for long values of plain characters, else "***". A masked value stays.
func maskBytes(out, v []byte, whole bool) []byte {
	switch {
	case len(v) == 0 || isMasked(v):
		return append(out, v...)
	case whole || len(v) < maskFrom || !plain(v[:4]) || !plain(v[len(v)-4:]) || bytes.IndexByte(v, '\\') >= 0:
		return append(out, hidden...)
	}
	out = append(out, v[:4]...)
	out = append(out, hidden...)
	return append(out, v[len(v)-4:]...)
}

func isMasked(v []byte) bool {
	return string(v) == hidden || len(v) == 11 && string(v[4:7]) == hidden
}

// plain reports whether b holds only printable ASCII that JSON needs no escape for.
func plain(b []byte) bool {
	for _, c := range b {
		if c < 0x20 || c >= 0x7f || c == '"' {
			return false
		}
	}
	return true
}

// span is a stretch of a text that is to be hidden. Whole ones show nothing; quote is written before and after.
type span struct {
	from, to int
	whole    bool
	quote    string
}

type spanList []span

func (l *spanList) add(from, to int, whole bool) { *l = append(*l, span{from, to, whole, ""}) }

// merge sorts the spans and makes one of those that overlap. It works in place.
func (l spanList) merge() spanList {
	if len(l) < 2 {
		return l
	}
	slices.SortFunc(l, func(x, y span) int {
		return cmp.Or(cmp.Compare(x.from, y.from), cmp.Compare(y.to, x.to))
	})
	merged := l[:1]
	for _, s := range l[1:] {
		last := &merged[len(merged)-1]
		if s.from >= last.to {
			merged = append(merged, s)
			continue
		}
		if s.to > last.to {
			last.to, last.whole = s.to, last.whole || s.whole
		}
	}
	return merged
}

// hide returns b without what the merged spans cover; b itself if there are none.
func (l spanList) hide(b []byte) []byte {
	if len(l) == 0 {
		return b
	}
	out := make([]byte, 0, len(b)+16)
	at := 0
	for _, s := range l {
		out = append(out, b[at:s.from]...)
		out = append(out, s.quote...)
		out = maskBytes(out, b[s.from:s.to], s.whole)
		out = append(out, s.quote...)
		at = s.to
	}
	return append(out, b[at:]...)
}

// sameBytes compares two texts, quickly when they are the same slice.
func sameBytes(a, b []byte) bool {
	return len(a) == len(b) && (unsafe.SliceData(a) == unsafe.SliceData(b) || bytes.Equal(a, b))
}

// appendQuoted appends s as a JSON string. Bytes that are not UTF-8 become U+FFFD, control characters are escaped.
func appendQuoted(out []byte, s string) []byte {
	const hex = "0123456789abcdef"
	out = append(out, '"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			out = append(out, '\\', byte(c))
		case c < 0x20 || c == 0x7f:
			out = append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			out = utf8.AppendRune(out, c)
		}
	}
	return append(out, '"')
}
