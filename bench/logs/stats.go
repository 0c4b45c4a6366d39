package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"squirrel/models"
)

// zones are where people look at statistics; one is off by half an hour, one changed its clocks lately.
var zones = []string{"UTC", "Europe/Berlin", "Asia/Kolkata"}

func location(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.FixedZone(name, 5*3600+1800) // a system without time zones
	}
	return zone
}

// statistics asks for all days, as a dashboard does: until now, which is hardly ever a whole quarter of an hour.
func (b *bench) statistics(ctx context.Context) error {
	r := b.random(6)
	var queries []query
	for range max(b.queries/24, 1) {
		queries = append(queries, b.statsQueries(r)...)
	}
	if err := b.measure(ctx, fmt.Sprintf("stats of %d days", b.days), statsTarget, queries); err != nil {
		return err
	}
	byGroup := map[models.StatGroup][]query{}
	for _, group := range statGroups {
		for range 10 {
			byGroup[group] = append(byGroup[group], b.stats(b.statsQuery(r, models.BucketDay, group)))
		}
		name := fmt.Sprintf("stats of %d days by day, group %q", b.days, group)
		if err := b.measure(ctx, name, statsTarget, byGroup[group]); err != nil {
			return err
		}
	}
	return b.rowStatistics(ctx, r)
}

// rowStatistics asks for what no kept sum knows, so that the rows are read.
func (b *bench) rowStatistics(ctx context.Context, r *rand.Rand) error {
	var day, all []query
	for i := range 20 {
		q := b.statsQuery(r, models.BucketHour, models.GroupUser)
		q.Filter.IsStream = new(true)
		if i < 2 {
			all = append(all, b.stats(q))
		}
		q.Filter.Start = new(q.Filter.End.AddDate(0, 0, -1))
		day = append(day, b.stats(q))
	}
	if err := b.measure(ctx, "stats of a day from rows (streams, by user)", 0, day); err != nil {
		return err
	}
	return b.measure(ctx, fmt.Sprintf("stats of %d days from rows", b.days), 0, all)
}

var statGroups = []models.StatGroup{"", models.GroupModel, models.GroupAPIKey, models.GroupProvider, models.GroupUser, models.GroupClient}

// statsQueries are all combinations of buckets, groups and zones.
func (b *bench) statsQueries(r *rand.Rand) (queries []query) {
	for _, bucket := range []models.StatBucket{models.BucketDay, models.BucketHour} {
		for _, group := range statGroups {
			for range zones {
				queries = append(queries, b.stats(b.statsQuery(r, bucket, group)))
			}
		}
	}
	r.Shuffle(len(queries), func(i, j int) { queries[i], queries[j] = queries[j], queries[i] })
	return queries
}

func (b *bench) statsQuery(r *rand.Rand, bucket models.StatBucket, group models.StatGroup) models.StatsQuery {
	end := b.end.Add(-time.Duration(r.IntN(3600)) * time.Second)
	start := end.AddDate(0, 0, -b.days)
	return models.StatsQuery{
		Filter: models.LogFilter{Start: &start, End: &end}, Bucket: bucket, Group: group, Location: location(zones[r.IntN(len(zones))]),
	}
}

func (b *bench) stats(q models.StatsQuery) query {
	return query{fmt.Sprintf("by %s, group %q, %s", q.Bucket, q.Group, q.Location), func(ctx context.Context) error {
		_, err := b.db.Stats(ctx, q)
		return err
	}}
}
