package web

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/layout"
	"squirrel/views/pages"
)

const viewsPath = "/admin/logs/views"

// openedView is a saved view with the list it stands for.
type openedView struct {
	models.SavedView
	values url.Values
}

// openView reads the saved views and finds the one a list comes from. When that is gone, its filter stays.
func (w *Web) openView(ctx context.Context, s *logState) ([]models.SavedView, error) {
	views, err := w.opts.Admin.SavedViews(ctx)
	if err != nil {
		return nil, err
	}
	for i := range views {
		if whole(views[i].ID) == s.values.Get("view") {
			s.opened = &openedView{SavedView: views[i], values: w.viewState(views[i].Query).values}
		}
	}
	if s.opened == nil {
		s.values.Del("view")
	}
	return views, nil
}

// viewState is the list of what a view keeps. What isn't the list's is left out, as of every URL.
func (w *Web) viewState(query string) logState {
	v, err := url.ParseQuery(query)
	if err != nil {
		v = url.Values{}
	}
	state := readLogState(v, w.opts.Now(), w.opts.Zone)
	state.values.Del("view")
	return state
}

// sentQuery is what is kept of a query that a form sent.
func (w *Web) sentQuery(c *fiber.Ctx, query string) string {
	state := w.viewState(query)
	return viewQuery(&state, w.logColumns(c, state))
}

// viewColumns are the columns of the view that a list comes from.
func (s *logState) viewColumns() string {
	if s.opened == nil {
		return ""
	}
	return s.opened.values.Get("cols")
}

// viewQuery is what a view of this list keeps: its filters, its order, and the columns that are shown.
func viewQuery(s *logState, columns []pages.LogColumn) string {
	v := maps.Clone(s.values)
	v.Del("view")
	v.Set("cols", shownColumns(columns))
	return v.Encode()
}

func shownColumns(columns []pages.LogColumn) string {
	var ids []string
	for i := range columns {
		if columns[i].Shown {
			ids = append(ids, columns[i].ID)
		}
	}
	return strings.Join(ids, ".")
}

// viewMenu is what the list offers of the saved views.
func viewMenu(views []models.SavedView, s *logState, columns []pages.LogColumn) pages.LogViewMenu {
	m := pages.LogViewMenu{Query: viewQuery(s, columns), AllURL: s.url(viewsPath)}
	for i := range views {
		m.Saved = append(m.Saved, pages.LogViewLink{ID: views[i].ID, Name: views[i].Name})
	}
	if s.opened != nil {
		m.Open = &pages.LogViewLink{ID: s.opened.ID, Name: s.opened.Name, Changed: m.Query != s.opened.values.Encode()}
	}
	return m
}

// viewURL is the list of a view. Its columns come with its number.
func (w *Web) viewURL(v models.SavedView) string {
	state := w.viewState(v.Query)
	return state.url("/admin/logs", "cols", "", "view", whole(v.ID))
}

// showView leads to the list of a view.
func (w *Web) showView(c *fiber.Ctx) error {
	v, err := w.savedView(c)
	if err != nil {
		return err
	}
	return redirect(c, w.viewURL(v))
}

func (w *Web) savedView(c *fiber.Ctx) (models.SavedView, error) {
	id, err := idOf(c)
	if err != nil {
		return models.SavedView{}, err
	}
	return w.opts.Admin.SavedView(c.UserContext(), id)
}

// views lists the saved views, and offers to save the filter of the URL.
func (w *Web) views(c *fiber.Ctx) error {
	v, err := url.ParseQuery(string(c.Context().URI().QueryString()))
	if err != nil {
		return fiber.ErrBadRequest
	}
	state := readLogState(v, w.opts.Now(), w.opts.Zone)
	if _, err := w.openView(c.UserContext(), &state); err != nil {
		return err
	}
	return w.showViews(c, pages.LogViews{New: pages.LogViewForm{Query: viewQuery(&state, w.logColumns(c, state))}, BackURL: state.url("/admin/logs")})
}

// showViews completes the page. New.Query is what would be saved.
func (w *Web) showViews(c *fiber.Ctx, p pages.LogViews) error {
	ctx := c.UserContext()
	views, err := w.opts.Admin.SavedViews(ctx)
	if err != nil {
		return err
	}
	filters, err := w.logFilters(ctx, logState{})
	if err != nil {
		return err
	}
	p.Limit = admin.MaxViews
	if p.New.Query == "" {
		p.New.Query = w.sentQuery(c, "")
	}
	p.New.What, p.New.Columns = w.viewWords(ctx, p.New.Query, filters)
	if p.BackURL == "" {
		state := w.viewState(p.New.Query)
		p.BackURL = state.url("/admin/logs")
	}
	for i := range views {
		v := &views[i]
		row := pages.LogViewRow{ID: v.ID, Name: v.Name, Author: v.Author, UpdatedAt: v.UpdatedAt}
		row.What, row.Columns = w.viewWords(ctx, v.Query, filters)
		if v.ID == p.Renamed {
			row.Typed, row.Error = p.New.Name, p.Problem
		} else if p.New.Errors["name"] != "" && strings.EqualFold(v.Name, strings.TrimSpace(p.New.Name)) {
			p.New.Taken = &pages.LogViewLink{ID: v.ID, Name: v.Name}
		}
		p.Rows = append(p.Rows, row)
	}
	if p.Renamed != 0 {
		p.New.Name = ""
	}
	title := i18n.T(ctx, "logs.saved.title")
	crumbs := []layout.Crumb{{Label: i18n.T(ctx, "logs.title"), URL: p.BackURL}, {Label: title}}
	return w.render(c, layout.Page{Title: title, Nav: layout.NavLogs, Crumbs: crumbs, Body: pages.LogViewsPage(p)}, nil)
}

// viewWords tells what a view shows: its period, its filters, its order; and its columns.
func (w *Web) viewWords(ctx context.Context, query string, filters pages.LogFilters) (what []string, columns string) {
	state := w.viewState(query)
	if span := state.span(); span != usualRange && span != "custom" {
		what = append(what, i18n.T(ctx, "logs.range."+span))
	}
	for _, chip := range w.chips(ctx, state, filters) {
		what = append(what, chip.Label)
	}
	if state.query.Sort != models.SortTime || state.query.Ascending {
		what = append(what, i18n.T(ctx, "logs.saved.order", "by", sortName(ctx, state.query)))
	}
	var names []string
	for _, id := range knownColumns(state.values.Get("cols")) {
		names = append(names, i18n.T(ctx, "logs.column."+id))
	}
	return what, strings.Join(names, ", ")
}

// sortName is the column that a list is ordered by, with the direction.
func sortName(ctx context.Context, q admin.LogQuery) string {
	arrow := " ↓"
	if q.Ascending {
		arrow = " ↑"
	}
	for _, col := range logColumns {
		if col.sort == q.Sort {
			return i18n.T(ctx, "logs.column."+col.id) + arrow
		}
	}
	return string(q.Sort) + arrow
}

// saveView keeps a filter under a name and opens it. A form that is refused is shown again with everything that was in it.
func (w *Web) saveView(c *fiber.Ctx) error {
	form, err := readForm(c)
	if err != nil {
		return err
	}
	name, query := form.Get("name"), w.sentQuery(c, form.Get("query"))
	saved, err := w.opts.Admin.SaveView(c.UserContext(), models.SavedView{Name: name, Query: query})
	if refusedForm(err) {
		c.Status(statusOf(err))
		return w.showViews(c, pages.LogViews{New: pages.LogViewForm{Name: name, Query: query, Errors: fieldsOf(err)}, Message: messageOf(err)})
	}
	if err != nil {
		return err
	}
	say(c, "logs.saved.saved", "name", saved.Name)
	return redirect(c, w.viewURL(saved))
}

// changeView renames a view, or gives it another filter: whatever was sent.
func (w *Web) changeView(c *fiber.Ctx) error {
	v, err := w.savedView(c)
	if err != nil {
		return err
	}
	form, err := readForm(c)
	if err != nil {
		return err
	}
	switch {
	case form.Has("query"):
		return w.replaceView(c, v, form.Get("query"))
	case form.Has("name"):
		return w.renameView(c, v, form.Get("name"))
	}
	return fiber.NewError(http.StatusUnprocessableEntity, "neither a name nor a filter was sent")
}

func (w *Web) replaceView(c *fiber.Ctx, v models.SavedView, query string) error {
	v.Query = w.sentQuery(c, query)
	saved, err := w.opts.Admin.SaveView(c.UserContext(), v)
	if refusedForm(err) {
		c.Status(statusOf(err))
		return w.showViews(c, pages.LogViews{New: pages.LogViewForm{Name: v.Name, Query: v.Query, Errors: fieldsOf(err)}, Message: messageOf(err)})
	}
	if err != nil {
		return err
	}
	w.sayChange(c, "logs.saved.replaced", "name", saved.Name)
	return redirect(c, w.viewURL(saved))
}

func (w *Web) renameView(c *fiber.Ctx, v models.SavedView, name string) error {
	v.Name = name
	saved, err := w.opts.Admin.SaveView(c.UserContext(), v)
	if refusedForm(err) {
		c.Status(statusOf(err))
		problem := firstOf(fieldsOf(err)["name"], messageOf(err))
		return w.showViews(c, pages.LogViews{New: pages.LogViewForm{Name: name}, Renamed: v.ID, Problem: problem})
	}
	if err != nil {
		return err
	}
	w.sayChange(c, "logs.saved.renamed", "name", saved.Name)
	return redirect(c, viewsPath)
}

// deleteView takes effect at once; the message offers the way back.
func (w *Web) deleteView(c *fiber.Ctx) error {
	v, err := w.savedView(c)
	if err != nil {
		return err
	}
	if err := w.opts.Admin.DeleteView(c.UserContext(), v.ID); err != nil {
		return err
	}
	w.sayChange(c, "logs.saved.deleted", "name", v.Name)
	return redirect(c, viewsPath)
}
