package web

import (
	"context"
	"slices"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/pages"
	"squirrel/views/ui"
)

// How many choices the form lists, so that its page stays small whatever there is. Names of models can be typed, too.
const (
	maxPlayNames  = 300
	maxPlayRoutes = 40 // of all models; past it those of the form's models are listed, up to as many of each
)

// playChoices fills in what can be chosen. What the form has chosen already is among it, if it is still there.
func (w *Web) playChoices(ctx context.Context, form *pages.Playground) error {
	names, err := w.opts.Admin.ModelNames(ctx)
	if err != nil {
		return err
	}
	form.Models = names[:min(len(names), maxPlayNames)]
	keys, err := w.keyOptions(ctx)
	if err != nil {
		return err
	}
	if form.ManyKeys = len(keys) > maxPlayNames; form.ManyKeys {
		rest := slices.Clone(keys[maxPlayNames:])
		keys = keys[:maxPlayNames]
		if at := slices.IndexFunc(rest, func(o ui.Option) bool { return o.Value == form.APIKeyID }); at >= 0 {
			keys = append(keys, rest[at])
		}
	}
	form.Keys = keys
	if err := w.playRoutes(ctx, form); err != nil {
		return err
	}
	if !chosen(form.APIKeyID, form.Keys) || !chosen(form.RouteID, form.Routes) {
		form.Notices = append(form.Notices, "playground.gone")
	}
	return nil
}

func (w *Web) playRoutes(ctx context.Context, form *pages.Playground) error {
	asked, ids := []string{form.Model}, []string{form.RouteID}
	if form.Mode == pages.PlayRaw {
		asked = []string{modelOf([]byte(form.Body))}
	}
	for _, column := range form.Columns {
		asked, ids = append(asked, column.Model), append(ids, column.RouteID)
	}
	all, err := w.opts.Admin.Routes(ctx, routesOf(""))
	if err != nil {
		return err
	}
	if form.ManyRoutes = all.Total > maxPlayRoutes; !form.ManyRoutes {
		form.Routes = routeOptions(all.Items)
		return nil
	}
	slices.Sort(asked)
	for _, model := range slices.Compact(asked) {
		if model == "" {
			continue
		}
		some, err := w.opts.Admin.Routes(ctx, routesOf(model))
		if err != nil {
			return err
		}
		form.Routes = append(form.Routes, routeOptions(some.Items)...)
	}
	for _, text := range ids {
		id := optionalID(text)
		if id == nil || chosen(text, form.Routes) {
			continue
		}
		r, err := w.opts.Admin.Route(ctx, *id)
		if models.ErrorCode(err) == models.CodeNotFound {
			continue
		}
		if err != nil {
			return err
		}
		form.Routes = append(form.Routes, routeOptions([]admin.RouteView{r})...)
	}
	return nil
}

func routesOf(model string) admin.RouteQuery {
	return admin.RouteQuery{PageQuery: admin.PageQuery{Page: 1, PageSize: maxPlayRoutes}, Model: model}
}

func routeOptions(routes []admin.RouteView) (options []ui.Option) {
	for i := range routes {
		r := &routes[i]
		options = append(options, ui.Option{Value: whole(r.ID), Label: r.ModelName + " → " + r.ProviderName + " / " + r.TargetModel})
	}
	return options
}

// chosen reports whether a choice is among those there are; none is a choice, too.
func chosen(value string, options []ui.Option) bool {
	return value == "" || slices.ContainsFunc(options, func(o ui.Option) bool { return o.Value == value })
}
