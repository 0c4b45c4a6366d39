package web

import (
	"net/http"

	"github.com/gofiber/fiber/v2"
)

// route is one line of the index. A page whose form is refused is answered at the form's own URL, so that a reload works.
type route struct {
	method, path string
	handle       fiber.Handler
	public       bool // no login needed; only same-origin requests may change anything
}

func public(method, path string, handle fiber.Handler) route {
	return route{method: method, path: path, handle: handle, public: true}
}

// routes is the index of the pages. Fixed paths stand before those with parameters.
func (w *Web) routes() []route {
	const get, post = http.MethodGet, http.MethodPost
	return append(append(w.requestRoutes(), w.routingRoutes()...), []route{
		// Getting in, and how pages look.
		public(get, "/admin/login", w.loginForm),
		public(post, "/admin/login", w.login),
		public(post, "/admin/logout", w.logout),
		public(get, "/admin/setup", w.setupForm),
		public(post, "/admin/setup", w.setup),
		public(post, "/admin/preferences", w.savePreferences),

		{method: get, path: "/admin/search", handle: w.search},

		// The first run.
		{method: get, path: "/admin/start", handle: w.start},
		{method: get, path: "/admin/start/first", handle: w.firstRequest},
		{method: get, path: "/admin/start/:step", handle: w.toStart},
		{method: post, path: "/admin/start/provider", handle: w.startProvider},
		{method: post, path: "/admin/start/models", handle: w.startModels},
		{method: post, path: "/admin/start/key", handle: w.startKey},
		{method: post, path: "/admin/start/send", handle: w.sendFirst},

		// The account and its sessions.
		{method: get, path: "/admin/account", handle: w.account},
		{method: post, path: "/admin/account/password", handle: w.changePassword},
		{method: post, path: "/admin/account/sessions/end", handle: w.endSession},

		// Providers.
		{method: get, path: "/admin/providers", handle: w.providers},
		{method: get, path: "/admin/providers/new", handle: w.newProvider},
		{method: post, path: "/admin/providers/new", handle: w.createProvider},
		{method: get, path: "/admin/providers/test", handle: w.toProviders},
		{method: post, path: "/admin/providers/test", handle: w.testProvider},
		{method: get, path: "/admin/providers/bulk", handle: w.toProviders},
		{method: post, path: "/admin/providers/bulk", handle: w.bulk("/admin/providers", "providers", byID(w.opts.Admin.EnableProviders))},
		{method: get, path: "/admin/providers/preview", handle: w.previewProvider},
		{method: get, path: "/admin/providers/:id", handle: w.provider},
		{method: get, path: "/admin/providers/:id/edit", handle: w.editProvider},
		{method: post, path: "/admin/providers/:id/edit", handle: w.saveProvider},
		{method: post, path: "/admin/providers/:id/models", handle: w.adopt},
		{method: post, path: "/admin/providers/:id/enable", handle: w.enableProvider},
		{method: post, path: "/admin/providers/:id/disable", handle: w.disableProvider},
		{method: post, path: "/admin/providers/:id/pause", handle: w.pauseProvider},
		{method: post, path: "/admin/providers/:id/resume", handle: w.resumeProvider},
		{method: get, path: "/admin/providers/:id/delete", handle: w.askDeleteProvider},
		{method: post, path: "/admin/providers/:id/delete", handle: w.deleteProvider},

		// API keys.
		{method: get, path: "/admin/keys", handle: w.keys},
		{method: get, path: "/admin/keys/new", handle: w.newKey},
		{method: post, path: "/admin/keys/new", handle: w.createKey},
		{method: post, path: "/admin/keys/bulk", handle: w.bulkKeys()},
		{method: get, path: "/admin/keys/:id", handle: w.key},
		{method: post, path: "/admin/keys/:id", handle: w.saveKey},
		{method: post, path: "/admin/keys/:id/enable", handle: w.enableKey},
		{method: post, path: "/admin/keys/:id/disable", handle: w.disableKey},
		{method: get, path: "/admin/keys/:id/rotate", handle: w.askRotateKey},
		{method: post, path: "/admin/keys/:id/rotate", handle: w.rotateKey},
		{method: get, path: "/admin/keys/:id/delete", handle: w.askDeleteKey},
		{method: post, path: "/admin/keys/:id/delete", handle: w.deleteKey},
	}...)
}
