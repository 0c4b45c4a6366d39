package web

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/tidwall/gjson"

	"squirrel/app/admin"
	"squirrel/views/pages"
	"squirrel/views/ui"
)

// conversation reads request and answer as what was said, whole. nil when the endpoint holds no conversation or nothing of it was
// recorded.
func conversation(found *admin.LogView) *pages.Chat {
	t := newTranscript(found, wholeTexts)
	if t == nil {
		return nil
	}
	chat := pages.Chat{Tools: t.tools, ToolCount: len(t.tools), Problem: t.problem}
	for i := range t.turns {
		if m, said := t.read(i); said {
			chat.Messages = append(chat.Messages, m)
		}
	}
	here := callIDs(chat.Messages)
	for _, m := range chat.Messages {
		for k, part := range m.Parts {
			if part.Kind == "tool_result" && here[part.ID] {
				m.Parts[k].CallURL = "#call-" + part.ID
			}
		}
	}
	return &chat
}

type object = map[string]json.RawMessage

// item reads a message, or one of the other items of the Responses API.
func (t *transcript) item(o object, answer bool, note string) pages.ChatMessage {
	kind := jsonText(o["type"])
	if kind == "" || kind == "message" {
		return t.message(o, answer, note)
	}
	role := "assistant"
	if strings.HasSuffix(kind, "_output") {
		role = "tool"
	}
	return pages.ChatMessage{Role: role, Answer: answer, Parts: []pages.ChatPart{t.part(o)}}
}

// message reads a message of chat completions, of Anthropic or of Responses.
func (t *transcript) message(o object, answer bool, note string) pages.ChatMessage {
	m := pages.ChatMessage{Role: firstOf(jsonText(o["role"]), "assistant"), Answer: answer, Note: note}
	for _, name := range []string{"reasoning_content", "reasoning"} {
		if text := jsonText(o[name]); text != "" {
			m.Parts = append(m.Parts, pages.ChatPart{Kind: "reasoning", Text: text})
			break
		}
	}
	if id := jsonText(o["tool_call_id"]); id != "" {
		m.Parts = append(m.Parts, pages.ChatPart{Kind: "tool_result", ID: id, Name: t.names[id], Text: flat(t.content(o["content"]))})
	} else {
		m.Parts = append(m.Parts, t.content(o["content"])...)
	}
	if text := jsonText(o["refusal"]); text != "" {
		m.Parts = append(m.Parts, pages.ChatPart{Kind: "refusal", Text: text})
	}
	var calls []object
	_ = json.Unmarshal(o["tool_calls"], &calls) // most messages have none
	for _, call := range calls {
		m.Parts = append(m.Parts, t.part(call))
	}
	if given(o["function_call"]) {
		var call object
		if json.Unmarshal(o["function_call"], &call) == nil {
			m.Parts = append(m.Parts, t.call("", jsonText(call["name"]), call["arguments"]))
		}
	}
	if given(o["audio"]) {
		m.Parts = append(m.Parts, pages.ChatPart{Kind: "audio", Text: mediaNote(o["audio"])})
	}
	return m
}

// content reads a text or a list of parts.
func (t *transcript) content(raw json.RawMessage) (parts []pages.ChatPart) {
	if !given(raw) {
		return nil
	}
	if text := jsonText(raw); text != "" {
		return []pages.ChatPart{{Kind: "text", Text: text}}
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		if string(raw) != `""` {
			parts = append(parts, pages.ChatPart{Kind: "other", Text: pretty(string(raw))})
		}
		return parts
	}
	for _, each := range list {
		var o object
		if json.Unmarshal(each, &o) == nil && o != nil {
			parts = append(parts, t.part(o))
		} else {
			parts = append(parts, pages.ChatPart{Kind: "text", Text: firstOf(jsonText(each), string(each))})
		}
	}
	return parts
}

// part reads one part. What is not known is shown as it is.
func (t *transcript) part(o object) pages.ChatPart {
	kind := jsonText(o["type"])
	switch kind {
	case "text", "input_text", "output_text", "summary_text", "reasoning_text":
		return pages.ChatPart{Kind: "text", Text: jsonText(o["text"])}
	case "refusal":
		return pages.ChatPart{Kind: "refusal", Text: jsonText(o["refusal"])}
	case "thinking":
		return pages.ChatPart{Kind: "reasoning", Text: jsonText(o["thinking"])}
	case "redacted_thinking":
		return pages.ChatPart{Kind: "reasoning", Text: "•••"}
	case "reasoning":
		return pages.ChatPart{Kind: "reasoning", Text: flat(append(t.content(o["summary"]), t.content(o["content"])...))}
	case "tool_use", "server_tool_use":
		return t.call(jsonText(o["id"]), jsonText(o["name"]), o["input"])
	case "function_call", "custom_tool_call":
		return t.call(jsonText(o["call_id"]), jsonText(o["name"]), either(o["arguments"], o["input"]))
	case "function", "custom":
		var f object
		_ = json.Unmarshal(either(o["function"], o["custom"]), &f) // without it the call has no name
		return t.call(jsonText(o["id"]), jsonText(f["name"]), either(f["arguments"], f["input"]))
	case "tool_result", "web_search_tool_result":
		id := jsonText(o["tool_use_id"])
		return pages.ChatPart{Kind: "tool_result", ID: id, Name: t.names[id], Text: flat(t.content(o["content"]))}
	case "function_call_output", "custom_tool_call_output":
		id := jsonText(o["call_id"])
		return pages.ChatPart{Kind: "tool_result", ID: id, Name: t.names[id], Text: flat(t.content(o["output"]))}
	case "image_url", "input_image", "image":
		return pages.ChatPart{Kind: "image", Text: mediaNote(either(o["image_url"], o["source"], o["file_id"]))}
	case "input_audio":
		return pages.ChatPart{Kind: "audio", Text: mediaNote(o["input_audio"])}
	case "file", "input_file", "document":
		return pages.ChatPart{Kind: "file", Name: jsonText(either(o["filename"], o["title"])), Text: mediaNote(either(o["file"], o["source"], o["file_url"], o["file_data"], o["file_id"]))}
	}
	raw, _ := json.Marshal(o) // it was JSON a moment ago
	return pages.ChatPart{Kind: "other", Name: kind, Text: pretty(string(raw))}
}

func (t *transcript) call(id, name string, arguments json.RawMessage) pages.ChatPart {
	text := jsonText(arguments)
	if text == "" && given(arguments) && string(arguments) != `""` {
		text = string(arguments)
	}
	if id != "" {
		t.names[id] = name
	}
	return pages.ChatPart{Kind: "tool_call", ID: id, Name: name, Text: pretty(text)}
}

// maxMediaText is how much of an address or of other words about a medium is shown, in bytes.
const maxMediaText = 300

// mediaNote describes a picture, a sound or a file. Nothing is loaded from anywhere; data is only measured.
func mediaNote(raw json.RawMessage) string {
	var text string
	if text = jsonText(raw); text == "" {
		var o object
		if json.Unmarshal(raw, &o) != nil {
			return ""
		}
		if note := knownMedium(o); note != "" {
			return note
		}
		for name, value := range o {
			if n := wholeLength(string(value)); (name == "data" || name == "file_data") && n > 64 {
				o[name], _ = json.Marshal(sizeNote(n)) // a text can always be marshalled
			} else if name == "url" {
				o[name], _ = json.Marshal(mediaNote(value))
			}
		}
		out, _ := json.Marshal(o)
		text = string(out)
	}
	if kind, data, found := strings.Cut(text, ";base64,"); found {
		return kind + " (" + sizeNote(wholeLength(data)) + ")"
	}
	if len(text) > maxMediaText {
		text = strings.ToValidUTF8(text[:maxMediaText], "") + "…"
	}
	return text
}

// knownMedium describes what is as usual: an address, or data with its type.
func knownMedium(o object) string {
	if address := jsonText(o["url"]); address != "" {
		note := mediaNote(o["url"])
		if detail := jsonText(o["detail"]); detail != "" {
			note += " (" + detail + ")"
		}
		return note
	}
	if kind := jsonText(o["media_type"]); kind != "" && jsonText(o["data"]) != "" {
		return kind + " (" + sizeNote(wholeLength(string(o["data"]))) + ")"
	}
	return ""
}

// jsonText is a text of JSON; what is no text has none.
func jsonText(raw json.RawMessage) string {
	if text := gjson.ParseBytes(raw); text.Type == gjson.String {
		return text.Str
	}
	return ""
}

func given(raw json.RawMessage) bool {
	raw = bytes.TrimSpace(raw)
	return len(raw) > 0 && string(raw) != "null"
}

func either(raws ...json.RawMessage) json.RawMessage {
	for _, raw := range raws {
		if given(raw) {
			return raw
		}
	}
	return nil
}

// flat writes parts as one text.
func flat(parts []pages.ChatPart) string {
	texts := make([]string, len(parts))
	for i, p := range parts {
		texts[i] = p.Text
		if p.Kind != "text" && p.Kind != "other" {
			texts[i] = "[" + p.Kind + "] " + p.Text
		}
	}
	return strings.Join(texts, "\n")
}

func sizeNote(encoded int) string { return ui.Bytes(int64(encoded) * 3 / 4) }
