package web

import (
	"context"
	"net/url"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/sync/errgroup"

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
	explore bool // the metric is drawn by group
	group   models.StatGroup
	compare string
}

var usageMetrics = pages.UsageMetrics

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
	if q.explore = q.metric == pages.UsageExplore; q.explore {
		q.metric = v.Get("figure")
	}
	if !slices.Contains(usageMetrics, q.metric) {
		q.metric = usageMetrics[0]
	}
	if !slices.Contains(pages.UsageGroups, q.group) {
		q.group = models.GroupModel
	}
	if q.state.query.Filter.Start != nil && slices.Contains(pages.UsageComparisons, v.Get("compare")) {
		q.compare = v.Get("compare")
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

// earlier asks for the period that this one is compared with.
func (q usageQuery) earlier(w *Web) models.StatsQuery {
	if q.compare == pages.CompareWeek {
		return admin.WeekBefore(q.stats(w), w.opts.Now())
	}
	return admin.Earlier(q.stats(w), w.opts.Now())
}

// url is this page with something changed.
func (q usageQuery) url(path string, changes ...string) string {
	own := []string{"metric", q.metric, "group_by", string(q.group), "compare", q.compare}
	if q.explore {
		own = append(own, "metric", pages.UsageExplore, "figure", q.metric)
	}
	return q.state.url(path, append(own, changes...)...)
}

// usage shows statistics: cost, tokens, requests, latency and errors over time, and by group.
func (w *Web) usage(c *fiber.Ctx) error {
	q, err := w.readUsage(c)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	found, before, err := w.periods(ctx, q)
	if err != nil {
		return err
	}
	page, err := w.usagePage(ctx, q, found, before)
	if err != nil {
		return err
	}
	if q.explore {
		chart, err := w.exploreChart(ctx, q, found)
		if err != nil {
			return err
		}
		page.Charts = []ui.Chart{chart}
	}
	if page.Projection, err = w.project(ctx, q, &found.Stats); err != nil {
		return err
	}
	return w.render(c, layout.Page{Title: i18n.T(ctx, "nav.usage"), Nav: layout.NavUsage, Body: pages.UsagePage(page)}, nil)
}

// periods reads the period that was asked for and the one it is compared with, if any, at once.
func (w *Web) periods(ctx context.Context, q usageQuery) (found admin.Outcomes, before *models.Stats, err error) {
	var reading errgroup.Group
	now, then := q.stats(w), q.earlier(w)
	now.Leading, then.Leading = maxGroups, maxGroups
	if q.metric == "latency" {
		then.Leading = 0 // who leads now need not have done so then
	}
	reading.Go(func() (err error) { found, err = w.opts.Admin.Outcomes(ctx, now); return err })
	if q.compare != "" {
		reading.Go(func() error {
			earlier, err := w.opts.Admin.Stats(ctx, then)
			before = &earlier
			return err
		})
	}
	return found, before, reading.Wait()
}

func (w *Web) usagePage(ctx context.Context, q usageQuery, found admin.Outcomes, before *models.Stats) (pages.Usage, error) {
	filters, err := w.logFilters(ctx, q.state)
	if err != nil {
		return pages.Usage{}, err
	}
	page := pages.Usage{
		Filters: filters, ClearURL: "/admin/usage", Zone: w.opts.Zone.String(), AsOf: ui.ClockTime(ctx, found.AsOf), Metric: q.metric, Group: string(q.group),
		Compare: q.compare, Figures: usageFigures(ctx, q, found.Summary, before), Charts: w.usageCharts(ctx, q, found, before),
		CSVTrend: q.url("/admin/usage/export", "of", "trend"), CSVGroup: q.url("/admin/usage/export", "of", "groups"), LogsURL: q.state.url("/admin/logs"),
	}
	fitChoices(ctx, &page.Filters)
	for _, answer := range []*models.Stats{&found.Stats, before} {
		if answer != nil && answer.CoarseBefore != nil {
			page.Coarse = max(page.Coarse, answer.CoarseBefore.UTC().Format(time.DateOnly))
		}
	}
	for _, chip := range w.chips(ctx, q.state, filters) {
		u, err := url.Parse(chip.URL)
		if err != nil {
			return page, err
		}
		v := u.Query()
		v.Set("metric", q.metric)
		if q.explore {
			v.Set("metric", pages.UsageExplore)
			v.Set("figure", q.metric)
		}
		v.Set("group_by", string(q.group))
		if q.compare != "" {
			v.Set("compare", q.compare)
		}
		page.Chips = append(page.Chips, ui.Chip{Label: chip.Label, URL: withQuery("/admin/usage", v)})
	}
	for name, problem := range q.state.problems {
		page.Problems = append(page.Problems, ui.FieldError{Label: filterName(ctx, name), Text: problem})
	}
	for _, metric := range usageMetrics {
		page.Metrics = append(page.Metrics, ui.Tab{Label: i18n.T(ctx, "usage.metric."+metric), URL: q.url("/admin/usage", "metric", metric, "figure", ""), Current: metric == q.metric && !q.explore})
	}
	page.Explore, page.CSVExplore = q.explore, q.url("/admin/usage/export", "of", pages.UsageExplore)
	page.Metrics = append(page.Metrics, ui.Tab{
		Label: i18n.T(ctx, "usage.metric."+pages.UsageExplore), URL: q.url("/admin/usage", "metric", pages.UsageExplore, "figure", q.metric), Current: q.explore,
	})
	page.Groups, page.Rest = usageGroups(ctx, q, found.Stats, before)
	return page, nil
}
