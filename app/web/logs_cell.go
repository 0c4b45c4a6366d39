package web

import (
	"maps"
	"net/url"
	"slices"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"squirrel/models"
	"squirrel/views/pages"
	"squirrel/views/ui"
)

// cell is the value of a column as the filters take it. Values are left out by the parameter of the same name; where there is
// none such, above and below are the bounds of a number.
type cell struct {
	param, value string
	above, below string
}

// cellOf is the cell of a request in a column of the list; "target" is the model a provider knows, beside the requested one.
// Without a param there is nothing to filter by.
func cellOf(l *models.RequestLog, column string) cell {
	switch column {
	case "status":
		if l.ResponseStatus != nil {
			return cell{param: "status", value: strconv.Itoa(*l.ResponseStatus)}
		}
	case "model":
		return textCell("requested_model", l.RequestedModel)
	case "target":
		return textCell("target_model", l.TargetModel)
	case "provider":
		return idCell("provider_id", l.ProviderID)
	case "key":
		return idCell("api_key_id", l.APIKeyID)
	case "user":
		return textCell("user_id", l.UserID)
	case "client":
		return textCell("client", l.Client)
	case "endpoint":
		return wordCell("endpoint", string(l.Endpoint))
	case "finish":
		return wordCell("finish_reason", l.FinishReason)
	case "error":
		return wordCell("error_code", l.ErrorCode)
	case "source":
		return wordCell("source", string(l.Source))
	default:
		return numberCell(l, column)
	}
	return cell{}
}

func textCell(param, value string) cell {
	if value == "" {
		return cell{}
	}
	return cell{param: param, value: models.WholeText + value}
}

func wordCell(param, value string) cell {
	if value == "" {
		return cell{}
	}
	return cell{param: param, value: value}
}

func idCell(param string, id *int64) cell {
	if id == nil {
		return cell{}
	}
	return cell{param: param, value: whole(*id)}
}

// numberCell is a number: nobody looks for exactly 1,234 ms, but for what took as long or longer.
func numberCell(l *models.RequestLog, column string) cell {
	bounds := func(name, value string) cell {
		return cell{param: name, value: value, above: name + "_min", below: name + "_max"}
	}
	ms := func(name string, value *float64) cell {
		if value == nil {
			return cell{}
		}
		return bounds(name, strconv.FormatFloat(*value, 'f', -1, 64))
	}
	switch {
	case column == "first_byte":
		return ms("first_byte", l.FirstByteDelayMS)
	case column == "total":
		return ms("total_time", l.TotalTimeMS)
	case column == "tokens" && l.InputTokens != nil:
		return bounds("input_tokens", whole(*l.InputTokens))
	case column == "cost" && l.TotalCost != nil:
		return bounds("cost", l.TotalCost.String())
	}
	return cell{}
}

// only is the list of what has the value of a cell, besides what is filtered already.
func (s *logState) only(c cell) string {
	if c.above != "" {
		return s.url("/admin/logs", c.above, c.value)
	}
	v := maps.Clone(s.values)
	dropValue(v, "-"+c.param, c.value)
	v.Set(c.param, c.value)
	return withQuery("/admin/logs", v)
}

// not is the list without what has the value of a cell.
func (s *logState) not(c cell) string {
	if c.below != "" {
		return s.url("/admin/logs", c.below, c.value)
	}
	v := maps.Clone(s.values)
	dropValue(v, c.param, c.value)
	dropValue(v, "-"+c.param, c.value)
	v["-"+c.param] = append(v["-"+c.param], c.value)
	return withQuery("/admin/logs", v)
}

// dropValue takes one value of a parameter out, and the parameter with its last one.
func dropValue(v url.Values, name, value string) {
	kept := slices.DeleteFunc(slices.Clone(v[name]), func(each string) bool { return each == value })
	if v[name] = kept; len(kept) == 0 {
		v.Del(name)
	}
}

// filterColumns are the columns whose values a request's page and its summary filter by.
var filterColumns = []string{"status", "model", "target", "provider", "key", "user", "client", "endpoint", "finish", "error", "source"}

// cellFilters lead from the values of a request to the list of those that share them, and of those that don't.
func cellFilters(l *models.RequestLog, s *logState) map[string]pages.CellFilter {
	filters := map[string]pages.CellFilter{}
	if len(s.values.Encode()) > maxFilterBytes {
		return filters // each would be as long
	}
	for _, column := range filterColumns {
		if c := cellOf(l, column); c.param != "" {
			filters[column] = pages.CellFilter{Only: s.only(c), Not: s.not(c)}
		}
	}
	return filters
}

// filterByCell leads from a cell of the list to the list that is filtered by it. What can't be filtered by is told, and the list
// stays as it is.
func (w *Web) filterByCell(c *fiber.Ctx) error {
	v, err := url.ParseQuery(string(c.Context().URI().QueryString()))
	if err != nil {
		return fiber.ErrBadRequest
	}
	found, err := w.opts.Admin.Log(c.UserContext(), logID(c))
	if err != nil {
		return err
	}
	state := readLogState(v, w.opts.Now(), w.opts.Zone)
	value := cellOf(&found.RequestLog, v.Get("column"))
	switch {
	case value.param == "":
		leave(c, flash{Tone: ui.Info, Key: "logs.cell.none"})
		return redirect(c, state.url("/admin/logs"))
	case v.Get("except") == "1":
		return redirect(c, state.not(value))
	}
	return redirect(c, state.only(value))
}

// peek is the request that the URL wants to have beside the list. One that is gone leaves the list as it is.
func (w *Web) peek(c *fiber.Ctx, v url.Values, s *logState) (*pages.Log, error) {
	id := v.Get("peek")
	if id == "" || wantsPart(c) {
		return nil, nil
	}
	found, err := w.opts.Admin.Log(c.UserContext(), id)
	if models.ErrorCode(err) == models.CodeNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	page := w.logPage(c, v, &found, s)
	page.Chat = lastSaid(&found)
	return &page, nil
}
