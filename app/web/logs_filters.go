package web

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/pages"
	"squirrel/views/ui"
)

// logFilters fills the controls above a list of requests.
func (w *Web) logFilters(ctx context.Context, state logState) (pages.LogFilters, error) {
	f := pages.LogFilters{Values: map[string]string{}, Errors: state.problems, More: state.mendMore()}
	for _, name := range slices.Sorted(maps.Keys(state.values)) {
		f.Values[name] = state.values.Get(name)
		if strings.HasPrefix(name, "-") || slices.Contains(lookParams, name) {
			for _, value := range state.values[name] {
				f.Hidden = append(f.Hidden, [2]string{name, value})
			}
		}
	}
	for name := range state.problems { // what can't be read stays in its field
		f.Values[name] = state.given.Get(name)
	}
	f.Values["range"] = state.span()
	for _, name := range []string{"start_time", "end_time"} {
		if t, err := time.Parse(time.RFC3339Nano, f.Values[name]); err == nil {
			f.Values[name] = t.In(w.opts.Zone).Format("2006-01-02T15:04:05")
		}
	}
	if f.Values["source"] == "" {
		f.Values["source"] = usualSource
	}
	providers, err := w.opts.Admin.ProviderNames(ctx)
	if err != nil {
		return f, err
	}
	for _, p := range providers {
		f.Providers = append(f.Providers, ui.Option{Value: strconv.FormatInt(p.ID, 10), Label: p.Name})
	}
	if f.Keys, err = w.keyOptions(ctx); err != nil {
		return f, err
	}
	f.Models, err = w.opts.Admin.ModelNames(ctx)
	return f, err
}

func (w *Web) keyOptions(ctx context.Context) (options []ui.Option, err error) {
	keys, err := w.opts.Admin.KeyNames(ctx)
	for i := range keys {
		options = append(options, ui.Option{Value: strconv.FormatInt(keys[i].ID, 10), Label: keys[i].Name})
	}
	return options, err
}

// chips name the filters that are set, each with the URL without it.
func (w *Web) chips(ctx context.Context, state logState, f pages.LogFilters) (chips []ui.Chip) {
	for _, name := range slices.Sorted(maps.Keys(state.values)) {
		if name == "range" || slices.Contains(lookParams, name) {
			continue
		}
		for _, value := range state.values[name] {
			plain := strings.TrimPrefix(name, "-")
			label := filterName(ctx, plain) + ": " + w.chipValue(ctx, plain, value, f)
			if plain != name {
				label = i18n.T(ctx, "logs.except", "what", label)
			}
			chips = append(chips, ui.Chip{Label: label, URL: state.without(name, value)})
		}
	}
	return chips
}

func (w *Web) chipValue(ctx context.Context, name, value string, f pages.LogFilters) string {
	switch name {
	case "provider_id":
		return labelOf(f.Providers, value)
	case "api_key_id":
		return labelOf(f.Keys, value)
	case "start_time", "end_time":
		if t, err := time.Parse(time.RFC3339Nano, value); err == nil {
			return ui.ClockTime(ctx, t)
		}
	case "is_stream", "has_error", "failover":
		if value == "true" {
			return i18n.T(ctx, "common.yes")
		}
		return i18n.T(ctx, "common.no")
	case "source":
		if value == wholeTime {
			return i18n.T(ctx, "common.all")
		}
		return i18n.T(ctx, "logs.source."+value)
	case "state":
		return i18n.T(ctx, "logs.status."+value)
	}
	return boundText(name, value)
}

// boundText is a value with its unit.
func boundText(name, value string) string {
	figure, isLeast := strings.CutSuffix(name, "_min")
	if !isLeast {
		figure = strings.TrimSuffix(name, "_max")
	}
	n, err := strconv.ParseFloat(value, 64)
	switch {
	case figure == name || err != nil:
	case figure == "total_time" || figure == "first_byte":
		return ui.Milliseconds(n)
	case figure == "cost":
		return "$" + value
	case figure == "input_tokens" || figure == "output_tokens":
		return ui.Count(int64(n))
	}
	return value
}

func labelOf(options []ui.Option, value string) string {
	for _, o := range options {
		if o.Value == value {
			return o.Label
		}
	}
	return value
}

// without is the list without one value of a filter.
func (s *logState) without(name, value string) string {
	v := url.Values{}
	for key, values := range s.values {
		for _, each := range values {
			if key != name || each != value {
				v.Add(key, each)
			}
		}
	}
	return withQuery("/admin/logs", v)
}

// usualViews are the questions that are asked most.
func usualViews(ctx context.Context, state logState) (views []ui.Tab) {
	for _, view := range [][]string{
		{"errors", "has_error", "true"}, {"slow", "total_time_min", "30000"}, {"failover", "failover", "true"}, {"expensive", "cost_min", "0.1"},
		{"running", "state", "running"}, {"tests", "source", "test"}, {"playground", "source", "playground"},
	} {
		v := url.Values{view[1]: {view[2]}}
		if state.values.Has("range") {
			v.Set("range", state.values.Get("range"))
		}
		views = append(views, ui.Tab{
			Label: i18n.T(ctx, "logs.view."+view[0]), URL: withQuery("/admin/logs", v), Current: state.values.Get(view[1]) == view[2],
		})
	}
	return views
}

// column is a column of the list: what it can be sorted by, whether it is a number, whether it is shown unless chosen otherwise.
type column struct {
	id     string
	sort   models.LogSort
	number bool
	usual  bool
}

var logColumns = []column{
	{"time", models.SortTime, false, true}, {"status", models.SortStatus, false, true}, {"model", "", false, true}, {"provider", "", false, true},
	{"key", "", false, true}, {"tokens", models.SortInputTokens, true, true}, {"cost", models.SortCost, true, true},
	{"first_byte", models.SortFirstByte, true, true}, {"total", models.SortTotalTime, true, true}, {"speed", "", true, false},
	{"user", "", false, false}, {"client", "", false, false}, {"endpoint", "", false, false}, {"finish", "", false, false}, {"error", "", false, false},
	{"source", "", false, false}, {"id", "", false, false},
}

const columnsCookie = "sq_log_columns"

// knownColumns reads a list of columns; what isn't a column is left out.
func knownColumns(text string) (ids []string) {
	asked := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == '.' })
	for _, col := range logColumns {
		if slices.Contains(asked, col.id) {
			ids = append(ids, col.id)
		}
	}
	return ids
}

// logColumns are all columns; those that are shown are in the URL, else in the view, else in a cookie, else the usual ones.
func (w *Web) logColumns(c *fiber.Ctx, state logState) []pages.LogColumn {
	ctx := c.UserContext()
	chosen := knownColumns(firstOf(state.values.Get("cols"), state.viewColumns(), c.Cookies(columnsCookie)))
	all := make([]pages.LogColumn, 0, len(logColumns))
	for i, col := range logColumns {
		shown := col.usual
		if len(chosen) > 0 {
			shown = slices.Contains(chosen, col.id) || i == 0 // the first leads to the request
		}
		head := ui.Column{Label: i18n.T(ctx, "logs.column."+col.id), Number: col.number}
		if key := "logs.column." + col.id + ".title"; i18n.Has(key) {
			head.Title = i18n.T(ctx, key)
		}
		sortHead(&head, col.sort, state)
		all = append(all, pages.LogColumn{ID: col.id, Shown: shown, Column: head})
	}
	return all
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// sortHead makes the head of a column sort the list; a second click turns the order round.
func sortHead(head *ui.Column, by models.LogSort, state logState) {
	if by == "" {
		return
	}
	order, sortBy := "", string(by)
	if state.query.Sort == by {
		head.Sorted = "descending"
		if state.query.Ascending {
			head.Sorted = "ascending"
		} else {
			order = "asc"
		}
	}
	if by == models.SortTime {
		sortBy = ""
	}
	head.SortURL = state.url("/admin/logs", "sort_by", sortBy, "sort_order", order)
}

// saveLogColumns shows other columns and remembers that this browser wants them.
func (w *Web) saveLogColumns(c *fiber.Ctx) error {
	form, err := readForm(c)
	if err != nil {
		return err
	}
	chosen := strings.Join(knownColumns(strings.Join(form["col"], ".")), ".")
	back, err := url.Parse(localPath(form.Get("back")))
	if err != nil {
		return fiber.ErrBadRequest
	}
	v := back.Query()
	if v.Has("view") { // its columns are its own: these are a change to it, not what the browser wants of other lists
		if v.Del("cols"); chosen != "" {
			v.Set("cols", chosen)
		}
	} else {
		v.Del("cols")
		setPreference(c, columnsCookie, chosen)
	}
	return redirect(c, withQuery(back.Path, v))
}
