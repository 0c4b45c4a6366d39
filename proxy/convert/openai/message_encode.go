package openai

import (
	"strconv"

	"squirrel/proxy/convert/wire"
	"squirrel/proxy/llm"
)

// messages writes the conversation.
func (e *requestEncoder) messages() {
	e.w.Array("messages")
	var images []llm.Part // of tool results, which may hold text only
	for i := range e.r.Messages {
		m := &e.r.Messages[i]
		if m.Role == llm.RoleTool {
			images = append(images, e.toolResults(m)...)
			continue
		}
		if len(images) > 0 {
			e.message(&llm.Message{Role: llm.RoleUser, Parts: images, Index: m.Index})
			images = nil
		}
		e.message(m)
	}
	if len(images) > 0 {
		e.message(&llm.Message{Role: llm.RoleUser, Parts: images})
	}
	e.w.EndArray()
}

// message writes a message, unless nothing is left of its parts.
func (e *requestEncoder) message(m *llm.Message) {
	w := &e.w
	mark := w.Len()
	w.Object("")
	w.Str("role", e.role(m.Role))
	if m.Role == llm.RoleAssistant {
		e.assistant(m)
	} else if !e.content(m) {
		w.Cut(mark)
		return
	}
	w.OptStr("name", m.Name)
	w.EndObject()
}

// role says developer only to those who said it: other vendors than OpenAI do not know the role.
func (e *requestEncoder) role(r llm.Role) string {
	if r == llm.RoleDeveloper && e.r.From != llm.Chat {
		return string(llm.RoleSystem)
	}
	return string(r)
}

// content writes text as a string, and as a list only where something else is in it or the client sent a list: some
// vendors take nothing but strings.
// It reports whether anything was left to write.
func (e *requestEncoder) content(m *llm.Message) bool {
	w := &e.w
	if llm.AllText(m.Parts) && (len(m.Parts) == 1 || e.r.From != llm.Chat) && !e.keepsCache(m.Parts) {
		e.noteCache(m, m.Parts)
		w.Str("content", llm.JoinText(m.Parts, "\n\n"))
		return true
	}
	e.noteCache(m, m.Parts)
	w.Array("content")
	start := w.Len()
	for i, p := range m.Parts {
		e.part(m, i, p)
	}
	written := w.Len() > start || len(m.Parts) == 0
	w.EndArray()
	return written
}

// keepsCache reports whether a chat client's own cache marks would be lost in a plain string.
func (e *requestEncoder) keepsCache(parts []llm.Part) bool {
	if e.r.From != llm.Chat {
		return false
	}
	for _, p := range parts {
		if t, ok := p.(*llm.Text); ok && t.Cache != nil {
			return true
		}
	}
	return false
}

// noteCache reports cache marks that chat completions do not have.
func (e *requestEncoder) noteCache(m *llm.Message, parts []llm.Part) {
	if e.r.From == llm.Chat {
		return
	}
	for _, p := range parts {
		if llm.CacheOf(p) != nil {
			e.drops.Add(e.r.PathOf(m)+".cache_control", "the provider caches by itself")
		}
	}
}

// part writes one part of a system, developer or user message.
func (e *requestEncoder) part(m *llm.Message, i int, p llm.Part) {
	w := &e.w
	switch p := p.(type) {
	case *llm.Text:
		e.text(p)
	case *llm.Image:
		e.image(m, i, p)
	case *llm.Document:
		e.document(m, i, p)
	case *llm.Audio:
		w.Object("")
		w.Str("type", "input_audio")
		w.Object("input_audio")
		w.Str("data", p.Data)
		w.Str("format", p.Format)
		w.EndObject()
		w.EndObject()
	case *llm.Opaque:
		if p.From == llm.Chat {
			w.Raw("", p.Raw)
			return
		}
		e.drop(m, i, "chat completions have no "+p.Type)
	case *llm.Thinking:
		e.drop(m, i, "only the assistant thinks")
	default:
		e.drop(m, i, "it has no place in this message")
	}
}

func (e *requestEncoder) text(t *llm.Text) {
	w := &e.w
	w.Object("")
	if t.Refusal {
		w.Str("type", "refusal")
		w.Str("refusal", t.Text)
	} else {
		w.Str("type", "text")
		w.Str("text", t.Text)
	}
	e.cache(t)
	w.EndObject()
}

func (e *requestEncoder) cache(p llm.Part) {
	if e.r.From == llm.Chat {
		e.w.OptRaw("cache_control", llm.CacheOf(p))
	}
}

func (e *requestEncoder) image(m *llm.Message, i int, p *llm.Image) {
	if p.FileID != "" {
		e.drop(m, i, "the file is stored at another provider")
		return
	}
	w := &e.w
	w.Object("")
	w.Str("type", "image_url")
	w.Object("image_url")
	w.Str("url", wire.ToDataURL(wire.Typed(p.Source)))
	w.OptStr("detail", p.Detail)
	w.EndObject()
	e.cache(p)
	w.EndObject()
}

func (e *requestEncoder) document(m *llm.Message, i int, p *llm.Document) {
	switch {
	case p.Text != "":
		text := p.Text
		if p.Name != "" {
			text = p.Name + "\n\n" + text
		}
		e.text(&llm.Text{Text: text})
		return
	case p.Data == "" && (p.FileID == "" || e.r.From == llm.Messages):
		e.drop(m, i, "chat completions take documents as data or as their own file ids only")
		return
	}
	w := &e.w
	w.Object("")
	w.Str("type", "file")
	w.Object("file")
	if p.FileID != "" {
		w.Str("file_id", p.FileID)
	} else {
		name := p.Name
		if name == "" && e.r.From != llm.Chat {
			name = "document"
		}
		w.OptStr("filename", name)
		w.Str("file_data", wire.ToDataURL(p.Source))
	}
	w.EndObject()
	e.cache(p)
	w.EndObject()
}

// assistant writes what the model said before. Its content is null only beside tool calls.
func (e *requestEncoder) assistant(m *llm.Message) {
	w := &e.w
	calls := 0
	var said []llm.Part
	for i, p := range m.Parts {
		switch p := p.(type) {
		case *llm.ToolCall:
			calls++
		case *llm.Text:
			said = append(said, p)
		case *llm.Thinking:
			if !e.readsReasoning() && e.r.From != llm.Chat {
				e.drop(m, i, "the target does not read reasoning")
			}
		case *llm.Opaque:
			if p.From == llm.Chat {
				said = append(said, p)
				continue
			}
			e.drop(m, i, "chat completions have no "+p.Type)
		default:
			e.drop(m, i, "an assistant message holds text only")
		}
	}
	e.noteCache(m, m.Parts)
	switch {
	case len(said) == 0 && calls > 0:
		w.Null("content")
	case llm.AllText(said):
		e.saidText(said)
	default:
		w.Array("content")
		for i, p := range said {
			e.part(m, i, p)
		}
		w.EndArray()
	}
	if e.readsReasoning() || e.r.From == llm.Chat {
		writeThinking(w, m.Parts)
	}
	if calls > 0 {
		writeCalls(w, m.Parts)
	}
}

// saidText writes the text of an assistant message; a refusal has its own field.
func (e *requestEncoder) saidText(said []llm.Part) {
	var text, refused []llm.Part
	for _, p := range said {
		if p.(*llm.Text).Refusal {
			refused = append(refused, p)
			continue
		}
		text = append(text, p)
	}
	if len(text) == 0 && len(refused) > 0 {
		e.w.Null("content")
	} else {
		e.w.Str("content", llm.JoinText(text, ""))
	}
	e.w.OptStr("refusal", llm.JoinText(refused, ""))
}

// toolResults writes one message per result and returns the pictures in them, which have to follow in a user message.
func (e *requestEncoder) toolResults(m *llm.Message) []llm.Part {
	w := &e.w
	var images []llm.Part
	for i, p := range m.Parts {
		result, ok := p.(*llm.ToolResult)
		if !ok {
			continue
		}
		if result.IsError {
			e.drops.Add(e.r.PathOf(m)+".is_error", "chat completions cannot mark a tool result as failed")
		}
		var texts []llm.Part
		for _, inner := range result.Parts {
			switch inner := inner.(type) {
			case *llm.Text:
				texts = append(texts, inner)
			case *llm.Image, *llm.Document, *llm.Audio:
				images = append(images, inner)
			default:
				e.drop(m, i, "a tool message holds text only")
			}
		}
		e.noteCache(m, append(texts, result))
		w.Object("")
		w.Str("role", "tool")
		w.Str("tool_call_id", result.CallID)
		w.Str("content", llm.JoinText(texts, "\n\n"))
		w.EndObject()
	}
	return images
}

func (e *requestEncoder) drop(m *llm.Message, i int, reason string) {
	e.drops.Add(e.r.PathOf(m)+".content["+strconv.Itoa(i)+"]", reason)
}
