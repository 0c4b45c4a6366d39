package rules

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"squirrel/models"
)

// noon is a Wednesday.
var noon = time.Date(2026, 3, 4, 12, 30, 0, 0, time.UTC)

// compile reads a rule as it is stored.
func compile(t testing.TB, text string) (*Rule, error) {
	t.Helper()
	var r *models.Rule
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return Compile(r)
}

func mustCompile(t testing.TB, text string) *Rule {
	t.Helper()
	r, err := compile(t, text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return r
}

// onBody makes the facts of a chat request.
func onBody(body string) *RequestFacts {
	return NewFacts(Source{Endpoint: models.EndpointChat, Protocol: models.ProtocolOpenAI, Body: []byte(body)})
}

// outcome is yes, no or error.
func outcome(r *Rule, f Facts) string {
	matched, err := r.Match(f, noon)
	switch {
	case err != nil && matched:
		return "both"
	case err != nil:
		return "error"
	case matched:
		return "yes"
	default:
		return "no"
	}
}

// TestD13_OperatorTable is the defined table: every operator on every type of value, on null and on a missing field.
// Types are never converted; null is missing; what has no value of the right type can't be evaluated.
func TestD13_OperatorTable(t *testing.T) {
	const body = `{"text":"007","seven":7,"half":7.5,"yes":true,"null":null,"object":{"a":1},"empty":[],"list":["x","007",7]}`
	fields := []string{"text", "seven", "half", "yes", "null", "object", "empty", "list", "gone"}
	for _, tc := range []struct{ op, value, want string }{
		//                         text  seven half  yes   null  object empty list  gone
		{"eq", `"007"`, "           yes   no    no    no    no    no     no    yes   no"},
		{"eq", `7`, "               no    yes   no    no    no    no     no    yes   no"},
		{"eq", `7.0`, "             no    yes   no    no    no    no     no    yes   no"},
		{"eq", `true`, "            no    no    no    yes   no    no     no    no    no"},
		{"ne", `"007"`, "           no    yes   yes   yes   yes   yes    yes   no    yes"},
		{"ne", `7`, "               yes   no    yes   yes   yes   yes    yes   no    yes"},
		{"in", `["a","007"]`, "     yes   no    no    no    no    no     no    yes   no"},
		{"in", `[7.5,true]`, "      no    no    yes   yes   no    no     no    no    no"},
		{"not_in", `["a","007"]`, " no    yes   yes   yes   yes   yes    yes   no    yes"},
		{"not_in", `[7,true]`, "    yes   no    yes   no    yes   yes    yes   no    yes"},
		{"gt", `3`, "               error yes   yes   error no    error  no    yes   no"},
		{"gt", `7`, "               error no    yes   error no    error  no    no    no"},
		{"gte", `7`, "              error yes   yes   error no    error  no    yes   no"},
		{"lt", `7.5`, "             error yes   no    error no    error  no    yes   no"},
		{"lte", `7`, "              error yes   no    error no    error  no    yes   no"},
		{"between", `[7,7.4]`, "    error yes   no    error no    error  no    yes   no"},
		{"contains", `"0"`, "       yes   error error error no    error  no    yes   no"},
		{"contains", `"z"`, "       no    error error error no    error  no    no    no"},
		{"not_contains", `"0"`, "   no    error error error yes   error  yes   no    yes"},
		{"not_contains", `"z"`, "   yes   error error error yes   error  yes   yes   yes"},
		{"starts_with", `"00"`, "   yes   error error error no    error  no    yes   no"},
		{"ends_with", `"07"`, "     yes   error error error no    error  no    yes   no"},
		{"matches", `"0?7"`, "      yes   error error error no    error  no    yes   no"},
		{"regex", `"^0+7$"`, "      yes   error error error no    error  no    yes   no"},
		{"exists", `true`, "        yes   yes   yes   yes   no    yes    no    yes   no"},
		{"exists", `false`, "       no    no    no    no    yes   no     yes   no    yes"},
	} {
		want := strings.Fields(tc.want)
		for i, field := range fields {
			r := mustCompile(t, `{"field":"body.`+field+`","operator":"`+tc.op+`","value":`+tc.value+`}`)
			if got := outcome(r, onBody(body)); got != want[i] {
				t.Errorf("%s %s %s: %s, want %s", field, tc.op, tc.value, got, want[i])
			}
		}
	}
}

func TestD13_HeadersAreText(t *testing.T) {
	f := NewFacts(Source{Header: func(name string) (string, bool) { return "7", name == "x-n" }})
	for rule, want := range map[string]string{
		`{"field":"headers.X-N","operator":"eq","value":"7"}`:       "yes",
		`{"field":"headers.x-n","operator":"eq","value":7}`:         "no",
		`{"field":"headers.x-n","operator":"gt","value":3}`:         "error",
		`{"field":"headers.x-m","operator":"gt","value":3}`:         "no",
		`{"field":"headers.x-m","operator":"exists","value":false}`: "yes",
	} {
		if got := outcome(mustCompile(t, rule), f); got != want {
			t.Errorf("%s: %s, want %s", rule, got, want)
		}
	}
}

func TestMatch_NumbersAreExact(t *testing.T) {
	const rule = `{"field":"body.n","operator":"eq","value":9007199254740993}`
	for body, want := range map[string]string{
		`{"n":9007199254740993}`: "yes", `{"n":9007199254740992}`: "no", `{"n":1e999}`: "no", `{"n":NaN}`: "no",
	} {
		if got := outcome(mustCompile(t, rule), onBody(body)); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
	if got := outcome(mustCompile(t, `{"field":"body.n","operator":"gt","value":1}`), onBody(`{"n":1e999}`)); got != "error" {
		t.Errorf("a number out of range: %s, want error", got)
	}
}

func TestMatch_Groups(t *testing.T) {
	const (
		holds = `{"field":"model","operator":"eq","value":"m"}`
		fails = `{"field":"model","operator":"eq","value":"x"}`
		error = `{"field":"body.text","operator":"gt","value":1}`
	)
	f := NewFacts(Source{Model: "m", Endpoint: models.EndpointChat, Body: []byte(`{"text":"a"}`)})
	group := func(logic string, rules ...string) string {
		return `{"logic":"` + logic + `","rules":[` + strings.Join(rules, ",") + `]}`
	}
	for _, tc := range []struct{ rule, want string }{
		{`null`, "yes"},
		{`{}`, "yes"},
		{`{"rules":[]}`, "yes"},
		{`{"logic":"OR","rules":[]}`, "yes"},
		{`{"rules":[` + holds + `,` + fails + `]}`, "no"},
		{group("AND", holds, holds), "yes"},
		{group("and", holds, fails), "no"},
		{group("OR", fails, holds), "yes"},
		{group("OR", fails, fails), "no"},
		{group("NOT", fails), "yes"},
		{group("NOT", holds), "no"},
		{group("NOT", fails, holds), "no"},
		{group("NOT", fails, fails), "yes"},
		{group("AND", holds, error), "error"},
		{group("AND", error, fails), "no"},
		{group("OR", error, holds), "yes"},
		{group("OR", error, fails), "error"},
		{group("NOT", error), "error"},
		{group("NOT", error, holds), "no"},
		{group("OR", fails, `{"logic":"OR","rules":[]}`), "yes"},
		{group("AND", group("OR", fails, group("NOT", fails)), holds), "yes"},
	} {
		if got := outcome(mustCompile(t, tc.rule), f); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.rule, got, tc.want)
		}
	}
}

func TestMatch_PlainFields(t *testing.T) {
	f := NewFacts(Source{
		Model: "gpt-4o", Endpoint: models.EndpointChat, Protocol: models.ProtocolOpenAI, Stream: true, RequestID: "r",
		UserAgent: "claude-cli/1.0 (external)", APIKeyName: "ci", APIKeyTags: []string{"gold", "eu"},
		InputTokens: func() int64 { return 8000 }, Body: []byte(`{"max_tokens":5,"max_completion_tokens":9}`),
	})
	for rule, want := range map[string]string{
		`{"field":"model","operator":"matches","value":"gpt-4*"}`:                                "yes",
		`{"field":"model","operator":"matches","value":"GPT-4?","ignore_case":true}`:             "yes",
		`{"field":"model","operator":"matches","value":"GPT-4?"}`:                                "no",
		`{"field":"endpoint","operator":"ends_with","value":"/completions"}`:                     "yes",
		`{"field":"protocol","operator":"in","value":["anthropic","openai"]}`:                    "yes",
		`{"field":"stream","operator":"eq","value":true}`:                                        "yes",
		`{"field":"stream","operator":"ne","value":true}`:                                        "no",
		`{"field":"token_usage.input_tokens","operator":"gte","value":8000}`:                     "yes",
		`{"field":"max_output_tokens","operator":"eq","value":9}`:                                "yes",
		`{"field":"api_key.name","operator":"starts_with","value":"C","ignore_case":true}`:       "yes",
		`{"field":"api_key.tags","operator":"eq","value":"eu"}`:                                  "yes",
		`{"field":"api_key.tags","operator":"ne","value":"eu"}`:                                  "no",
		`{"field":"api_key.tags","operator":"not_in","value":["trial"]}`:                         "yes",
		`{"field":"user_id","operator":"exists","value":true}`:                                   "no",
		`{"field":"client","operator":"eq","value":"claude-code"}`:                               "yes",
		`{"field":"time.hour","operator":"between","value":[9,17]}`:                              "yes",
		`{"field":"time.weekday","operator":"eq","value":3}`:                                     "yes",
		`{"field":"random","operator":"between","value":[0,100]}`:                                "yes",
		`{"field":"random","operator":"gte","value":100}`:                                        "no",
		`{"field":"body.max_tokens","operator":"exists"}`:                                        "yes",
		`{"field":"api_key.tags","operator":"contains","value":"GOL","ignore_case":true}`:        "yes",
		`{"field":"api_key.tags","operator":"regex","value":"^G.LD$","ignore_case":true}`:        "yes",
		`{"field":"model","operator":"eq","value":"GPT-4O","ignore_case":true}`:                  "yes",
		`{"field":"model","operator":"in","value":["GPT-4O"],"ignore_case":true}`:                "yes",
		`{"field":"endpoint","operator":"ends_with","value":"COMPLETIONS","ignore_case":true}`:   "yes",
		`{"field":"endpoint","operator":"not_contains","value":"COMPLETION","ignore_case":true}`: "no",
	} {
		if got := outcome(mustCompile(t, rule), f); got != want {
			t.Errorf("%s: %s, want %s", rule, got, want)
		}
	}
}

func TestCompile_Problems(t *testing.T) {
	leaf := `{"field":"model","operator":"eq","value":"m"}`
	deep := leaf
	for range 5 {
		deep = `{"rules":[` + deep + `]}`
	}
	for _, tc := range []struct{ rule, path, message string }{
		{`{"field":"modell","operator":"eq","value":"m"}`, "rule.rules[0].field", `no field "modell"`},
		{`{"rules":[` + leaf + `,{"rules":[{"field":"model","operator":"is","value":"m"}]}]}`, "rule.rules[1].rules[0].operator", `no operator "is"`},
		{`{"logic":"XOR","rules":[` + leaf + `]}`, "rule.logic", "AND, OR or NOT"},
		{`{"rules":[{"field":"model","operator":"eq","value":"m","logic":"AND"}]}`, "rule.rules[0]", "both a condition and a group"},
		{`{"field":"model","operator":"gt","value":1}`, "rule.rules[0].operator", "which is a text"},
		{`{"field":"messages.count","operator":"contains","value":"1"}`, "rule.rules[0].operator", "which is a number"},
		{`{"field":"model","operator":"eq"}`, "rule.rules[0].value", "is required"},
		{`{"field":"model","operator":"eq","value":null}`, "rule.rules[0].value", "is required"},
		{`{"field":"model","operator":"eq","value":{}}`, "rule.rules[0].value", "must be a text, a number"},
		{`{"field":"model","operator":"eq","value":1e999}`, "rule.rules[0].value", "out of range"},
		{`{"field":"model","operator":"in","value":"m"}`, "rule.rules[0].value", "must be a list"},
		{`{"field":"model","operator":"in","value":[]}`, "rule.rules[0].value", "must be a list"},
		{`{"field":"model","operator":"in","value":["a",[1]]}`, "rule.rules[0].value", "value 2 of the list"},
		{`{"field":"random","operator":"between","value":[5,1]}`, "rule.rules[0].value", "two numbers"},
		{`{"field":"random","operator":"lt","value":"5"}`, "rule.rules[0].value", "must be a number"},
		{`{"field":"model","operator":"contains","value":5}`, "rule.rules[0].value", "must be a text"},
		{`{"field":"model","operator":"contains","value":""}`, "rule.rules[0].value", "must not be empty"},
		{`{"field":"model","operator":"exists","value":"yes"}`, "rule.rules[0].value", "true or false"},
		{`{"field":"headers.","operator":"exists","value":true}`, "rule.rules[0].field", "not a header name"},
		{`{"field":"headers.a b","operator":"exists","value":true}`, "rule.rules[0].field", "not a header name"},
		{`{"field":"body.","operator":"exists","value":true}`, "rule.rules[0].field", "character 1 of the path"},
		{`{"field":"body.a..b","operator":"exists","value":true}`, "rule.rules[0].field", "character 3 of the path"},
		{`{"field":"body.a[x]","operator":"exists","value":true}`, "rule.rules[0].field", "neither an index nor *"},
		{`{"field":"body.a[0","operator":"exists","value":true}`, "rule.rules[0].field", "not closed at character 2"},
		{`{"field":"body.a[0]b","operator":"exists","value":true}`, "rule.rules[0].field", "character 5"},
		{deep, "rule.rules[0].rules[0].rules[0].rules[0]", "deeper than 4"},
		{`{"rules":[` + strings.Repeat(leaf+",", 60) + leaf + `]}`, "rule", "61 conditions"},
	} {
		_, err := compile(t, tc.rule)
		var problems *Error
		if !errors.As(err, &problems) {
			t.Errorf("%s: %v, want an *Error", tc.rule, err)
			continue
		}
		if got := problems.Fields("rule")[tc.path]; !strings.Contains(got, tc.message) {
			t.Errorf("%s: %v; want %q at %s", tc.rule, problems.Fields("rule"), tc.message, tc.path)
		}
	}
	if _, err := compile(t, `{"rules":[`+strings.Repeat(leaf+",", 59)+leaf+`]}`); err != nil {
		t.Errorf("60 conditions: %v", err)
	}
	if _, err := compile(t, `{"rules":[{"rules":[{"rules":[{"rules":[`+leaf+`]}]}]}]}`); err != nil {
		t.Errorf("depth 4: %v", err)
	}
}
