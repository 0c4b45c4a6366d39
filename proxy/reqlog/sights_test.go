package reqlog

import (
	"encoding/json"
	"testing"

	"squirrel/models"
)

func TestRules_AreRedacted(t *testing.T) {
	r := newTestRedactor()
	for _, tc := range []struct{ field, value, actual, wantValue, wantActual string }{
		{"model", `"gpt-4o"`, `"gpt-4o"`, `"gpt-4o"`, `"gpt-4o"`},
		{"headers.x-tier", `["gold"]`, `"gold"`, `["gold"]`, `"gold"`},
		{"headers.authorization", `"Bearer x"`, `"Bearer abcdef"`, `"***"`, `"***"`},
		{"headers.x-api-key", `"a"`, `null`, `"***"`, `null`},
		{"headers.x-note", `"a"`, `"see pass/word+with=special"`, `"a"`, `"see ***"`},
		{"body.metadata.password", `"hunter2"`, `"hunter3"`, `"***"`, `"***"`},
		{"body.secrets[0].api_key[*]", `1`, `["k"]`, `"***"`, `"***"`},
		{"messages.any", `"deploy"`, `["deploy with sk-abcdefghijklmnopqrstuvwxyz012345"]`, `"deploy"`, `["deploy with sk-a***2345"]`},
		{"user_id", ``, `"mine is lgw-0123456789abcdefghijklmn0123"`, ``, `"mine is lgw-***0123"`},
	} {
		seen := []models.RuleTrace{{Field: tc.field, Value: json.RawMessage(tc.value), Actual: json.RawMessage(tc.actual)}}
		r.Rules(seen, "own-key-of-the-caller")
		if got := seen[0]; string(got.Value) != tc.wantValue || string(got.Actual) != tc.wantActual {
			t.Errorf("%s: %s, %s, want %s, %s", tc.field, got.Value, got.Actual, tc.wantValue, tc.wantActual)
		}
		again := []models.RuleTrace{seen[0]}
		if r.Rules(again); string(again[0].Value) != tc.wantValue || string(again[0].Actual) != tc.wantActual {
			t.Errorf("%s: not the same again: %s, %s", tc.field, again[0].Value, again[0].Actual)
		}
	}
}
