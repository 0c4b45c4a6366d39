package llm

import (
	"encoding/json"
	"strings"
)

// Part is one piece of a message: one of the pointer types of this file.
type Part interface{ isPart() }

// Text is plain text.
type Text struct {
	Text      string
	Refusal   bool            // the model's refusal, which OpenAI keeps apart from its answers
	Citations []Citation      // sources of an answer's text
	Cache     json.RawMessage // cache_control of the Messages API
}

// Citation points from a text to its source.
type Citation struct {
	URL, Title, Quote string
	Start, End        int64           // the cited range of the text, in characters; both 0 when unknown
	From              Dialect         // who wrote Raw
	Raw               json.RawMessage // the citation as its dialect says it
}

// Source is where the bytes of an image or a document are. Exactly one of Data, URL and FileID is set.
type Source struct {
	MediaType string
	Data      string // base64
	URL       string
	FileID    string // an upload of the provider the request came from
}

// Image is a picture.
type Image struct {
	Source
	Detail string // OpenAI's "low", "high", "auto"
	Cache  json.RawMessage
}

// Document is a file to read. Text is set instead of a Source when its content is plain text.
type Document struct {
	Source
	Text    string
	Name    string // file name or title
	Context string // Anthropic's note about the document
	Cite    bool   // citations are asked for
	Cache   json.RawMessage
	From    Dialect         // who wrote Raw
	Raw     json.RawMessage // the block itself when it is more than these fields can say
}

// Audio is recorded sound.
type Audio struct {
	Data   string // base64
	Format string // "wav", "mp3"
}

// Formats of the sealed part of a [Thinking]. Providers check their seals, so only the maker's own dialect may send one
// back. The names are those that OpenRouter uses in reasoning_details.
const (
	SealAnthropic = "anthropic-claude-v1"
	SealOpenAI    = "openai-responses-v1"
)

// Thinking is the model's reasoning. Seal is the opaque part that proves or replaces its text.
type Thinking struct {
	Text     string
	Seal     string // signature, encrypted_content, or the data of redacted thinking
	Format   string // who made the seal: SealAnthropic, SealOpenAI, or another vendor's name
	Redacted bool   // the seal replaces the text
	ID       string // item id of the Responses API
}

// ToolCall is a request of the model to run a tool.
type ToolCall struct {
	ID        string
	Name      string
	Namespace string // Responses: the group the tool belongs to
	Arguments string // JSON text as received; free text when Custom
	Custom    bool   // a free-form tool of OpenAI: Arguments is not JSON
	Cache     json.RawMessage
}

// ToolResult is what a tool answered.
type ToolResult struct {
	CallID  string
	Parts   []Part
	IsError bool
	Custom  bool // answers a custom tool's call
	Cache   json.RawMessage
}

// Opaque is a part that only its own dialect understands: server tools, their results, built-in calls.
type Opaque struct {
	From Dialect
	Type string
	Raw  json.RawMessage
}

func (*Text) isPart()       {}
func (*Image) isPart()      {}
func (*Document) isPart()   {}
func (*Audio) isPart()      {}
func (*Thinking) isPart()   {}
func (*ToolCall) isPart()   {}
func (*ToolResult) isPart() {}
func (*Opaque) isPart()     {}

// JoinText returns the text of all Text parts in order, with sep between them.
func JoinText(parts []Part, sep string) string {
	var texts []string
	for _, p := range parts {
		if t, ok := p.(*Text); ok {
			texts = append(texts, t.Text)
		}
	}
	return strings.Join(texts, sep)
}

// AllText reports whether parts holds nothing but Text.
func AllText(parts []Part) bool {
	for _, p := range parts {
		if _, ok := p.(*Text); !ok {
			return false
		}
	}
	return true
}

// CacheOf returns the cache mark of a part, nil when it has none.
func CacheOf(p Part) json.RawMessage {
	switch p := p.(type) {
	case *Text:
		return p.Cache
	case *Image:
		return p.Cache
	case *Document:
		return p.Cache
	case *ToolCall:
		return p.Cache
	case *ToolResult:
		return p.Cache
	}
	return nil
}
