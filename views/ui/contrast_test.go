package ui

import (
	"maps"
	"math"
	"os"
	"regexp"
	"strconv"
	"testing"
)

// palette reads the colours of a theme out of the stylesheet's source.
func palette(t *testing.T, selector string) map[string]string {
	t.Helper()
	source, err := os.ReadFile("../../static/input.css")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile(regexp.QuoteMeta(selector) + ` \{([^}]*)\}`).FindStringSubmatch(string(source))
	if block == nil {
		t.Fatalf("no block %s", selector)
	}
	colours := map[string]string{}
	for _, c := range regexp.MustCompile(`--([a-z0-9-]+): (#[0-9a-f]{6});`).FindAllStringSubmatch(block[1], -1) {
		colours[c[1]] = c[2]
	}
	return colours
}

// luminance is the relative luminance of WCAG 2.2.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(hex[1:], 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	channel := func(shift uint) float64 {
		c := float64(n>>shift&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(16) + 0.7152*channel(8) + 0.0722*channel(0)
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// textPairs are the colours of words and what they stand on; uiPairs those of borders, marks and lines.
var (
	textPairs = [][2]string{
		{"ink", "bg"},
		{"ink", "surface"},
		{"ink", "sunken"},
		{"ink", "hover"},
		{"ink-2", "bg"},
		{"ink-2", "surface"},
		{"ink-2", "sunken"},
		{"ink-2", "hover"},
		{"ink-3", "bg"},
		{"ink-3", "surface"},
		{"ink-3", "sunken"},
		{"ink-3", "hover"},
		{"primary", "surface"},
		{"primary", "bg"},
		{"primary", "sunken"},
		{"primary-strong", "primary-soft"},
		{"primary-strong", "surface"},
		{"ink", "primary-soft"},
		{"ink-3", "primary-soft"},
		{"on-primary", "primary"},
		{"on-primary", "primary-strong"},
		{"on-err", "err"},
		{"on-err", "err-strong"},
		{"ok", "ok-soft"},
		{"ok", "surface"},
		{"warn", "warn-soft"},
		{"warn", "surface"},
		{"err", "err-soft"},
		{"err", "surface"},
		{"err", "hover"},
		{"info", "info-soft"},
	}
	uiPairs = [][2]string{
		{"border-strong", "surface"},
		{"border-strong", "sunken"},
		{"ring", "surface"},
		{"ring", "bg"},
		{"ring", "sunken"},
		{"primary", "surface"},
		{"on-primary", "primary"},
		{"c1", "surface"},
		{"c2", "surface"},
		{"c3", "surface"},
		{"c4", "surface"},
		{"c5", "surface"},
		{"c6", "surface"},
		{"c7", "surface"},
		{"c8", "surface"},
		{"ok", "surface"},
		{"warn", "surface"},
		{"err", "surface"},
		{"border-strong", "bg"},
	}
)

// TestContrast computes WCAG 2.2 AA: 4.5 for text, 3 for what is needed to see a control or a mark.
func TestContrast(t *testing.T) {
	for name, selector := range map[string]string{"light": ":root", "dark": `:root[data-theme="dark"]`} {
		colours := palette(t, selector)
		check := func(pairs [][2]string, least float64) {
			for _, p := range pairs {
				a, b := colours[p[0]], colours[p[1]]
				if a == "" || b == "" {
					t.Errorf("%s has no %s or no %s", name, p[0], p[1])
				} else if got := contrast(t, a, b); got < least {
					t.Errorf("%s: %s on %s has contrast %.2f, less than %.1f", name, p[0], p[1], got, least)
				}
			}
		}
		check(textPairs, 4.5)
		check(uiPairs, 3)
	}
}

// TestDarkThemesAreOne: what the system asks for and what somebody chooses looks the same.
func TestDarkThemesAreOne(t *testing.T) {
	chosen, asked := palette(t, `:root[data-theme="dark"]`), palette(t, `:root[data-theme="auto"]`)
	if !maps.Equal(chosen, asked) {
		t.Errorf("they differ: %v and %v", chosen, asked)
	}
	light := palette(t, ":root")
	for name := range light {
		if chosen[name] == "" {
			t.Errorf("the dark theme has no %s", name)
		}
	}
}
