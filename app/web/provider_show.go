package web

import (
	"strconv"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/layout"
	"squirrel/views/pages"
)

func (w *Web) provider(c *fiber.Ctx) error {
	ctx := c.UserContext()
	p, err := w.providerOf(c)
	if err != nil {
		return err
	}
	routes, err := w.opts.Admin.Routes(ctx, admin.RouteQuery{Provider: p.ID})
	if err != nil {
		return err
	}
	lines, err := w.lastDay(ctx, models.LogFilter{ProviderID: &p.ID}, models.GroupProvider)
	if err != nil {
		return err
	}
	view := pages.ProviderShow{
		ProviderRow: w.providerRow(ctx, &p, routes.Items, lines[strconv.FormatInt(p.ID, 10)]),
		BaseURL:     p.BaseURL, CallURL: previewOf(ctx, p.BaseURL, p.Protocol).URL, KeyMask: p.APIKey, ProxyURL: p.ProxyURL,
		Headers: headerFields(p.ExtraHeaders), Params: parametersText(p.DefaultParameters),
		Timeouts: [4]int{p.ConnectTimeout, p.FirstByteTimeout, p.IdleTimeout, p.ResponseTimeout},
	}
	for i := range routes.Items {
		r := &routes.Items[i]
		view.Routes = append(view.Routes, pages.ProviderRoute{Model: r.ModelName, Target: r.TargetModel, State: w.routeState(ctx, r)})
	}
	if c.Query("tab") == "models" && w.opts.Admin.CanProbe() {
		view.Tab, view.Query = "models", c.Query("q")
		w.addOffers(ctx, &view, routes.Items)
	}
	return w.render(c, layout.Page{Title: p.Name, Nav: layout.NavProviders, Crumbs: w.providerCrumbs(ctx, p.Name), Body: pages.ProviderShowPage(view)}, pages.OfferResults(view))
}
