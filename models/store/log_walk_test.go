package store

import (
	"slices"
	"testing"
	"time"

	"squirrel/models"
)

// TestListLogs_DaysApart: pages are the same however many days lie between the requests, some of which begin tomorrow by the clock
// of another gateway.
func TestListLogs_DaysApart(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		now := time.Now().UTC().Truncate(time.Microsecond)
		var logs []models.RequestLog
		for _, days := range []int{400, 100, 99, 64, 63, 40, 33, 32, 31, 8, 7, 3, 2, 1, 1, 0, 0, -1} {
			for i := range 3 {
				logs = append(logs, finished(now.AddDate(0, 0, -days).Add(time.Duration(i)*time.Minute)))
			}
		}
		slices.SortFunc(logs, func(a, b models.RequestLog) int { return compareKeys(keyOf(&a), keyOf(&b)) })
		writeEnds(t, s, logs)
		oldest, err := s.oldestLog(t.Context())
		if err != nil || oldest == nil || !oldest.Equal(logs[0].RequestTime) {
			t.Errorf("the oldest is of %v, want %v (%v)", oldest, logs[0].RequestTime, err)
		}
		for _, f := range []models.LogFilter{
			{}, {Start: ptr(now.AddDate(0, 0, -64))}, {End: ptr(now.AddDate(0, 0, -7))}, {Start: ptr(now.AddDate(0, 0, -90)), End: ptr(now.AddDate(0, 0, -32))},
			{Start: ptr(now.AddDate(0, 0, 5))}, {End: ptr(now.AddDate(-3, 0, 0))}, {UserID: "u1"}, {Client: "python"},
		} {
			want := idsOf(slices.DeleteFunc(slices.Clone(logs), func(l models.RequestLog) bool {
				return f.Start != nil && l.RequestTime.Before(*f.Start) || f.End != nil && !l.RequestTime.Before(*f.End)
			}))
			for _, ascending := range []bool{true, false} {
				if !ascending {
					slices.Reverse(want)
				}
				page := models.LogPage{Filter: f, PageSize: 4, Ascending: ascending}
				if got := numbered(t, s, page); !slices.Equal(got, want) {
					t.Errorf("%+v, ascending %t: pages hold %d rows, want %d in order", f, ascending, len(got), len(want))
				}
				if got := thereAndBack(t, s, page); !slices.Equal(got, want) {
					t.Errorf("%+v, ascending %t: cursors lead over %d rows, want %d in order", f, ascending, len(got), len(want))
				}
			}
		}
	})
}

// numbered are the ids on the pages 1, 2, 3, …
func numbered(t *testing.T, s *Store, page models.LogPage) (ids []string) {
	t.Helper()
	for page.Page = 1; ; page.Page++ {
		list, err := s.ListLogs(t.Context(), page)
		must(t, err)
		ids = append(ids, idsOf(list.Items)...)
		if list.NextCursor == nil {
			return ids
		}
	}
}

// thereAndBack are the ids on the pages that the cursors lead to, to the end and from there to the first, in their order.
func thereAndBack(t *testing.T, s *Store, page models.LogPage) (ids []string) {
	t.Helper()
	list, err := s.ListLogs(t.Context(), page)
	must(t, err)
	for list.NextCursor != nil {
		page.After = *list.NextCursor
		list, err = s.ListLogs(t.Context(), page)
		must(t, err)
	}
	ids = idsOf(list.Items)
	page.After = ""
	for list.PrevCursor != nil {
		page.Before = *list.PrevCursor
		list, err = s.ListLogs(t.Context(), page)
		must(t, err)
		ids = append(idsOf(list.Items), ids...)
	}
	return ids
}
