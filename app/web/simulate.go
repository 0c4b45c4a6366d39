package web

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/layout"
	"squirrel/views/pages"
	"squirrel/views/ui"
)

// simulateForm shows the simulator. A logged request or a saved sample in the URL is planned at once.
func (w *Web) simulateForm(c *fiber.Ctx) error {
	ctx := c.UserContext()
	p := pages.Simulate{Sample: pages.Sample{Model: c.Query("model"), Endpoint: string(models.EndpointChat)}}
	run := false
	if id := wholeOrNil(c.Query("sample")); id != nil {
		sample, err := w.opts.Admin.Sample(ctx, *id)
		if err != nil {
			return err
		}
		p.Sample, p.Name, run = sampleOf(sample.Request.DryRun), sample.Name, true
		p.Sample.Model = sample.Request.Model
	} else if log := c.Query("log"); log != "" {
		in, err := w.opts.Admin.LoggedRequest(ctx, log)
		if err != nil {
			return err
		}
		p.Sample, run = sampleOf(in), true
		p.Sample.LogID = log
	}
	if run {
		if err := w.plan(ctx, &p); err != nil {
			return err
		}
	}
	return w.showSimulate(c, p)
}

// plan dry-runs the request of the form. What is wrong with it is put beside its fields.
func (w *Web) plan(ctx context.Context, p *pages.Simulate) error {
	in, problems := dryRunOf(p.Sample)
	if in.Model == "" {
		problems["model"] = "must not be empty"
	}
	if p.Sample.Errors = problems; len(problems) > 0 {
		return nil
	}
	result, err := w.opts.Admin.Simulate(ctx, in)
	if err != nil {
		if !refusedForm(err) && models.ErrorCode(err) != models.CodeNotFound {
			return err
		}
		p.Sample.Errors, p.Message = fieldsOf(err), messageOf(err)
		return nil
	}
	p.Result = w.simulateResult(ctx, result)
	return nil
}

func (w *Web) showSimulate(c *fiber.Ctx, p pages.Simulate) error {
	ctx := c.UserContext()
	if !w.opts.Admin.CanSimulate() {
		return fiber.ErrNotFound
	}
	p.Sample.WithModel = true
	list, err := w.opts.Admin.Models(ctx, admin.ModelQuery{})
	if err != nil {
		return err
	}
	for i := range list.Items {
		p.Sample.Models = append(p.Sample.Models, list.Items[i].Name)
	}
	if p.Sample.Endpoints == nil {
		if err := w.completeSample(ctx, &p.Sample); err != nil {
			return err
		}
	}
	if p.Saved, err = w.savedSamples(ctx); err != nil {
		return err
	}
	if len(p.Sample.Errors) > 0 || p.Message != "" || len(p.Errors) > 0 {
		c.Status(http.StatusUnprocessableEntity)
	}
	title := i18n.T(ctx, "simulate.title")
	page := layout.Page{Title: title, Nav: layout.NavSimulate, Crumbs: []layout.Crumb{{Label: title}}, Body: pages.SimulatePage(p)}
	return w.render(c, page, nil)
}

func (w *Web) savedSamples(ctx context.Context) ([]pages.SavedSample, error) {
	checks, err := w.opts.Admin.CheckSamples(ctx)
	if err != nil || len(checks) == 0 {
		return nil, err
	}
	routes, err := w.opts.Admin.Routes(ctx, admin.RouteQuery{})
	if err != nil {
		return nil, err
	}
	name := func(id *int64) string {
		if id == nil {
			return i18n.T(ctx, "simulate.refused")
		}
		for i := range routes.Items {
			if r := &routes.Items[i]; r.ID == *id {
				return r.ProviderName + " / " + r.TargetModel
			}
		}
		return i18n.T(ctx, "simulate.gone")
	}
	saved := make([]pages.SavedSample, len(checks))
	for i := range checks {
		check := &checks[i]
		saved[i] = pages.SavedSample{ID: check.ID, Name: check.Name, Model: check.Request.Model, Same: check.Same, Expected: name(check.Expected), Now: name(check.Now)}
		if check.Err != nil {
			saved[i].Problem = cmp.Or(messageOf(check.Err), "can't be planned")
		}
	}
	return saved, nil
}

// simulateResult puts the candidates into the order in which they would be tried; those that would not stand last.
func (w *Web) simulateResult(ctx context.Context, in admin.DryRunResult) *pages.SimulateResult {
	d := &in.Decision
	r := &pages.SimulateResult{Model: in.Model, Matched: in.Matched, Reason: in.Reason, Nearest: in.Nearest, Strategy: string(d.Strategy)}
	traces, sent := map[int64][]pages.TraceLine{}, sentTo(in.Outgoing)
	for i := range d.Rules {
		traces[d.Rules[i].RouteID] = append(traces[d.Rules[i].RouteID], traceLine(ctx, &d.Rules[i]))
	}
	r.ModelRules = traces[0]
	for i := range d.Candidates {
		c := &d.Candidates[i]
		place, cost := slices.Index(d.Order, c.RouteID)+1, ""
		switch {
		case c.EstimatedCost != nil:
			cost = "~" + ui.Money(*c.EstimatedCost)
		case place > 0: // the others are not estimated
			cost = i18n.T(ctx, "common.unknown_price")
		}
		r.Candidates = append(r.Candidates, pages.SimulateCandidate{
			RouteID: c.RouteID, Place: place, Provider: c.Provider, Target: c.TargetModel, Protocol: string(c.Protocol),
			Reason: c.Reason, Health: healthState(ctx, admin.Health{State: c.Health}, "providers.state.healthy"), Cost: cost, Rules: traces[c.RouteID], Sent: sent[c.RouteID],
		})
	}
	slices.SortStableFunc(r.Candidates, func(a, b pages.SimulateCandidate) int {
		last := len(d.Candidates) + 1
		return cmp.Compare(cmp.Or(a.Place, last), cmp.Or(b.Place, last))
	})
	return r
}

// maxSent bounds how much is shown of a body that would be sent, in bytes.
const maxSent = 8 << 10

// sentTo puts what the providers would be sent under their routes.
func sentTo(outgoing []admin.DryRunOutgoing) map[int64]*pages.SimulateSent {
	sent := make(map[int64]*pages.SimulateSent, len(outgoing))
	for i := range outgoing {
		o := &outgoing[i]
		var pretty bytes.Buffer
		if json.Indent(&pretty, o.Body, "", "  ") != nil {
			pretty.Reset()
			pretty.Write(o.Body)
		}
		text := strings.ToValidUTF8(string(pretty.Bytes()[:min(pretty.Len(), maxSent)]), "")
		var parts []string
		for _, d := range o.Dropped {
			parts = append(parts, d.Path)
		}
		sent[o.RouteID] = &pages.SimulateSent{URL: o.URL, Body: text, Cut: pretty.Len() > maxSent, Dropped: strings.Join(parts, ", "), Problem: o.Problem}
	}
	return sent
}

// simulate plans the request of the form, loads a logged one into it, or saves it as a sample.
func (w *Web) simulate(c *fiber.Ctx) error {
	ctx := c.UserContext()
	form, err := readForm(c)
	if err != nil {
		return err
	}
	p := pages.Simulate{Name: strings.TrimSpace(form.Get("name"))}
	if p.Sample, err = w.readSample(ctx, form, ""); err != nil {
		return err
	}
	if len(p.Sample.Errors) > 0 {
		return w.showSimulate(c, p)
	}
	if err := w.plan(ctx, &p); err != nil {
		return err
	}
	if form.Get("op") == "save" && p.Result != nil {
		in, _ := dryRunOf(p.Sample)
		sample, err := w.opts.Admin.SaveSample(ctx, p.Name, in)
		if err == nil {
			say(c, "simulate.saved", "name", sample.Name)
			return redirect(c, "/admin/simulate?sample="+whole(sample.ID))
		}
		if !refusedForm(err) {
			return err
		}
		p.Errors = fieldsOf(err)
	}
	return w.showSimulate(c, p)
}

func (w *Web) acceptSample(c *fiber.Ctx) error {
	id, err := idOf(c)
	if err != nil {
		return err
	}
	sample, err := w.opts.Admin.AcceptSample(c.UserContext(), id)
	if err != nil {
		return err
	}
	say(c, "simulate.accepted", "name", sample.Name)
	return redirect(c, "/admin/simulate")
}

func (w *Web) deleteSample(c *fiber.Ctx) error {
	id, err := idOf(c)
	if err != nil {
		return err
	}
	if err := w.opts.Admin.DeleteSample(c.UserContext(), id); err != nil {
		return err
	}
	say(c, "simulate.deleted")
	return redirect(c, "/admin/simulate")
}
