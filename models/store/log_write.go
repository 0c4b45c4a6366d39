package store

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"

	"squirrel/models"
)

// batchSize is how many requests go into one transaction. The more there are, the more of them add to the same sums; but on SQLite
// all other writers wait meanwhile.
const batchSize = 200

// WriteLogs applies writes from the spool, which may have been delivered before: each request has one row, and counts once in
// the statistics, however often its records arrive. A begin makes a running row; an end completes it, whether it is there or
// not; what arrives after the end changes nothing. An error is of the whole call, parts of which may have been stored. Its code
// tells an outage (database_unavailable, database_busy: try again) from a record the database does not take.
func (s *Store) WriteLogs(ctx context.Context, writes []models.LogWrite) error {
	requests, err := gather(writes)
	if err != nil {
		return fail("write the logs", err)
	}
	for batch := range slices.Chunk(requests, batchSize) {
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
	var scratch sections
	for _, r := range batch {
		if err := r.encode(stored[r.key], &scratch); err != nil {
			return err
		}
	}
	write := func() error {
		if err := s.ensureDays(ctx, batch); err != nil {
			return err
		}
		return s.inLogWrite(ctx, func(tx *Store) error { return tx.applyBatch(ctx, batch) })
	}
	err = write()
	if isMissingPartition(err) { // retention on another replica dropped it
		s.days.forget()
		err = write()
	}
	return err
}

func (s *Store) applyBatch(ctx context.Context, batch []*request) error {
	usage := newUsage()
	if err := s.writeRows(ctx, batch, usage); err != nil {
		return err
	}
	if err := s.writeAttempts(ctx, batch); err != nil {
		return err
	}
	if err := s.writeParts(ctx, batch); err != nil {
		return err
	}
	return s.bumpUsage(ctx, usage) // last: only one replica at a time does this
}

// writeRows stores the log rows and counts what is complete for the first time.
func (s *Store) writeRows(ctx context.Context, batch []*request, usage *usage) error {
	running := insertLog
	var whole, begun []*logRow // that end: with their begin in the batch, and without
	for _, r := range batch {
		switch row := r.row(); {
		case row == nil:
		case row.State == models.LogRunning:
			running.rows = append(running.rows, logValues(row))
		case r.whole():
			whole = append(whole, row)
		default:
			begun = append(begun, row)
		}
	}
	if err := s.insert(ctx, running); err != nil {
		return err
	}
	there, err := s.insertEnded(ctx, whole, usage)
	if err != nil {
		return err
	}
	return s.endRows(ctx, append(begun, there...), usage)
}

// endRows stores the ends of requests whose rows are there, as a rule. A row that an end completes is taken out and put in anew:
// that is the same work for the database as to update it, with a simpler statement.
func (s *Store) endRows(ctx context.Context, rows []*logRow, usage *usage) error {
	before, err := s.lockRows(ctx, rows)
	if err != nil {
		return err
	}
	var ended []*logRow
	var replaced []logKey
	for _, row := range rows {
		if old := before[keyOf(&row.RequestLog)]; old != nil {
			if old.State == models.LogDone && !old.provisional {
				continue // it ended before
			}
			replaced = append(replaced, keyOf(&row.RequestLog))
			row.hasDetail = row.hasDetail || old.hasDetail
			if old.provisional {
				usage.count(&old.RequestLog, -1)
			}
		}
		ended = append(ended, row)
	}
	err = s.eachKeys("id", replaced, func(where string, args []any) error {
		_, err := s.exec(ctx, "DELETE FROM request_logs WHERE "+where, args...)
		return err
	})
	if err != nil {
		return err
	}
	_, err = s.insertEnded(ctx, ended, usage)
	return err
}

// lockRows reads what is stored under the keys of rows.
func (s *Store) lockRows(ctx context.Context, rows []*logRow) (map[logKey]*logRow, error) {
	keys := make([]logKey, len(rows))
	for i, row := range rows {
		keys[i] = keyOf(&row.RequestLog)
	}
	found := make(map[logKey]*logRow, len(keys))
	lock := ""
	if s.postgres() {
		lock = " FOR UPDATE"
	}
	err := s.eachKeys("id", keys, func(where string, args []any) error {
		return s.each(ctx, func(rows *sql.Rows) error {
			old := &logRow{}
			err := rows.Scan(append([]any{&old.provisional, &old.hasDetail}, countedTargets(&old.RequestLog)...)...)
			found[keyOf(&old.RequestLog)] = old
			return err
		}, "SELECT provisional, has_detail, "+countedColumns+" FROM request_logs WHERE "+where+lock, args...)
	})
	return found, err
}

// insertEnded stores rows, counts them, and returns those that it left alone because something is there.
func (s *Store) insertEnded(ctx context.Context, ended []*logRow, usage *usage) (there []*logRow, err error) {
	inserted, err := s.insertMissing(ctx, ended)
	if err != nil {
		return nil, err
	}
	for _, row := range ended {
		if inserted[keyOf(&row.RequestLog)] {
			usage.count(&row.RequestLog, 1)
		} else {
			there = append(there, row)
		}
	}
	return there, nil
}

// insertMissing stores the rows whose key is new and tells which they were.
func (s *Store) insertMissing(ctx context.Context, rows []*logRow) (map[logKey]bool, error) {
	inserted := make(map[logKey]bool, len(rows))
	b := insertLog
	for _, row := range rows {
		b.rows = append(b.rows, logValues(row))
	}
	if s.postgres() {
		return inserted, s.insertReturning(ctx, b, "request_time, id", func(rows *sql.Rows) error {
			var key logKey
			err := rows.Scan(&key.time, &key.id)
			inserted[key] = true
			return err
		})
	}
	next := 0
	return inserted, s.eachInsert(b, func(query string, args []any) error { // one row at a time
		n, err := s.exec(ctx, query, args...)
		inserted[keyOf(&rows[next].RequestLog)] = n > 0
		next++
		return err
	})
}

var insertAttempt = bulk{
	into: `request_attempts (request_time, log_id, n, route_id, provider_id, provider, target_model, protocol, url, status, error, error_kind,
		started_at, first_byte_ms, total_ms, retry_reason, ambiguous, upstream_id, response_body)`,
	columns: 19,
	types: strings.Fields(`bigint text bigint bigint bigint text text text text bigint text text
		bigint float8 float8 text boolean text bytea`),
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
	return s.insert(ctx, b)
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
	types: []string{"bigint", "text", "bigint", "bytea"},
	// What is there was written by the same records before; only a checkpoint is replaced by a later one.
	tail: "ON CONFLICT (request_time, log_id, part) DO UPDATE SET payload = excluded.payload WHERE request_log_details.part = 3",
}

func (s *Store) writeParts(ctx context.Context, batch []*request) error {
	b := insertPart
	var over []logKey
	for _, r := range batch {
		for _, p := range r.parts {
			b.rows = append(b.rows, []any{r.key.time, r.key.id, p.part, p.payload})
		}
		if r.end != nil && r.end.Log.IsStream {
			over = append(over, r.key)
		}
	}
	if err := s.insert(ctx, b); err != nil {
		return err
	}
	return s.eachKeys("log_id", over, func(where string, args []any) error { // a checkpoint may have been stored for a stream
		_, err := s.exec(ctx, "DELETE FROM request_log_details WHERE part = 3 AND "+where, args...)
		return err
	})
}

// storedRequestParts tells for which ended requests the request part was stored with their begin.
func (s *Store) storedRequestParts(ctx context.Context, batch []*request) (map[logKey]bool, error) {
	var keys []logKey
	for _, r := range batch {
		if r.end != nil && r.end.Detail != nil && !r.whole() {
			keys = append(keys, r.key)
		}
	}
	stored := make(map[logKey]bool, len(keys))
	if s.tx == nil {
		s = s.on(s.logs)
	}
	err := s.eachKeys("log_id", keys, func(where string, args []any) error {
		return s.each(ctx, func(rows *sql.Rows) error {
			var key logKey
			err := rows.Scan(&key.time, &key.id)
			stored[key] = true
			return err
		}, "SELECT request_time, log_id FROM request_log_details WHERE part = 1 AND "+where, args...)
	})
	return stored, err
}
