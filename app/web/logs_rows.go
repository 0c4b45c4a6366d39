package web

import (
	"context"
	"net/url"
	"time"

	"github.com/gofiber/fiber/v2"

	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/pages"
)

// rowView makes rows of requests.
type rowView struct {
	w      *Web
	state  logState
	open   string // the request whose attempts are shown
	cursor []string
}

func (w *Web) rowView(_ *fiber.Ctx, v url.Values, state logState) rowView {
	view := rowView{w: w, state: state, open: v.Get("open")}
	for _, name := range []string{"after", "before", "page", "live"} {
		if v.Has(name) {
			view.cursor = append(view.cursor, name, v.Get(name))
		}
	}
	return view
}

func (r rowView) row(ctx context.Context, l models.RequestLog) (pages.LogRow, error) {
	row := pages.LogRow{RequestLog: l, URL: r.state.url("/admin/logs/" + url.PathEscape(l.ID)), Back: r.state.url("/admin/logs", r.cursor...)}
	if l.State == models.LogRunning {
		row.Elapsed = elapsed(l, r.w.opts.Now())
		row.CanCancel = r.w.opts.Admin.CanCancel()
	}
	if l.AttemptCount < 2 && l.ID != r.open {
		return row, nil
	}
	if row.Open = l.ID == r.open; !row.Open {
		row.ExpandURL = r.state.url("/admin/logs", append(r.cursor[:len(r.cursor):len(r.cursor)], "open", l.ID)...) + "#log-" + l.ID
		return row, nil
	}
	row.ExpandURL = row.Back + "#log-" + l.ID
	view, err := r.w.opts.Admin.Log(ctx, l.ID)
	row.Attempts = attemptRows(view)
	if earlier := len(row.Attempts) - attemptsAtOnce; earlier > 0 {
		row.Attempts, row.EarlierURL = row.Attempts[earlier:], r.state.url("/admin/logs/"+url.PathEscape(l.ID), "attempt", "1")
	}
	return row, err
}

func (r rowView) rows(ctx context.Context, items []models.RequestLog) ([]pages.LogRow, error) {
	rows := make([]pages.LogRow, len(items))
	for i := range items {
		row, err := r.row(ctx, items[i])
		if err != nil {
			return nil, err
		}
		rows[i] = row
	}
	return rows, nil
}

func elapsed(l models.RequestLog, now time.Time) *float64 {
	ms := max(float64(now.Sub(l.RequestTime))/float64(time.Millisecond), 0)
	return &ms
}

const newsLimit = 50

// logNews answers the tick: how many requests are new, and to a follower their rows and those that have changed.
func (w *Web) logNews(c *fiber.Ctx, v url.Values, state logState) error {
	ctx := c.UserContext()
	since, err := time.Parse(time.RFC3339Nano, v.Get("since"))
	if err != nil {
		return fiber.ErrBadRequest
	}
	if v.Get("live") == "1" {
		return w.tailNews(c, v, state, since)
	}
	fresh, more, err := w.opts.Admin.NewerLogs(ctx, state.query.Filter, since, newsLimit)
	if err != nil {
		return err
	}
	return send(c, pages.LogPoller(pages.LogPoll{URL: pollURL(state, since), Count: len(fresh), More: more, Show: state.url("/admin/logs")}), nil)
}

// filterName is what a filter is called.
func filterName(ctx context.Context, name string) string {
	if key := "logs.filter." + name; i18n.Has(key) {
		return i18n.T(ctx, key)
	}
	return name
}
