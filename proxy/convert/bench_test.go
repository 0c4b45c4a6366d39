package convert

import (
	"fmt"
	"strings"
	"testing"

	"squirrel/models"
)

// conversation makes a chat request of about size bytes.
func conversation(size int) []byte {
	var b strings.Builder
	b.WriteString(`{"model":"m","stream":true,"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"a":{"type":"string"}}}}}],"messages":[{"role":"system","content":"Be brief."}`)
	for i := 0; b.Len() < size-300; i++ {
		fmt.Fprintf(&b, `,{"role":"user","content":"Question %d?\nPlease."}`, i)
		fmt.Fprintf(&b, `,{"role":"assistant","content":"%s","tool_calls":[{"id":"call_%d","type":"function","function":{"name":"f","arguments":"{\"a\":\"b\"}"}}]}`, strings.Repeat("word ", 20), i)
		fmt.Fprintf(&b, `,{"role":"tool","tool_call_id":"call_%d","content":"%s"}`, i, strings.Repeat("line\\n", 30))
	}
	b.WriteString(`,{"role":"user","content":"And now?"}]}`)
	return []byte(b.String())
}

func BenchmarkRequest(b *testing.B) {
	for _, size := range []int{1 << 10, 100 << 10} {
		body := conversation(size)
		for _, out := range []models.Protocol{messages, resp} {
			b.Run(fmt.Sprintf("%dKB/to-%s", size>>10, out), func(b *testing.B) {
				b.SetBytes(int64(len(body)))
				b.ReportAllocs()
				for b.Loop() {
					if _, _, err := Request(chat, out, body, "m", Options{}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkStreamEvent(b *testing.B) {
	deltas := map[models.Protocol]string{
		chat:     `{"id":"c","object":"chat.completion.chunk","created":1700000000,"model":"m","choices":[{"index":0,"delta":{"content":" hello"},"logprobs":null,"finish_reason":null}]}`,
		messages: `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" hello"}}`,
		resp:     `{"type":"response.output_text.delta","sequence_number":7,"item_id":"msg_1","output_index":0,"content_index":0,"delta":" hello","logprobs":[]}`,
	}
	for out, data := range deltas {
		for _, in := range protocols {
			if in == out {
				continue
			}
			b.Run(fmt.Sprintf("%s-to-%s", out, in), func(b *testing.B) {
				b.ReportAllocs()
				s, n := NewStream(in, out, Options{}), 0
				for b.Loop() {
					if n++; n%100000 == 0 { // far below the largest answer
						s = NewStream(in, out, Options{})
					}
					if _, err := s.Event("", []byte(data)); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
