package tokens

import (
	"strings"

	"github.com/tidwall/gjson"
)

// toolRule is how a family shows the tools to the model. The zero rule is OpenAI's.
type toolRule struct {
	asJSON       bool  // the definitions as they are, after a prompt of the vendor's own
	prompt       int64 // the tokens of that prompt,
	forcedPrompt int64 // and when a tool must be called
}

const (
	toolsHead = "# Tools\n\n## functions\n\nnamespace functions {\n\n"
	toolsTail = "} // namespace functions"

	// Tools extend the system message, or make one when there is none: +3, its overhead and author without the line
	// break, -1, with one. Fits the cookbook's examples (105 and 101 tokens) and recorded answers within one token.
	ownSystemMessage  = 3
	sameSystemMessage = -1

	maxSchemaDepth = 16
)

// tools counts the definitions of tools. How they are shown is known from what models repeat of it, not from
// documentation, so the count is an estimate.
func (c *counter) tools(tools gjson.Result, system, forced bool) {
	if !tools.IsArray() || tools.Get("0").Raw == "" {
		return
	}
	c.exact = false
	if c.rules.tools.asJSON {
		prompt := c.rules.tools.prompt
		if forced {
			prompt = c.rules.tools.forcedPrompt
		}
		c.add(prompt)
		tools.ForEach(func(_, tool gjson.Result) bool {
			c.json(tool)
			return true
		})
		return
	}
	if system {
		c.add(sameSystemMessage)
	} else {
		c.add(ownSystemMessage)
	}
	var b strings.Builder
	b.WriteString(toolsHead)
	tools.ForEach(func(_, tool gjson.Result) bool {
		switch {
		case c.isSpent():
			c.guess(tool.Raw)
		case !renderTool(&b, tool):
			c.json(tool)
		case b.Len() > 16*maxSegment:
			c.text(b.String())
			b.Reset()
		}
		return true
	})
	b.WriteString(toolsTail)
	c.text(b.String())
}

// renderTool writes a function the way OpenAI shows it to its models: as a TypeScript type. It reports false for a tool
// that is not a function, and for one that is too large to render.
func renderTool(b *strings.Builder, tool gjson.Result) bool {
	function := tool.Get("function")
	if !function.IsObject() {
		function = tool
	}
	name := function.Get("name").Str
	if name == "" || len(tool.Raw) > 1<<20 {
		return false
	}
	comment(b, function.Get("description").Str)
	b.WriteString("type " + name + " = (")
	parameters := function.Get("parameters")
	if !parameters.IsObject() {
		parameters = function.Get("input_schema")
	}
	if parameters.Get("properties").Raw != "" && parameters.Get("properties").Raw != "{}" {
		b.WriteString("_: ")
		renderType(b, parameters, 0)
	}
	b.WriteString(") => any;\n\n")
	return true
}

// renderType writes a JSON schema as a type.
func renderType(b *strings.Builder, schema gjson.Result, depth int) {
	if depth >= maxSchemaDepth {
		b.WriteString("any")
		return
	}
	if values := schema.Get("enum"); values.IsArray() {
		renderUnion(b, values, func(v gjson.Result) { b.WriteString(v.Raw) })
		return
	}
	for _, keyword := range []string{"anyOf", "oneOf", "allOf"} {
		if options := schema.Get(keyword); options.IsArray() {
			renderUnion(b, options, func(v gjson.Result) { renderType(b, v, depth+1) })
			return
		}
	}
	if constant := schema.Get("const"); constant.Exists() {
		b.WriteString(constant.Raw)
		return
	}
	switch kind := schema.Get("type"); {
	case kind.IsArray():
		renderUnion(b, kind, func(v gjson.Result) { b.WriteString(typeName(v.Str)) })
	case kind.Str == "object" || schema.Get("properties").IsObject():
		renderObject(b, schema, depth)
	case kind.Str == "array":
		renderType(b, schema.Get("items"), depth+1)
		b.WriteString("[]")
	default:
		b.WriteString(typeName(kind.Str))
	}
}

func renderObject(b *strings.Builder, schema gjson.Result, depth int) {
	required := map[string]bool{}
	schema.Get("required").ForEach(func(_, name gjson.Result) bool {
		required[name.Str] = true
		return true
	})
	b.WriteString("{\n")
	schema.Get("properties").ForEach(func(name, property gjson.Result) bool {
		comment(b, property.Get("description").Str)
		b.WriteString(name.Str)
		if !required[name.Str] {
			b.WriteByte('?')
		}
		b.WriteString(": ")
		renderType(b, property, depth+1)
		b.WriteString(",\n")
		return true
	})
	b.WriteByte('}')
}

func renderUnion(b *strings.Builder, options gjson.Result, each func(gjson.Result)) {
	first := true
	options.ForEach(func(_, v gjson.Result) bool {
		if !first {
			b.WriteString(" | ")
		}
		first = false
		each(v)
		return true
	})
}

func comment(b *strings.Builder, text string) {
	if text != "" {
		b.WriteString("// " + strings.ReplaceAll(text, "\n", "\n// ") + "\n")
	}
}

func typeName(kind string) string {
	switch kind {
	case "integer", "number":
		return "number"
	case "":
		return "any"
	}
	return kind
}
