package web

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"

	"squirrel/views/pages"
	"squirrel/views/ui"
)

// hasColumns reports whether the form asks for more than one answer.
func hasColumns(form *pages.Playground) bool {
	return slices.ContainsFunc(form.Columns, func(o pages.PlayOther) bool { return o != pages.PlayOther{} })
}

// playColumns makes the requests of all columns: the same for other models, or over other routes.
func (w *Web) playColumns(form *playForm) []pages.PlayColumn {
	columns := []pages.PlayColumn{w.playColumn(*form)}
	for _, other := range form.Columns {
		if (other == pages.PlayOther{}) {
			continue
		}
		each := *form
		if each.RouteID = other.RouteID; other.Model != "" {
			each.Model = other.Model
			if form.Mode == pages.PlayRaw {
				each.Body = string(withModel([]byte(form.Body), other.Model))
			}
		}
		columns = append(columns, w.playColumn(each))
	}
	return columns
}

func (w *Web) playColumn(form playForm) pages.PlayColumn {
	request := form.request() // the first column has passed; the others differ in names only
	title := form.Model
	if form.Mode == pages.PlayRaw {
		title = modelOf(request.Body)
	}
	return pages.PlayColumn{Title: title, RouteID: form.RouteID, Stream: w.playStream(request)}
}

func modelOf(body []byte) string {
	var o object
	_ = json.Unmarshal(body, &o) // it was read before
	return cmp.Or(jsonText(o["model"]), ui.Dash)
}

// withModel is an object with another model. Every other byte of it stays.
func withModel(body []byte, model string) []byte {
	dec := json.NewDecoder(bytes.NewReader(body))
	_, _ = dec.Token() // the brace
	start := dec.InputOffset()
	for dec.More() {
		key, err := dec.Token()
		var value json.RawMessage
		if err != nil || dec.Decode(&value) != nil {
			return body // can't be: it is an object
		}
		if key == "model" {
			end := dec.InputOffset()
			return slices.Concat(body[:end-int64(len(value))], []byte(quoteJSON(model)), body[end:])
		}
	}
	field := `"model":` + quoteJSON(model)
	if dec.InputOffset() > start { // other fields follow
		field += ","
	}
	return slices.Concat(body[:start], []byte(field), body[start:])
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
