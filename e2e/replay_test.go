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
