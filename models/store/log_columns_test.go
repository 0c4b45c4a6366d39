package store

import (
	"fmt"
	"testing"
	"time"

	"squirrel/migrations"
)

// TestH15_DaysOfAnotherColumnOrder: days that were there before the columns were put in another order are written to and found as all
// others, with the same indexes.
func TestH15_DaysOfAnotherColumnOrder(t *testing.T) {
	url := dialects[1].url(t)
	db, dialect := rawDB(t, url)
	must(t, migrations.UpTo(t.Context(), db, dialect, 16))
	day := dayOf(noon.UnixMicro())
	for _, statement := range []string{
		fmt.Sprintf("CREATE TABLE request_logs_20250309 PARTITION OF request_logs FOR VALUES FROM (%d) TO (%d)", day*dayMicros, (day+1)*dayMicros),
		fmt.Sprintf(`INSERT INTO request_logs (request_time, id, state, failed, provisional, has_detail, instance, api_key_name, user_id, requested_model,
			target_model, provider_name, endpoint, protocol_in, protocol_out, is_stream, finish_reason, error_code, error_info, attempt_count, retry_count,
			usage_source, price_source, trace_id, upstream_id, client, client_ip, source, total_time_ms) VALUES (%d, 'before', 'done', TRUE, FALSE, FALSE, 'i',
			'key', 'u', 'm', '', '', 'chat', '', '', FALSE, '', 'e', '', 1, 2, 'none', 'unknown', '', '', '', '', 'client', 7.5)`, noon.UnixMicro()),
	} {
		_, err := db.ExecContext(t.Context(), statement)
		must(t, err)
	}
	db.Close()
	s := open(t, url)
	l := finished(noon.Add(time.Second))
	write(t, s, begin(begun(noon)), end(l), end(finished(noon.AddDate(0, 0, 3))))
	old, err := s.LogView(t.Context(), "before")
	if err != nil || old.Log.RetryCount != 2 || *old.Log.TotalTimeMS != 7.5 || old.Log.APIKeyName != "key" || old.Log.InputTokens != nil {
		t.Errorf("the old request is %+v, %v", old.Log, err)
	}
	now, err := s.LogView(t.Context(), l.ID)
	if err != nil || *now.Log.TotalTimeMS != *l.TotalTimeMS || now.Log.RequestedModel != l.RequestedModel || *now.Log.OutputTokens != *l.OutputTokens {
		t.Errorf("a new request of an old day is %+v, %v", now.Log, err)
	}
	var before, after int
	const indexes = `SELECT COUNT(*) FROM pg_index x JOIN pg_inherits i ON i.inhrelid = x.indexrelid WHERE x.indrelid = ?::text::regclass`
	must(t, s.scalar(t.Context(), &before, indexes, "request_logs_20250309"))
	must(t, s.scalar(t.Context(), &after, indexes, "request_logs_20250312"))
	if before == 0 || before != after {
		t.Errorf("an old day has %d indexes, a new one %d", before, after)
	}
	if n, err := s.DeleteLogsBefore(t.Context(), noon.AddDate(0, 0, 1), 1); err != nil || n != 3 {
		t.Errorf("deleted %d, %v", n, err)
	}
}
