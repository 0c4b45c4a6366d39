package tap

import (
	"encoding/json"
	"strconv"

	"github.com/tidwall/gjson"
)

// writer builds the JSON of a message from what was kept of it. What comes from the provider is normally written as it
// came. When that turns out not to be JSON, the message is built again by a strict writer, which checks every part.
type writer struct {
	buf    []byte
	strict bool
}

// build calls write once, and once more if what it wrote is not valid.
func build(write func(*writer)) []byte {
	w := writer{buf: make([]byte, 0, 1024)}
	if write(&w); json.Valid(w.buf) {
		return w.buf
	}
	w = writer{strict: true}
	write(&w)
	return w.buf
}

// next writes the comma that the next member or element needs.
func (w *writer) next() {
	if n := len(w.buf); n > 0 {
		if c := w.buf[n-1]; c != '{' && c != '[' && c != ':' {
			w.buf = append(w.buf, ',')
		}
	}
}

func (w *writer) open(c byte) {
	w.next()
	w.buf = append(w.buf, c)
}

func (w *writer) close(c byte) { w.buf = append(w.buf, c) }

func (w *writer) key(name string) {
	w.next()
	w.buf = append(appendQuoted(w.buf, name), ':')
}

func (w *writer) string(s string) {
	w.next()
	w.buf = appendQuoted(w.buf, s)
}

func (w *writer) int(n int) {
	w.next()
	w.buf = strconv.AppendInt(w.buf, int64(n), 10)
}

// raw writes a value as it came.
func (w *writer) raw(value []byte) {
	w.next()
	if len(value) == 0 || w.strict && !json.Valid(value) {
		value = []byte("null")
	}
	w.buf = append(w.buf, value...)
}

// text writes a string whose pieces were collected, behind a first part in escaped form.
func (w *writer) text(first string, t *text) {
	w.next()
	start := len(w.buf)
	w.buf = append(append(w.buf, '"'), first...)
	w.buf = append(t.appendTo(w.buf), '"')
	if w.strict && !json.Valid(w.buf[start:]) {
		w.buf = appendQuoted(w.buf[:start], gjson.ParseBytes(w.buf[start:]).String())
	}
}

// joined writes an array of a list that is already joined by commas.
func (w *writer) joined(list []byte) {
	w.next()
	start := len(w.buf)
	w.buf = append(append(append(w.buf, '['), list...), ']')
	if w.strict && !json.Valid(w.buf[start:]) {
		w.buf = append(w.buf[:start], "[]"...)
	}
}

func appendQuoted(dst []byte, s string) []byte {
	quoted, err := json.Marshal(s)
	if err != nil { // a string always marshals
		return append(dst, `""`...)
	}
	return append(dst, quoted...)
}

// inner is the escaped text between the quotes of a JSON string.
func inner(v gjson.Result) string {
	if v.Type != gjson.String || len(v.Raw) < 2 || v.Raw[len(v.Raw)-1] != '"' {
		return ""
	}
	return v.Raw[1 : len(v.Raw)-1]
}
