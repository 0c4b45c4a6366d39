package tokens

import (
	"github.com/tidwall/gjson"
)

// messages counts a request of Anthropic's Messages API (https://platform.claude.com/docs/en/api/messages).
func (c *counter) messages(root gjson.Result) {
	var tools gjson.Result
	system := false
	root.ForEach(func(key, v gjson.Result) bool {
		switch key.Str {
		case "system":
			system = true
			c.content(v)
		case "messages":
			v.ForEach(func(_, m gjson.Result) bool {
				c.message(m.Get("role"), gjson.Result{}, m.Get("content"))
				return true
			})
		case "tools":
			tools = v
		case "output_format":
			c.schema(v.Get("schema"))
		case "output_config":
			c.schema(v.Get("format.schema"))
		case "container", "context_management", "mcp_servers":
			c.exact = false
		}
		return true
	})
	choice := root.Get("tool_choice.type").Str
	c.tools(tools, system, choice == "any" || choice == "tool")
	c.add(c.rules.primer)
}
