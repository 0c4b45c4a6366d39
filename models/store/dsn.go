package store

import (
	"fmt"
	"net/url"
	"strings"

	"squirrel/migrations"
	"squirrel/models"
)

// target is a database URL that was understood.
type target struct {
	dialect migrations.Dialect
	path    string // SQLite: the file, relative or absolute
	url     string // PostgreSQL: as pgx reads it
}

// parseURL understands the spellings of SQLAlchemy as well: sqlite:///./x.db and sqlite:////abs/x.db (three slashes and a path),
// sqlite+aiosqlite:///…, postgresql://…, postgres://…, postgresql+asyncpg://…. Kind is DATABASE_TYPE and must agree. No error
// shows the URL, which may hold a password.
func parseURL(kind, raw string) (target, error) {
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok {
		return target{}, models.Errorf(models.CodeInvalid, "the database URL must start with sqlite:/// or postgresql://")
	}
	base, _, _ := strings.Cut(strings.ToLower(scheme), "+") // "+driver" names a Python driver
	var t target
	switch base {
	case "sqlite", "sqlite3":
		t = target{dialect: migrations.SQLite, path: strings.TrimPrefix(rest, "/")}
	case "postgresql", "postgres":
		dsn, err := postgresURL(rest)
		if err != nil {
			return target{}, err
		}
		t = target{dialect: migrations.Postgres, url: dsn}
	default:
		return target{}, models.Errorf(models.CodeInvalid, "%q is not a kind of database; use sqlite or postgresql", base)
	}
	if kind = strings.ToLower(kind); kind == "postgresql" {
		kind = string(migrations.Postgres)
	}
	if kind != "" && kind != string(t.dialect) {
		return target{}, models.Errorf(models.CodeInvalid, "the database type and the database URL name different databases")
	}
	if t.dialect == migrations.SQLite {
		return t, t.checkPath()
	}
	return t, nil
}

func (t *target) checkPath() error {
	path, query, _ := strings.Cut(t.path, "?")
	if path == "" || strings.Contains(path, ":memory:") || strings.Contains(query, "mode=memory") {
		return errInMemory
	}
	t.path = path
	return nil
}

// postgresURL keeps what pgx understands: asyncpg's "ssl" parameter is libpq's "sslmode".
func postgresURL(rest string) (string, error) {
	u, err := url.Parse("postgresql://" + rest)
	if err != nil {
		return "", models.Errorf(models.CodeInvalid, "the database URL can't be parsed; are special characters of the password percent-encoded?")
	}
	q := u.Query()
	if mode := q.Get("ssl"); mode != "" {
		q.Del("ssl")
		switch mode {
		case "true", "1":
			mode = "require"
		case "false", "0":
			mode = "disable"
		}
		q.Set("sslmode", mode)
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// sqliteDSN is a file name for the driver with its pragmas. The order counts: auto_vacuum is ignored once there is a journal.
func sqliteDSN(path string, params ...string) string {
	escaped := (&url.URL{Path: path}).EscapedPath()
	return fmt.Sprintf("file:%s?%s", escaped, strings.Join(params, "&"))
}
