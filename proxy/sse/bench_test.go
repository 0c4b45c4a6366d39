package sse

import (
	"strings"
	"testing"
)

func BenchmarkSplitter(b *testing.B) {
	chunk := `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"gpt-4o","choices":[{"index":0,"delta":{"content":" hello"},"finish_reason":null}]}` + "\n\n"
	for name, text := range map[string]string{"lf": chunk, "cr": strings.ReplaceAll(chunk, "\n", "\r")} {
		stream := []byte(strings.Repeat(text, 100))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(stream)))
			b.ReportAllocs()
			for b.Loop() {
				s := Splitter{hold: 1 << 16, prev: '\n'}
				s.Feed(stream)
				events := 0
				for _, ok := s.Next(); ok; _, ok = s.Next() {
					events++
				}
				if events != 100 {
					b.Fatal(events)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100, "ns/event")
		})
	}
}
