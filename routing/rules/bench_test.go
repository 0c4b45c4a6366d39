package rules

import (
	"strings"
	"testing"
)

// BenchmarkMatch_Hostile is the worst that faults.md D12 names: an expression made to be slow on a text of 5 MiB.
func BenchmarkMatch_Hostile(b *testing.B) {
	benchmark(b, `{"field":"messages.any","operator":"regex","value":"(.*a){20}z"}`, strings.Repeat("a", 5<<20))
}

// BenchmarkMatch_Contains looks through a megabyte of text with line breaks in it.
func BenchmarkMatch_Contains(b *testing.B) {
	benchmark(b, `{"field":"messages.any","operator":"contains","value":"SELECT "}`, strings.Repeat(`some words and a line\n`, 50_000))
}

// BenchmarkMatch_Count looks at a megabyte of text without decoding it.
func BenchmarkMatch_Count(b *testing.B) {
	benchmark(b, `{"field":"messages.count","operator":"gt","value":5}`, strings.Repeat(`some words and a line\n`, 50_000))
}

func benchmark(b *testing.B, rule, text string) {
	r := mustCompile(b, rule)
	body := `{"messages":[{"role":"user","content":"` + text + `"}]}`
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if got := outcome(r, onBody(body)); got != "no" {
			b.Fatal(got)
		}
	}
}
