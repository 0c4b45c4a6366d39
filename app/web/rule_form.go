package web

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"squirrel/models"
	"squirrel/routing/rules"
	"squirrel/views/pages"
)

// The form of a rule may be larger than a rule, so that what is too much can be taken out again; not without end.
const (
	maxFormNodes = 200
	maxFormDepth = 8
)

const rootPath = "r"

// ruleNode makes the form of a rule. Decoding the rendered form gives the same rule; a nil one is an empty group.
func ruleNode(r *models.Rule) *pages.RuleNode {
	if r == nil {
		r = &models.Rule{}
	}
	if !r.IsGroup() {
		r = &models.Rule{Rules: []models.Rule{*r}}
	}
	root := nodeOf(r)
	number(root, rootPath)
	return root
}

func nodeOf(r *models.Rule) *pages.RuleNode {
	if r.IsGroup() {
		n := &pages.RuleNode{Group: true, Logic: strings.ToUpper(r.Logic)}
		if n.Logic == "" {
			n.Logic = "AND"
		}
		for i := range r.Rules {
			n.Children = append(n.Children, nodeOf(&r.Rules[i]))
		}
		return n
	}
	n := &pages.RuleNode{Op: r.Operator, IgnoreCase: r.IgnoreCase}
	n.Field, n.Key = splitField(r.Field)
	n.Type, n.Value = valueText(r.Operator, r.Value)
	return n
}

// splitField cuts a field into the name editors offer and what people add to it.
func splitField(name string) (field, key string) {
	for _, f := range rules.Fields() {
		if rest, ok := strings.CutPrefix(name, f.Name); ok && strings.HasSuffix(f.Name, ".") {
			return f.Name, rest
		}
	}
	return name, ""
}

// number gives each node its path and its controls, after every change of the tree.
func number(n *pages.RuleNode, path string) {
	n.Path = path
	if !n.Group {
		n.Widget = widgetOf(n)
		return
	}
	for i, child := range n.Children {
		number(child, path+"."+strconv.Itoa(i))
	}
}

func widgetOf(n *pages.RuleNode) pages.RuleWidget {
	kind := fieldType(n.Field)
	w := pages.RuleWidget{
		List: takesList(n.Op), NeedsKey: strings.HasSuffix(n.Field, "."), AskType: kind == rules.TypeAny && n.Op != string(rules.OpExists),
		Text: n.Type == "text",
	}
	if n.Type != usualType(kind, n.Op) {
		w.AskType = true
	}
	for _, op := range rules.Operators(kind) {
		w.Ops = append(w.Ops, string(op))
	}
	return w
}

func fieldType(field string) rules.FieldType {
	for _, f := range rules.Fields() {
		if f.Name == field {
			return f.Type
		}
	}
	return rules.TypeAny
}

func takesList(op string) bool {
	return op == string(rules.OpIn) || op == string(rules.OpNotIn) || op == string(rules.OpBetween)
}

// usualType is what a value is when nobody says otherwise.
func usualType(kind rules.FieldType, op string) string {
	switch rules.Operator(op) {
	case rules.OpExists:
		return "bool"
	case rules.OpGt, rules.OpGte, rules.OpLt, rules.OpLte, rules.OpBetween:
		return "number"
	case rules.OpContains, rules.OpNotContains, rules.OpStartsWith, rules.OpEndsWith, rules.OpMatches, rules.OpRegex:
		return "text"
	}
	switch kind {
	case rules.TypeNumber, rules.TypeBool:
		return string(kind)
	}
	return "text"
}

// decodeNode reads the form of a rule.
func decodeNode(form url.Values) (*pages.RuleNode, error) {
	count := 0
	root, err := nodeAt(form, rootPath, 1, &count)
	if err != nil {
		return nil, err
	}
	if root == nil || !root.Group {
		root = &pages.RuleNode{Group: true, Logic: "AND"}
	}
	number(root, rootPath)
	return root, nil
}

// nodeAt reads the node at a path; nil when there is none.
func nodeAt(form url.Values, path string, depth int, count *int) (*pages.RuleNode, error) {
	if *count++; *count > maxFormNodes || depth > maxFormDepth {
		return nil, models.Errorf(models.CodeInvalid, "the rule is too large")
	}
	if form.Has(path + ":l") {
		n := &pages.RuleNode{Group: true, Logic: form.Get(path + ":l")}
		for i := 0; ; i++ {
			child, err := nodeAt(form, path+"."+strconv.Itoa(i), depth+1, count)
			if err != nil {
				return nil, err
			}
			if child == nil {
				return n, nil
			}
			n.Children = append(n.Children, child)
		}
	}
	if !form.Has(path + ":f") {
		*count--
		return nil, nil
	}
	n := &pages.RuleNode{
		Field: form.Get(path + ":f"), Op: form.Get(path + ":c"), Type: form.Get(path + ":t"), IgnoreCase: form.Get(path+":i") == "true",
		Value: strings.ReplaceAll(form.Get(path+":v"), "\r\n", "\n"),
	}
	if strings.HasSuffix(n.Field, ".") {
		n.Key = form.Get(path + ":k")
	}
	settle(n)
	return n, nil
}

// settle makes operator and type fit a field that was chosen anew.
func settle(n *pages.RuleNode) {
	kind := fieldType(n.Field)
	ops := rules.Operators(kind)
	if !slices.Contains(ops, rules.Operator(n.Op)) && slices.Contains(rules.Operators(rules.TypeAny), rules.Operator(n.Op)) {
		n.Op = string(ops[0])
	}
	if n.Type == "" || n.Op == string(rules.OpExists) && n.Type != "json" {
		n.Type = usualType(kind, n.Op)
	}
	if n.Type == "bool" && !takesList(n.Op) && n.Value != "false" {
		n.Value = "true"
	}
	if !takesList(n.Op) {
		n.Value, _, _ = strings.Cut(n.Value, "\n")
	}
}

// ruleOf makes the rule of a form; a node whose value can't be read is marked. An empty rule is nil.
func ruleOf(root *pages.RuleNode) (r *models.Rule, ok bool) {
	ok = true
	rule := treeOf(root, &ok)
	if len(rule.Rules) == 0 {
		return nil, ok
	}
	return &rule, ok
}

func treeOf(n *pages.RuleNode, ok *bool) models.Rule {
	if n.Group {
		group := models.Rule{Logic: n.Logic, Rules: []models.Rule{}}
		for _, child := range n.Children {
			group.Rules = append(group.Rules, treeOf(child, ok))
		}
		return group
	}
	value, err := parseValue(n)
	if err != nil {
		n.Error, *ok = err.Error(), false
	}
	return models.Rule{Field: n.Field + n.Key, Operator: n.Op, Value: value, IgnoreCase: n.IgnoreCase}
}

// markProblems puts what a check says about a rule to the nodes it is about; the rest is returned.
func markProblems(root *pages.RuleNode, fields map[string]string) (rest []string) {
	for path, problem := range fields {
		if n := nodeFor(root, path); n != nil && n != root {
			n.Error = problem
			continue
		}
		rest = append(rest, problem)
	}
	slices.Sort(rest)
	return rest
}

// nodeFor follows "rule.rules[1].rules[0].value" to its node.
func nodeFor(root *pages.RuleNode, path string) *pages.RuleNode {
	n := root
	for part := range strings.SplitSeq(path, ".") {
		var i int
		if _, err := fmt.Sscanf(part, "rules[%d]", &i); err != nil {
			continue
		}
		if i < 0 || i >= len(n.Children) {
			return nil
		}
		n = n.Children[i]
	}
	return n
}

// ruleJSON writes a rule for people.
func ruleJSON(r *models.Rule) string {
	if r == nil {
		return "null"
	}
	var out strings.Builder
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		return "null" // a value that is no JSON; parseValue lets none through
	}
	return strings.TrimSpace(out.String())
}
