package web

import (
	"context"
	"encoding/json"
	"strings"

	"squirrel/models"
	"squirrel/routing/rules"
	"squirrel/views/i18n"
	"squirrel/views/pages"
)

// ruleWords says a rule in the language of the page.
func ruleWords(ctx context.Context, r *models.Rule) string {
	if i18n.From(ctx).Lang == i18n.English {
		return rules.Words(r)
	}
	if _, err := rules.Compile(r); err != nil {
		return i18n.T(ctx, "rules.words.invalid")
	}
	words := treeWords(ctx, r)
	if words == "" {
		return i18n.T(ctx, "rules.words.always")
	}
	return words
}

func treeWords(ctx context.Context, r *models.Rule) string {
	if r == nil {
		return ""
	}
	if !r.IsGroup() {
		return leafWords(ctx, r)
	}
	parts := make([]string, 0, len(r.Rules))
	for i := range r.Rules {
		part := treeWords(ctx, &r.Rules[i])
		if part == "" {
			part = i18n.T(ctx, "rules.words.always")
		}
		if len(r.Rules) > 1 && len(r.Rules[i].Rules) > 1 {
			part = i18n.T(ctx, "rules.words.group", "inner", part)
		}
		parts = append(parts, part)
	}
	switch logic := strings.ToUpper(r.Logic); {
	case len(parts) == 0:
		return ""
	case logic == "OR":
		return strings.Join(parts, i18n.T(ctx, "rules.words.or"))
	case logic == "NOT":
		return i18n.T(ctx, "rules.words.not", "inner", strings.Join(parts, i18n.T(ctx, "rules.words.or")))
	default:
		return strings.Join(parts, i18n.T(ctx, "rules.words.and"))
	}
}

func leafWords(ctx context.Context, r *models.Rule) string {
	_, value := valueText(r.Operator, r.Value)
	value = strings.ReplaceAll(value, "\n", i18n.T(ctx, "rules.words.list"))
	field, op := fieldLabel(ctx, r.Field), i18n.T(ctx, "rules.op."+r.Operator)
	if r.Operator == string(rules.OpExists) {
		key := "rules.words.present"
		if string(r.Value) == "false" {
			key = "rules.words.missing"
		}
		return i18n.T(ctx, key, "field", field)
	}
	return i18n.T(ctx, "rules.words.leaf", "field", field, "op", op, "value", value)
}

// fieldLabel names what a condition looks at.
func fieldLabel(ctx context.Context, name string) string {
	field, key := splitField(name)
	label := i18n.T(ctx, "rules.field."+strings.TrimSuffix(field, "."))
	if key == "" {
		return label
	}
	return i18n.T(ctx, "rules.field.of", "field", label, "key", key)
}

// ruleFields lists what a condition can look at, named for the page.
func ruleFields(ctx context.Context) []pages.RuleField {
	var list []pages.RuleField
	for _, f := range rules.Fields() {
		list = append(list, pages.RuleField{Name: f.Name, Label: fieldLabel(ctx, f.Name)})
	}
	return list
}

// traceLine says one condition and what it saw.
func traceLine(ctx context.Context, t *models.RuleTrace) pages.TraceLine {
	condition := &models.Rule{Field: t.Field, Operator: t.Operator, Value: t.Value}
	line := pages.TraceLine{Words: ruleWords(ctx, condition), LeafResult: *leafResult(t)}
	if !json.Valid(t.Actual) {
		line.Actual = ""
	}
	return line
}
