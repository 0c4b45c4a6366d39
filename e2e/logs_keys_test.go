package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const (
	// inRow is the number of the row that has the focus, with the number of its cell; -1 outside of the list.
	inRow = `(() => { const a = document.activeElement, r = a.closest('#log-rows > tr'); return r ? [Array.from(r.parentElement.children).indexOf(r), a.closest('td').cellIndex].join(' ') : '-1'; })()`
	// peekedRow is the row whose summary is shown, and whether the summary is that of the row.
	peekedRow = `(() => { const r = document.querySelector('#log-rows > tr[aria-current]'), p = document.querySelector('[data-peek]');
		return r && p && r.id === 'log-' + p.dataset.peek && !p.parentElement.hidden ? String(Array.from(r.parentElement.children).indexOf(r)) : ''; })()`
)

// press presses keys. A driver's key event types its letter even when the page prevents that, so that a space scrolls and a
// slash is written; in the page itself these two are not.
func (b *browser) press(keys ...string) {
	b.t.Helper()
	for _, key := range keys {
		if key == " " || key == "/" {
			b.run(chromedp.Evaluate(`document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: '`+key+`', bubbles: true, cancelable: true}))`, nil))
			continue
		}
		b.run(chromedp.KeyEvent(key))
	}
}

func (b *browser) wantFocus(what, want string) {
	b.t.Helper()
	if got := eval[string](b, inRow); got != want {
		b.t.Errorf("%s: the focus is in row and cell %s, want %s", what, got, want)
	}
}

// openLogs is a browser at the list of requests.
func openLogs(t *testing.T) (*demo, *browser) {
	t.Helper()
	d := startDemo(t)
	d.fill(t)
	b := openBrowser(t, d)
	b.look(1280, "light")
	b.login(d)
	b.open("/admin/logs")
	b.run(chromedp.WaitVisible(`[data-testid=log-table]`, chromedp.ByQuery), input.DispatchMouseEvent(input.MouseMoved, 5, 5))
	return d, b
}

// TestLogKeys goes through the list of requests with the keys of its help.
func TestLogKeys(t *testing.T) {
	_, b := openLogs(t)
	b.press("j")
	b.wantFocus("j", "0 0")
	b.press("j", "j", "k")
	b.wantFocus("j j k", "1 0")
	b.press(kb.ArrowRight, kb.ArrowRight)
	b.wantFocus("two cells to the right", "1 2")
	b.press("j", kb.ArrowDown, kb.ArrowUp)
	b.wantFocus("the next row, in the column", "2 2")
	b.press(kb.ArrowLeft, kb.ArrowLeft, kb.ArrowLeft)
	b.wantFocus("back to the first cell", "2 0")
	if at := eval[string](b, `location.pathname + location.search`); at != "/admin/logs" {
		t.Fatalf("moving through the list led to %s", at)
	}
	id := eval[string](b, `document.activeElement.closest('tr').id`)
	for name, keys := range map[string][]string{"o": {"o"}, "Enter": {kb.Enter}, "Enter in a cell": {kb.ArrowRight, kb.Enter}} {
		b.press(keys...)
		b.until(`location.pathname === '/admin/logs/` + strings.TrimPrefix(id, "log-") + `'`)
		b.run(chromedp.WaitReady(`[data-testid=log]`, chromedp.ByQuery))
		b.press(kb.Escape)
		b.until(`location.pathname === '/admin/logs' && document.readyState === 'complete'`)
		b.press("j", "j", "j")
		b.wantFocus("back from "+name, "2 0")
	}
	b.press("/")
	if focus := eval[string](b, `document.activeElement.id`); focus != "q" {
		t.Errorf("after / the focus is on %q", focus)
	}
	b.press("j", "f", "l")
	if text := eval[string](b, `document.activeElement.value`); text != "jfl" {
		t.Errorf("typed %q", text)
	}
	b.run(chromedp.Evaluate(`document.activeElement.value = ''; document.activeElement.blur()`, nil))
	b.press("?")
	help := eval[string](b, `document.querySelector('#shortcuts[open]').innerText`)
	for _, words := range []string{"f -", "Space", "← →", "j k", "l p c"} {
		if !strings.Contains(help, words) {
			t.Errorf("the help says nothing of %s: %s", words, help)
		}
	}
	b.shoot("log_help")
	b.press(kb.Escape)
	b.press("l")
	b.until(`location.search === '?live=1' && document.readyState === 'complete'`)
	b.press("p")
	b.until(liveState + ` === 'Paused'`)
	b.press("l")
	b.until(`location.search === ''`)
	report(t, b, "log keys")
}

// TestLogKeysOff: who has turned the keys off has none; Escape still closes what is open.
func TestLogKeysOff(t *testing.T) {
	_, b := openLogs(t)
	b.run(chromedp.Evaluate(`document.documentElement.dataset.shortcuts = 'off'; document.querySelectorAll('#log-rows a')[1].focus()`, nil))
	b.press("f", "-", "j", " ")
	b.wantFocus("no keys", "1 0")
	if at := eval[string](b, `location.search`); at != "" {
		t.Errorf("the list is now %s", at)
	}
	b.run(chromedp.Click(`#log-rows > tr:nth-child(2) > td:nth-child(3)`, chromedp.ByQuery))
	b.until(peekedRow + ` === '1'`)
	b.press(kb.Escape)
	b.until(`document.querySelector('#peek').hidden`)
	report(t, b, "log keys off")
}

// TestFilterByCell takes the cell under the pointer, and the focused one.
func TestFilterByCell(t *testing.T) {
	_, b := openLogs(t)
	under := func(cell string) {
		t.Helper()
		box := eval[[]float64](b, `(() => { const r = `+cell+`.getBoundingClientRect(); return [r.left + r.width / 2, r.top + r.height / 2]; })()`)
		b.run(input.DispatchMouseEvent(input.MouseMoved, box[0], box[1]))
	}
	const claude = `Array.from(document.querySelectorAll('#log-rows > tr')).find(r => r.cells[2].textContent.trim().startsWith('claude')).cells[2]`
	models := `Array.from(document.querySelectorAll('#log-rows > tr')).map(r => r.cells[2].textContent.trim().split(' ')[0])`
	all := len(eval[[]string](b, models))
	under(claude)
	b.press("f")
	b.until(`location.search === '?requested_model=%3Dclaude' && document.readyState === 'complete'`)
	only := eval[[]string](b, models)
	if len(only) == 0 || len(only) == all || strings.Trim(strings.Join(only, ""), "claude") != "" {
		t.Errorf("only claude: %v", only)
	}
	b.shoot("filtered_by_cell")
	b.open("/admin/logs")
	under(claude)
	b.press("-")
	b.until(`location.search === '?-requested_model=%3Dclaude' && document.readyState === 'complete'`)
	if without := eval[[]string](b, models); len(without) != all-len(only) {
		t.Errorf("without claude: %v", without)
	}
	// The cell that is focused, once the pointer rests.
	b.run(input.DispatchMouseEvent(input.MouseMoved, 5, 5))
	b.press("j", kb.ArrowRight, "f")
	b.until(`location.search === '?-requested_model=%3Dclaude&status=404' && document.readyState === 'complete'`)
	b.press("j", "f")
	b.until(`document.querySelector('[data-testid=toast]') !== null`)
	if words := eval[string](b, `document.querySelector('[data-testid=toast]').textContent`); !strings.Contains(words, "can't be filtered by this") {
		t.Errorf("of a cell without a value is said: %s", words)
	}
	report(t, b, "filter by cell")
}

// TestPeek looks at requests beside the list, without leaving it.
func TestPeek(t *testing.T) {
	_, b := openLogs(t)
	b.press("j", "j", kb.ArrowRight, " ")
	b.until(peekedRow + ` === '1'`)
	if focus := eval[string](b, `document.activeElement.id`); focus != "peek" {
		t.Errorf("the focus is on %q", focus)
	}
	b.until(`document.getElementById('live').textContent !== ''`)
	looks(t, b, "peek")
	id := eval[string](b, `document.querySelector('[data-peek]').dataset.peek`)
	if at := eval[string](b, `location.search`); at != "?peek="+id {
		t.Errorf("the URL says %s", at)
	}
	b.press("j")
	b.until(peekedRow + ` === '2'`)
	b.press(kb.ArrowDown, kb.ArrowDown, "k")
	b.until(peekedRow + ` === '3'`)
	b.press(kb.Tab)
	if inside := eval[bool](b, `document.querySelector('#peek').contains(document.activeElement)`); !inside {
		t.Error("Tab leads out of the summary")
	}
	b.press(kb.Escape)
	b.wantFocus("after Escape", "3 0")
	if at := eval[string](b, `location.search + document.querySelectorAll('#log-rows [aria-current]').length + document.querySelector('#peek').childElementCount`); at != "00" {
		t.Errorf("of a closed summary is left: %s", at)
	}
	b.press(" ")
	b.until(peekedRow + ` === '3'`)
	b.press(" ")
	b.until(`document.querySelector('#peek').hidden`)

	// Rows may be clicked, links in them lead on; reloading keeps what is shown; other results take it away.
	b.run(chromedp.Click(`#log-rows > tr:nth-child(3) > td:nth-child(4)`, chromedp.ByQuery))
	b.until(peekedRow + ` === '2'`)
	b.run(chromedp.Reload())
	b.until(peekedRow + ` === '2'`)
	b.run(chromedp.SetValue(`#status`, "2xx", chromedp.ByQuery)) // with scripts, a change is enough
	b.until(`location.search === '?status=2xx' && document.querySelector('#peek').hidden`)
	b.run(chromedp.Evaluate(`history.back()`, nil))
	b.until(`document.querySelector('#status').value === '' && location.search.startsWith('?peek=') && document.readyState === 'complete'`)
	b.run(chromedp.Click(`[data-testid=peek-close]`, chromedp.ByQuery))
	b.until(`document.querySelector('#peek').hidden && location.search === ''`)
	b.wantFocus("after the button", "2 0")
	b.press("j", " ")
	b.until(peekedRow + ` === '3'`)
	b.press(kb.Enter)
	b.until(`/^.admin.logs.[0-9A-Z]{26}$/.test(location.pathname)`)
	report(t, b, "peek")

	// Where there is no room beside the list, it is the request's page.
	b.look(1024, "light")
	b.open("/admin/logs")
	b.press("j", " ")
	b.until(`/^.admin.logs.[0-9A-Z]{26}$/.test(location.pathname)`)
	report(t, b, "peek without room")
}

// TestPeekHoldsTheTail: while a summary is shown, requests that arrive don't move its row.
func TestPeekHoldsTheTail(t *testing.T) {
	d, b := openLogs(t)
	b.open("/admin/logs?live=1")
	b.press("j", " ")
	b.until(peekedRow + ` === '0'`)
	d.ask(t, "/v1/chat/completions", `{"model":"fast","messages":[{"role":"user","content":"meanwhile"}]}`)
	b.until(`document.querySelector('[data-testid=live-new]').textContent === '1 new'`)
	if row := eval[string](b, peekedRow); row != "0" {
		t.Errorf("the row is now %q", row)
	}
	b.press(kb.Escape)
	b.run(chromedp.Evaluate(`document.activeElement.blur()`, nil))
	b.until(`document.querySelector('[data-testid=live-new]').hidden`)
	report(t, b, "peek and tail")
}

// TestLogsWithoutScripts reads the log by plain links and forms.
func TestLogsWithoutScripts(t *testing.T) {
	_, b := openLogs(t)
	b.run(emulation.SetScriptExecutionDisabled(true))
	b.open("/admin/logs")
	if shown := eval[bool](b, `Array.from(document.querySelectorAll('.needs-js')).some(e => e.checkVisibility())`); shown {
		t.Error("buttons that need scripts are shown")
	}
	b.run(chromedp.SetValue(`#status`, "4xx", chromedp.ByQuery), chromedp.Click(`#quick-filters button`, chromedp.ByQuery))
	b.until(`new URL(location).searchParams.get('status') === '4xx' && document.querySelectorAll('#log-rows > tr').length === 1`)
	b.run(chromedp.Click(`[data-testid=chips] a`, chromedp.ByQuery))
	b.until(`document.querySelectorAll('#log-rows > tr').length > 1`)
	b.run(chromedp.Click(`thead a[href*="sort_by=total_time_ms"]`, chromedp.ByQuery))
	b.until(`document.querySelector('th[aria-sort=descending]') !== null && location.search === '?sort_by=total_time_ms'`)
	b.run(
		chromedp.Click(`[data-testid=columns]`, chromedp.ByQuery),
		chromedp.Click(`#col-user`, chromedp.ByQuery),
		chromedp.Click(`form[action="/admin/logs/columns"] button`, chromedp.ByQuery),
	)
	b.until(`document.querySelector('th[data-col=user]') !== null && location.search === '?sort_by=total_time_ms'`)
	b.run(chromedp.Click(`#log-rows > tr > td > a`, chromedp.ByQuery), chromedp.WaitVisible(`[data-testid=log]`, chromedp.ByQuery))
	id := eval[string](b, `location.pathname.split('/').pop()`)
	b.run(chromedp.Click(`[data-testid=log] .cell-filter a`, chromedp.ByQuery))
	b.until(`document.querySelector('#log-rows > tr') !== null && location.search.includes('requested_model=%3D')`)
	b.open("/admin/logs?range=7d&peek=" + id)
	b.run(chromedp.WaitVisible(`#peek [data-testid=outcome]`, chromedp.ByQuery))
	b.run(chromedp.Click(`[data-testid=peek-close]`, chromedp.ByQuery))
	b.until(`location.search === '?range=7d' && document.querySelector('#peek').hidden`)
	b.open("/admin/logs?live=1")
	b.run(chromedp.Sleep(100*time.Millisecond), chromedp.Click(`[data-testid=live-stop]`, chromedp.ByQuery))
	b.until(`location.search === ''`)
	report(t, b, "logs without scripts")
}
