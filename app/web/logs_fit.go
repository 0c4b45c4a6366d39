package web

import (
	"context"
	"net/url"
	"slices"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/views/i18n"
	"squirrel/views/pages"
	"squirrel/views/ui"
)

// A page of the admin stays below 100 KB of HTML, before compression, whatever there is to show. Of a list of requests that
// leaves room for some fifty: more are on the next page, and the API returns up to 200 at once.
const (
	pageBytes  = 98_000
	frameBytes = 18_000 // the navigation and the head, which are around every page
	evenRows   = 10     // as many rows or a multiple of them are shown when not all fit

	keyNameBytes      = 14_000 // of the lists of names in the filters
	providerNameBytes = 6_000
	modelNameBytes    = 8_000
	optionBytes       = 40 // of a name in a list, without the name
	chartLinkBytes    = 24_000
)

// sized counts what is written to it.
type sized int

func (s *sized) Write(p []byte) (int, error) {
	*s += sized(len(p))
	return len(p), nil
}

// htmlBytes is how large a component is.
func htmlBytes(ctx context.Context, component templ.Component) (int, error) {
	var n sized
	err := component.Render(ctx, &n)
	return int(n), err
}

// fitRows takes rows out of a page that would be too large, and leads to them by its pager.
func (w *Web) fitRows(c *fiber.Ctx, page *pages.Logs, v url.Values, state logState) error {
	ctx := c.UserContext()
	fits, err := rowsThatFit(ctx, page, state.query.Before != "")
	if err != nil || fits >= len(page.Rows) {
		return err
	}
	shrink(&state.query, fits)
	list, err := w.opts.Admin.Logs(ctx, state.query)
	if err != nil {
		return err
	}
	if err := w.fillRows(c, page, v, state, list); err != nil {
		return err
	}
	page.Pager.Summary = i18n.T(ctx, "logs.shown.fit", "n", len(list.Items), "total", totalText(list))
	return nil
}

// rowsThatFit is how many of the rows of a page there is room for, from its first one or from its last.
func rowsThatFit(ctx context.Context, page *pages.Logs, fromLast bool) (int, error) {
	whole, err := htmlBytes(ctx, pages.LogsPage(*page))
	if err != nil || whole+frameBytes <= pageBytes {
		return len(page.Rows), err
	}
	rows := make([]int, len(page.Rows))
	for i, row := range page.Rows {
		if rows[i], err = htmlBytes(ctx, pages.LogTableRow(row, page.Columns)); err != nil {
			return 0, err
		}
		whole -= rows[i]
	}
	if fromLast {
		slices.Reverse(rows)
	}
	room, fits := pageBytes-frameBytes-whole, 0
	for fits < len(rows) && rows[fits] <= room {
		room -= rows[fits]
		fits++
	}
	return fits, nil
}

// shrink asks for as many rows as fit, or a few less. A page that is counted begins where it was asked to.
func shrink(q *admin.LogQuery, fits int) {
	before := (max(q.Page, 1) - 1) * q.PageSize
	size := max(fits, 1)
	if before == 0 && size > evenRows {
		size -= size % evenRows
	}
	for before%size != 0 {
		size--
	}
	q.Page, q.PageSize = before/size+1, size
}

// fitChoices takes names out of the lists of the filters that would be too long. What is chosen stays, and all others are found by
// a part of their name.
func fitChoices(ctx context.Context, f *pages.LogFilters) {
	f.Providers = fittingOptions(f.Providers, f.Values["provider_id"], providerNameBytes, func(left int) string {
		return i18n.N(ctx, "logs.filter.left_providers", left)
	})
	f.Keys = fittingOptions(f.Keys, f.Values["api_key_id"], keyNameBytes, func(left int) string {
		return i18n.N(ctx, "logs.filter.left_keys", left)
	})
	room := modelNameBytes
	for i, name := range f.Models {
		if room -= optionBytes + ui.HTMLSize(name); room < 0 {
			f.Models = f.Models[:i]
			return
		}
	}
}

// fittingOptions are the choices that fit into so many bytes, with the one that is chosen, and where the others are.
func fittingOptions(options []ui.Option, chosen string, room int, others func(left int) string) (fitting []ui.Option) {
	for _, o := range options {
		size := optionBytes + ui.HTMLSize(o.Label)
		if size <= room || o.Value == chosen {
			fitting = append(fitting, o)
			room -= size
		}
	}
	if left := len(options) - len(fitting); left > 0 {
		fitting = append(fitting, ui.Option{Value: "more", Label: others(left), Disabled: true})
	}
	return fitting
}
