package rules

import (
	"encoding/json"
	"testing"

	"squirrel/models"
)

// FuzzRule compiles any rule and evaluates it on any body: it never panics, a match and an error exclude each other, and
// the trace comes to the same result.
func FuzzRule(f *testing.F) {
	body := dialogues[models.EndpointChat]
	for _, rule := range []string{
		`null`, `{"logic":"OR","rules":[{"logic":"NOT","rules":[{"field":"body.a[*].b","operator":"gt","value":1}]}]}`,
		`{"field":"messages.any","operator":"regex","value":"(a|b)+$","ignore_case":true}`,
		`{"field":"messages.last_user","operator":"matches","value":"*?a*","ignore_case":true}`,
		`{"field":"tools.names","operator":"not_in","value":["run",1,true]}`,
		`{"field":"headers.x","operator":"between","value":[1,2]}`, `{"field":"random","operator":"lt","value":1e3}`,
		`{"field":"body.messages[*].content","operator":"not_contains","value":"é"}`,
	} {
		f.Add(rule, body)
		f.Add(rule, `{"a":[{"b":1e400},{"b":"\ud800"},[[[`)
	}
	f.Fuzz(func(t *testing.T, text, body string) {
		var rule *models.Rule
		if json.Unmarshal([]byte(text), &rule) != nil {
			return
		}
		compiled, err := Compile(rule)
		if err != nil {
			return
		}
		compiled.Words()
		facts := onBody(body)
		got := outcome(compiled, facts)
		matched, trace, traceErr := compiled.Trace(facts, noon)
		if got == "both" || matched != (got == "yes") || (traceErr != nil) != (got == "error") {
			t.Fatalf("%s, but the trace says %v, %v", got, matched, traceErr)
		}
		if _, err := json.Marshal(trace); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzFacts reads every field of any body on every endpoint.
func FuzzFacts(f *testing.F) {
	for endpoint, body := range dialogues {
		f.Add(string(endpoint), body)
	}
	for _, body := range []string{`{`, `{"`, `{"a"`, `{"a":`, `{"messages":[`, `{"messages":[{"role":`, `[]`, `"`, `{"input":["\u`, `{"tools":[{"function":"`, "{\"a\\\":1}"} {
		f.Add(string(models.EndpointResponses), body)
	}
	f.Fuzz(func(t *testing.T, endpoint, body string) {
		facts := NewFacts(Source{Endpoint: models.Endpoint(endpoint), Body: []byte(body)})
		for _, info := range Fields() {
			switch info.id {
			case fieldHeader:
			case fieldBody:
				for _, path := range []string{"a", "messages[*].content[*].text", "input[0]", "tools"} {
					read(t, facts, "body."+path)
				}
			default:
				read(t, facts, info.Name)
			}
		}
	})
}

// FuzzUnquote decodes every valid literal as encoding/json does.
func FuzzUnquote(f *testing.F) {
	f.Add(`"\ud83d\ude00"`)
	f.Add(`"a\\\"b"`)
	f.Fuzz(func(t *testing.T, literal string) {
		got := unquote(literal)
		var want string
		if len(literal) == 0 || literal[0] != '"' || json.Unmarshal([]byte(literal), &want) != nil || literal[len(literal)-1] != '"' {
			return
		}
		if got != want && string([]rune(got)) != want { // encoding/json replaces bytes that are no characters
			t.Fatalf("%q: %q, want %q", literal, got, want)
		}
	})
}
