package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/layout"
	"squirrel/views/pages"
	"squirrel/views/ui"
)

// localTime is what browsers put into a field for date and time.
const localTime = "2006-01-02T15:04"

func (w *Web) routeForm(c *fiber.Ctx) error {
	id, err := idOf(c)
	if err != nil {
		return err
	}
	r, err := w.opts.Admin.Route(c.UserContext(), id)
	if err != nil {
		return err
	}
	form := pages.RouteForm{Version: whole(r.Version), Active: r.IsActive, Price: priceForm(r.Prices), Values: map[string]string{
		"provider_id": whole(r.ProviderID), "target_model_name": r.TargetModel, "priority": strconv.Itoa(r.Priority), "weight": strconv.Itoa(r.Weight),
		"on_loss": string(r.OnLoss),
	}}
	if r.PausedUntil != nil {
		form.Values["paused_until"] = r.PausedUntil.In(w.opts.Zone).Format(localTime)
	}
	return w.showRouteForm(c, &r, form)
}

func (w *Web) showRouteForm(c *fiber.Ctx, r *admin.RouteView, form pages.RouteForm) error {
	ctx := c.UserContext()
	m, err := w.opts.Admin.Model(ctx, r.ModelName)
	if err != nil {
		return err
	}
	book, err := w.opts.Admin.PriceBook(ctx)
	if err != nil {
		return err
	}
	form.ID, form.Model = r.ID, r.ModelName
	if r.Rules != nil {
		form.Rule = ruleWords(ctx, r.Rules)
	}
	inherited, source := effective(models.Prices{}, m.Prices, book, r.TargetModel)
	form.Price.Inherit = i18n.T(ctx, "prices.inherit.from", "price", priceText(ctx, inherited), "source", i18n.T(ctx, "prices.from."+string(source)))
	applied, _ := effective(r.Prices, m.Prices, book, r.TargetModel)
	form.Price.Example, form.Price.Errors = priceExample(ctx, applied), form.Errors
	if form.Providers, err = w.providerOptions(ctx); err != nil {
		return err
	}
	title := i18n.T(ctx, "models.route.title", "provider", r.ProviderName, "target", r.TargetModel)
	page := layout.Page{Title: title, Nav: layout.NavModels, Form: true, Body: pages.RouteFormPage(form, title), Crumbs: []layout.Crumb{
		{Label: i18n.T(ctx, "models.title"), URL: "/admin/models"}, {Label: r.ModelName, URL: modelPath(r.ModelName)}, {Label: i18n.T(ctx, "models.route")},
	}}
	return w.render(c, page, nil)
}

func (w *Web) editRoute(c *fiber.Ctx) error {
	id, err := idOf(c)
	if err != nil {
		return err
	}
	sent, err := readForm(c)
	if err != nil {
		return err
	}
	saved, err := w.opts.Admin.Route(c.UserContext(), id)
	if err != nil {
		return err
	}
	form := pages.RouteForm{Version: sent.Get("version"), Active: sent.Get("is_active") == "true", Price: sentPriceForm(sent), Values: map[string]string{}}
	for _, name := range []string{"provider_id", "target_model_name", "priority", "weight", "on_loss", "paused_until"} {
		form.Values[name] = strings.TrimSpace(sent.Get(name))
	}
	in, err := w.routeInput(form, sent, &saved)
	if err == nil {
		var r admin.RouteView
		if r, err = w.opts.Admin.UpdateRoute(c.UserContext(), id, in); err == nil {
			w.sayChange(c, "models.route.saved", "provider", r.ProviderName, "target", r.TargetModel)
			return redirect(c, modelPath(r.ModelName))
		}
	}
	if !refusedForm(err) {
		return err
	}
	form.Errors, form.Message = fieldsOf(err), messageOf(err)
	c.Status(http.StatusUnprocessableEntity)
	if models.ErrorCode(err) == models.CodeVersionConflict {
		c.Status(http.StatusConflict)
		form.Version, form.Message = whole(saved.Version), i18n.T(c.UserContext(), "models.conflict")
	}
	return w.showRouteForm(c, &saved, form)
}

func (w *Web) routeInput(form pages.RouteForm, sent url.Values, saved *admin.RouteView) (admin.RouteInput, error) {
	problems := newFields()
	in := admin.RouteInput{
		TargetModel: admin.Some(form.Values["target_model_name"]), Priority: admin.Some(problems.number("priority", sent)),
		Weight: admin.Some(problems.number("weight", sent)), OnLoss: admin.Some(models.OnLoss(form.Values["on_loss"])), IsActive: admin.Some(form.Active),
		PriceInput: priceInput(form.Price, problems), Version: wholeOrNil(form.Version),
	}
	if id := wholeOrNil(form.Values["provider_id"]); id != nil {
		in.ProviderID = admin.Some(*id)
	}
	until := problems.moment("paused_until", sent, w.opts.Zone)
	if unchanged := until != nil && saved.PausedUntil != nil && until.Equal(saved.PausedUntil.Truncate(time.Minute)); !unchanged {
		in.PausedUntil = optional(until)
	}
	return in, problems.err()
}

func (w *Web) replaceForm(c *fiber.Ctx) error {
	return w.showReplace(c, pages.Replace{From: c.Query("from")})
}

func (w *Web) showReplace(c *fiber.Ctx, p pages.Replace) error {
	ctx := c.UserContext()
	routes, err := w.opts.Admin.Routes(ctx, admin.RouteQuery{})
	if err != nil {
		return err
	}
	for i := range routes.Items {
		p.Targets = append(p.Targets, routes.Items[i].TargetModel)
	}
	slices.Sort(p.Targets)
	p.Targets = slices.Compact(p.Targets)
	providers, err := w.providerOptions(ctx)
	if err != nil {
		return err
	}
	p.Providers = append([]ui.Option{{Label: i18n.T(ctx, "models.replace.everywhere")}}, providers...)
	title := i18n.T(ctx, "models.replace")
	return w.render(c, layout.Page{Title: title, Nav: layout.NavModels, Crumbs: modelCrumbs(ctx, title), Form: true, Body: pages.ReplacePage(p)}, nil)
}

// replaceTarget shows what would change, or changes it.
func (w *Web) replaceTarget(c *fiber.Ctx) error {
	ctx := c.UserContext()
	form, err := readForm(c)
	if err != nil {
		return err
	}
	p := pages.Replace{
		From: strings.TrimSpace(form.Get("current_target_model_name")), To: strings.TrimSpace(form.Get("new_target_model_name")),
		ProviderID: form.Get("provider_id"), Reset: form.Get("reset_prices") == "true", Done: true,
	}
	in := admin.BulkUpgrade{From: admin.Some(p.From), To: admin.Some(p.To), ResetPrices: admin.Some(p.Reset), DryRun: admin.Some(form.Get("op") != "apply")}
	if id := wholeOrNil(p.ProviderID); id != nil {
		in.ProviderID = admin.Some(*id)
	}
	result, err := w.opts.Admin.BulkUpgradeRoutes(ctx, in)
	if err != nil {
		if !refusedForm(err) {
			return err
		}
		c.Status(http.StatusUnprocessableEntity)
		p.Errors, p.Done = fieldsOf(err), false
		return w.showReplace(c, p)
	}
	if !result.DryRun {
		say(c, "models.replaced", "n", result.Updated, "from", p.From, "to", p.To)
		return redirect(c, "/admin/models")
	}
	for i := range result.Items {
		price := i18n.T(ctx, "prices.inherited")
		if r := &result.Items[i]; r.Prices.Stated() {
			price = priceText(ctx, r.Prices)
		}
		p.Preview = append(p.Preview, pages.ReplaceRow{Model: result.Items[i].ModelName, Provider: result.Items[i].ProviderName, Price: price})
	}
	return w.showReplace(c, p)
}
