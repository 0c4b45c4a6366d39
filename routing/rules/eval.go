package rules

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"squirrel/models"
)

// evaluation is one look at the facts.
type evaluation struct {
	facts Facts
	at    time.Time // in the reporting time zone
	fault *leaf     // the first condition that could not be evaluated

	observed bool // seen is wanted
	samples  samples
	seen     []models.RuleTrace
}

// values calls yield with each value of a field.
func (e *evaluation) values(f *Field, yield func(Value) bool) {
	if e.observed {
		look := yield
		yield = func(v Value) bool {
			e.samples.add(v)
			return look(v)
		}
	}
	switch f.info.id {
	case fieldHour:
		yield(Whole(int64(e.at.Hour())))
	case fieldWeekday:
		yield(Whole(int64(e.at.Weekday()+6)%7 + 1)) // ISO 8601: Monday is 1
	default:
		e.facts.Values(f, func(v Value) bool {
			if v.kind == KindNumber && (math.IsNaN(v.number) || math.IsInf(v.number, 0)) {
				v = Value{kind: KindObject, text: "not a finite number"}
			}
			return yield(v)
		})
	}
}

// Match evaluates the rule at a time in the reporting time zone, looking at no more facts than it takes. An error means
// that the rule could not be evaluated, and so does not match.
func (r *Rule) Match(f Facts, at time.Time) (bool, error) {
	e := evaluation{facts: f, at: at}
	return e.match(r)
}

// Observe is Match, and tells what each condition saw that was looked at.
func (r *Rule) Observe(f Facts, at time.Time) (matched bool, seen []models.RuleTrace, err error) {
	e := evaluation{facts: f, at: at, observed: true}
	matched, err = e.match(r)
	return matched, e.seen, err
}

func (e *evaluation) match(r *Rule) (bool, error) {
	if r == nil {
		return true, nil
	}
	result := e.node(&r.root)
	if result == unknown {
		return false, fmt.Errorf("the condition %q could not be evaluated: no value has the right type", e.fault.describe())
	}
	return result == yes, nil
}

// node evaluates in Kleene's logic: one certain child can decide a group that holds an uncertain one.
func (e *evaluation) node(n *node) truth {
	if n.leaf != nil {
		e.samples = nil
		result := n.leaf.eval(e)
		if result == unknown && e.fault == nil {
			e.fault = n.leaf
		}
		if e.observed {
			e.seen = append(e.seen, n.leaf.sight(e.samples, result))
		}
		return result
	}
	if len(n.children) == 0 {
		return yes
	}
	decides, result := no, yes // AND: one no decides
	if n.logic != logicAnd {
		decides, result = yes, no
	}
	for i := range n.children {
		switch e.node(&n.children[i]) {
		case decides:
			return e.close(n, decides)
		case unknown:
			result = unknown
		}
	}
	return e.close(n, result)
}

func (e *evaluation) close(n *node, result truth) truth {
	if n.logic == logicNot {
		return result.not()
	}
	return result
}

// Trace evaluates every condition of the rule, also those that Match would not reach, and tells what each saw.
func (r *Rule) Trace(f Facts, at time.Time) (bool, []models.RuleTrace, error) {
	if r == nil {
		return true, nil, nil
	}
	e := evaluation{facts: f, at: at}
	trace := e.trace(&r.root, nil)
	matched, err := r.Match(f, at)
	return matched, trace, err
}

func (e *evaluation) trace(n *node, out []models.RuleTrace) []models.RuleTrace {
	for i := range n.children {
		out = e.trace(&n.children[i], out)
	}
	if l := n.leaf; l != nil {
		var all samples
		e.values(&l.field, all.add)
		out = append(out, l.sight(all, l.eval(e)))
	}
	return out
}

// sight is what a condition was about, what it saw, and what came of it.
func (l *leaf) sight(saw samples, result truth) models.RuleTrace {
	return models.RuleTrace{Field: l.field.Name, Operator: string(l.op.op), Value: l.raw, Actual: saw.of(&l.field), Result: result == yes}
}

// maxSamples bounds how many values of a list a trace shows.
const maxSamples = 20

// samples are values of a field, as JSON.
type samples []json.RawMessage

// add takes a value; it reports whether there is room for further ones.
func (s *samples) add(v Value) bool {
	switch {
	case len(*s) > maxSamples:
	case len(*s) == maxSamples:
		*s = append(*s, json.RawMessage(`"…"`))
	default:
		*s = append(*s, v.sample())
	}
	return len(*s) <= maxSamples
}

// of shows the values of a field: null when it is missing, a list when it can have several.
func (s samples) of(f *Field) json.RawMessage {
	switch {
	case len(s) == 0:
		return json.RawMessage("null")
	case len(s) == 1 && (!f.info.List || f.info.id == fieldBody):
		return s[0]
	default:
		out, _ := json.Marshal(s) // each is valid JSON
		return out
	}
}
