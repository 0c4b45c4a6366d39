package store

import (
	"context"
	"database/sql"

	"squirrel/models"
)

// GroupTrends are the trends of some groups of a question, by their keys. Like a trend of everything they have the buckets in which
// there are requests.
func (s *Store) GroupTrends(ctx context.Context, q models.StatsQuery, keys []string) (map[string][]models.StatPoint, error) {
	if _, ok := groupColumns[q.Group]; !ok {
		return nil, models.Invalid("group_by", "is not a dimension of the statistics")
	}
	t := newTally(q)
	t.followed = make(map[string]*tally, len(keys))
	for _, key := range keys {
		t.followed[key] = newTally(q)
	}
	err := s.inRead(ctx, func(tx *Store) error {
		if !tx.summed(&q.Filter) || q.Bucket == models.BucketMinute || !tx.groupable(&q.Filter, q.Group) {
			return tx.collectRows(ctx, &q.Filter, t)
		}
		sp := spanOf(&q.Filter)
		for _, edge := range sp.edges() {
			if err := tx.addRows(ctx, tx.filter(edge.of(&q.Filter, models.LogDone)), t); err != nil {
				return err
			}
		}
		if dimensions, whole := tx.wholeGroups(&q.Filter, q.Group); whole {
			return tx.followGroups(ctx, dimensions, sp, t)
		}
		return tx.followSeries(ctx, sp, t)
	})
	if err != nil {
		return nil, fail("read the trends of groups", err)
	}
	trends := make(map[string][]models.StatPoint, len(keys))
	for key, followed := range t.followed {
		trends[key] = followed.stats(now()).Trend
	}
	return trends, nil
}

// followGroups reads the kept sums of the groups that are followed, and of no others.
func (s *Store) followGroups(ctx context.Context, dimensions []any, sp span, t *tally) error {
	w := s.anyOf("dimension", "text", dimensions)
	keys := make([]any, 0, len(t.followed))
	for key := range t.followed {
		keys = append(keys, key)
	}
	w = w.join(s.anyOf("key", "text", keys))
	known := map[seriesID]*tally{}
	var ids []any
	err := s.each(ctx, func(rows *sql.Rows) error {
		var id []byte
		var key string
		err := rows.Scan(&id, &key)
		known[seriesID(id)], ids = t.followed[key], append(ids, id)
		return err
	}, "SELECT id, key FROM usage_groups WHERE "+w.sql(), w.args...)
	if err != nil || len(ids) == 0 {
		return err
	}
	parts, err := s.trendParts(ctx, s.anyOf("series", "bytea", ids), sp, &t.query)
	if err != nil {
		return err
	}
	var id sql.RawBytes
	var slot int64
	for _, part := range parts {
		err := s.eachRollup(ctx, []any{&id, &slot}, func(r *rollupScan) error {
			return r.addTo(known[seriesID(id)].bucketSums(slot))
		}, "SELECT series, "+trendSlot+", "+rollupColumns+" FROM usage_rollups WHERE "+part.sql(), part.args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// followSeries is the same when a filter names further dimensions: there are sums for their combinations alone.
func (s *Store) followSeries(ctx context.Context, sp span, t *tally) error {
	parts, err := s.trendParts(ctx, namedSeries(s.seriesFilter(&t.query.Filter)), sp, &t.query)
	if err != nil {
		return err
	}
	var key any
	var slot int64
	for _, part := range parts {
		err := s.eachRollup(ctx, []any{&key, &slot}, func(r *rollupScan) error {
			if followed := t.followed[keyText(key)]; followed != nil {
				return r.addTo(followed.bucketSums(slot))
			}
			return nil
		}, "SELECT s."+groupColumns[t.query.Group][0]+", r.at, "+rollupColumns+" FROM (SELECT *, "+trendSlot+" AS at FROM usage_rollups WHERE "+part.sql()+
			") r JOIN usage_series s ON s.id = r.series", part.args...)
		if err != nil {
			return err
		}
	}
	return nil
}
