package store

import (
	mrand "math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"squirrel/models"
)

// TestWriteLogs_ReplicasAtOnce: gateways that write at the same time, some of them the same requests, and sum up days meanwhile
// count every request once, for everything and for each model.
func TestWriteLogs_ReplicasAtOnce(t *testing.T) {
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			url := d.url(t)
			replicas := []*Store{open(t, url), open(t, url)}
			logs := randomLogs(mrand.New(mrand.NewPCG(5, 6)), 1200, noon, 36*time.Hour)
			var all sync.WaitGroup
			errs := make(chan error, 100)
			for writer := range 4 { // two of each replica; the middle third is written by all
				all.Go(func() {
					for batch := range slices.Chunk(logs[writer%2*400:][:800], 30+7*writer) {
						writes := make([]models.LogWrite, 0, 2*len(batch))
						for _, l := range batch {
							writes = append(writes, begin(begun(l.RequestTime)), end(l))
							writes[len(writes)-2].Log.ID = l.ID
						}
						errs <- replicas[writer/2].WriteLogs(t.Context(), writes)
					}
				})
			}
			all.Go(func() {
				for range 5 {
					_, err := replicas[0].SumDays(t.Context(), noon.AddDate(0, 0, 1))
					errs <- err
				}
			})
			go func() { all.Wait(); close(errs) }()
			for err := range errs {
				must(t, err)
			}
			stored := stats(t, replicas[1], models.StatsQuery{Group: models.GroupModel})
			byModel := map[string]int64{}
			for _, l := range logs {
				byModel[l.RequestedModel]++
			}
			if stored.Summary.RequestCount != int64(len(logs)) || len(stored.Groups) != len(byModel) {
				t.Errorf("counted %d in %d groups, want %d in %d", stored.Summary.RequestCount, len(stored.Groups), len(logs), len(byModel))
			}
			for _, g := range stored.Groups {
				if g.RequestCount != byModel[g.Key] {
					t.Errorf("%s: counted %d, want %d", g.Key, g.RequestCount, byModel[g.Key])
				}
			}
		})
	}
}
