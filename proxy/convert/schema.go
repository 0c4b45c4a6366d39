package convert

import (
	"encoding/json"

	"squirrel/proxy/convert/wire"
	"squirrel/proxy/llm"
)

// refused are the keywords that no provider takes at the top of a tool's schema.
var refused = map[string]bool{"oneOf": true, "anyOf": true, "allOf": true, "enum": true, "not": true}

// fitSchema returns a schema that providers take for a tool: an object with properties. A schema that is one already is
// returned byte for byte, because prompt caches depend on it.
func fitSchema(raw json.RawMessage, path string, drops *llm.Drops) json.RawMessage {
	o := wire.Parse(raw)
	if o == nil {
		return json.RawMessage(`{"type":"object","properties":{}}`)
	}
	fits := o.Has("type") && o.Has("properties")
	for keyword := range refused {
		fits = fits && !o.Has(keyword)
	}
	if fits {
		return raw
	}
	var w wire.Writer
	w.Object("")
	if !o.Has("type") {
		w.Str("type", "object")
	}
	for name, value := range o.Members() {
		if refused[name] {
			drops.Add(path+"."+name, "the provider refuses it at the top of a schema")
			continue
		}
		w.Member(name, value)
	}
	if !o.Has("properties") {
		w.Object("properties")
		w.EndObject()
	}
	w.EndObject()
	return w.Take()
}

// unbounded are the keywords that Anthropic's structured answers do not take.
var unbounded = map[string]bool{
	"minimum": true, "maximum": true, "exclusiveMinimum": true, "exclusiveMaximum": true, "multipleOf": true,
	"minLength": true, "maxLength": true, "maxItems": true, "minItems": true, "uniqueItems": true,
}

// closedSchema returns a schema in the form Anthropic takes for structured answers: every object is closed, and nothing has
// bounds. A schema that is so already is returned byte for byte.
func closedSchema(raw json.RawMessage, path string, drops *llm.Drops) json.RawMessage {
	o := wire.Parse(raw)
	if o == nil {
		return raw
	}
	var w wire.Writer
	changed := false
	w.Object("")
	for name, value := range o.Members() {
		at := path + "." + name
		switch {
		case unbounded[name]:
			drops.Add(at, "the provider takes no bounds in the schema of an answer")
			changed = true
			continue
		case name == "additionalProperties":
			continue
		}
		fitted := closedMember(name, value, at, drops)
		changed = changed || len(fitted) != len(value)
		w.Member(name, fitted)
	}
	if o.Has("properties") || o.Str("type") == "object" {
		closed := o.Bool("additionalProperties")
		changed = changed || closed == nil || *closed
		w.Bool("additionalProperties", false)
	}
	w.EndObject()
	if !changed {
		return raw
	}
	return w.Take()
}

// closedMember fits the schemas inside of one keyword's value.
func closedMember(name string, value json.RawMessage, path string, drops *llm.Drops) json.RawMessage {
	switch name {
	case "items", "not":
		return closedSchema(value, path, drops)
	case "properties", "$defs", "definitions":
		var w wire.Writer
		w.Object("")
		for key, schema := range wire.Parse(value).Members() {
			w.Member(key, closedSchema(schema, path+"."+key, drops))
		}
		w.EndObject()
		return w.Take()
	case "anyOf", "allOf", "oneOf":
		var w wire.Writer
		w.Array("")
		for _, schema := range wire.Each(value) {
			w.Raw("", closedSchema(schema, path, drops))
		}
		w.EndArray()
		return w.Take()
	}
	return value
}

// strictSchema reports whether OpenAI would take a schema as strict: every object in it is closed and requires all of
// its properties.
func strictSchema(raw json.RawMessage) bool {
	o := wire.Parse(raw)
	if o == nil {
		return true
	}
	properties := o.Object("properties")
	if properties != nil {
		if closed := o.Bool("additionalProperties"); closed == nil || *closed {
			return false
		}
		required := make(map[string]bool)
		for _, item := range wire.Each(o.Get("required")) {
			name, _ := wire.String(item)
			required[name] = true
		}
		for name, property := range properties.Members() {
			if !required[name] || !strictSchema(property) {
				return false
			}
		}
	}
	for _, list := range []string{"anyOf", "allOf", "oneOf"} {
		for _, item := range wire.Each(o.Get(list)) {
			if !strictSchema(item) {
				return false
			}
		}
	}
	for _, definition := range o.Object("$defs").Members() {
		if !strictSchema(definition) {
			return false
		}
	}
	return strictSchema(o.Get("items"))
}
