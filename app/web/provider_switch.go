package web

import (
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
)

func (w *Web) enableProvider(c *fiber.Ctx) error  { return w.switchProvider(c, true) }
func (w *Web) disableProvider(c *fiber.Ctx) error { return w.switchProvider(c, false) }

// switchProvider takes effect at once; the message offers the way back.
func (w *Web) switchProvider(c *fiber.Ctx, on bool) error {
	p, err := w.providerOf(c)
	if err != nil {
		return err
	}
	if _, err := w.opts.Admin.UpdateProvider(c.UserContext(), p.ID, admin.ProviderInput{IsActive: admin.Some(on)}); err != nil {
		return err
	}
	if on {
		sayUndo(c, providerURL(p.ID)+"/disable", "providers.enabled", "name", p.Name)
	} else {
		sayUndo(c, providerURL(p.ID)+"/enable", "providers.disabled", "name", p.Name)
	}
	return redirect(c, backOr(c, "/admin/providers"))
}

// pauseProvider pauses all routes to a provider for a while, or lets them go on. Unlike a provider that is disabled it comes back
// by itself.
func (w *Web) pauseProvider(c *fiber.Ctx) error {
	form, err := readForm(c)
	if err != nil {
		return err
	}
	minutes, err := strconv.Atoi(form.Get("minutes"))
	if err != nil || minutes < 0 || minutes > 60*24*365 {
		return models.Invalid("minutes", "must be between 0 and %d", 60*24*365)
	}
	return w.pauseFor(c, time.Duration(minutes)*time.Minute)
}

// resumeProvider takes a pause back.
func (w *Web) resumeProvider(c *fiber.Ctx) error { return w.pauseFor(c, 0) }

func (w *Web) pauseFor(c *fiber.Ctx, span time.Duration) error {
	p, err := w.providerOf(c)
	if err != nil {
		return err
	}
	n, err := w.opts.Admin.PauseProvider(c.UserContext(), p.ID, span)
	if err != nil {
		return err
	}
	if span > 0 {
		sayUndo(c, providerURL(p.ID)+"/resume", "providers.paused", "name", p.Name, "n", n, "minutes", int(span.Minutes()))
	} else {
		say(c, "providers.resumed", "name", p.Name)
	}
	return redirect(c, backOr(c, "/admin/providers"))
}
