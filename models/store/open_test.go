package store

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/glebarez/sqlite"
	_ "github.com/jackc/pgx/v5/stdlib"

	"squirrel/migrations"
	"squirrel/models"
)

// rawDB opens a database without migrating it.
func rawDB(t *testing.T, url string) (*sql.DB, migrations.Dialect) {
	t.Helper()
	to, err := parseURL("", url)
	must(t, err)
	driver, dsn := sqlite.DriverName, to.path
	if to.dialect == migrations.Postgres {
		driver, dsn = "pgx", to.url
	}
	db, err := sql.Open(driver, dsn)
	must(t, err)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return db, to.dialect
}

// TestH15_InterruptedMigrationResumes opens databases on which each of the migrations was the last that was done.
func TestH15_InterruptedMigrationResumes(t *testing.T) {
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			for version := range int64(10) {
				url := d.url(t)
				db, dialect := rawDB(t, url)
				if version > 0 {
					must(t, migrations.UpTo(t.Context(), db, dialect, version))
				}
				db.Close()
				s := open(t, url)
				must(t, s.CreateProvider(t.Context(), newProvider("p")))
				write(t, s, end(finished(noon)))
			}
		})
	}
}

func TestH15_ReplicasMigrateAtOnce(t *testing.T) {
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			url := d.url(t)
			var running sync.WaitGroup
			for range 4 {
				running.Go(func() {
					s, err := Open(context.WithoutCancel(t.Context()), testConfig(t, url))
					if err != nil {
						t.Error(err)
						return
					}
					defer s.Close()
					if err := s.Heartbeat(context.WithoutCancel(t.Context()), "x"); err != nil {
						t.Error(err)
					}
				})
			}
			running.Wait()
		})
	}
}

func TestH15_NewerDatabaseIsRefused(t *testing.T) {
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			url := d.url(t)
			open(t, url)
			db, _ := rawDB(t, url)
			_, err := db.ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, TRUE)")
			must(t, err)
			if s, err := Open(t.Context(), testConfig(t, url)); !errors.Is(err, migrations.ErrNewerDatabase) || !strings.Contains(err.Error(), "9999") {
				t.Errorf("%v, %v", s, err)
			}
		})
	}
}

func TestOpen_Refuses(t *testing.T) {
	notADirectory := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(notADirectory, []byte("this is not a database, but long enough to look at"), 0o600))
	for _, tc := range []struct {
		name, kind, url string
		want            models.Code
	}{
		{"no URL", "", "", models.CodeInvalid},
		{"a path", "", "/tmp/x.db", models.CodeInvalid},
		{"MySQL", "", "mysql://u:secret@h/d", models.CodeInvalid},
		{"types differ", "postgresql", "sqlite:///x.db", models.CodeInvalid},
		{"in memory", "sqlite", "sqlite:///:memory:", models.CodeInvalid},
		{"in memory, short", "sqlite", "sqlite://", models.CodeInvalid},
		{"bad password", "", "postgresql://u:secret%zz@h/d", models.CodeInvalid},
		{"bad option", "", "postgresql://u:secret@h/d?sslmode=perhaps", models.CodeInvalid},
		{"nobody listens", "", "postgresql://u:secret@127.0.0.1:1/d", models.CodeUnavailable},
		{"not a database", "", "sqlite:///" + notADirectory, models.CodeUnavailable},
	} {
		cfg := testConfig(t, tc.url)
		cfg.Type = tc.kind
		s, err := Open(t.Context(), cfg)
		wantCode(t, tc.name, err, tc.want)
		if err == nil {
			s.Close()
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error shows the password: %v", tc.name, err)
		}
	}
}

func TestParseURL(t *testing.T) {
	for _, tc := range []struct{ kind, url, path, dsn string }{
		{"sqlite", "sqlite:///./data/x.db", "./data/x.db", ""},
		{"sqlite", "sqlite:///x.db", "x.db", ""},
		{"", "sqlite:////abs/x.db", "/abs/x.db", ""},
		{"sqlite", "sqlite+aiosqlite:///./x.db?timeout=3", "./x.db", ""},
		{"sqlite", "sqlite+aiosqlite:////abs/a b%.db", "/abs/a b%.db", ""},
		{"postgresql", "postgresql://u:p%40@h:5433/d", "", "postgresql://u:p%40@h:5433/d"},
		{"PostgreSQL", "postgres://h/d?sslmode=disable", "", "postgresql://h/d?sslmode=disable"},
		{"", "postgresql+asyncpg://u:p@h/d?ssl=true", "", "postgresql://u:p@h/d?sslmode=require"},
		{"", "postgresql+psycopg2://h/d?ssl=verify-full", "", "postgresql://h/d?sslmode=verify-full"},
	} {
		got, err := parseURL(tc.kind, tc.url)
		if err != nil || got.path != tc.path || got.url != tc.dsn {
			t.Errorf("%s: %+v, %v; want %q, %q", tc.url, got, err, tc.path, tc.dsn)
		}
	}
}

// TestSQLite_FileNames: a path is a path, whatever characters it has.
func TestSQLite_FileNames(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a b.db", "per%20cent.db", "ä#.db", "new/dir/x.db"} {
		s := open(t, "sqlite:///"+filepath.Join(dir, name))
		must(t, s.Heartbeat(t.Context(), "x"))
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}

func TestSQLite_Pragmas(t *testing.T) {
	s := open(t, dialects[0].url(t))
	for query, want := range map[string]string{
		"PRAGMA journal_mode": "wal", "PRAGMA auto_vacuum": "2", "PRAGMA synchronous": "1", "PRAGMA foreign_keys": "1",
	} {
		var got string
		if err := s.writer.Raw(query).Row().Scan(&got); err != nil || got != want {
			t.Errorf("%s is %s, %v; want %s", query, got, err, want)
		}
	}
	if err := s.reader.Exec("DELETE FROM admins").Error; err == nil {
		t.Error("a reader can write")
	}
}

// TestSchemasAreTheSame: both dialects have the same tables and columns, and the same that may be null.
func TestSchemasAreTheSame(t *testing.T) {
	columns := make([]map[string]bool, len(dialects))
	for i, d := range dialects {
		s := open(t, d.url(t))
		query := `SELECT m.name || '.' || c.name || CASE WHEN c."notnull" OR c.pk > 0 THEN '' ELSE ' or null' END
			FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%'`
		if s.postgres() {
			query = `SELECT table_name || '.' || column_name || CASE WHEN is_nullable = 'NO' THEN '' ELSE ' or null' END
				FROM information_schema.columns WHERE table_schema = 'public' AND table_name !~ '_[0-9]{8}$'`
		}
		columns[i] = map[string]bool{}
		must(t, s.each(t.Context(), func(rows *sql.Rows) error {
			var name string
			err := rows.Scan(&name)
			if !strings.HasPrefix(name, "goose_") {
				columns[i][name] = true
			}
			return err
		}, query))
	}
	for i, other := range []map[string]bool{columns[1], columns[0]} {
		for name := range columns[i] {
			if !other[name] {
				t.Errorf("%s is in %s only", name, dialects[i].name)
			}
		}
	}
	if len(columns[0]) < 150 {
		t.Errorf("only %d columns were found", len(columns[0]))
	}
}

func TestUpReportsWhatItDid(t *testing.T) {
	db, dialect := rawDB(t, dialects[0].url(t))
	files, err := filepath.Glob("../../migrations/sqlite/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d migrations, %v", len(files), err)
	}
	for _, want := range []int{len(files), 0} {
		if n, err := migrations.Up(t.Context(), db, dialect, slog.New(slog.DiscardHandler)); err != nil || n != want {
			t.Errorf("applied %d, %v; want %d", n, err, want)
		}
	}
}
