package tokens

import (
	"github.com/tidwall/gjson"
)

// responses counts a request of the Responses API (https://platform.openai.com/docs/api-reference/responses/create).
// What the provider keeps (previous_response_id, conversation, prompt) can't be counted here.
func (c *counter) responses(root gjson.Result) {
	var tools gjson.Result
	system := false
	root.ForEach(func(key, v gjson.Result) bool {
		switch key.Str {
		case "instructions":
			if v.Type == gjson.String && v.Str != "" {
				system = true
				c.add(c.rules.perMessage + c.rules.perRole)
				c.text(v.Str)
			}
		case "input":
			system = c.input(v) || system
		case "tools":
			tools = v
		case "text":
			c.schema(v.Get("format.schema"))
		case "previous_response_id", "conversation", "prompt":
			c.exact = c.exact && v.Type == gjson.Null
		}
		return true
	})
	c.tools(tools, system, root.Get("tool_choice").Str == "required")
	c.add(c.rules.primer)
}

func (c *counter) input(v gjson.Result) (system bool) {
	if v.Type == gjson.String {
		c.add(c.rules.perMessage + c.rules.perRole)
		c.text(v.Str)
		return false
	}
	v.ForEach(func(_, item gjson.Result) bool {
		system = c.item(item) || system
		return true
	})
	return system
}

// item counts one item of the input.
func (c *counter) item(item gjson.Result) (system bool) {
	switch item.Get("type").Str {
	case "", "message":
		role := item.Get("role")
		c.message(role, gjson.Result{}, item.Get("content"))
		return role.Str == "system" || role.Str == "developer"
	case "function_call", "custom_tool_call", "mcp_call":
		arguments := item.Get("arguments")
		if !arguments.Exists() {
			arguments = item.Get("input")
		}
		c.add(c.rules.perMessage + c.rules.perRole)
		c.call(item.Get("name"), arguments)
	case "function_call_output", "custom_tool_call_output":
		c.add(c.rules.perMessage + c.rules.perRole)
		c.content(item.Get("output"))
	case "reasoning":
		c.content(item.Get("summary"))
		c.content(item.Get("content"))
		c.estimate(int64(len(item.Get("encrypted_content").Str)) / bytesPerOpaqueToken)
	case "item_reference":
		c.exact = false
	default:
		c.json(item)
	}
	return false
}
