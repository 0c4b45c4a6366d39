package answers

import (
	"encoding/json"
	"strings"
)

// deepest bounds how far a schema that refers to itself is followed, most how many values are made for it.
const (
	deepest = 12
	most    = 2000
)

// sampler makes values that fit a JSON schema. Its variant tells parallel calls of one tool apart.
type sampler struct {
	variant int
	root    map[string]any
	made    int
}

// sample makes a value that fits the schema; a schema that is none gives an empty object.
func sample(schema json.RawMessage) any { return (&sampler{}).arguments(schema) }

// arguments makes the arguments of a call: an object always, as the schema of a tool without arguments may say nothing.
func (s *sampler) arguments(schema json.RawMessage) any {
	if json.Unmarshal(schema, &s.root) != nil || s.root == nil {
		return object{}
	}
	value := s.value("", s.root, 0)
	if _, text := value.(string); text {
		return object{}
	}
	return value
}

func (s *sampler) value(name string, schema map[string]any, depth int) any {
	if fixed, ok := fixedValue(schema); ok {
		return fixed
	}
	if s.made++; s.made > most {
		return nil
	}
	if ref, ok := schema["$ref"].(string); ok && depth < deepest {
		return s.value(name, s.resolve(ref), depth+1)
	}
	for _, key := range []string{"anyOf", "oneOf", "allOf"} {
		if options, ok := schema[key].([]any); ok && depth < deepest {
			return s.value(name, firstUsable(options), depth+1)
		}
	}
	switch typeOf(schema) {
	case "object":
		return s.object(schema, depth)
	case "array":
		return s.array(name, schema, depth)
	case "integer", "number":
		return atLeast(schema, s.variant+1)
	case "boolean":
		return true
	case "null":
		return nil
	}
	return s.text(name, schema)
}

func fixedValue(schema map[string]any) (any, bool) {
	if constant, ok := schema["const"]; ok {
		return constant, true
	}
	if options, ok := schema["enum"].([]any); ok && len(options) > 0 {
		return options[0], true
	}
	return nil, false
}

func (s *sampler) object(schema map[string]any, depth int) any {
	properties, _ := schema["properties"].(map[string]any)
	out := make(map[string]any, len(properties))
	for name, p := range properties {
		property, ok := p.(map[string]any)
		if !ok || depth >= deepest {
			continue
		}
		out[name] = s.value(name, property, depth+1)
	}
	return out
}

func (s *sampler) array(name string, schema map[string]any, depth int) any {
	items, ok := schema["items"].(map[string]any)
	if !ok || depth >= deepest {
		return list{}
	}
	least, _ := schema["minItems"].(float64)
	out := list{}
	for range min(max(int(least), 1), 100) {
		out = append(out, s.value(name, items, depth+1))
	}
	return out
}

func (s *sampler) text(name string, schema map[string]any) string {
	switch schema["format"] {
	case "date":
		return "2026-01-02"
	case "date-time":
		return "2026-01-02T03:04:05Z"
	case "email":
		return "squirrel@example.com"
	case "uri":
		return "https://example.com/"
	case "uuid":
		return "0198c0de-0000-7000-8000-000000000001"
	}
	name = strings.ToLower(name)
	if strings.Contains(name, "city") || strings.Contains(name, "location") {
		return []string{"Paris", "Tokyo", "Bogotá"}[s.variant%3]
	}
	return "acorn"
}

// resolve follows a reference inside the schema, such as "#/$defs/Point".
func (s *sampler) resolve(ref string) map[string]any {
	var at any = s.root
	for step := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		node, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		at = node[step]
	}
	found, _ := at.(map[string]any)
	return found
}

func firstUsable(options []any) map[string]any {
	for _, o := range options {
		if schema, ok := o.(map[string]any); ok && schema["type"] != "null" {
			return schema
		}
	}
	return nil
}

func typeOf(schema map[string]any) string {
	switch t := schema["type"].(type) {
	case string:
		return t
	case []any:
		for _, one := range t {
			if name, ok := one.(string); ok && name != "null" {
				return name
			}
		}
	}
	if _, ok := schema["properties"]; ok {
		return "object"
	}
	return "string"
}

func atLeast(schema map[string]any, value int) int {
	if least, ok := schema["minimum"].(float64); ok {
		return max(value, int(least))
	}
	if most, ok := schema["maximum"].(float64); ok {
		return min(value, int(most))
	}
	return value
}
