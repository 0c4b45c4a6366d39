package web

import (
	"context"
	"net/url"
	"slices"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/layout"
	"squirrel/views/pages"
	"squirrel/views/ui"
)

// unrepeatable is the key of why a request can't be sent again; empty when it can.
func unrepeatable(found *admin.LogView) string {
	switch {
	case found.Endpoint.TakesUpload():
		return "log.again.upload"
	case found.RequestBody == nil && found.DetailReason == "expired":
		return "log.again.expired"
	case found.RequestBody == nil:
		return "log.again.not_recorded"
	case models.BodyWasCut(found.Truncated, "request_body"):
		return "log.again.cut"
	}
	return ""
}

// replayForm offers to send a request again over any route of its model; nil while that is no question.
func (w *Web) replayForm(ctx context.Context, found *admin.LogView) (*pages.ReplayForm, error) {
	if !w.opts.Admin.CanReplay() || found.State != models.LogDone {
		return nil, nil
	}
	form := &pages.ReplayForm{Action: replayPath(found.ID), Impossible: unrepeatable(found)}
	if form.Impossible != "" {
		return form, nil
	}
	if report, known := w.opts.Admin.System(); known {
		form.Redacted = report.RedactBodies
	}
	model, err := w.opts.Admin.Model(ctx, found.RequestedModel)
	if models.ErrorCode(err) == models.CodeNotFound {
		return form, nil // a model that is gone has no routes; as routed, the answer says so
	}
	if err != nil {
		return nil, err
	}
	for i := range model.Providers {
		r := &model.Providers[i]
		form.Routes = append(form.Routes, ui.Option{Value: whole(r.ID), Label: r.ProviderName + " → " + r.TargetModel, Disabled: !r.IsActive})
	}
	return form, nil
}

func logPath(id string) string    { return "/admin/logs/" + url.PathEscape(id) + "?source=all&range=all" }
func replayPath(id string) string { return "/admin/logs/" + url.PathEscape(id) + "/replay" }

// replayLog sends a recorded request again, as routed or over one route of its model, and leads to both side by side.
func (w *Web) replayLog(c *fiber.Ctx) error {
	if !w.opts.Admin.CanReplay() {
		return fiber.ErrNotFound
	}
	v, err := readForm(c)
	if err != nil {
		return err
	}
	ctx, id := c.UserContext(), logID(c)
	found, err := w.opts.Admin.Log(ctx, id)
	if err != nil {
		return err
	}
	form, err := w.replayForm(ctx, &found)
	if err != nil {
		return err
	}
	if form == nil || form.Impossible != "" {
		warn(c, "log.replay_refused")
		return redirect(c, "/admin/logs/"+url.PathEscape(id))
	}
	route := v.Get("route_id")
	if route != "" && !slices.ContainsFunc(form.Routes, func(o ui.Option) bool { return o.Value == route && !o.Disabled }) {
		warn(c, "log.again.no_route")
		return redirect(c, "/admin/logs/"+url.PathEscape(id))
	}
	var in admin.Replay
	if over := optionalID(route); over != nil {
		in.RouteID = admin.Some(*over)
	}
	again, err := w.opts.Admin.Replay(ctx, id, in)
	if models.ErrorCode(err) == models.CodeConflict {
		warn(c, "log.replay_refused")
		return redirect(c, "/admin/logs/"+url.PathEscape(id))
	}
	if err != nil {
		return err
	}
	if err := w.opts.Admin.AwaitLog(ctx, again); err != nil {
		return err
	}
	return redirect(c, replayPath(id)+"?with="+url.QueryEscape(again))
}

// replayBytes is how much of each answer the page of a replay shows, in HTML; their logs, to which it leads, have all.
const replayBytes = 16_000

// replayed shows a request and its replay side by side.
func (w *Web) replayed(c *fiber.Ctx) error {
	ctx, id, with := c.UserContext(), logID(c), c.Query("with")
	if with == "" { // a reload of the form's own address
		return redirect(c, "/admin/logs/"+url.PathEscape(id))
	}
	first, err := w.opts.Admin.Log(ctx, id)
	if err != nil {
		return err
	}
	page := pages.Replayed{Sides: []pages.ReplaySide{replaySide(ctx, &first, "log.again.first")}}
	second, err := w.opts.Admin.Log(ctx, with)
	switch {
	case models.ErrorCode(err) == models.CodeNotFound:
		page.Reload = replayPath(id) + "?with=" + url.QueryEscape(with)
	case err != nil:
		return err
	default:
		page.Sides = append(page.Sides, replaySide(ctx, &second, "log.again.second"))
		compareAnswers(&page)
	}
	for i := range page.Sides {
		page.Sides[i].Answer = ui.Beginning(page.Sides[i].Answer, replayBytes)
	}
	if page.Again, err = w.replayForm(ctx, &first); err != nil {
		return err
	}
	crumbs := []layout.Crumb{{Label: i18n.T(ctx, "logs.title"), URL: "/admin/logs"}, {Label: i18n.T(ctx, "log.title"), URL: logPath(first.ID)}, {Label: i18n.T(ctx, "log.again.compare")}}
	return w.render(c, layout.Page{Title: i18n.T(ctx, "log.again.compare"), Nav: layout.NavLogs, Crumbs: crumbs, Body: pages.ReplayedPage(page)}, nil)
}

func replaySide(ctx context.Context, found *admin.LogView, title string) pages.ReplaySide {
	side := pages.ReplaySide{RequestLog: found.RequestLog, Title: i18n.T(ctx, title), URL: logPath(found.ID)}
	switch {
	case found.ResponseBody == nil || *found.ResponseBody == "":
		side.Missing = i18n.T(ctx, missingBody(found))
	case slices.Contains(found.Base64Fields, "response_body"):
		side.Missing = i18n.T(ctx, "log.binary")
	default:
		side.Answer = answerText(found)
	}
	return side
}

// answerText is what was answered as text: of a conversation what was said, else the body.
func answerText(found *admin.LogView) string {
	chat := conversation(&admin.LogView{RequestLog: found.RequestLog, ResponseBody: found.ResponseBody})
	text := ""
	if chat != nil && chat.Problem == "" {
		for _, m := range chat.Messages {
			if said := flat(m.Parts); said != "" {
				text += said + "\n"
			}
		}
	}
	if text == "" {
		text = pretty(*found.ResponseBody)
	}
	return text
}

// compareAnswers finds what differs between the texts of both sides, when there are two.
func compareAnswers(page *pages.Replayed) {
	a, b := &page.Sides[0], &page.Sides[1]
	if a.Missing != "" || b.Missing != "" {
		return
	}
	found := compare(walk(a.Answer, true), walk(b.Answer, true), bodyBytes)
	page.Lines, page.Same = found.lines, len(found.lines) == 0
}
