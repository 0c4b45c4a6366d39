package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

const (
	openedView = `((document.querySelector('[data-testid=open-view] strong') || {}).textContent || '')`
	viewIsSame = `document.querySelector('[data-testid=open-view]') !== null && !document.querySelector('[data-testid=replace-view]')`
)

// TestSavedViews names a filter, changes it and comes back to it, renames and deletes it: with scripts and without.
func TestSavedViews(t *testing.T) {
	for name, scripts := range map[string]bool{"with scripts": true, "without scripts": false} {
		t.Run(name, func(t *testing.T) {
			d := startDemo(t)
			d.fill(t)
			b := openBrowser(t, d)
			b.look(1280, "light")
			b.login(d)
			b.run(emulation.SetScriptExecutionDisabled(!scripts))
			b.open("/admin/logs?status=4xx&sort_by=total_time_ms&cols=time.status.model")
			b.run(
				chromedp.Click(`[data-testid=views]`, chromedp.ByQuery),
				chromedp.SendKeys(`[data-testid=save-view] input[name=name]`, "Refused", chromedp.ByQuery),
			)
			b.shoot("view_menu." + name)
			b.run(chromedp.Click(`[data-testid=save-view] button`, chromedp.ByQuery), chromedp.WaitVisible(`[data-testid=open-view]`, chromedp.ByQuery))
			if got := eval[string](b, openedView); got != "Refused" {
				t.Errorf("the view is called %q", got)
			}
			if n := eval[int](b, `document.querySelectorAll('[data-testid=log-table] thead th').length`); n != 3 {
				t.Errorf("%d columns are shown", n)
			}
			b.until(viewIsSame)

			b.run(chromedp.SetValue(`#status`, "429", chromedp.ByQuery))
			if !scripts { // with them the choice is enough, and a click would ask once more while that is under way
				b.run(chromedp.Click(`#quick-filters button`, chromedp.ByQuery))
			}
			b.run(chromedp.WaitVisible(`[data-testid=replace-view]`, chromedp.ByQuery))
			if got := eval[string](b, `location.search`); got != "?sort_by=total_time_ms&status=429&view=1" && scripts {
				t.Errorf("the filter leads to %s", got)
			}
			if scripts {
				looks(t, b, "view-changed")
			}
			b.run(chromedp.Click(`[data-testid=discard-changes]`, chromedp.ByQuery))
			b.until(viewIsSame + ` && document.querySelector('#status').value === '4xx'`)
			b.open("/admin/logs?status=5xx&view=1")
			b.run(chromedp.Click(`[data-testid=replace-view]`, chromedp.ByQuery))
			b.until(viewIsSame + ` && document.querySelector('#status').value === '5xx'`)

			b.open("/admin/logs?status=2xx")
			b.run(
				chromedp.Click(`[data-testid=views]`, chromedp.ByQuery),
				chromedp.SendKeys(`[data-testid=save-view] input[name=name]`, "refused", chromedp.ByQuery),
				chromedp.Click(`[data-testid=save-view] button`, chromedp.ByQuery),
				chromedp.WaitVisible(`[data-testid=replace-taken]`, chromedp.ByQuery),
			)
			if got := eval[string](b, `document.querySelector('#name').value + ' ' + document.querySelector('[name=query]').value`); got != "refused cols=time.status.model.provider.key.tokens.cost.first_byte.total&status=2xx" {
				t.Errorf("of a refused form is left: %s", got)
			}
			for _, problem := range b.take() {
				if !strings.Contains(problem, "status of 409") { // of which the browser tells as of an error
					t.Error(problem)
				}
			}
			if scripts {
				looks(t, b, "view-taken")
			}
			b.run(chromedp.SetValue(`#name`, "refused 2", chromedp.ByQuery), chromedp.Click(`[data-testid=save]`, chromedp.ByQuery))
			b.until(openedView + ` === 'refused 2'`)

			b.run(chromedp.Click(`[data-testid=views]`, chromedp.ByQuery), chromedp.Click(`[data-testid=saved-views] a`, chromedp.ByQuery))
			b.until(openedView + ` === 'Refused'`)
			b.open("/admin/logs/views")
			if scripts {
				looks(t, b, "views")
			}
			b.run(
				chromedp.Click(`[data-testid=rename]`, chromedp.ByQuery),
				chromedp.SetValue(`#name-1`, "Failed", chromedp.ByQuery),
				chromedp.Click(`[data-testid=rename-view]`, chromedp.ByQuery),
			)
			b.until(`document.querySelector('#view-1 a').textContent === 'Failed'`)
			b.run(chromedp.Click(`#view-1 [data-testid=delete-view]`, chromedp.ByQuery))
			b.until(`document.querySelectorAll('[data-testid=view]').length === 1`)
			b.run(chromedp.Click(`[data-testid=toast] form button`, chromedp.ByQuery))
			b.until(`location.pathname === '/admin/changes'`)
			b.open("/admin/logs/views")
			if n := eval[int](b, `document.querySelectorAll('[data-testid=view]').length`); n != 2 {
				t.Errorf("%d views are there after the deletion was undone", n)
			}
			report(t, b, "views")
		})
	}
}
