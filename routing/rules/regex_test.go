package rules

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"squirrel/models"
)

func TestD12_RegexLimits(t *testing.T) {
	for _, tc := range []struct{ pattern, message string }{
		{strings.Repeat("é", 513), "513 characters"},
		{strings.Repeat(`\pL{100}`, 10) + strings.Repeat(`(a|b){100}`, 10), "too complex"},
		{`a(b`, "character 4: missing closing )"},
		{`ab)c`, "character 3: unexpected )"},
		{`ab[z-a]`, "character 4: invalid character class range"},
		{`x{2,1}`, "character 2: invalid repeat count"},
		{`é**`, "character 2: invalid nested repetition operator"},
		{`a\`, "character 3: trailing backslash"},
		{`(?=a)`, "invalid or unsupported Perl syntax"},
		{`\1`, "invalid escape sequence"},
	} {
		value, _ := json.Marshal(tc.pattern)
		_, err := Compile(&models.Rule{Field: "model", Operator: "regex", Value: value})
		if err == nil || !strings.Contains(err.Error(), tc.message) {
			t.Errorf("%.40s: %v, want %q", tc.pattern, err, tc.message)
		}
	}
}

// TestD12_LongTexts bounds the time that a hostile text can cost, whether it comes as one message or as many.
func TestD12_LongTexts(t *testing.T) {
	r := mustCompile(t, `{"field":"messages.any","operator":"regex","value":"(.*a){20}z"}`)
	one := `{"messages":[{"role":"user","content":"` + strings.Repeat("a", 5<<20) + `"}]}`
	many := `{"messages":[{"role":"user","content":"x"}` + strings.Repeat(`,{"role":"user","content":"`+strings.Repeat("a", 1000)+`"}`, 5000) + `]}`
	for _, body := range []string{one, many} {
		began := time.Now()
		if got := outcome(r, onBody(body)); got != "no" {
			t.Errorf("got %s, want no", got)
		}
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("took %s", took)
		}
	}
}

func TestD12_BothEndsAreMatched(t *testing.T) {
	const half = patternBytes / 2
	x := func(n int) string { return strings.Repeat("x", n) }
	for _, tc := range []struct {
		name  string
		texts []string
		want  string
	}{
		{"at the start of a long text", []string{"needle" + x(1<<20)}, "yes"},
		{"at the end of a long text", []string{x(1<<20) + "needle"}, "yes"},
		{"in the middle of a long text", []string{x(1<<19) + "needle" + x(1<<19)}, "no"},
		{"across the cut", []string{x(half-3) + "nee" + x(1<<20) + "dle" + x(half-4)}, "no"},
		{"in all of a text that fits", []string{x(half-3) + "needle" + x(half-3)}, "yes"},
		{"in the first of many", append([]string{"needle"}, strings.Split(strings.Repeat(x(999)+" ", 200), " ")...), "yes"},
		{"in the last of many", append(strings.Split(strings.Repeat(x(999)+" ", 200), " "), "needle"), "yes"},
		{"in the middle of many", append(append(strings.Split(strings.Repeat(x(999)+" ", 100), " "), "needle"), strings.Split(strings.Repeat(x(999)+" ", 100), " ")...), "no"},
		{"in the last, after empty ones", append(make([]string, 100_000), "needle"), "yes"},
		{"at the end of a long one, after a short one", []string{"short", x(1<<20) + "needle"}, "yes"},
		{"at the end of the second of two long ones", []string{x(1 << 20), x(1<<20) + "needle"}, "yes"},
	} {
		type message struct {
			Role    string `json:"role"`
			Content string `json:"content"`
		}
		var body struct {
			Messages []message `json:"messages"`
		}
		for _, text := range tc.texts {
			body.Messages = append(body.Messages, message{"user", text})
		}
		raw, _ := json.Marshal(body)
		r := mustCompile(t, `{"field":"messages.any","operator":"regex","value":"needle"}`)
		if got := outcome(r, onBody(string(raw))); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

func TestMatch_AnchorsMeanEachText(t *testing.T) {
	f := onBody(`{"messages":[{"role":"user","content":"first"},{"role":"user","content":"second"}]}`)
	for pattern, want := range map[string]string{"^second$": "yes", "^first$": "yes", "first.second": "no", "^econd": "no"} {
		r := mustCompile(t, `{"field":"messages.any","operator":"regex","value":"`+pattern+`"}`)
		if got := outcome(r, f); got != want {
			t.Errorf("%s: %s, want %s", pattern, got, want)
		}
	}
}

func TestGlob(t *testing.T) {
	for _, tc := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true}, {"*", "", true}, {"*", "a\nb", true}, {"?", "", false}, {"?", "é", true}, {"a", "ab", false},
		{"a*", "a", true}, {"*a", "ba", true}, {"a*a", "a", false}, {"a*a", "aa", true}, {"a**b", "axxb", true},
		{"*ab*ab", "abab", true}, {"*ab*ab", "aba", false}, {"a?c*", "abcd", true}, {"*?b", "ab", true}, {"*?b", "b", false},
		{"*a?c*", "xxabaccx", true}, {"[a]", "a", false}, {"[a]", "[a]", true}, {`a\*`, `a\b`, true}, {"é*", "éa", true},
		{"*b*a", "ab", false}, {"x*?", "x", false}, {"x*?", "xé", true},
	} {
		g, problem := newGlob(tc.pattern, false)
		if problem != "" || g.match(tc.text) != tc.want {
			t.Errorf("%q on %q: want %v %s", tc.pattern, tc.text, tc.want, problem)
		}
	}
	if _, problem := newGlob(strings.Repeat("*", 513), false); problem == "" {
		t.Error("a pattern of 513 characters is accepted")
	}
}

func TestContains_Fold(t *testing.T) {
	long := strings.Repeat("é", foldChunk)
	for _, tc := range []struct {
		text, needle string
		want         bool
	}{
		{"abc", "B", true}, {"abc", "x", false}, {"ÉTÉ", "été", true}, {long + "Needle", "nEEDLE", true}, {long + "needl", "needle", false},
		{strings.Repeat("x", foldChunk-3) + "NEEDLE" + long + long, "needle", true}, {strings.Repeat("\xff", 3*foldChunk) + "A", "a", true},
	} {
		if got := contains(tc.text, tc.needle, true); got != tc.want {
			t.Errorf("%.10q… contains %q: %v", tc.text, tc.needle, got)
		}
	}
	for at := range 40 {
		text := strings.Repeat("x", foldChunk+at-20) + "NEEDLE" + strings.Repeat("y", 2*foldChunk)
		if !contains(text, "needle", true) {
			t.Errorf("not found around the end of a chunk, at %d", at)
		}
	}
	if !hasPrefix("ÉTÉ", "ét", true) || hasPrefix("É", "ét", true) || !hasSuffix("ÉTÉ", "té", true) || hasSuffix("é", "té", true) {
		t.Error("prefix or suffix is wrong")
	}
}

func TestRequiredLiterals(t *testing.T) {
	for pattern, want := range map[string]string{
		`(.*a){20}z`: "a z", `\bSELECT\b.*FROM`: "SELECT FROM", `a|b`: "", `(ab)?c`: "c", `(?i)abc`: "", `(ab)+`: "ab", `x{0,3}`: "",
		`x{1,3}`: "x", "\uFFFD": "", `^$`: "", `(?:foo)bar`: "foobar", `[ab]c`: "c",
	} {
		r, problem := newRegex(pattern, false)
		if got := strings.Join(r.literals, " "); problem != "" || got != want {
			t.Errorf("%s: %q %s, want %q", pattern, got, problem, want)
		}
	}
}
