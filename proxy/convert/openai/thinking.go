package openai

import (
	"encoding/json"

	"squirrel/proxy/convert/wire"
	"squirrel/proxy/llm"
)

// Chat completions have no place for reasoning. Two inventions of vendors are understood and spoken here: the text in
// reasoning_content (DeepSeek, Qwen, Kimi, GLM; reasoning at OpenRouter, Groq and Cerebras), and OpenRouter's
// reasoning_details, which carry the seals: https://openrouter.ai/docs/use-cases/reasoning-tokens.

// decodeThinking reads the reasoning of a message.
func decodeThinking(o *wire.Object) []llm.Part {
	text := reasoningText(o)
	var parts []llm.Part
	for _, raw := range wire.Each(o.Get("reasoning_details")) {
		if t := decodeDetail(wire.Parse(raw)); t != nil {
			parts = append(parts, t)
		}
	}
	if len(parts) == 0 && text != "" {
		parts = append(parts, &llm.Thinking{Text: text})
	}
	return mergeDetails(parts, text)
}

// reasoningText returns the plain reasoning of a message or a delta.
func reasoningText(o *wire.Object) string {
	text := o.Str("reasoning_content")
	if other := o.Str("reasoning"); text == "" {
		text = other
	}
	return text
}

// decodeDetail reads one element of reasoning_details.
func decodeDetail(o *wire.Object) *llm.Thinking {
	t := &llm.Thinking{ID: o.Str("id"), Format: o.Str("format")}
	switch o.Str("type") {
	case "reasoning.text":
		t.Text, t.Seal = o.Str("text"), o.Str("signature")
	case "reasoning.summary":
		t.Text = o.Str("summary")
	case "reasoning.encrypted":
		t.Seal = o.Str("data")
		t.Redacted = t.Format == llm.SealAnthropic
	default:
		return nil
	}
	return t
}

// mergeDetails joins a summary with the seal that follows it, and gives the plain text to a seal that has none.
func mergeDetails(parts []llm.Part, text string) []llm.Part {
	var merged []llm.Part
	hasText := false
	for _, p := range parts {
		t := p.(*llm.Thinking)
		if n := len(merged); n > 0 && !t.Redacted {
			last := merged[n-1].(*llm.Thinking)
			if last.Seal == "" && t.Text == "" && !last.Redacted {
				last.Seal, last.Format, last.ID = t.Seal, t.Format, t.ID
				continue
			}
		}
		hasText = hasText || t.Text != ""
		merged = append(merged, t)
	}
	if !hasText && text != "" {
		for _, p := range merged {
			if t := p.(*llm.Thinking); !t.Redacted {
				t.Text = text
				return merged
			}
		}
		merged = append([]llm.Part{&llm.Thinking{Text: text}}, merged...)
	}
	return merged
}

// writeThinking writes the reasoning of a message.
func writeThinking(w *wire.Writer, parts []llm.Part) {
	text, sealed, any := "", false, false
	for _, p := range parts {
		if t, ok := p.(*llm.Thinking); ok {
			text += t.Text
			any = any || t.Text != ""
			sealed = sealed || t.Seal != ""
		}
	}
	if any {
		w.Str("reasoning_content", text)
	}
	if !sealed {
		return
	}
	w.Array("reasoning_details")
	for _, p := range parts {
		if t, ok := p.(*llm.Thinking); ok {
			writeDetails(w, t)
		}
	}
	w.EndArray()
}

// writeDetails writes the elements of reasoning_details that carry t.
func writeDetails(w *wire.Writer, t *llm.Thinking) {
	encrypted := t.Redacted || t.Seal != "" && t.Format != llm.SealAnthropic
	if t.Text != "" || !encrypted {
		w.Object("")
		if encrypted {
			w.Str("type", "reasoning.summary")
			w.Str("summary", t.Text)
		} else {
			w.Str("type", "reasoning.text")
			w.Str("text", t.Text)
			w.StrOrNull("signature", t.Seal)
		}
		writeDetailTail(w, t)
	}
	if encrypted {
		w.Object("")
		w.Str("type", "reasoning.encrypted")
		w.Str("data", t.Seal)
		writeDetailTail(w, t)
	}
}

func writeDetailTail(w *wire.Writer, t *llm.Thinking) {
	w.OptStr("id", t.ID)
	w.OptStr("format", t.Format)
	w.Int("index", 0)
	w.EndObject()
}

// rawDetails returns t as a reasoning_details array.
func rawDetails(t *llm.Thinking) json.RawMessage {
	var w wire.Writer
	w.Array("")
	writeDetails(&w, t)
	w.EndArray()
	return w.Take()
}
