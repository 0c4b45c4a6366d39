// Package web serves the pages of the admin. routes.go is the index: each line names a handler, each handler has a file.
//
// Pages are made on the server and work without scripts: forms post and are answered by a redirect, or by themselves with
// status 422. htmx shortens some of these ways; it gets parts of the same pages from the same URLs.
package web

import (
	"log/slog"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/app/auth"
	"squirrel/static"
	"squirrel/views/layout"
)

// Options are what the pages need.
type Options struct {
	Auth        *auth.Auth
	Admin       *admin.Service
	AppName     string
	Version     string
	PublicURL   string         // base of snippets; empty = as the browser reached us
	Settings    []Setting      // the configuration in effect, secrets hidden
	Zone        *time.Location // in which times are shown; nil = UTC
	Logger      *slog.Logger
	Now         func() time.Time         // nil = time.Now
	Getenv      func(name string) string // of the environment, for keys of providers that are there already; nil = none
	InContainer bool                     // localhost is not the machine of who looks at the pages
}

// Web is the pages. It is safe for concurrent use.
type Web struct {
	opts  Options
	items []layout.Item
	tails tails
}

// New makes the pages.
func New(opts Options) *Web {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Zone == nil {
		opts.Zone = time.UTC
	}
	w := &Web{opts: opts}
	w.items = navigable(w.routes())
	return w
}

// Register adds the pages and their assets to the routes of r.
func (w *Web) Register(r fiber.Router) {
	r.Get(static.Prefix+"*", asset)
	r.Use("/admin", w.begin)
	for _, route := range w.routes() {
		guards := []fiber.Handler{w.opts.Auth.Require, w.asActor}
		if route.public {
			guards = []fiber.Handler{w.sameOrigin}
		}
		r.Add(route.method, route.path, append(guards, route.handle)...)
	}
	r.All("/admin/*", w.opts.Auth.Require, notFound)
}

// navigable keeps the entries of the navigation that lead to a page.
func navigable(routes []route) []layout.Item {
	return slices.DeleteFunc(layout.Items(), func(item layout.Item) bool {
		return !slices.ContainsFunc(routes, func(r route) bool { return r.method == fiber.MethodGet && r.path == item.URL })
	})
}

func notFound(*fiber.Ctx) error { return fiber.ErrNotFound }

// asset serves an embedded file.
func asset(c *fiber.Ctx) error {
	file, ok := static.Lookup(c.Path())
	if !ok {
		return fiber.ErrNotFound
	}
	c.Set(fiber.HeaderContentType, file.ContentType)
	c.Set(fiber.HeaderCacheControl, static.CacheControl)
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderVary, fiber.HeaderAcceptEncoding)
	if c.Get(fiber.HeaderAcceptEncoding) != "" && c.AcceptsEncodings("gzip") == "gzip" { // no header means any, says Fiber
		c.Set(fiber.HeaderContentEncoding, "gzip")
		return c.Send(file.Gzip)
	}
	return c.Send(file.Body)
}
