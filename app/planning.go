package app

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/proxy"
	"squirrel/proxy/tokens"
	"squirrel/routing"
	"squirrel/routing/rules"
)

// planner answers dry runs with the router that serves live traffic.
type planner struct{ app *App }

// DryRun implements admin.Simulator.
func (p planner) DryRun(ctx context.Context, in admin.DryRun) (admin.DryRunResult, error) {
	protocol := proxy.ProtocolOf(in.Endpoint)
	header := http.Header{}
	for name, value := range in.Headers {
		header.Set(name, value)
	}
	source := rules.Source{
		Model: in.Model, Endpoint: in.Endpoint, Protocol: protocol, Stream: in.Stream, RequestID: "dry-run", UserID: in.UserID,
		UserAgent: header.Get("User-Agent"), Body: in.Body, Header: func(name string) (string, bool) { return header.Get(name), len(header.Values(name)) > 0 },
		InputTokens: func() int64 {
			if in.InputTokens != nil {
				return *in.InputTokens
			}
			n, _ := tokens.CountRequest(ctx, in.Endpoint, protocol, in.Body, in.Model)
			return n
		},
	}
	req := &routing.Request{Model: in.Model, Endpoint: in.Endpoint, Protocol: protocol, AtRest: in.AtRest}
	if in.MaxOutput != nil {
		req.MaxOutput = *in.MaxOutput
	}
	if in.APIKeyID != nil {
		key, err := p.app.store.APIKey(ctx, *in.APIKeyID)
		if err != nil {
			return admin.DryRunResult{}, err
		}
		source.APIKeyName, source.APIKeyTags, req.Allowed = key.Name, key.Tags, key.AllowedModels
	}
	req.Facts = rules.NewFacts(source)
	plan, err := p.app.router.DryRun(req)
	result, err := dryRunResult(in.Model, plan, err)
	if err == nil && result.Matched && !in.AtRest && len(in.Body) > 0 {
		result.Outgoing = p.outgoing(ctx, proxy.Internal{Endpoint: in.Endpoint, Header: header, Body: in.Body}, plan)
	}
	return result, err
}

// outgoing is what each candidate would be sent. A body that names no model is a sketch of a request, which nobody could be sent.
func (p planner) outgoing(ctx context.Context, in proxy.Internal, plan *routing.Plan) (out []admin.DryRunOutgoing) {
	for i := range plan.Candidates {
		c := &plan.Candidates[i]
		preview, failure := p.app.gateway.Preview(ctx, in, c)
		sent := admin.DryRunOutgoing{RouteID: c.Route.ID, URL: preview.URL, Body: preview.Body, Dropped: preview.Dropped}
		if failure != nil {
			if failure.Code == "missing_model" {
				return nil
			}
			sent.Problem = failure.Message
		}
		out = append(out, sent)
	}
	return out
}

func dryRunResult(model string, plan *routing.Plan, err error) (admin.DryRunResult, error) {
	out := admin.DryRunResult{Model: model, Matched: err == nil}
	if plan != nil {
		out.Decision = plan.Decision
		if plan.Model != nil {
			out.Model = plan.Model.Name
		}
	}
	var refusal *routing.Error
	if errors.As(err, &refusal) {
		out.Reason, out.Nearest = refusal.Message, refusal.Nearest
		return out, nil
	}
	return out, err
}

// tester sends requests of the control plane through the gateway.
type tester struct{ app *App }

// TestModel implements admin.Tester.
func (t tester) TestModel(ctx context.Context, in admin.ModelTest) (admin.ModelTestResult, error) {
	body := in.Body
	if len(body) == 0 {
		prompt := in.Prompt
		if prompt == "" {
			prompt = "Say hello in one word."
		}
		var err error
		if body, err = json.Marshal(map[string]any{"model": in.Model, "messages": []any{map[string]string{"role": "user", "content": prompt}}, "max_tokens": 64}); err != nil {
			return admin.ModelTestResult{}, err
		}
	}
	request := proxy.Internal{Endpoint: models.EndpointChat, Body: body, Source: models.SourceTest}
	if in.RouteID != nil {
		request.RouteID = *in.RouteID
	}
	var streamed capture
	done, failure := t.app.gateway.Perform(ctx, request, &streamed)
	if failure != nil {
		return admin.ModelTestResult{}, failure
	}
	result := admin.ModelTestResult{LogID: done.LogID, Status: done.Status, Provider: done.Provider, Target: done.Target, DurationMS: milliseconds(done.Total)}
	if json.Valid(done.Body) {
		result.Body = done.Body
	}
	if done.Status >= http.StatusBadRequest {
		result.Error = http.StatusText(done.Status)
	}
	return result, nil
}

// Replay implements admin.Replayer: the recorded request goes out again, as far as it was recorded whole.
func (t tester) Replay(ctx context.Context, id string, routeID *int64) (string, error) {
	view, err := t.app.store.LogView(ctx, id)
	if err != nil {
		return "", err
	}
	if view.Detail == nil || len(view.Detail.RequestBody) == 0 {
		return "", models.Errorf(models.CodeConflict, "the body of this request was not recorded, so it can't be sent again")
	}
	if view.Log.Endpoint.TakesUpload() {
		return "", models.Errorf(models.CodeConflict, "the file of this upload was not recorded, so it can't be sent again")
	}
	if models.BodyWasCut(view.Detail.Truncated, "request_body") {
		return "", models.Errorf(models.CodeConflict, "the body of this request was recorded with its middle cut, so it can't be sent again")
	}
	request := proxy.Internal{Endpoint: view.Log.Endpoint, Body: view.Detail.RequestBody, Source: models.SourceReplay}
	if routeID != nil {
		request.RouteID = *routeID
	}
	var out capture
	done, failure := t.app.gateway.Perform(ctx, request, &out)
	if failure != nil {
		return "", failure
	}
	return done.LogID, nil
}

// capture keeps the beginning of a stream that nobody else reads.
type capture struct{ data []byte }

// Write implements io.Writer.
func (c *capture) Write(p []byte) (int, error) {
	if room := 1<<20 - len(c.data); room > 0 {
		c.data = append(c.data, p[:min(room, len(p))]...)
	}
	return len(p), nil
}

// canceller stops running requests of this process.
type canceller struct{ app *App }

// Cancel implements admin.Canceller.
func (c canceller) Cancel(_ context.Context, id string) (bool, error) {
	return c.app.gateway.Cancel(id), nil
}
