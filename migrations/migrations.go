// Package migrations brings a database to the schema this binary was built for. The SQL lies beside it, one folder per
// dialect with the same numbers; each file runs in a transaction of its own, so an interrupted run resumes where it stopped.
// Files are only ever added at the end, never changed: a number that was passed over (0013) stays free, for databases that are past it
// would refuse a file that comes to it later.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed sqlite/*.sql postgres/*.sql
var files embed.FS

// Dialect names a folder of migrations.
type Dialect string

// The dialects.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// lockID is the PostgreSQL advisory lock that replicas take while they migrate ("squirrel" in ASCII).
const lockID int64 = 0x737175697272656c

// ErrNewerDatabase says that a newer version of the program has migrated the database.
var ErrNewerDatabase = errors.New("the database was migrated by a newer version of squirrel; start that version or restore a backup")

// Up applies what is missing and returns how many files that were. On PostgreSQL it waits while another replica migrates.
// A database with migrations this binary does not know is left alone: ErrNewerDatabase.
func Up(ctx context.Context, db *sql.DB, dialect Dialect, logger *slog.Logger) (int, error) {
	provider, err := newProvider(db, dialect)
	if err != nil {
		return 0, err
	}
	if err := refuseNewer(ctx, provider); err != nil {
		return 0, err
	}
	applied, err := up(ctx, provider)
	if err != nil {
		return len(applied), fmt.Errorf("migrate the database: %w", err)
	}
	for _, m := range applied {
		logger.InfoContext(ctx, "migration applied", "version", m.Source.Version, "file", m.Source.Path, "duration", m.Duration)
	}
	// A newer replica may have migrated while this one waited for the lock.
	return len(applied), refuseNewer(ctx, provider)
}

// up tries again after an error for as long as somebody else moves on: on SQLite, which has no lock for this, another process
// may have applied the same file a moment before.
func up(ctx context.Context, provider *goose.Provider) ([]*goose.MigrationResult, error) {
	for {
		before, err := provider.GetDBVersion(ctx)
		if err != nil {
			return nil, err
		}
		applied, err := provider.Up(ctx)
		if err == nil {
			return applied, nil
		}
		if after, errVersion := provider.GetDBVersion(ctx); errVersion != nil || after == before {
			return applied, err
		}
	}
}

// UpTo applies the migrations up to a version only. Tests use it to stand where an interrupted run stopped.
func UpTo(ctx context.Context, db *sql.DB, dialect Dialect, version int64) error {
	provider, err := newProvider(db, dialect)
	if err != nil {
		return err
	}
	if _, err := provider.UpTo(ctx, version); err != nil {
		return fmt.Errorf("migrate the database to %d: %w", version, err)
	}
	return nil
}

func newProvider(db *sql.DB, dialect Dialect) (*goose.Provider, error) {
	sqlFiles, err := fs.Sub(files, string(dialect))
	if err != nil {
		return nil, fmt.Errorf("migrations for %s: %w", dialect, err)
	}
	var options []goose.ProviderOption
	kind := goose.DialectSQLite3
	if dialect == Postgres {
		kind = goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockID(lockID), lock.WithLockTimeout(1, 300))
		if err != nil {
			return nil, fmt.Errorf("make the migration lock: %w", err)
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	provider, err := goose.NewProvider(kind, db, sqlFiles, options...)
	if err != nil {
		return nil, fmt.Errorf("read the migrations for %s: %w", dialect, err)
	}
	return provider, nil
}

func refuseNewer(ctx context.Context, provider *goose.Provider) error {
	current, known, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the version of the database: %w", err)
	}
	if current > known {
		return fmt.Errorf("%w (database at %d, this version knows %d)", ErrNewerDatabase, current, known)
	}
	return nil
}
