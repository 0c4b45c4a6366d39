package responses

import (
	"encoding/json"
	"strconv"

	"squirrel/proxy/convert/wire"
	"squirrel/proxy/llm"
)

// input reads the conversation: a string, or a list of items. Items of one speaker that follow each other become one
// message: the API keeps calls and reasoning apart from the texts they belong to.
func (d *requestDecoder) input(raw json.RawMessage) error {
	if text, ok := wire.String(raw); ok {
		parts := []llm.Part{&llm.Text{Text: text}}
		d.r.Messages = append(d.r.Messages, llm.Message{Role: llm.RoleUser, Parts: parts})
		return nil
	}
	for i, item := range wire.Each(raw) {
		path := "input[" + strconv.Itoa(i) + "]"
		o := wire.Parse(item)
		if o == nil {
			return llm.Invalid(path, "an item must be an object")
		}
		role, parts := d.item(path, o, item)
		if role == "" {
			return llm.Invalid(path+".role", "unknown role '"+o.Str("role")+"'")
		}
		d.add(role, i, parts)
	}
	return nil
}

// add appends an item to the message it continues, or begins another one.
func (d *requestDecoder) add(role llm.Role, index int, parts []llm.Part) {
	if n := len(d.r.Messages); n > 0 && (role == llm.RoleAssistant || role == llm.RoleTool) {
		if last := &d.r.Messages[n-1]; last.Role == role {
			last.Parts = append(last.Parts, parts...)
			return
		}
	}
	d.r.Messages = append(d.r.Messages, llm.Message{Role: role, Parts: parts, Index: index})
}

// item reads one item of a request. Those only a Responses provider understands stay as they are.
func (d *requestDecoder) item(path string, o *wire.Object, raw json.RawMessage) (llm.Role, []llm.Part) {
	kind := o.Str("type")
	if kind == "" && o.Has("role") {
		kind = "message"
	}
	switch kind {
	case "message":
		return d.message(path, o)
	case "function_call_output", "custom_tool_call_output":
		return llm.RoleTool, []llm.Part{&llm.ToolResult{
			CallID: o.Str("call_id"), Parts: d.content(path, "output", o.Get("output")), Custom: kind == "custom_tool_call_output",
		}}
	case "item_reference":
		d.r.State = append(d.r.State, path)
	}
	return llm.RoleAssistant, d.outputItem(path, kind, o, raw)
}

// message reads a message item.
func (d *requestDecoder) message(path string, o *wire.Object) (llm.Role, []llm.Part) {
	role := llm.Role(o.Str("role"))
	switch role {
	case llm.RoleSystem, llm.RoleDeveloper, llm.RoleUser, llm.RoleAssistant:
		return role, d.content(path, "content", o.Get("content"))
	}
	return "", nil
}

// outputItem reads an item that the model wrote.
func (d *requestDecoder) outputItem(path, kind string, o *wire.Object, raw json.RawMessage) []llm.Part {
	switch kind {
	case "message":
		return d.content(path, "content", o.Get("content"))
	case "function_call":
		return []llm.Part{&llm.ToolCall{
			ID: o.Str("call_id"), Name: o.Str("name"), Namespace: o.Str("namespace"), Arguments: o.Str("arguments"),
		}}
	case "custom_tool_call":
		return []llm.Part{&llm.ToolCall{
			ID: o.Str("call_id"), Name: o.Str("name"), Namespace: o.Str("namespace"), Arguments: o.Str("input"), Custom: true,
		}}
	case "reasoning":
		return []llm.Part{decodeReasoning(o)}
	}
	return []llm.Part{&llm.Opaque{From: llm.Responses, Type: kind, Raw: raw}}
}

// decodeReasoning reads a reasoning item. Its encrypted content may be a seal of another vendor that this gateway packed
// into it on the way to the client.
func decodeReasoning(o *wire.Object) *llm.Thinking {
	t := &llm.Thinking{Seal: o.Str("encrypted_content"), ID: o.Str("id")}
	for _, list := range []string{"summary", "content"} {
		for _, raw := range wire.Each(o.Get(list)) {
			if t.Text != "" {
				t.Text += "\n\n"
			}
			t.Text += wire.Parse(raw).Str("text")
		}
		if t.Text != "" {
			break
		}
	}
	if t.Seal != "" && !llm.UnwrapSeal(t.Seal, t) {
		t.Format = llm.SealOpenAI
	}
	return t
}

// content reads a string or a list of parts.
func (d *requestDecoder) content(path, field string, raw json.RawMessage) []llm.Part {
	if text, ok := wire.String(raw); ok {
		return []llm.Part{&llm.Text{Text: text}}
	}
	if wire.IsObject(raw) { // an output that is neither text nor a list of parts
		return []llm.Part{&llm.Text{Text: string(wire.Compact(raw))}}
	}
	var parts []llm.Part
	for i, item := range wire.Each(raw) {
		parts = append(parts, d.part(path+"."+field+"["+strconv.Itoa(i)+"]", item))
	}
	return parts
}

func (d *requestDecoder) part(path string, raw json.RawMessage) llm.Part {
	o := wire.Parse(raw)
	var part llm.Part
	switch kind := o.Str("type"); kind {
	case "input_text", "output_text", "text":
		part = &llm.Text{Text: o.Str("text"), Citations: decodeAnnotations(o.Get("annotations"))}
		o.Ignore("logprobs")
	case "refusal":
		part = &llm.Text{Text: o.Str("refusal"), Refusal: true}
	case "input_image":
		image := &llm.Image{Source: wire.DataURL(o.Str("image_url")), Detail: o.Str("detail")}
		image.FileID = o.Str("file_id")
		part = image
	case "input_file":
		part = decodeFile(o)
	case "input_audio":
		audio := o.Object("input_audio")
		part = &llm.Audio{Data: audio.Str("data"), Format: audio.Str("format")}
	default:
		return &llm.Opaque{From: llm.Responses, Type: kind, Raw: raw}
	}
	for name := range o.Rest() {
		d.drops.Add(path+"."+name, "unknown field of a content part")
	}
	return part
}

func decodeFile(o *wire.Object) *llm.Document {
	doc := &llm.Document{Name: o.Str("filename")}
	switch data := o.Str("file_data"); {
	case o.Str("file_id") != "":
		doc.FileID = o.Str("file_id")
	case o.Str("file_url") != "":
		doc.URL = o.Str("file_url")
	default:
		doc.Source = wire.DataURL(data)
		if doc.Data == "" && data != "" { // bare base64
			doc.Source = llm.Source{MediaType: "application/pdf", Data: data}
		}
	}
	return doc
}

// decodeAnnotations reads the sources of a text; those of web searches have a URL.
func decodeAnnotations(list json.RawMessage) []llm.Citation {
	var citations []llm.Citation
	for _, raw := range wire.Each(list) {
		citations = append(citations, decodeAnnotation(raw))
	}
	return citations
}

func decodeAnnotation(raw json.RawMessage) llm.Citation {
	o := wire.Parse(raw)
	return llm.Citation{
		URL: o.Str("url"), Title: o.Str("title"), Start: o.Int("start_index"), End: o.Int("end_index"),
		From: llm.Responses, Raw: raw,
	}
}
