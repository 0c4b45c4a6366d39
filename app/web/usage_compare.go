package web

import (
	"context"
	"time"

	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/pages"
	"squirrel/views/ui"
)

// compared is the figure of a metric that periods are compared by; nil = unknown.
func compared(metric string, s *models.StatLine) *float64 {
	switch metric {
	case "cost":
		return knownCost(s)
	case "latency":
		return s.TotalMS.P95
	}
	return ui.Number(measure(*s, metric))
}

// difference is how the figure of a metric changed; what is unknown in either period can't be compared.
func difference(ctx context.Context, metric string, now, before *models.StatLine) string {
	a, b := compared(metric, now), compared(metric, before)
	if a == nil || b == nil {
		return ui.Dash
	}
	return change(ctx, *a, *b)
}

// usageFigures are the figures of the period, with what changed since the earlier one.
func usageFigures(ctx context.Context, q usageQuery, now models.StatLine, before *models.Stats) []ui.StatProps {
	figures := logFigures(ctx, now)
	if before == nil {
		return figures
	}
	if before.Summary.RequestCount == 0 {
		figures[0].Note = i18n.T(ctx, "usage.nothing."+q.compare)
		return figures
	}
	for i, metric := range []string{"requests", "", "cost", "tokens", "", "latency"} {
		if metric != "" {
			figures[i].Note = i18n.T(ctx, "usage.versus."+q.compare, "change", difference(ctx, metric, &now, &before.Summary))
		}
	}
	if now.UnknownCostCount > 0 {
		figures[2].Note = unknownNote(ctx, now) + "; " + figures[2].Note
	}
	return figures
}

// A projection needs most of a day: less says nothing about a month.
const projectedFrom = 20 * time.Hour

// project estimates what the requests of this page will have cost at the end of the month: what they have cost since it began
// and, until it ends, the pace of the period. A period that does not reach until now has no pace of today; nor has one
// without known costs, or with those of one day or hour only.
func (w *Web) project(ctx context.Context, q usageQuery, found *models.Stats) (*pages.Projection, error) {
	now := w.opts.Now().In(w.opts.Zone)
	f := q.state.query.Filter
	if q.metric != "cost" || f.State == models.LogRunning || f.End != nil && f.End.Before(now) || len(found.Trend) < 2 || found.Summary.TotalCost == 0 {
		return nil, nil
	}
	from := found.Trend[0].Bucket // a gateway that is new has no more than this
	if f.Start != nil && f.Start.After(from) {
		from = *f.Start
	}
	passed := now.Sub(from)
	if passed < projectedFrom {
		return nil, nil
	}
	month := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, w.opts.Zone)
	end := month.AddDate(0, 1, 0)
	so := q.stats(w)
	so.Filter.Start, so.Filter.End, so.Group, so.Bucket = &month, nil, "", models.BucketDay
	spent, err := w.opts.Admin.Stats(ctx, so)
	if err != nil {
		return nil, err
	}
	perDay := float64(found.Summary.TotalCost) / (passed.Hours() / 24)
	rest := perDay * end.Sub(now).Hours() / 24
	return &pages.Projection{
		Expected: ui.Money(spent.Summary.TotalCost.Add(models.NanoUSD(rest))), Spent: ui.Money(spent.Summary.TotalCost),
		PerDay: ui.Money(models.NanoUSD(perDay)), Month: now.Format("2006-01"), Unknown: spent.Summary.UnknownCostCount+found.Summary.UnknownCostCount > 0,
	}, nil
}
