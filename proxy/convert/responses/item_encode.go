package responses

import (
	"strconv"

	"squirrel/proxy/convert/wire"
	"squirrel/proxy/llm"
)

// input writes the conversation as items.
func (e *requestEncoder) input(list []llm.Message) {
	e.w.Array("input")
	for i := range list {
		m := &list[i]
		if m.Name != "" {
			e.drops.Add(e.r.PathOf(m)+".name", "the Responses API has no names of participants")
		}
		switch m.Role {
		case llm.RoleAssistant:
			e.assistant(m)
		case llm.RoleTool:
			e.results(m)
		default:
			e.message(m, m.Parts, "input_text")
		}
	}
	e.w.EndArray()
}

// message writes a message item of these parts of m, unless nothing is left of them.
func (e *requestEncoder) message(m *llm.Message, parts []llm.Part, textType string) {
	w := &e.w
	mark := w.Len()
	w.Object("")
	w.Str("type", "message")
	w.Str("role", string(m.Role))
	w.Array("content")
	start := w.Len()
	for i, p := range parts {
		e.part(m, i, p, textType)
	}
	if w.Len() == start && len(parts) > 0 {
		w.Cut(mark)
		return
	}
	w.EndArray()
	w.EndObject()
}

// assistant writes what the model said before: texts that follow each other as one message, the rest as items.
func (e *requestEncoder) assistant(m *llm.Message) {
	for i := 0; i < len(m.Parts); i++ {
		switch p := m.Parts[i].(type) {
		case *llm.Text:
			end := i + 1
			for end < len(m.Parts) && llm.AllText(m.Parts[i:end+1]) {
				end++
			}
			if llm.JoinText(m.Parts[i:end], "") != "" {
				e.message(m, m.Parts[i:end], "output_text")
			}
			i = end - 1
		case *llm.ToolCall:
			e.noteCache(m, p)
			writeCallItem(&e.w, p, "", "")
		case *llm.Thinking:
			e.thinking(m, i, p)
		case *llm.Opaque:
			if p.From == llm.Responses {
				e.w.Raw("", p.Raw)
				continue
			}
			e.drop(m, i, "the Responses API has no "+p.Type)
		default:
			e.drop(m, i, "an assistant message holds text only")
		}
	}
}

// thinking writes a reasoning item that the provider can open again. Without the encrypted content it would look for the
// item in its store.
func (e *requestEncoder) thinking(m *llm.Message, i int, t *llm.Thinking) {
	ours := t.Format == llm.SealOpenAI || t.Seal == "" && e.r.From == llm.Responses
	if !ours {
		e.drop(m, i, "reasoning without encrypted content of the provider")
		return
	}
	w := &e.w
	w.Object("")
	w.Str("type", "reasoning")
	w.OptStr("id", t.ID)
	writeSummary(w, t.Text)
	if t.Seal != "" {
		w.Str("encrypted_content", t.Seal)
	}
	w.EndObject()
}

// sealOf returns the seal for a client: that of another vendor is packed so that it comes back unharmed.
func sealOf(t *llm.Thinking) string {
	if t.Format == llm.SealOpenAI {
		return t.Seal
	}
	return llm.WrapSeal(t)
}

func writeSummary(w *wire.Writer, text string) {
	w.Array("summary")
	if text != "" {
		w.Object("")
		w.Str("type", "summary_text")
		w.Str("text", text)
		w.EndObject()
	}
	w.EndArray()
}

// maxCallID is the length of the longest call id OpenAI takes.
const maxCallID = 64

func callID(id string) string {
	if len(id) > maxCallID {
		return llm.SafeName(id, maxCallID)
	}
	return id
}

// writeCallItem writes a call. The item id and the status belong to answers only.
func writeCallItem(w *wire.Writer, p *llm.ToolCall, id, status string) {
	w.Object("")
	kind, field, arguments := "function_call", "arguments", p.Arguments
	if p.Custom {
		kind, field = "custom_tool_call", "input"
	} else if arguments == "" && status != "in_progress" {
		arguments = "{}"
	}
	w.Str("type", kind)
	w.OptStr("id", id)
	w.OptStr("status", status)
	w.Str("call_id", callID(p.ID))
	w.Str("name", p.Name)
	w.OptStr("namespace", p.Namespace)
	w.Str(field, arguments)
	w.EndObject()
}

func (e *requestEncoder) results(m *llm.Message) {
	w := &e.w
	for _, p := range m.Parts {
		result, ok := p.(*llm.ToolResult)
		if !ok {
			continue
		}
		if result.IsError {
			e.drops.Add(e.r.PathOf(m)+".is_error", "the Responses API cannot mark a tool result as failed")
		}
		e.noteCache(m, result)
		w.Object("")
		if result.Custom {
			w.Str("type", "custom_tool_call_output")
		} else {
			w.Str("type", "function_call_output")
		}
		w.Str("call_id", callID(result.CallID))
		if llm.AllText(result.Parts) && len(result.Parts) <= 1 {
			w.Str("output", llm.JoinText(result.Parts, ""))
		} else {
			w.Array("output")
			for i, inner := range result.Parts {
				e.part(m, i, inner, "input_text")
			}
			w.EndArray()
		}
		w.EndObject()
	}
}

// part writes one content part.
func (e *requestEncoder) part(m *llm.Message, i int, p llm.Part, textType string) {
	w := &e.w
	e.noteCache(m, p)
	switch p := p.(type) {
	case *llm.Text:
		w.Object("")
		if p.Refusal {
			w.Str("type", "refusal")
			w.Str("refusal", p.Text)
		} else {
			w.Str("type", textType)
			w.Str("text", p.Text)
		}
		w.EndObject()
	case *llm.Image:
		e.image(m, i, p)
	case *llm.Document:
		e.document(m, i, p, textType)
	case *llm.Audio:
		w.Object("")
		w.Str("type", "input_audio")
		w.Object("input_audio")
		w.Str("data", p.Data)
		w.Str("format", p.Format)
		w.EndObject()
		w.EndObject()
	case *llm.Opaque:
		if p.From == llm.Responses {
			w.Raw("", p.Raw)
			return
		}
		e.drop(m, i, "the Responses API has no "+p.Type)
	default:
		e.drop(m, i, "it has no place in this item")
	}
}

func (e *requestEncoder) image(m *llm.Message, i int, p *llm.Image) {
	if p.FileID != "" && e.r.From == llm.Messages {
		e.drop(m, i, "the file is stored at another provider")
		return
	}
	w := &e.w
	w.Object("")
	w.Str("type", "input_image")
	if p.FileID != "" {
		w.Str("file_id", p.FileID)
	} else {
		w.Str("image_url", wire.ToDataURL(wire.Typed(p.Source)))
	}
	detail := p.Detail
	if detail == "" && e.r.From != llm.Responses {
		detail = "auto" // required here, optional in chat completions
	}
	w.OptStr("detail", detail)
	w.EndObject()
}

func (e *requestEncoder) document(m *llm.Message, i int, p *llm.Document, textType string) {
	if p.FileID != "" && e.r.From == llm.Messages {
		e.drop(m, i, "the file is stored at another provider")
		return
	}
	w := &e.w
	w.Object("")
	if p.Text != "" {
		text := p.Text
		if p.Name != "" {
			text = p.Name + "\n\n" + text
		}
		w.Str("type", textType)
		w.Str("text", text)
		w.EndObject()
		return
	}
	w.Str("type", "input_file")
	switch {
	case p.FileID != "":
		w.Str("file_id", p.FileID)
	case p.URL != "":
		w.Str("file_url", p.URL)
	default:
		name := p.Name
		if name == "" && e.r.From != llm.Responses {
			name = "document" // required beside data
		}
		w.OptStr("filename", name)
		w.Str("file_data", wire.ToDataURL(p.Source))
	}
	w.EndObject()
}

// noteCache reports a cache mark, which this API does not have.
func (e *requestEncoder) noteCache(m *llm.Message, p llm.Part) {
	if llm.CacheOf(p) != nil {
		e.drops.Add(e.r.PathOf(m)+".cache_control", "the provider caches by itself")
	}
}

func (e *requestEncoder) drop(m *llm.Message, i int, reason string) {
	e.drops.Add(e.r.PathOf(m)+".content["+strconv.Itoa(i)+"]", reason)
}
