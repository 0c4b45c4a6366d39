package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/layout"
	"squirrel/views/pages"
	"squirrel/views/ui"
)

// playground offers to send a request. It may begin with a recorded one.
func (w *Web) playground(c *fiber.Ctx) error {
	if !w.opts.Admin.CanPlay() {
		return fiber.ErrNotFound
	}
	form := pages.Playground{
		Raw: c.Query("mode") == "raw", Endpoint: string(models.EndpointChat), Model: c.Query("model"), Stream: true,
		Messages: []pages.PlayMessage{{Role: "user"}}, Columns: make([]pages.PlayOther, maxColumns-1),
	}
	if id := c.Query("log"); id != "" {
		found, err := w.opts.Admin.Log(c.UserContext(), id)
		if err != nil {
			return err
		}
		form.Raw, form.Endpoint, form.Body = true, string(found.Endpoint), pretty(textOf(found.RequestBody))
		if found.APIKeyID != nil {
			form.APIKeyID = strconv.FormatInt(*found.APIKeyID, 10)
		}
	}
	if form.Raw && form.Body == "" {
		form.Body = pretty(`{"model":` + quoteJSON(form.Model) + `,"messages":[{"role":"user","content":""}]}`)
	}
	return w.showPlayground(c, form)
}

func (w *Web) playPage(c *fiber.Ctx, form *pages.Playground) (layout.Page, error) {
	ctx := c.UserContext()
	choices, err := w.logFilters(ctx, readLogState(nil, w.opts.Now(), w.opts.Zone))
	if err != nil {
		return layout.Page{}, err
	}
	form.Models, form.Keys = choices.Models, choices.Keys
	routes, err := w.opts.Admin.Routes(ctx, admin.RouteQuery{PageQuery: admin.PageQuery{Page: 1, PageSize: maxChoices}})
	if err != nil {
		return layout.Page{}, err
	}
	for i := range routes.Items {
		r := &routes.Items[i]
		form.Routes = append(form.Routes, ui.Option{Value: strconv.FormatInt(r.ID, 10), Label: r.ModelName + " → " + r.ProviderName + " / " + r.TargetModel})
	}
	nameColumns(form)
	for _, mode := range []string{"chat", "raw"} {
		form.Tabs = append(form.Tabs, ui.Tab{Label: i18n.T(ctx, "playground.mode."+mode), URL: "/admin/playground?mode=" + mode, Current: form.Raw == (mode == "raw")})
	}
	return layout.Page{Title: i18n.T(ctx, "nav.playground"), Nav: layout.NavPlayground, Body: pages.PlaygroundPage(*form)}, nil
}

func (w *Web) showPlayground(c *fiber.Ctx, form pages.Playground) error {
	page, err := w.playPage(c, &form)
	if err != nil {
		return err
	}
	return w.render(c, page, nil)
}

// play sends the request of the form. A stream is answered with a page that arrives as the stream does.
func (w *Web) play(c *fiber.Ctx) error {
	if !w.opts.Admin.CanPlay() {
		return fiber.ErrNotFound
	}
	v, err := readForm(c)
	if err != nil {
		return err
	}
	form := readPlayground(v)
	var request admin.Play
	request, form.Errors = playRequest(&form)
	switch {
	case v.Get("op") == "add":
		form.Errors, form.Messages = nil, append(form.Messages, pages.PlayMessage{Role: "user"})
		return w.showPlayground(c, form)
	case len(form.Errors) > 0:
		c.Status(http.StatusUnprocessableEntity)
		return w.showPlayground(c, form)
	case v.Get("op") == "raw":
		form.Raw, form.Body = true, pretty(string(request.Body))
		return w.showPlayground(c, form)
	case !form.Raw && hasColumns(&form):
		form.Side = w.playColumns(&form)
		return w.streamPlayground(c, form)
	case asksStream(request.Body):
		form.Streaming = w.playStream(request)
		return w.streamPlayground(c, form)
	}
	played, err := w.opts.Admin.Play(c.UserContext(), request, nil)
	switch {
	case refusedForm(err):
		form.Errors, form.Message = fieldsOf(err), messageOf(err)
		c.Status(http.StatusUnprocessableEntity)
	case err != nil:
		return err
	default:
		answer := playAnswer(request.Endpoint, played)
		form.Answer = &answer
	}
	return w.showPlayground(c, form)
}

// playStream performs the request while its page is being sent.
func (w *Web) playStream(request admin.Play) pages.PlayStream {
	return func(ctx context.Context, say func(string, bool) error) (answer pages.PlayAnswer, err error) {
		defer func() {
			if r := recover(); r != nil { // columns run beside the page
				w.opts.Logger.ErrorContext(ctx, "playground panicked", "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
				err = errPlayground
			}
		}()
		played, err := w.opts.Admin.Play(ctx, request, func(e admin.PlayEvent) error { return say(e.Text, e.Reasoning) })
		if err != nil {
			if _, known := asError(err); !known {
				w.opts.Logger.ErrorContext(ctx, "playground failed", "error", err)
				err = errPlayground
			}
			return pages.PlayAnswer{}, err
		}
		return playAnswer(request.Endpoint, played), nil
	}
}

var errPlayground = models.Errorf(models.CodeInternal, "the request could not be sent")

// playAnswer shows the body of an answer that was no stream as a conversation, too.
func playAnswer(endpoint models.Endpoint, played admin.Played) pages.PlayAnswer {
	a := pages.PlayAnswer{
		Status: played.Status, LogURL: "/admin/logs/" + url.PathEscape(played.LogID) + "?source=all&range=all", Provider: played.Provider,
		Target: played.Target, FirstByte: played.FirstByte, Total: played.Total, Log: played.Log,
	}
	if len(played.Body) > 0 {
		body := string(played.Body)
		a.Chat = conversation(&admin.LogView{RequestLog: models.RequestLog{Endpoint: endpoint}, ResponseBody: &body})
		if a.Body = pretty(body); len(a.Body) > maxShownBody {
			a.Body = a.Body[:maxShownBody]
		}
	}
	return a
}

func asksStream(body []byte) bool {
	var asked struct {
		Stream bool `json:"stream"`
	}
	return json.Unmarshal(body, &asked) == nil && asked.Stream
}

func quoteJSON(text string) string {
	out, _ := json.Marshal(text) // a text can always be marshalled
	return string(out)
}
