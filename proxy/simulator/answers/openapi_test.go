package answers

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// openAISchemas are the schemas of OpenAI's published API description.
var openAISchemas = sync.OnceValues(func() (map[string]map[string]any, error) {
	raw, err := os.ReadFile("testdata/openai-schemas.json")
	if err != nil {
		return nil, err
	}
	var all map[string]map[string]any
	return all, json.Unmarshal(raw, &all)
})

// mustFit fails the test unless the JSON fits OpenAI's schema of that name.
func mustFit(t *testing.T, schema string, body []byte) {
	t.Helper()
	all, err := openAISchemas()
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		t.Fatalf("not JSON: %v: %s", err, body)
	}
	if err := fits(all, map[string]any{"$ref": schema}, value, "$"); err != nil {
		t.Errorf("does not fit %s: %v\n%s", schema, err, body)
	}
}

// nullAllTheSame are fields the live service sends as null where its description does not allow it: see the recordings.
var nullAllTheSame = []string{"user", "usage", "finish_reason"}

// fits checks the part of JSON schema that OpenAI's description uses for answers.
func fits(all map[string]map[string]any, schema map[string]any, value any, at string) error {
	if value == nil && schema["nullable"] == true {
		return nil
	}
	if ref, ok := schema["$ref"].(string); ok {
		name := ref[strings.LastIndexByte(ref, '/')+1:]
		target, known := all[name]
		if !known {
			return fmt.Errorf("%s: schema %s is not there", at, name)
		}
		return fits(all, target, value, at)
	}
	if err := fitsCombined(all, schema, value, at); err != nil {
		return err
	}
	if enum, ok := schema["enum"].([]any); ok && !slices.Contains(enum, value) {
		return fmt.Errorf("%s: %v is none of %v", at, value, enum)
	}
	kind, ok := schema["type"].(string)
	if !ok {
		return nil
	}
	if got := kindOf(value); got != kind && (got != "integer" || kind != "number") {
		return fmt.Errorf("%s: is of type %s, not %s", at, got, kind)
	}
	return fitsInside(all, schema, value, at)
}

func fitsCombined(all map[string]map[string]any, schema map[string]any, value any, at string) error {
	for _, part := range asList(schema["allOf"]) {
		if err := fits(all, part, value, at); err != nil {
			return err
		}
	}
	options := append(asList(schema["anyOf"]), asList(schema["oneOf"])...)
	var failures []string
	for _, option := range options {
		err := fits(all, option, value, at)
		if err == nil {
			return nil
		}
		failures = append(failures, err.Error())
	}
	if len(options) == 0 {
		return nil
	}
	return fmt.Errorf("%s: fits none of %d: %s", at, len(options), strings.Join(failures, "; "))
}

func fitsInside(all map[string]map[string]any, schema map[string]any, value any, at string) error {
	switch v := value.(type) {
	case map[string]any:
		required, _ := schema["required"].([]any)
		for _, name := range required {
			if _, ok := v[name.(string)]; !ok {
				return fmt.Errorf("%s: %s is missing", at, name)
			}
		}
		properties, _ := schema["properties"].(map[string]any)
		for name, p := range properties {
			if inner, ok := v[name]; ok && (inner != nil || !slices.Contains(nullAllTheSame, name)) {
				if err := fits(all, p.(map[string]any), inner, at+"."+name); err != nil {
					return err
				}
			}
		}
	case []any:
		items, _ := schema["items"].(map[string]any)
		for i, inner := range v {
			if err := fits(all, items, inner, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
	}
	return nil
}

func asList(v any) []map[string]any {
	raw, _ := v.([]any)
	out := make([]map[string]any, 0, len(raw))
	for _, r := range raw {
		out = append(out, r.(map[string]any))
	}
	return out
}

func kindOf(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case float64:
		if v == math.Trunc(v) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	}
	return "object"
}

func TestSchemaCheckRefuses(t *testing.T) {
	t.Parallel()
	all, err := openAISchemas()
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{
		`{}`, `{"id":1,"choices":[],"created":1,"model":"m","object":"chat.completion"}`,
		`{"id":"a","choices":[],"created":1,"model":"m","object":"other"}`,
		`{"id":"a","choices":[{}],"created":1,"model":"m","object":"chat.completion"}`,
	} {
		var value any
		if err := json.Unmarshal([]byte(body), &value); err != nil {
			t.Fatal(err)
		}
		if fits(all, all["CreateChatCompletionResponse"], value, "$") == nil {
			t.Errorf("%s fits, and should not", body)
		}
	}
}
