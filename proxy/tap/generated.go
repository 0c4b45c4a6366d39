package tap

import (
	"strings"

	"squirrel/models"

	"github.com/tidwall/gjson"
)

// Text returns the text that was generated, for counting its tokens: content, reasoning, refusals, names and arguments of
// tool calls, one after the other.
func (r *Result) Text() string {
	var out strings.Builder
	root := gjson.ParseBytes(r.Message)
	switch {
	case firstByte(r.Message) != '{':
	case r.protocol == models.ProtocolAnthropic:
		addBlocks(&out, root.Get("content"))
	case r.protocol == models.ProtocolResponses:
		elements(root.Get("output"), func(item gjson.Result) {
			addStrings(&out, item, "name", "arguments", "input", "code")
			addBlocks(&out, item.Get("summary"))
			addBlocks(&out, item.Get("content"))
		})
	default:
		elements(root.Get("choices"), func(choice gjson.Result) {
			addStrings(&out, choice, "text")
			addMessage(&out, choice.Get("message"))
		})
		addStrings(&out, root, "text")
	}
	return out.String()
}

func addMessage(out *strings.Builder, message gjson.Result) {
	if reasoning := message.Get("reasoning_content"); reasoning.Type == gjson.String {
		out.WriteString(reasoning.Str)
	} else {
		addStrings(out, message, "reasoning")
	}
	addStrings(out, message, "content", "refusal")
	addBlocks(out, message.Get("content"))
	addStrings(out, message.Get("function_call"), "name", "arguments")
	elements(message.Get("tool_calls"), func(call gjson.Result) {
		addStrings(out, call.Get("function"), "name", "arguments")
		addStrings(out, call.Get("custom"), "name", "input")
	})
}

// addBlocks adds the texts of content blocks.
func addBlocks(out *strings.Builder, list gjson.Result) {
	if !list.IsArray() {
		return
	}
	elements(list, func(block gjson.Result) {
		addStrings(out, block, "text", "thinking", "refusal", "name")
		if input := block.Get("input"); input.IsObject() {
			out.WriteString(input.Raw)
		}
	})
}

func addStrings(out *strings.Builder, object gjson.Result, keys ...string) {
	for _, key := range keys {
		if v := object.Get(key); v.Type == gjson.String {
			out.WriteString(v.Str)
		}
	}
}
