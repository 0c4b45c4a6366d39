package store

import (
	"slices"
	"testing"
	"time"

	"squirrel/models"
)

// history is a request each three hours for six days, from noon on, with details and a failed attempt.
func history(t *testing.T, s *Store) []models.RequestLog {
	t.Helper()
	var logs []models.RequestLog
	var writes []models.LogWrite
	for i := range 48 {
		l := finished(noon.Add(time.Duration(i) * 3 * time.Hour))
		w := end(l)
		w.Attempts[0].ResponseBody = []byte("no")
		logs, writes = append(logs, l), append(writes, w)
	}
	write(t, s, writes...)
	return logs
}

func countRows(t *testing.T, s *Store, table string) (n int) {
	t.Helper()
	must(t, s.scalar(t.Context(), &n, "SELECT COUNT(*) FROM "+table))
	return n
}

func drain(t *testing.T, remove func() (int, error)) (batches []int) {
	t.Helper()
	for range 100 {
		n, err := remove()
		must(t, err)
		if n == 0 {
			return batches
		}
		batches = append(batches, n)
	}
	t.Fatal("the deletion does not end")
	return nil
}

func TestDeleteLogsBefore(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		logs := history(t, s)
		before := stats(t, s, models.StatsQuery{})
		limit := logs[30].RequestTime
		batches := drain(t, func() (int, error) { return s.DeleteLogsBefore(t.Context(), limit, 7) })
		if !s.postgres() && (slices.Max(batches) > 7 || len(batches) != 5) {
			t.Errorf("batches of %v", batches)
		}
		if s.postgres() && batches[0] != 4 { // the afternoon of the first day, by its partition
			t.Errorf("batches of %v", batches)
		}
		list, err := s.ListLogs(t.Context(), models.LogPage{PageSize: 200, Ascending: true})
		if err != nil || len(list.Items) != 18 || list.Items[0].ID != logs[30].ID {
			t.Errorf("left %d, %v", len(list.Items), err)
		}
		if parts, attempts := countRows(t, s, "request_log_details"), countRows(t, s, "request_attempts"); parts != 36 || attempts != 18 {
			t.Errorf("%d parts and %d attempts are left", parts, attempts)
		}
		if after := stats(t, s, models.StatsQuery{}); after.Summary.RequestCount != before.Summary.RequestCount {
			t.Error("the statistics went with the rows")
		}
		// A spool may hold older records yet.
		write(t, s, end(logs[0]), end(finished(noon.AddDate(0, 0, -30))))
		if n := countRows(t, s, "request_logs"); n != 20 {
			t.Errorf("%d rows after late ones", n)
		}
	})
}

func TestDeleteLogDetailsBefore(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		logs := history(t, s)
		bare := finished(noon)
		write(t, s, models.LogWrite{Kind: models.WriteEnd, Log: bare, Attempts: []models.Attempt{{N: 1, StartedAt: noon, ResponseBody: []byte("x")}}})
		drain(t, func() (int, error) { return s.DeleteLogDetailsBefore(t.Context(), logs[30].RequestTime, 9) })
		if rows, parts := countRows(t, s, "request_logs"), countRows(t, s, "request_log_details"); rows != 49 || parts != 36 {
			t.Errorf("%d rows and %d parts are left", rows, parts)
		}
		for id, want := range map[string]bool{logs[29].ID: false, logs[30].ID: true, bare.ID: false} {
			view, err := s.LogView(t.Context(), id)
			if err != nil || (view.Detail != nil) != want || (view.Attempts[0].ResponseBody != nil) != want {
				t.Errorf("details %v, attempt %q, %v; want %v", view.Detail != nil, view.Attempts[0].ResponseBody, err, want)
			}
		}
		write(t, s, end(finished(noon))) // a late record of a day without details
	})
}

// TestPartitions_DroppedByAnotherReplica: a writer that believes a day's tables exist makes them again.
func TestPartitions_DroppedByAnotherReplica(t *testing.T) {
	url := dialects[1].url(t)
	s, replica := open(t, url), open(t, url)
	write(t, s, end(finished(noon)))
	if n, err := replica.DeleteLogsBefore(t.Context(), noon.AddDate(0, 0, 3), 1); err != nil || n != 1 {
		t.Fatalf("deleted %d, %v", n, err)
	}
	l := finished(noon)
	write(t, s, end(l))
	if _, err := s.LogView(t.Context(), l.ID); err != nil {
		t.Error(err)
	}
	var storage string
	must(t, s.scalar(t.Context(), &storage, "SELECT attstorage::text FROM pg_attribute WHERE attrelid = 'request_log_details_20250309'::regclass AND attname = 'payload'"))
	if storage != "e" {
		t.Errorf("payloads are stored as %q, not externally", storage)
	}
}

// TestDeleteLogsBefore_NobodyWaits: while somebody reads for long, a day can't be dropped; others write meanwhile, and then it is gone.
func TestDeleteLogsBefore_NobodyWaits(t *testing.T) {
	url := dialects[1].url(t)
	s := open(t, url)
	history(t, s)
	reader, _ := rawDB(t, url)
	long, err := reader.Begin()
	must(t, err)
	_, err = long.ExecContext(t.Context(), "SELECT COUNT(*) FROM request_logs")
	must(t, err)
	deleted := make(chan error)
	go func() {
		_, err := s.DeleteLogsBefore(t.Context(), noon.AddDate(0, 0, 1), 7)
		deleted <- err
	}()
	longest, began := time.Duration(0), time.Now()
	for i := 0; time.Since(began) < 3*time.Second; i = (i + 1) % 20 {
		start := time.Now()
		write(t, s, end(finished(noon.AddDate(0, 0, 3+3*i).Add(time.Duration(i)*time.Second)))) // most are the first of their day
		longest = max(longest, time.Since(start))
	}
	select {
	case err := <-deleted:
		t.Fatalf("a day was dropped while it was read (%v): nothing was proved", err)
	default:
	}
	must(t, long.Rollback())
	must(t, <-deleted)
	if longest > 1500*time.Millisecond {
		t.Errorf("a write took %s while a day was to be dropped", longest)
	}
	if days, err := s.partitionDays(t.Context(), "request_logs"); err != nil || days[0] == dayOf(noon.UnixMicro()) {
		t.Errorf("the day is still there: %v, %v", days, err)
	}
}

func TestSizeAndVacuum(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		if empty, err := s.Size(ctx); err != nil || empty.OldestLog != nil || empty.Logs != 0 {
			t.Errorf("empty: %+v, %v", empty, err)
		}
		history(t, s)
		must(t, s.writer.Exec("ANALYZE").Error)
		size, err := s.Size(ctx)
		if err != nil || size.DatabaseBytes < 50_000 || size.Logs != 48 || size.Details != 96 || !size.OldestLog.Equal(noon) {
			t.Errorf("%+v, %v", size, err)
		}
		drain(t, func() (int, error) { return s.DeleteLogsBefore(ctx, noon.AddDate(1, 0, 0), 500) })
		freed, err := s.Size(ctx)
		must(t, err)
		must(t, s.Vacuum(ctx, 10_000))
		after, err := s.Size(ctx)
		if err != nil || freed.FreeBytes > 0 && (after.FreeBytes != 0 || after.DatabaseBytes >= freed.DatabaseBytes) {
			t.Errorf("before %+v, after %+v, %v", freed, after, err)
		}
	})
}
