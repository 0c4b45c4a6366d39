package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"squirrel/models"
)

// DeleteLogsBefore deletes up to limit requests that began before a time, the oldest first, with their details and attempts, and
// returns how many there were; 0 means that none are left. On PostgreSQL a whole day goes at once, whatever the limit. The sums
// of the statistics stay.
func (s *Store) DeleteLogsBefore(ctx context.Context, before time.Time, limit int) (int, error) {
	n, err := s.deleteOldest(ctx, oldRows{table: "request_logs", id: "id", with: []string{"request_log_details", "request_attempts"}}, before, limit)
	return n, fail("delete old logs", err)
}

// DeleteLogDetailsBefore does the same for the details: headers and bodies, those of failed attempts included. It counts parts
// of details, of which a request has up to three.
func (s *Store) DeleteLogDetailsBefore(ctx context.Context, before time.Time, limit int) (int, error) {
	n, err := s.deleteOldest(ctx, oldRows{table: "request_log_details", id: "log_id", strip: true}, before, limit)
	return n, fail("delete old details", err)
}

// oldRows says what goes with the rows of a table.
type oldRows struct {
	table, id string
	with      []string // tables whose rows up to the same key go too
	strip     bool     // the bodies of attempts up to the same key go too
}

func (s *Store) deleteOldest(ctx context.Context, what oldRows, before time.Time, limit int) (int, error) {
	if s.postgres() {
		if n, err := s.dropOldestDay(ctx, what, before); err != nil || n > 0 {
			return n, err
		}
	}
	deleted := 0
	err := s.inWrite(ctx, func(tx *Store) (err error) {
		deleted, err = tx.deleteSome(ctx, what, before, limit)
		return err
	})
	return deleted, err
}

// deleteSome deletes by the key up to which limit rows reach: a range of neighbouring rows in each table.
func (s *Store) deleteSome(ctx context.Context, what oldRows, before time.Time, limit int) (int, error) {
	found, last := 0, logKey{}
	query := fmt.Sprintf("SELECT request_time, %[1]s FROM %[2]s WHERE request_time < ? ORDER BY request_time, %[1]s LIMIT ?", what.id, what.table)
	err := s.each(ctx, func(rows *sql.Rows) error {
		found++
		return rows.Scan(&last.time, &last.id)
	}, query, toMicros(before), max(limit, 1))
	if err != nil {
		return 0, err
	}
	if what.strip {
		if found == 0 {
			last = logKey{time: toMicros(before)} // before any id: attempts of requests that have no details
		}
		if err := s.stripAttempts(ctx, last); err != nil {
			return 0, err
		}
	}
	if found == 0 {
		return 0, nil
	}
	for _, table := range what.with {
		if _, err := s.deleteUpTo(ctx, table, "log_id", last); err != nil {
			return 0, err
		}
	}
	n, err := s.deleteUpTo(ctx, what.table, what.id, last)
	return int(n), err
}

// stripAttempts deletes what failed attempts were answered; an index holds just those that have that.
func (s *Store) stripAttempts(ctx context.Context, last logKey) error {
	_, err := s.exec(ctx, `UPDATE request_attempts SET response_body = NULL
		WHERE response_body IS NOT NULL AND request_time <= ? AND (request_time, log_id) <= (?, ?)`, last.time, last.time, last.id)
	return err
}

func (s *Store) deleteUpTo(ctx context.Context, table, id string, last logKey) (int64, error) {
	query := fmt.Sprintf("DELETE FROM %s WHERE request_time <= ? AND (request_time, %s) <= (?, ?)", table, id)
	return s.exec(ctx, query, last.time, last.time, last.id)
}

// dropOldestDay drops the oldest partition whose day was over before a time, and returns how many rows it held. Empty ones are
// dropped on the way.
func (s *Store) dropOldestDay(ctx context.Context, what oldRows, before time.Time) (int, error) {
	days, err := s.partitionDays(ctx, what.table)
	if err != nil {
		return 0, err
	}
	for _, day := range days {
		if (day+1)*dayMicros > toMicros(before) {
			return 0, nil
		}
		n, err := s.dropDay(ctx, what, day)
		if err != nil || n > 0 {
			return n, err
		}
	}
	return 0, nil
}

// A table that is dropped has to be free of readers, and while the drop waits for one, everybody else waits behind it. So it waits
// for a moment only, and comes back later.
const (
	dropLockWait = "100ms"
	dropPause    = 500 * time.Millisecond
	dropPatience = time.Minute
)

func (s *Store) dropDay(ctx context.Context, what oldRows, day int64) (n int, err error) {
	for deadline := time.Now().Add(dropPatience); ; {
		n, err = s.tryDropDay(ctx, what, day)
		if models.ErrorCode(classify(err)) != models.CodeBusy || time.Now().After(deadline) {
			return n, err
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(dropPause):
		}
	}
}

func (s *Store) tryDropDay(ctx context.Context, what oldRows, day int64) (int, error) {
	var n int
	err := s.inWrite(ctx, func(tx *Store) error {
		if _, err := tx.exec(ctx, "SELECT pg_advisory_xact_lock(?)", partitionLock); err != nil {
			return err
		}
		table := partitionName(what.table, day)
		exists := false
		if err := tx.scalar(ctx, &exists, "SELECT to_regclass(?::text) IS NOT NULL", table); err != nil || !exists {
			return err // another replica was faster
		}
		if err := tx.scalar(ctx, &n, "SELECT COUNT(*) FROM "+table); err != nil {
			return err
		}
		if _, err := tx.exec(ctx, "SET LOCAL lock_timeout = '"+dropLockWait+"'"); err != nil {
			return err
		}
		if what.strip {
			// The day stays for the summaries, so its table has to stay for rows that may come late.
			return tx.emptyDetails(ctx, day)
		}
		for _, table := range append([]string{what.table}, what.with...) {
			if _, err := tx.exec(ctx, "DROP TABLE IF EXISTS "+partitionName(table, day)); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && !what.strip {
		s.days.forget()
	}
	return n, err
}

func (s *Store) emptyDetails(ctx context.Context, day int64) error {
	if _, err := s.exec(ctx, "TRUNCATE "+partitionName("request_log_details", day)); err != nil {
		return err
	}
	_, err := s.exec(ctx, "UPDATE "+partitionName("request_attempts", day)+" SET response_body = NULL WHERE response_body IS NOT NULL")
	return err
}

// partitionDays lists the days that have a partition, in order.
func (s *Store) partitionDays(ctx context.Context, table string) (days []int64, err error) {
	err = s.each(ctx, func(rows *sql.Rows) error {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		day, err := time.Parse("20060102", strings.TrimPrefix(name, table+"_"))
		if err != nil {
			return nil //nolint:nilerr // a partition that somebody attached by hand is none of ours
		}
		days = append(days, dayOf(day.UnixMicro()))
		return nil
	}, "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = ?::text::regclass", table)
	slices.Sort(days)
	return days, err
}

// Vacuum gives space that deletions have freed back to the file system, up to pages of 4 KiB, and shortens the write-ahead log.
// PostgreSQL does that by itself.
func (s *Store) Vacuum(ctx context.Context, pages int) error {
	if s.postgres() {
		return nil
	}
	release, err := s.enter(ctx, time.Now().Add(s.busy))
	if err != nil {
		return fail("release free space", err)
	}
	defer release()
	writer := s.on(s.writer) // not in a transaction, which can't shrink the file
	for _, pragma := range []string{fmt.Sprintf("PRAGMA incremental_vacuum(%d)", max(pages, 1)), "PRAGMA wal_checkpoint(TRUNCATE)"} {
		// The first frees a page at each step, so all rows must be asked for.
		if err = writer.each(ctx, func(*sql.Rows) error { return nil }, pragma); err != nil {
			break
		}
	}
	return fail("release free space", err)
}
