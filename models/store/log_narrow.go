package store

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"

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

	manyQuarters = 1_000 // in which one thing occurs that is named, of which another may leave few
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
	if w.few() {
		return w, nil
	}
	if among, found := s.among(f); found && rare(f) {
		if wantsFailures(f) && inFailed(f) {
			w.index, w.byKey = failedIndex, true // which has all that is asked
			return w, nil
		}
		return among.join(w), nil
	}
	if !all {
		series = nil
	}
	quarters, few, err := s.quartersOf(ctx, series, f)
	switch {
	case few && len(quarters) == 0:
		return nothing(), err
	case few:
		w.quarters, w.asArray = quarters, s.postgres()
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
	series, err = s.ids(ctx, "SELECT id FROM usage_series WHERE "+w.sql()+" LIMIT ?", append(w.args, rareSeries+1)...)
	return series, len(series) <= rareSeries, err
}

// quartersOf lists the quarters of an hour in which there are requests of some series, of the users and of the clients that a
// filter names, and those in which requests run, unless there are many. Those that run are asked for first: one that ends meanwhile
// is in both lists, not in neither.
func (s *Store) quartersOf(ctx context.Context, series []any, f *models.LogFilter) (quarters []int64, few bool, err error) {
	users, errUsers := s.personalSeries(ctx, models.GroupUser, f.UserID)
	clients, errClients := s.personalSeries(ctx, models.GroupClient, f.Client)
	if err := errors.Join(errUsers, errClients); err != nil || len(series)+len(users)+len(clients) == 0 {
		return nil, false, err
	}
	running := s.indexed(&models.LogFilter{State: models.LogRunning})
	quarters, err = s.numbers(ctx, "SELECT DISTINCT request_time - request_time % ? FROM "+s.from(running)+" WHERE "+running.sql()+" LIMIT ?",
		quarterMicros, rareQuarters+1)
	if err != nil || len(quarters) > rareQuarters {
		return nil, false, err
	}
	var ended []int64
	known := false
	for _, ids := range [][]any{series, users, clients} {
		in, some, err := s.quartersIn(ctx, ids, f)
		switch {
		case err != nil:
			return nil, false, err
		case !some:
		case known:
			ended = slices.DeleteFunc(ended, func(q int64) bool { _, found := slices.BinarySearch(in, q); return !found })
		default:
			ended, known = in, true
		}
	}
	quarters = append(quarters, ended...)
	slices.Sort(quarters)
	quarters = slices.Compact(quarters)
	return quarters, known && s.worthwhile(quarters, f), nil
}

// worthwhile reports that rows are best looked for in some quarters alone: few, or with gaps between them. PostgreSQL reads them from
// the newest on, so there may be many; SQLite looks at all of them. A user's requests are found by an index.
func (h *handle) worthwhile(quarters []int64, f *models.LogFilter) bool {
	switch {
	case len(quarters) <= fewQuarters:
		return true
	case !h.postgres() && len(quarters) > rareQuarters:
		return false
	case f.UserID != "":
		return false
	}
	span := (quarters[len(quarters)-1] - quarters[0]) / quarterMicros
	return int64(2*len(quarters)) < span
}

// quartersIn lists the quarters in which there are ended requests of some series, in order; some is false when there are many, or
// no series is given.
func (s *Store) quartersIn(ctx context.Context, series []any, f *models.LogFilter) (quarters []int64, some bool, err error) {
	if len(series) == 0 {
		return nil, false, nil
	}
	w := slots(grainQuarter, math.MinInt64, math.MaxInt64).join(s.anyOf("series", "bytea", series))
	if f.Start != nil {
		w.add("slot > ?", toMicros(*f.Start)-quarterMicros)
	}
	if f.End != nil {
		w.add("slot < ?", toMicros(*f.End))
	}
	quarters, err = s.numbers(ctx, "SELECT DISTINCT slot FROM usage_rollups WHERE "+w.sql()+" LIMIT ?", append(w.args, manyQuarters+1)...)
	slices.Sort(quarters)
	return quarters, err == nil && len(quarters) <= manyQuarters, err
}

// personalSeries lists the groups of users or clients that a text stands for; none when there are many, or the text is empty. Those of
// a text that nobody has are one that never occurred.
func (s *Store) personalSeries(ctx context.Context, dimension models.StatGroup, text string) (series []any, err error) {
	if text == "" {
		return nil, nil
	}
	w := s.anyOf("dimension", "text", []any{string(dimension), string(dimension + ofOthers)})
	s.text(&w, "key", text)
	series, err = s.ids(ctx, "SELECT id FROM usage_groups WHERE "+w.sql()+" LIMIT ?", append(w.args, rareSeries+1)...)
	switch {
	case len(series) > rareSeries:
		return nil, err
	case len(series) == 0:
		return []any{[]byte(nobody)}, err
	}
	return series, err
}

// nobody is the id of no series.
const nobody = "nobody"

// anyOf holds where a column has one of some values.
func (h *handle) anyOf(column, kind string, values []any) (w where) {
	if h.postgres() {
		w.add(column+" = ANY (?::"+kind+"[])", pgtype.FlatArray[any](values))
	} else {
		w.add(column+" IN "+marks(len(values)), values...)
	}
	return w
}

// ids reads a column of ids of series.
func (s *Store) ids(ctx context.Context, query string, args ...any) (ids []any, err error) {
	err = s.each(ctx, func(rows *sql.Rows) error {
		var id []byte
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	}, query, args...)
	return ids, err
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
	if s.postgres() {
		return s.countedUsers(ctx, w, f)
	}
	users, all, err := s.users(ctx, w)
	if err != nil || !all {
		return w, err
	}
	if len(users) == 0 {
		return nothing(), nil
	}
	named := where{terms: []string{"user_id <> '' AND user_id IN " + marks(len(users))}, args: users, index: "request_logs_user"} // the first as in the index
	limited := slices.Concat(users, []any{rareUser + 1})
	var n int
	err = s.scalar(ctx, &n, "SELECT COUNT(*) FROM (SELECT 1 FROM "+s.from(named)+" WHERE "+named.sql()+" LIMIT ?)", limited...)
	if n > rareUser {
		named.terms[0], named.index = "+user_id IN "+marks(len(users)), "" // in the order of time
	}
	return named, err
}

// countedUsers names the users as the statistics know them: PostgreSQL has no quick way to list them over many partitions. Requests
// that run may be of others yet.
func (s *Store) countedUsers(ctx context.Context, matches where, f *models.LogFilter) (where, error) {
	of := s.anyOf("dimension", "text", []any{string(models.GroupUser), string(models.GroupUser + ofOthers)})
	s.text(&of, "key", f.UserID)
	var users []any
	err := s.each(ctx, func(rows *sql.Rows) error {
		var user string
		err := rows.Scan(&user)
		users = append(users, user)
		return err
	}, "SELECT DISTINCT key FROM usage_groups WHERE "+of.sql()+" LIMIT ?", append(of.args, namedUsers+1)...)
	if err != nil || len(users) > namedUsers {
		return matches, err
	}
	matches.add("(user_id <> '' AND user_id = ANY (?::text[]) OR state = 'running')", pgtype.FlatArray[any](users)) // as in the indexes
	return matches, nil
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
