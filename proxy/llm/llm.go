// Package llm is the vocabulary all protocol codecs share: one request, one answer, one stream of events.
//
// A codec translates between one wire protocol and these types; it never knows the protocol on the other side.
// The types are a superset of what the three protocols can say. What only one of them can say travels as an
// [Opaque] part or as a [Field] marked with the dialect it came from, so that the same dialect can write it again
// and any other reports it as [Dropped].
//
// The package imports nothing of this module. Values are owned by whoever made them; codecs do not keep them.
package llm

import "encoding/json"

// Dialect names a wire protocol. Its values equal those of the gateway's protocol names.
type Dialect string

// The dialects.
const (
	Chat      Dialect = "openai"           // OpenAI chat completions
	Responses Dialect = "openai_responses" // OpenAI Responses
	Messages  Dialect = "anthropic"        // Anthropic Messages
)

// Number is a JSON number as it was written, so that no digit is lost on the way. The empty Number is "not given".
type Number string

// Wire is one server-sent event: the name of its event field (may be empty) and its joined data lines.
type Wire struct {
	Name string
	Data []byte
}

// Field is a top-level request field that has no place in the hub.
type Field struct {
	Name  string
	Value json.RawMessage
}

// Dropped names a part of a request or an answer that the target could not hold, and why.
// The path is written in the terms of the dialect the part came from, such as "messages[3].content[0]".
type Dropped struct {
	Path   string
	Reason string
}

// Drops collects what was dropped. The zero value is ready to use.
type Drops struct {
	list []Dropped
	seen map[string]bool
}

// maxDrops bounds how much is remembered of one conversion: a hostile body must not grow the report without end.
const maxDrops = 64

// Add notes that path was dropped. A path is reported once.
func (d *Drops) Add(path, reason string) {
	if d.seen[path] || len(d.list) >= maxDrops {
		return
	}
	if d.seen == nil {
		d.seen = make(map[string]bool)
	}
	d.seen[path] = true
	d.list = append(d.list, Dropped{Path: path, Reason: reason})
}

// AddAll notes everything in list.
func (d *Drops) AddAll(list []Dropped) {
	for _, one := range list {
		d.Add(one.Path, one.Reason)
	}
}

// List returns what was noted, in order. It is nil when nothing was dropped.
func (d *Drops) List() []Dropped { return d.list }
