package web

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// partsOf puts all parts of a text together again.
func partsOf(t testing.TB, text string, raw bool, room int) string {
	var whole strings.Builder
	start := walk(text, raw)
	first := textParts(start, room, 1)
	for n := 1; n <= first.of; n++ {
		part := textParts(start, room, n)
		if part.n != n || part.of != first.of {
			t.Fatalf("part %d of %d is %d of %d", n, first.of, part.n, part.of)
		}
		if part.line && n > 1 {
			whole.WriteByte('\n')
		}
		whole.WriteString(part.text)
	}
	return whole.String()
}

// TestTextParts: whatever the size of the parts, together they are the text, indented as encoding/json does it.
func TestTextParts(t *testing.T) {
	t.Parallel()
	texts := []string{
		`{}`, ` [ ] `, `{"a":[],"b":{ },"c":[1,-2.50e+3,true,null,"x\\\"y\\\\"],"d":{"e":{"f":"長い名前<&'"}}}`, "plain\ntext\n", "", `{"cut":"in the`, "[DONE]", `{"a":1}}`, "\xff\xfe\x80",
		`{"long":"` + strings.Repeat("長い\\n", 700) + `","n":[` + strings.Repeat("1,", 500) + `0]}`,
	}
	files, err := filepath.Glob("testdata/conversation/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(data))
	}
	for _, text := range texts {
		want := text
		if json.Valid([]byte(text)) {
			want = strings.TrimSpace(pretty(text))
		}
		for _, room := range []int{1, 50, 3000, 1 << 30} {
			if got := partsOf(t, text, false, room); got != want {
				t.Errorf("in parts of %d: %.300q\nwant %.300q", room, got, want)
			}
			if got := partsOf(t, text, true, room); got != text {
				t.Errorf("raw, in parts of %d: %.300q", room, got)
			}
		}
	}
}

func FuzzTextParts(f *testing.F) {
	f.Add(`{"a":[1,"\\"]}`, 7)
	f.Add(`[[[{"":""}]]]`, 1)
	f.Add(`["\`, 1)
	f.Fuzz(func(t *testing.T, text string, room int) {
		if got := partsOf(t, text, true, room%200); got != text {
			t.Errorf("raw: %q", got)
		}
		got := partsOf(t, text, false, room%200)
		if json.Valid([]byte(text)) && wellFormed(text) && got != strings.TrimSpace(pretty(text)) {
			t.Errorf("%q, want %q", got, pretty(text))
		}
	})
}
