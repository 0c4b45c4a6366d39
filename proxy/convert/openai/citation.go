package openai

import (
	"unicode/utf8"

	"squirrel/proxy/convert/wire"
	"squirrel/proxy/llm"
)

// shift moves the ranges of citations behind the text that comes before theirs in the message.
func shift(citations []llm.Citation, before string) []llm.Citation {
	n := int64(utf8.RuneCountInString(before))
	if n == 0 {
		return citations
	}
	moved := make([]llm.Citation, len(citations))
	for i, c := range citations {
		if c.End > 0 {
			c.Start, c.End, c.Raw = c.Start+n, c.End+n, nil
		}
		moved[i] = c
	}
	return moved
}

// writeAnnotations writes citations of web pages; chat completions have no others.
func writeAnnotations(w *wire.Writer, citations []llm.Citation, drops *llm.Drops) {
	if len(citations) == 0 {
		return
	}
	w.Array("annotations")
	for _, c := range citations {
		switch {
		case c.From == llm.Chat && c.Raw != nil:
			w.Raw("", c.Raw)
		case c.URL != "":
			w.Object("")
			w.Str("type", "url_citation")
			w.Object("url_citation")
			w.Str("url", c.URL)
			w.Str("title", c.Title)
			w.Int("start_index", c.Start)
			w.Int("end_index", c.End)
			w.EndObject()
			w.EndObject()
		default:
			drops.Add("citations", "chat completions cite web pages only")
		}
	}
	w.EndArray()
}
