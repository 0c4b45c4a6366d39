// Package rules compiles rule trees, once, and evaluates them on what is known of a request.
package rules

import (
	"encoding/json"
	"fmt"
	"strings"

	"squirrel/models"
)

// Bounds of a rule tree.
const (
	MaxDepth = 4  // groups within groups, the outermost included
	MaxNodes = 60 // conditions and groups below the outermost group

	maxValues     = 1000 // of in and not_in
	maxValueBytes = 8192 // of one text
)

// Problem is one thing wrong with a rule. Path leads to it from the outermost node: "rules[1].rules[0].value".
type Problem struct{ Path, Message string }

// Error holds everything that is wrong with a rule.
type Error struct{ Problems []Problem }

// Error implements error: all problems on one line.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = strings.TrimPrefix(p.Path+": "+p.Message, ": ")
	}
	return strings.Join(lines, "; ")
}

// Fields returns the problems as field errors of an API answer; name is the field that holds the rule.
func (e *Error) Fields(name string) map[string]string {
	fields := make(map[string]string, len(e.Problems))
	for _, p := range e.Problems {
		fields[join(name, p.Path)] = p.Message
	}
	return fields
}

// Rule is a compiled rule tree. It is immutable; nil and empty ones always match.
type Rule struct {
	root  node
	words string
}

type logic byte

const (
	logicLeaf logic = iota
	logicAnd
	logicOr
	logicNot // none of its children holds
)

type node struct {
	logic    logic
	children []node
	leaf     *leaf
}

// Compile checks and compiles a rule; the rule must not change afterwards. The error is an *Error with every problem.
func Compile(r *models.Rule) (*Rule, error) {
	if r == nil {
		return nil, nil
	}
	c := compiler{}
	if !r.IsGroup() {
		r = &models.Rule{Rules: []models.Rule{*r}}
	}
	root := c.group("", r, 1)
	if c.nodes > MaxNodes {
		c.add("", "the rule has %d conditions and groups; at most %d are allowed", c.nodes, MaxNodes)
	}
	if len(c.problems) > 0 {
		return nil, &Error{Problems: c.problems}
	}
	if len(root.children) == 0 {
		return nil, nil
	}
	return &Rule{root: root, words: words(&root)}, nil
}

type compiler struct {
	problems []Problem
	nodes    int
}

func (c *compiler) add(path, format string, args ...any) {
	c.problems = append(c.problems, Problem{Path: path, Message: fmt.Sprintf(format, args...)})
}

func (c *compiler) group(path string, r *models.Rule, depth int) node {
	n := node{logic: logicAnd}
	switch strings.ToUpper(r.Logic) {
	case "", "AND":
	case "OR":
		n.logic = logicOr
	case "NOT":
		n.logic = logicNot
	default:
		c.add(join(path, "logic"), "must be AND, OR or NOT")
	}
	if depth > MaxDepth {
		c.add(path, "groups are nested deeper than %d", MaxDepth)
		return n
	}
	for i := range r.Rules {
		child := &r.Rules[i]
		if c.nodes++; c.nodes > MaxNodes {
			continue // counted, for the message
		}
		at := join(path, fmt.Sprintf("rules[%d]", i))
		if child.IsGroup() {
			n.children = append(n.children, c.group(at, child, depth+1))
		} else {
			n.children = append(n.children, node{leaf: c.leaf(at, child)})
		}
	}
	return n
}

func (c *compiler) leaf(path string, r *models.Rule) *leaf {
	if len(r.Rules) > 0 || r.Logic != "" {
		c.add(path, "is both a condition and a group")
	}
	field, err := parseField(r.Field)
	if err != nil {
		c.add(join(path, "field"), "%s", err)
	}
	op := operatorOf(r.Operator)
	switch {
	case op == nil:
		c.add(join(path, "operator"), "there is no operator %q", clip(r.Operator, 40))
	case err == nil && !op.worksOn(field.info.Type):
		c.add(join(path, "operator"), "%s does not work on %s, which is a %s", op.op, r.Field, field.info.Type)
	default:
		l := &leaf{field: field, op: op, fold: r.IgnoreCase, raw: r.Value}
		if message := l.setValue(r.Value); message != "" {
			c.add(join(path, "value"), "%s", message)
		}
		return l
	}
	return &leaf{}
}

// setValue compiles the value of a condition; the result says what is wrong with it.
func (l *leaf) setValue(raw json.RawMessage) (problem string) {
	switch l.op.op {
	case OpIn, OpNotIn:
		return l.setList(raw)
	case OpBetween:
		return l.setRange(raw)
	case OpExists:
		return l.setExists(raw)
	}
	value, err := parseScalar(raw)
	if err != nil {
		return err.Error()
	}
	l.values = []Value{value}
	switch {
	case l.op.family == numberFamily && value.kind != KindNumber:
		return "must be a number for " + string(l.op.op)
	case l.op.family != textFamily:
		return tooLong(value)
	case value.kind != KindText:
		return "must be a text for " + string(l.op.op)
	case value.text == "":
		return "must not be empty"
	}
	return l.setPattern(value.text)
}

func (l *leaf) setList(raw json.RawMessage) string {
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil || len(items) == 0 {
		return "must be a list with at least one value"
	}
	if len(items) > maxValues {
		return fmt.Sprintf("has more than %d values", maxValues)
	}
	for i, item := range items {
		value, err := parseScalar(item)
		if err != nil {
			return fmt.Sprintf("value %d of the list: %s", i+1, err)
		}
		if problem := tooLong(value); problem != "" {
			return problem
		}
		l.values = append(l.values, value)
	}
	return ""
}

func (l *leaf) setRange(raw json.RawMessage) string {
	const want = "must be a list of two numbers, the lower one first"
	if problem := l.setList(raw); problem != "" || len(l.values) != 2 {
		return want
	}
	low, high := l.values[0], l.values[1]
	if low.kind != KindNumber || high.kind != KindNumber || low.compare(high) > 0 {
		return want
	}
	return ""
}

func (l *leaf) setExists(raw json.RawMessage) string {
	if len(raw) == 0 {
		raw = json.RawMessage("true")
	}
	value, err := parseScalar(raw)
	if err != nil || value.kind != KindBool {
		return "must be true or false"
	}
	l.values = []Value{value}
	return ""
}

func tooLong(v Value) string {
	if len(v.text) > maxValueBytes {
		return fmt.Sprintf("is longer than %d bytes", maxValueBytes)
	}
	return ""
}

func join(path, rest string) string {
	if path == "" || rest == "" {
		return path + rest
	}
	return path + "." + rest
}
