// Package wire reads and writes JSON for the protocol codecs without reflection.
//
// Reading splits one level at a time and leaves values as they were written, so numbers keep their digits and what is
// not looked at costs nothing but a scan. Writing is explicit: null, false, 0 and "" appear exactly where a protocol
// asks for them. Input must have passed [encoding/json.Valid]; other input gives nonsense but never panics.
package wire

import (
	"bytes"
	"encoding/json"
	"iter"
	"math"
	"strconv"

	"squirrel/proxy/llm"
)

// Object is one JSON object, split into its members. It remembers which members were asked for.
type Object struct {
	// Wrong is the first member that was asked for as a type it does not have, "" when there is none.
	Wrong string

	raw     []byte
	members []member
}

// member is where a key, without its quotes, and its value stand in an object. It is small because a stream makes very many.
type member struct {
	key, keyEnd, value, valueEnd uint32

	escaped bool // the key
	used    bool
}

// is compares the key in place: most keys of a body are never asked for.
func (o *Object) is(m *member, key string) bool {
	if m.escaped {
		return o.key(m) == key
	}
	return string(o.raw[m.key:m.keyEnd]) == key
}

func (o *Object) key(m *member) string {
	if m.escaped {
		return unquote(o.raw[m.key-1 : m.keyEnd+1])
	}
	return string(o.raw[m.key:m.keyEnd])
}

func (o *Object) value(m *member) json.RawMessage { return o.raw[m.value:m.valueEnd] }

// Parse splits raw. It returns nil when raw is no object; a nil Object has no members.
func Parse(raw []byte) *Object {
	i := space(raw, 0)
	if i >= len(raw) || raw[i] != '{' || len(raw) > math.MaxUint32 {
		return nil
	}
	o := &Object{raw: raw, members: make([]member, 0, 8)}
	for i = space(raw, i+1); i < len(raw) && raw[i] == '"'; i = space(raw, i) {
		end := skip(raw, i)
		m := keyMember(raw, i, end)
		i = space(raw, end)
		if i >= len(raw) || raw[i] != ':' {
			break
		}
		i = space(raw, i+1)
		end = skip(raw, i)
		m.value, m.valueEnd = uint32(i), uint32(end)
		o.members = append(o.members, m)
		i = space(raw, end)
		if i >= len(raw) || raw[i] != ',' {
			break
		}
		i = space(raw, i+1)
	}
	return o
}

// Each yields the elements of an array, and nothing when raw is no array.
func Each(raw []byte) iter.Seq2[int, json.RawMessage] {
	return func(yield func(int, json.RawMessage) bool) {
		i := space(raw, 0)
		if i >= len(raw) || raw[i] != '[' {
			return
		}
		i = space(raw, i+1)
		for n := 0; i < len(raw) && raw[i] != ']'; n++ {
			end := skip(raw, i)
			if end <= i || !yield(n, raw[i:end]) {
				return
			}
			i = space(raw, end)
			if i < len(raw) && raw[i] == ',' {
				i = space(raw, i+1)
			}
		}
	}
}

// Get returns a member's value, nil when it is absent or null. Of members with the same name the last one counts.
func (o *Object) Get(key string) json.RawMessage {
	if o == nil {
		return nil
	}
	var value json.RawMessage
	for i := range o.members {
		if m := &o.members[i]; o.is(m, key) {
			m.used = true
			value = o.value(m)
		}
	}
	if IsNull(value) {
		return nil
	}
	return value
}

// Has reports whether a member is there, be it null.
func (o *Object) Has(key string) bool {
	if o == nil {
		return false
	}
	for i := range o.members {
		if o.is(&o.members[i], key) {
			return true
		}
	}
	return false
}

// Object returns a member that is an object, nil when it is none.
func (o *Object) Object(key string) *Object {
	raw := o.Get(key)
	inner := Parse(raw)
	if raw != nil && inner == nil {
		o.wrong(key)
	}
	return inner
}

// Array returns a member that is an array, nil when it is none.
func (o *Object) Array(key string) json.RawMessage {
	raw := o.Get(key)
	if raw != nil && raw[0] != '[' {
		o.wrong(key)
		return nil
	}
	return raw
}

// Str returns a member that is a string, "" when it is none.
func (o *Object) Str(key string) string {
	raw := o.Get(key)
	if raw == nil {
		return ""
	}
	s, ok := String(raw)
	if !ok {
		o.wrong(key)
	}
	return s
}

// Int returns a member that is a whole number, 0 when it is none.
func (o *Object) Int(key string) int64 {
	raw := o.Get(key)
	if raw == nil {
		return 0
	}
	n, ok := integer(raw)
	if !ok {
		o.wrong(key)
	}
	return n
}

// Num returns a member that is a number, with the digits it was written with.
func (o *Object) Num(key string) llm.Number {
	raw := o.Get(key)
	if raw == nil {
		return ""
	}
	if !isNumber(raw) {
		o.wrong(key)
		return ""
	}
	return llm.Number(raw)
}

// Bool returns a member that is a boolean, nil when it is none.
func (o *Object) Bool(key string) *bool {
	raw := o.Get(key)
	if raw == nil {
		return nil
	}
	b := raw[0] == 't'
	if raw[0] != 't' && raw[0] != 'f' {
		o.wrong(key)
		return nil
	}
	return &b
}

// True reports whether a member is the boolean true.
func (o *Object) True(key string) bool {
	b := o.Bool(key)
	return b != nil && *b
}

// Ignore marks members as known and without meaning for a conversion.
func (o *Object) Ignore(keys ...string) {
	for _, key := range keys {
		o.Get(key)
	}
}

// Rest yields the members nobody asked for. Members without content (null, empty strings, arrays, objects) are left out.
func (o *Object) Rest() iter.Seq2[string, json.RawMessage] {
	return func(yield func(string, json.RawMessage) bool) {
		if o == nil {
			return
		}
		for i := range o.members {
			m := &o.members[i]
			if value := o.value(m); !m.used && !isEmpty(value) && !yield(o.key(m), value) {
				return
			}
		}
	}
}

func (o *Object) wrong(key string) {
	if o.Wrong == "" {
		o.Wrong = key
	}
}

// IsNull reports whether raw is absent or the JSON null.
func IsNull(raw []byte) bool { return len(raw) == 0 || raw[0] == 'n' }

// IsObject reports whether raw is a JSON object.
func IsObject(raw []byte) bool {
	i := space(raw, 0)
	return i < len(raw) && raw[i] == '{'
}

// String returns the value of a JSON string.
func String(raw []byte) (string, bool) {
	if len(raw) < 2 || raw[0] != '"' {
		return "", false
	}
	return unquote(raw), true
}

func isEmpty(raw []byte) bool {
	if IsNull(raw) {
		return true
	}
	switch raw[0] {
	case '"':
		return len(raw) == 2
	case '{', '[':
		return len(raw) >= 2 && len(bytes.TrimSpace(raw[1:len(raw)-1])) == 0
	}
	return false
}

func isNumber(raw []byte) bool { return raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9' }

// integer reads a whole number. A fraction of zero ("1024.0") is accepted, as OpenAI does.
func integer(raw []byte) (int64, bool) {
	if !isNumber(raw) {
		return 0, false
	}
	if whole, frac, ok := bytes.Cut(raw, []byte{'.'}); ok && len(bytes.Trim(frac, "0")) == 0 {
		raw = whole
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	return n, err == nil
}

// Compact returns raw without white space between its tokens.
func Compact(raw []byte) []byte {
	var out bytes.Buffer
	if json.Compact(&out, raw) != nil {
		return nil
	}
	return out.Bytes()
}

// Members yields all members in the order they were written.
func (o *Object) Members() iter.Seq2[string, json.RawMessage] {
	return func(yield func(string, json.RawMessage) bool) {
		if o == nil {
			return
		}
		for i := range o.members {
			if m := &o.members[i]; !yield(o.key(m), o.value(m)) {
				return
			}
		}
	}
}
