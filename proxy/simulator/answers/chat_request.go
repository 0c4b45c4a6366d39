package answers

import (
	"bytes"
	"encoding/json"
	"strings"
)

// chatRequest holds the fields of a chat completion request that change the answer.
type chatRequest struct {
	Model         string        `json:"model"`
	Messages      []chatMessage `json:"messages"`
	Stream        bool          `json:"stream"`
	StreamOptions struct {
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options"`
	Tools []struct {
		Type     string `json:"type"`
		Function struct {
			Name       string          `json:"name"`
			Parameters json.RawMessage `json:"parameters"`
		} `json:"function"`
	} `json:"tools"`
	ToolChoice          json.RawMessage `json:"tool_choice"`
	ParallelToolCalls   *bool           `json:"parallel_tool_calls"`
	MaxTokens           *int            `json:"max_tokens"`
	MaxCompletionTokens *int            `json:"max_completion_tokens"`
	Stop                json.RawMessage `json:"stop"`
	ResponseFormat      struct {
		Type       string `json:"type"`
		JSONSchema struct {
			Schema json.RawMessage `json:"schema"`
		} `json:"json_schema"`
	} `json:"response_format"`
	ReasoningEffort string   `json:"reasoning_effort"`
	Temperature     *float64 `json:"temperature"`
	N               *int     `json:"n"`
}

type chatMessage struct {
	Role       string          `json:"role"`
	Content    json.RawMessage `json:"content"`
	ToolCallID string          `json:"tool_call_id"`
	ToolCalls  []struct {
		ID string `json:"id"`
	} `json:"tool_calls"`
}

// decode reads the body of r into the request type of its endpoint.
func decode[T any](r *Request) (*T, *failure) {
	var req T
	if len(bytes.TrimSpace(r.Body)) == 0 || r.Body[0] == '[' {
		return nil, refuse("", "The request body must be a JSON object.")
	}
	if err := json.Unmarshal(r.Body, &req); err != nil {
		return nil, malformed(err)
	}
	return &req, nil
}

// checkModel refuses a missing model and those the simulator is asked not to know.
func checkModel(name string) *failure {
	switch {
	case name == "":
		return refuse("model", "you must provide a model parameter")
	case strings.HasPrefix(name, "unknown-"):
		return unknownModel(name)
	}
	return nil
}

func (req *chatRequest) check() *failure {
	if f := checkModel(req.Model); f != nil {
		return f
	}
	if len(req.Messages) == 0 {
		return refuse("messages", "Missing required parameter: 'messages'.")
	}
	if t := req.Temperature; t != nil && (*t < 0 || *t > 2) {
		return refuse("temperature", "Invalid 'temperature': expected a value between 0 and 2, but got %v instead.", *t)
	}
	if req.N != nil && (*req.N < 1 || *req.N > 128) {
		return refuse("n", "Invalid 'n': expected a value between 1 and 128, but got %d instead.", *req.N)
	}
	if req.StreamOptions.IncludeUsage && !req.Stream {
		return refuse("stream_options", "The 'stream_options' parameter is only allowed when 'stream' is enabled.")
	}
	return checkToolMessages(req.Messages)
}

// checkToolMessages refuses what OpenAI refuses: a call without its result, a result without its call.
func checkToolMessages(messages []chatMessage) *failure {
	open := map[string]bool{}
	for i, m := range messages {
		if m.Role == "tool" {
			if !open[m.ToolCallID] {
				return refuse("messages", "Invalid parameter: messages with role 'tool' must be a response to a preceding message with 'tool_calls' (messages.[%d]).", i)
			}
			delete(open, m.ToolCallID)
			continue
		}
		if len(open) > 0 {
			return missingResults(open)
		}
		for _, c := range m.ToolCalls {
			open[c.ID] = true
		}
	}
	if len(open) > 0 {
		return missingResults(open)
	}
	return nil
}

func missingResults(open map[string]bool) *failure {
	var ids []string
	for id := range open {
		ids = append(ids, id)
	}
	return refuse("messages", "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: %s", strings.Join(ids, ", "))
}

func (req *chatRequest) conversation() *conversation {
	c := &conversation{
		model: req.Model, stream: req.Stream, choice: chatChoice(req.ToolChoice),
		parallel: req.ParallelToolCalls == nil || *req.ParallelToolCalls,
		limit:    firstOf(req.MaxCompletionTokens, req.MaxTokens),
		stops:    stringsOf(req.Stop),
		json:     req.ResponseFormat.Type == "json_object",
		effort:   req.ReasoningEffort != "" && req.ReasoningEffort != "none",
	}
	if req.ResponseFormat.Type == "json_schema" {
		c.schema = req.ResponseFormat.JSONSchema.Schema
	}
	for _, t := range req.Tools {
		if t.Function.Name != "" {
			c.addTool(t.Function.Name, t.Function.Parameters)
		}
	}
	for _, m := range req.Messages {
		c.addContent(m.Role, m.Content)
	}
	c.cacheLikeOpenAI()
	return c
}

// chatChoice reads tool_choice: a word, or an object naming a function. Chat completions nest the name, responses do not.
func chatChoice(raw json.RawMessage) choice {
	var word string
	if json.Unmarshal(raw, &word) == nil && word != "" {
		return choice{mode: word}
	}
	var named struct {
		Name     string `json:"name"`
		Function struct {
			Name string `json:"name"`
		} `json:"function"`
	}
	if json.Unmarshal(raw, &named) == nil && named.Name+named.Function.Name != "" {
		return choice{mode: "named", name: named.Name + named.Function.Name}
	}
	return choice{mode: "auto"}
}
