package store

import (
	"context"
	"database/sql"

	"squirrel/models"
)

// countLimit is how many rows a page of the list looks at to tell how many match. Beyond it, the total comes from the sums of
// the statistics where they know the filter, and is an estimate where they don't.
const countLimit = 10_000

// LogCount counts the requests that match, exactly, however long that takes.
func (s *Store) LogCount(ctx context.Context, f models.LogFilter) (n int64, err error) {
	w, err := s.listFilter(ctx, &f)
	if err == nil {
		err = s.scalar(ctx, &n, "SELECT COUNT(*) FROM request_logs WHERE "+w.sql(), w.args...)
	}
	return n, fail("count the logs", err)
}

// total looks at the newest rows that an index gives for the filter, and counts those that match it all.
func (s *Store) total(ctx context.Context, f *models.LogFilter, full where) (total int64, estimate bool, err error) {
	narrow := s.indexed(f)
	query := `SELECT COUNT(*), COALESCE(SUM(hit), 0) FROM (
		SELECT CASE WHEN ` + full.sql() + ` THEN 1 ELSE 0 END AS hit FROM request_logs WHERE ` + narrow.sql() + ` ORDER BY request_time DESC LIMIT ?
	) AS newest`
	args := append(append(full.args[:len(full.args):len(full.args)], narrow.args...), countLimit+1)
	var seen, hits int64
	err = s.each(ctx, func(rows *sql.Rows) error { return rows.Scan(&seen, &hits) }, query, args...)
	if err != nil || seen <= countLimit {
		return hits, false, err
	}
	if usable, err := s.clipped(ctx, f); err != nil {
		return 0, false, err
	} else if usable != nil {
		total, err := s.countFromUsage(ctx, usable)
		return total, false, err
	}
	// The share of matches among the newest, of all that the index narrows it down to.
	candidates, err := s.countCandidates(ctx, f)
	return max(hits, int64(float64(candidates)*float64(hits)/float64(seen))), true, err
}

// clipped is the filter without what is older than the oldest row, when the statistics can count it; else nil. Statistics are
// kept longer than rows.
func (s *Store) clipped(ctx context.Context, f *models.LogFilter) (*models.LogFilter, error) {
	if f.State == models.LogRunning || !s.summed(f) {
		return nil, nil
	}
	oldest, err := s.oldestLog(ctx)
	if err != nil || oldest == nil {
		return nil, err
	}
	out := *f
	if f.Start == nil || f.Start.Before(*oldest) {
		out.Start = oldest
	}
	return &out, nil
}

// countFromUsage adds the running requests to the completed ones.
func (s *Store) countFromUsage(ctx context.Context, f *models.LogFilter) (int64, error) {
	collected := newTally(models.StatsQuery{Filter: *f})
	if err := s.collect(ctx, f, collected); err != nil {
		return 0, err
	}
	total := collected.summary.requests
	if f.State == models.LogDone {
		return total, nil
	}
	running := *f
	running.State = models.LogRunning
	w := s.filter(&running)
	var n int64
	err := s.scalar(ctx, &n, "SELECT COUNT(*) FROM request_logs WHERE "+w.sql(), w.args...)
	return total + n, err
}

// countCandidates is how many rows the indexed part of the filter gives: counted by the statistics but for failures, which
// they count without their kind.
func (s *Store) countCandidates(ctx context.Context, f *models.LogFilter) (int64, error) {
	narrow, err := s.clipped(ctx, &models.LogFilter{Start: f.Start, End: f.End, APIKeyID: f.APIKeyID})
	if err != nil || narrow == nil {
		return 0, err
	}
	collected := newTally(models.StatsQuery{Filter: *narrow})
	if err := s.collect(ctx, narrow, collected); err != nil {
		return 0, err
	}
	if wantsFailures(f) {
		return collected.summary.requests - collected.summary.successes, nil
	}
	return collected.summary.requests, nil
}
