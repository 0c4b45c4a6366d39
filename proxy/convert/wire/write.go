package wire

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"squirrel/proxy/llm"
)

// Writer appends JSON to a buffer. Every method that takes a name writes a member of an object; the empty name writes
// an element of an array or the outermost value. Commas come by themselves. The zero value is ready to use.
type Writer struct {
	buf  []byte
	size int // of what was taken last, the best guess for what comes next
}

// firstSize is the capacity of a writer that knows nothing better.
const firstSize = 512

// Expect tells how many bytes are likely to be written.
func (w *Writer) Expect(n int) { w.size = n }

// ready gives the first write of a round a buffer that will do.
func (w *Writer) ready() {
	if w.buf == nil {
		w.buf = make([]byte, 0, max(w.size+w.size/8, firstSize))
	}
}

// Bytes returns what was written. It is valid until the next Reset.
func (w *Writer) Bytes() []byte { return w.buf }

// Take returns what was written and forgets it.
func (w *Writer) Take() []byte {
	out := w.buf
	w.buf, w.size = nil, len(out)
	return out
}

// mostLent bounds the memory that a writer keeps between two rounds.
const mostLent = 64 << 10

// Lend is Take for writers of many rounds: the bytes are valid until something is written again, in the same memory.
func (w *Writer) Lend() []byte {
	if len(w.buf) == 0 || cap(w.buf) > mostLent {
		return w.Take()
	}
	out := w.buf
	w.buf = w.buf[:0]
	return out
}

// Len returns the number of bytes written.
func (w *Writer) Len() int { return len(w.buf) }

// name writes the comma and the member name that a value needs.
func (w *Writer) name(name string) {
	w.ready()
	if n := len(w.buf); n > 0 {
		switch w.buf[n-1] {
		case '{', '[', ':', ' ', '\n':
		default:
			w.buf = append(w.buf, ',')
		}
	}
	if name != "" {
		w.buf = append(w.buf, '"')
		w.buf = append(w.buf, name...)
		w.buf = append(w.buf, '"', ':')
	}
}

// Object begins an object. EndObject ends it.
func (w *Writer) Object(name string) {
	w.name(name)
	w.buf = append(w.buf, '{')
}

// EndObject ends an object.
func (w *Writer) EndObject() { w.buf = append(w.buf, '}') }

// Array begins an array. EndArray ends it.
func (w *Writer) Array(name string) {
	w.name(name)
	w.buf = append(w.buf, '[')
}

// EndArray ends an array.
func (w *Writer) EndArray() { w.buf = append(w.buf, ']') }

// Str writes a string.
func (w *Writer) Str(name, value string) {
	w.name(name)
	w.buf = AppendString(w.buf, value)
}

// OptStr writes a string unless it is empty.
func (w *Writer) OptStr(name, value string) {
	if value != "" {
		w.Str(name, value)
	}
}

// StrOrNull writes a string, or null when it is empty.
func (w *Writer) StrOrNull(name, value string) {
	if value == "" {
		w.Null(name)
		return
	}
	w.Str(name, value)
}

// Int writes a whole number.
func (w *Writer) Int(name string, value int64) {
	w.name(name)
	w.buf = strconv.AppendInt(w.buf, value, 10)
}

// OptInt writes a whole number unless it is 0.
func (w *Writer) OptInt(name string, value int64) {
	if value != 0 {
		w.Int(name, value)
	}
}

// OptNum writes a number unless it is not given.
func (w *Writer) OptNum(name string, value llm.Number) {
	if value != "" {
		w.name(name)
		w.buf = append(w.buf, value...)
	}
}

// Bool writes a boolean.
func (w *Writer) Bool(name string, value bool) {
	w.name(name)
	w.buf = strconv.AppendBool(w.buf, value)
}

// OptBool writes a boolean unless it is nil.
func (w *Writer) OptBool(name string, value *bool) {
	if value != nil {
		w.Bool(name, *value)
	}
}

// Null writes null.
func (w *Writer) Null(name string) {
	w.name(name)
	w.buf = append(w.buf, "null"...)
}

// Raw writes a value that is JSON already, null when it is empty. White space with line breaks is taken out, because a
// line break would end the data line of an event.
func (w *Writer) Raw(name string, value json.RawMessage) {
	if len(value) == 0 {
		w.Null(name)
		return
	}
	w.name(name)
	if bytes.IndexByte(value, '\n') < 0 && bytes.IndexByte(value, '\r') < 0 {
		w.buf = append(w.buf, value...)
		return
	}
	compact := bytes.NewBuffer(w.buf)
	if json.Compact(compact, value) != nil {
		w.buf = append(w.buf, "null"...)
		return
	}
	w.buf = compact.Bytes()
}

// OptRaw writes a value that is JSON already unless it is empty.
func (w *Writer) OptRaw(name string, value json.RawMessage) {
	if len(value) > 0 {
		w.Raw(name, value)
	}
}

// Event begins a server-sent event whose data is the next value. An empty name writes no event field.
func (w *Writer) Event(name string) {
	w.ready()
	if name != "" {
		w.buf = append(w.buf, "event: "...)
		w.buf = append(w.buf, name...)
		w.buf = append(w.buf, '\n')
	}
	w.buf = append(w.buf, "data: "...)
}

// EndEvent ends a server-sent event.
func (w *Writer) EndEvent() { w.buf = append(w.buf, '\n', '\n') }

// Literal appends text as it is.
func (w *Writer) Literal(text string) { w.buf = append(w.buf, text...) }

const hex = "0123456789abcdef"

// AppendString appends s as a JSON string. Bytes that are no UTF-8 become U+FFFD.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r != utf8.RuneError || size != 1 {
				i += size
				continue
			}
		}
		dst = append(dst, s[start:i]...)
		dst = appendEscaped(dst, c)
		i++
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// appendEscaped appends the escape of one byte that may not stand in a JSON string as it is.
func appendEscaped(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	if c >= utf8.RuneSelf {
		return append(dst, "\uFFFD"...)
	}
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}

// Cut takes back what was written after the first n bytes.
func (w *Writer) Cut(n int) { w.buf = w.buf[:n] }

// Member writes a member whose name comes from a body and may need escapes.
func (w *Writer) Member(name string, value json.RawMessage) {
	w.name("")
	w.buf = AppendString(w.buf, name)
	w.buf = append(w.buf, ':')
	w.Raw("", value)
}
