package web

import (
	"context"
	"encoding/csv"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

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
	count := func(f float64) string { return ui.Tokens(int64(f)) }
	money := func(f float64) string { return ui.Money(models.NanoUSD(f)) }
	switch q.metric {
	case "tokens":
		return []ui.Chart{p.chart("tokens", count, false,
			part{"input_plain", tally(func(s *models.StatLine) int64 { return max(s.InputTokens-s.CachedInputTokens, 0) })},
			part{"cached", tally(func(s *models.StatLine) int64 { return s.CachedInputTokens })},
			part{"output", tally(func(s *models.StatLine) int64 { return s.OutputTokens })}),
			p.chart("cached_share", func(f float64) string { return percentText(f) }, true, part{"cached", func(s *models.StatLine) *float64 {
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

// part is a figure with the key of its name.
type part struct {
	name string
	of   func(*models.StatLine) *float64
}

func (p plotter) chart(title string, format func(float64) string, lines bool, parts ...part) ui.Chart {
	c := ui.Chart{Title: i18n.T(p.ctx, "usage.chart."+title, "zone", p.zone), Format: format, Lines: lines || p.earlier != nil}
	for _, s := range p.now.slots {
		c.Labels = append(c.Labels, s.Start.Format(p.q.grid.layout))
		c.Links = append(c.Links, p.q.state.urlWithin(s.Start, s.End))
	}
	for _, each := range parts {
		name := i18n.T(p.ctx, "usage.series."+each.name)
		c.Series = append(c.Series, ui.Series{Name: name, Values: p.now.values(each.of)})
		if p.earlier != nil {
			c.Series = append(c.Series, ui.Series{Name: i18n.T(p.ctx, "usage.earlier."+p.q.compare, "name", name), Values: p.earlier.values(each.of), Dashed: true})
		}
	}
	return c
}

// exportUsage is the statistics as CSV: over time, or by group. Amounts are exact; an unknown cost is empty.
func (w *Web) exportUsage(c *fiber.Ctx) error {
	q, err := w.readUsage(c)
	if err != nil {
		return err
	}
	found, err := w.opts.Admin.Stats(c.UserContext(), q.stats(w))
	if err != nil {
		return err
	}
	var out strings.Builder
	table := csv.NewWriter(&out)
	name, first := "usage-by-"+string(q.group), string(q.group)
	if c.Query("of") == "trend" {
		name, first = "usage-over-time", "begins"
	}
	rows := [][]string{append([]string{first}, usageHeader...)}
	if c.Query("of") == "trend" {
		for i := range found.Trend {
			rows = append(rows, usageRecord(found.Trend[i].Bucket.In(w.opts.Zone).Format(time.RFC3339), &found.Trend[i].StatLine))
		}
	} else {
		for i := range found.Groups {
			rows = append(rows, usageRecord(inert(found.Groups[i].Name), &found.Groups[i].StatLine))
		}
	}
	if err := table.WriteAll(rows); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "text/csv; charset=utf-8")
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="`+name+`.csv"`)
	return c.SendString(out.String())
}

var usageHeader = []string{
	"requests", "successes", "failures", "input_tokens", "cached_input_tokens", "output_tokens", "cost_usd", "unknown_costs", "first_byte_ms_p50",
	"first_byte_ms_p95", "first_byte_ms_p99", "total_ms_p50", "total_ms_p95", "total_ms_p99",
}

func usageRecord(name string, s *models.StatLine) []string {
	record := []string{name}
	for _, n := range []int64{s.RequestCount, s.SuccessCount, s.FailureCount, s.InputTokens, s.CachedInputTokens, s.OutputTokens} {
		record = append(record, strconv.FormatInt(n, 10))
	}
	cost := s.TotalCost.String()
	if s.RequestCount > 0 && s.UnknownCostCount == s.RequestCount {
		cost = ""
	}
	record = append(record, cost, strconv.FormatInt(s.UnknownCostCount, 10))
	for _, ms := range []*float64{s.FirstByteMS.P50, s.FirstByteMS.P95, s.FirstByteMS.P99, s.TotalMS.P50, s.TotalMS.P95, s.TotalMS.P99} {
		text := ""
		if ms != nil {
			text = strconv.FormatFloat(*ms, 'f', -1, 64)
		}
		record = append(record, text)
	}
	return record
}

// inert keeps a spreadsheet from taking a name for a formula.
func inert(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
