package web

import (
	"net/http"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/auth"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/layout"
	"squirrel/views/pages"
)

func (w *Web) loginForm(c *fiber.Ctx) error {
	status, err := w.opts.Auth.Status(c.UserContext(), auth.FromFiber(c))
	if err != nil {
		return err
	}
	next := localPath(c.Query("next"))
	switch {
	case status.SetupRequired:
		return redirect(c, "/admin/setup")
	case status.Authenticated:
		return redirect(c, next)
	}
	return w.showLogin(c, pages.Login{Next: next})
}

func (w *Web) showLogin(c *fiber.Ctx, form pages.Login) error {
	title := i18n.T(c.UserContext(), "auth.login.title")
	return w.renderBare(c, layout.Page{Title: title, Body: pages.LoginPage(form)})
}

func (w *Web) login(c *fiber.Ctx) error {
	form, err := readForm(c)
	if err != nil {
		return err
	}
	username, next := form.Get("username"), localPath(form.Get("next"))
	login, err := w.opts.Auth.Login(c.UserContext(), username, form.Get("password"), w.opts.Auth.ClientOf(c))
	switch models.ErrorCode(err) {
	case "":
		w.opts.Auth.SetCookie(c, login)
		return redirect(c, next)
	case models.CodeUnauthorized, models.CodeRateLimited:
		if models.ErrorCode(err) == models.CodeRateLimited {
			c.Set(fiber.HeaderRetryAfter, strconv.Itoa(auth.RetryAfter(err)))
		}
		c.Status(statusOf(err))
		return w.showLogin(c, pages.Login{Next: next, Username: username, Error: messageOf(err)})
	}
	return err
}

// logout ends the session and takes the cookie. It is a POST, so no link of another site can do it.
func (w *Web) logout(c *fiber.Ctx) error {
	if err := w.opts.Auth.Logout(c.UserContext(), auth.FromFiber(c)); err != nil {
		return err
	}
	w.opts.Auth.ClearCookie(c)
	say(c, "auth.logged_out")
	return c.Redirect("/admin/login", http.StatusSeeOther)
}
