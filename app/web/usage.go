package web

import (
	"context"
	"net/url"
	"slices"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/layout"
	"squirrel/views/pages"
	"squirrel/views/ui"
)

// usageQuery is what the page of statistics is asked for, on top of the filters it shares with the list of requests.
type usageQuery struct {
	state   logState
	grid    grid
	metric  string
	group   models.StatGroup
	compare string
}

var usageMetrics = []string{"cost", "tokens", "requests", "latency", "errors"}

// usageRange is the usual period of the statistics.
const usageRange = "7d"

func (w *Web) readUsage(c *fiber.Ctx) (usageQuery, error) {
	v, err := url.ParseQuery(string(c.Context().URI().QueryString()))
	if err != nil {
		return usageQuery{}, fiber.ErrBadRequest
	}
	if v.Get("range") == "" && v.Get("start_time") == "" && v.Get("end_time") == "" {
		v.Set("range", usageRange)
	}
	q := usageQuery{state: readLogState(v, w.opts.Now(), w.opts.Zone), metric: v.Get("metric"), group: models.StatGroup(v.Get("group_by"))}
	if !slices.Contains(usageMetrics, q.metric) {
		q.metric = usageMetrics[0]
	}
	if !slices.Contains(pages.UsageGroups, q.group) {
		q.group = models.GroupModel
	}
	if v.Get("compare") == "previous" && q.state.query.Filter.Start != nil {
		q.compare = "previous"
	}
	if q.state.span() == usualRange {
		q.state.values.Set("range", usualRange) // here the usual is another
	}
	q.grid = gridOf(spanOf(q.state.query.Filter, w.opts.Now()))
	q.grid = q.grid.whole()
	return q, nil
}

func (q usageQuery) stats(w *Web) models.StatsQuery {
	return models.StatsQuery{Filter: q.state.query.Filter, Bucket: q.grid.bucket, Location: w.opts.Zone, Group: q.group}
}

// url is this page with something changed.
func (q usageQuery) url(path string, changes ...string) string {
	own := []string{"metric", q.metric, "group_by", string(q.group), "compare", q.compare}
	return q.state.url(path, append(own, changes...)...)
}

// usage shows statistics: cost, tokens, requests, latency and errors over time, and by group.
func (w *Web) usage(c *fiber.Ctx) error {
	q, err := w.readUsage(c)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	found, err := w.opts.Admin.Outcomes(ctx, q.stats(w))
	if err != nil {
		return err
	}
	var before *models.Stats
	if q.compare != "" {
		earlier, err := w.opts.Admin.Stats(ctx, admin.Earlier(q.stats(w), w.opts.Now()))
		if err != nil {
			return err
		}
		before = &earlier
	}
	page, err := w.usagePage(ctx, q, found, before)
	if err != nil {
		return err
	}
	return w.render(c, layout.Page{Title: i18n.T(ctx, "nav.usage"), Nav: layout.NavUsage, Body: pages.UsagePage(page)}, nil)
}

func (w *Web) usagePage(ctx context.Context, q usageQuery, found admin.Outcomes, before *models.Stats) (pages.Usage, error) {
	filters, err := w.logFilters(ctx, q.state)
	if err != nil {
		return pages.Usage{}, err
	}
	page := pages.Usage{
		Filters: filters, ClearURL: "/admin/usage", Zone: w.opts.Zone.String(), AsOf: ui.ClockTime(ctx, found.AsOf), Metric: q.metric, Group: string(q.group),
		Compare: q.compare, Figures: logFigures(ctx, found.Summary), Charts: w.usageCharts(ctx, q, found, before),
		CSVTrend: q.url("/admin/usage/export", "of", "trend"), CSVGroup: q.url("/admin/usage/export", "of", "groups"), LogsURL: q.state.url("/admin/logs"),
	}
	for _, chip := range w.chips(ctx, q.state, filters) {
		u, err := url.Parse(chip.URL)
		if err != nil {
			return page, err
		}
		v := u.Query()
		v.Set("metric", q.metric)
		v.Set("group_by", string(q.group))
		page.Chips = append(page.Chips, ui.Chip{Label: chip.Label, URL: withQuery("/admin/usage", v)})
	}
	for name, problem := range q.state.problems {
		page.Problems = append(page.Problems, ui.FieldError{Label: filterName(ctx, name), Text: problem})
	}
	for _, metric := range usageMetrics {
		page.Metrics = append(page.Metrics, ui.Tab{Label: i18n.T(ctx, "usage.metric."+metric), URL: q.url("/admin/usage", "metric", metric), Current: metric == q.metric})
	}
	page.Groups, page.Rest = usageGroups(ctx, q, found.Stats, before)
	return page, nil
}

// maxGroups bounds the table of groups; the download has all of them.
const maxGroups = 50

func usageGroups(ctx context.Context, q usageQuery, found models.Stats, before *models.Stats) (rows []pages.UsageGroup, rest int) {
	lines := slices.Clone(found.Groups)
	if q.metric == "cost" {
		slices.SortStableFunc(lines, func(a, b models.StatGroupLine) int { return int(min(max(b.TotalCost-a.TotalCost, -1), 1)) })
	}
	for i, g := range lines {
		if i == maxGroups {
			return rows, len(lines) - maxGroups
		}
		row := usageGroup(ctx, g, found.Summary, lines[0], q.metric)
		row.URL = groupURL(q.state, q.group, g)
		if before != nil {
			at := slices.IndexFunc(before.Groups, func(e models.StatGroupLine) bool { return e.Key == g.Key })
			earlier := models.StatGroupLine{}
			if at >= 0 {
				earlier = before.Groups[at]
			}
			row.Change = change(ctx, measure(g.StatLine, q.metric), measure(earlier.StatLine, q.metric))
		}
		rows = append(rows, row)
	}
	return rows, 0
}

func usageGroup(ctx context.Context, g models.StatGroupLine, all models.StatLine, first models.StatGroupLine, metric string) pages.UsageGroup {
	row := pages.UsageGroup{
		Name: g.Name, Requests: ui.Count(g.RequestCount), Success: ui.Percent(ctx, g.SuccessCount, g.RequestCount), Input: ui.Tokens(g.InputTokens),
		Cached: ui.Dash, Output: ui.Tokens(g.OutputTokens), Cost: spendText(g.StatLine), CostShare: ui.Dash, Average: ui.Dash,
		FirstByte: ui.MillisecondsOf(g.FirstByteMS.P50) + " / " + ui.MillisecondsOf(g.FirstByteMS.P95),
		Total:     ui.MillisecondsOf(g.TotalMS.P50) + " / " + ui.MillisecondsOf(g.TotalMS.P95),
	}
	if g.InputTokens > 0 {
		row.Cached = percentText(float64(g.CachedInputTokens) / float64(g.InputTokens))
	}
	if all.TotalCost > 0 {
		row.CostShare = percentText(float64(g.TotalCost) / float64(all.TotalCost))
	}
	if known := g.RequestCount - g.UnknownCostCount; known > 0 {
		row.Average = ui.Money(g.TotalCost / models.NanoUSD(known))
	}
	if top := measure(first.StatLine, metric); top > 0 {
		row.Bar = measure(g.StatLine, metric) / top
	}
	if g.UnknownCostCount > 0 && g.UnknownCostCount < g.RequestCount {
		row.Cost += " + ?"
	}
	return row
}

func percentText(share float64) string { return strconv.FormatFloat(100*share, 'f', 1, 64) + " %" }

// measure is the figure that a metric compares.
func measure(s models.StatLine, metric string) float64 {
	switch metric {
	case "cost":
		return float64(s.TotalCost)
	case "tokens":
		return float64(s.InputTokens + s.OutputTokens)
	case "errors":
		return float64(s.FailureCount)
	default:
		return float64(s.RequestCount)
	}
}
