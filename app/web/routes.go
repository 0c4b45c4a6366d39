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
	return []route{
		// Getting in, and how pages look.
		public(get, "/admin/login", w.loginForm),
		public(post, "/admin/login", w.login),
		public(post, "/admin/logout", w.logout),
		public(get, "/admin/setup", w.setupForm),
		public(post, "/admin/setup", w.setup),
		public(post, "/admin/preferences", w.savePreferences),

		{method: get, path: "/admin", handle: w.home},

		// The account and its sessions.
		{method: get, path: "/admin/account", handle: w.account},
		{method: post, path: "/admin/account/password", handle: w.changePassword},
		{method: post, path: "/admin/account/sessions/end", handle: w.endSession},
	}
}
