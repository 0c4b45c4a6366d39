package openai

import (
	"encoding/json"
	"strconv"

	"squirrel/proxy/convert/wire"
	"squirrel/proxy/llm"
)

// messages reads the conversation. Tool results that follow each other become one message.
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
		m := llm.Message{Role: llm.Role(o.Str("role")), Name: o.Str("name"), Index: i}
		switch m.Role {
		case llm.RoleSystem, llm.RoleDeveloper, llm.RoleUser:
			m.Parts = d.content(path, o.Get("content"))
		case llm.RoleAssistant:
			m.Parts = d.assistant(path, i, o)
		case llm.RoleTool, "function":
			result := d.toolResult(path, o)
			if last := d.lastMessage(); last != nil && last.Role == llm.RoleTool {
				last.Parts = append(last.Parts, result)
				continue
			}
			m.Role, m.Name, m.Parts = llm.RoleTool, "", []llm.Part{result}
		default:
			return llm.Invalid(path+".role", "unknown role '"+string(m.Role)+"'")
		}
		for name := range o.Rest() {
			d.drops.Add(path+"."+name, "unknown field of a message")
		}
		d.r.Messages = append(d.r.Messages, m)
	}
	return nil
}

func (d *requestDecoder) lastMessage() *llm.Message {
	if n := len(d.r.Messages); n > 0 {
		return &d.r.Messages[n-1]
	}
	return nil
}

func (d *requestDecoder) toolResult(path string, o *wire.Object) *llm.ToolResult {
	id := o.Str("tool_call_id")
	if id == "" {
		id = d.functions[o.Str("name")]
	}
	return &llm.ToolResult{CallID: id, Parts: d.content(path, o.Get("content")), Cache: o.Get("cache_control")}
}

// content reads a string or a list of parts.
func (d *requestDecoder) content(path string, raw json.RawMessage) []llm.Part {
	if text, ok := wire.String(raw); ok {
		return []llm.Part{&llm.Text{Text: text}}
	}
	var parts []llm.Part
	for i, item := range wire.Each(raw) {
		parts = append(parts, d.part(path+".content["+strconv.Itoa(i)+"]", item))
	}
	return parts
}

func (d *requestDecoder) part(path string, raw json.RawMessage) llm.Part {
	o := wire.Parse(raw)
	var part llm.Part
	switch kind := o.Str("type"); kind {
	case "text":
		part = &llm.Text{Text: o.Str("text"), Cache: o.Get("cache_control")}
	case "refusal":
		part = &llm.Text{Text: o.Str("refusal"), Refusal: true}
	case "image_url":
		part = decodeImage(o)
	case "input_audio":
		audio := o.Object("input_audio")
		part = &llm.Audio{Data: audio.Str("data"), Format: audio.Str("format")}
	case "file":
		part = decodeFile(o)
	case "thinking": // Mistral
		part = &llm.Thinking{Text: mistralThinking(o)}
	default:
		return &llm.Opaque{From: llm.Chat, Type: kind, Raw: raw}
	}
	for name := range o.Rest() {
		d.drops.Add(path+"."+name, "unknown field of a content part")
	}
	return part
}

// decodeImage reads an image_url part. Some clients send documents that way, as data URLs.
func decodeImage(o *wire.Object) llm.Part {
	image := o.Object("image_url")
	url := image.Str("url")
	if image == nil {
		url, _ = wire.String(o.Get("image_url"))
	}
	source := wire.DataURL(url)
	if source.Data != "" && source.MediaType == "application/pdf" {
		return &llm.Document{Source: source, Cache: o.Get("cache_control")}
	}
	return &llm.Image{Source: source, Detail: image.Str("detail"), Cache: o.Get("cache_control")}
}

func decodeFile(o *wire.Object) llm.Part {
	f := o.Object("file")
	doc := &llm.Document{Name: f.Str("filename"), Cache: o.Get("cache_control")}
	if id := f.Str("file_id"); id != "" {
		doc.FileID = id
		return doc
	}
	doc.Source = wire.DataURL(f.Str("file_data"))
	if doc.Data == "" && doc.URL != "" && !wire.IsURL(doc.URL) { // bare base64, as the reference also allows
		doc.Source = llm.Source{MediaType: "application/pdf", Data: doc.URL}
	}
	return doc
}

// mistralThinking joins the text of Mistral's thinking part, whose thinking is a list of text parts.
func mistralThinking(o *wire.Object) string {
	raw := o.Get("thinking")
	if text, ok := wire.String(raw); ok {
		return text
	}
	text := ""
	for _, item := range wire.Each(raw) {
		text += wire.Parse(item).Str("text")
	}
	return text
}

// assistant reads the parts of an assistant message in the order thinking, text, calls.
func (d *requestDecoder) assistant(path string, index int, o *wire.Object) []llm.Part {
	parts := decodeThinking(o)
	for _, p := range d.content(path, o.Get("content")) {
		if t, ok := p.(*llm.Text); ok && t.Text == "" {
			continue
		}
		parts = append(parts, p)
	}
	if refusal := o.Str("refusal"); refusal != "" {
		parts = append(parts, &llm.Text{Text: refusal, Refusal: true})
	}
	for _, raw := range wire.Each(o.Get("tool_calls")) {
		parts = append(parts, decodeCall(wire.Parse(raw)))
	}
	if f := o.Object("function_call"); f != nil {
		call := &llm.ToolCall{ID: "call_" + strconv.Itoa(index), Name: f.Str("name"), Arguments: arguments(f)}
		if d.functions == nil {
			d.functions = make(map[string]string)
		}
		d.functions[call.Name] = call.ID
		parts = append(parts, call)
	}
	o.Ignore("annotations", "audio", "cache_control")
	return parts
}

func decodeCall(o *wire.Object) *llm.ToolCall {
	call := &llm.ToolCall{ID: o.Str("id"), Cache: o.Get("cache_control")}
	if c := o.Object("custom"); c != nil {
		call.Name, call.Arguments, call.Custom = c.Str("name"), c.Str("input"), true
		return call
	}
	f := o.Object("function")
	call.Name, call.Arguments = f.Str("name"), arguments(f)
	return call
}

// arguments returns the arguments of a call. Some vendors send the object itself instead of a string of it.
func arguments(f *wire.Object) string {
	raw := f.Get("arguments")
	if text, ok := wire.String(raw); ok {
		return text
	}
	return string(raw)
}
