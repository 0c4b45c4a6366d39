package web

import (
	"fmt"
	"runtime/debug"
	"time"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/app/auth"
	"squirrel/static"
	"squirrel/views/i18n"
)

// contentPolicy lets pages load from here only, and run and style nothing that stands in them.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src data:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// begin surrounds every page: security headers, language and zone of the viewer, and an answer to errors and panics.
func (w *Web) begin(c *fiber.Ctx) (err error) {
	secure(c)
	c.SetUserContext(i18n.With(c.UserContext(), i18n.Viewer{Lang: w.language(c), Zone: w.opts.Zone, Now: w.opts.Now()}))
	defer func() {
		if r := recover(); r != nil {
			w.opts.Logger.ErrorContext(c.UserContext(), "page panicked", "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			err = w.fail(c, fmt.Errorf("panic: %v", r))
		}
	}()
	if err := c.Next(); err != nil {
		return w.fail(c, err)
	}
	return nil
}

func secure(c *fiber.Ctx) {
	for name, value := range map[string]string{
		fiber.HeaderContentSecurityPolicy: contentPolicy,
		fiber.HeaderXContentTypeOptions:   "nosniff",
		fiber.HeaderXFrameOptions:         "DENY",
		fiber.HeaderReferrerPolicy:        "same-origin",
		fiber.HeaderPermissionsPolicy:     "camera=(), geolocation=(), microphone=()",
		"Cross-Origin-Opener-Policy":      "same-origin",
		"Cross-Origin-Resource-Policy":    "same-origin",
		fiber.HeaderCacheControl:          "no-store",
		fiber.HeaderVary:                  "HX-Request, Cookie, Accept-Language",
		"X-Squirrel-Build":                static.Build(),
	} {
		c.Set(name, value)
	}
}

// asActor names the administrator as who makes the changes of this request.
func (w *Web) asActor(c *fiber.Ctx) error {
	id, _ := auth.From(c)
	c.SetUserContext(admin.WithActor(c.UserContext(), id.Username))
	return c.Next()
}

// sameOrigin guards the forms that need no login.
func (w *Web) sameOrigin(c *fiber.Ctx) error {
	if err := w.opts.Auth.CheckOrigin(auth.FromFiber(c)); err != nil {
		return err
	}
	return c.Next()
}

// The cookies of preferences; scripts don't need them.
const (
	langCookie      = "sq_lang"
	themeCookie     = "sq_theme"
	shortcutsCookie = "sq_keys"
	preferenceTTL   = 365 * 24 * time.Hour
)

// language is what the URL says, then the cookie, then the browser. What the URL says is remembered.
func (w *Web) language(c *fiber.Ctx) i18n.Lang {
	if asked := i18n.Lang(c.Query("lang")); asked.Valid() {
		setPreference(c, langCookie, string(asked))
		return asked
	}
	if kept := i18n.Lang(c.Cookies(langCookie)); kept.Valid() {
		return kept
	}
	return i18n.Match(c.Get(fiber.HeaderAcceptLanguage))
}

func setPreference(c *fiber.Ctx, name, value string) {
	c.Cookie(&fiber.Cookie{
		Name: name, Value: value, Path: "/admin", MaxAge: int(preferenceTTL.Seconds()), HTTPOnly: true, SameSite: fiber.CookieSameSiteLaxMode,
	})
}
