package store

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"time"

	"squirrel/models"
)

// FailureKinds counts the failed requests that match, per bucket in which there are any, by whose failure their status tells. What
// everybody or a source asked is read from kept sums; narrower filters are counted by the database, of which an index holds all it
// needs for the usual ones.
func (s *Store) FailureKinds(ctx context.Context, q models.StatsQuery) ([]models.FailureKinds, error) {
	if q.Filter.State == models.LogRunning {
		return nil, nil
	}
	kinds := failureTally{newTally(q), map[int64]*models.FailureKinds{}}
	err := s.inRead(ctx, func(tx *Store) error {
		dimensions, kept := tx.wholeGroups(&q.Filter, groupFailure)
		if !kept || !tx.summed(&q.Filter) || q.Bucket == models.BucketMinute {
			w, err := tx.failedFilter(ctx, failed(q.Filter))
			if err != nil {
				return err
			}
			return tx.addFailedRows(ctx, w, kinds)
		}
		sp := spanOf(&q.Filter)
		for _, edge := range sp.edges() {
			if err := tx.addFailedRows(ctx, tx.filter(failed(*edge.of(&q.Filter, ""))), kinds); err != nil {
				return err
			}
		}
		return tx.addFailedSums(ctx, dimensions, sp, kinds)
	})
	return kinds.sorted(), fail("count the failures", err)
}

// failureTally adds up failures by bucket.
type failureTally struct {
	*tally
	byBucket map[int64]*models.FailureKinds
}

func (t failureTally) add(micros, refused, cancelled int64) {
	bucket := t.bucket(micros)
	k := t.byBucket[bucket]
	if k == nil {
		k = &models.FailureKinds{Bucket: fromMicros(bucket)}
		t.byBucket[bucket] = k
	}
	k.Refused, k.Cancelled = k.Refused+refused, k.Cancelled+cancelled
}

func (t failureTally) sorted() []models.FailureKinds {
	all := make([]models.FailureKinds, 0, len(t.byBucket))
	for _, k := range t.byBucket {
		all = append(all, *k)
	}
	slices.SortFunc(all, func(a, b models.FailureKinds) int { return a.Bucket.Compare(b.Bucket) })
	return all
}

// failed narrows a filter to what has failed, which is done.
func failed(f models.LogFilter) *models.LogFilter {
	yes := true
	f.State, f.HasError = "", &yes
	return &f
}

// failedFilter leaves a filter as it is when the index of the failed ones has all that it asks: then no row is read.
func (s *Store) failedFilter(ctx context.Context, f *models.LogFilter) (where, error) {
	switch {
	case inFailed(f) && !s.postgres():
		return s.filter(f), nil
	case f.TotalTimeMin != nil:
		return s.everyFilter(ctx, f)
	}
	return s.listFilter(ctx, f)
}

func (s *Store) addFailedRows(ctx context.Context, w where, t failureTally) error {
	width := quarterMicros
	if t.query.Bucket == models.BucketMinute {
		width = int64(time.Minute / time.Microsecond)
	}
	slot := "request_time / " + strconv.FormatInt(width, 10)
	return s.each(ctx, func(rows *sql.Rows) error {
		var at, refused, cancelled int64
		err := rows.Scan(&at, &refused, &cancelled)
		t.add(at*width, refused, cancelled)
		return err
	}, "SELECT "+slot+" AS slot, SUM(CASE WHEN response_status BETWEEN 400 AND 498 THEN 1 ELSE 0 END), SUM(CASE WHEN response_status = 499 THEN 1 ELSE 0 END) FROM "+s.from(w)+" WHERE "+
		w.sql()+" GROUP BY "+slot, w.values()...)
}

func (s *Store) addFailedSums(ctx context.Context, dimensions []any, sp span, t failureTally) error {
	parts, err := s.trendParts(ctx, groupsOf(dimensions), sp, &t.query)
	if err != nil {
		return err
	}
	for _, part := range parts {
		err := s.each(ctx, func(rows *sql.Rows) error {
			var slot, requests int64
			var kind string
			if err := rows.Scan(&slot, &kind, &requests); err != nil {
				return err
			}
			if kind == failureCancelled {
				t.add(slot, 0, requests)
			} else {
				t.add(slot, requests, 0)
			}
			return nil
		}, "SELECT r.slot, g.key, r.requests FROM (SELECT "+trendSlot+" AS slot, series, requests FROM usage_rollups WHERE "+part.sql()+") r JOIN usage_groups g ON g.id = r.series", part.args...)
		if err != nil {
			return err
		}
	}
	return nil
}
