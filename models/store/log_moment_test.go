package store

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"squirrel/models"
)

// TestListLogs_WhileTheyEnd lists requests by what the statistics learn when they end: none of them is missed in that moment, by any
// of the ways in which a filter is narrowed.
func TestListLogs_WhileTheyEnd(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		for i := range 60 {
			l := finished(noon.Add(time.Duration(i) * time.Minute))
			l.UserID, l.RequestedModel, l.Client = fmt.Sprintf("user-%d", i), fmt.Sprintf("model-%d", i), fmt.Sprintf("client-%d", i)
			running := l
			running.State = models.LogRunning
			write(t, s, begin(running))
			var ending sync.WaitGroup
			ending.Go(func() { write(t, s, end(l)) })
			for range 6 {
				for what, f := range map[string]models.LogFilter{
					"user": {UserID: "=" + l.UserID}, "model": {RequestedModel: "=" + l.RequestedModel}, "client": {Client: l.Client, UserID: l.UserID},
				} {
					if list, err := s.ListLogs(t.Context(), models.LogPage{Filter: f}); err != nil || len(list.Items) != 1 && what != "client" || len(list.Items) == 0 {
						t.Errorf("by %s: %d requests, %v", what, len(list.Items), err)
					}
				}
			}
			ending.Wait()
		}
	})
}
