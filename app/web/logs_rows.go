package web

import (
	"context"
	"net/url"
	"strings"
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
	return row, err
}

func elapsed(l models.RequestLog, now time.Time) *float64 {
	ms := max(float64(now.Sub(l.RequestTime))/float64(time.Millisecond), 0)
	return &ms
}

const newsLimit = 50

// logNews answers the tick: how many requests are new, and in live mode their rows and those that have changed.
func (w *Web) logNews(c *fiber.Ctx, v url.Values, state logState) error {
	ctx := c.UserContext()
	since, err := time.Parse(time.RFC3339Nano, v.Get("since"))
	if err != nil {
		return fiber.ErrBadRequest
	}
	live := v.Get("live") == "1"
	fresh, more, err := w.opts.Admin.NewerLogs(ctx, state.query.Filter, since, newsLimit)
	if err != nil {
		return err
	}
	view := w.rowView(c, v, state)
	poll := pages.LogPoll{Count: len(fresh), More: more, Show: state.url("/admin/logs")}
	if !live {
		poll.URL = pollURL(state, since, false, nil)
		return send(c, pages.LogNews(poll, nil, nil, nil), nil)
	}
	followed := strings.FieldsFunc(v.Get("running"), func(r rune) bool { return r == ',' })
	changed, still, err := w.changedRows(ctx, view, followed)
	if err != nil {
		return err
	}
	rows := make([]pages.LogRow, len(fresh))
	for i := range fresh {
		if rows[i], err = view.row(ctx, fresh[i]); err != nil {
			return err
		}
	}
	if len(fresh) > 0 {
		since = fresh[0].RequestTime
	}
	poll.URL = pollURL(state, since, true, append(running(fresh), still...))
	if poll.Count = 0; more {
		poll.Count, poll.More, poll.Show = newsLimit, true, state.url("/admin/logs", "live", "1")
	}
	return send(c, pages.LogNews(poll, rows, changed, w.logColumns(c, v, state)), nil)
}

// changedRows reads the requests again that ran when the list was made.
func (w *Web) changedRows(ctx context.Context, view rowView, ids []string) (rows []pages.LogRow, still []string, err error) {
	for _, id := range ids[:min(len(ids), maxFollowed)] {
		found, err := w.opts.Admin.Log(ctx, id)
		if models.ErrorCode(err) == models.CodeNotFound {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		if found.State == models.LogRunning {
			still = append(still, id)
		}
		row, err := view.row(ctx, found.RequestLog)
		if err != nil {
			return nil, nil, err
		}
		rows = append(rows, row)
	}
	return rows, still, nil
}

// filterName is what a filter is called.
func filterName(ctx context.Context, name string) string {
	if key := "logs.filter." + name; i18n.Has(key) {
		return i18n.T(ctx, key)
	}
	return name
}
