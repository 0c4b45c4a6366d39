package reqlog

import "bytes"

// looksLikeJSON reports whether b can be a JSON value that holds a secret.
func looksLikeJSON(b []byte) bool {
	b = bytes.TrimLeft(b, " \t\r\n")
	return len(b) > 0 && bytes.IndexByte([]byte(`{["-0123456789`), b[0]) >= 0
}

// fitJSON moves the borders of merged spans so that hiding them leaves the valid JSON text b valid: inside strings they are
// widened to whole escapes, a number is hidden as a whole, and what lies between values is left alone.
func fitJSON(b []byte, spans spanList) spanList {
	var fitted spanList
	for i := 0; i < len(b) && len(spans) > 0; {
		if spans[0].to <= i {
			spans = spans[1:]
			continue
		}
		switch c := b[i]; {
		case c == '"':
			end := stringEnd(b, i+1, 0)
			spans = fitString(b, i+1, end, spans, &fitted)
			i = end + 1
		case c == '-' || c >= '0' && c <= '9':
			end := i
			for end < len(b) && bytes.IndexByte([]byte("+-.0123456789eE"), b[end]) >= 0 {
				end++
			}
			if spans[0].from < end {
				fitted = append(fitted, span{i, end, true, `"`})
			}
			i = end
		default:
			i++
		}
	}
	return fitted
}

// fitString widens the spans that have a part in the string b[from:to] to whole characters, and returns those that go on behind.
func fitString(b []byte, from, to int, spans spanList, fitted *spanList) (rest spanList) {
	first := -1
	for i := from; i < to && len(spans) > 0 && spans[0].from < to; {
		n := 1
		if b[i] == '\\' {
			if n = 2; b[i+1] == 'u' {
				n = 6
			}
		}
		if first < 0 && i+n > spans[0].from {
			first = i
		}
		i += n
		if first >= 0 && (i >= spans[0].to || i >= to) {
			s := spans[0]
			*fitted = append(*fitted, span{first, i, s.whole || first != s.from || i != s.to, ""})
			if first = -1; s.to > i {
				break // the rest of it lies behind this string
			}
			spans = spans[1:]
		}
	}
	return spans
}
