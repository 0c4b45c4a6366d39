package web

import (
	"cmp"
	"context"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/layout"
	"squirrel/views/pages"
	"squirrel/views/ui"
)

func (w *Web) models(c *fiber.Ctx) error {
	ctx := c.UserContext()
	list := pages.ModelList{Query: c.Query("q"), Strategy: c.Query("strategy"), Type: c.Query("type"), State: c.Query("state")}
	all, err := w.opts.Admin.Models(ctx, admin.ModelQuery{PageQuery: admin.PageQuery{Page: 1, PageSize: 1}})
	if err != nil {
		return err
	}
	list.Total = all.Total
	if list.Rows, err = w.modelRows(ctx, list); err != nil {
		return err
	}
	list.Sort = pages.Sorting{
		By:   modelSorting.sort(list.Rows, c.Query("sort")),
		Self: listURL("/admin/models", "q", list.Query, "strategy", list.Strategy, "type", list.Type, "state", list.State),
	}
	list.Rows, list.Paging = paged(list.Rows, listRows, list.Sort, c.Query("page"))
	page := layout.Page{Title: i18n.T(ctx, "models.title"), Nav: layout.NavModels, Crumbs: modelCrumbs(ctx), Body: pages.ModelListPage(list)}
	return w.render(c, page, pages.ModelResults(list))
}

var modelSorting = sorting[pages.ModelRow]{
	"name":     func(a, b pages.ModelRow) int { return compareNames(a.Name, b.Name) },
	"type":     func(a, b pages.ModelRow) int { return cmp.Compare(a.Type, b.Type) },
	"strategy": func(a, b pages.ModelRow) int { return cmp.Compare(a.Strategy, b.Strategy) },
	"routes":   func(a, b pages.ModelRow) int { return cmp.Compare(a.Usable, b.Usable) },
	"requests": func(a, b pages.ModelRow) int { return cmp.Compare(a.Requests, b.Requests) },
	"success":  func(a, b pages.ModelRow) int { return compareShares(a.Success, a.Requests, b.Success, b.Requests) },
	"p50":      func(a, b pages.ModelRow) int { return cmp.Compare(orZero(a.P50), orZero(b.P50)) },
	"state":    func(a, b pages.ModelRow) int { return compareStates(a.State, b.State) },
}

func modelCrumbs(ctx context.Context, names ...string) []layout.Crumb {
	return crumbs(i18n.T(ctx, "models.title"), "/admin/models", names)
}

// modelRows reads the models that match, with their routes and figures.
func (w *Web) modelRows(ctx context.Context, list pages.ModelList) ([]pages.ModelRow, error) {
	found, err := w.opts.Admin.Models(ctx, admin.ModelQuery{
		PageQuery: admin.PageQuery{Text: list.Query, Active: activeOf(list.State)}, Strategy: models.StrategyName(list.Strategy), Type: models.ModelType(list.Type),
	})
	if err != nil {
		return nil, err
	}
	around, err := w.modelSurroundings(ctx, models.LogFilter{})
	if err != nil {
		return nil, err
	}
	var rows []pages.ModelRow
	for i := range found.Items {
		row := around.row(ctx, &found.Items[i])
		if list.State == "unhealthy" && row.Usable > 0 || list.State == "unpriced" && row.Priced {
			continue
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// surroundings are what a row about a model needs besides the model.
type surroundings struct {
	web    *Web
	routes map[string][]admin.RouteView
	active map[int64]bool // providers
	lines  map[string]models.StatLine
	book   *admin.PriceBook
}

func (w *Web) modelSurroundings(ctx context.Context, filter models.LogFilter) (*surroundings, error) {
	s := &surroundings{web: w, routes: map[string][]admin.RouteView{}, active: map[int64]bool{}}
	routes, err := w.opts.Admin.Routes(ctx, admin.RouteQuery{})
	if err != nil {
		return nil, err
	}
	for i := range routes.Items {
		r := routes.Items[i]
		s.routes[r.ModelName] = append(s.routes[r.ModelName], r)
	}
	providers, err := w.opts.Admin.Providers(ctx, admin.PageQuery{}, "")
	if err != nil {
		return nil, err
	}
	for i := range providers.Items {
		s.active[providers.Items[i].ID] = providers.Items[i].IsActive
	}
	if s.lines, err = w.lastDay(ctx, filter, models.GroupModel); err != nil {
		return nil, err
	}
	s.book, err = w.opts.Admin.PriceBook(ctx)
	return s, err
}

func (s *surroundings) row(ctx context.Context, m *admin.ModelView) pages.ModelRow {
	line := s.lines[m.Name]
	row := pages.ModelRow{
		Name: m.Name, Aliases: m.Aliases, Type: string(m.Type), Strategy: string(m.Strategy), Active: m.IsActive,
		Requests: line.RequestCount, Success: line.SuccessCount, P50: line.FirstByteMS.P50,
	}
	routes := s.routes[m.Name]
	for i := range routes {
		state := s.state(ctx, &routes[i])
		row.Routes = append(row.Routes, state)
		if s.serves(&routes[i]) && state.Tone != ui.Err {
			row.Usable++
		}
	}
	row.Price, row.Priced = s.price(ctx, m, routes)
	row.State = modelState(ctx, m, row)
	return row
}

// serves reports whether a route takes requests at all.
func (s *surroundings) serves(r *admin.RouteView) bool {
	paused := r.PausedUntil != nil && r.PausedUntil.After(s.web.opts.Now())
	return r.IsActive && s.active[r.ProviderID] && !paused
}

// state says how a route is, its provider included.
func (s *surroundings) state(ctx context.Context, r *admin.RouteView) pages.State {
	if r.IsActive && !s.active[r.ProviderID] {
		return pages.State{Tone: ui.Neutral, Text: i18n.T(ctx, "models.state.provider_disabled")}
	}
	return s.web.routeState(ctx, r)
}

// price is what the routes of a model cost: one price, or from the cheapest input to the dearest.
func (s *surroundings) price(ctx context.Context, m *admin.ModelView, routes []admin.RouteView) (text string, known bool) {
	var low, high *models.NanoUSD
	lowText, highText := "", ""
	for i := range routes {
		if !routes[i].IsActive {
			continue
		}
		p, source := effective(routes[i].Prices, m.Prices, s.book, routes[i].TargetModel)
		if source == models.PriceUnknown {
			return i18n.T(ctx, "common.unknown_price"), false
		}
		cost, ok := p.Cost(exampleUsage)
		if !ok {
			return i18n.T(ctx, "common.unknown_price"), false
		}
		if low == nil || cost.Total < *low {
			low, lowText = &cost.Total, priceText(ctx, p)
		}
		if high == nil || cost.Total > *high {
			high, highText = &cost.Total, priceText(ctx, p)
		}
	}
	switch {
	case low == nil:
		return ui.Dash, true
	case lowText == highText:
		return lowText, true
	}
	return i18n.T(ctx, "prices.line.range", "low", lowText, "high", highText), true
}

func modelState(ctx context.Context, m *admin.ModelView, row pages.ModelRow) pages.State {
	switch {
	case !m.IsActive:
		return pages.State{Tone: ui.Neutral, Text: i18n.T(ctx, "common.disabled")}
	case len(row.Routes) == 0:
		return pages.State{Tone: ui.Err, Text: i18n.T(ctx, "models.state.no_route"), Reason: i18n.T(ctx, "models.state.no_route.reason")}
	case row.Usable == 0:
		return pages.State{Tone: ui.Err, Text: i18n.T(ctx, "models.state.unusable"), Reason: i18n.T(ctx, "models.state.unusable.reason")}
	}
	for _, r := range row.Routes {
		if r.Tone == ui.Warn || r.Tone == ui.Err {
			return pages.State{Tone: ui.Warn, Text: i18n.T(ctx, "models.state.degraded"), Reason: r.Reason}
		}
	}
	return pages.State{Tone: ui.OK, Text: i18n.T(ctx, "models.state.serving")}
}
