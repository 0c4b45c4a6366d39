package web

import (
	"cmp"
	"context"
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
	"squirrel/views/pages"
)

// saveRoutes saves the table of routes, then does what its button asks: nothing more, or moving one route up or down.
func (w *Web) saveRoutes(c *fiber.Ctx) error {
	form, err := readForm(c)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	m, err := w.opts.Admin.Model(ctx, modelParam(c))
	if err != nil {
		return err
	}
	problems, message := w.applyTable(ctx, &m, form)
	if len(problems) > 0 || message != "" {
		return w.refuseTable(c, &m, form, problems, message)
	}
	what, text, _ := strings.Cut(form.Get("op"), ":")
	if id := wholeOrNil(text); id != nil && (what == "up" || what == "down") {
		if err := w.moveRoute(ctx, m.Name, *id, what == "up"); err != nil {
			return err
		}
	}
	w.sayChange(c, "models.routes.saved")
	return redirect(c, modelPath(m.Name))
}

func rowField(id int64, field string) string { return "r." + whole(id) + "." + field }

// applyTable writes the rows that differ. Problems are by the names of the controls.
func (w *Web) applyTable(ctx context.Context, m *admin.ModelView, form url.Values) (problems fields, message string) {
	problems = newFields()
	inputs := map[int64]admin.RouteInput{}
	for i := range m.Providers {
		r := &m.Providers[i]
		if !form.Has(rowField(r.ID, "version")) {
			continue // added meanwhile
		}
		target := strings.TrimSpace(form.Get(rowField(r.ID, "target")))
		priority, weight := problems.number(rowField(r.ID, "priority"), form), problems.number(rowField(r.ID, "weight"), form)
		if target == r.TargetModel && priority == r.Priority && weight == r.Weight {
			continue
		}
		inputs[r.ID] = admin.RouteInput{
			TargetModel: admin.Some(target), Priority: admin.Some(priority), Weight: admin.Some(weight), Version: wholeOrNil(form.Get(rowField(r.ID, "version"))),
		}
	}
	if len(problems) > 0 {
		return problems, ""
	}
	for id, in := range inputs {
		_, err := w.opts.Admin.UpdateRoute(ctx, id, in)
		if err == nil {
			continue
		}
		if models.ErrorCode(err) == models.CodeVersionConflict {
			message = i18n.T(ctx, "models.routes.conflict")
			continue
		}
		if len(fieldsOf(err)) == 0 {
			message = cmp.Or(messageOf(err), err.Error())
		}
		for name, problem := range fieldsOf(err) {
			problems.fail(rowField(id, strings.TrimSuffix(name, "_model_name")), problem)
		}
	}
	return problems, message
}

// refuseTable shows the page with what was typed.
func (w *Web) refuseTable(c *fiber.Ctx, m *admin.ModelView, form url.Values, problems fields, message string) error {
	ctx := c.UserContext()
	around, err := w.modelSurroundings(ctx, models.LogFilter{})
	if err != nil {
		return err
	}
	now, err := w.opts.Admin.Model(ctx, m.Name)
	if err != nil {
		return err
	}
	rows := around.routeRows(ctx, &now)
	for i := range rows {
		for field, into := range map[string]*string{"target": &rows[i].Target, "priority": &rows[i].Priority, "weight": &rows[i].Weight} {
			if name := rowField(rows[i].ID, field); form.Has(name) {
				*into = form.Get(name)
			}
		}
	}
	c.Status(http.StatusUnprocessableEntity)
	return w.showModel(c, &now, pages.ModelShow{RouteRows: rows, Errors: problems, Message: message})
}

// moveRoute changes places with the neighbour. Equal priorities share; then the moved one gets a place of its own.
func (w *Web) moveRoute(ctx context.Context, model string, id int64, up bool) error {
	m, err := w.opts.Admin.Model(ctx, model)
	if err != nil {
		return err
	}
	routes := m.Providers
	slices.SortStableFunc(routes, func(a, b admin.RouteView) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.ID, b.ID))
	})
	at := slices.IndexFunc(routes, func(r admin.RouteView) bool { return r.ID == id })
	other := at + 1
	if up {
		other = at - 1
	}
	if at < 0 || other < 0 || other >= len(routes) {
		return nil
	}
	mine, theirs := routes[other].Priority, routes[at].Priority
	switch {
	case mine == theirs && up:
		mine--
	case mine == theirs:
		mine++
	default:
		if err := w.setPriority(ctx, &routes[other], theirs); err != nil {
			return err
		}
	}
	return w.setPriority(ctx, &routes[at], mine)
}

func (w *Web) setPriority(ctx context.Context, r *admin.RouteView, priority int) error {
	_, err := w.opts.Admin.UpdateRoute(ctx, r.ID, admin.RouteInput{Priority: admin.Some(priority), Version: &r.Version})
	return err
}

func (w *Web) addRoute(c *fiber.Ctx) error {
	form, err := readForm(c)
	if err != nil {
		return err
	}
	m, err := w.opts.Admin.Model(c.UserContext(), modelParam(c))
	if err != nil {
		return err
	}
	in := admin.RouteInput{ModelName: admin.Some(m.Name), TargetModel: admin.Some(form.Get("target_model_name")), Priority: admin.Some(nextPriority(m.Providers))}
	if provider := wholeOrNil(form.Get("provider_id")); provider != nil {
		in.ProviderID = admin.Some(*provider)
	}
	r, err := w.opts.Admin.CreateRoute(c.UserContext(), in)
	if err != nil {
		if !refusedForm(err) {
			return err
		}
		c.Status(http.StatusUnprocessableEntity)
		add := pages.RouteAdd{ProviderID: form.Get("provider_id"), Target: form.Get("target_model_name"), Errors: fieldsOf(err)}
		return w.showModel(c, &m, pages.ModelShow{Add: add, Message: messageOf(err)})
	}
	w.sayChange(c, "models.route.added", "provider", r.ProviderName, "target", r.TargetModel)
	return redirect(c, modelPath(m.Name))
}

// nextPriority puts a new route behind the others: it is tried when they fail, until somebody says otherwise.
func nextPriority(routes []admin.RouteView) int {
	if len(routes) == 0 {
		return 0
	}
	last := slices.MaxFunc(routes, func(a, b admin.RouteView) int { return cmp.Compare(a.Priority, b.Priority) })
	return min(last.Priority+1, 1_000_000)
}

// setRouteActive makes the handler that turns a route on or off.
func (w *Web) setRouteActive(active bool) fiber.Handler {
	key := "models.route.disabled"
	if active {
		key = "models.route.enabled"
	}
	return func(c *fiber.Ctx) error {
		return w.changeRoute(c, admin.RouteInput{IsActive: admin.Some(active)}, key)
	}
}

// pauseRoute takes a route out for some minutes; 0 brings it back.
func (w *Web) pauseRoute(c *fiber.Ctx) error {
	form, err := readForm(c)
	if err != nil {
		return err
	}
	minutes, err := strconv.Atoi(form.Get("minutes"))
	if err != nil || minutes < 0 || minutes > 60*24*365 {
		return models.Invalid("minutes", "must be between 0 and %d", 60*24*365)
	}
	if minutes == 0 {
		return w.changeRoute(c, admin.RouteInput{PausedUntil: admin.Null[time.Time]()}, "models.route.resumed")
	}
	until := w.opts.Admin.PausedUntil(time.Duration(minutes) * time.Minute)
	return w.changeRoute(c, admin.RouteInput{PausedUntil: admin.Some(until)}, "models.route.paused")
}

func (w *Web) changeRoute(c *fiber.Ctx, in admin.RouteInput, key string) error {
	id, err := idOf(c)
	if err != nil {
		return err
	}
	r, err := w.opts.Admin.UpdateRoute(c.UserContext(), id, in)
	if err != nil {
		return err
	}
	w.sayChange(c, key, "provider", r.ProviderName, "target", r.TargetModel)
	return redirect(c, modelPath(r.ModelName))
}

func (w *Web) deleteRoute(c *fiber.Ctx) error {
	id, err := idOf(c)
	if err != nil {
		return err
	}
	r, err := w.opts.Admin.Route(c.UserContext(), id)
	if err != nil {
		return err
	}
	if err := w.opts.Admin.DeleteRoute(c.UserContext(), id); err != nil {
		return err
	}
	w.sayChange(c, "models.route.deleted", "provider", r.ProviderName, "target", r.TargetModel)
	return redirect(c, modelPath(r.ModelName))
}
