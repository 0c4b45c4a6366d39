package store

import (
	"context"
	mrand "math/rand/v2"
	"reflect"
	"sync"
	"testing"
	"time"

	"squirrel/models"
)

// TestSumDays_MakesEachOnce: a day is made when it is over, once, and however the statistics are then read they stay the same.
func TestSumDays_MakesEachOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		writeEnds(t, s, randomLogs(mrand.New(mrand.NewPCG(21, 22)), 500, noon, 72*time.Hour))
		queries := []models.StatsQuery{
			{Bucket: models.BucketDay, Location: time.UTC, Group: models.GroupModel},
			{Bucket: models.BucketDay, Location: time.UTC, Group: models.GroupUser, Filter: models.LogFilter{APIKeyID: ptr(int64(3))}},
			{Bucket: models.BucketHour, Location: time.UTC, Group: models.GroupClient, Filter: models.LogFilter{Source: models.SourceClient}},
			{Bucket: models.BucketDay, Location: time.UTC, Filter: models.LogFilter{Start: ptr(noon.Add(5 * time.Hour)), End: ptr(noon.Add(61 * time.Hour))}},
		}
		var before []models.Stats
		for _, q := range queries {
			before = append(before, plain(stats(t, s, q)))
		}
		for _, step := range []struct {
			before time.Time
			made   int
		}{{noon.Add(11 * time.Hour), 0}, {noon.Add(12 * time.Hour), 1}, {noon.Add(12 * time.Hour), 0}, {noon.AddDate(1, 0, 0), 3}, {noon.AddDate(1, 0, 0), 0}} {
			if made, err := s.SumDays(ctx, step.before); err != nil || made != step.made {
				t.Errorf("before %v: made %d, %v; want %d", step.before, made, err, step.made)
			}
			for i, q := range queries {
				if got := plain(stats(t, s, q)); !reflect.DeepEqual(got, before[i]) {
					t.Errorf("after %v, query %d:\n%+v\nbefore\n%+v", step.before, i, got, before[i])
				}
			}
		}
	})
}

// TestSumDays_WhileRequestsArrive makes days again and again while requests of those days are counted and corrected.
func TestSumDays_WhileRequestsArrive(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := context.WithoutCancel(t.Context())
		logs := randomLogs(mrand.New(mrand.NewPCG(23, 24)), 600, noon, 96*time.Hour)
		mrand.New(mrand.NewPCG(25, 26)).Shuffle(len(logs), func(i, j int) { logs[i], logs[j] = logs[j], logs[i] })
		var work sync.WaitGroup
		for writer := range 3 {
			work.Go(func() {
				for at := writer * 200; at < writer*200+200; at += 10 {
					writeEnds(t, s, logs[at:at+10])
				}
			})
		}
		for day := range 5 {
			if _, err := s.SumDays(ctx, noon.AddDate(0, 0, day)); err != nil {
				t.Error(err)
			}
		}
		work.Wait()
		for _, q := range []models.StatsQuery{
			{Bucket: models.BucketDay, Group: models.GroupModel}, {Bucket: models.BucketDay, Group: models.GroupUser},
			{Bucket: models.BucketHour, Group: models.GroupAPIKey, Filter: models.LogFilter{RequestedModel: "model-2"}},
		} {
			if got, rows := plain(stats(t, s, q)), fromRows(t, s, q); !reflect.DeepEqual(got, rows) {
				t.Errorf("%s:\nkept sums %+v\nrows      %+v", q.Group, got, rows)
			}
		}
	})
}
