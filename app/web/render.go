package web

import (
	"bytes"
	"net/url"
	"strings"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"squirrel/app/auth"
	"squirrel/views/layout"
)

// render answers with the whole page, or, when htmx asks, only with the part of it that it swaps in. A nil part is never
// sent alone. Set the status before.
func (w *Web) render(c *fiber.Ctx, page layout.Page, part templ.Component) error {
	frame := w.frame(c)
	if part != nil && wantsPart(c) {
		return send(c, layout.Part(frame.Toasts), part)
	}
	return send(c, layout.Shell(frame, page), nil)
}

// renderBare answers with a page without navigation.
func (w *Web) renderBare(c *fiber.Ctx, page layout.Page) error {
	return send(c, layout.Bare(w.frame(c), page), nil)
}

func wantsPart(c *fiber.Ctx) bool {
	return isHTMX(c) && c.Get("HX-Boosted") == "" && c.Get("HX-History-Restore-Request") == ""
}

func isHTMX(c *fiber.Ctx) bool { return c.Get("HX-Request") == "true" }

// send renders into memory first, so that an error in a template is answered as an error.
func send(c *fiber.Ctx, component, children templ.Component) error {
	ctx := c.UserContext()
	if children != nil {
		ctx = templ.WithChildren(ctx, children)
	}
	var out bytes.Buffer
	if err := component.Render(ctx, &out); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	return c.Send(out.Bytes())
}

// frame gathers what the shell shows about the request.
func (w *Web) frame(c *fiber.Ctx) layout.Frame {
	id, _ := auth.From(c)
	frame := layout.Frame{
		AppName: w.opts.AppName, Version: w.opts.Version, Items: w.items, User: id.Username, Local: id.Local,
		Theme: layout.ThemeAuto, Shortcuts: c.Cookies(shortcutsCookie) != "off", Path: c.OriginalURL(), Toasts: takeFlash(c),
	}
	if theme := layout.Theme(c.Cookies(themeCookie)); theme.Valid() {
		frame.Theme = theme
	}
	return frame
}

// redirect sends the browser on after a form was accepted. htmx follows it as a page, not as a part.
func redirect(c *fiber.Ctx, to string) error {
	if isHTMX(c) {
		c.Set("HX-Redirect", to)
		return c.SendStatus(fiber.StatusOK)
	}
	return c.Redirect(to, fiber.StatusSeeOther)
}

// localPath returns path when it leads to a page of this admin, else the start page: links must not lead elsewhere.
func localPath(path string) string {
	const home = "/admin"
	below := path == home || strings.HasPrefix(path, home+"/") || strings.HasPrefix(path, home+"?")
	odd := func(r rune) bool { return r < ' ' || r == '\\' || r == 0x7f }
	if !below || len(path) > 2048 || strings.Contains(path, "//") || strings.Contains(path, "/..") || strings.ContainsFunc(path, odd) {
		return home
	}
	return path
}

// backOr is the page a button was on, else another one.
func backOr(c *fiber.Ctx, otherwise string) string {
	u, err := url.Parse(c.Get(fiber.HeaderReferer))
	if err != nil || u.Host != string(c.Request().Header.Host()) {
		return otherwise
	}
	if back := localPath(u.RequestURI()); back != "/admin" {
		return back
	}
	return otherwise
}
