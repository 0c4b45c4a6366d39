package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// partitioned are the tables of which each day has a partition on PostgreSQL.
var partitioned = []string{"request_logs", "request_log_details", "request_attempts"}

const (
	dayMicros = int64(24 * time.Hour / time.Microsecond)

	// partitionLock is the advisory lock of replicas that create or drop partitions ("partition").
	partitionLock = 0x706172746974696f
)

// dayPartitions remembers which days have partitions, so that writers need not ask.
type dayPartitions struct {
	mu   sync.Mutex
	have map[int64]bool
}

func (d *dayPartitions) known(day int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.have[day]
}

func (d *dayPartitions) add(day int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.have == nil {
		d.have = map[int64]bool{}
	}
	d.have[day] = true
}

func (d *dayPartitions) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.have = nil
}

// dayOf numbers the days since 1970; it rounds down before that, too.
func dayOf(micros int64) int64 {
	day := micros / dayMicros
	if micros%dayMicros < 0 {
		day--
	}
	return day
}

func partitionName(table string, day int64) string {
	return table + "_" + time.UnixMicro(day*dayMicros).UTC().Format("20060102")
}

// ensureDays makes the partitions that a batch needs, and that of the day after, so that midnight finds it there. It does
// nothing on SQLite.
func (s *Store) ensureDays(ctx context.Context, batch []*request) error {
	if !s.postgres() {
		return nil
	}
	for _, r := range batch {
		if err := s.ensureDay(ctx, dayOf(r.key.time)); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) ensureDay(ctx context.Context, day int64) error {
	if s.days.known(day) {
		return nil
	}
	for _, d := range []int64{day, day + 1} {
		exists, err := s.hasPartitions(ctx, d)
		if err == nil && !exists {
			err = s.createPartitions(ctx, d)
		}
		if err != nil {
			return fmt.Errorf("prepare the tables of a day: %w", err)
		}
	}
	s.days.add(day)
	return nil
}

// hasPartitions looks without a lock.
func (s *Store) hasPartitions(ctx context.Context, day int64) (exists bool, err error) {
	last := partitioned[len(partitioned)-1] // they are created in this order, in one transaction
	return exists, s.scalar(ctx, &exists, "SELECT to_regclass(?::text) IS NOT NULL", partitionName(last, day))
}

func (s *Store) createPartitions(ctx context.Context, day int64) error {
	return s.inWrite(ctx, func(tx *Store) error {
		if _, err := tx.exec(ctx, "SELECT pg_advisory_xact_lock(?)", partitionLock); err != nil {
			return err
		}
		for _, table := range partitioned {
			if err := tx.createPartition(ctx, table, day); err != nil {
				return err
			}
		}
		return nil
	})
}

// createPartition makes a table and then a partition of it, which nobody who reads or writes the others has to wait for: a table that is
// made as a partition needs the whole for itself.
func (s *Store) createPartition(ctx context.Context, table string, day int64) error {
	name, exists := partitionName(table, day), false
	if err := s.scalar(ctx, &exists, "SELECT to_regclass(?::text) IS NOT NULL", name); err != nil || exists {
		return err // another replica was faster
	}
	if _, err := s.exec(ctx, fmt.Sprintf("CREATE TABLE %s (LIKE %s INCLUDING ALL)", name, table)); err != nil {
		return err
	}
	_, err := s.exec(ctx, fmt.Sprintf("ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%d) TO (%d)", table, name, day*dayMicros, (day+1)*dayMicros))
	return err
}

// isMissingPartition: PostgreSQL reports it as a check violation without a constraint.
func isMissingPartition(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.Code == "23514" && e.ConstraintName == ""
}
