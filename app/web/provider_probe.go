package web

import (
	"context"
	"net/url"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/views/pages"
)

// testProvider tests the form as it is, saved or not, and changes nothing. Without scripts the form comes back whole.
func (w *Web) testProvider(c *fiber.Ctx) error {
	sent, err := readForm(c)
	if err != nil {
		return err
	}
	form := sentProviderForm(sent)
	probe, err := w.probe(c.UserContext(), form, sent)
	if err != nil {
		return err
	}
	form.Probe = &probe
	if wantsPart(c) {
		return send(c, pages.ProbeResult(form.Probe), nil)
	}
	return w.showProviderForm(c, form)
}

// probe runs the test. A form that can't be tested as it is has that as its result.
func (w *Web) probe(ctx context.Context, form pages.ProviderForm, sent url.Values) (pages.Probe, error) {
	draft, err := providerInput(form, sent)
	if err != nil {
		return refusedProbe(err)
	}
	in := admin.ProbeInput{ProviderInput: draft}
	if form.ID != 0 {
		in.ID = admin.Some(form.ID)
	}
	if model := sent.Get("test_model"); model != "" {
		in.Model, in.Stream = admin.Some(model), admin.Some(true)
	}
	report, err := w.opts.Admin.TestProvider(ctx, in)
	if err != nil {
		return refusedProbe(err)
	}
	return probeView(report), nil
}

func refusedProbe(err error) (pages.Probe, error) {
	if !refusedForm(err) {
		return pages.Probe{}, err
	}
	return pages.Probe{Error: messageOf(err), Errors: fieldsOf(err)}, nil
}

func probeView(report admin.ProbeReport) pages.Probe {
	view := pages.Probe{OK: report.OK, Took: report.DurationMS}
	for _, s := range report.Steps {
		view.Steps = append(view.Steps, pages.ProbeStep{Name: s.Name, Status: string(s.Status), Took: s.DurationMS, Detail: s.Detail, Fix: s.Fix})
		switch s.Status {
		case admin.ProbePassed:
			view.Passed++
		case admin.ProbeFailed:
			view.Failed++
		default:
			view.Skipped++
		}
	}
	return view
}

// toProviders leads away from the address of a test, which has no page of its own.
func (w *Web) toProviders(c *fiber.Ctx) error { return redirect(c, "/admin/providers") }
