package store

import (
	"context"
	"time"
)

// Size tells how large the database is.
func (s *Store) Size(ctx context.Context) (report SizeReport, err error) {
	err = s.inRead(ctx, func(tx *Store) (err error) {
		if report.OldestLog, err = tx.oldestLog(ctx); err != nil {
			return err
		}
		if tx.postgres() {
			return tx.sizePostgres(ctx, &report)
		}
		return tx.sizeSQLite(ctx, &report)
	})
	return report, fail("measure the database", err)
}

func (s *Store) sizeSQLite(ctx context.Context, r *SizeReport) error {
	var pageSize, pages, free int64
	for query, into := range map[string]*int64{
		"PRAGMA page_size": &pageSize, "PRAGMA page_count": &pages, "PRAGMA freelist_count": &free,
		"SELECT COUNT(*) FROM request_logs": &r.Logs, "SELECT COUNT(*) FROM request_log_details": &r.Details,
	} {
		if err := s.scalar(ctx, into, query); err != nil {
			return err
		}
	}
	r.DatabaseBytes, r.FreeBytes = pages*pageSize, free*pageSize
	return nil
}

func (s *Store) sizePostgres(ctx context.Context, r *SizeReport) error {
	const rows = `SELECT COALESCE(SUM(GREATEST(c.reltuples, 0)), 0)::bigint FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		WHERE i.inhparent = ?::text::regclass`
	if err := s.scalar(ctx, &r.DatabaseBytes, "SELECT pg_database_size(current_database())"); err != nil {
		return err
	}
	if err := s.scalar(ctx, &r.Logs, rows, "request_logs"); err != nil {
		return err
	}
	return s.scalar(ctx, &r.Details, rows, "request_log_details")
}

const (
	growthDays   = 7   // how many of the last days tell the growth
	detailSample = 500 // parts of details whose size stands for all
	detailExtra  = 64  // bytes of a part beside its payload: key, index
)

// Growth tells how many bytes a day of requests takes: with headers and bodies, and before anything of it is deleted. It is nil while
// there is less than a day of them.
func (s *Store) Growth(ctx context.Context, now time.Time) (perDay *int64, err error) {
	err = s.inRead(ctx, func(tx *Store) (err error) {
		if tx.postgres() {
			perDay, err = tx.growthOfPartitions(ctx, dayOf(toMicros(now)))
		} else {
			perDay, err = tx.growthOfFile(ctx, toMicros(now))
		}
		return err
	})
	return perDay, fail("measure the growth of the database", err)
}

// growthOfPartitions measures the last days that are over. Each table counts from its own first day: details may be kept for fewer
// days than rows.
func (s *Store) growthOfPartitions(ctx context.Context, today int64) (*int64, error) {
	var sum int64
	known := false
	for _, table := range partitioned {
		first, bytes, err := s.lastDays(ctx, table, today)
		if err != nil {
			return nil, err
		}
		if first < today {
			known = true
			sum += bytes / (today - first)
		}
	}
	if !known {
		return nil, nil
	}
	return &sum, nil
}

// lastDays sums up the sizes of a table's last days that are over, from the first of them on that has rows; today without one.
func (s *Store) lastDays(ctx context.Context, table string, today int64) (first, bytes int64, err error) {
	days, err := s.partitionDays(ctx, table)
	first = today
	for _, day := range days {
		if err != nil || day < today-growthDays || day >= today {
			continue
		}
		name := partitionName(table, day)
		var size int64
		var filled bool
		if err = s.scalar(ctx, &filled, "SELECT EXISTS (SELECT 1 FROM "+name+")"); err == nil {
			err = s.scalar(ctx, &size, "SELECT pg_total_relation_size(?::text::regclass)", name)
		}
		if filled {
			first = min(first, day)
		}
		if first <= day {
			bytes += size
		}
	}
	return first, bytes, err
}

// growthOfFile divides what lies in the file by the days it is from. The size of details is estimated from the latest of them, since
// they may be kept for fewer days than rows.
func (s *Store) growthOfFile(ctx context.Context, now int64) (*int64, error) {
	var size SizeReport
	if err := s.sizeSQLite(ctx, &size); err != nil {
		return nil, err
	}
	var oldestRow, oldestDetail *int64
	if err := s.scalar(ctx, &oldestRow, "SELECT MIN(request_time) FROM request_logs"); err != nil {
		return nil, err
	}
	if err := s.scalar(ctx, &oldestDetail, "SELECT MIN(request_time) FROM request_log_details"); err != nil {
		return nil, err
	}
	if oldestRow == nil || now-*oldestRow < dayMicros {
		return nil, nil
	}
	used := float64(size.DatabaseBytes - size.FreeBytes)
	var part float64
	err := s.scalar(ctx, &part, "SELECT COALESCE(AVG(length(payload)), 0) FROM (SELECT payload FROM request_log_details ORDER BY request_time DESC LIMIT ?)", detailSample)
	if err != nil {
		return nil, err
	}
	days := func(since int64) float64 { return max(float64(now-since)/float64(dayMicros), 1) }
	details := min((part+detailExtra)*float64(size.Details), used)
	perDay := (used - details) / days(*oldestRow)
	if oldestDetail != nil {
		perDay += details / days(*oldestDetail)
	}
	rounded := int64(perDay)
	return &rounded, nil
}
