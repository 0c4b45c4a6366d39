package web

import (
	"context"
	"slices"
	"strconv"

	"squirrel/models"
	"squirrel/views/pages"
	"squirrel/views/ui"
)

// maxGroups bounds the table of groups, so that the page has less than 100 KB; the download has all of them.
const maxGroups = 30

// usageGroups are the lines of the table; groups that are gone since the earlier period come last.
func usageGroups(ctx context.Context, q usageQuery, found models.Stats, before *models.Stats) (rows []pages.UsageGroup, rest int) {
	lines := withGone(found.Groups, before)
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
			row.Change = difference(ctx, q.metric, &g.StatLine, &earlier.StatLine)
		}
		rows = append(rows, row)
	}
	return rows, 0
}

// withGone adds the groups that only the earlier period has.
func withGone(now []models.StatGroupLine, before *models.Stats) []models.StatGroupLine {
	lines := slices.Clone(now)
	if before == nil {
		return lines
	}
	for i := range before.Groups {
		e := &before.Groups[i]
		if !slices.ContainsFunc(now, func(g models.StatGroupLine) bool { return g.Key == e.Key }) {
			lines = append(lines, models.StatGroupLine{Key: e.Key, Name: e.Name})
		}
	}
	return lines
}

func usageGroup(ctx context.Context, g models.StatGroupLine, all models.StatLine, first models.StatGroupLine, metric string) pages.UsageGroup {
	row := pages.UsageGroup{
		Name: g.Name, Requests: ui.Count(g.RequestCount), Success: ui.Percent(ctx, g.SuccessCount, g.RequestCount), Input: ui.Tokens(g.InputTokens),
		Output: ui.Tokens(g.OutputTokens), Cost: spendText(g.StatLine), Average: ui.Dash,
		FirstByte: ui.MillisecondsPair(g.FirstByteMS.P50, g.FirstByteMS.P95),
		Total:     ui.MillisecondsPair(g.TotalMS.P50, g.TotalMS.P95),
	}
	if g.InputTokens > 0 {
		row.Cached = percentText(float64(g.CachedInputTokens) / float64(g.InputTokens))
	}
	if all.TotalCost > 0 && g.TotalCost > 0 {
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
