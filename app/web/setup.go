package web

import (
	"net/http"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/auth"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/layout"
	"squirrel/views/pages"
)

// setupForm offers to create the first account. Once there is one, it leads to the login.
func (w *Web) setupForm(c *fiber.Ctx) error {
	exists, err := w.opts.Auth.HasAccount(c.UserContext())
	if err != nil {
		return err
	}
	if exists {
		return redirect(c, "/admin/login")
	}
	return w.showSetup(c, pages.Setup{Local: auth.FromFiber(c).Loopback(), Username: "admin"})
}

func (w *Web) showSetup(c *fiber.Ctx, form pages.Setup) error {
	form.MinPassword = auth.MinPassword
	title := i18n.T(c.UserContext(), "auth.setup.title")
	return w.renderBare(c, layout.Page{Title: title, Body: pages.SetupPage(form)})
}

func (w *Web) setup(c *fiber.Ctx) error {
	form, err := readForm(c)
	if err != nil {
		return err
	}
	request := auth.Setup{
		Token: form.Get("token"), Username: form.Get("username"), Password: form.Get("password"), Local: auth.FromFiber(c).Loopback(),
	}
	login, err := w.opts.Auth.CreateFirst(c.UserContext(), request, w.opts.Auth.ClientOf(c))
	switch models.ErrorCode(err) {
	case "":
		w.opts.Auth.SetCookie(c, login)
		say(c, "auth.setup.done", "name", login.Username)
		return redirect(c, "/admin")
	case models.CodeConflict: // somebody was faster
		return redirect(c, "/admin/login")
	case models.CodeValidation:
		c.Status(http.StatusUnprocessableEntity)
		return w.showSetup(c, pages.Setup{Local: request.Local, Username: request.Username, Errors: fieldsOf(err)})
	case models.CodeRateLimited:
		c.Status(http.StatusTooManyRequests)
		return w.showSetup(c, pages.Setup{Local: request.Local, Username: request.Username, Message: messageOf(err)})
	}
	return err
}
