package web

import (
	"context"
	"time"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/ui"
)

// trend is a row of statistics with a place for each slot of the period; a slot without requests has none.
type trend struct {
	slots []slot
	lines []*models.StatLine
}

func (g grid) trend(points []models.StatPoint, start, end time.Time, zone *time.Location) trend {
	t := trend{slots: g.slots(nil, start, end, zone)}
	t.lines = make([]*models.StatLine, len(t.slots))
	i := 0
	for p := range points {
		for i < len(t.slots) && !points[p].Bucket.Before(t.slots[i].End) {
			i++
		}
		if i == len(t.slots) {
			break
		}
		if t.lines[i] == nil {
			t.lines[i] = &models.StatLine{}
		}
		add(t.lines[i], &points[p].StatLine)
	}
	return t
}

// add sums up what can be summed up. Percentiles can't: those of the last bucket stand, and the grid of the statistics has one
// bucket for each slot wherever they are shown.
func add(to, more *models.StatLine) {
	to.RequestCount += more.RequestCount
	to.SuccessCount += more.SuccessCount
	to.FailureCount += more.FailureCount
	to.InputTokens += more.InputTokens
	to.OutputTokens += more.OutputTokens
	to.CachedInputTokens += more.CachedInputTokens
	to.TotalCost = to.TotalCost.Add(more.TotalCost)
	to.UnknownCostCount += more.UnknownCostCount
	to.FirstByteMS, to.TotalMS = more.FirstByteMS, more.TotalMS
}

// values takes one figure out of each slot. A count of nothing is 0; what is nil stays unknown.
func (t trend) values(of func(*models.StatLine) *float64) []*float64 {
	values := make([]*float64, len(t.lines))
	for i, line := range t.lines {
		if line == nil {
			line = &models.StatLine{}
		}
		values[i] = of(line)
	}
	return values
}

func tally[T ~int64](of func(*models.StatLine) T) func(*models.StatLine) *float64 {
	return func(s *models.StatLine) *float64 { return ui.Number(float64(of(s))) }
}

// knownCost is what a slot cost; when nothing of it is known, it is a gap.
func knownCost(s *models.StatLine) *float64 {
	if s.RequestCount > 0 && s.UnknownCostCount == s.RequestCount {
		return nil
	}
	return ui.Number(float64(s.TotalCost))
}

func (w *Web) usageCharts(ctx context.Context, q usageQuery, found admin.Outcomes, before *models.Stats) []ui.Chart {
	start, end := period(q.state.query.Filter, found.Points, w.opts.Now())
	now := q.grid.trend(found.Trend, start, end, w.opts.Zone)
	var earlier *trend
	if before != nil {
		f := q.earlier(w).Filter
		t := q.grid.trend(before.Trend, *f.Start, *f.End, w.opts.Zone)
		earlier = &t
	}
	p := plotter{ctx: ctx, q: q, zone: w.opts.Zone.String(), now: now, earlier: earlier}
	count, money := figureFormat("tokens"), figureFormat("cost")
	switch q.metric {
	case "tokens":
		return []ui.Chart{p.chart("tokens", count, false,
			part{"input_plain", tally(func(s *models.StatLine) int64 { return max(s.InputTokens-s.CachedInputTokens, 0) })},
			part{"cached", tally(func(s *models.StatLine) int64 { return s.CachedInputTokens })},
			part{"output", tally(func(s *models.StatLine) int64 { return s.OutputTokens })}),
			p.chart("cached_share", percentText, true, part{"cached", func(s *models.StatLine) *float64 {
				if s.InputTokens == 0 {
					return nil
				}
				return ui.Number(float64(s.CachedInputTokens) / float64(s.InputTokens))
			}})}
	case "requests":
		return []ui.Chart{p.chart("requests", count, false, part{"requests", tally(func(s *models.StatLine) int64 { return s.RequestCount })})}
	case "latency":
		return []ui.Chart{
			p.chart("first_byte", ui.Milliseconds, true, percentiles(func(s *models.StatLine) models.Percentiles { return s.FirstByteMS })...),
			p.chart("total", ui.Milliseconds, true, percentiles(func(s *models.StatLine) models.Percentiles { return s.TotalMS })...),
		}
	case "errors":
		if earlier != nil { // a stack can't be compared with another
			return []ui.Chart{p.chart("errors", count, true, part{"failures", tally(func(s *models.StatLine) int64 { return s.FailureCount })})}
		}
		chart := w.outcomeChart(ctx, q.state, q.grid, found)
		chart.Series = chart.Series[1:]
		return []ui.Chart{chart}
	default:
		return []ui.Chart{p.chart("cost", money, false, part{"cost", knownCost})}
	}
}

func percentiles(of func(*models.StatLine) models.Percentiles) []part {
	return []part{
		{"p50", func(s *models.StatLine) *float64 { return of(s).P50 }}, {"p95", func(s *models.StatLine) *float64 { return of(s).P95 }},
		{"p99", func(s *models.StatLine) *float64 { return of(s).P99 }},
	}
}

// plotter draws figures over the slots of a period; with an earlier one, as lines next to each other.
type plotter struct {
	ctx     context.Context
	q       usageQuery
	zone    string
	now     trend
	earlier *trend
}

// chart is an empty drawing over slots, each of which leads to its requests.
func (q usageQuery) chart(slots []slot) (c ui.Chart) {
	for _, s := range slots {
		c.Labels = append(c.Labels, s.Start.Format(q.grid.layout))
		c.Links = append(c.Links, q.state.urlWithin(s.Start, s.End))
	}
	return c
}

// part is a figure with the key of its name.
type part struct {
	name string
	of   func(*models.StatLine) *float64
}

func (p plotter) chart(title string, format func(float64) string, lines bool, parts ...part) ui.Chart {
	c := p.q.chart(p.now.slots)
	c.Title, c.Format, c.Lines = i18n.T(p.ctx, "usage.chart."+title, "zone", p.zone), format, lines || p.earlier != nil
	for _, each := range parts {
		name := i18n.T(p.ctx, "usage.series."+each.name)
		c.Series = append(c.Series, ui.Series{Name: name, Values: p.now.values(each.of)})
		if p.earlier != nil {
			c.Series = append(c.Series, ui.Series{Name: i18n.T(p.ctx, "usage.earlier."+p.q.compare, "name", name), Values: p.earlier.values(each.of), Dashed: true})
		}
	}
	return c
}
