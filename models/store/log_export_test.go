package store

import (
	"fmt"
	"testing"
	"time"

	"squirrel/models"
)

// TestEachLog_NarrowsOnce: an export of several pages looks once at what its filter can be narrowed by, and finds every request
// nevertheless: those that have ended meanwhile, of users and models nobody had heard of before, too.
func TestEachLog_NarrowsOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		const rows, late = 3*exportPage + 100, 40
		want := map[string]bool{}
		var writes, ends []models.LogWrite
		for i := range rows {
			l := finished(noon.Add(-time.Duration(i) * time.Second))
			l.UserID = "person-known"
			if i%(rows/late) == 7 {
				l.UserID, l.RequestedModel = fmt.Sprintf("person-new-%d", i), fmt.Sprintf("new-model-%d", i)
				running := l
				running.State = models.LogRunning
				writes, ends = append(writes, begin(running)), append(ends, end(l))
			} else {
				writes = append(writes, end(l))
			}
			want[l.ID] = true
		}
		write(t, s, writes...)
		seen, last := map[string]bool{}, logKey{}
		err := s.EachLog(t.Context(), models.LogFilter{UserID: "person"}, func(l models.RequestLog) error {
			if len(ends) > 0 {
				write(t, s, ends...)
				ends = nil
			}
			key := keyOf(&l)
			if seen[l.ID] || last.id != "" && newerFirst(last, key) >= 0 {
				t.Fatalf("%s comes twice (%v) or out of order: %v after %v", l.ID, seen[l.ID], key, last)
			}
			seen[l.ID], last = true, key
			return nil
		})
		if err != nil || len(seen) != len(want) {
			t.Errorf("%d requests, want %d: %v", len(seen), len(want), err)
		}
		e := export{asked: models.LogFilter{UserID: "person"}}
		_, err = e.page(t.Context(), s)
		must(t, err)
		narrowed := e.filter
		_, err = e.page(t.Context(), s)
		must(t, err)
		if e.filter != narrowed {
			t.Error("the filter was narrowed anew for the second page")
		}
	})
}
