package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"squirrel/models"
	"squirrel/routing/rules"
	"squirrel/views/pages"
)

// submitted renders the form of a rule and reads it as a browser would send it.
func submitted(t *testing.T, root *pages.RuleNode) url.Values {
	t.Helper()
	var page bytes.Buffer
	if err := pages.RuleForm(pages.RuleEditor{Root: root, Fields: ruleFields(t.Context())}).Render(t.Context(), &page); err != nil {
		t.Fatal(err)
	}
	doc, err := html.Parse(&page)
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{}
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode {
			collect(form, n)
		}
	}
	return form
}

func collect(form url.Values, n *html.Node) {
	name, value := attr(n, "name"), attr(n, "value")
	switch {
	case name == "":
	case n.Data == "input" && attr(n, "type") == "checkbox":
		if flagged(n, "checked") {
			form.Add(name, value)
		}
	case n.Data == "input":
		form.Add(name, strings.NewReplacer("\r", "", "\n", "").Replace(value))
	case n.Data == "textarea":
		text := ""
		if n.FirstChild != nil {
			text = n.FirstChild.Data
		}
		form.Add(name, strings.ReplaceAll(text, "\n", "\r\n"))
	case n.Data == "select":
		chosen := ""
		for o := range n.Descendants() {
			if o.Data == "option" && (flagged(o, "selected") || chosen == "") {
				chosen = attr(o, "value")
			}
		}
		form.Add(name, chosen)
	}
}

// flagged reports whether an element has an attribute, whatever its value.
func flagged(n *html.Node, key string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key })
}

// meaning is a rule in a form in which equal rules are equal: values decoded with exact numbers, defaults written out.
func meaning(t *testing.T, r *models.Rule) any {
	t.Helper()
	if r == nil {
		return "always"
	}
	if r.IsGroup() {
		logic := strings.ToUpper(r.Logic)
		if logic == "" {
			logic = "AND"
		}
		group := []any{logic}
		for i := range r.Rules {
			group = append(group, meaning(t, &r.Rules[i]))
		}
		return group
	}
	value := any(nil)
	if raw := r.Value; len(raw) > 0 {
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.UseNumber()
		if err := dec.Decode(&value); err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
	} else if r.Operator == "exists" {
		value = true
	}
	return []any{r.Field, r.Operator, value, r.IgnoreCase}
}

var oddTexts = []string{
	"", " ", "a", "007", "true", "null", "gpt-4*", "<script>alert(1)</script>", `"quoted" & 'single'`, "two\nlines", "\r\n", "tab\there", "中文 ☕", "\x00", "\u2028",
	" spaces ", "a,b", "\ufffd", "\\", "&amp;",
}

func randomScalar(r *rand.Rand) any {
	switch r.IntN(4) {
	case 0:
		return json.Number([]string{"0", "-1", "8000", "0.5", "1e3", "9007199254740993", "-0.25E-2"}[r.IntN(7)])
	case 1:
		return r.IntN(2) == 0
	default:
		return oddTexts[r.IntN(len(oddTexts))]
	}
}

// randomRule makes trees that rules accept, of every field and operator.
func randomRule(t *testing.T, r *rand.Rand, depth int) models.Rule {
	if depth > 0 && r.IntN(3) == 0 {
		group := models.Rule{Logic: []string{"AND", "OR", "NOT"}[r.IntN(3)]}
		for range r.IntN(4) {
			group.Rules = append(group.Rules, randomRule(t, r, depth-1))
		}
		return group
	}
	fields := rules.Fields()
	f := fields[r.IntN(len(fields))]
	leaf := models.Rule{Field: f.Name, IgnoreCase: r.IntN(3) == 0}
	switch f.Name {
	case "headers.":
		leaf.Field += "X-Tier"
	case "body.":
		leaf.Field += "metadata.tags[*].name"
	}
	ops := rules.Operators(f.Type)
	leaf.Operator = string(ops[r.IntN(len(ops))])
	value := randomScalar(r)
	switch leaf.Operator {
	case "exists":
		value = r.IntN(2) == 0
		if r.IntN(3) == 0 {
			return leaf
		}
	case "in", "not_in":
		list := []any{value}
		for range r.IntN(4) {
			list = append(list, randomScalar(r))
		}
		value = list
	case "between":
		value = []any{json.Number("1"), json.Number("2.5")}
	case "gt", "gte", "lt", "lte":
		value = json.Number("8000")
	case "contains", "not_contains", "starts_with", "ends_with", "matches":
		value = oddTexts[1+r.IntN(len(oddTexts)-1)]
	case "regex":
		value = "^a.*b$"
	}
	raw, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	leaf.Value = raw
	return leaf
}

// TestRuleForm_LosesNothing sends random rules through the form and through the JSON view, both ways.
func TestRuleForm_LosesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 300 {
		rule := models.Rule{Logic: []string{"", "AND", "or", "NOT"}[r.IntN(4)]}
		for range 1 + r.IntN(4) {
			rule.Rules = append(rule.Rules, randomRule(t, r, 2))
		}
		if _, err := rules.Compile(&rule); err != nil {
			t.Fatalf("rule %d: %v", i, err)
		}
		root, err := decodeNode(submitted(t, ruleNode(&rule)))
		if err != nil {
			t.Fatal(err)
		}
		back, ok := ruleOf(root)
		if want := meaning(t, &rule); !ok || !reflect.DeepEqual(meaning(t, back), want) {
			t.Fatalf("rule %d\nwas     %s\nbecame  %s", i, ruleJSON(&rule), ruleJSON(back))
		}
		parsed, err := parseRule(ruleJSON(back))
		if err != nil || !reflect.DeepEqual(meaning(t, parsed), meaning(t, back)) {
			t.Fatalf("rule %d through JSON: %v, %s", i, err, ruleJSON(parsed))
		}
	}
}

func TestRuleForm_Buttons(t *testing.T) {
	root := ruleNode(nil)
	shape := func() string {
		rule, _ := ruleOf(root)
		out := ""
		var walk func(r *models.Rule)
		walk = func(r *models.Rule) {
			if !r.IsGroup() {
				out += string(r.Value)
				return
			}
			out += "("
			for i := range r.Rules {
				walk(&r.Rules[i])
			}
			out += ")"
		}
		if rule != nil {
			walk(rule)
		}
		return out
	}
	value := func(path, text string) { childAt(root, path).Value = text }
	editRule(root, "add:r")
	value("r.0", "a")
	editRule(root, "group:r")
	value("r.1.0", "b")
	editRule(root, "add:r.1")
	value("r.1.1", "c")
	for _, step := range []struct{ op, want string }{
		{"", `("a"("b""c"))`}, {"up:r.1", `(("b""c")"a")`}, {"up:r.0", `(("b""c")"a")`}, {"down:r.0.0", `(("c""b")"a")`},
		{"copy:r.0", `(("c""b")("c""b")"a")`}, {"del:r.1.0", `(("c""b")("b")"a")`}, {"down:r.2", `(("c""b")("b")"a")`},
		{"del:r", `(("c""b")("b")"a")`}, {"del:r.9", `(("c""b")("b")"a")`}, {"add:r.2", `(("c""b")("b")"a")`}, {"del:r.x", `(("c""b")("b")"a")`},
		{"nonsense", `(("c""b")("b")"a")`}, {"del:r.0", `(("b")"a")`},
	} {
		editRule(root, step.op)
		if got := shape(); got != step.want {
			t.Errorf("%s: %s, want %s", step.op, got, step.want)
		}
	}
}

func TestRuleForm_IsBounded(t *testing.T) {
	form := url.Values{"r:l": {"AND"}}
	for i := range 500 {
		form.Set(fmt.Sprintf("r.%d:f", i), "model")
	}
	if _, err := decodeNode(form); models.ErrorCode(err) != models.CodeInvalid {
		t.Errorf("500 conditions: %v", err)
	}
	deep := url.Values{}
	for path, i := "r", 0; i < 30; path, i = path+".0", i+1 {
		deep.Set(path+":l", "AND")
	}
	if _, err := decodeNode(deep); models.ErrorCode(err) != models.CodeInvalid {
		t.Errorf("30 levels: %v", err)
	}
	if root, err := decodeNode(url.Values{}); err != nil || !root.Group || len(root.Children) != 0 {
		t.Errorf("an empty form: %+v, %v", root, err)
	}
}

func TestParseRule_SaysWhere(t *testing.T) {
	for text, want := range map[string]string{
		"{\n\"rules\": [\n}": "line 3", "": "line 1", "{} {}": "more than one", `{"field":1}`: "not a rule", `{"feld":"model"}`: `unknown field "feld"`,
	} {
		if _, err := parseRule(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
