package admin

import (
	"context"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"squirrel/models"
)

// What a saved view may be. With as many as there may be, the menu of all stays a few KB, and the address of one stays short
// enough for every browser and proxy.
const (
	MaxViews     = 30
	MaxViewName  = 40   // characters
	maxViewQuery = 2000 // bytes
)

// viewParams are the parameters of the list that a view keeps, besides those of its filters.
var viewParams = []string{
	"start_time", "end_time", "range", "protocol_in", "protocol_out", "source", "state", "status", "sort_by", "sort_order", "page_size", "cols",
}

// filterParams are the parameters that filter the list, but those that can be turned round.
var filterParams = func() map[string]bool {
	names := map[string]bool{}
	for _, p := range textParams {
		names[p.name] = true
	}
	for _, p := range idParams {
		names[p.name] = true
	}
	for _, p := range countParams {
		names[p.name] = true
	}
	for _, p := range boolParams {
		names[p.name] = true
	}
	for _, p := range msParams {
		names[p.name] = true
	}
	for _, p := range moneyParams {
		names[p.name] = true
	}
	return names
}()

// keepsParam reports whether a view keeps a parameter of the list: where somebody leafed to, and what is foreign, it does not.
func keepsParam(name string) bool {
	if plain, except := strings.CutPrefix(name, exceptSign); except {
		return CanExcept(plain)
	}
	return filterParams[name] || slices.Contains(viewParams, name)
}

var columnNames = regexp.MustCompile(`^[a-z_.]*$`)

// viewQuery is what a view keeps of a list's URL. Parameters that are not the list's are left out; a value that the list
// would not take is refused.
func (c check) viewQuery(text string, now time.Time) string {
	const field = "query"
	v, err := url.ParseQuery(text)
	if err != nil {
		c.fail(field, "is not the query of a URL")
		return ""
	}
	kept := url.Values{}
	for name, values := range v {
		if keepsParam(name) {
			kept[name] = values
		}
	}
	asked := url.Values{}
	for name, values := range kept {
		if (name == "range" || name == "source") && kept.Get(name) == "all" { // of the page, which else has a usual one
			continue
		}
		asked[name] = values
	}
	if _, err := ParseLogQuery(asked, now); err != nil {
		c.fail(field, "holds a filter that can't be read: %s", err)
	}
	if !columnNames.MatchString(kept.Get("cols")) {
		c.fail(field, "has columns that do not exist")
	}
	query := kept.Encode()
	if len(query) > maxViewQuery {
		c.fail(field, "is too long to be kept: it has %d bytes, at most %d are allowed", len(query), maxViewQuery)
	}
	return query
}

// SavedViews lists the views of the log that administrators have saved, by name.
func (s *Service) SavedViews(ctx context.Context) ([]models.SavedView, error) {
	return s.store.SavedViews(ctx)
}

// SavedView reads one view.
func (s *Service) SavedView(ctx context.Context, id int64) (models.SavedView, error) {
	return s.store.SavedView(ctx, id)
}

// SaveView keeps a view, or changes the one with v.ID. Two names that differ only in their case are one.
func (s *Service) SaveView(ctx context.Context, v models.SavedView) (models.SavedView, error) {
	c := check{}
	c.label("name", &v.Name, MaxViewName)
	v.Query = c.viewQuery(v.Query, s.Now())
	if err := c.err(); err != nil {
		return v, err
	}
	err := s.inTx(ctx, func(tx *Service) error {
		all, err := tx.store.SavedViews(ctx)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(all, func(o models.SavedView) bool { return o.ID != v.ID && strings.EqualFold(o.Name, v.Name) }) {
			return viewNameTaken()
		}
		return tx.store.SaveView(ctx, &v, MaxViews)
	})
	if models.ErrorCode(err) == models.CodeConflict { // also when somebody else was faster
		err = viewNameTaken()
	}
	return v, err
}

func viewNameTaken() error {
	return &models.Error{Code: models.CodeConflict, Message: "there is already a view of that name", Fields: map[string]string{"name": "is the name of another view"}}
}

// DeleteView deletes a view.
func (s *Service) DeleteView(ctx context.Context, id int64) error { return s.store.DeleteView(ctx, id) }

// revertView takes back what was done to a view. One that was deleted comes back under a new number.
func (s *Service) revertView(ctx context.Context, c *models.Change) error {
	before, after := readState(c.Before), readState(c.After)
	if c.Action == "create" {
		return s.DeleteView(ctx, after.id())
	}
	v := models.SavedView{Name: before.text("name"), Query: before.text("query")}
	if c.Action == "update" {
		v.ID = before.id()
	}
	_, err := s.SaveView(ctx, v)
	return err
}
