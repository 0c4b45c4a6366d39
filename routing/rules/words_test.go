package rules

import (
	"encoding/json"
	"strings"
	"testing"

	"squirrel/models"
)

func TestWords(t *testing.T) {
	for _, tc := range []struct{ rule, want string }{
		{`null`, "always"},
		{`{"rules":[]}`, "always"},
		{`{"rules":[{"field":"model","operator":"matches","value":"gpt-4*"},{"field":"headers.X-Tier","operator":"in","value":["gold","platinum"]},
			{"logic":"OR","rules":[{"field":"token_usage.input_tokens","operator":"gte","value":8000},{"field":"messages.any","operator":"contains","value":"` + "```sql" + `"}]}]}`,
			"model matches gpt-4* AND header x-tier is gold or platinum AND (input tokens ≥ 8,000 OR any message contains \"```sql\")"},
		{`{"logic":"NOT","rules":[{"field":"headers.x-tier","operator":"in","value":["a","b","c"]}]}`, "NOT (header x-tier is a, b or c)"},
		{`{"rules":[{"field":"model","operator":"eq","value":"a"},{"logic":"NOT","rules":[{"field":"stream","operator":"eq","value":true},{"field":"has.tools","operator":"eq","value":true}]}]}`,
			"model is a AND NOT (is a stream OR has tools)"},
		{`{"field":"stream","operator":"ne","value":true}`, "is not a stream"},
		{`{"field":"has.image","operator":"eq","value":false}`, "has no image"},
		{`{"field":"has.file","operator":"eq","value":true}`, "has a file"},
		{`{"field":"has.audio","operator":"ne","value":true}`, "has no audio"},
		{`{"field":"body.n","operator":"eq","value":"007"}`, `body.n is "007"`},
		{`{"field":"body.n","operator":"ne","value":-1234567}`, "body.n is not -1,234,567"},
		{`{"field":"body.n","operator":"eq","value":true}`, "body.n is true"},
		{`{"field":"user_id","operator":"exists","value":true}`, "user id is present"},
		{`{"field":"user_id","operator":"exists","value":false}`, "user id is missing"},
		{`{"field":"time.weekday","operator":"in","value":[6,7]}`, "weekday is Saturday or Sunday"},
		{`{"field":"time.hour","operator":"between","value":[9,17]}`, "hour is between 9 and 17"},
		{`{"field":"random","operator":"lt","value":2.5}`, "random < 2.5"},
		{`{"field":"model","operator":"regex","value":"^a b$","ignore_case":true}`, "model matches regex /^a b$/ (in any case)"},
		{`{"field":"model","operator":"gt","value":1}`, "not valid: rules[0].operator: gt does not work on model, which is a text"},
	} {
		var r *models.Rule
		if err := json.Unmarshal([]byte(tc.rule), &r); err != nil {
			t.Fatal(err)
		}
		if got := Words(r); got != tc.want {
			t.Errorf("got  %s\nwant %s", got, tc.want)
		}
	}
}

func TestTrace_ShowsEveryLeaf(t *testing.T) {
	r := mustCompile(t, `{"logic":"OR","rules":[
		{"field":"model","operator":"eq","value":"m"},
		{"field":"headers.x-tier","operator":"eq","value":"gold"},
		{"logic":"NOT","rules":[{"field":"messages.any","operator":"contains","value":"SELECT"}]},
		{"field":"body.temperature","operator":"gt","value":1},
		{"field":"body.model","operator":"lt","value":1},
		{"field":"token_usage.input_tokens","operator":"gte","value":8000}]}`)
	f := NewFacts(Source{
		Model: "m", Endpoint: models.EndpointChat, InputTokens: func() int64 { return 512 },
		Body: []byte(`{"model":"m","temperature":0.5,"messages":[{"role":"user","content":"hi"},{"role":"user","content":"SELECT 1"}]}`),
	})
	matched, trace, err := r.Trace(f, noon)
	if !matched || err != nil {
		t.Errorf("%v, %v", matched, err)
	}
	got, _ := json.Marshal(trace)
	want := `[{"field":"model","operator":"eq","value":"m","actual":"m","result":true},` +
		`{"field":"headers.x-tier","operator":"eq","value":"gold","actual":null,"result":false},` +
		`{"field":"messages.any","operator":"contains","value":"SELECT","actual":["hi","SELECT 1"],"result":true},` +
		`{"field":"body.temperature","operator":"gt","value":1,"actual":0.5,"result":false},` +
		`{"field":"body.model","operator":"lt","value":1,"actual":"m","result":false},` +
		`{"field":"token_usage.input_tokens","operator":"gte","value":8000,"actual":512,"result":false}]`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	many := onBody(`{"list":[` + strings.Repeat("1,", 500) + `1]}`)
	if got := read(t, many, "body.list"); strings.Count(got, ",") != maxSamples || !strings.HasSuffix(got, `"…"]`) {
		t.Errorf("a long list: %s", got)
	}
}

// TestObserve_ShowsWhatWasLookedAt: the same rule on a live request: nothing is read that the decision does not need.
func TestObserve_ShowsWhatWasLookedAt(t *testing.T) {
	counted := 0
	f := NewFacts(Source{
		Model: "m", Endpoint: models.EndpointChat, InputTokens: func() int64 { counted++; return 512 },
		Header: func(name string) (string, bool) { return "gold", name == "x-tier" },
		Body:   []byte(`{"messages":[{"role":"user","content":"hi"},{"role":"user","content":"SELECT 1"},{"role":"user","content":"bye"}],"n":[]}`),
	})
	for rule, want := range map[string]string{
		`{"rules":[{"field":"headers.x-tier","operator":"eq","value":"silver"},{"field":"token_usage.input_tokens","operator":"gte","value":8000}]}`:                                                                      `no [{"field":"headers.x-tier","operator":"eq","value":"silver","actual":"gold","result":false}]`,
		`{"logic":"OR","rules":[{"field":"headers.x-team","operator":"eq","value":"a"},{"field":"messages.any","operator":"contains","value":"SELECT"},{"field":"token_usage.input_tokens","operator":"gte","value":1}]}`: `yes [{"field":"headers.x-team","operator":"eq","value":"a","actual":null,"result":false},{"field":"messages.any","operator":"contains","value":"SELECT","actual":["hi","SELECT 1"],"result":true}]`,
	} {
		r := mustCompile(t, rule)
		matched, seen, err := r.Observe(f, noon)
		got, _ := json.Marshal(seen)
		if same, _ := r.Match(f, noon); err != nil || same != matched || map[bool]string{true: "yes ", false: "no "}[matched]+string(got) != want {
			t.Errorf("%v, %v: got  %s\nwant %s", matched, err, got, want)
		}
	}
	if counted > 0 {
		t.Errorf("the tokens were counted %d times, for nothing", counted)
	}
	if matched, seen, err := (*Rule)(nil).Observe(f, noon); !matched || seen != nil || err != nil {
		t.Errorf("no rule: %v, %v, %v", matched, seen, err)
	}
}

// TestExcerpt_EndsWithoutHalfACredential cuts before what may go on.
func TestExcerpt_EndsWithoutHalfACredential(t *testing.T) {
	prose := strings.Repeat("word ", 38)
	for text, want := range map[string]string{
		"short sk-key":                            "short sk-key",
		prose + "sk-" + strings.Repeat("k", 40):   prose + "…",
		prose + "\"sk-" + strings.Repeat("k", 40): prose + "\"…",
		strings.Repeat("x", 300):                  "…",
	} {
		if got := excerpt(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestParse(t *testing.T) {
	if r, err := Parse([]byte(`null`)); r != nil || err != nil {
		t.Errorf("null: %v, %v", r, err)
	}
	if r, err := Parse([]byte(` {"field":"model","operator":"eq","value":"m"} `)); err != nil || r.Field != "model" {
		t.Errorf("%v, %v", r, err)
	}
	for text, want := range map[string]string{
		"{\n  \"logic\": \"AND\",\n  \"rules\" []}": "line 3, column 11",
		`{"logic":1}`: "logic can't be a number",
		`{"rules":[`:  "ends too early",
		``:            "ends too early",
		`{"rule":[]}`: `unknown field "rule"`,
		`{} {}`:       "more follows",
		`{"field":"modell","operator":"exists","value":true}`: "rules[0].field",
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// TestFieldsAndOperators: what editors offer is what compiles.
func TestFieldsAndOperators(t *testing.T) {
	values := map[Operator]string{OpIn: `["a"]`, OpNotIn: `["a"]`, OpBetween: `[1,2]`, OpExists: `true`}
	for _, info := range Fields() {
		name := info.Name
		if strings.HasSuffix(name, ".") {
			name += "x"
		}
		for _, op := range Operators(info.Type) {
			value := values[op]
			if value == "" {
				value = `"a"`
				if o := operatorOf(string(op)); o.family == numberFamily {
					value = `1`
				}
			}
			rule := &models.Rule{Field: name, Operator: string(op), Value: json.RawMessage(value)}
			compiled, err := Compile(rule)
			if err != nil {
				t.Errorf("%s %s: %v", name, op, err)
				continue
			}
			outcome(compiled, NewFacts(Source{}))
		}
	}
}
