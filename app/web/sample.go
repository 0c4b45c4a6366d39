package web

import (
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/pages"
)

// modelPath is the page of a model. Names may hold slashes; they are escaped whole.
func modelPath(name string) string { return "/admin/models/" + url.PathEscape(name) }

func routePath(id int64) string { return "/admin/routes/" + whole(id) }

// modelParam is the model of the path.
func modelParam(c *fiber.Ctx) string {
	name, err := url.PathUnescape(c.Params("model"))
	if err != nil {
		return c.Params("model")
	}
	return name
}

func whole(n int64) string { return strconv.FormatInt(n, 10) }

// wholeOrNil reads a number of a form; nil when there is none.
func wholeOrNil(text string) *int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return nil
	}
	return &n
}

func sorted(lines []string) []string {
	slices.Sort(lines)
	return lines
}

// sampleEndpoints are those whose requests are JSON.
var sampleEndpoints = []string{
	string(models.EndpointChat), string(models.EndpointMessages), string(models.EndpointResponses), string(models.EndpointEmbeddings),
	string(models.EndpointCompletions), string(models.EndpointImages), string(models.EndpointSpeech), string(models.EndpointModerations),
	string(models.EndpointCountTokens),
}

// readSample reads a request from the fields of a form; with the button "load", a logged one takes their place.
func (w *Web) readSample(ctx context.Context, form url.Values, prefix string) (pages.Sample, error) {
	get := func(name string) string { return strings.TrimSpace(form.Get(prefix + name)) }
	s := pages.Sample{
		Model: get("model"), Endpoint: get("endpoint"), Stream: get("stream") == "true", KeyID: get("api_key_id"), UserID: get("user_id"),
		Headers: get("headers"), Body: get("body"), InputTokens: get("input_tokens"), MaxOutput: get("max_output_tokens"), LogID: get("log"),
	}
	if s.LogID != "" && form.Get("op") == "load" {
		in, err := w.opts.Admin.LoggedRequest(ctx, s.LogID)
		switch {
		case models.ErrorCode(err) == models.CodeNotFound:
			s.Errors = map[string]string{"log": "does not exist"}
		case err != nil:
			return s, err
		default:
			id := s.LogID
			s = sampleOf(in)
			s.LogID = id
		}
	}
	return s, w.completeSample(ctx, &s)
}

// completeSample adds what can be chosen.
func (w *Web) completeSample(ctx context.Context, s *pages.Sample) error {
	keys, err := w.opts.Admin.APIKeys(ctx, admin.PageQuery{})
	if err != nil {
		return err
	}
	for i := range keys.Items {
		s.Keys = append(s.Keys, pages.KeyOption{ID: keys.Items[i].ID, Name: keys.Items[i].Name})
	}
	s.Endpoints = sampleEndpoints
	return nil
}

// sampleOf shows a request in a form.
func sampleOf(in admin.DryRun) pages.Sample {
	s := pages.Sample{Model: in.Model, Endpoint: string(in.Endpoint), Stream: in.Stream, UserID: in.UserID, Body: indented(in.Body)}
	for _, name := range slices.Sorted(maps.Keys(in.Headers)) {
		s.Headers += name + ": " + in.Headers[name] + "\n"
	}
	for text, n := range map[*string]*int64{&s.KeyID: in.APIKeyID, &s.InputTokens: in.InputTokens, &s.MaxOutput: in.MaxOutput} {
		if n != nil {
			*text = whole(*n)
		}
	}
	return s
}

func indented(data json.RawMessage) string {
	var out strings.Builder
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if len(data) == 0 || enc.Encode(data) != nil {
		return string(data)
	}
	return strings.TrimSpace(out.String())
}

// dryRunOf is the request of a form; problems tell what is wrong with it.
func dryRunOf(s pages.Sample) (in admin.DryRun, problems map[string]string) {
	problems = map[string]string{}
	in = admin.DryRun{
		Model: s.Model, Endpoint: models.Endpoint(s.Endpoint), Stream: s.Stream, UserID: s.UserID, APIKeyID: wholeOrNil(s.KeyID), Headers: map[string]string{},
	}
	for name, field := range map[string]struct {
		text string
		into **int64
	}{"input_tokens": {s.InputTokens, &in.InputTokens}, "max_output_tokens": {s.MaxOutput, &in.MaxOutput}} {
		if *field.into = wholeOrNil(field.text); field.text != "" && (*field.into == nil || **field.into < 0) {
			problems[name] = "must be a whole number"
		}
	}
	for line := range strings.Lines(s.Headers) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			problems["headers"] = "must have a name and a value in each line, with a colon between"
			continue
		}
		in.Headers[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	if s.Body != "" {
		in.Body = json.RawMessage(s.Body)
		if !json.Valid(in.Body) || in.Body[0] != '{' {
			problems["body"] = "must be a JSON object"
		}
	}
	if s.Endpoint != "" && !slices.Contains(sampleEndpoints, s.Endpoint) {
		in.Endpoint = models.EndpointChat
	}
	return in, problems
}
