package i18n

import (
	"context"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

func TestLanguagesAreAtParity(t *testing.T) {
	en, zh := catalogues()[English], catalogues()[Chinese]
	for _, key := range slices.Sorted(maps.Keys(en)) {
		translated, ok := zh[key]
		if !ok {
			if !strings.HasSuffix(key, ".one") { // Chinese has one form
				t.Errorf("%s has no Chinese words", key)
			}
			continue
		}
		if got, want := placeholdersOf(translated), placeholdersOf(en[key]); !slices.Equal(got, want) {
			t.Errorf("%s: placeholders %v in Chinese, %v in English", key, got, want)
		}
		if translated == en[key] && len(strings.Fields(translated)) > 3 {
			t.Errorf("%s is not translated: %q", key, translated)
		}
	}
	for key, words := range zh {
		if _, ok := en[key]; !ok {
			t.Errorf("%s has no English words", key)
		}
		if strings.TrimSpace(words) == "" || strings.TrimSpace(en[key]) == "" {
			t.Errorf("%s is empty", key)
		}
	}
}

func placeholdersOf(words string) []string {
	found := placeholder.FindAllString(words, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

func TestKeysBeginWithTheirArea(t *testing.T) {
	err := fs.WalkDir(locales, "locales", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		words := map[string]string{}
		readInto(words, name)
		area := strings.TrimSuffix(path.Base(name), ".json") + "."
		for key := range words {
			if !strings.HasPrefix(key, area) {
				t.Errorf("%s holds %s", name, key)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestUsedKeysHaveWords reads the templates and handlers for literal keys.
func TestUsedKeysHaveWords(t *testing.T) {
	use := regexp.MustCompile(`\b(?:i18n\.)?([TN])\((?:ctx|c\.UserContext\(\)|w\.context\(c\)), "([a-z0-9_.]*[a-z0-9_])"`)
	used := 0
	for _, root := range []string{"..", "../../app/web"} {
		err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !isSource(name) {
				return err
			}
			source, err := os.ReadFile(name)
			for _, call := range use.FindAllStringSubmatch(string(source), -1) {
				key := call[2]
				if call[1] == "N" {
					key += ".other"
				}
				if used++; !Has(key) {
					t.Errorf("%s uses %s, which has no words", name, key)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if used < 50 {
		t.Errorf("found only %d uses: does the pattern still fit?", used)
	}
}

func isSource(name string) bool {
	return strings.HasSuffix(name, ".templ") || strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_templ.go") && !strings.HasSuffix(name, "_test.go")
}

func TestMatch(t *testing.T) {
	for header, want := range map[string]Lang{
		"": English, "en-US,en;q=0.9": English, "zh-CN,zh;q=0.9,en;q=0.8": Chinese, "zh-TW": Chinese, "fr, zh;q=0.5": Chinese,
		"de-DE": English, "en;q=0.4,zh;q=0.8": Chinese, "\x00nonsense": English,
	} {
		if got := Match(header); got != want {
			t.Errorf("Match(%q) = %s, want %s", header, got, want)
		}
	}
}

func TestTranslate(t *testing.T) {
	ctx := With(t.Context(), Viewer{Lang: Chinese})
	if got := T(ctx, "no.such.key"); got != "no.such.key" {
		t.Errorf("an unknown key gives %q", got)
	}
	if got := fill("{a}-{b}-{c}", []any{"a", "{b}", "b", 2}); got != "{b}-2-{c}" {
		t.Errorf("placeholders in values are filled: %q", got)
	}
	if got := N(context.Background(), "common.results", 1); got != "1 result" {
		t.Errorf("one in English: %q", got)
	}
	if got := N(context.Background(), "common.results", 2); got != "2 results" {
		t.Errorf("two in English: %q", got)
	}
	if got := N(ctx, "common.results", 1); !strings.ContainsFunc(got, isHan) {
		t.Errorf("one in Chinese: %q", got)
	}
}

func TestMessage(t *testing.T) {
	zh := With(t.Context(), Viewer{Lang: Chinese})
	for _, english := range []string{"must not be empty", "must have at most 100 characters", "must be between 1 and 600", "is taken"} {
		got := Message(zh, english)
		if !strings.ContainsFunc(got, isHan) {
			t.Errorf("%q stays %q", english, got)
		}
		for _, number := range regexp.MustCompile(`\d+`).FindAllString(english, -1) {
			if !strings.Contains(got, number) {
				t.Errorf("%q became %q without %s", english, got, number)
			}
		}
		if Message(t.Context(), english) != english {
			t.Errorf("%q is changed in English", english)
		}
	}
	if got := Message(zh, "something nobody foresaw"); got != "something nobody foresaw" {
		t.Errorf("an unknown message became %q", got)
	}
}

func isHan(r rune) bool { return unicode.Is(unicode.Han, r) }
