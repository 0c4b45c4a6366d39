package tap

import (
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// fieldKind says how the values of a field, spread over many deltas, are put together.
type fieldKind uint8

const (
	fieldRaw    fieldKind = iota // the last value counts
	fieldText                    // strings are joined
	fieldList                    // arrays are joined
	fieldObject                  // objects are merged member by member
)

type field struct {
	key    string
	kind   fieldKind
	raw    []byte // fieldRaw: the value; fieldList: the elements, joined by commas
	text   text
	object *object
}

// object is a JSON object that arrives in deltas. Deltas of one kind or another are all alike: strings grow, lists grow,
// objects merge, everything else is replaced; so vendors' own members survive without being known here.
type object struct {
	fields []field
}

// once are the members that name something; vendors repeat them in later deltas, where they must not be joined.
func once(key string) bool {
	switch key {
	case "role", "id", "type", "name", "format", "index":
		return true
	}
	return false
}

func (o *object) find(key string) *field {
	for i := range o.fields {
		if o.fields[i].key == key {
			return &o.fields[i]
		}
	}
	return nil
}

// maxFields is how many members of one object are kept.
const maxFields = 128

// field finds or makes a field; nil when there are too many or the budget is spent.
func (o *object) field(key string, b *budget) *field {
	if f := o.find(key); f != nil {
		return f
	}
	if len(o.fields) == maxFields || !b.take(len(key)+overhead) {
		return nil
	}
	o.fields = append(o.fields, field{key: strings.Clone(key)})
	return &o.fields[len(o.fields)-1]
}

// maxMerge is how deep objects within deltas are merged; deeper ones are replaced.
const maxMerge = 4

// add merges one member of a delta.
func (o *object) add(key string, v gjson.Result, b *budget) { o.merge(key, v, b, 0) }

func (o *object) merge(key string, v gjson.Result, b *budget, depth int) {
	f := o.field(key, b)
	if f == nil {
		b.cut += int64(len(v.Raw))
		return
	}
	switch {
	case v.Type == gjson.Null:
		if f.kind == fieldRaw && len(f.raw) == 0 {
			f.set(v.Raw, b)
		}
	case v.Type == gjson.String && once(key):
		if f.kind == fieldRaw && (len(f.raw) == 0 || string(f.raw) == "null" || string(f.raw) == `""`) {
			f.set(v.Raw, b)
		}
	case v.Type == gjson.String:
		f.grow(v, b)
	case v.IsArray():
		f.join(v, b)
	case v.IsObject() && depth < maxMerge:
		if f.kind != fieldObject {
			f.kind, f.raw, f.object = fieldObject, nil, &object{}
		}
		members(v, func(key string, value gjson.Result) {
			f.object.merge(key, value, b, depth+1)
		})
	case f.kind == fieldRaw:
		f.set(v.Raw, b)
	}
}

// grow appends a string. In a list, which some vendors mix with strings, it becomes a part of its own.
func (f *field) grow(v gjson.Result, b *budget) {
	piece := inner(v)
	b.text += int64(len(piece))
	if f.kind == fieldList {
		if piece != "" {
			f.element(`{"type":"text","text":"`+piece+`"}`, b)
		}
		return
	}
	f.kind = fieldText
	f.text.add(piece, b)
}

// set replaces the value.
func (f *field) set(raw string, b *budget) {
	b.left += len(f.raw)
	f.raw = f.raw[:0]
	if b.take(len(raw)) {
		f.raw = append(f.raw, raw...)
	}
}

// join appends the elements of an array.
func (f *field) join(array gjson.Result, b *budget) {
	if f.kind != fieldList {
		before := f.text
		f.kind, f.raw, f.object, f.text = fieldList, nil, nil, text{}
		if !before.empty() {
			f.element(`{"type":"text","text":"`+string(before.appendTo(nil))+`"}`, b)
		}
	}
	elements(array, func(element gjson.Result) {
		f.element(element.Raw, b)
	})
}

func (f *field) element(raw string, b *budget) {
	if !b.take(len(raw) + 1) {
		return
	}
	if len(f.raw) > 0 {
		f.raw = append(f.raw, ',')
	}
	f.raw = append(f.raw, raw...)
}

// write writes the members, without braces, except those named.
func (o *object) write(w *writer, except ...string) {
	for i := range o.fields {
		f := &o.fields[i]
		if !slices.Contains(except, f.key) {
			w.key(f.key)
			f.value(w)
		}
	}
}

// value writes the field's value.
func (f *field) value(w *writer) {
	switch f.kind {
	case fieldText:
		w.text("", &f.text)
	case fieldList:
		w.joined(f.raw)
	case fieldObject:
		w.open('{')
		f.object.write(w)
		w.close('}')
	default:
		w.raw(f.raw)
	}
}

// replace sets a member to the latest value.
func (o *object) replace(key string, v gjson.Result, b *budget) {
	if f := o.field(key, b); f != nil && f.kind == fieldRaw {
		f.set(v.Raw, b)
	}
}
