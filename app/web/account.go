package web

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/auth"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/layout"
	"squirrel/views/pages"
)

func (w *Web) account(c *fiber.Ctx) error { return w.showAccount(c, pages.Password{}) }

func (w *Web) showAccount(c *fiber.Ctx, form pages.Password) error {
	id, _ := auth.From(c)
	sessions, err := w.opts.Auth.SessionsOf(c.UserContext(), id.Username)
	if err != nil {
		return err
	}
	form.MinLength = auth.MinPassword
	view := pages.Account{Username: id.Username, Local: id.Local, FromEnvironment: w.opts.Auth.FromEnvironment(), Password: form}
	for i := range sessions {
		s := &sessions[i]
		view.Sessions = append(view.Sessions, pages.SessionRow{
			ID: sessionID(s), Current: s.TokenHash == id.Session.TokenHash, IP: s.ClientIP, UserAgent: s.UserAgent,
			CreatedAt: s.CreatedAt, LastSeenAt: s.LastSeenAt, ExpiresAt: s.ExpiresAt,
		})
	}
	title := i18n.T(c.UserContext(), "nav.account")
	return w.render(c, layout.Page{Title: title, Nav: layout.NavNone, Crumbs: []layout.Crumb{{Label: title}}, Body: pages.AccountPage(view)}, nil)
}

// sessionID names a session on a page without telling what the store looks sessions up by.
func sessionID(s *models.Session) string {
	sum := sha256.Sum256(s.TokenHash[:])
	return hex.EncodeToString(sum[:8])
}

// endSession logs out one session of the user, or all others.
func (w *Web) endSession(c *fiber.Ctx) error {
	form, err := readForm(c)
	if err != nil {
		return err
	}
	id, _ := auth.From(c)
	sessions, err := w.opts.Auth.SessionsOf(c.UserContext(), id.Username)
	if err != nil {
		return err
	}
	for i := range sessions {
		s := &sessions[i]
		others := form.Get("which") == "others" && s.TokenHash != id.Session.TokenHash
		if !others && form.Get("which") != sessionID(s) {
			continue
		}
		if err := w.opts.Auth.EndSession(c.UserContext(), s.TokenHash); err != nil {
			return err
		}
	}
	say(c, "account.ended")
	return redirect(c, "/admin/account")
}

// changePassword ends all sessions, this one too: the next page is the login.
func (w *Web) changePassword(c *fiber.Ctx) error {
	form, err := readForm(c)
	if err != nil {
		return err
	}
	id, _ := auth.From(c)
	err = w.opts.Auth.ChangePassword(c.UserContext(), id.Username, form.Get("old_password"), form.Get("new_password"), w.opts.Auth.ClientOf(c))
	switch models.ErrorCode(err) {
	case "":
		w.opts.Auth.ClearCookie(c)
		say(c, "account.password.changed")
		return redirect(c, "/admin/login")
	case models.CodeValidation:
		c.Status(http.StatusUnprocessableEntity)
		return w.showAccount(c, pages.Password{Errors: fieldsOf(err)})
	case models.CodeUnauthorized:
		c.Status(http.StatusUnprocessableEntity)
		return w.showAccount(c, pages.Password{Errors: map[string]string{"old_password": "is wrong"}})
	case models.CodeRateLimited, models.CodeForbidden:
		c.Status(statusOf(err))
		return w.showAccount(c, pages.Password{Message: messageOf(err)})
	}
	return err
}
