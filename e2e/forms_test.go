package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// aForm is one way to submit a form: a page, the form on it, and the button.
type aForm struct {
	Page   string
	Form   int
	Button int
	Kind   string // page, address and button, without ids
}

// formsScript lists the buttons that submit something. Dialogs close themselves and are no forms.
const formsScript = `Array.from(document.forms).flatMap((form, i) => form.method === 'dialog' ? [] :
  Array.from(form.elements).filter(e => e.tagName === 'BUTTON' && e.type === 'submit')
    .map((button, j) => ({Form: i, Button: j, Kind: form.method + ' ' + (button.getAttribute('formaction') || form.getAttribute('action')) + ' ' + button.name + '=' + button.value.replace(/[0-9.]+$/, '')})))`

// submitScript fills what must be filled and submits by a button, as a click on it does. It leaves a mark that is gone
// when another page has come, or is changed when htmx has swapped its answer in.
const submitScript = `((i, j) => {
  const form = document.forms[i];
  for (const e of form.elements) {
    if (e.required && !e.value) e.value = e.type === 'url' ? 'http://127.0.0.1:9/v1' : e.type === 'number' ? '1' : 'sample';
  }
  window.__mark = 'waiting';
  for (const name of ['htmx:afterSettle', 'htmx:afterRequest']) document.addEventListener(name, () => { window.__mark = 'swapped'; });
  form.requestSubmit(Array.from(form.elements).filter(e => e.tagName === 'BUTTON' && e.type === 'submit')[j]);
})`

// listForms finds one form of each kind on the pages.
func listForms(b *browser, pages []string) []aForm {
	b.t.Helper()
	kinds := map[string]bool{}
	var forms []aForm
	for _, page := range pages {
		b.open(page)
		for _, f := range eval[[]aForm](b, formsScript) {
			f.Page = page
			if shell := strings.Contains(f.Kind, "/admin/preferences") || strings.Contains(f.Kind, "/admin/logout") || strings.Contains(f.Kind, "get /admin/search"); !shell {
				f.Kind = anID.ReplaceAllString(page, "/:id$2") + " " + anID.ReplaceAllString(f.Kind, "/:id$2")
			}
			if !kinds[f.Kind] {
				kinds[f.Kind] = true
				forms = append(forms, f)
			}
		}
	}
	slices.SortStableFunc(forms, func(a, b aForm) int { return rank(a) - rank(b) })
	return forms
}

// rank puts what takes things away behind the rest, and what ends the session last.
func rank(f aForm) int {
	switch {
	case strings.Contains(f.Kind, "logout"):
		return 3
	case strings.Contains(f.Kind, "/sessions/"), strings.Contains(f.Kind, "/password"):
		return 2
	case strings.Contains(f.Kind, "delete"), strings.Contains(f.Kind, "disable"), strings.Contains(f.Kind, "import"), strings.Contains(f.Kind, "cleanup"):
		return 1
	}
	return 0
}

// TestEveryForm submits each kind of form once, in changing languages and themes. It may be refused; it must not fail.
func TestEveryForm(t *testing.T) {
	d := startDemo(t)
	d.fill(t)
	b := openBrowser(t, d)
	b.look(1280, "light")
	b.login(d)
	forms := listForms(b, crawl(b))
	if len(forms) < 60 {
		t.Errorf("only %d kinds of forms were found", len(forms))
	}
	report(t, b, "while looking for forms")
	for i, f := range forms {
		b.look(1280, []string{"light", "dark"}[i%2])
		lang := []string{"en", "zh"}[i/2%2]
		b.open(f.Page + "?lang=" + lang)
		if found := eval[[]aForm](b, formsScript); !slices.ContainsFunc(found, func(g aForm) bool { return g.Form == f.Form && g.Button == f.Button }) {
			continue // what was on the page is gone: another form took it away
		}
		b.submit(f)
		if status := b.lastStatus(); status >= 500 {
			t.Errorf("%s: status %d", f.Kind, status)
		}
		for _, problem := range b.take() {
			if !strings.Contains(problem, "the server responded with a status of 4") { // a refusal, which the browser notes
				t.Errorf("%s (%s): %s", f.Kind, lang, problem)
			}
		}
	}
	t.Logf("%d kinds of forms", len(forms))
}

// submit sends a form and waits until its answer is there.
func (b *browser) submit(f aForm) {
	b.t.Helper()
	at, err := json.Marshal([]int{f.Form, f.Button})
	if err != nil {
		b.t.Fatal(err)
	}
	b.run(chromedp.Evaluate(submitScript+"(..."+string(at)+")", nil))
	b.until(`window.__mark !== 'waiting' && document.readyState === 'complete'`)
}
