package anthropic

import (
	"encoding/json"
	"strconv"
	"strings"

	"squirrel/proxy/convert/wire"
	"squirrel/proxy/llm"
)

// system writes the prompt and returns the messages that remain. Clients of Anthropic may put system text between
// messages; that of others moves to the front, because most of Anthropic's models know no other place for it.
func (e *requestEncoder) system() []llm.Message {
	var prompt, rest []llm.Message
	for i := range e.r.Messages {
		m := e.r.Messages[i]
		isPrompt := m.Role == llm.RoleSystem || m.Role == llm.RoleDeveloper
		if !isPrompt || e.r.From == llm.Messages && m.Index >= 0 {
			rest = append(rest, m)
			continue
		}
		if len(rest) > 0 {
			e.drops.Add(e.r.PathOf(&m), "system text inside the conversation was moved to its front")
		}
		prompt = append(prompt, m)
	}
	if len(rest) == 0 && len(prompt) > 0 {
		e.drops.Add(e.r.PathOf(&prompt[0])+".role", "a conversation of system text only was sent as the user's")
		for i := range prompt {
			prompt[i].Role = llm.RoleUser
		}
		return prompt
	}
	e.prompt(prompt)
	return rest
}

func (e *requestEncoder) prompt(prompt []llm.Message) {
	var all []llm.Part
	for i := range prompt {
		all = append(all, prompt[i].Parts...)
	}
	if len(all) == 0 {
		return
	}
	w := &e.w
	if len(all) == 1 {
		if t, ok := all[0].(*llm.Text); ok && t.Cache == nil {
			w.Str("system", t.Text)
			return
		}
	}
	w.Array("system")
	for i := range prompt {
		e.blocks(&prompt[i], prompt[i].Parts)
	}
	w.EndArray()
}

// messages writes the conversation. Neighbours that speak for the same side become one message, results first.
func (e *requestEncoder) messages(list []llm.Message) {
	w := &e.w
	w.Array("messages")
	for i := 0; i < len(list); {
		end := i + 1
		for end < len(list) && e.joins(list[i:end], &list[end]) {
			end++
		}
		e.turn(list[i:end], end == len(list))
		i = end
	}
	w.EndArray()
}

// joins reports whether next continues the turn that so far consists of these messages.
func (e *requestEncoder) joins(turn []llm.Message, next *llm.Message) bool {
	last := &turn[len(turn)-1]
	if e.r.From == llm.Messages { // only what decoding took apart
		return last.Index == next.Index && last.Role == llm.RoleTool && next.Role == llm.RoleUser
	}
	return side(last.Role) == side(next.Role) && next.Role != llm.RoleTool || last.Role == llm.RoleTool && next.Role == llm.RoleTool
}

// side returns who a role speaks for: Anthropic's conversations have two sides.
func side(r llm.Role) string {
	switch r {
	case llm.RoleAssistant:
		return "assistant"
	case llm.RoleSystem:
		return "system"
	}
	return "user"
}

func (e *requestEncoder) turn(turn []llm.Message, last bool) {
	w := &e.w
	mark := w.Len()
	w.Object("")
	w.Str("role", side(turn[0].Role))
	w.Array("content")
	start := w.Len()
	for i := range turn {
		parts := turn[i].Parts
		if turn[i].Name != "" {
			e.drops.Add(e.r.PathOf(&turn[i])+".name", "the Messages API has no names of participants")
		}
		if last && turn[i].Role == llm.RoleAssistant && i == len(turn)-1 && e.r.From != llm.Messages {
			parts = trimLast(parts)
		}
		e.blocks(&turn[i], parts)
	}
	if w.Len() == start && e.r.From != llm.Messages {
		w.Cut(mark) // nothing left of it, and Anthropic refuses empty messages
		return
	}
	w.EndArray()
	w.EndObject()
}

// trimLast cuts the white space that Anthropic refuses at the end of an answer to be continued.
func trimLast(parts []llm.Part) []llm.Part {
	n := len(parts)
	if n == 0 {
		return parts
	}
	t, ok := parts[n-1].(*llm.Text)
	if !ok {
		return parts
	}
	trimmed := *t
	trimmed.Text = strings.TrimRight(t.Text, " \t\r\n")
	return append(append([]llm.Part{}, parts[:n-1]...), &trimmed)
}

func (e *requestEncoder) blocks(m *llm.Message, parts []llm.Part) {
	for i, p := range parts {
		e.block(m, i, p)
	}
}

// block writes one content block. Empty text is left out, as Anthropic refuses it.
func (e *requestEncoder) block(m *llm.Message, i int, p llm.Part) {
	w := &e.w
	switch p := p.(type) {
	case *llm.Text:
		if p.Text == "" && e.r.From != llm.Messages {
			return
		}
		e.text(p)
	case *llm.Image:
		e.image(m, i, p)
	case *llm.Document:
		e.document(m, i, p)
	case *llm.Thinking:
		e.thought(m, i, p)
	case *llm.ToolCall:
		e.call(m, i, p)
	case *llm.ToolResult:
		e.result(m, p)
	case *llm.Opaque:
		if p.From == llm.Messages {
			w.Raw("", p.Raw)
			return
		}
		e.drop(m, i, "the Messages API has no "+p.Type)
	default:
		e.drop(m, i, "the Messages API has no such content")
	}
}

func (e *requestEncoder) text(p *llm.Text) {
	w := &e.w
	w.Object("")
	w.Str("type", "text")
	w.Str("text", p.Text)
	if e.r.From == llm.Messages && len(p.Citations) > 0 {
		w.Array("citations")
		for _, c := range p.Citations {
			w.Raw("", c.Raw)
		}
		w.EndArray()
	}
	w.OptRaw("cache_control", p.Cache)
	w.EndObject()
}

// pictures are the image types Anthropic takes.
var pictures = map[string]bool{"image/jpeg": true, "image/png": true, "image/gif": true, "image/webp": true}

func (e *requestEncoder) image(m *llm.Message, i int, p *llm.Image) {
	source := p.Source
	own := e.r.From == llm.Messages
	if !own {
		source = wire.Inline(source)
	}
	if source.Data != "" && !own && !pictures[source.MediaType] {
		source.MediaType = wire.Sniff(source.Data)
		if !pictures[source.MediaType] {
			e.drop(m, i, "the provider does not take images of this type")
			return
		}
	}
	if !own && source.FileID != "" || source == (llm.Source{}) {
		e.drop(m, i, "there is no image at this place, or it is stored at another provider")
		return
	}
	w := &e.w
	w.Object("")
	w.Str("type", "image")
	writeSource(w, source)
	w.OptRaw("cache_control", p.Cache)
	w.EndObject()
}

func writeSource(w *wire.Writer, s llm.Source) {
	w.Object("source")
	switch {
	case s.FileID != "":
		w.Str("type", "file")
		w.Str("file_id", s.FileID)
	case s.Data != "":
		w.Str("type", "base64")
		w.Str("media_type", s.MediaType)
		w.Str("data", s.Data)
	default:
		w.Str("type", "url")
		w.Str("url", s.URL)
	}
	w.EndObject()
}

func (e *requestEncoder) document(m *llm.Message, i int, p *llm.Document) {
	w := &e.w
	if p.Raw != nil && p.From == llm.Messages {
		w.Raw("", p.Raw)
		return
	}
	if e.r.From != llm.Messages && p.FileID != "" || p.Text == "" && p.Source == (llm.Source{}) {
		e.drop(m, i, "the file is stored at another provider")
		return
	}
	w.Object("")
	w.Str("type", "document")
	if p.Text != "" {
		w.Object("source")
		w.Str("type", "text")
		w.Str("media_type", "text/plain")
		w.Str("data", p.Text)
		w.EndObject()
	} else {
		writeSource(w, p.Source)
	}
	w.OptStr("title", p.Name)
	w.OptStr("context", p.Context)
	if p.Cite {
		w.Object("citations")
		w.Bool("enabled", true)
		w.EndObject()
	}
	w.OptRaw("cache_control", p.Cache)
	w.EndObject()
}

// thought writes thinking that Anthropic can verify. Any other would make it refuse the request.
func (e *requestEncoder) thought(m *llm.Message, i int, t *llm.Thinking) {
	if !ours(t) {
		e.drop(m, i, "thinking without a signature of the provider")
		return
	}
	writeThinking(&e.w, t)
}

func writeThinking(w *wire.Writer, t *llm.Thinking) {
	seal := t.Seal
	if t.Format != llm.SealAnthropic && seal != "" {
		seal = llm.WrapSeal(t)
	}
	w.Object("")
	if t.Redacted {
		w.Str("type", "redacted_thinking")
		w.Str("data", seal)
	} else {
		w.Str("type", "thinking")
		w.Str("thinking", t.Text)
		w.Str("signature", seal)
	}
	w.EndObject()
}

// maxCallID is the length of the longest id Anthropic takes.
const maxCallID = 64

func (e *requestEncoder) callID(id string) string {
	if e.r.From == llm.Messages {
		return id
	}
	return llm.SafeName(id, maxCallID)
}

func (e *requestEncoder) call(m *llm.Message, i int, p *llm.ToolCall) {
	input := json.RawMessage(p.Arguments)
	if !json.Valid(input) || !wire.IsObject(input) {
		if strings.TrimSpace(p.Arguments) != "" {
			e.drops.Add(e.r.PathOf(m)+".tool_calls["+strconv.Itoa(i)+"].arguments", "they are no JSON object; sent as a text in one")
		}
		input = objectOf(p.Arguments)
	}
	w := &e.w
	w.Object("")
	w.Str("type", "tool_use")
	w.Str("id", e.callID(p.ID))
	w.Str("name", p.Name)
	w.Raw("input", input)
	w.OptRaw("cache_control", p.Cache)
	w.EndObject()
}

// objectOf wraps arguments that are no object, so that the call stays in the history.
func objectOf(arguments string) json.RawMessage {
	var w wire.Writer
	w.Object("")
	if text := strings.TrimSpace(arguments); text != "" && text != "null" {
		w.Str("arguments", arguments)
	}
	w.EndObject()
	return w.Take()
}

func (e *requestEncoder) result(m *llm.Message, p *llm.ToolResult) {
	w := &e.w
	w.Object("")
	w.Str("type", "tool_result")
	w.Str("tool_use_id", e.callID(p.CallID))
	if len(p.Parts) == 1 && llm.AllText(p.Parts) && llm.CacheOf(p.Parts[0]) == nil {
		w.Str("content", llm.JoinText(p.Parts, ""))
	} else if len(p.Parts) > 0 {
		w.Array("content")
		e.blocks(m, p.Parts)
		w.EndArray()
	}
	if p.IsError {
		w.Bool("is_error", true)
	}
	w.OptRaw("cache_control", p.Cache)
	w.EndObject()
}

func (e *requestEncoder) drop(m *llm.Message, i int, reason string) {
	e.drops.Add(e.r.PathOf(m)+".content["+strconv.Itoa(i)+"]", reason)
}
