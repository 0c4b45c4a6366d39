package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/layout"
	"squirrel/views/pages"
)

// askDeleteProvider says what deleting means, or why it is not possible.
func (w *Web) askDeleteProvider(c *fiber.Ctx) error {
	ctx := c.UserContext()
	p, err := w.providerOf(c)
	if err != nil {
		return err
	}
	routes, err := w.opts.Admin.Routes(ctx, admin.RouteQuery{Provider: p.ID})
	if err != nil {
		return err
	}
	view := pages.ProviderDelete{ID: p.ID, Name: p.Name, Active: p.IsActive, Models: modelsOf(routes.Items)}
	title := i18n.T(ctx, "providers.delete.title", "name", p.Name)
	return w.render(c, layout.Page{Title: title, Nav: layout.NavProviders, Form: true, Crumbs: w.providerCrumbs(ctx, p.Name), Body: pages.ProviderDeletePage(view)}, nil)
}

func (w *Web) deleteProvider(c *fiber.Ctx) error {
	p, err := w.providerOf(c)
	if err != nil {
		return err
	}
	err = w.opts.Admin.DeleteProvider(c.UserContext(), p.ID)
	if models.ErrorCode(err) == models.CodeProviderInUse { // a route was added since the page was opened
		c.Status(http.StatusConflict)
		return w.askDeleteProvider(c)
	}
	if err != nil {
		return err
	}
	say(c, "providers.deleted", "name", p.Name)
	return redirect(c, "/admin/providers")
}

func (w *Web) enableProvider(c *fiber.Ctx) error  { return w.switchProvider(c, true) }
func (w *Web) disableProvider(c *fiber.Ctx) error { return w.switchProvider(c, false) }

// pauseProvider pauses all routes to a provider for a while, or lets them go on. Unlike a provider that is disabled it comes back
// by itself.
func (w *Web) pauseProvider(c *fiber.Ctx) error {
	p, err := w.providerOf(c)
	if err != nil {
		return err
	}
	form, err := readForm(c)
	if err != nil {
		return err
	}
	minutes, err := strconv.Atoi(form.Get("minutes"))
	if err != nil || minutes < 0 || minutes > 60*24*365 {
		return models.Invalid("minutes", "must be between 0 and %d", 60*24*365)
	}
	return w.pauseRoutes(c, &p, time.Duration(minutes)*time.Minute)
}

// resumeProvider takes a pause back.
func (w *Web) resumeProvider(c *fiber.Ctx) error {
	p, err := w.providerOf(c)
	if err != nil {
		return err
	}
	return w.pauseRoutes(c, &p, 0)
}

func (w *Web) pauseRoutes(c *fiber.Ctx, p *admin.ProviderView, span time.Duration) error {
	ctx := c.UserContext()
	change := admin.RouteInput{PausedUntil: admin.Null[time.Time]()}
	if span > 0 {
		change.PausedUntil = admin.Some(w.opts.Admin.PausedUntil(span))
	}
	done := 0
	for page, total := 1, 1; done < total; page++ {
		routes, err := w.opts.Admin.Routes(ctx, admin.RouteQuery{Provider: p.ID, PageQuery: admin.PageQuery{Page: page, PageSize: 500}})
		if err != nil {
			return err
		}
		if total = routes.Total; len(routes.Items) == 0 {
			break
		}
		for i := range routes.Items {
			if _, err := w.opts.Admin.UpdateRoute(ctx, routes.Items[i].ID, change); err != nil {
				return err
			}
		}
		done += len(routes.Items)
	}
	if span > 0 {
		sayUndo(c, providerURL(p.ID)+"/resume", "providers.paused", "name", p.Name, "n", done, "minutes", int(span.Minutes()))
	} else {
		say(c, "providers.resumed", "name", p.Name)
	}
	return redirect(c, backOr(c, "/admin/providers"))
}

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
