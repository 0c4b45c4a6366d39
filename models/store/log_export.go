package store

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"squirrel/models"
)

const (
	exportPage  = 500
	mostRunning = 1_000 // requests whose end an export watches for
)

// EachLog calls fn for every request that matches, newest first, until fn returns an error, which it passes on. It reads in
// pages, so that no reader and no memory is held while fn works.
func (s *Store) EachLog(ctx context.Context, f models.LogFilter, fn func(models.RequestLog) error) error {
	e := export{asked: f}
	for more := true; more; {
		items, err := e.page(ctx, s)
		if err != nil {
			return fail("read the logs", err)
		}
		for i := range items {
			if err := fn(items[i]); err != nil {
				return err
			}
		}
		more = !e.done
	}
	return nil
}

// export reads a filter page by page. What the filter is narrowed by is looked up once, for it takes as long as a page of rows.
// It holds for all that had ended by then, and for what still runs; those that ran then and have ended since are read one by one.
type export struct {
	asked   models.LogFilter
	filter  *where
	running []logKey // of the moment in which the filter was narrowed, newest first
	last    logKey   // that was read
	rest    where    // what is behind it
	done    bool
}

func (e *export) page(ctx context.Context, s *Store) (items []models.RequestLog, err error) {
	err = s.inRead(ctx, func(tx *Store) error {
		if e.filter == nil {
			if err := e.narrow(ctx, tx); err != nil {
				return err
			}
		}
		if items, err = tx.logsByTime(ctx, e.filter.join(e.rest), false, exportPage, 0); err != nil {
			return err
		}
		e.done = len(items) < exportPage
		if !e.done {
			e.last = keyOf(&items[len(items)-1])
			e.rest = beyond(e.last, false)
		}
		items, err = e.addEnded(ctx, tx, items)
		return err
	})
	return items, err
}

// narrow looks at the filter and at what runs in one moment. With very many running requests the next page does so again.
func (e *export) narrow(ctx context.Context, tx *Store) error {
	filter, err := tx.listFilter(ctx, &e.asked)
	if err != nil {
		return err
	}
	e.running = nil
	err = tx.each(ctx, func(rows *sql.Rows) error {
		var key logKey
		err := rows.Scan(&key.time, &key.id)
		e.running = append(e.running, key)
		return err
	}, "SELECT request_time, id FROM request_logs WHERE state = 'running' LIMIT ?", mostRunning+1)
	slices.SortFunc(e.running, newerFirst)
	e.filter = &filter
	return err
}

// addEnded adds to a page the requests of its span that have ended since the filter was narrowed, and may not be found by it.
func (e *export) addEnded(ctx context.Context, tx *Store, items []models.RequestLog) ([]models.RequestLog, error) {
	if len(e.running) > mostRunning {
		e.filter, e.running = nil, nil
		return items, nil
	}
	found := map[string]bool{}
	for i := range items {
		found[items[i].ID] = true
	}
	for len(e.running) > 0 && (e.done || newerFirst(e.running[0], e.last) <= 0) {
		key := e.running[0]
		if e.running = e.running[1:]; found[key.id] {
			continue
		}
		w := tx.filter(&e.asked)
		w.add("request_time = ? AND id = ?", key.time, key.id)
		w.span = bounds{&key.time, &key.time}
		ended, err := tx.logsByTime(ctx, w, false, 1, 0)
		if err != nil {
			return nil, err
		}
		items = append(items, ended...)
	}
	slices.SortStableFunc(items, func(a, b models.RequestLog) int { return newerFirst(keyOf(&a), keyOf(&b)) })
	return items, nil
}

// newerFirst is the order of the list.
func newerFirst(a, b logKey) int {
	if a.time != b.time {
		if a.time > b.time {
			return -1
		}
		return 1
	}
	return strings.Compare(b.id, a.id)
}
