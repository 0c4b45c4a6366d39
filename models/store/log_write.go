package store

import (
	"context"
	"database/sql"
	"maps"
	"slices"

	"squirrel/models"
)

// batchSize is how many writes go into one transaction. SQLite's only writer serves others in between.
func (h *handle) batchSize() int {
	if h.postgres() {
		return 200
	}
	return 50
}

// WriteLogs applies writes from the spool, which may have been delivered before: each request has one row, and counts once in
// the statistics, however often its records arrive. A begin makes a running row; an end completes it, whether it is there or
// not; what arrives after the end changes nothing. An error is of the whole call, parts of which may have been stored. Its code
// tells an outage (database_unavailable, database_busy: try again) from a record the database does not take.
func (s *Store) WriteLogs(ctx context.Context, writes []models.LogWrite) error {
	for part := range slices.Chunk(writes, s.batchSize()) {
		batch, err := gather(part)
		if err != nil {
			return fail("write the logs", err)
		}
		if err := s.writeBatch(ctx, batch); err != nil {
			return fail("write the logs", err)
		}
	}
	return nil
}

func (s *Store) writeBatch(ctx context.Context, batch []*request) error {
	stored, err := s.storedRequestParts(ctx, batch)
	if err != nil {
		return err
	}
	for _, r := range batch {
		if err := r.encode(stored[r.key]); err != nil {
			return err
		}
	}
	write := func() error {
		if err := s.ensureDays(ctx, batch); err != nil {
			return err
		}
		return s.inWrite(ctx, func(tx *Store) error { return tx.applyBatch(ctx, batch) })
	}
	err = write()
	if isMissingPartition(err) { // retention on another replica dropped it
		s.days.forget()
		err = write()
	}
	return err
}

func (s *Store) applyBatch(ctx context.Context, batch []*request) error {
	if err := s.writeRows(ctx, batch); err != nil {
		return err
	}
	if err := s.writeAttempts(ctx, batch); err != nil {
		return err
	}
	return s.writeParts(ctx, batch)
}

// writeRows stores the log rows and counts what is complete for the first time. A row that an end completes is taken out and
// put in anew: that is the same work for the database as to update it, and a fraction of the statement to parse.
func (s *Store) writeRows(ctx context.Context, batch []*request) error {
	ended := make(map[logKey]*logRow)
	var rows []*logRow
	for _, r := range batch {
		row := r.row()
		if row == nil {
			continue
		}
		rows = append(rows, row)
		if row.State == models.LogDone {
			ended[r.key] = row
		}
	}
	usage := newUsage()
	if err := s.takeOut(ctx, ended, usage); err != nil {
		return err
	}
	b := insertLog
	for _, row := range rows {
		b.rows = append(b.rows, logValues(row))
	}
	err := s.insert(ctx, b, func(rows *sql.Rows) error {
		var key logKey
		if err := rows.Scan(&key.time, &key.id); err != nil {
			return err
		}
		if row := ended[key]; row != nil {
			usage.count(&row.RequestLog, 1)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.bumpUsage(ctx, usage)
}

// takeOut deletes the rows of requests that end: the running ones, and those that a sweep had closed although their end was
// still on its way, whose sums it takes back. Rows that ended before stay.
func (s *Store) takeOut(ctx context.Context, ended map[logKey]*logRow, usage *usage) error {
	if len(ended) == 0 {
		return nil
	}
	keys := slices.SortedFunc(maps.Keys(ended), compareKeys)
	args := make([]any, 0, 2*len(keys))
	for _, key := range keys {
		args = append(args, key.time, key.id)
	}
	query := "DELETE FROM request_logs WHERE " + s.inKeys("id", len(keys)) +
		" AND (state = 'running' OR provisional) RETURNING provisional, has_detail, " + countedColumns
	return s.each(ctx, func(rows *sql.Rows) error {
		var old logRow
		if err := rows.Scan(append([]any{&old.provisional, &old.hasDetail}, countedTargets(&old.RequestLog)...)...); err != nil {
			return err
		}
		row := ended[keyOf(&old.RequestLog)]
		row.hasDetail = row.hasDetail || old.hasDetail
		if old.provisional {
			usage.count(&old.RequestLog, -1)
		}
		return nil
	}, query, args...)
}

var insertAttempt = bulk{
	into: `request_attempts (request_time, log_id, n, route_id, provider_id, provider, target_model, protocol, url, status, error, error_kind,
		started_at, first_byte_ms, total_ms, retry_reason, ambiguous, upstream_id, response_body)`,
	columns: 19,
	tail: `ON CONFLICT (request_time, log_id, n) DO UPDATE SET status = excluded.status, error = excluded.error,
		error_kind = excluded.error_kind, first_byte_ms = excluded.first_byte_ms, total_ms = excluded.total_ms,
		retry_reason = excluded.retry_reason, ambiguous = excluded.ambiguous, upstream_id = excluded.upstream_id,
		response_body = COALESCE(excluded.response_body, request_attempts.response_body)`,
}

func (s *Store) writeAttempts(ctx context.Context, batch []*request) error {
	b := insertAttempt
	for _, r := range batch {
		for _, n := range slices.Sorted(maps.Keys(r.attempts)) {
			b.rows = append(b.rows, attemptValues(r.key, r.attempts[n]))
		}
	}
	return s.insert(ctx, b, nil)
}

func attemptValues(key logKey, a *models.Attempt) []any {
	var body []byte
	if a.ResponseBody != nil {
		body = compress(a.ResponseBody)
	}
	return []any{
		key.time, key.id, a.N, a.RouteID, a.ProviderID, clean(a.Provider, maxName), clean(a.TargetModel, maxName), string(a.Protocol),
		clean(a.URL, maxReason), a.Status, clean(a.Error, maxReason), clean(a.ErrorKind, maxWord), toMicros(a.StartedAt),
		a.FirstByteMS, a.TotalMS, clean(a.RetryReason, maxName), a.Ambiguous, clean(a.UpstreamRequestID, maxName), body,
	}
}

var insertPart = bulk{
	into: "request_log_details (request_time, log_id, part, payload)", columns: 4,
	// What is there was written by the same records before; only a checkpoint is replaced by a later one.
	tail: "ON CONFLICT (request_time, log_id, part) DO UPDATE SET payload = excluded.payload WHERE request_log_details.part = 3",
}

func (s *Store) writeParts(ctx context.Context, batch []*request) error {
	b := insertPart
	var over []any
	for _, r := range batch {
		for _, p := range r.parts {
			b.rows = append(b.rows, []any{r.key.time, r.key.id, p.part, p.payload})
		}
		if r.end != nil && r.end.Log.IsStream {
			over = append(over, r.key.time, r.key.id)
		}
	}
	if err := s.insert(ctx, b, nil); err != nil {
		return err
	}
	if len(over) == 0 {
		return nil
	}
	// A checkpoint may have been stored for a stream.
	_, err := s.exec(ctx, "DELETE FROM request_log_details WHERE part = 3 AND "+s.inKeys("log_id", len(over)/2), over...)
	return err
}

// storedRequestParts tells for which ended requests the request part was stored with their begin.
func (s *Store) storedRequestParts(ctx context.Context, batch []*request) (map[logKey]bool, error) {
	var args []any
	for _, r := range batch {
		if r.end != nil && r.end.Detail != nil && r.begin == nil {
			args = append(args, r.key.time, r.key.id)
		}
	}
	if len(args) == 0 {
		return nil, nil
	}
	stored := make(map[logKey]bool, len(args)/2)
	query := "SELECT request_time, log_id FROM request_log_details WHERE part = 1 AND " + s.inKeys("log_id", len(args)/2)
	err := s.each(ctx, func(rows *sql.Rows) error {
		var key logKey
		err := rows.Scan(&key.time, &key.id)
		stored[key] = true
		return err
	}, query, args...)
	return stored, err
}
