package e2e

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// linksScript lists the pages a page leads to.
const linksScript = `Array.from(document.querySelectorAll('a[href^="/admin"]')).map(a => a.getAttribute('href'))`

// checksScript finds what every page must have right. It returns sentences.
const checksScript = `(() => {
  const bad = [];
  const visible = (e) => e.checkVisibility ? e.checkVisibility() : true;
  const ids = Array.from(document.querySelectorAll('[id]')).map(e => e.id);
  for (const id of new Set(ids)) if (ids.filter(i => i === id).length > 1) bad.push('id twice: ' + id);
  if (document.querySelectorAll('h1').length !== 1) bad.push(document.querySelectorAll('h1').length + ' h1');
  for (const e of document.querySelectorAll('input:not([type=hidden]),select,textarea')) {
    if (!e.labels?.length && !e.getAttribute('aria-label') && !e.getAttribute('aria-labelledby')) bad.push('no label: ' + e.outerHTML.slice(0, 120));
  }
  for (const e of document.querySelectorAll('button,a[href],summary')) {
    if (!(e.textContent.trim() || e.getAttribute('aria-label') || e.title)) bad.push('no name: ' + e.outerHTML.slice(0, 120));
  }
  for (const e of document.querySelectorAll('[aria-describedby],[aria-labelledby],[aria-controls]')) {
    for (const name of ['aria-describedby', 'aria-labelledby', 'aria-controls']) {
      for (const id of (e.getAttribute(name) || '').split(' ').filter(Boolean)) if (!document.getElementById(id)) bad.push(name + ' leads nowhere: ' + id);
    }
  }
  for (const e of document.querySelectorAll('*')) for (const a of e.attributes) {
    if (a.name === 'style' && e.tagName !== 'HTML' || a.name.startsWith('on')) bad.push('inline ' + a.name + ': ' + e.outerHTML.slice(0, 120));
  }
  const page = document.documentElement;
  if (page.scrollWidth > page.clientWidth + 1) bad.push('scrolls sideways: ' + page.scrollWidth + ' > ' + page.clientWidth);
  for (const e of document.querySelectorAll('button,summary')) {
    const box = e.getBoundingClientRect();
    if (visible(e) && !e.closest('[aria-hidden=true]') && box.width && (box.width < 24 || box.height < 24)) bad.push('smaller than 24px: ' + e.outerHTML.slice(0, 120));
  }
  if (window.__pwn) bad.push('foreign text was run');
  return bad;
})()`

// aFile matches addresses that answer with a file to keep.
var aFile = regexp.MustCompile(`/export|/body/|\.(csv|json|jsonl|yaml|txt)$`)

var anID = regexp.MustCompile(`/(\d+|[0-9A-HJKMNP-TV-Z]{26})(/|$)`)

// crawl finds one page of each kind, beginning with the start page.
func crawl(b *browser) []string {
	b.t.Helper()
	kinds := map[string]bool{}
	pages := []string{"/admin", "/admin/providers/new", "/admin/keys/new", "/admin/account"}
	for _, page := range pages {
		kinds[page] = true
	}
	for i := 0; i < len(pages) && len(pages) < 80; i++ {
		b.open(pages[i])
		for _, link := range eval[[]string](b, linksScript) {
			u, err := url.Parse(link)
			if err != nil || aFile.MatchString(u.Path) {
				continue
			}
			kind := anID.ReplaceAllString(u.Path, "/:id$2")
			if models, ok := strings.CutPrefix(kind, "/admin/models/"); ok && models != "new" {
				_, rest, _ := strings.Cut(models, "/")
				kind = "/admin/models/:name/" + rest
			}
			if !kinds[kind] {
				kinds[kind] = true
				pages = append(pages, u.EscapedPath())
			}
		}
	}
	slices.Sort(pages)
	return pages
}

// TestJ03_EveryPage visits every page in both languages, both themes, wide and narrow: nothing is wrong with it, and nothing
// comes from another host.
func TestJ03_EveryPage(t *testing.T) {
	d := startDemo(t)
	d.fill(t)
	b := openBrowser(t, d)
	b.look(1280, "light")
	b.login(d)
	pages := crawl(b)
	if len(pages) < 10 {
		t.Fatalf("found only %d pages: %v", len(pages), pages)
	}
	report(t, b, "while looking for pages")
	axe := readAxe(t)
	for _, lang := range []string{"en", "zh"} {
		b.open("/admin/account?lang=" + lang)
		for _, page := range pages {
			visit(t, b, page, lang, axe)
		}
	}
}

// visit opens a page and looks at it wide and narrow, in the light and in the dark. The server sends the same to all of
// them; what differs is what the browser makes of it.
func visit(t *testing.T, b *browser, page, lang, axe string) {
	t.Helper()
	b.open(page)
	if status := b.lastStatus(); status != 200 {
		t.Errorf("%s %s: status %d", page, lang, status)
	}
	if got := eval[string](b, `document.documentElement.lang`); got != lang {
		t.Errorf("%s: language %q instead of %q", page, got, lang)
	}
	b.run(chromedp.Evaluate(axe, nil))
	for _, width := range []int64{1280, 375} {
		for scheme, rules := range map[string]string{"light": axeAll, "dark": axeColours} {
			b.look(width, scheme)
			b.tall(width)
			look := fmt.Sprintf("%s-%d-%s", lang, width, scheme)
			for _, bad := range append(eval[[]string](b, checksScript), axeFindings(b, rules)...) {
				t.Errorf("%s %s: %s", page, look, bad)
			}
			report(t, b, page+" "+look)
			b.shoot(strings.Trim(strings.NewReplacer("/", "_", "%", "_").Replace(page), "_") + "." + look)
		}
	}
}

func report(t *testing.T, b *browser, where string) {
	t.Helper()
	for _, problem := range b.take() {
		t.Errorf("%s: %s", where, problem)
	}
}

// TestThemeSwitch changes the theme by its form; the server remembers it.
func TestThemeSwitch(t *testing.T) {
	d := startDemo(t)
	b := openBrowser(t, d)
	b.look(1280, "light")
	b.login(d)
	background := func() string { return eval[string](b, `getComputedStyle(document.documentElement).backgroundColor`) }
	light := background()
	b.run(
		chromedp.Click(`[data-testid=theme]`, chromedp.ByQuery),
		chromedp.Click(`button[name=theme][value=dark]`, chromedp.ByQuery),
		chromedp.WaitReady(`html[data-theme=dark]`, chromedp.ByQuery),
	)
	if background() == light {
		t.Error("the dark theme looks like the light one")
	}
	report(t, b, "theme")
}
