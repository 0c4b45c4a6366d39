package store

import (
	"context"
	"database/sql"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/oklog/ulid/v2"

	"squirrel/models"
)

const (
	maxPageSize     = 200
	defaultPageSize = 20
)

// ListLogs returns a page of the requests that match. Cursors are positions in the order of time: they stay right while rows are
// added. An unreadable cursor is an invalid request.
func (s *Store) ListLogs(ctx context.Context, page models.LogPage) (models.LogList, error) {
	var list models.LogList
	// What a filter is narrowed by has to be of the same moment as the rows: a request may end in between.
	err := s.inRead(ctx, func(tx *Store) (err error) {
		list, err = tx.listLogs(ctx, page)
		return err
	})
	return list, fail("list the logs", err)
}

func (s *Store) listLogs(ctx context.Context, page models.LogPage) (models.LogList, error) {
	page.Page = max(page.Page, 1)
	if page.PageSize <= 0 {
		page.PageSize = defaultPageSize
	}
	page.PageSize = min(page.PageSize, maxPageSize)
	if page.Sort == "" {
		page.Sort = models.SortTime
	}
	list := models.LogList{Page: page.Page, PageSize: page.PageSize}
	filter, err := s.listFilter(ctx, &page.Filter)
	if err != nil {
		return list, err
	}
	switch {
	case page.Sort != models.SortTime:
		list.Items, err = s.sortedPage(ctx, page, filter)
	case page.After != "" || page.Before != "":
		err = s.cursorPage(ctx, page, filter, &list)
	default:
		err = s.numberedPage(ctx, page, filter, &list)
	}
	if err != nil {
		return list, err
	}
	if list.Items == nil {
		list.Items = []models.RequestLog{}
	}
	return list, s.countList(ctx, page, filter, &list)
}

// countList tells how many match: exactly when the page is the last one, which says it all.
func (s *Store) countList(ctx context.Context, page models.LogPage, filter where, list *models.LogList) (err error) {
	byNumber := page.After == "" && page.Before == ""
	seen := int64((page.Page-1)*page.PageSize + len(list.Items))
	if byNumber && len(list.Items) < page.PageSize && (len(list.Items) > 0 || page.Page == 1) {
		list.Total = seen
		return nil
	}
	list.Total, list.TotalIsEstimate, err = s.total(ctx, &page.Filter, filter)
	if list.TotalIsEstimate && byNumber {
		list.Total = max(list.Total, seen)
	}
	return err
}

// listFilter is the filter, made short when the search text is the id of a request.
func (s *Store) listFilter(ctx context.Context, f *models.LogFilter) (where, error) {
	if _, err := ulid.ParseStrict(f.Query); err == nil {
		key, found, err := s.findKey(ctx, strings.ToUpper(f.Query))
		if err != nil {
			return where{}, err
		}
		if found {
			rest := *f
			rest.Query = ""
			w := s.filter(&rest)
			w.add("request_time = ? AND id = ?", key.time, key.id)
			w.span = bounds{&key.time, &key.time}
			return w, nil
		}
	}
	return s.narrow(ctx, f)
}

// everyFilter is the same for those who want every row, and not a page of them.
func (s *Store) everyFilter(ctx context.Context, f *models.LogFilter) (where, error) {
	w, err := s.listFilter(ctx, f)
	if among, found := s.among(f); found && err == nil && (w.index == failedIndex || w.index == "" && !rare(f)) {
		w.index = ""
		w = among.join(w)
	}
	return w, err
}

// order is an ORDER BY in which no two rows are equal. Unknown values come last either way.
func order(sort models.LogSort, ascending bool) (string, error) {
	direction := " DESC"
	if ascending {
		direction = " ASC"
	}
	byTime := "request_time" + direction + ", id" + direction
	switch sort {
	case models.SortTime:
		return byTime, nil
	case models.SortTotalTime, models.SortFirstByte, models.SortInputTokens, models.SortOutputTokens, models.SortCost, models.SortStatus:
		return string(sort) + direction + " NULLS LAST, " + byTime, nil
	}
	return "", models.Invalid("sort_by", "is not a column the list can be sorted by")
}

func (s *Store) selectLogs(ctx context.Context, w where, orderBy string, limit, offset int) (items []models.RequestLog, err error) {
	found := s.from(w) + " WHERE " + w.sql() + " ORDER BY " + orderBy + " LIMIT ? OFFSET ?"
	if w.byKey {
		found = "request_logs WHERE (request_time, id) IN (SELECT request_time, id FROM " + found + ") ORDER BY " + orderBy
	}
	query := "SELECT " + logColumnList + " FROM " + found
	args := append(w.values(), limit, offset)
	err = s.each(ctx, func(rows *sql.Rows) error {
		row, err := scanLog(rows)
		items = append(items, row.RequestLog)
		return err
	}, query, args...)
	return items, err
}

// logsByTime are rows in the order of time, or the other way, after offset others.
func (s *Store) logsByTime(ctx context.Context, w where, ascending bool, limit, offset int) (items []models.RequestLog, err error) {
	orderBy, err := order(models.SortTime, ascending)
	if err != nil {
		return nil, err
	}
	parts, err := s.inOrder(ctx, w, ascending)
	if err != nil {
		return nil, err
	}
	for part := range parts {
		found, err := s.selectLogs(ctx, part, orderBy, limit-len(items), offset)
		if err != nil {
			return nil, err
		}
		items = append(items, found...)
		if len(items) == limit {
			break
		}
		if offset > 0 && len(found) == 0 {
			var passed int
			if err := s.scalar(ctx, &passed, "SELECT COUNT(*) FROM "+s.from(part)+" WHERE "+part.sql(), part.values()...); err != nil {
				return nil, err
			}
			offset -= passed
		} else {
			offset = 0
		}
	}
	return items, nil
}

// sortedPage has no cursors: rows move in orders other than that of time.
func (s *Store) sortedPage(ctx context.Context, page models.LogPage, filter where) ([]models.RequestLog, error) {
	orderBy, err := order(page.Sort, page.Ascending)
	if err != nil {
		return nil, err
	}
	return s.selectLogs(ctx, filter, orderBy, page.PageSize, (page.Page-1)*page.PageSize)
}

func (s *Store) numberedPage(ctx context.Context, page models.LogPage, filter where, list *models.LogList) error {
	items, err := s.logsByTime(ctx, filter, page.Ascending, page.PageSize+1, (page.Page-1)*page.PageSize)
	if err != nil {
		return err
	}
	if len(items) > page.PageSize {
		items = items[:page.PageSize]
		list.NextCursor = cursorAt(items[len(items)-1])
	}
	if page.Page > 1 && len(items) > 0 {
		list.PrevCursor = cursorAt(items[0])
	}
	list.Items = items
	return nil
}

// cursorPage continues after a row, or goes back before one: then it reads in the reverse order and turns the page around.
func (s *Store) cursorPage(ctx context.Context, page models.LogPage, filter where, list *models.LogList) error {
	text, back := page.After, false
	if text == "" {
		text, back = page.Before, true
	}
	at, err := parseCursor(text)
	if err != nil {
		return err
	}
	ascending := page.Ascending != back
	items, err := s.logsByTime(ctx, filter.join(beyond(at, ascending)), ascending, page.PageSize+1, 0)
	if err != nil {
		return err
	}
	more := len(items) > page.PageSize
	items = items[:min(len(items), page.PageSize)]
	other := false // is there anything on the side the cursor came from?
	if len(items) > 0 {
		if other, err = s.anyBeyond(ctx, filter, keyOf(&items[0]), !ascending); err != nil {
			return err
		}
	}
	if back {
		slices.Reverse(items)
		more, other = other, more
	}
	list.Items = items
	if more {
		list.NextCursor = cursorAt(items[len(items)-1])
	}
	if other {
		list.PrevCursor = cursorAt(items[0])
	}
	return nil
}

// beyond holds for the rows on one side of a key. The bare comparison of the time is for the index.
func beyond(at logKey, ascending bool) (w where) {
	if ascending {
		w.add("request_time >= ? AND (request_time, id) > (?, ?)", at.time, at.time, at.id)
		w.span.first = &at.time
	} else {
		w.add("request_time <= ? AND (request_time, id) < (?, ?)", at.time, at.time, at.id)
		w.span.last = &at.time
	}
	return w
}

func (s *Store) anyBeyond(ctx context.Context, filter where, at logKey, ascending bool) (bool, error) {
	orderBy, err := order(models.SortTime, ascending)
	if err != nil {
		return false, err
	}
	parts, err := s.inOrder(ctx, filter.join(beyond(at, ascending)), ascending)
	if err != nil {
		return false, err
	}
	for w := range parts {
		found := false
		err := s.each(ctx, func(*sql.Rows) error { found = true; return nil },
			"SELECT 1 FROM "+s.from(w)+" WHERE "+w.sql()+" ORDER BY "+orderBy+" LIMIT 1", w.values()...)
		if found || err != nil {
			return found, err
		}
	}
	return false, nil
}

func cursorAt(l models.RequestLog) *string {
	key := keyOf(&l)
	text := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d.%s", key.time, key.id))
	return &text
}

func parseCursor(text string) (logKey, error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	micros, id, found := strings.Cut(string(raw), ".")
	at, errNumber := strconv.ParseInt(micros, 10, 64)
	if err != nil || errNumber != nil || !found || len(id) > 64 || clean(id, 64) != id {
		return logKey{}, models.Invalid("cursor", "is not a cursor of this list")
	}
	return logKey{at, id}, nil
}
