package web

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"squirrel/models"
	"squirrel/views/pages"
)

const (
	tailOverlap  = 5 * time.Second // how late a record may reach the database and still be shown in its place in time
	tailWindow   = 4000            // records that are read at once, at most
	tailRows     = 300             // rows that a page shows, and so that are sent at once
	tailsKept    = 50              // followers that are remembered
	tailsRunning = 100             // running requests that a follower is kept up to date about
)

// tails remembers what the pages that follow the log have been told, so that a record which arrives late is neither missed
// nor told twice. A follower that was forgotten, or asks another instance, goes on from the time it knows.
type tails struct {
	mu  sync.Mutex
	all map[string]*tail
}

// tail is one follower.
type tail struct {
	mu   sync.Mutex
	told map[string]toldRow
	used time.Time
}

type toldRow struct {
	began time.Time
	state models.LogState
}

// begin registers a follower that has been shown items.
func (t *tails) begin(items []models.RequestLog, now time.Time) string {
	id := rand.Text()
	follower := t.find(id, now)
	follower.tell(items)
	return id
}

// find returns a follower, a new one when it is not known; the least recently seen one makes room.
func (t *tails) find(id string, now time.Time) *tail {
	t.mu.Lock()
	defer t.mu.Unlock()
	follower := t.all[id]
	if follower == nil {
		if t.all == nil {
			t.all = map[string]*tail{}
		}
		for len(t.all) >= tailsKept {
			delete(t.all, t.oldest())
		}
		follower = &tail{told: map[string]toldRow{}}
		t.all[id] = follower
	}
	follower.used = now
	return follower
}

func (t *tails) oldest() (id string) {
	for each, follower := range t.all {
		if id == "" || follower.used.Before(t.all[id].used) {
			id = each
		}
	}
	return id
}

func (t *tail) tell(items []models.RequestLog) {
	for i := range items {
		t.told[items[i].ID] = toldRow{items[i].RequestTime, items[i].State}
	}
}

// sort tells new records from those that have changed. Of a follower without a memory, what began before since is known.
func (t *tail) sort(items []models.RequestLog, since time.Time) (fresh, changed []models.RequestLog) {
	blank := len(t.told) == 0
	for i := range items {
		known, told := t.told[items[i].ID]
		switch {
		case told && known.state != items[i].State:
			changed = append(changed, items[i])
		case !told && (!blank || items[i].RequestTime.After(since)):
			fresh = append(fresh, items[i])
		}
	}
	t.tell(items)
	return fresh, changed
}

// forget drops what can't come again, and returns the requests that still run although they began before the window.
func (t *tail) forget(before time.Time) (running []string) {
	for id, known := range t.told {
		switch {
		case !known.began.Before(before):
		case known.state == models.LogRunning && len(running) < tailsRunning:
			running = append(running, id)
		default:
			delete(t.told, id)
		}
	}
	slices.Sort(running)
	return running
}

// tailNews answers a follower: the records that are new to it, newest first, and those that have ended since.
func (w *Web) tailNews(c *fiber.Ctx, v url.Values, state logState, since time.Time) error {
	ctx := c.UserContext()
	follower := w.tails.find(v.Get("tail"), w.opts.Now())
	follower.mu.Lock()
	defer follower.mu.Unlock()
	start := since.Add(-tailOverlap)
	fresh, changed, newest, err := w.readTail(ctx, follower, state, start, since)
	if err != nil {
		return err
	}
	answer := pages.LogTail{URL: tailURL(state, v.Get("tail"), newest), Skipped: max(len(fresh)-tailRows, 0), Columns: w.logColumns(c, state)}
	view := w.rowView(c, v, state)
	if answer.Fresh, err = view.rows(ctx, fresh[:len(fresh)-answer.Skipped]); err != nil {
		return err
	}
	if answer.Changed, err = view.rows(ctx, changed); err != nil {
		return err
	}
	return send(c, pages.LogTailNews(answer), nil)
}

// errWindowFull ends a reading of the log that has seen enough.
var errWindowFull = errors.New("web: more records than are followed at once")

func (w *Web) readTail(ctx context.Context, follower *tail, state logState, start, since time.Time) (fresh, changed []models.RequestLog, newest time.Time, err error) {
	f := state.query.Filter
	f.Start, newest = &start, since
	var items []models.RequestLog
	err = w.opts.Admin.EachLog(ctx, f, func(l models.RequestLog) error {
		if items = append(items, l); len(items) == tailWindow {
			return errWindowFull
		}
		return nil
	})
	if err != nil && !errors.Is(err, errWindowFull) {
		return nil, nil, since, err
	}
	if len(items) > 0 && items[0].RequestTime.After(since) {
		newest = items[0].RequestTime
	}
	fresh, changed = follower.sort(items, since)
	ended, err := w.ended(ctx, follower.forget(start))
	follower.tell(ended)
	return fresh, append(changed, ended...), newest, err
}

// ended reads the requests that ran when they were told, and returns those that don't any more.
func (w *Web) ended(ctx context.Context, ids []string) (items []models.RequestLog, err error) {
	for _, id := range ids {
		found, err := w.opts.Admin.Log(ctx, id)
		switch {
		case models.ErrorCode(err) == models.CodeNotFound:
		case err != nil:
			return nil, err
		case found.State != models.LogRunning:
			items = append(items, found.RequestLog)
		}
	}
	return items, nil
}

func tailURL(state logState, id string, since time.Time) string {
	return state.url("/admin/logs", "since", since.UTC().Format(time.RFC3339Nano), "live", "1", "tail", id)
}
