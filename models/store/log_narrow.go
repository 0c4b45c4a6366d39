package store

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"squirrel/models"
)

// A page of the list is read from the newest request on until enough match. That is quick for what is frequent, and for what an
// index finds; here the filter is changed, where that can be known, so that what is rare or not there needs no look at every row.

const (
	userLimit  = 2_000 // of different users; a log with more of them is searched row by row
	namedUsers = 200   // that a text may stand for
	rareUser   = 3_000 // requests that may be looked at one by one, all over the log

	rareSeries   = 40  // combinations of dimensions, and
	rareQuarters = 200 // the quarters of an hour in which they occur
)

// narrow adds what is known of the rows that can match.
func (s *Store) narrow(ctx context.Context, f *models.LogFilter) (where, error) {
	series, all, err := s.seriesOf(ctx, f)
	if err != nil {
		return where{}, err
	}
	if all && len(series) == 0 {
		return s.unended(f), nil
	}
	rest := *f
	var found where
	if f.UserID != "" {
		rest.UserID = ""
		if found, err = s.userFilter(ctx, f); err != nil {
			return where{}, err
		}
	}
	w := found.join(s.filter(&rest))
	if w.few() || s.postgres() {
		return w, nil
	}
	if among, found := s.among(f); found && named(f) {
		return among.join(w), nil
	}
	if !all {
		return w, nil
	}
	quarters, few, err := s.quartersOf(ctx, series, f)
	switch {
	case few && len(quarters) == 0:
		return nothing(), err
	case few:
		w.quarters = quarters
	}
	return w, err
}

// nothing holds for no row.
func nothing() where { return where{terms: []string{"1 = 0"}} }

// unended is the filter when nothing that ended can match: what runs is not in the statistics yet.
func (s *Store) unended(f *models.LogFilter) where {
	if f.State == models.LogDone {
		return nothing()
	}
	running := *f
	running.State = models.LogRunning
	return s.filter(&running)
}

// seriesOf lists the series that have the dimensions of a filter; all is false when there are many, or it names none.
func (s *Store) seriesOf(ctx context.Context, f *models.LogFilter) (series []any, all bool, err error) {
	w := s.seriesFilter(f)
	if len(w.terms) == 0 || f.State == models.LogRunning {
		return nil, false, nil
	}
	err = s.each(ctx, func(rows *sql.Rows) error {
		var id []byte
		err := rows.Scan(&id)
		series = append(series, id)
		return err
	}, "SELECT id FROM usage_series WHERE "+w.sql()+" LIMIT ?", append(w.args, rareSeries+1)...)
	return series, len(series) <= rareSeries, err
}

// quartersOf lists the quarters of an hour in which there are requests of some series, or any that run, unless there are many. Those that run are asked for first: one that ends meanwhile is in both lists, not in neither.
func (s *Store) quartersOf(ctx context.Context, series []any, f *models.LogFilter) (quarters []int64, few bool, err error) {
	running := s.indexed(&models.LogFilter{State: models.LogRunning})
	quarters, err = s.numbers(ctx, "SELECT DISTINCT request_time - request_time % ? FROM "+s.from(running)+" WHERE "+running.sql()+" LIMIT ?",
		quarterMicros, rareQuarters+1)
	if err != nil || len(quarters) > rareQuarters {
		return nil, false, err
	}
	var w where
	w.add("grain = ? AND series IN "+marks(len(series)), append([]any{grainQuarter}, series...)...)
	if f.Start != nil {
		w.add("slot > ?", toMicros(*f.Start)-quarterMicros)
	}
	if f.End != nil {
		w.add("slot < ?", toMicros(*f.End))
	}
	ended, err := s.numbers(ctx, "SELECT DISTINCT slot FROM usage_rollups WHERE "+w.sql()+" LIMIT ?", append(w.args, rareQuarters+1)...)
	quarters = append(quarters, ended...)
	slices.Sort(quarters)
	quarters = slices.Compact(quarters)
	return quarters, err == nil && len(quarters) <= rareQuarters, err
}

// numbers reads a column.
func (s *Store) numbers(ctx context.Context, query string, args ...any) (numbers []int64, err error) {
	err = s.each(ctx, func(rows *sql.Rows) error {
		var n int64
		err := rows.Scan(&n)
		numbers = append(numbers, n)
		return err
	}, query, args...)
	return numbers, err
}

// userFilter names the users that a text stands for, so that an index finds the requests of those that are rare.
func (s *Store) userFilter(ctx context.Context, f *models.LogFilter) (w where, err error) {
	s.text(&w, "user_id", f.UserID)
	if s.postgres() { // which has statistics of its own, and no quick way to list users over many partitions
		return w, nil
	}
	users, all, err := s.users(ctx, w)
	if err != nil || !all {
		return w, err
	}
	if len(users) == 0 {
		return nothing(), nil
	}
	named := where{terms: []string{"user_id <> '' AND user_id IN " + marks(len(users))}, args: users, index: "request_logs_user"} // the first as in the index
	limited := append(users[:len(users):len(users)], rareUser+1)
	var n int
	err = s.scalar(ctx, &n, "SELECT COUNT(*) FROM (SELECT 1 FROM "+s.from(named)+" WHERE "+named.sql()+" LIMIT ?)", limited...)
	if n > rareUser {
		named.terms[0], named.index = "+user_id IN "+marks(len(users)), "" // in the order of time
	}
	return named, err
}

// users lists the users that match, unless there are too many to list: then all is false. It skips from user to user in the index.
func (s *Store) users(ctx context.Context, matches where) (users []any, all bool, err error) {
	query := `WITH RECURSIVE known (user_id) AS (
		SELECT (SELECT MIN(user_id) FROM request_logs WHERE user_id <> '')
		UNION ALL
		SELECT (SELECT MIN(r.user_id) FROM request_logs r WHERE r.user_id <> '' AND r.user_id > known.user_id) FROM known WHERE known.user_id IS NOT NULL
		LIMIT ?)
		SELECT user_id, CASE WHEN ` + matches.sql() + ` THEN 1 ELSE 0 END FROM known WHERE user_id IS NOT NULL`
	seen := 0
	err = s.each(ctx, func(rows *sql.Rows) error {
		var user string
		var hit bool
		err := rows.Scan(&user, &hit)
		if seen++; hit {
			users = append(users, strings.Clone(user))
		}
		return err
	}, query, append([]any{userLimit + 1}, matches.args...)...)
	return users, seen <= userLimit && len(users) <= namedUsers, err
}
