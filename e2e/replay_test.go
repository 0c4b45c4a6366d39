package e2e

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

// looks checks the page that is open in every width and theme, as it came from a form.
func looks(t *testing.T, b *browser, name string) {
	t.Helper()
	axe := readAxe(t)
	b.run(chromedp.Evaluate(axe, nil))
	for _, width := range []int64{1280, 375} {
		for scheme, rules := range map[string]string{"light": axeAll, "dark": axeColours} {
			b.look(width, scheme)
			b.tall(width)
			look := fmt.Sprintf("%s.%d-%s", name, width, scheme)
			for _, bad := range append(eval[[]string](b, checksScript), axeFindings(b, rules)...) {
				t.Errorf("%s: %s", look, bad)
			}
			report(t, b, look)
			b.shoot(look)
		}
	}
	b.look(1280, "light")
}

// TestReplaySideBySide sends a recorded request again over a chosen route and reads what came of it.
func TestReplaySideBySide(t *testing.T) {
	d := startDemo(t)
	d.fill(t)
	b := openBrowser(t, d)
	b.look(1280, "light")
	b.login(d)
	b.open("/admin/logs?requested_model=smart")
	b.run(
		chromedp.Click(`tbody a[href*="/admin/logs/0"]`, chromedp.ByQuery),
		chromedp.WaitVisible(`[data-testid=replay-form]`, chromedp.ByQuery),
		chromedp.Evaluate(`document.querySelector('[data-testid=replay-form] select').selectedIndex = 1`, nil),
	)
	looks(t, b, "replay-form")
	b.run(chromedp.Click(`[data-testid=send-again]`, chromedp.ByQuery), chromedp.WaitVisible(`[data-testid=replay-figures]`, chromedp.ByQuery))
	if n := eval[int](b, `document.querySelectorAll('[data-testid=replay-answer]').length`); n != 2 {
		t.Errorf("%d answers side by side", n)
	}
	looks(t, b, "replayed")
}

// TestPlaygroundSideBySide sends one request to three models: the columns fill while the answers arrive, and are whole in the end.
func TestPlaygroundSideBySide(t *testing.T) {
	d := startDemo(t)
	b := openBrowser(t, d)
	b.look(1280, "light")
	b.login(d)
	b.open("/admin/playground?model=smart")
	b.run(
		chromedp.SendKeys(`#text-0`, "Hello", chromedp.ByQuery),
		chromedp.Evaluate(`document.querySelectorAll('form[data-testid=play-form] details').forEach(e => { e.open = true; })`, nil),
		chromedp.SetValue(`#seed`, "0", chromedp.ByQuery),
		chromedp.SetValue(`#reasoning_effort`, "low", chromedp.ByQuery),
		chromedp.SendKeys(`#model_2`, "fast", chromedp.ByQuery),
		chromedp.SendKeys(`#model_3`, "no-such-model", chromedp.ByQuery),
		chromedp.Click(`[data-testid=send]`, chromedp.ByQuery),
		chromedp.WaitVisible(`[data-testid=play-columns]`, chromedp.ByQuery),
	)
	b.until(`document.readyState === 'complete'`)
	if n := eval[int](b, `document.querySelectorAll('[data-testid=play-column] [data-testid=play-figures]').length`); n != 3 {
		t.Errorf("%d columns with figures", n)
	}
	if left := eval[int](b, `document.querySelectorAll('#live-columns, #live-pieces data').length`); left != 0 {
		t.Errorf("%d live parts are left when all is there", left)
	}
	looks(t, b, "columns")
}
