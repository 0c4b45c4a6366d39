package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"squirrel/views/layout"
	"squirrel/views/pages"
)

// streamPlayground sends the page while the answer that is part of it arrives: text appears without any script. Who closes the
// page ends the request.
func (w *Web) streamPlayground(c *fiber.Ctx, form pages.Playground) error {
	page, err := w.playPage(c, &form)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	c.Set("X-Accel-Buffering", "no")
	ctx, cancel := context.WithCancel(context.WithoutCancel(c.UserContext()))
	c.Context().SetBodyStream(&flowingPage{web: w, ctx: ctx, cancel: cancel, page: layout.Shell(w.frame(c), page)}, -1)
	return nil
}

// flowingPage is a page that is made while it is sent. fasthttp calls WriteTo once, then Close.
type flowingPage struct {
	web    *Web
	ctx    context.Context //nolint:containedctx // the page outlives its handler; Close ends it
	cancel context.CancelFunc
	page   templ.Component
}

// SupportsBodyWriteTo tells fasthttp that WriteTo produces what Read would.
func (p *flowingPage) SupportsBodyWriteTo() bool { return true }

// Read is there because fasthttp takes readers; it is never called.
func (p *flowingPage) Read([]byte) (int, error) {
	return 0, errors.New("web: a flowing page is driven by WriteTo")
}

// WriteTo sends the page; each Write is a chunk of its own.
func (p *flowingPage) WriteTo(w io.Writer) (n int64, err error) {
	counted := &counter{w: w}
	defer func() {
		if r := recover(); r != nil {
			p.web.opts.Logger.ErrorContext(p.ctx, "page panicked while it was sent", "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			err = errPlayground
		}
		n = counted.n
	}()
	return counted.n, p.page.Render(p.ctx, counted)
}

// Close ends the request, whatever became of the page.
func (p *flowingPage) Close() error {
	p.cancel()
	return nil
}

type counter struct {
	w io.Writer
	n int64
}

// Write implements io.Writer.
func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
