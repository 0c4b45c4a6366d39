package store

import (
	"fmt"
	mrand "math/rand/v2"
	"regexp"
	"slices"
	"testing"
	"time"

	"squirrel/models"
)

// TestListLogs_NarrowedOrNot: whatever is known of a filter beforehand, the list holds the rows that the filter holds for. Some
// requests still run, some values are rare, some not there, and one user has more requests than are looked at one by one.
func TestListLogs_NarrowedOrNot(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		r := mrand.New(mrand.NewPCG(21, 22))
		from := noon.Add(-30 * time.Hour)
		logs := randomLogs(r, 500, from, 60*time.Hour)
		for i := range logs {
			logs[i].Client = fmt.Sprintf("client-%d", r.IntN(120))
		}
		if s.postgres() {
			writeEnds(t, s, logs)
		} else {
			busy := randomLogs(r, rareUser+100, from, 60*time.Hour)
			for i := range busy {
				busy[i].UserID = "busy-user"
			}
			writeEnds(t, s, append(logs, busy...))
		}
		running := randomLogs(r, 30, from, 60*time.Hour)
		for i := range running {
			running[i].Client = fmt.Sprintf("client-%d", 110+r.IntN(20))
			running[i].RequestedModel = fmt.Sprintf("new-model-%d", i%3)
			write(t, s, begin(running[i]))
		}
		narrowed, found := 0, 0
		for range 300 {
			f := narrowFilter(r, from, logs)
			w, err := s.listFilter(t.Context(), &f)
			must(t, err)
			if w.quarters != nil && !s.postgres() {
				cursor := w.join(beyond(logKey{1, "x"}, true)).join(beyond(logKey{1, "x"}, false))
				if bare := regexp.MustCompile(`[^+.]request_time`).FindString(" " + cursor.sql()); bare != "" {
					t.Fatalf("%s leaves the database another way to find the rows than by their quarters", cursor.sql())
				}
			}
			if w.few() || slices.Equal(w.terms, nothing().terms) {
				narrowed++
			}
			want, err := s.selectLogs(t.Context(), s.filter(&f), "request_time DESC, id DESC", 200, 0)
			must(t, err)
			list, err := s.ListLogs(t.Context(), models.LogPage{Filter: f, PageSize: 200})
			must(t, err)
			if got, want := idsOf(list.Items), idsOf(want); !slices.Equal(got, want) {
				t.Fatalf("%+v (%s): %d rows, want %d", f, w.sql(), len(got), len(want))
			}
			found += len(want)
			if exact, err := s.LogCount(t.Context(), f); err != nil || !list.TotalIsEstimate && list.Total != exact {
				t.Errorf("%+v: total %d, want %d (%v)", f, list.Total, exact, err)
			}
		}
		if found == 0 || narrowed == 0 {
			t.Errorf("%d filters were narrowed, %d rows found: nothing was proved", narrowed, found)
		}
	})
}

// narrowFilter is made of values of a request, or of different ones, so that often nothing matches.
func narrowFilter(r *mrand.Rand, from time.Time, logs []models.RequestLog) (f models.LogFilter) {
	any := func() *models.RequestLog { return &logs[r.IntN(len(logs))] }
	for range 3 {
		switch r.IntN(10) {
		case 0:
			f.RequestedModel = any().RequestedModel
		case 1:
			f.APIKeyID = any().APIKeyID
		case 2:
			f.ProviderID = any().ProviderID
		case 3:
			f.UserID = any().UserID
		case 4:
			f.UserID = []string{"busy", "nobody at all", "e"}[r.IntN(3)]
		case 5:
			f.TargetModel = any().TargetModel
		case 6:
			f.Start = ptr(from.Add(time.Duration(r.IntN(50)) * time.Hour))
		case 7:
			f.RequestedModel = "new-model-1"
		case 8:
			f.State = []models.LogState{models.LogDone, models.LogRunning}[r.IntN(2)]
		case 9:
			f.Client = []string{any().Client, "client-115", "client-12"}[r.IntN(3)]
		}
	}
	return f
}
