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
		root.Get("output").ForEach(func(_, item gjson.Result) bool {
			addStrings(&out, item, "name", "arguments", "input", "code")
			addBlocks(&out, item.Get("summary"))
			addBlocks(&out, item.Get("content"))
			return true
		})
	default:
		root.Get("choices").ForEach(func(_, choice gjson.Result) bool {
			addStrings(&out, choice, "text")
			addMessage(&out, choice.Get("message"))
			return true
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
	message.Get("tool_calls").ForEach(func(_, call gjson.Result) bool {
		addStrings(out, call.Get("function"), "name", "arguments")
		addStrings(out, call.Get("custom"), "name", "input")
		return true
	})
}

// addBlocks adds the texts of content blocks.
func addBlocks(out *strings.Builder, list gjson.Result) {
	if !list.IsArray() {
		return
	}
	list.ForEach(func(_, block gjson.Result) bool {
		addStrings(out, block, "text", "thinking", "refusal", "name")
		if input := block.Get("input"); input.IsObject() {
			out.WriteString(input.Raw)
		}
		return true
	})
}

func addStrings(out *strings.Builder, object gjson.Result, keys ...string) {
	for _, key := range keys {
		if v := object.Get(key); v.Type == gjson.String {
			out.WriteString(v.Str)
		}
	}
}
