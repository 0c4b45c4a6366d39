package store

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/glebarez/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"squirrel/migrations"
)

// busySlices: a write that finds the file locked by another process asks this often within the busy timeout and lets other
// writers of this process have their turn between. So each of them hears after one timeout, not after the sum of several.
const busySlices = 10

// openSQLite opens a writer with a single connection, one more for the logs, of which the gate lets one write at a time, and
// readers that can't write. WAL lets the readers work while a writer does.
func (h *handle) openSQLite(ctx context.Context, t target) error {
	if err := os.MkdirAll(filepath.Dir(t.path), 0o700); err != nil {
		return fmt.Errorf("make the directory of the database: %w", err)
	}
	slice := max(h.busy.Milliseconds()/busySlices, 10)
	writer, err := sql.Open(sqlite.DriverName, sqliteDSN(t.path,
		fmt.Sprintf("_pragma=busy_timeout(%d)", slice), "_pragma=auto_vacuum(2)", "_pragma=journal_mode(WAL)", "_pragma=synchronous(NORMAL)",
		"_pragma=foreign_keys(1)", "_pragma=journal_size_limit(67108864)", "_pragma=cache_size(-16384)", "_txlock=immediate"))
	if err != nil {
		return fmt.Errorf("open the writer: %w", err)
	}
	writer.SetMaxOpenConns(1)
	h.pools, h.gate = append(h.pools, writer), make(chan struct{}, 1)
	if err := retryBusy(ctx, h.busy, func() error { return writer.PingContext(ctx) }); err != nil {
		return err
	}
	if err := retryBusy(ctx, h.busy, func() error {
		_, err := migrations.Up(ctx, writer, migrations.SQLite, h.log)
		return err
	}); err != nil {
		return err
	}

	reader, err := sql.Open(sqlite.DriverName, sqliteDSN(t.path,
		fmt.Sprintf("_pragma=busy_timeout(%d)", h.busy.Milliseconds()), "_pragma=query_only(1)", "_pragma=foreign_keys(1)",
		"_pragma=cache_size(-16384)", "_pragma=mmap_size(268435456)", "_pragma=automatic_index(0)")) // an index made for one query reads everything
	if err != nil {
		return fmt.Errorf("open the readers: %w", err)
	}
	readers := max(4, runtime.GOMAXPROCS(0))
	reader.SetMaxOpenConns(readers)
	reader.SetMaxIdleConns(readers)
	h.pools = append([]*sql.DB{reader}, h.pools...)

	logs := sql.OpenDB(&sqliteConnector{path: t.path, pragmas: []string{
		fmt.Sprintf("busy_timeout(%d)", slice), "synchronous(NORMAL)", "foreign_keys(1)", "journal_size_limit(67108864)", "cache_size(-16384)",
	}})
	logs.SetMaxOpenConns(1)
	h.pools = append([]*sql.DB{logs}, h.pools...)

	for into, pool := range map[**gorm.DB]*sql.DB{&h.writer: writer, &h.reader: reader, &h.logs: logs} {
		if *into, err = gorm.Open(&sqlite.Dialector{Conn: pool}, gormConfig()); err != nil {
			return err
		}
	}
	return nil
}

// gormConfig keeps GORM silent: its logger would print values.
func gormConfig() *gorm.Config {
	return &gorm.Config{SkipDefaultTransaction: true, Logger: logger.Discard, DisableAutomaticPing: true}
}
