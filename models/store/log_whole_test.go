package store

import (
	"fmt"
	"testing"
	"time"

	"squirrel/models"
)

// TestFilter_WholeText: with = before it, a text filter finds what is the text and not what holds it, in rows as in sums.
func TestFilter_WholeText(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		begin := time.Date(2025, 3, 8, 3, 0, 0, 0, time.UTC)
		names := []string{"gpt-4o", "gpt-4o-mini", "GPT-4O", "my gpt-4o", "100%", "100", "=x", "x"}
		logs := make([]models.RequestLog, len(names))
		for i, name := range names {
			logs[i] = models.RequestLog{
				ID: fmt.Sprintf("01KJM9TD00000000000000%04d", i), Instance: "test", RequestTime: begin.Add(time.Duration(i) * time.Minute), State: models.LogDone, Source: models.SourceClient,
				RequestedModel: name, TargetModel: name, APIKeyName: name, UserID: name, Client: name, ResponseStatus: ptr(200),
			}
		}
		writeEnds(t, s, logs)
		for text, want := range map[string]int64{"=gpt-4o": 2, "gpt-4o": 4, "=100%": 1, "100%": 1, "==x": 1, "=x": 1, "x": 2, "=gpt_4o": 0} {
			for field, f := range map[string]models.LogFilter{
				"model": {RequestedModel: text}, "target": {TargetModel: text}, "key": {APIKeyName: text}, "user": {UserID: text}, "client": {Client: text},
			} {
				list, err := s.ListLogs(t.Context(), models.LogPage{Filter: f, Sort: models.SortTime, Page: 1, PageSize: 20})
				must(t, err)
				if got := int64(len(list.Items)); got != want || list.Total != want {
					t.Errorf("%s %q finds %d, of %d in all, want %d", field, text, got, list.Total, want)
				}
				stats, err := s.Stats(t.Context(), models.StatsQuery{Filter: f, Bucket: models.BucketDay, Location: time.UTC})
				must(t, err)
				if stats.Summary.RequestCount != want {
					t.Errorf("%s %q sums up %d, want %d", field, text, stats.Summary.RequestCount, want)
				}
			}
		}
		except := models.LogExcept{RequestedModel: []string{"=gpt-4o"}, UserID: []string{"=100"}}
		if n, err := s.LogCount(t.Context(), models.LogFilter{Except: except}); err != nil || n != 5 {
			t.Errorf("%d are left, %v; want 5", n, err)
		}
	})
}
