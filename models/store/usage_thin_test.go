package store

import (
	"reflect"
	"testing"
	"time"

	"squirrel/models"
)

// thinned is a history of six and a half days, without rows, whose first days have lost their quarters.
func thinned(t *testing.T, s *Store, before time.Time) {
	t.Helper()
	drain(t, func() (int, error) { return s.DeleteLogsBefore(t.Context(), noon.AddDate(1, 0, 0), 100) })
	drain(t, func() (int, error) { return s.DeleteUsageBefore(t.Context(), before) })
}

// TestDeleteUsageBefore_DaysStay: sums per day, by every group, are the same when the quarters are gone.
func TestDeleteUsageBefore_DaysStay(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		history(t, s)
		midnight := noon.Truncate(24 * time.Hour)
		var queries []models.StatsQuery
		for group := range groupColumns {
			q := models.StatsQuery{Bucket: models.BucketDay, Location: time.UTC, Group: group}
			queries = append(queries, q)
			q.Filter = models.LogFilter{Start: ptr(midnight.AddDate(0, 0, 1)), End: ptr(midnight.AddDate(0, 0, 5)), Source: models.SourceClient}
			queries = append(queries, q)
		}
		var all []models.Stats
		for _, q := range queries {
			all = append(all, plain(stats(t, s, q)))
		}
		thinned(t, s, noon.AddDate(0, 0, 3))
		for i, q := range queries {
			if got := plain(stats(t, s, q)); !reflect.DeepEqual(got, all[i]) || got.CoarseBefore != nil {
				t.Errorf("by %s %+v, before %+v", q.Group, got, all[i])
			}
		}
		if spend, err := s.SpendSince(t.Context(), 1, time.Time{}); err != nil || spend != 48*3000 {
			t.Errorf("spend %s, %v", spend, err)
		}
		var quarters int64
		must(t, s.scalar(t.Context(), &quarters, "SELECT COUNT(*) FROM usage_rollups WHERE grain = ? AND slot < ?", grainQuarter, toMicros(midnight.AddDate(0, 0, 3))))
		if quarters != 0 {
			t.Errorf("%d quarters are left", quarters)
		}
		if n, err := s.DeleteUsageBefore(t.Context(), noon.AddDate(0, 0, 3)); n != 0 || err != nil {
			t.Errorf("again: %d, %v", n, err)
		}
	})
}

// TestDeleteUsageBefore_RowsKeepTheirQuarters: they are found by them.
func TestDeleteUsageBefore_RowsKeepTheirQuarters(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		history(t, s)
		before := plain(stats(t, s, models.StatsQuery{Bucket: models.BucketHour, Location: time.UTC}))
		if n, err := s.DeleteUsageBefore(t.Context(), noon.AddDate(0, 0, 3)); n != 0 || err != nil {
			t.Errorf("%d were deleted, %v", n, err)
		}
		drain(t, func() (int, error) { return s.DeleteLogsBefore(t.Context(), noon.AddDate(0, 0, 2), 100) })
		drain(t, func() (int, error) { return s.DeleteUsageBefore(t.Context(), noon.AddDate(1, 0, 0)) })
		got := stats(t, s, models.StatsQuery{Bucket: models.BucketHour, Location: time.UTC})
		if want := noon.Truncate(24*time.Hour).AddDate(0, 0, 2); got.CoarseBefore == nil || !got.CoarseBefore.Equal(want) {
			t.Errorf("coarse before %v, the oldest row is of %v", got.CoarseBefore, want)
		}
		if !reflect.DeepEqual(plain(got).Summary, before.Summary) {
			t.Errorf("all together %+v, before %+v", got.Summary, before.Summary)
		}
	})
}

// TestDeleteUsageBefore_WhatCannotBeTold: what asks for more than the days that are kept is answered by them, and says until when.
func TestDeleteUsageBefore_WhatCannotBeTold(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		history(t, s) // eight a day, four on the first and the last
		thinned(t, s, noon.AddDate(0, 0, 3))
		midnight := noon.Truncate(24 * time.Hour)
		coarse := midnight.AddDate(0, 0, 3)
		east := time.FixedZone("east", 8*3600)
		at := func(days int, hours time.Duration) *time.Time {
			return ptr(midnight.AddDate(0, 0, days).Add(hours * time.Hour))
		}
		for name, c := range map[string]struct {
			q      models.StatsQuery
			count  int64
			first  time.Time // of the trend
			coarse bool
		}{
			"hours":                   {models.StatsQuery{Bucket: models.BucketHour, Location: time.UTC}, 48, noon, true},
			"days of another clock":   {models.StatsQuery{Bucket: models.BucketDay, Location: east}, 48, midnight.Add(-8 * time.Hour), true},
			"a day that is cut":       {models.StatsQuery{Bucket: models.BucketDay, Location: time.UTC, Filter: models.LogFilter{Start: at(1, 6)}}, 36, midnight.AddDate(0, 0, 2), true},
			"cut at the end":          {models.StatsQuery{Bucket: models.BucketDay, Location: time.UTC, Filter: models.LogFilter{End: at(2, 6)}}, 12, midnight, true},
			"within a day":            {models.StatsQuery{Bucket: models.BucketDay, Location: time.UTC, Filter: models.LogFilter{Start: at(1, 6), End: at(1, 9)}}, 0, time.Time{}, true},
			"whole days":              {models.StatsQuery{Bucket: models.BucketDay, Location: time.UTC, Filter: models.LogFilter{Start: at(1, 0), End: at(3, 0)}}, 16, midnight.AddDate(0, 0, 1), false},
			"hours of what is recent": {models.StatsQuery{Bucket: models.BucketHour, Location: time.UTC, Filter: models.LogFilter{Start: at(3, 0)}}, 28, midnight.AddDate(0, 0, 3), false},
			"by group":                {models.StatsQuery{Bucket: models.BucketHour, Location: east, Group: models.GroupUser, Filter: models.LogFilter{Source: models.SourceClient}}, 48, noon, true},
		} {
			got := stats(t, s, c.q)
			var buckets, groups int64
			for _, p := range got.Trend {
				buckets += p.RequestCount
			}
			for _, g := range got.Groups {
				groups += g.RequestCount
			}
			if got.Summary.RequestCount != c.count || buckets != c.count || c.q.Group != "" && groups != c.count {
				t.Errorf("%s: %d requests, %d in buckets, %d in groups; want %d", name, got.Summary.RequestCount, buckets, groups, c.count)
			}
			if c.count > 0 && !got.Trend[0].Bucket.Equal(c.first) {
				t.Errorf("%s: begins %v, want %v", name, got.Trend[0].Bucket, c.first)
			}
			if c.coarse && (got.CoarseBefore == nil || !got.CoarseBefore.After(midnight) || got.CoarseBefore.After(coarse)) || !c.coarse && got.CoarseBefore != nil {
				t.Errorf("%s: coarse before %v", name, got.CoarseBefore)
			}
		}
		kinds, err := s.FailureKinds(t.Context(), models.StatsQuery{Bucket: models.BucketHour, Location: time.UTC})
		if err != nil || len(kinds) != 0 {
			t.Errorf("failures of none: %+v, %v", kinds, err)
		}
	})
}
