package web

import (
	"net/http"

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
