package ui

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"squirrel/views/i18n"
)

func render(t *testing.T, c templ.Component, lang i18n.Lang) string {
	t.Helper()
	var out strings.Builder
	if err := c.Render(i18n.With(t.Context(), i18n.Viewer{Lang: lang}), &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestFieldTellsItsErrorToEveryone(t *testing.T) {
	field := Input(FieldProps{Name: "base_url", Label: "Base URL", Hint: "With the version", Error: "must not be empty", Value: `"><script>`, Required: true, Affix: "s"})
	html := render(t, field, i18n.Chinese)
	for _, want := range []string{
		`<label class="label" for="base_url">`, `id="base_url"`, `name="base_url"`, `aria-invalid="true"`, `aria-describedby="base_url-error base_url-hint"`,
		`id="base_url-error"`, `id="base_url-hint"`, "不能为空", "必填", "&lt;script&gt;", "required",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("no %s in %s", want, html)
		}
	}
}

func TestErrorSummaryLeadsToTheFields(t *testing.T) {
	errors := FieldErrors(map[string]string{"b": "is taken", "a": "must not be empty", "zz": "is odd", "yy": "is odder"}, [][2]string{{"a", "First"}, {"b", "Second"}})
	html := render(t, ErrorSummary("", errors), i18n.English)
	for _, want := range []string{`role="alert"`, `tabindex="-1"`, `href="#a"`, `href="#b"`, "4 fields need attention", "must not be empty"} {
		if !strings.Contains(html, want) {
			t.Errorf("no %s in %s", want, html)
		}
	}
	if order := regexp.MustCompile(`(?s)First.*Second.*yy.*zz`); !order.MatchString(html) {
		t.Errorf("the order is not that of the form: %s", html)
	}
	if got := render(t, ErrorSummary("", nil), i18n.English); got != "" {
		t.Errorf("a summary without errors: %s", got)
	}
}

func TestForeignAddressesAreNotLinks(t *testing.T) {
	for _, href := range []string{"javascript:alert(1)", "data:text/html,x", " javascript:alert(1)"} {
		html := render(t, LinkButton(href, ButtonProps{Label: "x"}), i18n.English)
		if strings.Contains(html, "alert") || strings.Contains(html, "text/html") {
			t.Errorf("%q became %s", href, html)
		}
	}
}

func TestToasts(t *testing.T) {
	html := render(t, ToastsOutOfBand([]Toast{{Tone: OK, Text: "<b>done</b>", UndoAction: "/admin/x", UndoLabel: "Undo"}}), i18n.English)
	for _, want := range []string{`hx-swap-oob="beforeend:#toasts"`, "&lt;b&gt;", `action="/admin/x"`, `method="post"`, "data-dismiss"} {
		if !strings.Contains(html, want) {
			t.Errorf("no %s in %s", want, html)
		}
	}
	if got := render(t, ToastsOutOfBand(nil), i18n.English); got != "" {
		t.Errorf("no toasts: %s", got)
	}
}

// TestUsedIconsExist reads the templates for names of icons.
func TestUsedIconsExist(t *testing.T) {
	use := regexp.MustCompile(`(?:\bIcon\("|\bIcon: +")([a-z-]+)"`)
	found := 0
	for _, root := range []string{"..", "../../app/web"} {
		err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(name, ".templ") && !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				return err
			}
			source, err := os.ReadFile(name)
			for _, m := range use.FindAllStringSubmatch(string(source), -1) {
				if found++; iconPaths[m[1]] == "" {
					t.Errorf("%s uses the icon %q, which does not exist", name, m[1])
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found < 20 {
		t.Errorf("found only %d uses: does the pattern still fit?", found)
	}
}

func TestEveryToneIsComplete(t *testing.T) {
	for _, tone := range []Tone{Neutral, OK, Warn, Err, Info} {
		for name, classes := range map[string]map[Tone]string{"badge": badgeClasses, "dot": dotClasses, "note": noteClasses, "toast": toastClasses} {
			if classes[tone] == "" {
				t.Errorf("%s has no class for %s", name, tone)
			}
		}
		if iconPaths[toneIcons[tone]] == "" {
			t.Errorf("%s has no icon", tone)
		}
	}
}
