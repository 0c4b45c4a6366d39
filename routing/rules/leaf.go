package rules

import (
	"encoding/json"
	"strings"
)

// truth is the result of a node: a condition that can't be evaluated is neither true nor false.
type truth int8

const (
	no truth = iota
	yes
	unknown
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

func (t truth) not() truth {
	switch t {
	case yes:
		return no
	case no:
		return yes
	default:
		return unknown
	}
}

// leaf is a compiled condition.
type leaf struct {
	field  Field
	op     *operatorInfo
	fold   bool // ignore the case of texts
	raw    json.RawMessage
	values []Value // one; several for in, not_in and between

	needle string // contains, starts_with, ends_with
	glob   *glob  // matches
	regex  *regex // regex
}

// setPattern compiles the value of a text operator; the result says what is wrong with it.
func (l *leaf) setPattern(text string) (problem string) {
	switch l.op.op {
	case OpMatches:
		l.glob, problem = newGlob(text, l.fold)
	case OpRegex:
		l.regex, problem = newRegex(text, l.fold)
	default:
		l.needle, problem = text, tooLong(l.values[0])
	}
	return problem
}

// eval looks at the values of the field until the result is certain. Missing makes it no, or yes for the operators that
// deny something. It is unknown when there are values but none of a type that the operator works on.
func (l *leaf) eval(e *evaluation) truth {
	switch {
	case l.op.family == existsFamily:
		found := false
		e.values(&l.field, func(Value) bool { found = true; return false })
		return truthOf(found == l.values[0].yes)
	case l.regex != nil:
		return l.evalRegex(e)
	case l.op.negate:
		return l.any(e, l.holds).not()
	default:
		return l.any(e, l.holds)
	}
}

// any reports whether one of the values that fit the operator passes the test.
func (l *leaf) any(e *evaluation, test func(Value) bool) truth {
	result, seen, fit := no, false, false
	e.values(&l.field, func(v Value) bool {
		seen = true
		if l.fits(v) {
			fit = true
			result = truthOf(test(v))
		}
		return result == no
	})
	if seen && !fit {
		return unknown
	}
	return result
}

// fits reports whether the operator works on the value.
func (l *leaf) fits(v Value) bool {
	switch l.op.family {
	case textFamily:
		return v.kind == KindText
	case numberFamily:
		return v.kind == KindNumber
	default:
		return true
	}
}

func (l *leaf) holds(v Value) bool {
	switch l.op.op {
	case OpGt:
		return v.compare(l.values[0]) > 0
	case OpGte:
		return v.compare(l.values[0]) >= 0
	case OpLt:
		return v.compare(l.values[0]) < 0
	case OpLte:
		return v.compare(l.values[0]) <= 0
	case OpBetween:
		return v.compare(l.values[0]) >= 0 && v.compare(l.values[1]) <= 0
	case OpContains, OpNotContains:
		return contains(v.text, l.needle, l.fold)
	case OpStartsWith:
		return hasPrefix(v.text, l.needle, l.fold)
	case OpEndsWith:
		return hasSuffix(v.text, l.needle, l.fold)
	case OpMatches:
		return l.glob.match(v.text)
	default: // eq, ne, in, not_in
		for _, w := range l.values {
			if v.equal(w, l.fold) {
				return true
			}
		}
		return false
	}
}

// evalRegex matches at most patternBytes of text: all of it when there is less, else the first and the last half. Every
// text is matched by itself, so that ^ and $ mean its ends.
func (l *leaf) evalRegex(e *evaluation) truth {
	ends := textEnds{room: patternBytes / 2}
	result := l.any(e, func(v Value) bool { return ends.first(v.text) && l.regex.match(v.text) })
	if result == no && ends.match(l.regex) {
		return yes
	}
	return result
}

// describe is how a condition that could not be evaluated is reported.
func (l *leaf) describe() string {
	return l.field.Name + " " + string(l.op.op) + ": " + strings.TrimSpace(clip(string(l.raw), 60))
}
