package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/pages"
)

// startProvider tests the provider of the form and saves it when it works, or when it was asked for anyway.
func (w *Web) startProvider(c *fiber.Ctx) error {
	ctx := c.UserContext()
	sent, err := readForm(c)
	if err != nil {
		return err
	}
	preset, ok := findPreset(sent.Get("preset"))
	if !ok {
		return redirect(c, "/admin/start?step="+stepProvider)
	}
	s, err := w.readStarted(ctx)
	if err != nil {
		return err
	}
	view := pages.StartProvider{Preset: &preset, BaseURL: sent.Get("base_url"), UseEnv: sent.Get("use_env") == "true"}
	key, err := w.keyOr(sent, preset)
	if err != nil {
		return w.refuseStartProvider(c, &s, view, err)
	}
	in := admin.ProviderInput{
		Name: admin.Some(freeName(startName(preset, sent.Get("base_url")), func(name string) bool {
			return slices.ContainsFunc(s.providers, func(p admin.ProviderName) bool { return p.Name == name })
		})),
		BaseURL: admin.Some(sent.Get("base_url")), Protocol: admin.Some(models.Protocol(preset.Protocol)), APIKey: admin.Some(key),
	}
	if sent.Get("anyway") == "" && w.opts.Admin.CanProbe() {
		if view.Probe, err = w.startProbe(ctx, in); err != nil {
			return w.refuseStartProvider(c, &s, view, err)
		}
		if !view.Probe.OK {
			return w.refuseStartProvider(c, &s, view, nil)
		}
	}
	if _, err := w.opts.Admin.CreateProvider(ctx, in); err != nil {
		return w.refuseStartProvider(c, &s, view, err)
	}
	return redirect(c, "/admin/start?step="+stepModels)
}

// startName is what a provider is called at first: as its preset, or by its host where the preset could be anyone.
func startName(preset pages.Preset, baseURL string) string {
	if u, err := url.Parse(strings.TrimSpace(baseURL)); err == nil && u.Hostname() != "" && strings.HasPrefix(preset.ID, "other-") {
		return u.Hostname()
	}
	return preset.Name
}

func (w *Web) startProbe(ctx context.Context, in admin.ProviderInput) (*pages.Probe, error) {
	report, err := w.opts.Admin.TestProvider(ctx, admin.ProbeInput{ProviderInput: in})
	if err != nil {
		return nil, err
	}
	view := probeView(report)
	return &view, nil
}

// refuseStartProvider shows what is wrong: beside the form where it stays with scripts, else with the form.
func (w *Web) refuseStartProvider(c *fiber.Ctx, s *started, view pages.StartProvider, err error) error {
	if err != nil && !refusedForm(err) {
		return err
	}
	c.Status(http.StatusUnprocessableEntity)
	if wantsPart(c) {
		if err != nil {
			view.Probe = &pages.Probe{Error: messageOf(err), Errors: fieldsOf(err)}
		}
		return send(c, pages.StartProbe(view.Probe), nil)
	}
	if err != nil {
		view.Errors, view.Message = fieldsOf(err), messageOf(err)
	}
	return w.showStart(c, s, stepProvider, pages.Start{Provider: view})
}

// startModels makes models of what was picked or typed.
func (w *Web) startModels(c *fiber.Ctx) error {
	ctx := c.UserContext()
	sent, err := readForm(c)
	if err != nil {
		return err
	}
	provider, err := strconv.ParseInt(sent.Get("provider_id"), 10, 64)
	if err != nil {
		return redirect(c, "/admin/start")
	}
	_, err = w.opts.Admin.Adopt(ctx, provider, append(sent["targets"], nonBlank(sent.Get("names"))...))
	if err == nil {
		return redirect(c, "/admin/start")
	}
	if !refusedForm(err) {
		return err
	}
	s, readErr := w.readStarted(ctx)
	if readErr != nil {
		return readErr
	}
	c.Status(http.StatusUnprocessableEntity)
	view := pages.StartModels{Names: sent.Get("names"), Errors: fieldsOf(err), Message: messageOf(err)}
	return w.showStart(c, &s, stepModels, pages.Start{Models: view})
}

// startKey makes a key and shows it this once, on the page of the last step.
func (w *Web) startKey(c *fiber.Ctx) error {
	ctx := c.UserContext()
	sent, err := readForm(c)
	if err != nil {
		return err
	}
	created, err := w.opts.Admin.CreateAPIKey(ctx, admin.APIKeyInput{Name: admin.Some(sent.Get("key_name"))})
	if err != nil && !refusedForm(err) {
		return err
	}
	s, readErr := w.readStarted(ctx)
	if readErr != nil {
		return readErr
	}
	if err != nil {
		c.Status(http.StatusUnprocessableEntity)
		view := pages.StartKey{Name: sent.Get("key_name"), Errors: fieldsOf(err), Message: messageOf(err)}
		return w.showStart(c, &s, stepKey, pages.Start{Key: view})
	}
	return w.showStart(c, &s, stepRequest, pages.Start{Request: pages.StartRequest{Value: created.Value}})
}

// firstRequest answers the last step's question whether there was a request yet.
func (w *Web) firstRequest(c *fiber.Ctx) error {
	if !wantsPart(c) {
		return w.toStart(c)
	}
	s, err := w.readStarted(c.UserContext())
	if err != nil {
		return err
	}
	return w.showSeen(c, &s)
}

func (w *Web) showSeen(c *fiber.Ctx, s *started) error {
	account, err := w.opts.Auth.HasAccount(c.UserContext())
	if err != nil {
		return err
	}
	var key int64
	if len(s.keys) > 0 {
		key = s.newestKey().ID
	}
	return send(c, pages.FirstRequest(s.seen(), key, account), nil)
}

// sendFirst sends the first request on behalf of who sets the gateway up.
func (w *Web) sendFirst(c *fiber.Ctx) error {
	ctx := c.UserContext()
	s, err := w.readStarted(ctx)
	if err != nil {
		return err
	}
	names := s.modelNames()
	if len(names) == 0 || !w.opts.Admin.CanPlay() {
		return redirect(c, "/admin/start")
	}
	request := admin.Play{Endpoint: models.EndpointChat, Body: []byte(`{"model":` + quoteJSON(names[0]) + `,"messages":[{"role":"user","content":"Say hi"}]}`)}
	if _, err := w.opts.Admin.Play(ctx, request, nil); err != nil && !refusedForm(err) {
		return err
	}
	if !wantsPart(c) {
		return redirect(c, "/admin/start?step="+stepRequest)
	}
	if s, err = w.readStarted(ctx); err != nil {
		return err
	}
	return w.showSeen(c, &s)
}

// welcome reports whether somebody who asks for the overview should be shown the first run instead: nothing is there yet,
// and the overview was not asked for by a range.
func (w *Web) welcome(c *fiber.Ctx) (bool, error) {
	if isHTMX(c) || c.Query("range") != "" {
		return false, nil
	}
	providers, err := w.opts.Admin.ProviderNames(c.UserContext())
	if err != nil || len(providers) > 0 {
		return false, err
	}
	keys, err := w.opts.Admin.APIKeys(c.UserContext(), admin.PageQuery{Page: 1, PageSize: 1})
	if err != nil || keys.Total > 0 {
		return false, err
	}
	latest, err := w.latestRequest(c.UserContext())
	return latest == nil, err
}
