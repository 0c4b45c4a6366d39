package main

import (
	"context"
	"time"
)

// coldRuns is how often, at most, the database is opened anew for a kind of query.
const coldRuns = 12

// cold asks with empty caches, once after each opening of the database.
func (b *bench) cold(ctx context.Context) error {
	r, n := b.random(5), min(coldRuns, b.queries)
	for _, kind := range []struct {
		name    string
		target  time.Duration
		queries []query
	}{
		{"cold: list, 3 filters that match a request", listTarget, b.filtered(r, n, 1)},
		{"cold: detail", detailTarget, b.views(r, n)},
		{"cold: stats of all days", statsTarget, b.statsQueries(r)[:n]},
	} {
		l := line{name: kind.name, target: kind.target}
		for _, q := range kind.queries {
			if err := b.db.reopen(ctx); err != nil {
				return err
			}
			began := time.Now()
			if err := q.run(ctx); err != nil {
				return err
			}
			l.took = append(l.took, timing{q.what, time.Since(began)})
		}
		l.sort()
		b.add(l)
	}
	return nil
}
