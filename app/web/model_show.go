package web

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/layout"
	"squirrel/views/pages"
	"squirrel/views/ui"
)

// model shows a model. Its aliases lead to it.
func (w *Web) model(c *fiber.Ctx) error {
	m, err := w.opts.Admin.Model(c.UserContext(), modelParam(c))
	if models.ErrorCode(err) == models.CodeNotFound && modelParam(c) == "new" { // unless a model is called so
		return redirect(c, "/admin/new-model")
	}
	if err != nil {
		return err
	}
	if m.Name != modelParam(c) {
		return redirect(c, modelPath(m.Name))
	}
	add := pages.RouteAdd{ProviderID: c.Query("provider_id"), Target: c.Query("target_model_name")}
	if add.ProviderID != "" {
		add.Targets = w.targetsOf(c.UserContext(), add.ProviderID)
	}
	return w.showModel(c, &m, pages.ModelShow{Add: add})
}

// showModel fills in what the page says about m; view holds what was sent and refused.
func (w *Web) showModel(c *fiber.Ctx, m *admin.ModelView, view pages.ModelShow) error {
	ctx := c.UserContext()
	around, err := w.modelSurroundings(ctx, models.LogFilter{})
	if err != nil {
		return err
	}
	view.ModelRow = around.row(ctx, m)
	view.Version, view.Capabilities, view.Sentence = whole(m.Version), rawText(m.Capabilities), around.strategySentence(ctx, m)
	if m.Rules != nil {
		view.Rule = ruleWords(ctx, m.Rules)
	}
	if m.Prices.Stated() {
		view.OwnPrice = priceText(ctx, m.Prices)
	}
	if view.RouteRows == nil {
		view.RouteRows = around.routeRows(ctx, m)
	}
	view.CanSimulate, view.CanTest = w.opts.Admin.CanSimulate(), w.opts.Admin.CanTest() && len(m.Providers) > 0
	if view.Add.Providers, err = w.providerOptions(ctx); err != nil {
		return err
	}
	page := layout.Page{Title: m.Name, Nav: layout.NavModels, Crumbs: modelCrumbs(ctx, m.Name), Body: pages.ModelShowPage(view)}
	return w.render(c, page, nil)
}

func rawText(raw []byte) string {
	if string(raw) == "null" || string(raw) == "{}" {
		return ""
	}
	return string(raw)
}

// providerOptions lists the providers to choose from.
func (w *Web) providerOptions(ctx context.Context) ([]ui.Option, error) {
	names, err := w.opts.Admin.ProviderNames(ctx)
	options := make([]ui.Option, len(names))
	for i := range names {
		options[i] = ui.Option{Value: whole(names[i].ID), Label: names[i].Name}
	}
	return options, err
}

// routeRows shows the routes in the order in which they are tried first.
func (s *surroundings) routeRows(ctx context.Context, m *admin.ModelView) []pages.RouteRow {
	routes := slices.Clone(m.Providers)
	slices.SortStableFunc(routes, func(a, b admin.RouteView) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.ID, b.ID))
	})
	shares := map[int64]string{}
	if m.Strategy == models.StrategyWeighted {
		shares = weightShares(slices.DeleteFunc(slices.Clone(routes), func(r admin.RouteView) bool { return !s.serves(&r) }))
	}
	rows := make([]pages.RouteRow, len(routes))
	for i := range routes {
		r := &routes[i]
		p, source := effective(r.Prices, m.Prices, s.book, r.TargetModel)
		rows[i] = pages.RouteRow{
			ID: r.ID, Version: whole(r.Version), Provider: r.ProviderName, ProviderID: r.ProviderID, Target: r.TargetModel,
			Priority: strconv.Itoa(r.Priority), Weight: strconv.Itoa(r.Weight), Share: shares[r.ID], Price: priceText(ctx, p), PriceFrom: string(source),
			Active: r.IsActive, Paused: r.PausedUntil != nil && r.PausedUntil.After(s.web.opts.Now()), State: s.state(ctx, r),
		}
		if r.Rules != nil {
			rows[i].Rule = ruleWords(ctx, r.Rules)
		}
	}
	return rows
}

// targets answers which models the chosen provider offers.
func (w *Web) targets(c *fiber.Ctx) error {
	list := w.targetsOf(c.UserContext(), c.Query("provider_id"))
	page := layout.Page{Title: i18n.T(c.UserContext(), "models.title"), Nav: layout.NavModels, Body: pages.TargetList(list)}
	return w.render(c, page, pages.TargetList(list))
}

// targetsOf asks a provider for its models. That it can't be asked is shown, not an error: names can be typed.
func (w *Web) targetsOf(ctx context.Context, providerID string) pages.Targets {
	id := wholeOrNil(providerID)
	if id == nil || !w.opts.Admin.CanProbe() {
		return pages.Targets{}
	}
	list, err := w.opts.Admin.UpstreamModels(ctx, *id)
	if err != nil {
		return pages.Targets{Asked: true, Problem: cmp.Or(messageOf(err), "the provider could not be reached")}
	}
	targets := pages.Targets{Asked: true}
	for i := range list {
		targets.Names = append(targets.Names, list[i].ID)
	}
	return targets
}

// setModelActive makes the handler that turns a model on or off.
func (w *Web) setModelActive(active bool) fiber.Handler {
	return func(c *fiber.Ctx) error {
		m, err := w.opts.Admin.UpdateModel(c.UserContext(), modelParam(c), admin.ModelInput{IsActive: admin.Some(active)})
		if err != nil {
			return err
		}
		key := "models.disabled"
		if active {
			key = "models.enabled"
		}
		w.sayChange(c, key, "name", m.Name)
		return redirect(c, modelPath(m.Name))
	}
}

// setStrategy changes how routes are ordered.
func (w *Web) setStrategy(c *fiber.Ctx) error {
	form, err := readForm(c)
	if err != nil {
		return err
	}
	m, err := w.opts.Admin.UpdateModel(c.UserContext(), modelParam(c), admin.ModelInput{Strategy: admin.Some(models.StrategyName(form.Get("strategy")))})
	if err != nil {
		return err
	}
	w.sayChange(c, "models.strategy.saved", "strategy", i18n.T(c.UserContext(), "models.strategy."+string(m.Strategy)))
	return redirect(c, modelPath(m.Name))
}

// testModel sends a small real request and shows what came of it.
func (w *Web) testModel(c *fiber.Ctx) error {
	m, err := w.opts.Admin.Model(c.UserContext(), modelParam(c))
	if err != nil {
		return err
	}
	if !w.opts.Admin.CanTest() {
		return fiber.ErrNotFound
	}
	result, err := w.opts.Admin.TestModel(c.UserContext(), admin.ModelTest{Model: m.Name})
	test := &pages.ModelTest{
		OK: err == nil && result.Error == "", LogID: result.LogID, Status: result.Status, Provider: result.Provider, Target: result.Target,
		Took: result.DurationMS, Error: result.Error,
	}
	if err != nil {
		test.Error = cmp.Or(messageOf(err), err.Error())
	}
	return w.showModel(c, &m, pages.ModelShow{Test: test})
}

// sayChange leaves a message with a way back: the change that was just made.
func (w *Web) sayChange(c *fiber.Ctx, key string, args ...any) {
	last, err := w.opts.Admin.Changes(c.UserContext(), 0, 1)
	if err != nil || len(last) == 0 || !admin.Undoable(&last[0]) {
		say(c, key, args...)
		return
	}
	sayUndo(c, "/admin/changes/"+whole(last[0].ID)+"/undo", key, args...)
}

// deleteModelForm asks first.
func (w *Web) deleteModelForm(c *fiber.Ctx) error {
	ctx := c.UserContext()
	m, err := w.opts.Admin.Model(ctx, modelParam(c))
	if err != nil {
		return err
	}
	lines, err := w.lastDay(ctx, models.LogFilter{}, models.GroupModel)
	if err != nil {
		return err
	}
	view := pages.ModelDelete{Name: m.Name, Active: m.IsActive, Routes: len(m.Providers), Requests: lines[m.Name].RequestCount}
	title := i18n.T(ctx, "models.delete")
	page := layout.Page{Title: title, Nav: layout.NavModels, Crumbs: modelCrumbs(ctx, m.Name, title), Form: true, Body: pages.ModelDeletePage(view)}
	return w.render(c, page, nil)
}

func (w *Web) deleteModel(c *fiber.Ctx) error {
	name := modelParam(c)
	if err := w.opts.Admin.DeleteModelWithRoutes(c.UserContext(), name); err != nil {
		return err
	}
	w.sayChange(c, "models.deleted", "name", name)
	return redirect(c, "/admin/models")
}

// queried is a path with a query.
func queried(path string, values url.Values) string {
	if encoded := values.Encode(); encoded != "" {
		return path + "?" + encoded
	}
	return path
}
