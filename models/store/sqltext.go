package store

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"
)

// Log rows are written and read without GORM's reflection: they are many and wide. Statements are written with ? and bound here.

// arrayRows is how many rows PostgreSQL is given in one statement.
const arrayRows = 500

// bind numbers the placeholders where the dialect wants that. No statement holds a ? in a literal.
func (h *handle) bind(query string) string {
	if !h.postgres() {
		return query
	}
	var b strings.Builder
	b.Grow(len(query) + 64)
	n := 0
	for {
		before, after, found := strings.Cut(query, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		n++
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
		query = after
	}
}

// marks is a list of n placeholders: "(?,?,?)".
func marks(n int) string {
	return "(" + strings.TrimSuffix(strings.Repeat("?,", n), ",") + ")"
}

// eachKeys calls fn with a condition for the rows of some keys and with its values, until that was done for all keys.
func (h *handle) eachKeys(idColumn string, keys []logKey, fn func(where string, args []any) error) error {
	if !h.postgres() {
		for _, key := range keys {
			if err := fn("request_time = ? AND "+idColumn+" = ?", []any{key.time, key.id}); err != nil {
				return err
			}
		}
		return nil
	}
	// The times alone find the partitions and, in their indexes, the rows.
	where := "request_time = ANY (?::bigint[]) AND (request_time, " + idColumn + ") IN (SELECT * FROM unnest(?::bigint[], ?::text[]))"
	for part := range slices.Chunk(keys, arrayRows) {
		times, ids := make([]int64, len(part)), make([]string, len(part))
		for i, key := range part {
			times[i], ids[i] = key.time, key.id
		}
		if err := fn(where, []any{times, times, ids}); err != nil {
			return err
		}
	}
	return nil
}

// conn is what statements of the present transaction, or else of a reader, run on.
func (s *Store) conn() gorm.ConnPool {
	if s.tx != nil {
		return s.tx.db.Statement.ConnPool
	}
	return s.reader.Statement.ConnPool
}

func (s *Store) exec(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := s.conn().ExecContext(ctx, s.bind(query), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// each runs a query and calls fn for every row.
func (s *Store) each(ctx context.Context, fn func(*sql.Rows) error, query string, args ...any) error {
	rows, err := s.conn().QueryContext(ctx, s.bind(query), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// scalar reads one value.
func (s *Store) scalar(ctx context.Context, into any, query string, args ...any) error {
	return s.conn().QueryRowContext(ctx, s.bind(query), args...).Scan(into)
}

// bulk is an INSERT of many rows.
type bulk struct {
	into    string // table and columns
	tail    string // ON CONFLICT …
	columns int
	types   []string // of the columns, on PostgreSQL
	rows    [][]any
}

// rowsAtOnce: SQLite gets one row per statement, whose text is then always the same and parsed once. PostgreSQL pays a round
// trip per statement and gets many.
func (h *handle) rowsAtOnce(columns int) int {
	if h.postgres() {
		return max(1, min(500, 20_000/columns))
	}
	return 1
}

// insert runs a bulk in statements of a good size.
func (s *Store) insert(ctx context.Context, b bulk) error {
	return s.eachInsert(b, func(query string, args []any) error {
		_, err := s.exec(ctx, query, args...)
		return err
	})
}

// insertReturning calls fn for every row that was inserted, with the columns asked for.
func (s *Store) insertReturning(ctx context.Context, b bulk, columns string, fn func(*sql.Rows) error) error {
	b.tail += " RETURNING " + columns
	return s.eachInsert(b, func(query string, args []any) error { return s.each(ctx, fn, query, args...) })
}

func (s *Store) eachInsert(b bulk, run func(query string, args []any) error) error {
	if s.postgres() && b.types != nil {
		return b.eachByColumn(run)
	}
	size := s.rowsAtOnce(b.columns)
	head, row := "INSERT INTO "+b.into+" VALUES ", marks(b.columns)
	text, rows := "", 0 // nearly all statements have the same text: it is made once
	for part := range slices.Chunk(b.rows, size) {
		if len(part) != rows {
			rows = len(part)
			text = head + strings.TrimSuffix(strings.Repeat(row+",", rows), ",") + " " + b.tail
		}
		args := part[0]
		if rows > 1 {
			args = slices.Concat(part...)
		}
		if err := run(text, args); err != nil {
			return err
		}
	}
	return nil
}

// eachByColumn passes the rows as one array for each column. However many there are, the text of the statement stays the same:
// the server parses it once for a connection. A list of VALUES with thousands of placeholders takes longer to parse than to do.
func (b bulk) eachByColumn(run func(query string, args []any) error) error {
	arrays := make([]string, len(b.types))
	for i, name := range b.types {
		arrays[i] = "?::" + name + "[]"
	}
	query := "INSERT INTO " + b.into + " SELECT * FROM unnest(" + strings.Join(arrays, ", ") + ") " + b.tail
	for part := range slices.Chunk(b.rows, arrayRows) {
		args := make([]any, len(b.types))
		for column := range args {
			values := make(pgtype.FlatArray[any], len(part))
			for i, row := range part {
				values[i] = row[column]
			}
			args[column] = values
		}
		if err := run(query, args); err != nil {
			return err
		}
	}
	return nil
}
