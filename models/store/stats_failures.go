package store

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"time"

	"squirrel/models"
)

// FailureKinds counts the failed requests that match, per bucket in which there are any, by whose failure their status tells.
// Unlike Stats it reads rows, grouped by the database: an index holds all it needs for the usual filters.
func (s *Store) FailureKinds(ctx context.Context, q models.StatsQuery) ([]models.FailureKinds, error) {
	if q.Filter.State == models.LogRunning {
		return nil, nil
	}
	failed := true
	q.Filter.State, q.Filter.HasError = "", &failed // what has failed is done
	t, width := newTally(q), quarterMicros
	if q.Bucket == models.BucketMinute {
		width = int64(time.Minute / time.Microsecond)
	}
	w := s.filter(&q.Filter)
	slot := "request_time / " + strconv.FormatInt(width, 10)
	buckets := map[int64]*models.FailureKinds{}
	err := s.each(ctx, func(rows *sql.Rows) error {
		var at, refused, cancelled int64
		if err := rows.Scan(&at, &refused, &cancelled); err != nil {
			return err
		}
		bucket := t.bucket(at * width)
		k := buckets[bucket]
		if k == nil {
			k = &models.FailureKinds{Bucket: fromMicros(bucket)}
			buckets[bucket] = k
		}
		k.Refused, k.Cancelled = k.Refused+refused, k.Cancelled+cancelled
		return nil
	}, "SELECT "+slot+" AS slot, SUM(CASE WHEN response_status BETWEEN 400 AND 498 THEN 1 ELSE 0 END), SUM(CASE WHEN response_status = 499 THEN 1 ELSE 0 END) FROM request_logs WHERE "+
		w.sql()+" GROUP BY "+slot, w.args...)
	if err != nil {
		return nil, fail("count the failures", err)
	}
	all := make([]models.FailureKinds, 0, len(buckets))
	for _, k := range buckets {
		all = append(all, *k)
	}
	slices.SortFunc(all, func(a, b models.FailureKinds) int { return a.Bucket.Compare(b.Bucket) })
	return all, nil
}
