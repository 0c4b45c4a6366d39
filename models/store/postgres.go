package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"squirrel/migrations"
)

const (
	maxConns     = 12
	idleConns    = 4
	connLifetime = 30 * time.Minute
	connectWait  = 5 * time.Second
)

// openPostgres opens one pool for everything. Locks are waited for no longer than the busy timeout, so that a stuck session of
// somebody else is an error with a name and not a hanging page.
func (h *handle) openPostgres(ctx context.Context, t target) error {
	cfg, err := pgx.ParseConfig(t.url)
	if err != nil {
		return errBadPostgresURL
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = connectWait
	}
	if cfg.RuntimeParams["application_name"] == "" {
		cfg.RuntimeParams["application_name"] = "squirrel"
	}
	h.listen = cfg.Copy()
	if _, err := migratePostgres(ctx, cfg.Copy(), h); err != nil {
		return err
	}
	cfg.RuntimeParams["lock_timeout"] = strconv.FormatInt(h.busy.Milliseconds(), 10)
	if cfg.RuntimeParams["synchronous_commit"] == "" {
		// The spool forgets what is committed: a server that is configured to lose commits in a crash would lose log rows.
		cfg.RuntimeParams["synchronous_commit"] = "on"
	}
	if cfg.RuntimeParams["jit"] == "" {
		// What is guessed to be much work is compiled first, which takes longer than all that is ever done here.
		cfg.RuntimeParams["jit"] = "off"
	}
	pool := stdlib.OpenDB(*cfg)
	pool.SetMaxOpenConns(maxConns)
	pool.SetMaxIdleConns(idleConns)
	pool.SetConnMaxLifetime(connLifetime)
	h.pools = append(h.pools, pool)
	if h.writer, err = gorm.Open(postgres.New(postgres.Config{Conn: pool}), gormConfig()); err != nil {
		return err
	}
	h.reader, h.logs = h.writer, h.writer
	return nil
}

// migratePostgres uses a pool of its own: a replica that waits for another's migration must not give up after the lock timeout.
func migratePostgres(ctx context.Context, cfg *pgx.ConnConfig, h *handle) (int, error) {
	pool := stdlib.OpenDB(*cfg)
	defer pool.Close()
	n, err := migrations.Up(ctx, pool, migrations.Postgres, h.log)
	if err != nil {
		return n, fmt.Errorf("prepare the schema: %w", err)
	}
	return n, nil
}

// snapshot are the options of a transaction that sees one state of everything.
func (h *handle) snapshot() *sql.TxOptions {
	if h.postgres() {
		return &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	return &sql.TxOptions{ReadOnly: true}
}
