package tokens

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"squirrel/models"
)

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

func TestEncoding(t *testing.T) {
	for model, want := range map[string]string{
		"gpt-4o": o200k, "gpt-4o-2024-05-13": o200k, "GPT-4o-mini": o200k, "gpt-4.1-nano": o200k, "gpt-4.5-preview": o200k,
		"gpt-5": o200k, "gpt-5.4-mini": o200k, "o1": o200k, "o3-pro": o200k, "o4-mini-2025-04-16": o200k,
		"chatgpt-4o-latest": o200k, "gpt-oss-120b": o200k, "openai/gpt-oss-20b": o200k, "ft:gpt-4o-mini:acme::x": o200k,
		"gpt-4": cl100k, "gpt-4-turbo": cl100k, "gpt-4-0613": cl100k, "gpt-4-32k": cl100k, "gpt-3.5-turbo": cl100k,
		"gpt-35-turbo": cl100k, "azure/gpt-4": cl100k, "text-embedding-3-small": cl100k, "text-embedding-ada-002": cl100k,
	} {
		if name, exact := Encoding(model); name != want || !exact {
			t.Errorf("Encoding(%q) = %s, %v; want %s", model, name, exact, want)
		}
	}
	for _, model := range []string{"", "claude-sonnet-4-5", "gemini-2.5-pro", "o1234", "mistral-large", "gpt2", "llama-3", "/", "text-embedding-004"} {
		if name, exact := Encoding(model); name != o200k || exact {
			t.Errorf("Encoding(%q) = %s, %v; want an estimate with o200k_base", model, name, exact)
		}
	}
}

// TestCountText_PublishedCounts compares with what OpenAI's own tokeniser makes of the same texts.
func TestCountText_PublishedCounts(t *testing.T) {
	var golden struct {
		Texts []struct {
			Text   string `json:"text"`
			O200k  int64  `json:"o200k_base"`
			Cl100k int64  `json:"cl100k_base"`
		} `json:"texts"`
	}
	readJSON(t, "testdata/encodings.json", &golden)
	if len(golden.Texts) < 20 {
		t.Fatalf("only %d texts", len(golden.Texts))
	}
	for _, g := range golden.Texts {
		if got := CountText(g.Text, "gpt-4o"); got != g.O200k {
			t.Errorf("o200k_base: %.40q makes %d, want %d", g.Text, got, g.O200k)
		}
		if got := CountText([]byte(g.Text), "gpt-4"); got != g.Cl100k {
			t.Errorf("cl100k_base: %.40q makes %d, want %d", g.Text, got, g.Cl100k)
		}
	}
}

// TestSegments_DoNotChangeTheCount compares cut with uncut texts.
func TestSegments_DoNotChangeTheCount(t *testing.T) {
	Warm("gpt-4o", "gpt-4")
	source, err := os.ReadFile("segment.go")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"code":    strings.Repeat(string(source), 3),
		"english": strings.Repeat("It was the best of times, it was the worst of times; it was 1859.\n\n", 300),
		"yaml":    strings.Repeat("- name: a b\n  key:   value  \n\n    deep: 'x'\r\n", 300),
		"chinese": strings.Repeat("你好，世界。 我们在这里 测试，", 400),
		"json":    strings.Repeat(`{"a": [1, 2.5, null], "b": {"c": "d e f"}},`, 300),
	} {
		for _, model := range []string{"gpt-4o", "gpt-4"} {
			enc, _ := Encoding(model)
			c := newCounter(t.Context(), model)
			c.deadline = time.Now().Add(time.Minute) // a busy machine must not turn counts into estimates here
			c.text(text)
			if got, want := c.total(), int64(len(encoders[enc]().EncodeOrdinary(text))); got != want {
				t.Errorf("%s, %s: %d, want %d", name, model, got, want)
			}
		}
	}
}

func TestSegments_CoverTheTextInBounds(t *testing.T) {
	for name, text := range map[string]string{
		"run of letters":   strings.Repeat("a", 10_000),
		"run of spaces":    strings.Repeat(" ", 10_000),
		"wide runes":       strings.Repeat("𠀀", 5_000),
		"marks":            strings.Repeat("e\u0301", 5_000),
		"only marks":       strings.Repeat("\u0301", 5_000),
		"broken UTF-8":     strings.Repeat("\xff\xc3(", 5_000),
		"words":            strings.Repeat("word ", 5_000),
		"punctuation":      strings.Repeat("-", 10_000),
		"digits and signs": strings.Repeat("1.", 10_000),
	} {
		var joined strings.Builder
		for piece := range segments(text) {
			if len(piece) == 0 || len(piece) > maxSegment {
				t.Fatalf("%s: a piece of %d bytes", name, len(piece))
			}
			joined.WriteString(piece)
		}
		if joined.String() != text {
			t.Errorf("%s: the pieces are not the text", name)
		}
	}
}

// TestCountRequest_RecordedRequests compares with what providers billed for recorded requests.
func TestCountRequest_RecordedRequests(t *testing.T) {
	var golden struct {
		Cases []struct {
			Name     string          `json:"name"`
			Endpoint models.Endpoint `json:"endpoint"`
			Billed   int64           `json:"billed"`
			Within   int64           `json:"within_percent"`
			Request  json.RawMessage `json:"request"`
		} `json:"cases"`
	}
	readJSON(t, "testdata/recorded.json", &golden)
	if len(golden.Cases) < 20 {
		t.Fatalf("only %d cases", len(golden.Cases))
	}
	for _, g := range golden.Cases {
		var head struct{ Model string }
		if err := json.Unmarshal(g.Request, &head); err != nil {
			t.Fatal(err)
		}
		n, _ := CountRequest(t.Context(), g.Endpoint, "", g.Request, head.Model)
		if off := max(n-g.Billed, g.Billed-n); off*100 > g.Billed*g.Within {
			t.Errorf("%s (%s): counted %d, billed %d", g.Name, head.Model, n, g.Billed)
		}
	}
}

func TestWarm_BuildsEveryEncoderOnce(t *testing.T) {
	Warm()
	for name, get := range encoders {
		if first, again := get(), get(); first == nil || first != again {
			t.Errorf("%s is not shared", name)
		}
	}
}
