package store

import (
	"context"
	"database/sql"
	"time"

	"squirrel/models"
)

// What a request is told to have ended with when its gateway died in the middle of it.
const (
	interruptedCode = "interrupted"
	interruptedInfo = "The gateway stopped before the request ended."
)

// sweepBatch is how many rows a sweep closes in one transaction.
const sweepBatch = 200

// CloseInterrupted ends the requests that an instance has left running and that began before a time, and tells how many there
// were. They count as failed. Should their end still arrive, it takes the place of this one.
func (s *Store) CloseInterrupted(ctx context.Context, instance string, before time.Time) (int, error) {
	n, err := s.closeRunning(ctx, "instance = ? AND request_time < ?", clean(instance, maxWord), toMicros(before))
	return n, fail("close interrupted requests", err)
}

// CloseOrphans does the same for all instances without a heartbeat for deadFor, and for those that never had one.
func (s *Store) CloseOrphans(ctx context.Context, deadFor time.Duration) (int, error) {
	n, err := s.closeRunning(ctx, `request_time < `+s.clock()+` - ? AND NOT EXISTS (
		SELECT 1 FROM instances i WHERE i.id = request_logs.instance AND i.heartbeat_at >= `+s.clock()+` - ?)`,
		deadFor.Microseconds(), deadFor.Microseconds())
	return n, fail("close orphaned requests", err)
}

func (s *Store) closeRunning(ctx context.Context, where string, args ...any) (total int, err error) {
	for {
		n := 0
		err := s.inLogWrite(ctx, func(tx *Store) (err error) {
			n, err = tx.closeSome(ctx, where, args)
			return err
		})
		total += n
		if err != nil || n < sweepBatch {
			return total, err
		}
	}
}

func (s *Store) closeSome(ctx context.Context, where string, args []any) (int, error) {
	running := s.indexed(&models.LogFilter{State: models.LogRunning})
	query := "SELECT " + logColumnList + " FROM " + s.from(running) + " WHERE " + running.sql() + " AND " + where + " ORDER BY request_time, id LIMIT ?"
	if s.postgres() {
		query += " FOR UPDATE"
	}
	usage := newUsage()
	var closed []logKey
	err := s.each(ctx, func(rows *sql.Rows) error {
		row, err := scanLog(rows)
		if err != nil {
			return err
		}
		row.State, row.ErrorCode, row.ResponseStatus = models.LogDone, interruptedCode, nil
		usage.count(&row.RequestLog, 1)
		closed = append(closed, keyOf(&row.RequestLog))
		return nil
	}, query, append(args[:len(args):len(args)], sweepBatch)...)
	if err != nil {
		return 0, err
	}
	for _, key := range closed {
		_, err := s.exec(ctx, `UPDATE request_logs SET state = 'done', failed = TRUE, provisional = TRUE, response_status = NULL, error_code = ?,
			error_info = ? WHERE request_time = ? AND id = ?`, interruptedCode, interruptedInfo, key.time, key.id)
		if err != nil {
			return 0, err
		}
	}
	return len(closed), s.bumpUsage(ctx, usage)
}
