package answers

import (
	"encoding/json"
	"slices"
)

// responsesRequest holds the fields of a Responses request that change the answer, and those the answer repeats.
type responsesRequest struct {
	Model             string          `json:"model"`
	Input             json.RawMessage `json:"input"`
	Instructions      *string         `json:"instructions"`
	Stream            bool            `json:"stream"`
	MaxOutputTokens   *int            `json:"max_output_tokens"`
	ToolChoice        json.RawMessage `json:"tool_choice"`
	ParallelToolCalls *bool           `json:"parallel_tool_calls"`
	Tools             json.RawMessage `json:"tools"`
	Temperature       *float64        `json:"temperature"`
	TopP              *float64        `json:"top_p"`
	Store             *bool           `json:"store"`
	Metadata          json.RawMessage `json:"metadata"`
	Include           []string        `json:"include"`
	Reasoning         struct {
		Effort  string `json:"effort"`
		Summary string `json:"summary"`
	} `json:"reasoning"`
	Text struct {
		Format formatRequest `json:"format"`
	} `json:"text"`
	PreviousResponseID string          `json:"previous_response_id"`
	Prompt             json.RawMessage `json:"prompt"`
	Conversation       json.RawMessage `json:"conversation"`
}

type inputItem struct {
	Type    string          `json:"type"`
	Role    string          `json:"role"`
	Content json.RawMessage `json:"content"`
	CallID  string          `json:"call_id"`
	Output  json.RawMessage `json:"output"`
}

func (req *responsesRequest) items() []inputItem {
	var items []inputItem
	if json.Unmarshal(req.Input, &items) == nil {
		return items
	}
	return []inputItem{{Type: "message", Role: "user", Content: req.Input}}
}

func (req *responsesRequest) check() *failure {
	if f := checkModel(req.Model); f != nil {
		return f
	}
	if req.Input == nil && req.PreviousResponseID == "" && req.Prompt == nil && req.Conversation == nil {
		f := refuse("", "One of \"input\" or \"previous_response_id\" or 'prompt' or 'conversation_id' must be provided.")
		f.code = "missing_required_parameter"
		return f
	}
	if t := req.Temperature; t != nil && (*t < 0 || *t > 2) {
		return refuse("temperature", "Invalid 'temperature': expected a value between 0 and 2, but got %v instead.", *t)
	}
	if m := req.MaxOutputTokens; m != nil && *m < 1 {
		return refuse("max_output_tokens", "Invalid 'max_output_tokens': integer below minimum value.")
	}
	return req.checkCalls()
}

// checkCalls refuses a call without its output and an output without its call. What an earlier response or a stored
// conversation holds is not known here.
func (req *responsesRequest) checkCalls() *failure {
	if req.PreviousResponseID != "" || req.Conversation != nil {
		return nil
	}
	open := map[string]bool{}
	for _, item := range req.items() {
		switch item.Type {
		case "function_call":
			open[item.CallID] = true
		case "function_call_output":
			if !open[item.CallID] {
				return refuse("input", "No tool call found for function call output with call_id %s.", item.CallID)
			}
			delete(open, item.CallID)
		}
	}
	for id := range open {
		return refuse("input", "No tool output found for function call %s.", id)
	}
	return nil
}

func (req *responsesRequest) conversation() *conversation {
	c := &conversation{
		model: req.Model, stream: req.Stream, choice: chatChoice(req.ToolChoice),
		parallel: req.ParallelToolCalls == nil || *req.ParallelToolCalls,
		limit:    firstOf(req.MaxOutputTokens),
		json:     req.Text.Format.Type == "json_object",
		effort:   req.Reasoning.Effort != "" && req.Reasoning.Effort != "none",
		thinking: req.Reasoning.Summary != "",
	}
	if req.Text.Format.Type == "json_schema" {
		c.schema = req.Text.Format.Schema
	}
	var tools []struct {
		Type       string          `json:"type"`
		Name       string          `json:"name"`
		Parameters json.RawMessage `json:"parameters"`
	}
	if json.Unmarshal(req.Tools, &tools) == nil {
		for _, t := range tools {
			if t.Type == "function" {
				c.addTool(t.Name, t.Parameters)
			}
		}
	}
	if req.Instructions != nil {
		c.addText("system", *req.Instructions)
	}
	for _, item := range req.items() {
		switch item.Type {
		case "function_call_output", "custom_tool_call_output":
			c.addText("tool", textOf(item.Output))
		case "message", "":
			c.addContent(item.Role, item.Content)
		}
	}
	c.cacheLikeOpenAI()
	return c
}

// encrypted reports whether the client wants the reasoning in a form it can send back.
func (req *responsesRequest) encrypted() bool {
	return slices.Contains(req.Include, "reasoning.encrypted_content")
}
