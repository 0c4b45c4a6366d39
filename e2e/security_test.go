package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestF24_NothingStaysAfterLogout goes back after a logout: the pages were stored nowhere, neither in the browser's cache
// nor in the storage that scripts have.
func TestF24_NothingStaysAfterLogout(t *testing.T) {
	d := startDemo(t)
	d.fill(t)
	b := openBrowser(t, d)
	b.look(1280, "light")
	b.login(d)
	b.open("/admin/logs")
	b.run(
		chromedp.WaitVisible(`main tbody a`, chromedp.ByQuery),
		chromedp.SetValue(`#q`, "hello", chromedp.ByQuery), // htmx would keep the page before this in its history
		chromedp.Evaluate(`document.querySelector('#q').dispatchEvent(new Event('input', {bubbles: true}))`, nil),
	)
	b.until(`location.search.includes('q=hello')`)
	// htmx notes the address it is at; a page it kept would be HTML.
	if kept := eval[string](b, `JSON.stringify(localStorage) + JSON.stringify(sessionStorage)`); strings.Contains(kept, "<") || strings.Contains(kept, "history-cache") {
		t.Errorf("the browser's storage holds %.300s", kept)
	}
	b.run(
		chromedp.Evaluate(`document.querySelector('form[action="/admin/logout"]').requestSubmit()`, nil),
		chromedp.WaitVisible(`#password`, chromedp.ByQuery),
		chromedp.Evaluate(`window.__before = true; history.back()`, nil),
	)
	b.until(`!window.__before && location.pathname === '/admin/login' && document.readyState === 'complete'`)
	if page := eval[string](b, `document.body.innerText`); strings.Contains(page, "smart") {
		t.Errorf("the page before is shown again: %.300s", page)
	}
}

// TestF24_NoFrames: no other page can put one of ours into a frame.
func TestF24_NoFrames(t *testing.T) {
	d := startDemo(t)
	b := openBrowser(t, d)
	b.open("/healthz") // a page of the same origin, which has no policy of its own about frames
	b.run(chromedp.Evaluate(`(() => { const f = document.createElement('iframe'); f.id = 'frame'; f.src = '/admin/login'; document.documentElement.append(f); })()`, nil))
	b.until(`performance.getEntriesByType('resource').some(e => e.name.endsWith('/admin/login'))`)
	if framed := eval[bool](b, `!!document.getElementById('frame').contentDocument?.querySelector('#password')`); framed {
		t.Error("the login is shown in a frame")
	}
}
