package store

import (
	"crypto/rand"
	"math"
	"testing"
	"time"

	"squirrel/models"
)

// TestGrowth compares what is told with what the database really grows by when a day of requests comes, also when details are kept for
// fewer days than rows, and rows are old.
func TestGrowth(t *testing.T) {
	const perDay = 150 // the sums and what else the file holds are little beside them
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		begin := noon.Truncate(24 * time.Hour)
		day := func(n int) {
			var writes []models.LogWrite
			for i := range perDay {
				w := end(finished(begin.AddDate(0, 0, n).Add(24 * time.Hour * time.Duration(i) / perDay)))
				w.Detail.ResponseBody = make([]byte, 20_000)
				rand.Read(w.Detail.ResponseBody) // can't be compressed
				writes = append(writes, w)
			}
			write(t, s, writes...)
		}
		used := func() float64 {
			size, err := s.Size(ctx)
			must(t, err)
			return float64(size.DatabaseBytes - size.FreeBytes)
		}
		told := func(what string, now time.Time, want float64) {
			t.Helper()
			got, err := s.Growth(ctx, now)
			must(t, err)
			if got == nil || math.Abs(float64(*got)-want) > want/5 {
				t.Errorf("%s: told %v bytes a day, it is %.0f", what, bytesOf(got), want)
			}
		}
		if got, err := s.Growth(ctx, begin); got != nil || err != nil {
			t.Errorf("of nothing: %v, %v", got, err)
		}
		day(0)
		if got, err := s.Growth(ctx, begin.Add(23*time.Hour)); got != nil || err != nil {
			t.Errorf("of less than a day: %v, %v", bytesOf(got), err)
		}
		for n := 1; n < 11; n++ {
			day(n)
		}
		before := used()
		day(11)
		really := used() - before
		if really < perDay*20_000 {
			t.Fatalf("a day took %.0f bytes", really)
		}
		now := begin.AddDate(0, 0, 12)
		told("all is kept", now, really)
		drain(t, func() (int, error) { return s.DeleteLogDetailsBefore(ctx, begin.AddDate(0, 0, 9), 100) })
		must(t, s.Vacuum(ctx, 1<<20))
		told("details of three days, rows of twelve", now, really)
		drain(t, func() (int, error) { return s.DeleteLogsBefore(ctx, begin.AddDate(0, 0, 10), 100) })
		must(t, s.Vacuum(ctx, 1<<20))
		told("two days", now, really)
	})
}

func bytesOf(n *int64) int64 {
	if n == nil {
		return -1
	}
	return *n
}
