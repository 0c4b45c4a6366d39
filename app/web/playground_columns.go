package web

import (
	"slices"

	"squirrel/views/pages"
	"squirrel/views/ui"
)

// hasColumns reports whether the form asks for more than one answer.
func hasColumns(form *pages.Playground) bool {
	return slices.ContainsFunc(form.Columns, func(o pages.PlayOther) bool { return o != pages.PlayOther{} })
}

// playColumns makes the requests of all columns: the same words for other models, or over other routes.
func (w *Web) playColumns(form *pages.Playground) []pages.PlayColumn {
	columns := []pages.PlayColumn{w.playColumn(*form)}
	for _, other := range form.Columns {
		if (other == pages.PlayOther{}) {
			continue
		}
		each := *form
		if each.RouteID = other.RouteID; other.Model != "" {
			each.Model = other.Model
		}
		columns = append(columns, w.playColumn(each))
	}
	return columns
}

func (w *Web) playColumn(form pages.Playground) pages.PlayColumn {
	request, _ := playRequest(&form) // the first column has passed; the others differ in names only
	return pages.PlayColumn{Title: form.Model, RouteID: form.RouteID, Stream: w.playStream(request)}
}

// nameColumns tells columns of the same model apart by their routes.
func nameColumns(form *pages.Playground) {
	for i := range form.Side {
		at := slices.IndexFunc(form.Routes, func(o ui.Option) bool { return o.Value == form.Side[i].RouteID })
		if at >= 0 {
			form.Side[i].Title = form.Routes[at].Label
		}
	}
}
