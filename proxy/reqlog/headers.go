package reqlog

import (
	"strings"
	"sync"

	"squirrel/models"
)

const (
	// manyHeaders is the number of headers from which on they are sorted, so that a client can't make the search for
	// repeated names slow.
	manyHeaders = 100

	maxHeaderText = 16 << 10 // larger texts are not kept for the next headers
)

type header struct{ name, value string }

// headerList is the memory in which headers become JSON. Each request needs it three times.
type headerList struct {
	list []header
	text []byte
}

var lists = sync.Pool{New: func() any { return &headerList{make([]header, 0, 24), make([]byte, 0, 1024)} }}

// release gives the memory back without what it holds; a client's very many headers are left to the collector.
func (l *headerList) release() {
	if len(l.list) > manyHeaders || cap(l.text) > maxHeaderText {
		return
	}
	clear(l.list)
	l.list, l.text = l.list[:0], l.text[:0]
	lists.Put(l)
}

func (r *Redactor) headerValue(name, value string, own []models.Secret) string {
	if !secretHeader(name) {
		return r.Text(value, own...)
	}
	if strings.EqualFold(name, "cookie") || strings.EqualFold(name, "set-cookie") {
		return hidden
	}
	if scheme, token, ok := strings.Cut(value, " "); ok && (strings.EqualFold(scheme, "bearer") || strings.EqualFold(scheme, "basic")) {
		return scheme + " " + mask(token)
	}
	return mask(value)
}

// appendHeaders writes the list as a JSON object.
func appendHeaders(out []byte, list []header) []byte {
	out = append(out, '{')
	for i := range list {
		if list[i].name == "" {
			continue // it went into the list of an earlier one
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(appendQuoted(out, list[i].name), ':')
		out = appendValues(out, list[i:])
	}
	return append(out, '}')
}

// appendValues writes the value of the first header of rest, or the list of all values that came under its name.
func appendValues(out []byte, rest []header) []byte {
	at, repeated := len(out), false
	out = appendQuoted(out, rest[0].value)
	for i := range rest[1:] {
		other := &rest[1+i]
		if !strings.EqualFold(other.name, rest[0].name) {
			if len(rest) > manyHeaders {
				break // they are sorted
			}
			continue
		}
		if !repeated {
			repeated = true
			out = append(out[:at], '[')
			out = appendQuoted(out, rest[0].value)
		}
		out = appendQuoted(append(out, ','), other.value)
		other.name = ""
	}
	if repeated {
		out = append(out, ']')
	}
	return out
}
