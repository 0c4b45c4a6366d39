// Package store is the only SQL of the gateway: configuration, accounts, request logs, statistics and the claims of jobs, on
// SQLite or PostgreSQL. Every error is a *models.Error, or wraps one; outages and locks have codes of their own.
package store

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"squirrel/migrations"
	"squirrel/models"
)

// Config says which database to open.
type Config struct {
	Type   string // sqlite or postgresql; empty = by the URL
	URL    string // see ParseURL for the accepted spellings
	Cipher *Cipher
	Logger *slog.Logger // nil = slog.Default()

	BusyTimeout  time.Duration // how long a write waits for a lock; 0 = 5 s
	PollInterval time.Duration // how often WatchConfig looks for changes of others; 0 = 2 s
}

const (
	defaultBusyTimeout  = 5 * time.Second
	defaultPollInterval = 2 * time.Second
)

// Store is an open database. It is safe for concurrent use; inside InTx it is the transaction and belongs to its function.
type Store struct {
	*handle
	tx *transaction // nil outside of transactions
}

// handle is what all copies of a Store share.
type handle struct {
	dialect  migrations.Dialect
	cipher   *Cipher
	log      *slog.Logger
	busy     time.Duration
	poll     time.Duration
	reader   *gorm.DB
	writer   *gorm.DB
	logs     *gorm.DB // what logs are written on; on PostgreSQL the same
	pools    []*sql.DB
	gate     chan struct{}   // SQLite: one writer at a time, in the order of arrival; nil on PostgreSQL
	listen   *pgx.ConnConfig // PostgreSQL: for the connection that listens
	days     dayPartitions
	mu       sync.Mutex
	watchers map[chan struct{}]string // with the channel of PostgreSQL's that each looks at
}

// Open connects, migrates and checks that the cipher is the one the database was written with. A database that a newer version
// has migrated is refused with migrations.ErrNewerDatabase.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	target, err := parseURL(cfg.Type, cfg.URL)
	if err != nil {
		return nil, err
	}
	h := &handle{
		dialect: target.dialect, cipher: cfg.Cipher, log: cfg.Logger, busy: cfg.BusyTimeout, poll: cfg.PollInterval,
		watchers: map[chan struct{}]string{},
	}
	if h.log == nil {
		h.log = slog.Default()
	}
	if h.busy <= 0 {
		h.busy = defaultBusyTimeout
	}
	if h.poll <= 0 {
		h.poll = defaultPollInterval
	}
	open := h.openSQLite
	if target.dialect == migrations.Postgres {
		open = h.openPostgres
	}
	s := &Store{handle: h}
	if err := open(ctx, target); err != nil {
		s.Close()
		return nil, fmt.Errorf("open the database: %w", classify(err))
	}
	if err := s.checkCipher(ctx); err != nil {
		s.Close()
		return nil, err
	}
	if err := s.fillGroups(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Close waits for running queries and closes the database.
func (s *Store) Close() error {
	var first error
	for _, pool := range s.pools {
		if err := pool.Close(); err != nil && first == nil {
			first = fmt.Errorf("close the database: %w", err)
		}
	}
	return first
}

// Ping asks the database for a sign of life.
func (s *Store) Ping(ctx context.Context) error {
	return fail("ping the database", s.read(ctx).Exec("SELECT 1").Error)
}

// Dialect is "sqlite" or "postgresql".
func (s *Store) Dialect() string {
	if s.postgres() {
		return "postgresql"
	}
	return "sqlite"
}

func (h *handle) postgres() bool { return h.dialect == migrations.Postgres }

// read is a handle for queries: the transaction if there is one, else a reader.
func (s *Store) read(ctx context.Context) *gorm.DB {
	if s.tx != nil {
		return s.tx.db.WithContext(ctx)
	}
	return s.reader.WithContext(ctx)
}

// now is the time in the precision that is stored.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// errInMemory refuses what would be empty again after each restart, and per connection.
var errInMemory = models.Errorf(models.CodeInvalid, "an in-memory database can't be used; give a file, as in sqlite:///./data/llm_gateway.db")
