package web

import (
	"cmp"
	"encoding/csv"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"squirrel/models"
	"squirrel/views/pages"
)

// exportUsage is the statistics as CSV: over time, or by group; with those of the earlier period when the page compares. Amounts
// are exact; an unknown cost is empty.
func (w *Web) exportUsage(c *fiber.Ctx) error {
	q, err := w.readUsage(c)
	if err != nil {
		return err
	}
	found, err := w.opts.Admin.Stats(c.UserContext(), q.stats(w))
	if err != nil {
		return err
	}
	var before *models.Stats
	if q.compare != "" {
		earlier, err := w.opts.Admin.Stats(c.UserContext(), q.earlier(w))
		if err != nil {
			return err
		}
		before = &earlier
	}
	name, rows := "usage-by-"+string(q.group), groupRecords(q, &found, before)
	switch c.Query("of") {
	case "trend":
		name, rows = "usage-over-time", w.trendRecords(q, &found, before)
	case pages.UsageExplore:
		name += "-over-time"
		if rows, err = w.exploreRecords(c.UserContext(), q, &found); err != nil {
			return err
		}
	}
	var out strings.Builder
	if err := csv.NewWriter(&out).WriteAll(rows); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "text/csv; charset=utf-8")
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="`+name+`.csv"`)
	return c.SendString(out.String())
}

// groupRecords has the lines of the page's table, all of them: groups that are gone since the earlier period come last.
func groupRecords(q usageQuery, found, before *models.Stats) [][]string {
	rows := [][]string{append([]string{string(q.group)}, usageHeader...)}
	var earlier map[string]*models.StatLine
	if before != nil {
		rows[0] = append(rows[0], earlierHeader(q.metric)...)
		earlier = make(map[string]*models.StatLine, len(before.Groups))
		for i := range before.Groups {
			earlier[before.Groups[i].Key] = &before.Groups[i].StatLine
		}
	}
	for _, g := range withGone(found.Groups, before) {
		row := append([]string{inert(g.Name)}, usageFields(&g.StatLine)...)
		if before != nil {
			row = append(row, earlierFields(q.metric, &g.StatLine, earlier[g.Key])...)
		}
		rows = append(rows, row)
	}
	return rows
}

// trendRecords has the times at which there were requests.
func (w *Web) trendRecords(q usageQuery, found, before *models.Stats) [][]string {
	rows := [][]string{append([]string{"begins"}, usageHeader...)}
	if before == nil {
		for i := range found.Trend {
			rows = append(rows, append([]string{w.moment(found.Trend[i].Bucket)}, usageFields(&found.Trend[i].StatLine)...))
		}
		return rows
	}
	rows[0] = append(append(rows[0], "earlier_begins"), earlierHeader(q.metric)...)
	// Both periods are walked slot by slot, as the chart draws them: the n-th of the one beside the n-th of the other.
	at, earlierAt := q.grid.floor(q.state.query.Filter.Start.In(w.opts.Zone)), q.grid.floor(q.earlier(w).Filter.Start.In(w.opts.Zone))
	now, earlier := found.Trend, before.Trend
	for len(now) > 0 || len(earlier) > 0 {
		next, earlierNext := q.grid.next(at), q.grid.next(earlierAt)
		var a, b *models.StatLine
		a, now = upTo(now, next)
		b, earlier = upTo(earlier, earlierNext)
		if a != nil || b != nil {
			if a == nil {
				a = &models.StatLine{}
			}
			row := append([]string{w.moment(at)}, usageFields(a)...)
			rows = append(rows, append(append(row, w.moment(earlierAt)), earlierFields(q.metric, a, b)...))
		}
		at, earlierAt = next, earlierNext
	}
	return rows
}

func (w *Web) moment(t time.Time) string { return t.In(w.opts.Zone).Format(time.RFC3339) }

// upTo sums up the points before a time, nil when there are none, and returns the others.
func upTo(points []models.StatPoint, end time.Time) (sum *models.StatLine, rest []models.StatPoint) {
	for len(points) > 0 && points[0].Bucket.Before(end) {
		if sum == nil {
			sum = &models.StatLine{}
		}
		add(sum, &points[0].StatLine)
		points = points[1:]
	}
	return sum, points
}

var usageHeader = []string{
	"requests", "successes", "failures", "input_tokens", "cached_input_tokens", "output_tokens", "cost_usd", "unknown_costs", "first_byte_ms_p50",
	"first_byte_ms_p95", "first_byte_ms_p99", "total_ms_p50", "total_ms_p95", "total_ms_p99",
}

func usageFields(s *models.StatLine) []string {
	record := make([]string, 0, len(usageHeader))
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

// earlierHeader names the columns of a comparison: every figure of the earlier period, and how much that of the metric changed.
func earlierHeader(metric string) []string {
	header := make([]string, 0, len(usageHeader)+1)
	for _, name := range usageHeader {
		header = append(header, "earlier_"+name)
	}
	figure := map[string]string{"cost": "cost_usd", "tokens": "tokens", "latency": "total_ms_p95", "errors": "failures"}[metric]
	return append(header, cmp.Or(figure, "requests")+"_change_percent")
}

// earlierFields has zeros for counts of an earlier period without requests. What is unknown in either period, or was nothing in
// the earlier one, has no change in per cent. A number below zero is no formula: it stays one to calculate with.
func earlierFields(metric string, now, before *models.StatLine) []string {
	if before == nil {
		before = &models.StatLine{}
	}
	percent := ""
	if a, b := compared(metric, now), compared(metric, before); a != nil && b != nil && *b != 0 {
		percent = strconv.FormatFloat(100*(*a-*b) / *b, 'f', 1, 64)
	}
	return append(usageFields(before), percent)
}

// inert keeps a spreadsheet from taking a name for a formula.
func inert(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
