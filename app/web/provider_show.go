package web

import (
	"context"
	"slices"
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
		ProviderRow: providerRow(ctx, &p, routes.Items, lines[strconv.FormatInt(p.ID, 10)]),
		BaseURL:     p.BaseURL, CallURL: previewOf(ctx, p.BaseURL, p.Protocol).URL, KeyMask: p.APIKey, ProxyURL: p.ProxyURL,
		Headers: headerFields(p.ExtraHeaders), Params: parametersText(p.DefaultParameters),
		Timeouts: [4]int{p.ConnectTimeout, p.FirstByteTimeout, p.IdleTimeout, p.ResponseTimeout},
	}
	for i := range routes.Items {
		r := &routes.Items[i]
		view.Routes = append(view.Routes, pages.ProviderRoute{Model: r.ModelName, Target: r.TargetModel, State: w.routeState(ctx, r)})
	}
	if c.Query("tab") == "models" && w.opts.Admin.CanProbe() {
		view.Tab = "models"
		w.addUpstreamModels(ctx, &view, routes.Items)
	}
	return w.render(c, layout.Page{Title: p.Name, Nav: layout.NavProviders, Crumbs: w.providerCrumbs(ctx, p.Name), Body: pages.ProviderShowPage(view)}, nil)
}

// addUpstreamModels asks the provider for its models and marks those in use. That it can't be asked is shown, not an error.
func (w *Web) addUpstreamModels(ctx context.Context, view *pages.ProviderShow, routes []admin.RouteView) {
	list, err := w.opts.Admin.UpstreamModels(ctx, view.ID)
	if err != nil {
		view.Problem = messageOf(err)
		if view.Problem == "" {
			view.Problem = "the provider could not be reached"
		}
		return
	}
	for _, m := range list {
		upstream := pages.UpstreamModel{ID: m.ID, OwnedBy: m.OwnedBy}
		for i := range routes {
			if routes[i].TargetModel == m.ID && !slices.Contains(upstream.UsedBy, routes[i].ModelName) {
				upstream.UsedBy = append(upstream.UsedBy, routes[i].ModelName)
			}
		}
		view.Upstream = append(view.Upstream, upstream)
	}
}
