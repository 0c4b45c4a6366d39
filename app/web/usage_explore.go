package web

import (
	"cmp"
	"context"
	"slices"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/pages"
	"squirrel/views/ui"
)

// How many groups are drawn: more colours, and lines that cross, nobody can tell apart.
const (
	exploredStack = 7 // and the others
	exploredLines = 5
)

// exploreChart draws a figure of each leading group over time: stacked, with what all others have; percentiles, which can't be
// added up, as lines.
func (w *Web) exploreChart(ctx context.Context, q usageQuery, found admin.Outcomes) (ui.Chart, error) {
	leading, trends, err := w.explored(ctx, q, found.Groups)
	if err != nil {
		return ui.Chart{}, err
	}
	start, end := period(q.state.query.Filter, found.Points, w.opts.Now())
	all := q.grid.trend(found.Trend, start, end, w.opts.Zone)
	chart := q.chart(all.slots)
	chart.Title = i18n.T(ctx, "usage.explore."+q.metric, "group", i18n.T(ctx, "overview.by."+string(q.group)), "zone", w.opts.Zone.String())
	chart.Format, chart.Lines = figureFormat(q.metric), q.metric == "latency"
	rest := all.values(figureOf(q.metric))
	for _, g := range leading {
		values := q.grid.trend(trends[g.Key], start, end, w.opts.Zone).values(figureOf(q.metric))
		takeAway(rest, values)
		chart.Series = append(chart.Series, ui.Series{Name: pages.GroupName(ctx, g.Name), Values: values})
	}
	if !chart.Lines && len(found.Groups) > len(leading) {
		chart.Series = append(chart.Series, ui.Series{Name: i18n.T(ctx, "usage.explore.others"), Values: rest, Tone: ui.Neutral})
	}
	return chart, nil
}

// explored are the leading groups and their trends.
func (w *Web) explored(ctx context.Context, q usageQuery, groups []models.StatGroupLine) ([]models.StatGroupLine, map[string][]models.StatPoint, error) {
	leading := exploredGroups(q, groups)
	keys := make([]string, len(leading))
	for i := range leading {
		keys[i] = leading[i].Key
	}
	trends, err := w.opts.Admin.GroupTrends(ctx, q.stats(w), keys)
	return leading, trends, err
}

// exploreRecords has a line for each leading group and time at which it had requests.
func (w *Web) exploreRecords(ctx context.Context, q usageQuery, found *models.Stats) ([][]string, error) {
	leading, trends, err := w.explored(ctx, q, found.Groups)
	rows := [][]string{append([]string{"begins", string(q.group)}, usageHeader...)}
	for _, g := range leading {
		for i := range trends[g.Key] {
			p := &trends[g.Key][i]
			rows = append(rows, append([]string{w.moment(p.Bucket), inert(g.Name)}, usageFields(&p.StatLine)...))
		}
	}
	return rows, err
}

// exploredGroups are those with most of a figure; by percentiles, those with most requests.
func exploredGroups(q usageQuery, groups []models.StatGroupLine) []models.StatGroupLine {
	leading, most := slices.Clone(groups), exploredStack
	if q.metric == "latency" {
		most = exploredLines
	}
	slices.SortStableFunc(leading, func(a, b models.StatGroupLine) int {
		return cmp.Compare(measure(b.StatLine, q.metric), measure(a.StatLine, q.metric))
	})
	if len(leading) == most+1 && q.metric != "latency" {
		return leading // rather than one that is called others
	}
	return leading[:min(most, len(leading))]
}

// figureOf takes the figure out of a slot. A cost of which nothing is known is none: in a stack it can't be a gap.
func figureOf(metric string) func(*models.StatLine) *float64 {
	if metric == "latency" {
		return func(s *models.StatLine) *float64 { return s.TotalMS.P95 }
	}
	return func(s *models.StatLine) *float64 { return ui.Number(measure(*s, metric)) }
}

func takeAway(rest, values []*float64) {
	for i := range rest {
		if rest[i] != nil && values[i] != nil {
			rest[i] = ui.Number(max(*rest[i]-*values[i], 0))
		}
	}
}

func figureFormat(metric string) func(float64) string {
	switch metric {
	case "cost":
		return func(f float64) string { return ui.Money(models.NanoUSD(f)) }
	case "latency":
		return ui.Milliseconds
	}
	return func(f float64) string { return ui.Tokens(int64(f)) }
}
