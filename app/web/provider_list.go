package web

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/layout"
	"squirrel/views/pages"
)

func (w *Web) providers(c *fiber.Ctx) error {
	ctx := c.UserContext()
	list := pages.ProviderList{Query: c.Query("q"), Protocol: c.Query("protocol"), State: c.Query("state")}
	all, err := w.opts.Admin.ProviderNames(ctx)
	if err != nil {
		return err
	}
	list.Total = len(all)
	if list.Rows, err = w.providerRows(ctx, list); err != nil {
		return err
	}
	list.Presets = presets()
	list.Sort = pages.Sorting{By: providerSorting.sort(list.Rows, c.Query("sort")), Self: listURL("/admin/providers", "q", list.Query, "protocol", list.Protocol, "state", list.State)}
	list.Rows, list.Paging = paged(list.Rows, listRows, list.Sort, c.Query("page"))
	page := layout.Page{Title: i18n.T(ctx, "providers.title"), Nav: layout.NavProviders, Crumbs: w.providerCrumbs(ctx), Body: pages.ProviderListPage(list)}
	return w.render(c, page, pages.ProviderResults(list))
}

var providerSorting = sorting[pages.ProviderRow]{
	"name":     func(a, b pages.ProviderRow) int { return compareNames(a.Name, b.Name) },
	"protocol": func(a, b pages.ProviderRow) int { return cmp.Compare(a.Protocol, b.Protocol) },
	"host":     func(a, b pages.ProviderRow) int { return cmp.Compare(a.Address.Host, b.Address.Host) },
	"state":    func(a, b pages.ProviderRow) int { return compareStates(a.State, b.State) },
	"models":   func(a, b pages.ProviderRow) int { return cmp.Compare(a.Models, b.Models) },
	"requests": func(a, b pages.ProviderRow) int { return cmp.Compare(a.Requests, b.Requests) },
	"success":  func(a, b pages.ProviderRow) int { return compareShares(a.Success, a.Requests, b.Success, b.Requests) },
	"p50":      func(a, b pages.ProviderRow) int { return cmp.Compare(orZero(a.P50), orZero(b.P50)) },
	"cost":     func(a, b pages.ProviderRow) int { return cmp.Compare(a.CostUSD, b.CostUSD) },
}

// providerCrumbs is the way to a page below the list; names are the steps after it.
func (w *Web) providerCrumbs(ctx context.Context, names ...string) []layout.Crumb {
	return crumbs(i18n.T(ctx, "providers.title"), "/admin/providers", names)
}

// crumbs leads from a list to a page below it. Only the list has a URL.
func crumbs(list, listURL string, names []string) []layout.Crumb {
	if len(names) == 0 {
		return []layout.Crumb{{Label: list}}
	}
	way := []layout.Crumb{{Label: list, URL: listURL}}
	for _, name := range names {
		way = append(way, layout.Crumb{Label: name})
	}
	return way
}

// providerRows reads the providers that match, with their routes and figures.
func (w *Web) providerRows(ctx context.Context, list pages.ProviderList) ([]pages.ProviderRow, error) {
	query := admin.PageQuery{Text: list.Query, Active: activeOf(list.State)}
	found, err := w.opts.Admin.Providers(ctx, query, models.Protocol(list.Protocol))
	if err != nil {
		return nil, err
	}
	routes, err := w.routesByProvider(ctx)
	if err != nil {
		return nil, err
	}
	lines, err := w.lastDay(ctx, models.LogFilter{}, models.GroupProvider)
	if err != nil {
		return nil, err
	}
	rows := make([]pages.ProviderRow, len(found.Items))
	for i := range found.Items {
		p := &found.Items[i]
		rows[i] = w.providerRow(ctx, p, routes[p.ID], lines[strconv.FormatInt(p.ID, 10)])
	}
	return rows, nil
}

// activeOf reads the state filter of a list; nil = any.
func activeOf(state string) *bool {
	switch state {
	case "active":
		return new(true)
	case "disabled":
		return new(false)
	}
	return nil
}

func (w *Web) routesByProvider(ctx context.Context) (map[int64][]admin.RouteView, error) {
	all, err := w.opts.Admin.Routes(ctx, admin.RouteQuery{})
	routes := map[int64][]admin.RouteView{}
	for i := range all.Items {
		r := all.Items[i]
		routes[r.ProviderID] = append(routes[r.ProviderID], r)
	}
	return routes, err
}

// lastDay sums up the last 24 hours by a dimension.
func (w *Web) lastDay(ctx context.Context, filter models.LogFilter, group models.StatGroup) (map[string]models.StatLine, error) {
	since := w.opts.Now().UTC().Add(-24 * time.Hour)
	filter.Start = &since
	stats, err := w.opts.Admin.Stats(ctx, models.StatsQuery{Filter: filter, Bucket: models.BucketHour, Location: w.opts.Zone, Group: group})
	lines := make(map[string]models.StatLine, len(stats.Groups))
	for _, g := range stats.Groups {
		lines[g.Key] = g.StatLine
	}
	return lines, err
}

func presets() []pages.Preset {
	var list []pages.Preset
	for _, p := range admin.Presets() {
		list = append(list, pages.Preset{
			ID: p.ID, Name: p.Name, Protocol: string(p.Protocol), BaseURL: p.BaseURL, Note: p.Note, KeyURL: p.KeyURL, NeedsKey: p.Auth != "none",
		})
	}
	return list
}
