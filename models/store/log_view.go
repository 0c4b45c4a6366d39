package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/oklog/ulid/v2"

	"squirrel/models"
)

// Reasons why a view has no details.
const (
	reasonExpired     = "expired"
	reasonNotRecorded = "not_recorded"
	reasonRunning     = "running"
)

// idSlack is how far from the time in its id a request is looked for first: the id is made a moment after the clock was read.
const idSlack = time.Minute

// LogView returns everything that is known about a request. Of one that still runs, or was cut off, that is what had been
// written until then.
func (s *Store) LogView(ctx context.Context, id string) (view models.LogView, err error) {
	err = s.inRead(ctx, func(tx *Store) error {
		row, err := tx.logByID(ctx, id)
		if err != nil {
			return err
		}
		view.Log = row.RequestLog
		if view.Attempts, err = tx.attempts(ctx, keyOf(&row.RequestLog)); err != nil {
			return err
		}
		if view.Detail, err = tx.detail(ctx, keyOf(&row.RequestLog)); err != nil {
			return err
		}
		view.Reason = missingReason(view.Detail, row)
		return nil
	})
	return view, fail("read the log", err)
}

func missingReason(d *models.LogDetail, row *logRow) string {
	switch {
	case d != nil:
		return ""
	case row.State == models.LogRunning:
		return reasonRunning
	case row.hasDetail:
		return reasonExpired
	}
	return reasonNotRecorded
}

func (s *Store) logByID(ctx context.Context, id string) (*logRow, error) {
	key, found, err := s.findKey(ctx, id)
	if err != nil {
		return nil, err
	}
	var row *logRow
	if found {
		err = s.each(ctx, func(rows *sql.Rows) error {
			r, err := scanLog(rows)
			row = &r
			return err
		}, "SELECT "+logColumnList+" FROM request_logs WHERE request_time = ? AND id = ?", key.time, key.id)
	}
	if err == nil && row == nil {
		err = notFound("request", clean(id, maxWord))
	}
	return row, err
}

// findKey finds the time of a request. The id tells it, to the millisecond; only an id that was not made here has to be looked
// for everywhere.
func (s *Store) findKey(ctx context.Context, id string) (key logKey, found bool, err error) {
	if clean(id, maxWord) != id {
		return logKey{}, false, nil
	}
	find := func(w where) error {
		w.add("id = ?", id)
		return s.each(ctx, func(rows *sql.Rows) error { found = true; return rows.Scan(&key.time, &key.id) },
			"SELECT request_time, id FROM request_logs WHERE "+w.sql()+" LIMIT 1", w.args...)
	}
	if parsed, err := ulid.ParseStrict(id); err == nil {
		var near where
		at := parsed.Timestamp()
		near.add("request_time BETWEEN ? AND ?", toMicros(at.Add(-idSlack)), toMicros(at.Add(idSlack)))
		if err := find(near); err != nil || found {
			return key, found, err
		}
	}
	return key, found, find(where{})
}

func (s *Store) attempts(ctx context.Context, key logKey) (all []models.Attempt, err error) {
	err = s.each(ctx, func(rows *sql.Rows) error {
		var a models.Attempt
		var started int64
		var body []byte
		err := rows.Scan(&a.N, &a.RouteID, &a.ProviderID, &a.Provider, &a.TargetModel, &a.Protocol, &a.URL, &a.Status, &a.Error, &a.ErrorKind,
			&started, &a.FirstByteMS, &a.TotalMS, &a.RetryReason, &a.Ambiguous, &a.UpstreamRequestID, &body)
		if err != nil {
			return err
		}
		a.StartedAt = fromMicros(started)
		if body != nil {
			a.ResponseBody, err = decompress(body)
		}
		all = append(all, a)
		return err
	}, `SELECT n, route_id, provider_id, provider, target_model, protocol, url, status, error, error_kind, started_at, first_byte_ms, total_ms,
		retry_reason, ambiguous, upstream_id, response_body FROM request_attempts WHERE request_time = ? AND log_id = ? ORDER BY n`, key.time, key.id)
	return all, err
}

// detail joins the parts; nil when there is none. A checkpoint counts only while the answer is missing.
func (s *Store) detail(ctx context.Context, key logKey) (d *models.LogDetail, err error) {
	answered := false
	err = s.each(ctx, func(rows *sql.Rows) error {
		var part int
		var payload []byte
		if err := rows.Scan(&part, &payload); err != nil {
			return err
		}
		if d == nil {
			d = &models.LogDetail{}
		}
		if part == partAnswer {
			answered = true
		}
		if part == partSoFar && answered {
			return nil
		}
		return decodePart(payload, d)
	}, "SELECT part, payload FROM request_log_details WHERE request_time = ? AND log_id = ? ORDER BY part", key.time, key.id)
	return d, err
}

func (s *Store) oldestLog(ctx context.Context) (oldest *time.Time, err error) {
	parts, err := s.inOrder(ctx, where{}, true)
	if err != nil {
		return nil, err
	}
	for part := range parts {
		err := s.each(ctx, func(rows *sql.Rows) error {
			var micros int64
			err := rows.Scan(&micros)
			oldest = fromMicrosPtr(&micros)
			return err
		}, "SELECT request_time FROM request_logs WHERE "+part.sql()+" ORDER BY request_time, id LIMIT 1", part.args...)
		if err != nil || oldest != nil {
			return oldest, err
		}
	}
	return nil, nil
}
