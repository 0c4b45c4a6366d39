package pages

import (
	"context"
	"strconv"

	"squirrel/views/i18n"
	"squirrel/views/ui"
)

// RuleNode is a node of a rule tree as the form holds it: texts that may not be valid yet.
type RuleNode struct {
	Path     string // "r" is the outermost group, "r.1.0" the first child of its second child
	Group    bool
	Logic    string // AND, OR, NOT
	Children []*RuleNode

	Field      string // a name that rules know; those that end in a dot take Key
	Key        string
	Op         string
	Type       string // of Value: text, number, bool, json
	Value      string // for operators that take a list: one value a line
	IgnoreCase bool

	Error  string // English, as rules say it
	Result *LeafResult
	Widget RuleWidget
}

// RuleWidget says how the value of a condition is entered; app/web knows it from the field and the operator.
type RuleWidget struct {
	Ops      []string // that the field allows
	List     bool     // several values
	Text     bool     // case can be ignored
	AskType  bool     // the type can't be told from field and operator
	NeedsKey bool
}

// LeafResult is what a condition saw in a test.
type LeafResult struct {
	Result bool
	Actual string // JSON; empty = missing
}

// RuleEditor is the page of a rule.
type RuleEditor struct {
	Action  string // where the form posts to
	Back    string // the page of what the rule belongs to
	Subject string // what the rule belongs to
	Version string
	Root    *RuleNode
	JSON    string // the text of the JSON view
	AsJSON  bool
	Words   string
	Fields  []RuleField
	Errors  []string // of the whole rule or of its JSON
	Message string
	Test    RuleTry
	Leaves  int // how many conditions there are
	Changed string
}

// RuleField is something a rule can look at.
type RuleField struct{ Name, Label string }

// RuleTry is the request a rule is tested on, and the outcome.
type RuleTry struct {
	Sample
	Done      bool
	Matched   bool
	Fault     string
	Estimated bool
	Error     string
}

func (n *RuleNode) name(part string) string { return n.Path + ":" + part }

// index is the number of the node among its siblings, from 1.
func (n *RuleNode) index() string {
	for i := len(n.Path) - 1; i >= 0; i-- {
		if n.Path[i] == '.' {
			number, _ := strconv.Atoi(n.Path[i+1:])
			return strconv.Itoa(number + 1)
		}
	}
	return "1"
}

// title names a node for screen readers.
func (n *RuleNode) title(ctx context.Context) string {
	key := "rules.condition_n"
	if n.Group {
		key = "rules.group_n"
	}
	return i18n.T(ctx, key, "n", n.index())
}

func (n *RuleNode) valueRows() string {
	rows := 1
	for _, r := range n.Value {
		if r == '\n' {
			rows++
		}
	}
	return strconv.Itoa(min(max(rows, 2), 8))
}

// logics are the choices of a group.
func logics(ctx context.Context) []ui.Option {
	return []ui.Option{
		{Value: "AND", Label: i18n.T(ctx, "rules.logic.and")}, {Value: "OR", Label: i18n.T(ctx, "rules.logic.or")}, {Value: "NOT", Label: i18n.T(ctx, "rules.logic.not")},
	}
}

func valueTypes(ctx context.Context) []ui.Option {
	return []ui.Option{
		{Value: "text", Label: i18n.T(ctx, "rules.type.text")}, {Value: "number", Label: i18n.T(ctx, "rules.type.number")},
		{Value: "bool", Label: i18n.T(ctx, "rules.type.bool")}, {Value: "json", Label: i18n.T(ctx, "rules.type.json")},
	}
}

func opOptions(ctx context.Context, n *RuleNode) []ui.Option {
	options := make([]ui.Option, 0, len(n.Widget.Ops)+1)
	known := false
	for _, op := range n.Widget.Ops {
		known = known || op == n.Op
		options = append(options, ui.Option{Value: op, Label: i18n.T(ctx, "rules.op."+op)})
	}
	if !known && n.Op != "" {
		options = append(options, ui.Option{Value: n.Op, Label: n.Op})
	}
	return options
}

func fieldOptions(fields []RuleField, n *RuleNode) []ui.Option {
	options := make([]ui.Option, 0, len(fields)+1)
	known := false
	for _, f := range fields {
		known = known || f.Name == n.Field
		options = append(options, ui.Option{Value: f.Name, Label: f.Label})
	}
	if !known {
		options = append(options, ui.Option{Value: n.Field, Label: n.Field})
	}
	return options
}
