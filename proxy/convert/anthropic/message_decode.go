package anthropic

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"squirrel/proxy/convert/wire"
	"squirrel/proxy/llm"
)

// messages reads the conversation. Tool results, which Anthropic keeps in user messages, become messages of their own.
func (d *requestDecoder) messages(list json.RawMessage) error {
	if list == nil {
		return llm.Invalid("messages", "'messages' must be an array")
	}
	for i, raw := range wire.Each(list) {
		path := "messages[" + strconv.Itoa(i) + "]"
		o := wire.Parse(raw)
		if o == nil {
			return llm.Invalid(path, "a message must be an object")
		}
		role := llm.Role(o.Str("role"))
		switch role {
		case llm.RoleUser, llm.RoleAssistant, llm.RoleSystem:
		default:
			return llm.Invalid(path+".role", "unknown role '"+string(role)+"'")
		}
		d.add(role, i, d.content(path, o.Get("content")))
		for name := range o.Rest() {
			d.drops.Add(path+"."+name, "unknown field of a message")
		}
	}
	return nil
}

// add appends a message, its tool results first.
func (d *requestDecoder) add(role llm.Role, index int, parts []llm.Part) {
	var results, rest []llm.Part
	for _, p := range parts {
		if _, ok := p.(*llm.ToolResult); ok {
			results = append(results, p)
			continue
		}
		rest = append(rest, p)
	}
	if len(results) > 0 {
		d.r.Messages = append(d.r.Messages, llm.Message{Role: llm.RoleTool, Parts: results, Index: index})
	}
	if len(rest) > 0 || len(results) == 0 {
		d.r.Messages = append(d.r.Messages, llm.Message{Role: role, Parts: rest, Index: index})
	}
}

// content reads a string or a list of blocks.
func (d *requestDecoder) content(path string, raw json.RawMessage) []llm.Part {
	if text, ok := wire.String(raw); ok {
		return []llm.Part{&llm.Text{Text: text}}
	}
	var parts []llm.Part
	for i, item := range wire.Each(raw) {
		parts = append(parts, d.block(path+".content["+strconv.Itoa(i)+"]", item))
	}
	return parts
}

// block reads one content block, of a request or of an answer.
func (d *requestDecoder) block(path string, raw json.RawMessage) llm.Part {
	o := wire.Parse(raw)
	var part llm.Part
	switch kind := o.Str("type"); kind {
	case "text":
		part = decodeText(o)
	case "image":
		part = &llm.Image{Source: decodeSource(o.Object("source")), Cache: o.Get("cache_control")}
	case "document":
		part = decodeDocument(o, raw)
	case "search_result":
		part = decodeSearchResult(o, raw)
	case "tool_use":
		part = &llm.ToolCall{
			ID: o.Str("id"), Name: o.Str("name"), Arguments: string(o.Get("input")), Cache: o.Get("cache_control"),
		}
		o.Ignore("caller")
	case "tool_result":
		part = &llm.ToolResult{
			CallID: o.Str("tool_use_id"), Parts: d.content(path, o.Get("content")),
			IsError: o.True("is_error"), Cache: o.Get("cache_control"),
		}
	case "thinking", "redacted_thinking":
		part = decodeThinking(o)
	default:
		return &llm.Opaque{From: llm.Messages, Type: kind, Raw: raw}
	}
	for name := range o.Rest() {
		d.drops.Add(path+"."+name, "unknown field of a content block")
	}
	return part
}

// decodeText reads a text block. Its sources are those of the whole block.
func decodeText(o *wire.Object) *llm.Text {
	t := &llm.Text{Text: o.Str("text"), Cache: o.Get("cache_control"), Citations: decodeCitations(o.Get("citations"))}
	for i := range t.Citations {
		t.Citations[i].End = int64(utf8.RuneCountInString(t.Text))
	}
	return t
}

// decodeThinking reads a thinking block. Its signature may be a seal of another vendor that this gateway packed into
// it on the way to the client.
func decodeThinking(o *wire.Object) *llm.Thinking {
	if o.Str("type") == "redacted_thinking" {
		t := &llm.Thinking{Redacted: true, Seal: o.Str("data"), Format: llm.SealAnthropic}
		llm.UnwrapSeal(t.Seal, t)
		return t
	}
	t := &llm.Thinking{Text: o.Str("thinking"), Seal: o.Str("signature")}
	if t.Seal != "" && !llm.UnwrapSeal(t.Seal, t) {
		t.Format = llm.SealAnthropic
	}
	return t
}

func decodeSource(o *wire.Object) llm.Source {
	return llm.Source{
		MediaType: o.Str("media_type"), Data: o.Str("data"), URL: o.Str("url"), FileID: o.Str("file_id"),
	}
}

func decodeDocument(o *wire.Object, raw json.RawMessage) *llm.Document {
	source := o.Object("source")
	d := &llm.Document{
		Name: o.Str("title"), Context: o.Str("context"), Cite: o.Object("citations").True("enabled"),
		Cache: o.Get("cache_control"),
	}
	switch source.Str("type") {
	case "text":
		d.Text = source.Str("data")
	case "content":
		d.Text = blockText(source.Get("content"))
		d.From, d.Raw = llm.Messages, raw
	default:
		d.Source = decodeSource(source)
	}
	return d
}

// decodeSearchResult keeps a search result as it is for Anthropic, and as readable text for others.
func decodeSearchResult(o *wire.Object, raw json.RawMessage) *llm.Document {
	name := o.Str("title")
	if source := o.Str("source"); source != "" {
		name += " (" + source + ")"
	}
	d := &llm.Document{Name: name, Text: blockText(o.Get("content")), From: llm.Messages, Raw: raw}
	o.Ignore("citations", "cache_control")
	return d
}

// blockText joins the text blocks of a string or a list of blocks.
func blockText(raw json.RawMessage) string {
	if text, ok := wire.String(raw); ok {
		return text
	}
	text := ""
	for _, item := range wire.Each(raw) {
		if t := wire.Parse(item).Str("text"); t != "" {
			if text != "" {
				text += "\n\n"
			}
			text += t
		}
	}
	return text
}

// decodeCitations reads the sources of a text block; those of web searches have a URL.
func decodeCitations(list json.RawMessage) []llm.Citation {
	var citations []llm.Citation
	for _, raw := range wire.Each(list) {
		citations = append(citations, decodeCitation(raw))
	}
	return citations
}

func decodeCitation(raw json.RawMessage) llm.Citation {
	o := wire.Parse(raw)
	return llm.Citation{
		URL: o.Str("url"), Title: o.Str("title"), Quote: o.Str("cited_text"), From: llm.Messages, Raw: raw,
	}
}
