package web

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/pages"
	"squirrel/views/ui"
)

// providerRow puts a provider together with its routes and its figures of the last day.
func (w *Web) providerRow(ctx context.Context, p *admin.ProviderView, routes []admin.RouteView, line models.StatLine) pages.ProviderRow {
	paused := w.pausedOf(routes)
	return pages.ProviderRow{
		ID: p.ID, Name: p.Name, Remark: p.Remark, Protocol: string(p.Protocol), Address: addressOf(p.BaseURL), Active: p.IsActive,
		Paused: len(paused), State: w.providerState(ctx, p, routes, paused), Models: len(modelsOf(routes)), Requests: line.RequestCount, Success: line.SuccessCount,
		P50: line.FirstByteMS.P50, Cost: ui.Money(line.TotalCost), CostUSD: line.TotalCost, Unpriced: line.UnknownCostCount,
	}
}

func addressOf(raw string) pages.Address {
	u, err := url.Parse(raw)
	if err != nil {
		return pages.Address{Host: raw}
	}
	rest := strings.TrimPrefix(raw, u.Scheme+"://"+u.Host)
	return pages.Address{Scheme: u.Scheme + "://", Host: u.Host, Path: rest}
}

// modelsOf names the models of some routes, each once, in order.
func modelsOf(routes []admin.RouteView) []string {
	var names []string
	for i := range routes {
		names = append(names, routes[i].ModelName)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// providerState says how a provider is: what somebody decided first, then its worst route.
func (w *Web) providerState(ctx context.Context, p *admin.ProviderView, routes []admin.RouteView, paused []time.Time) pages.State {
	switch {
	case p.APIKeyBroken:
		return pages.State{Tone: ui.Err, Text: i18n.T(ctx, "providers.state.broken"), Reason: i18n.T(ctx, "providers.state.broken.reason")}
	case !p.IsActive:
		return pages.State{Tone: ui.Neutral, Text: i18n.T(ctx, "providers.state.disabled")}
	case len(routes) == 0:
		return pages.State{Tone: ui.Neutral, Text: i18n.T(ctx, "providers.state.unused"), Reason: i18n.T(ctx, "providers.state.unused.reason")}
	}
	if len(paused) == len(routes) {
		return pages.State{Tone: ui.Neutral, Text: i18n.T(ctx, "providers.state.paused"), Reason: ui.Relative(ctx, slices.MinFunc(paused, time.Time.Compare))}
	}
	worst := slices.MaxFunc(routes, func(a, b admin.RouteView) int { return cmp.Compare(severity(a.Health.State), severity(b.Health.State)) })
	return healthState(ctx, worst.Health, "providers.state.active")
}

// pausedOf says until when routes are paused, those that are.
func (w *Web) pausedOf(routes []admin.RouteView) (until []time.Time) {
	for i := range routes {
		if at := routes[i].PausedUntil; at != nil && at.After(w.opts.Now()) {
			until = append(until, *at)
		}
	}
	return until
}

func severity(state string) int {
	return slices.Index([]string{"healthy", "degraded", "cooling", "open"}, state)
}

// healthState says how a route is. healthy is the key of the words for a route without trouble.
func healthState(ctx context.Context, h admin.Health, healthy string) pages.State {
	var state pages.State
	switch h.State {
	case "degraded":
		state = pages.State{Tone: ui.Warn, Text: i18n.T(ctx, "providers.state.degraded")}
	case "cooling":
		state = pages.State{Tone: ui.Warn, Text: i18n.T(ctx, "providers.state.cooling")}
	case "open":
		state = pages.State{Tone: ui.Err, Text: i18n.T(ctx, "providers.state.open")}
	default:
		return pages.State{Tone: ui.OK, Text: i18n.T(ctx, healthy)}
	}
	var reasons []string
	if h.Samples > 0 {
		rate := strconv.FormatFloat(100*h.FailureRate, 'f', 0, 64) + " %"
		reasons = append(reasons, i18n.T(ctx, "providers.state.reason", "rate", rate, "n", h.Samples))
	}
	if h.Until != nil {
		reasons = append(reasons, i18n.T(ctx, "providers.state.until", "when", ui.Relative(ctx, *h.Until)))
	}
	state.Reason = strings.Join(reasons, "; ")
	return state
}

// routeState says how a route is, deliberate states included.
func (w *Web) routeState(ctx context.Context, r *admin.RouteView) pages.State {
	switch {
	case !r.IsActive:
		return pages.State{Tone: ui.Neutral, Text: i18n.T(ctx, "providers.state.disabled")}
	case r.PausedUntil != nil && r.PausedUntil.After(w.opts.Now()):
		return pages.State{Tone: ui.Neutral, Text: i18n.T(ctx, "providers.state.paused"), Reason: ui.Relative(ctx, *r.PausedUntil)}
	}
	return healthState(ctx, r.Health, "providers.state.healthy")
}
