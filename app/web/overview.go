package web

import (
	"context"
	"net/url"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/layout"
	"squirrel/views/pages"
	"squirrel/views/ui"
)

// overview is the start page: what needs attention, how it goes, what runs.
func (w *Web) overview(c *fiber.Ctx) error {
	ctx := c.UserContext()
	switch empty, err := w.welcome(c); {
	case err != nil:
		return err
	case empty:
		return redirect(c, "/admin/start")
	}
	state := readLogState(url.Values{"range": {c.Query("range")}}, w.opts.Now(), w.opts.Zone)
	if state.query.Filter.Start == nil {
		state = readLogState(url.Values{}, w.opts.Now(), w.opts.Zone)
	}
	g := gridOf(spanOf(state.query.Filter, w.opts.Now()))
	found, err := w.opts.Admin.Overview(ctx, models.StatsQuery{Filter: state.query.Filter, Bucket: g.bucket, Location: w.opts.Zone})
	if err != nil {
		return err
	}
	page := w.overviewPage(ctx, state, g, &found)
	body := layout.Page{Title: i18n.T(ctx, "nav.overview"), Nav: layout.NavOverview, Body: pages.OverviewPage(page)}
	return w.render(c, body, pages.OverviewBody(page))
}

func (w *Web) overviewPage(ctx context.Context, state logState, g grid, found *admin.Overview) pages.Overview {
	page := pages.Overview{
		Self: state.url("/admin"), Range: state.span(), Zone: w.opts.Zone.String(), Figures: w.overviewFigures(ctx, state, found),
		Attention: attentionRows(ctx, found.Attention), Providers: healthRows(ctx, state, found.Providers),
		ByModel: ranking(ctx, state, "model", found.ByModel), ByKey: ranking(ctx, state, "api_key", found.ByKey),
	}
	page.New = len(found.Providers) == 0 || found.Models == 0 || found.Keys == 0
	if page.New {
		page.Steps = []pages.OverviewStep{
			{Label: i18n.T(ctx, "overview.step.provider"), URL: "/admin/start?step=provider", Done: len(found.Providers) > 0},
			{Label: i18n.T(ctx, "overview.step.model"), URL: "/admin/start?step=models", Done: found.Models > 0},
			{Label: i18n.T(ctx, "overview.step.key"), URL: "/admin/start?step=key", Done: found.Keys > 0},
			{Label: i18n.T(ctx, "overview.step.play"), URL: "/admin/start?step=request", Done: found.Now.Summary.RequestCount > 0},
		}
	}
	if found.Now.Summary.RequestCount > 0 {
		page.Chart = w.outcomeChart(ctx, state, g, found.Now)
	}
	page.Running, page.Errors = w.shortRows(found.Running), w.shortRows(found.Errors)
	return page
}

func (w *Web) shortRows(items []models.RequestLog) []pages.LogRow {
	rows := make([]pages.LogRow, len(items))
	for i, l := range items {
		rows[i] = pages.LogRow{RequestLog: l, URL: "/admin/logs/" + url.PathEscape(l.ID), Back: "/admin"}
		if l.State == models.LogRunning {
			rows[i].Elapsed, rows[i].CanCancel = elapsed(l, w.opts.Now()), w.opts.Admin.CanCancel()
		}
	}
	return rows
}

func (w *Web) overviewFigures(ctx context.Context, state logState, found *admin.Overview) []ui.StatProps {
	now, before := found.Now.Summary, found.Before.Summary
	versus := func(a, b float64) string {
		return i18n.T(ctx, "overview.versus", "change", change(ctx, a, b), "range", i18n.T(ctx, "logs.range."+state.span()))
	}
	usage := func(metric string) string { return state.url("/admin/usage", "metric", metric) }
	spark := sparks(found.Now.Trend)
	return []ui.StatProps{
		{Label: i18n.T(ctx, "logs.figure.requests"), Value: ui.Count(now.RequestCount), Note: versus(float64(now.RequestCount), float64(before.RequestCount)), URL: usage("requests"), Spark: spark.requests},
		{Label: i18n.T(ctx, "logs.figure.success"), Value: ui.Percent(ctx, now.SuccessCount, now.RequestCount), Note: i18n.T(ctx, "overview.before", "value", ui.Percent(ctx, before.SuccessCount, before.RequestCount)), URL: usage("requests"), Spark: spark.success},
		{Label: i18n.T(ctx, "logs.figure.cost"), Value: spendText(now), Title: ui.ExactMoney(now.TotalCost), Note: firstOf(unknownNote(ctx, now), versus(float64(now.TotalCost), float64(before.TotalCost))), URL: usage("cost"), Spark: spark.cost},
		{Label: i18n.T(ctx, "logs.figure.tokens"), Value: ui.Tokens(now.InputTokens) + " / " + ui.Tokens(now.OutputTokens), Note: firstOf(cachedNote(ctx, now), versus(float64(now.InputTokens+now.OutputTokens), float64(before.InputTokens+before.OutputTokens))), URL: usage("tokens"), Spark: spark.tokens},
		{Label: i18n.T(ctx, "logs.figure.first_byte"), Value: ui.MillisecondsPair(now.FirstByteMS.P50, now.FirstByteMS.P95), Note: i18n.T(ctx, "logs.figure.percentiles"), URL: usage("latency"), Spark: spark.latency},
		{Label: i18n.T(ctx, "overview.saved"), Value: ui.Count(found.Saved), Note: i18n.T(ctx, "overview.saved.note"), URL: state.url("/admin/logs", "retry_count_min", "1", "has_error", "false")},
	}
}

// change is how much more or less there is than before; without anything before, it is new.
func change(ctx context.Context, now, before float64) string {
	if before == 0 {
		if now == 0 {
			return "±0 %"
		}
		return i18n.T(ctx, "overview.new")
	}
	percent := 100 * (now - before) / before
	sign := ""
	if percent >= 0 {
		sign = "+"
	}
	return sign + strconv.FormatFloat(percent, 'f', 1, 64) + " %"
}

// sparkLines are small drawings of a trend.
type sparkLines struct{ requests, success, cost, tokens, latency []float64 }

func sparks(trend []models.StatPoint) (s sparkLines) {
	if len(trend) < 2 {
		return s // a point is no line
	}
	for _, p := range trend {
		s.requests = append(s.requests, float64(p.RequestCount))
		s.success = append(s.success, float64(p.SuccessCount)/float64(max(p.RequestCount, 1)))
		s.cost = append(s.cost, float64(p.TotalCost))
		s.tokens = append(s.tokens, float64(p.InputTokens+p.OutputTokens))
		if p.FirstByteMS.P50 != nil {
			s.latency = append(s.latency, *p.FirstByteMS.P50)
		}
	}
	return s
}

const rankRows = 8

func ranking(ctx context.Context, state logState, group string, lines []models.StatGroupLine) pages.Ranking {
	r := pages.Ranking{Title: i18n.T(ctx, "overview.by."+group), All: state.url("/admin/usage", "group_by", group)}
	for i, g := range lines {
		if i == rankRows {
			break
		}
		r.Rows = append(r.Rows, pages.RankRow{
			Name: g.Name, URL: groupURL(state, models.StatGroup(group), g), Requests: g.RequestCount, Share: float64(g.RequestCount) / float64(lines[0].RequestCount),
			Success: ui.Percent(ctx, g.SuccessCount, g.RequestCount), Cost: spendText(g.StatLine), Tokens: ui.Tokens(g.InputTokens + g.OutputTokens),
		})
	}
	return r
}

// groupParams are the filters that lead to the requests of a group.
var groupParams = map[models.StatGroup]string{
	models.GroupModel: "requested_model", models.GroupTargetModel: "target_model", models.GroupProvider: "provider_id",
	models.GroupAPIKey: "api_key_id", models.GroupUser: "user_id", models.GroupClient: "client", models.GroupEndpoint: "endpoint",
}

// textGroups are the groups whose filters would find a part of a name, too.
var textGroups = map[models.StatGroup]bool{models.GroupModel: true, models.GroupTargetModel: true, models.GroupUser: true, models.GroupClient: true}

// groupURL leads to the requests of a group. Those that have no model, provider, … can't be filtered for: "" then.
func groupURL(state logState, by models.StatGroup, g models.StatGroupLine) string {
	key := g.Key
	if key == "" {
		return ""
	}
	if textGroups[by] {
		key = models.WholeText + key // a model's requests are not those of the models whose names begin like its own
	}
	return state.url("/admin/logs", groupParams[by], key)
}

func healthRows(ctx context.Context, state logState, all []admin.ProviderHealth) []pages.HealthRow {
	rows := make([]pages.HealthRow, len(all))
	for i, p := range all {
		id := strconv.FormatInt(p.ID, 10)
		row := pages.HealthRow{
			Name: p.Name, URL: "/admin/providers/" + id, LogsURL: state.url("/admin/logs", "provider_id", id), Tone: healthTone(p.Health.State),
			State:   i18n.T(ctx, "overview.health."+p.Health.State),
			Success: ui.Percent(ctx, p.Requests.SuccessCount, p.Requests.RequestCount), FirstByte: ui.MillisecondsOf(p.Requests.FirstByteMS.P50),
		}
		switch {
		case p.Broken:
			row.Tone, row.State, row.Reason = ui.Err, i18n.T(ctx, "overview.health.broken"), i18n.T(ctx, "overview.reason.provider_key")
		case !p.Active:
			row.Tone, row.State = ui.Neutral, i18n.T(ctx, "common.disabled")
		case p.Routes == 0:
			row.Tone, row.State = ui.Neutral, i18n.T(ctx, "overview.health.unused")
		case p.Health.State != "healthy":
			row.Reason = healthReason(ctx, p.Health)
		}
		rows[i] = row
	}
	return rows
}

func healthTone(state string) ui.Tone {
	switch state {
	case "healthy":
		return ui.OK
	case "open":
		return ui.Err
	default:
		return ui.Warn
	}
}

func healthReason(ctx context.Context, h admin.Health) string {
	failures := int(h.FailureRate*float64(h.Samples) + 0.5)
	return i18n.T(ctx, "overview.reason.health", "part", failures, "whole", h.Samples)
}

// attentionRows puts what needs attention into words, each with a way to do something about it.
func attentionRows(ctx context.Context, all []admin.Attention) []pages.AttentionRow {
	rows := make([]pages.AttentionRow, len(all))
	for i, a := range all {
		kind := string(a.Kind)
		args := []any{"n", a.Count, "of", a.Of, "note", a.Note, "name", a.Name}
		row := pages.AttentionRow{Tone: ui.Warn, Text: a.Name, Reason: i18n.T(ctx, "overview.reason."+kind, args...), Action: i18n.T(ctx, "overview.action."+kind)}
		id := strconv.FormatInt(a.ID, 10)
		switch a.Kind {
		case admin.AttentionProvider:
			row.Reason = i18n.T(ctx, "overview.reason."+kind, "n", a.Count, "of", a.Of, "note", i18n.T(ctx, "overview.health."+a.Note))
			row.URL = "/admin/logs?has_error=true&provider_id=" + id
		case admin.AttentionKey:
			row.Tone, row.URL = ui.Err, "/admin/providers/"+id+"/edit"
		case admin.AttentionModel:
			row.Tone, row.URL = ui.Err, "/admin/models?q="+url.QueryEscape(a.Name)
		case admin.AttentionBudget:
			row.URL = "/admin/keys/" + id
			row.Reason = i18n.T(ctx, "overview.reason."+kind, "n", ui.Money(models.NanoUSD(a.Count)), "of", ui.Money(models.NanoUSD(a.Of)))
		case admin.AttentionPrice:
			row.URL = "/admin/prices"
		case admin.AttentionSample:
			row.Text, row.URL = i18n.T(ctx, "overview.samples"), "/admin/simulate#samples"
		case admin.AttentionLog, admin.AttentionLost:
			row.Tone, row.Text, row.URL = ui.Err, i18n.T(ctx, "overview.log"), "/admin/settings/storage"
		}
		rows[i] = row
	}
	return rows
}
