package llm

import (
	"encoding/json"
	"strconv"
)

// Role says who speaks in a message.
type Role string

// The roles. A message of RoleTool holds only ToolResult parts.
const (
	RoleSystem    Role = "system"
	RoleDeveloper Role = "developer"
	RoleUser      Role = "user"
	RoleAssistant Role = "assistant"
	RoleTool      Role = "tool"
)

// Message is one turn, or a part of one: neighbours may have the same role.
type Message struct {
	Role  Role
	Parts []Part
	Name  string // OpenAI's participant name
	Index int    // position in the source's list; -1 for a system prompt that stood outside of it
}

// Request is a question to a model in no particular dialect. Zero values mean "not given".
type Request struct {
	From     Dialect
	Model    string
	Messages []Message // system text stands where it stood; a prompt outside of the list comes first

	MaxOutput        int64 // tokens
	Temperature      Number
	TopP             Number
	TopK             Number
	Seed             Number
	FrequencyPenalty Number
	PresencePenalty  Number
	N                int64
	Stop             []string
	Stream           bool
	IncludeUsage     bool // chat: the client wants the usage chunk

	Tools         []Tool
	ToolChoice    ToolChoice
	ParallelTools *bool
	Reasoning     Reasoning
	Format        *Format

	User      string // who asks, in the words of the client
	SafetyID  string
	Metadata  json.RawMessage // OpenAI's object of strings
	CacheKey  string
	Tier      string // service_tier
	Verbosity string

	State   []string // names of fields that refer to something a provider has stored
	Store   *bool
	Echo    []Field   // fields an answer of the same dialect repeats
	Extra   []Field   // top-level fields the hub has no place for
	Dropped []Dropped // what decoding could not keep
}

// PathOf names a message in the terms of the request's own dialect.
func (r *Request) PathOf(m *Message) string {
	list := "messages"
	if r.From == Responses {
		list = "input"
	}
	if m.Index < 0 {
		if r.From == Responses {
			return "instructions"
		}
		return "system"
	}
	return list + "[" + strconv.Itoa(m.Index) + "]"
}

// EffortName is where the request says how much to think, in the terms of its own dialect.
func (r *Request) EffortName() string {
	switch r.From {
	case Responses:
		return "reasoning.effort"
	case Messages:
		if r.Reasoning.Effort != "" {
			return "output_config.effort"
		}
		return "thinking"
	}
	return "reasoning_effort"
}

// ToolKind says what a tool is.
type ToolKind uint8

// The kinds of tools.
const (
	ToolFunction ToolKind = iota // called with a JSON object
	ToolCustom                   // called with free text (OpenAI)
	ToolBuiltin                  // run by the provider; known to its own dialect only
)

// Tool is something the model may call.
type Tool struct {
	Kind        ToolKind
	Name        string
	Namespace   string // Responses: the group it was defined in
	Description string
	Schema      json.RawMessage // of the arguments; of the input format when custom
	Strict      *bool
	Cache       json.RawMessage
	From        Dialect
	Type        string          // of a built-in tool
	Raw         json.RawMessage // a built-in tool as defined
}

// ChoiceMode says how free the model is to call tools.
type ChoiceMode string

// The modes. The empty mode leaves it to the provider.
const (
	ChoiceAuto     ChoiceMode = "auto"
	ChoiceNone     ChoiceMode = "none"
	ChoiceRequired ChoiceMode = "required"
	ChoiceTool     ChoiceMode = "tool" // exactly the named one
)

// ToolChoice is which tool the model must, may or must not call.
type ToolChoice struct {
	Mode   ChoiceMode
	Name   string // of ChoiceTool
	Custom bool   // the named tool is a custom one
}

// Forced reports whether the model has to call a tool.
func (c ToolChoice) Forced() bool { return c.Mode == ChoiceRequired || c.Mode == ChoiceTool }

// FormatKind is the shape an answer must have.
type FormatKind string

// The shapes, named as OpenAI does.
const (
	FormatText   FormatKind = "text"
	FormatObject FormatKind = "json_object"
	FormatSchema FormatKind = "json_schema"
)

// Format asks for a structured answer.
type Format struct {
	Kind        FormatKind
	Name        string
	Description string
	Schema      json.RawMessage
	Strict      *bool
}
