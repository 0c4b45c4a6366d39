package rules

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Kind is the type of a value. Types never convert into each other: "007" is not 7.
type Kind byte

// The kinds of values.
const (
	KindText Kind = iota + 1
	KindNumber
	KindBool
	KindObject // can only be asked whether it exists
)

// Value is one value of a field, or one value of a condition.
type Value struct {
	kind   Kind
	yes    bool
	exact  bool // whole holds the number
	text   string
	whole  int64
	number float64
}

// Text makes a text value.
func Text(s string) Value { return Value{kind: KindText, text: s} }

// Whole makes a number from an integer.
func Whole(n int64) Value {
	return Value{kind: KindNumber, exact: true, whole: n, number: float64(n)}
}

// Number makes a number; it must be finite.
func Number(n float64) Value { return Value{kind: KindNumber, number: n} }

// Bool makes a truth value.
func Bool(b bool) Value { return Value{kind: KindBool, yes: b} }

var (
	errScalar = errors.New("must be a text, a number, true or false")
	errRange  = errors.New("the number is out of range")
)

// parseNumber reads a JSON number.
func parseNumber(literal string) (Value, error) {
	if n, err := strconv.ParseInt(literal, 10, 64); err == nil {
		return Whole(n), nil
	}
	n, err := strconv.ParseFloat(literal, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return Value{}, errRange
	}
	return Number(n), nil
}

// parseScalar reads the value of a condition.
func parseScalar(raw json.RawMessage) (Value, error) {
	switch raw = bytes.TrimSpace(raw); {
	case len(raw) == 0 || string(raw) == "null":
		return Value{}, errors.New("is required")
	case !json.Valid(raw):
		return Value{}, errors.New("is not valid JSON")
	case raw[0] == '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return Text(s), err
	case raw[0] == 't' || raw[0] == 'f':
		return Bool(raw[0] == 't'), nil
	case raw[0] == '{' || raw[0] == '[':
		return Value{}, errScalar
	default:
		return parseNumber(string(raw))
	}
}

// equal compares without converting; fold ignores the case of texts.
func (v Value) equal(w Value, fold bool) bool {
	if v.kind != w.kind {
		return false
	}
	switch v.kind {
	case KindText:
		return v.text == w.text || fold && strings.EqualFold(v.text, w.text)
	case KindNumber:
		return v.compare(w) == 0
	case KindBool:
		return v.yes == w.yes
	default:
		return false
	}
}

// compare orders two numbers, exactly where both are whole.
func (v Value) compare(w Value) int {
	if v.exact && w.exact {
		return cmp.Compare(v.whole, w.whole)
	}
	return cmp.Compare(v.number, w.number)
}

// sampleRunes bounds what a trace shows of a text.
const sampleRunes = 200

// sample writes a value for a trace.
func (v Value) sample() json.RawMessage {
	var out []byte
	switch v.kind {
	case KindText:
		out, _ = json.Marshal(excerpt(v.text)) // a string always marshals
	case KindNumber:
		out = []byte(v.numberText())
	case KindBool:
		out = strconv.AppendBool(nil, v.yes)
	default:
		out, _ = json.Marshal(excerpt(v.text))
	}
	return out
}

// excerpt is the beginning of a text, without the half of what may be a credential: it would not be known as one.
func excerpt(text string) string {
	begin := clip(text, sampleRunes)
	if begin == text {
		return text
	}
	return strings.TrimRightFunc(strings.TrimSuffix(begin, "…"), func(r rune) bool { return r > ' ' && r < utf8.RuneSelf && r != '"' && r != ',' }) + "…"
}

func (v Value) numberText() string {
	if v.exact {
		return strconv.FormatInt(v.whole, 10)
	}
	out, _ := json.Marshal(v.number) // finite by construction
	return string(out)
}
