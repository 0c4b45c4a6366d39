package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/layout"
	"squirrel/views/pages"
	"squirrel/views/ui"
)

const recalculatePath = "/admin/prices/recalculate"

// recalculateMoment is how long a form waits for a recalculation: most have ended by then, and need no second page.
const recalculateMoment = 700 * time.Millisecond

// recalculateForm shows the recalculation that runs, or the last one, and asks for another.
func (w *Web) recalculateForm(c *fiber.Ctx) error {
	return w.showRecalculate(c, nil)
}

// showRecalculate begins the form with what was sent, else with what the last recalculation was asked for.
func (w *Web) showRecalculate(c *fiber.Ctx, sent *pages.Recalculate) error {
	ctx := c.UserContext()
	last, err := w.opts.Admin.Repricing(ctx)
	if err != nil {
		return err
	}
	p := pages.Recalculate{OnlyUnknown: true}
	switch {
	case sent != nil:
		p = *sent
	case last.StartedAt != nil:
		p.Start, p.End = w.day(last.Request.Start, 0), w.day(last.Request.End, -1)
		p.Model, p.OnlyUnknown = last.Request.Model, last.Request.OnlyUnknown
	}
	p.Last = w.recalculation(ctx, &last)
	title := i18n.T(ctx, "prices.recalculate")
	page := layout.Page{Title: title, Nav: layout.NavPrices, Crumbs: priceCrumbs(ctx, title), Form: true, Body: pages.RecalculatePage(p)}
	if last.State == admin.RepricingNone {
		return w.render(c, page, nil)
	}
	return w.render(c, page, pages.RecalculationState(p.Last))
}

// day is the date of a moment, some days later.
func (w *Web) day(t *time.Time, later int) string {
	if t == nil {
		return ""
	}
	return t.In(w.opts.Zone).AddDate(0, 0, later).Format(time.DateOnly)
}

func (w *Web) recalculation(ctx context.Context, so *admin.Repricing) pages.Recalculation {
	r := pages.Recalculation{
		State: string(so.State), Elsewhere: so.Elsewhere, DryRun: so.DryRun, Seen: so.Seen, Total: so.Total, Examined: so.Examined, Changed: so.Changed,
		Before: ui.Money(so.Before), After: ui.Money(so.After), Difference: ui.Money(so.Difference), Error: so.Error,
	}
	if so.StartedAt != nil {
		r.Began, r.BeganText = so.StartedAt.Format(time.RFC3339Nano), ui.ClockTime(ctx, *so.StartedAt)
	}
	if so.EndedAt != nil {
		r.EndedText = ui.ClockTime(ctx, *so.EndedAt)
	}
	r.What = w.recalculated(ctx, &so.Request)
	return r
}

// recalculated says in words which requests were asked for.
func (w *Web) recalculated(ctx context.Context, in *admin.RepricingRequest) string {
	parts := []string{i18n.T(ctx, "prices.recalculate.all")}
	if in.OnlyUnknown {
		parts[0] = i18n.T(ctx, "prices.recalculate.unknown")
	}
	if in.Start != nil {
		parts = append(parts, i18n.T(ctx, "prices.recalculate.since", "day", w.day(in.Start, 0)))
	}
	if in.End != nil {
		parts = append(parts, i18n.T(ctx, "prices.recalculate.until", "day", w.day(in.End, -1)))
	}
	if in.Model != "" {
		parts = append(parts, i18n.T(ctx, "prices.recalculate.of_model", "model", in.Model))
	}
	return strings.Join(parts, ", ")
}

// recalculate begins a dry run, does what it has shown, or stops what runs.
func (w *Web) recalculate(c *fiber.Ctx) error {
	sent, err := readForm(c)
	if err != nil {
		return err
	}
	switch sent.Get("op") {
	case "stop":
		return w.stopRecalculation(c)
	case "apply":
		began, err := time.Parse(time.RFC3339Nano, sent.Get("began"))
		if err != nil {
			return fiber.ErrBadRequest
		}
		_, err = w.opts.Admin.ApplyRecalculation(c.UserContext(), began)
		return w.begun(c, err)
	default:
		return w.previewRecalculation(c, sent)
	}
}

func (w *Web) previewRecalculation(c *fiber.Ctx, sent url.Values) error {
	p := pages.Recalculate{Start: sent.Get("start_time"), End: sent.Get("end_time"), Model: sent.Get("requested_model"), OnlyUnknown: sent.Get("only_unknown") == "true"}
	problems := newFields()
	start, end := problems.moment("start_time", sent, w.opts.Zone), problems.moment("end_time", sent, w.opts.Zone)
	if len(problems) > 0 {
		c.Status(http.StatusUnprocessableEntity)
		p.Errors = problems
		return w.showRecalculate(c, &p)
	}
	in := admin.Recalculation{OnlyUnknown: admin.Some(p.OnlyUnknown), DryRun: admin.Some(true), Model: admin.Some(p.Model)}
	if start != nil { // the field's moment is the end of the day
		in.Start = admin.Some(start.In(w.opts.Zone).AddDate(0, 0, -1).UTC())
	}
	if end != nil {
		in.End = admin.Some(*end)
	}
	_, err := w.opts.Admin.StartRecalculation(c.UserContext(), in)
	return w.begun(c, err)
}

// begun leads to the page that shows a recalculation; what can't begin because of another one is told there.
func (w *Web) begun(c *fiber.Ctx, err error) error {
	switch models.ErrorCode(err) {
	case "":
		w.opts.Admin.AwaitRecalculation(c.UserContext(), recalculateMoment)
	case models.CodeConflict:
		warn(c, "prices.recalculate.conflict")
	default:
		return err
	}
	return redirect(c, recalculatePath)
}

func (w *Web) stopRecalculation(c *fiber.Ctx) error {
	asked, err := w.opts.Admin.StopRecalculation(c.UserContext())
	if err != nil {
		return err
	}
	if asked {
		say(c, "prices.recalculate.asked")
	}
	return redirect(c, recalculatePath)
}
