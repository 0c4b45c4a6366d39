package e2e

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"squirrel/e2e/kit"
)

// browser is a tab that notes what must not happen.
type browser struct {
	t    *testing.T
	ctx  context.Context
	host string

	mu       sync.Mutex
	status   int64 // of the last document
	problems []string
}

// openBrowser starts Chromium with one tab.
func openBrowser(t *testing.T, d *demo) *browser {
	t.Helper()
	ctx, stop := kit.Browser(t.Context())
	t.Cleanup(stop)
	base, err := url.Parse(d.url)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, ctx: ctx, host: base.Host}
	chromedp.ListenTarget(ctx, b.note)
	b.run(network.Enable(), log.Enable(), runtime.Enable())
	return b
}

// note collects errors of the console, violations of the content policy and requests to other hosts.
func (b *browser) note(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.problems = append(b.problems, "exception: "+e.ExceptionDetails.Error())
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
			b.problems = append(b.problems, fmt.Sprintf("console %s: %s", e.Type, firstArg(e)))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError || e.Entry.Source == log.SourceSecurity {
			b.problems = append(b.problems, "log: "+e.Entry.Text+" "+e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		u, err := url.Parse(e.Request.URL)
		if err != nil || u.Host != b.host && u.Scheme != "data" && u.Scheme != "about" {
			b.problems = append(b.problems, "request to another host: "+e.Request.URL)
		}
	case *network.EventResponseReceived:
		if e.Type == network.ResourceTypeDocument {
			b.status = e.Response.Status
		}
	}
}

func firstArg(e *runtime.EventConsoleAPICalled) string {
	if len(e.Args) == 0 {
		return ""
	}
	return string(e.Args[0].Value)
}

// take returns the problems since the last time.
func (b *browser) take() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	found := b.problems
	b.problems = nil
	return found
}

func (b *browser) lastStatus() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.status
}

func (b *browser) run(actions ...chromedp.Action) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	if b.status == 0 { // the first run starts the browser, whose life must not end with this one
		ctx = b.ctx
	}
	if err := chromedp.Run(ctx, actions...); err != nil {
		b.t.Fatalf("browser: %v", err)
	}
}

// eval runs a script in the page and returns what it gives.
func eval[T any](b *browser, script string) T {
	b.t.Helper()
	var out T
	b.run(chromedp.Evaluate(script, &out))
	return out
}

// until waits for a condition, also while one page makes way for another.
func (b *browser) until(condition string) {
	b.t.Helper()
	for range 200 {
		var holds bool
		ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
		err := chromedp.Run(ctx, chromedp.Evaluate(condition, &holds))
		cancel()
		if err == nil && holds {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.t.Fatalf("waited in vain for %s", condition)
}

func (b *browser) open(path string) {
	b.t.Helper()
	b.run(chromedp.Navigate("http://" + b.host + path))
}

// look sets what the visitor's machine is like.
func (b *browser) look(width int64, scheme string) {
	b.t.Helper()
	b.run(kit.Size(width, kit.Window), kit.Scheme(scheme))
}

// tall makes the window as high as the page, so that nothing that sticks to its edge covers what is below.
func (b *browser) tall(width int64) {
	b.t.Helper()
	var height int64
	b.run(kit.Height(&height))
	b.run(kit.Size(width, height))
}

// login signs in by the form.
func (b *browser) login(d *demo) {
	b.t.Helper()
	b.open("/admin/login")
	b.run(
		chromedp.SendKeys(`#username`, d.user, chromedp.ByQuery),
		chromedp.SendKeys(`#password`, d.password, chromedp.ByQuery),
		chromedp.Click(`main form button[type=submit]`, chromedp.ByQuery),
		chromedp.WaitVisible(`[data-testid=account]`, chromedp.ByQuery),
	)
}

// shoot keeps a picture when SCREENSHOT_DIR is set.
func (b *browser) shoot(name string) {
	b.t.Helper()
	dir := os.Getenv("SCREENSHOT_DIR")
	if dir == "" {
		return
	}
	width := eval[int64](b, `innerWidth`)
	var png []byte
	b.tall(width)
	b.run(chromedp.CaptureScreenshot(&png), kit.Size(width, kit.Window))
	if err := os.WriteFile(dir+"/"+name+".png", png, 0o600); err != nil {
		b.t.Fatal(err)
	}
}
