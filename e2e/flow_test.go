package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestConnectionTest tests a saved provider from its form; nothing is left of the page but the checklist.
func TestConnectionTest(t *testing.T) {
	d := startDemo(t)
	b := openBrowser(t, d)
	b.look(1280, "light")
	b.login(d)
	b.open("/admin/providers/1/edit")
	b.run(
		chromedp.SendKeys(`#test_model`, "gpt-4o", chromedp.ByQuery),
		chromedp.Click(`[data-testid=test]`, chromedp.ByQuery),
		chromedp.WaitVisible(`[data-testid=step]`, chromedp.ByQuery),
	)
	if steps := eval[int](b, `document.querySelectorAll('[data-testid=step]').length`); steps < 5 {
		t.Errorf("the checklist has %d steps", steps)
	}
	if name := eval[string](b, `document.querySelector('#name').value`); name == "" {
		t.Error("the form was lost")
	}
	b.shoot("flow_connection_test")
	report(t, b, "connection test")
}

// TestPresetFillsTheForm chooses a preset; what was typed stays.
func TestPresetFillsTheForm(t *testing.T) {
	d := startDemo(t)
	b := openBrowser(t, d)
	b.look(1280, "dark")
	b.login(d)
	b.open("/admin/providers/new")
	b.run(
		chromedp.SendKeys(`#name`, "Mine", chromedp.ByQuery),
		chromedp.Evaluate(`(() => { const s = document.querySelector('#preset'); s.value = 'anthropic'; s.dispatchEvent(new Event('change', {bubbles: true})); })()`, nil),
		chromedp.WaitVisible(`[data-testid=preview]`, chromedp.ByQuery),
	)
	for script, want := range map[string]string{
		`document.querySelector('#name').value`:                            "Mine",
		`document.querySelector('#base_url').value`:                        "https://api.anthropic.com",
		`document.querySelector('[name=protocol]:checked').value`:          "anthropic",
		`document.querySelector('[data-testid=preview] code').textContent`: "https://api.anthropic.com/v1/messages",
	} {
		if got := eval[string](b, script); got != want {
			t.Errorf("%s = %q, want %q", script, got, want)
		}
	}
	b.shoot("flow_preset")
	report(t, b, "preset")
}

// TestKeyLifecycle makes a key, uses it, sees that it is shown once, and deletes it.
func TestKeyLifecycle(t *testing.T) {
	d := startDemo(t)
	b := openBrowser(t, d)
	b.look(1280, "light")
	b.login(d)
	b.open("/admin/keys/new")
	b.run(
		chromedp.SendKeys(`#key_name`, "from the browser", chromedp.ByQuery),
		chromedp.Click(`[data-testid=save]`, chromedp.ByQuery),
		chromedp.WaitVisible(`[data-testid=key-value]`, chromedp.ByQuery),
	)
	b.shoot("flow_key_created")
	key := eval[string](b, `document.querySelector('[data-testid=key-value]').value`)
	used := &demo{url: d.url, key: key}
	const hello = `{"model":"smart","messages":[{"role":"user","content":"hi"}]}`
	if status := used.ask(t, "/v1/chat/completions", hello); status != http.StatusOK {
		t.Errorf("the new key is answered with %d", status)
	}
	if shown := eval[int](b, `document.querySelectorAll('[role=tabpanel]:not([hidden])').length`); shown != 1 {
		t.Errorf("%d snippets are shown at once", shown)
	}
	b.run(chromedp.Reload(), chromedp.WaitVisible(`[data-testid=key-form]`, chromedp.ByQuery))
	if strings.Contains(eval[string](b, `document.documentElement.outerHTML`), key) {
		t.Error("the key is shown again")
	}
	b.open(eval[string](b, `location.pathname`) + "/delete")
	b.run(
		chromedp.SendKeys(`#confirm_name`, "from the browser", chromedp.ByQuery),
		chromedp.Click(`[data-testid=confirm]`, chromedp.ByQuery),
		chromedp.WaitVisible(`[data-testid=toast]`, chromedp.ByQuery),
	)
	b.shoot("flow_key_deleted")
	if status := used.ask(t, "/v1/chat/completions", hello); status != http.StatusUnauthorized {
		t.Errorf("the deleted key is answered with %d", status)
	}
	report(t, b, "key")
}

// TestKeyboard goes to a page and to its search field without a pointer.
func TestKeyboard(t *testing.T) {
	d := startDemo(t)
	b := openBrowser(t, d)
	b.look(1280, "light")
	b.login(d)
	b.open("/admin/keys")
	b.run(chromedp.KeyEvent("g"), chromedp.KeyEvent("p"), chromedp.WaitVisible(`[data-testid=provider]`, chromedp.ByQuery))
	// A driver's key event types its letter even when the page prevents that, so this one is made in the page.
	b.run(chromedp.Evaluate(`document.body.dispatchEvent(new KeyboardEvent('keydown', {key: '/', bubbles: true, cancelable: true}))`, nil))
	if focus := eval[string](b, `document.activeElement.id`); focus != "q" {
		t.Errorf("the focus is on %q", focus)
	}
	b.run(chromedp.SendKeys(`#q`, "walnut", chromedp.ByQuery), chromedp.WaitNotPresent(`#provider-1`, chromedp.ByQuery))
	if url := eval[string](b, `location.search`); url != "?q=walnut" {
		t.Errorf("the filter is not in the URL: %q", url)
	}
	b.run(chromedp.Evaluate(`history.back()`, nil), chromedp.WaitVisible(`#provider-1`, chromedp.ByQuery))
	report(t, b, "keyboard")
}
