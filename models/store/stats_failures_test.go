package store

import (
	mrand "math/rand/v2"
	"testing"
	"time"

	"squirrel/models"
)

// TestFailureKinds counts what failed by whose failure it was, as the rows have it.
func TestFailureKinds(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		from := time.Date(2025, 3, 8, 3, 7, 0, 0, time.UTC)
		logs := randomLogs(mrand.New(mrand.NewPCG(3, 4)), 400, from, 30*time.Hour)
		for i := range 10 {
			logs[40*i].ResponseStatus, logs[40*i].ErrorCode = ptr(499), "client_disconnected"
		}
		writeEnds(t, s, logs)
		_, err := s.SumDays(t.Context(), from.Add(22*time.Hour))
		must(t, err)
		start, end := from.Add(time.Hour), from.Add(29*time.Hour)
		for i, bucket := range []models.StatBucket{models.BucketMinute, models.BucketHour, models.BucketDay, models.BucketHour, models.BucketDay, models.BucketDay} {
			q := models.StatsQuery{Bucket: bucket, Filter: models.LogFilter{Source: models.SourceClient, RequestedModel: "model", Start: &start, End: &end}}
			if i > 2 {
				q.Filter.RequestedModel = "" // kept sums tell
			}
			if i == 5 {
				q.Filter.Source = ""
			}
			var want, got models.FailureKinds
			for i := range logs {
				switch status := *logs[i].ResponseStatus; {
				case q.Filter.Source != "" && logs[i].Source != q.Filter.Source, logs[i].RequestTime.Before(start), !logs[i].RequestTime.Before(end):
				case status == 499:
					want.Cancelled++
				case status >= 400 && status < 500:
					want.Refused++
				}
			}
			kinds, err := s.FailureKinds(t.Context(), q)
			must(t, err)
			for i, k := range kinds {
				got.Refused, got.Cancelled = got.Refused+k.Refused, got.Cancelled+k.Cancelled
				if i > 0 && !k.Bucket.After(kinds[i-1].Bucket) {
					t.Errorf("buckets out of order: %v", k.Bucket)
				}
			}
			if n := len(kinds); n < 2 || n > 2 && bucket == models.BucketDay {
				t.Errorf("by %s: %d buckets", bucket, n)
			}
			if got != want || want.Cancelled == 0 || want.Refused == 0 {
				t.Errorf("by %s: %+v, want %+v", bucket, got, want)
			}
		}
	})
}

// TestFilter_Except leaves out the way the filters find.
func TestFilter_Except(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		logs := randomLogs(mrand.New(mrand.NewPCG(5, 6)), 200, time.Date(2025, 3, 8, 3, 7, 0, 0, time.UTC), time.Hour)
		writeEnds(t, s, logs)
		count := func(f models.LogFilter) int64 {
			n, err := s.LogCount(t.Context(), f)
			must(t, err)
			return n
		}
		all := count(models.LogFilter{})
		for name, pair := range map[string][2]models.LogFilter{
			"model":    {{RequestedModel: "MODEL-1"}, {Except: models.LogExcept{RequestedModel: []string{"MODEL-1"}}}},
			"whole":    {{RequestedModel: "=MODEL-1"}, {Except: models.LogExcept{RequestedModel: []string{"=MODEL-1"}}}},
			"provider": {{ProviderID: ptr(int64(2))}, {Except: models.LogExcept{ProviderID: []int64{2}}}},
			"key":      {{APIKeyID: ptr(int64(3))}, {Except: models.LogExcept{APIKeyID: []int64{3}}}},
			"status":   {{Statuses: []models.StatusRange{{Min: 400, Max: 499}}}, {Except: models.LogExcept{Statuses: []models.StatusRange{{Min: 400, Max: 499}}}}},
			"source":   {{Source: models.SourceTest}, {Except: models.LogExcept{Source: []string{string(models.SourceTest)}}}},
			"error":    {{ErrorCode: "upstream_error"}, {Except: models.LogExcept{ErrorCode: []string{"upstream_error"}}}},
			"user":     {{UserID: "user-1"}, {Except: models.LogExcept{UserID: []string{"user-1"}}}},
		} {
			if with, without := count(pair[0]), count(pair[1]); with == 0 || with+without != all {
				t.Errorf("%s: %d with, %d without, %d in all", name, with, without, all)
			}
		}
	})
}
