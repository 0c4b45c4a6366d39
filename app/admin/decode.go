package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"

	"squirrel/models"
)

// Opt is a field of a request that may be left out. A field that is left out changes nothing; null means the zero value.
type Opt[T any] struct {
	Value T
	Set   bool
	Null  bool
}

// Some is a field that was sent.
func Some[T any](v T) Opt[T] { return Opt[T]{Value: v, Set: true} }

// Null is a field that was sent as null.
func Null[T any]() Opt[T] { return Opt[T]{Set: true, Null: true} }

// UnmarshalJSON reads the value strictly: unknown fields inside it are errors.
func (o *Opt[T]) UnmarshalJSON(data []byte) error {
	*o = Opt[T]{Set: true, Null: string(data) == "null"}
	if o.Null {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	return dec.Decode(&o.Value)
}

func (o Opt[T]) given() bool { return o.Set && !o.Null }

// ValidatorValue is what the validate tag of the field is about: a nil pointer for null.
func (o Opt[T]) ValidatorValue() any {
	if o.Null {
		return (*T)(nil)
	}
	return o.Value
}

// into writes what was sent to dst. A field that was left out takes its value from there, so that the validate tags see
// the whole object.
func (o *Opt[T]) into(dst *T) {
	if o.Set {
		*dst = o.Value
	} else {
		o.Value = *dst
	}
}

// intoPointer is into for a value that may be nil; null is written as nil.
func (o *Opt[T]) intoPointer(dst **T) {
	switch {
	case o.given():
		v := o.Value
		*dst = &v
	case o.Set:
		*dst = nil
	case *dst == nil:
		o.Null = true
	default:
		o.Value = **dst
	}
}

// Decode reads a JSON object into a request struct. Names are exact; a field the struct doesn't have and a value of
// the wrong type are reported by name, all of them together.
func Decode(data []byte, dst any) error {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(data, &object); err != nil || object == nil {
		return &models.Error{Code: models.CodeInvalid, Message: "the body is not a JSON object", Err: err}
	}
	fields := map[string]string{}
	targets := targetsOf(reflect.ValueOf(dst).Elem(), map[string]reflect.Value{})
	for name, raw := range object {
		target, known := targets[name]
		if !known {
			fields[name] = "is not a field of this object"
			continue
		}
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.DisallowUnknownFields()
		if err := dec.Decode(target.Addr().Interface()); err != nil {
			fields[name] = explain(err)
		}
	}
	return invalidFields(fields)
}

// targetsOf collects the fields of v by their JSON name, those of embedded structs too.
func targetsOf(v reflect.Value, found map[string]reflect.Value) map[string]reflect.Value {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if field.Anonymous {
			targetsOf(v.Field(i), found)
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			found[name] = v.Field(i)
		}
	}
	return found
}

func explain(err error) string {
	if e, ok := asError(err); ok {
		return e.Message
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return "must not be a " + e.Value
	}
	if errors.Is(err, models.ErrMoney) {
		return "is " + models.ErrMoney.Error()
	}
	return "is not valid: " + strings.TrimPrefix(err.Error(), "json: ")
}

func invalidFields(fields map[string]string) error {
	if len(fields) == 0 {
		return nil
	}
	return &models.Error{Code: models.CodeValidation, Message: fieldsMessage(fields), Fields: fields}
}
