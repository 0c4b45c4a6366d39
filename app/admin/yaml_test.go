package admin

import (
	"fmt"
	"strings"
	"testing"

	"squirrel/models"
)

func TestYAMLToJSON(t *testing.T) {
	for text, want := range map[string]string{
		"a: 1\nb: [x, 2.50, null]\n":   `{"a": 1, "b": ["x", 2.50, null]}`,
		`{"a": "0.0000000001"}`:        `{"a": "0.0000000001"}`,
		"a: |\n  two\n  lines\n":       `{"a": "two\nlines\n"}`,
		"price: \"0.15\"\nyes: 'no'\n": `{"price": "0.15", "yes": "no"}`,
	} {
		got, err := YAMLToJSON([]byte(text))
		if err != nil || compact(string(got)) != compact(want) {
			t.Errorf("%q became %s, %v", text, got, err)
		}
	}
}

func compact(text string) string {
	return strings.NewReplacer(" ", "", "\n", "", "2.50", "2.5").Replace(text)
}

func TestHostileYAMLIsRefused(t *testing.T) {
	var laughs strings.Builder
	laughs.WriteString("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n")
	for i := 1; i < 9; i++ {
		fmt.Fprintf(&laughs, "a%d: &a%d [%s*a%d]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d,", i-1), 9), i-1)
	}
	for name, text := range map[string]string{
		"billion laughs":     laughs.String(),
		"merge key":          "a: &a {b: 1}\nc:\n  <<: *a\n",
		"brackets":           strings.Repeat("[", 500_000),
		"braces":             strings.Repeat("{a: ", 200_000),
		"dashes":             strings.Repeat("- ", 400_000) + "x",
		"question marks":     strings.Repeat("? ", 400_000) + "x",
		"too large":          strings.Repeat("# comment\n", 60_000),
		"broken":             "a: b: c: [",
		"several tabs":       "\t\t\ta: 1",
		"unterminated quote": `a: "`,
	} {
		if _, err := YAMLToJSON([]byte(text)); models.ErrorCode(err) != models.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzYAMLToJSON(f *testing.F) {
	f.Add("a: 1\nb: [x, {y: z}]\n")
	f.Add("- - - ? a\n  : b\n")
	f.Add("&a [*a]")
	f.Fuzz(func(t *testing.T, text string) {
		converted, err := YAMLToJSON([]byte(text))
		if err != nil {
			return
		}
		if len(converted) > 20*len(text)+100 {
			t.Errorf("%d bytes became %d", len(text), len(converted))
		}
	})
}
