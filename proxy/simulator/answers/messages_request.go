package answers

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// messagesRequest holds the fields of a Messages request that change the answer.
type messagesRequest struct {
	Model         string          `json:"model"`
	MaxTokens     *int            `json:"max_tokens"`
	System        json.RawMessage `json:"system"`
	Messages      []turn          `json:"messages"`
	Stream        bool            `json:"stream"`
	StopSequences []string        `json:"stop_sequences"`
	Temperature   *float64        `json:"temperature"`
	Tools         []struct {
		Name        string          `json:"name"`
		InputSchema json.RawMessage `json:"input_schema"`
	} `json:"tools"`
	ToolChoice struct {
		Type    string `json:"type"`
		Name    string `json:"name"`
		Disable bool   `json:"disable_parallel_tool_use"`
	} `json:"tool_choice"`
	Thinking struct {
		Type         string `json:"type"`
		BudgetTokens int    `json:"budget_tokens"`
	} `json:"thinking"`
	OutputFormat formatRequest `json:"output_format"`
	OutputConfig struct {
		Format formatRequest `json:"format"`
	} `json:"output_config"`
}

type formatRequest struct {
	Name   string          `json:"name"`
	Type   string          `json:"type"`
	Schema json.RawMessage `json:"schema"`
}

type turn struct {
	Role    string          `json:"role"`
	Content json.RawMessage `json:"content"`
}

type block struct {
	Type      string          `json:"type"`
	ID        string          `json:"id"`
	ToolUseID string          `json:"tool_use_id"`
	Text      string          `json:"text"`
	Content   json.RawMessage `json:"content"`
	Signature string          `json:"signature"`
}

func (m turn) blocks() []block {
	var blocks []block
	if json.Unmarshal(m.Content, &blocks) != nil {
		return []block{{Type: "text", Text: textOf(m.Content)}}
	}
	return blocks
}

// check refuses what Anthropic refuses. Counting tokens needs no max_tokens.
func (req *messagesRequest) check(counting bool) *failure {
	if req.Model == "" {
		return refuse("", "model: Field required")
	}
	if strings.HasPrefix(req.Model, "unknown-") {
		f := unknownModel(req.Model)
		f.message = "model: " + req.Model
		return f
	}
	if len(req.Messages) == 0 {
		return refuse("", "messages: at least one message is required")
	}
	if !counting && req.MaxTokens == nil {
		return refuse("", "max_tokens: Field required")
	}
	if t := req.Temperature; t != nil && (*t < 0 || *t > 1) {
		return refuse("", "temperature: range: 0..1")
	}
	if f := req.checkThinking(); f != nil {
		return f
	}
	return checkToolUse(req.Messages)
}

func (req *messagesRequest) checkThinking() *failure {
	if req.Thinking.Type != "enabled" {
		return nil
	}
	switch {
	case req.Thinking.BudgetTokens < 1024:
		return refuse("", "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024")
	case req.MaxTokens != nil && *req.MaxTokens <= req.Thinking.BudgetTokens:
		return refuse("", "`max_tokens` must be greater than `thinking.budget_tokens`.")
	case req.Temperature != nil && *req.Temperature != 1:
		return refuse("", "`temperature` may only be set to 1 when thinking is enabled.")
	case req.ToolChoice.Type == "any" || req.ToolChoice.Type == "tool":
		return refuse("", "Thinking may not be enabled when tool_choice forces tool use.")
	}
	return req.checkToolLoop()
}

// checkToolLoop: a thinking model needs the thinking of the turn it continues, with its signature.
func (req *messagesRequest) checkToolLoop() *failure {
	for i, m := range slices.Backward(req.Messages) {
		if m.Role != "assistant" {
			continue
		}
		blocks := m.blocks()
		calls := slices.ContainsFunc(blocks, func(b block) bool { return b.Type == "tool_use" })
		if !calls {
			return nil
		}
		if first := blocks[0]; first.Type != "thinking" && first.Type != "redacted_thinking" {
			return refuse("", "messages.%d.content.0.type: Expected `thinking` or `redacted_thinking`, but found `%s`. When `thinking` is enabled, a final `assistant` message must start with a thinking block.", i, first.Type)
		} else if first.Type == "thinking" && first.Signature == "" {
			return refuse("", "messages.%d.content.0: Invalid `signature` in `thinking` block", i)
		}
		return nil
	}
	return nil
}

// checkToolUse: each tool_use is answered by a tool_result in the very next message, and each result has its call.
func checkToolUse(messages []turn) *failure {
	open := map[string]bool{}
	for i, m := range messages {
		if m.Role == "assistant" && len(open) > 0 {
			break
		}
		for _, b := range m.blocks() {
			switch {
			case b.Type == "text" && b.Text == "" && len(m.blocks()) > 1:
				return refuse("", "messages: text content blocks must be non-empty")
			case b.Type == "tool_use":
				open[b.ID] = true
			case b.Type == "tool_result" && !open[b.ToolUseID]:
				return refuse("", "messages.%d: `tool_use_id` found in `tool_result` blocks: %s. Each `tool_result` block must have a corresponding `tool_use` block in the previous message.", i, b.ToolUseID)
			case b.Type == "tool_result":
				delete(open, b.ToolUseID)
			}
		}
	}
	for id := range open {
		return refuse("", "messages: `tool_use` ids were found without `tool_result` blocks immediately after: %s.", id)
	}
	return nil
}

func (req *messagesRequest) conversation(body []byte) *conversation {
	c := &conversation{
		model: req.Model, stream: req.Stream, limit: firstOf(req.MaxTokens), stops: req.StopSequences,
		parallel: !req.ToolChoice.Disable, choice: messagesChoice(req.ToolChoice.Type, req.ToolChoice.Name),
		thinking: req.Thinking.Type == "enabled" || req.Thinking.Type == "adaptive",
	}
	for _, format := range []formatRequest{req.OutputFormat, req.OutputConfig.Format} {
		if format.Type == "json_schema" {
			c.schema = format.Schema
		}
	}
	for _, t := range req.Tools {
		c.addTool(t.Name, t.InputSchema)
	}
	c.addText("system", textOf(req.System))
	for _, m := range req.Messages {
		c.addBlocks(m)
	}
	if bytes.Contains(body, []byte(`"cache_control"`)) {
		c.cached, c.written = c.input/4, c.input/4
	}
	return c
}

// addBlocks counts a message. The results of tools come in user turns, in front of what the user says.
func (c *conversation) addBlocks(m turn) {
	var said []string
	images := 0
	for _, b := range m.blocks() {
		switch b.Type {
		case "image":
			images++
		case "text":
			said = append(said, b.Text)
		case "tool_result":
			c.addText("tool", textOf(b.Content))
		}
	}
	if len(said) > 0 || images > 0 {
		c.addText(m.Role, strings.Join(said, " "))
		c.addImages(images)
	}
}

func messagesChoice(kind, name string) choice {
	switch kind {
	case "tool":
		return choice{mode: "named", name: name}
	case "any":
		return choice{mode: "required"}
	case "none":
		return choice{mode: "none"}
	}
	return choice{mode: "auto"}
}
