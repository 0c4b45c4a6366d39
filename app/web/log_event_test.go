package web

import (
	"strings"
	"testing"
)

// TestSaid reads the words out of the events of each protocol.
func TestSaid(t *testing.T) {
	for data, want := range map[string]string{
		`{"choices":[{"index":0,"delta":{"content":" an oak"}}]}`:                                               " an oak",
		`{"choices":[{"index":0,"delta":{"reasoning_content":"Hm."}}]}`:                                         "Hm.",
		`{"choices":[{"delta":{"tool_calls":[{"function":{"name":"look","arguments":"{\"n\""}}]}}]}`:            `look{"n"`,
		`{"choices":[{"text":"an oak"}]}`:                                                                       "an oak",
		`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"an oak"}}`:                "an oak",
		`{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Hm."}}`:           "Hm.",
		`{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"n\":"}}`: `{"n":`,
		`{"type":"response.output_text.delta","delta":"an oak"}`:                                                "an oak",
		`{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`:                                           "",
		`{"type":"message_delta","delta":{"stop_reason":"end_turn"}}`:                                           "",
		`[DONE]`:    "",
		`{"choices`: "",
	} {
		if got := said(data); got != want {
			t.Errorf("%s: %q instead of %q", data, got, want)
		}
	}
	if long := said(`{"delta":"` + strings.Repeat("<", 1000) + `"}`); len(long) > maxSaid/3 {
		t.Errorf("%d bytes are shown", len(long))
	}
}
