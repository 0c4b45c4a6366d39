package store

import (
	mrand "math/rand/v2"
	"strings"
	"testing"
	"time"

	"squirrel/models"
)

// TestAmong: filters that an index of failed or slow requests narrows find what all others find, in lists, counts and statistics.
func TestAmong(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		logs := randomLogs(mrand.New(mrand.NewPCG(27, 28)), 800, noon, 40*time.Hour)
		for i := range logs {
			if i%7 == 0 {
				logs[i].TotalTimeMS = ptr(float64(15_000 + 50*i))
			}
		}
		writeEnds(t, s, logs)
		start, failed := noon.Add(3*time.Hour), true
		for name, f := range map[string]models.LogFilter{
			"failed, key":      {HasError: &failed, APIKeyName: "KEY-3"},
			"failed, key's id": {HasError: &failed, APIKeyID: ptr(int64(3)), Source: models.SourceClient},
			"5xx, model":       {Statuses: []models.StatusRange{{Min: 500, Max: 599}}, RequestedModel: "model-2", Start: &start},
			"4xx, user":        {StatusMin: ptr(400), StatusMax: ptr(499), UserID: "user-1"},
			"failed, provider": {HasError: &failed, ProviderID: ptr(int64(2)), Start: &start},
			"slow":             {TotalTimeMin: ptr(20_000.0)},
			"slow, key":        {TotalTimeMin: ptr(25_000.0), TotalTimeMax: ptr(45_000.0), APIKeyName: "key-1", Start: &start},
			"failed, slow":     {HasError: &failed, TotalTimeMin: ptr(20_000.0)},
			"rather slow":      {TotalTimeMin: ptr(19_999.0), RequestedModel: "model-1"},
		} {
			var want, failures int64
			for i := range logs {
				if matchesAmong(&logs[i], &f) {
					want++
					if hasFailed(&logs[i]) {
						failures++
					}
				}
			}
			st := stats(t, s, models.StatsQuery{Filter: f, Group: models.GroupClient})
			count, err := s.LogCount(t.Context(), f)
			must(t, err)
			list, err := s.ListLogs(t.Context(), models.LogPage{Filter: f, PageSize: 200})
			must(t, err)
			kinds, err := s.FailureKinds(t.Context(), models.StatsQuery{Filter: f})
			must(t, err)
			if failures > 0 != (len(kinds) > 0) {
				t.Errorf("%s: failures by kind %v of %d", name, kinds, failures)
			}
			var inGroups int64
			for _, g := range st.Groups {
				inGroups += g.RequestCount
			}
			if want == 0 || st.Summary.RequestCount != want || st.Summary.FailureCount != failures || inGroups != want || count != want || int64(len(list.Items)) != want || list.Total != want {
				t.Errorf("%s: statistics of %d with %d failures, groups of %d, %d counted, a list of %d of %d; want %d with %d failures", name,
					st.Summary.RequestCount, st.Summary.FailureCount, inGroups, count, len(list.Items), list.Total, want, failures)
			}
			for i := 1; i < len(list.Items); i++ {
				if list.Items[i].RequestTime.After(list.Items[i-1].RequestTime) {
					t.Errorf("%s: the list is out of order", name)
				}
			}
		}
	})
}

func matchesAmong(l *models.RequestLog, f *models.LogFilter) bool {
	status := deref(l.ResponseStatus)
	switch {
	case f.HasError != nil && !hasFailed(l), f.APIKeyName != "" && l.APIKeyName != strings.ToLower(f.APIKeyName), f.APIKeyID != nil && *l.APIKeyID != *f.APIKeyID,
		f.Source != "" && l.Source != f.Source, len(f.Statuses) > 0 && (status < f.Statuses[0].Min || status > f.Statuses[0].Max),
		f.RequestedModel != "" && l.RequestedModel != f.RequestedModel, f.Start != nil && l.RequestTime.Before(*f.Start),
		f.StatusMin != nil && (status < *f.StatusMin || status > *f.StatusMax), f.UserID != "" && !strings.Contains(l.UserID, f.UserID),
		f.ProviderID != nil && (l.ProviderID == nil || *l.ProviderID != *f.ProviderID),
		f.TotalTimeMin != nil && *l.TotalTimeMS < *f.TotalTimeMin, f.TotalTimeMax != nil && *l.TotalTimeMS > *f.TotalTimeMax:
		return false
	}
	return true
}
