package tokens

import (
	"github.com/tidwall/gjson"
)

// chat counts a chat completions request (https://platform.openai.com/docs/api-reference/chat/create).
func (c *counter) chat(root gjson.Result) {
	var tools gjson.Result
	system := false
	root.ForEach(func(key, v gjson.Result) bool {
		switch key.Str {
		case "messages":
			v.ForEach(func(_, m gjson.Result) bool {
				system = c.chatMessage(m) || system
				return true
			})
		case "tools", "functions":
			tools = v
		case "response_format":
			c.schema(v.Get("json_schema"))
		case "prediction":
			c.content(v.Get("content"))
		}
		return true
	})
	c.tools(tools, system, root.Get("tool_choice").Str == "required")
	c.add(c.rules.primer)
}

func (c *counter) chatMessage(m gjson.Result) (system bool) {
	var role, name, content gjson.Result
	m.ForEach(func(key, v gjson.Result) bool {
		switch key.Str {
		case "role":
			role = v
		case "name":
			name = v
		case "content":
			content = v
		case "refusal", "reasoning_content":
			c.text(v.Str)
		case "tool_calls":
			v.ForEach(func(_, call gjson.Result) bool {
				c.call(call.Get("function.name"), call.Get("function.arguments"))
				return true
			})
		case "function_call":
			c.call(v.Get("name"), v.Get("arguments"))
		}
		return true
	})
	c.message(role, name, content)
	return role.Str == "system" || role.Str == "developer"
}

// perCall is what a call of a tool takes beyond its texts, as measured on recorded answers of OpenAI. The name stands
// twice: at the call and as the author of its result.
const perCall = 5

func (c *counter) call(name, arguments gjson.Result) {
	c.estimate(perCall)
	c.text(name.Str)
	c.text(name.Str)
	if arguments.Type == gjson.String {
		c.text(arguments.Str)
	} else {
		c.text(arguments.Raw)
	}
}

// part counts one part of a content in any of the three protocols.
func (c *counter) part(p gjson.Result) {
	switch p.Get("type").Str {
	case "text", "input_text", "output_text", "summary_text", "reasoning_text":
		c.text(p.Get("text").Str)
	case "refusal":
		c.text(p.Get("refusal").Str)
	case "thinking":
		c.text(p.Get("thinking").Str)
	case "image_url", "input_image", "image":
		c.image(imageOf(p))
	case "input_audio", "audio":
		c.audio(p)
	case "file", "input_file", "document", "container_upload":
		c.file(p)
	case "tool_use", "server_tool_use", "mcp_tool_use":
		c.call(p.Get("name"), p.Get("input"))
	case "tool_result":
		c.estimate(perCall)
		c.content(p.Get("content"))
	case "redacted_thinking":
		c.estimate(int64(len(p.Get("data").Raw)) / bytesPerOpaqueToken)
	case "":
		if p.Type == gjson.String {
			c.text(p.Str)
			return
		}
		c.json(p)
	default:
		c.json(p)
	}
}

// schema counts the schema of a structured output. How it is shown to the model is not documented; recorded counts are
// below that of its JSON.
func (c *counter) schema(v gjson.Result) {
	if v.IsObject() {
		c.json(v)
	}
}
