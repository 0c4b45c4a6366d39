package store

import (
	"context"
	"database/sql"
	"slices"

	"squirrel/models"
)

// countLimit is how many rows a page of the list looks at to tell how many match, when the sums of the statistics don't know the
// filter. If there are more, the total is an estimate.
const countLimit = 2_000

// LogCount counts the requests that match, exactly, however long that takes.
func (s *Store) LogCount(ctx context.Context, f models.LogFilter) (n int64, err error) {
	err = s.inRead(ctx, func(tx *Store) error {
		w, err := tx.listFilter(ctx, &f)
		if err != nil {
			return err
		}
		return tx.scalar(ctx, &n, "SELECT COUNT(*) FROM "+tx.from(w)+" WHERE "+w.sql(), w.values()...)
	})
	return n, fail("count the logs", err)
}

// total takes what the statistics know of the filter. Else it looks at the newest rows that an index gives for the filter, and
// counts those that match it all.
func (s *Store) total(ctx context.Context, f *models.LogFilter, full where) (total int64, estimate bool, err error) {
	if few, ok := s.fewSums(f); ok && s.summed(f) {
		done, _, err := s.countDone(ctx, f, few)
		if err != nil || f.State == models.LogDone {
			return done, false, err
		}
		running, err := s.countRunning(ctx, f)
		return done + running, false, err
	}
	if full.asArray {
		return s.countQuarters(ctx, full)
	}
	if full.few() {
		return total, false, s.scalar(ctx, &total, "SELECT COUNT(*) FROM "+s.from(full)+" WHERE "+full.sql(), full.values()...)
	}
	if full.byKey {
		full = s.filter(f) // a few rows are not worth their keys
	}
	seen, hits, err := s.countNewest(ctx, s.indexed(f), full)
	if err != nil || seen <= countLimit {
		return hits, false, err
	}
	// The share of matches among the newest, of all that the index narrows it down to.
	indexed := &models.LogFilter{Start: f.Start, End: f.End, APIKeyID: f.APIKeyID}
	few, _ := s.fewSums(indexed)
	candidates, failures, err := s.countDone(ctx, indexed, few)
	if wantsFailures(f) {
		candidates = failures
	}
	return max(hits, int64(float64(candidates)*float64(hits)/float64(seen))), true, err
}

// countQuarters counts what is in the newest of the quarters of an hour that a filter is narrowed to, and takes the others to hold
// as much.
func (s *Store) countQuarters(ctx context.Context, full where) (total int64, estimate bool, err error) {
	seen := 0
	for part := range full.quartersInOrder(false) {
		var n int64
		if err := s.scalar(ctx, &n, "SELECT COUNT(*) FROM "+s.from(part)+" WHERE "+part.sql(), part.values()...); err != nil {
			return 0, false, err
		}
		total += n
		if seen += len(part.quarters); seen > 2*fewQuarters {
			break
		}
	}
	if seen == len(full.quarters) {
		return total, false, nil
	}
	return int64(float64(total) * float64(len(full.quarters)) / float64(seen)), true, nil
}

// countNewest counts the newest rows that an index gives, up to one more than countLimit, and those among them that match it all.
func (s *Store) countNewest(ctx context.Context, indexed, full where) (seen, hits int64, err error) {
	parts, err := s.inOrder(ctx, indexed, false)
	if err != nil {
		return 0, 0, err
	}
	for part := range parts {
		query := `SELECT COUNT(*), COALESCE(SUM(hit), 0) FROM (
			SELECT CASE WHEN ` + full.sql() + ` THEN 1 ELSE 0 END AS hit FROM request_logs WHERE ` + part.sql() + ` ORDER BY request_time DESC LIMIT ?
		) AS newest`
		err := s.each(ctx, func(rows *sql.Rows) error {
			var n, good int64
			err := rows.Scan(&n, &good)
			seen, hits = seen+n, hits+good
			return err
		}, query, slices.Concat(full.args, part.args, []any{countLimit + 1 - seen})...)
		if err != nil || seen > countLimit {
			return seen, hits, err
		}
	}
	return seen, hits, nil
}

func (s *Store) countRunning(ctx context.Context, f *models.LogFilter) (n int64, err error) {
	running := *f
	running.State = models.LogRunning
	w := s.filter(&running)
	return n, s.scalar(ctx, &n, "SELECT COUNT(*) FROM "+s.from(w)+" WHERE "+w.sql(), w.values()...)
}

// countDone counts the completed requests of a filter that some sums answer, and how many of them failed, without reading more rows
// than those of the quarters of an hour that the filter or the oldest row cuts. (Statistics outlive rows.)
func (s *Store) countDone(ctx context.Context, f *models.LogFilter, sums where) (done, failures int64, err error) {
	oldest, err := s.oldestLog(ctx)
	if err != nil || oldest == nil {
		return 0, 0, err
	}
	clipped := *f
	if f.Start == nil || f.Start.Before(*oldest) {
		clipped.Start = oldest
	}
	span := spanOf(&clipped)
	for _, edge := range span.edges() {
		w := s.filter(edge.of(&clipped, models.LogDone))
		err := s.each(ctx, func(rows *sql.Rows) error {
			var n, bad int64
			err := rows.Scan(&n, &bad)
			done, failures = done+n, failures+bad
			return err
		}, "SELECT COUNT(*), COALESCE(SUM(CASE WHEN failed THEN 1 ELSE 0 END), 0) FROM request_logs WHERE "+w.sql(), w.args...)
		if err != nil {
			return 0, 0, err
		}
	}
	parts, err := s.partsOf(ctx, sums, span)
	if err != nil {
		return 0, 0, err
	}
	for _, part := range parts {
		err := s.each(ctx, func(rows *sql.Rows) error {
			var n, good int64
			err := rows.Scan(&n, &good)
			done, failures = done+n, failures+n-good
			return err
		}, "SELECT CAST(COALESCE(SUM(requests), 0) AS BIGINT), CAST(COALESCE(SUM(successes), 0) AS BIGINT) FROM usage_rollups WHERE "+part.sql(), part.args...)
		if err != nil {
			return 0, 0, err
		}
	}
	return done, failures, nil
}
