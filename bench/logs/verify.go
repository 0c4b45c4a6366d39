package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"squirrel/models"
)

// totals are the sums of some requests, added up one by one.
type totals struct {
	Requests, Successes, Input, Output, Cached, UnknownCosts int64
	Cost                                                     models.NanoUSD
}

func (t *totals) add(l *models.RequestLog) {
	t.Requests++
	if l.ErrorCode == "" && l.ResponseStatus != nil && *l.ResponseStatus >= 200 && *l.ResponseStatus < 400 {
		t.Successes++
	}
	t.Input += valueOf(l.InputTokens)
	t.Output += valueOf(l.OutputTokens)
	t.Cached += valueOf(l.CachedInputTokens)
	if l.TotalCost == nil {
		t.UnknownCosts++
	} else {
		t.Cost += *l.TotalCost
	}
}

func valueOf(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

func (t *totals) addLine(l *models.StatLine) {
	t.Requests += l.RequestCount
	t.Successes += l.SuccessCount
	t.Input += l.InputTokens
	t.Output += l.OutputTokens
	t.Cached += l.CachedInputTokens
	t.UnknownCosts += l.UnknownCostCount
	t.Cost += l.TotalCost
}

// exportAndVerify reads all requests as an export does, and holds them against what was written and what the statistics say;
// then the same for some filters.
func (b *bench) exportAndVerify(ctx context.Context) error {
	began := time.Now()
	rows, err := b.check(ctx, models.StatsQuery{Bucket: models.BucketDay, Group: models.GroupModel, Location: location(zones[1])})
	if err != nil {
		return err
	}
	took := time.Since(began)
	b.note("export: EachLog, everything")("%d rows in %s, %.0f rows/s", rows.Requests, took.Round(time.Millisecond), float64(rows.Requests)/took.Seconds())
	if rows != b.written {
		return fmt.Errorf("stored were %+v, written %+v", rows, b.written)
	}
	queries := b.checks()
	for _, q := range queries {
		if _, err := b.check(ctx, q); err != nil {
			return err
		}
	}
	b.note("sums: buckets = groups = summary = rows")("equal for all rows and %d filters", len(queries))
	return nil
}

// checks are filters that the kept sums can answer, and some that need the rows.
func (b *bench) checks() (queries []models.StatsQuery) {
	r := b.random(7)
	end := b.end.Add(-77 * time.Second)
	start := end.AddDate(0, 0, -3).Add(5*time.Minute + time.Microsecond)
	for i, f := range []models.LogFilter{
		{},
		{APIKeyID: new(int64(7))},
		{RequestedModel: "GPT", Endpoint: string(models.EndpointChat)},
		{ProviderID: new(int64(3)), APIKeyName: "team-0"},
		{IsStream: new(true), UserID: "user-000"},
		{Statuses: []models.StatusRange{{Min: 429, Max: 429}, {Min: 500, Max: 599}}},
		{HasError: new(true), RetryMin: new(1)},
		{Source: models.SourcePlayground, State: models.LogDone},
	} {
		f.Start, f.End = &start, &end
		bucket := []models.StatBucket{models.BucketDay, models.BucketHour, models.BucketMinute}[i%3]
		group := []models.StatGroup{models.GroupModel, models.GroupAPIKey, models.GroupProvider, models.GroupUser, models.GroupEndpoint}[r.IntN(5)]
		queries = append(queries, models.StatsQuery{Filter: f, Bucket: bucket, Group: group, Location: location(zones[i%len(zones)])})
	}
	return queries
}

var errSums = errors.New("the sums differ")

// check adds up the rows of a filter by bucket, and compares.
func (b *bench) check(ctx context.Context, q models.StatsQuery) (totals, error) {
	var rows, buckets, groups, summary totals
	byBucket := map[int64]*totals{}
	err := b.db.EachLog(ctx, q.Filter, func(l models.RequestLog) error {
		rows.add(&l)
		at := bucketOf(l.RequestTime, q).Unix()
		if byBucket[at] == nil {
			byBucket[at] = &totals{}
		}
		byBucket[at].add(&l)
		return nil
	})
	if err != nil {
		return rows, err
	}
	stats, err := b.db.Stats(ctx, q)
	if err != nil {
		return rows, err
	}
	for _, point := range stats.Trend {
		buckets.addLine(&point.StatLine)
		var one totals
		one.addLine(&point.StatLine)
		if want := byBucket[point.Bucket.Unix()]; want == nil || one != *want {
			return rows, fmt.Errorf("%w: bucket %s has %+v, its rows %+v", errSums, point.Bucket, one, want)
		}
	}
	for i := range stats.Groups {
		groups.addLine(&stats.Groups[i].StatLine)
	}
	summary.addLine(&stats.Summary)
	if buckets != rows || groups != rows || summary != rows {
		return rows, fmt.Errorf("%w: rows %+v, buckets %+v, groups %+v, summary %+v", errSums, rows, buckets, groups, summary)
	}
	return rows, nil
}

// bucketOf is the beginning of the bucket of a time, by the clocks of the query's zone.
func bucketOf(at time.Time, q models.StatsQuery) time.Time {
	at = at.In(q.Location)
	switch q.Bucket {
	case models.BucketDay:
		return time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, q.Location)
	case models.BucketHour:
		return at.Add(-time.Duration(at.Minute())*time.Minute - time.Duration(at.Second())*time.Second - time.Duration(at.Nanosecond()))
	}
	return at.Truncate(time.Minute)
}
