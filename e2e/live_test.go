package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// flood sends some requests a second, nine of ten to the model "fast". What it returns ends it and tells how many of those
// were answered.
func (d *demo) flood(t *testing.T, perSecond int) (end func() int64) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var sent, answered atomic.Int64
	var senders sync.WaitGroup
	began := time.Now()
	for range 16 {
		senders.Go(func() {
			for ctx.Err() == nil {
				n := sent.Add(1)
				time.Sleep(time.Until(began.Add(time.Duration(n) * time.Second / time.Duration(perSecond))))
				model := "fast"
				if n%10 == 0 {
					model = "cheap"
				}
				if d.try(model, n) && model == "fast" {
					answered.Add(1)
				}
			}
		})
	}
	return func() int64 { stop(); senders.Wait(); return answered.Load() }
}

// try sends a request and reports whether it was answered.
func (d *demo) try(model string, n int64) bool {
	body := fmt.Sprintf(`{"model":%q,"messages":[{"role":"user","content":"Hello %d"}]}`, model, n)
	req, err := http.NewRequest(http.MethodPost, d.url+"/v1/chat/completions", strings.NewReader(body)) //nolint:noctx // it takes no time
	if err != nil {
		return false
	}
	req.Header.Set("Authorization", "Bearer "+d.key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err == nil && resp.StatusCode == http.StatusOK
}

const (
	liveRows  = `Array.from(document.querySelectorAll('#log-rows > tr')).map(r => r.id)`
	liveState = `document.querySelector('[data-testid=live-state]').textContent`
	// underPointer is which row is at a point, and where it begins.
	underPointer = `(() => { const r = document.elementFromPoint(%d, %d)?.closest('tr'); return r ? r.id + ' ' + Math.round(r.getBoundingClientRect().top) : ''; })()`
)

// TestLiveTail follows more than 200 requests a second: the filter is respected, the row under the pointer stays, pausing and
// clearing do what they say, and in the end the newest requests are all there, each once, in the order of time.
func TestLiveTail(t *testing.T) {
	d := startDemo(t)
	d.fill(t)
	b := openBrowser(t, d)
	b.look(1280, "light")
	b.login(d)
	b.open("/admin/logs?live=1&requested_model=fast")
	b.run(chromedp.WaitVisible(`[data-testid=live-pause]`, chromedp.ByQuery), input.DispatchMouseEvent(input.MouseMoved, 5, 5))
	began := time.Now()
	end := d.flood(t, 260)
	t.Cleanup(func() { end() })
	b.run(chromedp.Poll(`document.querySelectorAll('#log-rows > tr').length === 300`, nil, chromedp.WithPollingTimeout(10*time.Second)))

	b.run(chromedp.Evaluate(`scrollTo(0, document.querySelector('[data-testid=log-table]').getBoundingClientRect().top + scrollY - 200)`, nil))
	box := eval[[]int64](b, `(() => { const r = document.querySelectorAll('#log-rows > tr')[2].getBoundingClientRect(); return [Math.round(r.left + 300), Math.round(r.top + r.height / 2)]; })()`)
	b.run(input.DispatchMouseEvent(input.MouseMoved, float64(box[0]), float64(box[1])))
	under := fmt.Sprintf(underPointer, box[0], box[1])
	b.run(chromedp.Sleep(200 * time.Millisecond))
	before := eval[string](b, under)
	b.run(chromedp.Poll(`!document.querySelector('[data-testid=live-new]').hidden`, nil, chromedp.WithPollingTimeout(5*time.Second)))
	for range 8 {
		b.run(chromedp.Sleep(250 * time.Millisecond))
		if now := eval[string](b, under); now != before {
			t.Fatalf("the row under the pointer moved: %s, then %s", before, now)
		}
	}
	if !strings.HasPrefix(before, "log-") {
		t.Fatalf("no row is under the pointer, but %q", before)
	}
	if state := eval[string](b, liveState); !strings.Contains(state, "Waiting") {
		t.Errorf("while somebody reads, the state is %q", state)
	}
	b.shoot("live_reading")
	b.run(input.DispatchMouseEvent(input.MouseMoved, 5, 5), chromedp.Poll(under+` !== '`+before+`'`, nil, chromedp.WithPollingTimeout(5*time.Second)))
	b.shoot("live_running")

	answered := end()
	if rate := float64(answered) / time.Since(began).Seconds(); rate < 200 {
		t.Errorf("only %.0f requests a second matched the filter", rate)
	}
	newest := d.newestLogs(t, b, "requested_model=fast")
	b.run(chromedp.Poll(`document.querySelector('#log-rows > tr').id === 'log-`+newest[0]+`'`, nil, chromedp.WithPollingTimeout(10*time.Second)), chromedp.Sleep(2500*time.Millisecond))
	rows := eval[[]string](b, liveRows)
	if len(rows) != 300 {
		t.Errorf("%d rows are shown", len(rows))
	}
	for i, id := range newest {
		if at := slices.Index(rows, "log-"+id); at < 0 || slices.Contains(rows[at+1:], "log-"+id) {
			t.Fatalf("request %d of the newest is at %d, or twice", i, at)
		}
	}
	if !slices.IsSortedFunc(rows, func(a, b string) int { return strings.Compare(b, a) }) {
		t.Error("the rows are not in the order of time")
	}

	b.run(chromedp.Click(`[data-testid=live-pause]`, chromedp.ByQuery))
	d.ask(t, "/v1/chat/completions", `{"model":"fast","messages":[{"role":"user","content":"paused"}]}`)
	b.run(chromedp.Poll(`document.querySelector('[data-testid=live-new]').textContent === '1 new'`, nil, chromedp.WithPollingTimeout(5*time.Second)))
	if now := eval[[]string](b, liveRows); now[0] != rows[0] || eval[string](b, liveState) != "Paused" {
		t.Error("a paused list goes on")
	}
	b.run(chromedp.Click(`[data-testid=live-clear]`, chromedp.ByQuery))
	if left := eval[[]string](b, liveRows); len(left) != 0 {
		t.Errorf("%d rows are left after clearing", len(left))
	}
	report(t, b, "live tail")
}

// newestLogs are the ids of the newest requests that match, once no more arrive.
func (d *demo) newestLogs(t *testing.T, b *browser, filter string) (ids []string) {
	t.Helper()
	for last := ""; ; time.Sleep(time.Second) {
		ids = eval[[]string](b, `(() => { const x = new XMLHttpRequest(); x.open('GET', '/api/admin/logs?page_size=200&`+filter+`', false); x.send(); return JSON.parse(x.responseText).items.map(i => i.id); })()`)
		if len(ids) > 0 && ids[0] == last {
			return ids
		}
		last = ids[0]
	}
}
