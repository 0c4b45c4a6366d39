package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// jsonProblem says where a text stops being JSON; empty when it is.
func jsonProblem(text string) string {
	var any json.RawMessage
	err := json.Unmarshal([]byte(text), &any)
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return ""
	case strings.TrimSpace(text) == "":
		return "must not be empty"
	case !errors.As(err, &syntax):
		return "must be JSON"
	}
	before := text[:min(max(int(syntax.Offset)-1, 0), len(text))]
	line, last := strings.Count(before, "\n")+1, strings.LastIndexByte(before, '\n')
	return fmt.Sprintf("must be JSON: line %d, column %d: %s", line, utf8.RuneCountInString(before[last+1:])+1, syntax)
}

var schemaName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)

// schemaFormat is the format of an answer that keeps to a schema, without the words in which the protocols wrap it.
func (b *bodyBuilder) schemaFormat() map[string]any {
	p := b.form.Params
	name := p["schema_name"]
	if name == "" {
		name = "answer"
	} else if !schemaName.MatchString(name) {
		b.problems["schema_name"] = "must have 1 to 64 letters, digits, _ and - only"
	}
	if problem := schemaProblem(p["schema"]); problem != "" {
		b.problems["schema"] = problem
		return nil
	}
	format := map[string]any{"name": name, "schema": json.RawMessage(p["schema"])}
	if p["schema_strict"] != "" {
		format["strict"] = true
	}
	return format
}

// schemaProblem says what is wrong with a JSON schema and where; empty when nothing is. It knows the words that matter for the
// answers of models (https://json-schema.org/draft/2020-12); the others are the provider's business.
func schemaProblem(text string) string {
	if problem := jsonProblem(text); problem != "" {
		return problem
	}
	var schema object
	if json.Unmarshal([]byte(text), &schema) != nil || schema == nil {
		return "must be a JSON object"
	}
	return objectProblem("#", schema)
}

const maxSchemaDepth = 64

func subschemaProblem(at string, raw json.RawMessage) string {
	if strings.Count(at, "/") > maxSchemaDepth {
		return "at " + at + ": is nested too deeply"
	}
	if text := string(bytes.TrimSpace(raw)); text == "true" || text == "false" {
		return ""
	}
	var schema object
	if json.Unmarshal(raw, &schema) != nil || schema == nil {
		return "at " + at + ": must be a JSON object"
	}
	return objectProblem(at, schema)
}

func objectProblem(at string, schema object) string {
	checks := []func(string, object) string{typeProblem, enumProblem, propertiesProblem, requiredProblem}
	for _, check := range checks {
		if problem := check(at, schema); problem != "" {
			return problem
		}
	}
	for _, name := range []string{"items", "additionalProperties", "not"} {
		if raw := schema[name]; raw != nil {
			if problem := subschemaProblem(at+"/"+name, raw); problem != "" {
				return problem
			}
		}
	}
	for _, name := range []string{"anyOf", "oneOf", "allOf", "prefixItems"} {
		if problem := listProblem(at+"/"+name, schema[name]); problem != "" {
			return problem
		}
	}
	return ""
}

var schemaTypes = []string{"string", "number", "integer", "boolean", "object", "array", "null"}

func typeProblem(at string, schema object) string {
	raw := schema["type"]
	if raw == nil {
		return ""
	}
	var names []string
	if name := jsonText(raw); name != "" {
		names = []string{name}
	} else if json.Unmarshal(raw, &names) != nil || len(names) == 0 {
		return "at " + at + "/type: must be one of " + strings.Join(schemaTypes, ", ")
	}
	for _, name := range names {
		if !slices.Contains(schemaTypes, name) {
			return "at " + at + "/type: must be one of " + strings.Join(schemaTypes, ", ")
		}
	}
	return ""
}

func enumProblem(at string, schema object) string {
	var values []json.RawMessage
	if raw := schema["enum"]; raw != nil && (json.Unmarshal(raw, &values) != nil || len(values) == 0) {
		return "at " + at + "/enum: must be a list that is not empty"
	}
	return ""
}

func propertiesProblem(at string, schema object) string {
	for _, group := range []string{"properties", "$defs", "definitions"} {
		raw := schema[group]
		if raw == nil {
			continue
		}
		var members object
		if json.Unmarshal(raw, &members) != nil || members == nil {
			return "at " + at + "/" + group + ": must be a JSON object"
		}
		for _, name := range slices.Sorted(maps.Keys(members)) {
			if problem := subschemaProblem(at+"/"+group+"/"+name, members[name]); problem != "" {
				return problem
			}
		}
	}
	return ""
}

func requiredProblem(at string, schema object) string {
	raw := schema["required"]
	if raw == nil {
		return ""
	}
	var names []string
	if json.Unmarshal(raw, &names) != nil || names == nil {
		return "at " + at + "/required: must be a list of names"
	}
	var members object
	if json.Unmarshal(schema["properties"], &members) != nil {
		return ""
	}
	for _, name := range names {
		if _, there := members[name]; !there {
			return "at " + at + "/required: names " + strconv.Quote(name) + ", which is not among the properties"
		}
	}
	return ""
}

func listProblem(at string, raw json.RawMessage) string {
	if raw == nil {
		return ""
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil || len(list) == 0 {
		return "at " + at + ": must be a list that is not empty"
	}
	for i, each := range list {
		if problem := subschemaProblem(at+"/"+strconv.Itoa(i), each); problem != "" {
			return problem
		}
	}
	return ""
}
