package web

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/layout"
	"squirrel/views/pages"
)

// The steps of the first run, in order.
const (
	stepProvider = "provider"
	stepModels   = "models"
	stepKey      = "key"
	stepRequest  = "request"
)

var startSteps = []string{stepProvider, stepModels, stepKey, stepRequest}

// started is how far the first run has come. It is read from the data each time, so nothing is lost by a reload, and who
// has set everything up by other means is done, too.
type started struct {
	providers []admin.ProviderName
	routed    []admin.ModelView // models with a route
	keys      []admin.APIKeyView
	latest    *models.RequestLog // the request to show: the latest that was answered, else the latest
}

func (w *Web) readStarted(ctx context.Context) (s started, err error) {
	if s.providers, err = w.opts.Admin.ProviderNames(ctx); err != nil {
		return s, err
	}
	all, err := w.opts.Admin.Models(ctx, admin.ModelQuery{})
	if err != nil {
		return s, err
	}
	s.routed = slices.DeleteFunc(all.Items, func(m admin.ModelView) bool { return m.ProviderCount == 0 })
	keys, err := w.opts.Admin.APIKeys(ctx, admin.PageQuery{})
	if err != nil {
		return s, err
	}
	s.keys = keys.Items
	s.latest, err = w.latestRequest(ctx)
	return s, err
}

// latestRequest finds the latest answered request, else the latest that failed, nil when there is none.
func (w *Web) latestRequest(ctx context.Context) (*models.RequestLog, error) {
	for _, failed := range []bool{false, true} {
		filter := models.LogFilter{HasError: &failed, State: models.LogDone}
		list, err := w.opts.Admin.Logs(ctx, admin.LogQuery{Filter: filter, Sort: models.SortTime, Page: 1, PageSize: 1})
		if err != nil {
			return nil, err
		}
		if len(list.Items) > 0 {
			return &list.Items[0], nil
		}
	}
	return nil, nil
}

func (s *started) answered() bool { return s.latest != nil && s.latest.ErrorCode == "" }

func (s *started) done(step string) bool {
	switch step {
	case stepProvider:
		return len(s.providers) > 0
	case stepModels:
		return len(s.routed) > 0
	case stepKey:
		return len(s.keys) > 0
	}
	return s.answered()
}

// next is the first step that is not done; the last one when all are.
func (s *started) next() string {
	for _, step := range startSteps {
		if !s.done(step) {
			return step
		}
	}
	return stepRequest
}

// note says what was done in a step.
func (s *started) note(ctx context.Context, step string) string {
	switch {
	case !s.done(step):
		return ""
	case step == stepProvider:
		return s.newestProvider().Name
	case step == stepModels:
		return i18n.N(ctx, "start.step.models.done", len(s.routed))
	case step == stepKey:
		return s.newestKey().Name
	}
	return ""
}

func (s *started) newestProvider() admin.ProviderName {
	return slices.MaxFunc(s.providers, func(a, b admin.ProviderName) int { return cmp.Compare(a.ID, b.ID) })
}

func (s *started) newestKey() admin.APIKeyView {
	return slices.MaxFunc(s.keys, func(a, b admin.APIKeyView) int { return cmp.Compare(a.ID, b.ID) })
}

// modelNames lists what a first request may ask for, chat models first.
func (s *started) modelNames() []string {
	list := slices.Clone(s.routed)
	slices.SortStableFunc(list, func(a, b admin.ModelView) int {
		return cmp.Compare(btoi(a.Type != models.ModelChat), btoi(b.Type != models.ModelChat))
	})
	names := make([]string, len(list))
	for i := range list {
		names[i] = list[i].Name
	}
	return names
}

func btoi(is bool) int {
	if is {
		return 1
	}
	return 0
}

// start shows the first run. ?step= opens another step than the next one, ?preset= chooses a provider.
func (w *Web) start(c *fiber.Ctx) error {
	s, err := w.readStarted(c.UserContext())
	if err != nil {
		return err
	}
	step := c.Query("step")
	if preset := c.Query("preset"); preset != "" {
		step = stepProvider
	}
	if !slices.Contains(startSteps, step) {
		step = s.next()
	}
	var view pages.Start
	if preset, ok := findPreset(c.Query("preset")); ok {
		preset = w.reachable(preset)
		view.Provider = pages.StartProvider{Preset: &preset, BaseURL: preset.BaseURL, UseEnv: true}
	}
	return w.showStart(c, &s, step, view)
}

// showStart shows the page with a step open. What the view holds of the step already is kept.
func (w *Web) showStart(c *fiber.Ctx, s *started, step string, view pages.Start) error {
	ctx := c.UserContext()
	for _, name := range startSteps {
		view.Steps = append(view.Steps, pages.StartStep{
			Name: name, Title: i18n.T(ctx, "start.step."+name), Done: s.done(name), Current: name == step, Note: s.note(ctx, name), URL: "/admin/start?step=" + name,
		})
	}
	switch step {
	case stepProvider:
		view.Provider.Presets = presets()
		if view.Provider.Preset != nil {
			view.Provider.EnvKey = w.foundKey(view.Provider.Preset.ID)
		}
	case stepModels:
		if !s.done(stepProvider) {
			return redirect(c, "/admin/start")
		}
		w.completeStartModels(ctx, s, &view.Models)
	case stepKey:
		if view.Key.Name == "" {
			view.Key.Name = freeName("default", func(name string) bool {
				return slices.ContainsFunc(s.keys, func(k admin.APIKeyView) bool { return k.Name == name })
			})
		}
	case stepRequest:
		if err := w.completeStartRequest(c, s, &view.Request); err != nil {
			return err
		}
	}
	page := layout.Page{Title: i18n.T(ctx, "start.title"), Nav: layout.NavOverview, Body: pages.StartPage(view)}
	return w.render(c, page, nil)
}

// freeName is name, or name with the first number that makes it free.
func freeName(name string, taken func(string) bool) string {
	free := name
	for n := 2; taken(free); n++ {
		free = name + " " + whole(int64(n))
	}
	return free
}

// suggestedModels is how many models are picked to begin with.
const suggestedModels = 5

// completeStartModels asks the newest provider for its models.
func (w *Web) completeStartModels(ctx context.Context, s *started, view *pages.StartModels) {
	p := s.newestProvider()
	view.ProviderID, view.Provider = p.ID, p.Name
	if !w.opts.Admin.CanProbe() {
		return
	}
	offers, err := w.opts.Admin.Offers(ctx, p.ID)
	if err != nil {
		if view.Problem = messageOf(err); view.Problem == "" {
			view.Problem = "the provider could not be reached"
		}
		return
	}
	view.Offers = offerRows(ctx, offers, admin.Suggested(offers, suggestedModels))
}

// completeStartRequest adds the snippets and what has been seen. A key that is not shown stands in them by a name.
func (w *Web) completeStartRequest(c *fiber.Ctx, s *started, view *pages.StartRequest) error {
	ctx := c.UserContext()
	value := view.Value
	if value == "" {
		value = exampleKey
	}
	view.Models = s.modelNames()
	if len(s.keys) > 0 {
		k := s.newestKey()
		view.KeyID, view.KeyName = k.ID, k.Name
		view.Models = usable(view.Models, k.AllowedModels)
	}
	view.Snippets = snippets(ctx, w.baseURL(c), value, view.Models)
	view.Seen = s.seen()
	var err error
	view.Account, err = w.opts.Auth.HasAccount(ctx)
	return err
}

// seen is what the last step shows of the first request.
func (s *started) seen() pages.StartSeen {
	seen := pages.StartSeen{Log: s.latest}
	if names := s.modelNames(); len(names) > 0 {
		seen.Model = names[0]
	}
	if s.latest != nil {
		seen.LogURL = "/admin/logs/" + url.PathEscape(s.latest.ID) + "?source=all&range=all"
	}
	return seen
}

// toStart leads away from the addresses of the steps' forms, which have no page of their own.
func (w *Web) toStart(c *fiber.Ctx) error { return redirect(c, "/admin/start") }

// nonBlank cuts a text into lines and leaves out the empty ones.
func nonBlank(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}
