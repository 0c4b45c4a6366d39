package store

import (
	"context"
	"database/sql"
	"strconv"
	"strings"

	"gorm.io/gorm"
)

// Log rows are written and read without GORM's reflection: they are many and wide. Statements are written with ? and bound here.

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

// inKeys is a condition that holds for the rows of n keys, and that both databases answer with the primary key.
func (h *handle) inKeys(idColumn string, n int) string {
	list := strings.TrimSuffix(strings.Repeat("(?,?),", n), ",")
	if !h.postgres() {
		list = "VALUES " + list
	}
	return "(request_time, " + idColumn + ") IN (" + list + ")"
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
	rows    [][]any
}

// rowsAtOnce: SQLite's driver looks for each placeholder's value in a list, so a statement's time grows with the square of its
// placeholders, against a constant part for parsing. PostgreSQL pays a round trip per statement instead.
func (h *handle) rowsAtOnce(columns int) int {
	if h.postgres() {
		return max(1, min(500, 20_000/columns))
	}
	return max(1, 400/columns)
}

// insert runs a bulk in statements of a good size. Each is called with the rows that a RETURNING in the tail gives.
func (s *Store) insert(ctx context.Context, b bulk, each func(*sql.Rows) error) error {
	size := s.rowsAtOnce(b.columns)
	for at := 0; at < len(b.rows); at += size {
		part := b.rows[at:min(at+size, len(b.rows))]
		args := make([]any, 0, len(part)*b.columns)
		for _, row := range part {
			args = append(args, row...)
		}
		values := strings.TrimSuffix(strings.Repeat(marks(b.columns)+",", len(part)), ",")
		query := "INSERT INTO " + b.into + " VALUES " + values + " " + b.tail
		var err error
		if each != nil {
			err = s.each(ctx, each, query, args...)
		} else {
			_, err = s.exec(ctx, query, args...)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
