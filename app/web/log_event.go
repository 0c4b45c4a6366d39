package web

import (
	"encoding/json"
	"strings"

	"squirrel/views/ui"
)

// maxSaid is how much of the words of an event is shown, in bytes of HTML.
const maxSaid = 200

// chunk is what an event of a stream may add to an answer, in each of the protocols.
type chunk struct {
	Choices []struct {
		Text  string `json:"text"`
		Delta struct {
			Content   string      `json:"content"`
			Reasoning string      `json:"reasoning_content"`
			Calls     []chunkCall `json:"tool_calls"`
		} `json:"delta"`
	} `json:"choices"`
	Delta json.RawMessage `json:"delta"`
}

type chunkCall struct {
	Function struct {
		Name      string `json:"name"`
		Arguments string `json:"arguments"`
	} `json:"function"`
}

// said are the words that an event adds to an answer: text, reasoning, or a piece of a tool call; empty when it adds none.
func said(data string) string {
	var c chunk
	if json.Unmarshal([]byte(data), &c) != nil {
		return ""
	}
	var words strings.Builder
	for _, choice := range c.Choices {
		words.WriteString(choice.Text + choice.Delta.Reasoning + choice.Delta.Content)
		for _, call := range choice.Delta.Calls {
			words.WriteString(call.Function.Name + call.Function.Arguments)
		}
	}
	words.WriteString(jsonText(c.Delta)) // of the Responses API
	var block struct {
		Text     string `json:"text"`
		Thinking string `json:"thinking"`
		JSON     string `json:"partial_json"`
	}
	if json.Unmarshal(c.Delta, &block) == nil { // of Anthropic
		words.WriteString(block.Thinking + block.Text + block.JSON)
	}
	return ui.Beginning(words.String(), maxSaid)
}
