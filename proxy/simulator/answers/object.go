package answers

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// object is a JSON object that keeps the order of its fields: the vendors' answers have one, and nothing is left out of them
// for being empty.
type object []field

type field struct {
	key   string
	value any
}

// MarshalJSON writes the fields in their order.
func (o object) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, f := range o {
		if i > 0 {
			out.WriteByte(',')
		}
		out.Write(encode(f.key))
		out.WriteByte(':')
		out.Write(encode(f.value))
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// with returns a copy of o with more fields behind its own.
func (o object) with(more ...field) object {
	return append(append(make(object, 0, len(o)+len(more)), o...), more...)
}

// list is a JSON array of anything; an empty one is [], never null.
type list []any

// MarshalJSON writes the elements.
func (l list) MarshalJSON() ([]byte, error) {
	if len(l) == 0 {
		return []byte("[]"), nil
	}
	return encode([]any(l)), nil
}

// encode writes v as JSON on one line, without the HTML escapes of json.Marshal, which no vendor uses. Everything the answers
// are made of can be encoded: raw parts of the request were decoded before.
func encode(v any) []byte {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(fmt.Sprintf("answers: %T cannot be encoded: %v", v, err))
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}
