package web

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/app/auth"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/layout"
	"squirrel/views/pages"
	"squirrel/views/ui"
)

// statuses maps the codes of the control plane to those of HTTP. A code that is missing here is 500.
var statuses = map[models.Code]int{
	models.CodeInvalid:         http.StatusBadRequest,
	models.CodeValidation:      http.StatusUnprocessableEntity,
	models.CodeUnauthorized:    http.StatusUnauthorized,
	models.CodeForbidden:       http.StatusForbidden,
	models.CodeSetupRequired:   http.StatusForbidden,
	auth.CodeCSRF:              http.StatusForbidden,
	models.CodeNotFound:        http.StatusNotFound,
	models.CodeConflict:        http.StatusConflict,
	models.CodeVersionConflict: http.StatusConflict,
	models.CodeProviderInUse:   http.StatusConflict,
	models.CodeKeyRequired:     http.StatusUnprocessableEntity,
	admin.CodePrivateAddress:   http.StatusUnprocessableEntity,
	codeTooLarge:               http.StatusRequestEntityTooLarge,
	models.CodeRateLimited:     http.StatusTooManyRequests,
	models.CodeUnavailable:     http.StatusServiceUnavailable,
	models.CodeBusy:            http.StatusServiceUnavailable,
}

func asError(err error) (*models.Error, bool) { return errors.AsType[*models.Error](err) }

// statusOf is the HTTP status of an error.
func statusOf(err error) int {
	if e, ok := errors.AsType[*fiber.Error](err); ok {
		return e.Code
	}
	if status, ok := statuses[models.ErrorCode(err)]; ok {
		return status
	}
	return http.StatusInternalServerError
}

// refusedForm reports whether err is for the form that caused it: it is then shown again with status 422 or 409.
func refusedForm(err error) bool {
	switch models.ErrorCode(err) {
	case models.CodeValidation, models.CodeInvalid, models.CodeConflict, models.CodeKeyRequired, models.CodeVersionConflict, models.CodeRateLimited,
		admin.CodePrivateAddress:
		return true
	}
	return false
}

// messageOf is what of an error may be shown, in English.
func messageOf(err error) string {
	if e, ok := asError(err); ok {
		return e.Message
	}
	return ""
}

// fail answers an error: with a redirect for who must log in first, else with a page or, to htmx, a message.
func (w *Web) fail(c *fiber.Ctx, err error) error {
	switch models.ErrorCode(err) {
	case models.CodeUnauthorized:
		return w.sendAway(c, "/admin/login?next="+url.QueryEscape(backTo(c)))
	case models.CodeSetupRequired:
		return w.sendAway(c, "/admin/setup")
	case models.CodeRateLimited:
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(auth.RetryAfter(err)))
	}
	status := statusOf(err)
	e := pages.ErrorPage{Status: status, Message: messageOf(err)}
	if status >= http.StatusInternalServerError && e.Message == "" {
		e.ID = errorID()
		w.opts.Logger.ErrorContext(c.UserContext(), "page failed", "error", err, "error_id", e.ID, "path", c.Path())
	}
	c.Status(status)
	if isHTMX(c) {
		c.Set("HX-Reswap", "none")
		return send(c, ui.ToastsOutOfBand([]ui.Toast{{Tone: ui.Err, Text: pages.ErrorText(c.UserContext(), e)}}), nil)
	}
	page := layout.Page{Title: i18n.T(c.UserContext(), pages.ErrorKey(status)+".title"), Body: pages.Error(e)}
	if _, known := auth.From(c); !known {
		return w.renderBare(c, page)
	}
	return w.render(c, page, nil)
}

// sendAway leads to a page where the visitor can get in. htmx gets a status it can tell from success.
func (w *Web) sendAway(c *fiber.Ctx, to string) error {
	if isHTMX(c) {
		c.Set("HX-Redirect", to)
		return c.SendStatus(http.StatusUnauthorized)
	}
	return c.Redirect(to, http.StatusSeeOther)
}

// backTo is where to go on after a login: the page that was asked for, or the one a form was on.
func backTo(c *fiber.Ctx) string {
	if c.Method() == http.MethodGet && !isHTMX(c) {
		return localPath(c.OriginalURL())
	}
	for _, name := range []string{"HX-Current-URL", fiber.HeaderReferer} {
		if u, err := url.Parse(c.Get(name)); err == nil && u.Path != "" {
			return localPath(u.RequestURI())
		}
	}
	return localPath("")
}

// errorID connects an error page with the log.
func errorID() string {
	var b [6]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	return hex.EncodeToString(b[:])
}
