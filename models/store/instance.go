package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// clock is SQL for the database's own time in microseconds: leases and heartbeats of several machines need one clock.
func (h *handle) clock() string {
	if h.postgres() {
		return "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
	}
	return "CAST(unixepoch('subsec') * 1000000 AS INTEGER)"
}

// Now is the time by the database's clock.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	var micros int64
	err := s.scalar(ctx, &micros, "SELECT "+s.clock())
	return fromMicros(micros), fail("read the clock of the database", err)
}

// Heartbeat notes that an instance lives.
func (s *Store) Heartbeat(ctx context.Context, instance string) error {
	err := s.inWrite(ctx, func(tx *Store) error {
		_, err := tx.exec(ctx, "INSERT INTO instances (id, started_at, heartbeat_at) VALUES (?, "+s.clock()+", "+s.clock()+
			") ON CONFLICT (id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at", clean(instance, maxWord))
		return err
	})
	return fail("note the heartbeat", err)
}

// Instances returns the instances that have ever given a sign of life, the most recent first.
func (s *Store) Instances(ctx context.Context) (all []Instance, err error) {
	err = s.each(ctx, func(rows *sql.Rows) error {
		var i Instance
		var started, beat int64
		err := rows.Scan(&i.ID, &started, &beat)
		i.StartedAt, i.HeartbeatAt = fromMicros(started), fromMicros(beat)
		all = append(all, i)
		return err
	}, "SELECT id, started_at, heartbeat_at FROM instances ORDER BY heartbeat_at DESC, id")
	return all, fail("read the instances", err)
}

// RunsElsewhere reports whether a request runs on a gateway other than own, one that has given a sign of life within a time.
func (s *Store) RunsElsewhere(ctx context.Context, id, own string, within time.Duration) (bool, error) {
	key, found, err := s.findKey(ctx, id)
	if err != nil || !found {
		return false, fail("read the log", err)
	}
	var n int64
	err = s.scalar(ctx, &n, `SELECT COUNT(*) FROM request_logs l JOIN instances i ON i.id = l.instance
		WHERE l.request_time = ? AND l.id = ? AND l.state = 'running' AND l.instance <> ? AND i.heartbeat_at >= `+s.clock()+` - ?`,
		key.time, key.id, own, within.Microseconds())
	return n > 0, fail("read the log", err)
}

// ClaimJob reports whether owner may do a job for a slot: nobody has finished the slot or a later one, and nobody else holds a
// claim that is younger than ttl. Slots are compared as texts. A claim of owner itself is renewed.
func (s *Store) ClaimJob(ctx context.Context, name, slot, owner string, ttl time.Duration) (mine bool, err error) {
	err = s.inWrite(ctx, func(tx *Store) error {
		mine = false
		query := `INSERT INTO jobs (name, slot, owner, claimed_at, result) VALUES (?, ?, ?, ` + s.clock() + `, '')
			ON CONFLICT (name) DO UPDATE SET slot = excluded.slot, owner = excluded.owner, claimed_at = excluded.claimed_at, finished_at = NULL
			WHERE (jobs.slot < excluded.slot OR jobs.slot = excluded.slot AND jobs.finished_at IS NULL)
			AND (jobs.finished_at IS NOT NULL OR jobs.owner = excluded.owner OR jobs.claimed_at <= excluded.claimed_at - ?)
			RETURNING name`
		var got string
		err := tx.scalar(ctx, &got, query, name, slot, owner, ttl.Microseconds())
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		mine = err == nil
		return err
	})
	return mine, fail("claim the job", err)
}

// FinishJob notes that owner has done a slot. A claim that others have taken over meanwhile is left alone.
func (s *Store) FinishJob(ctx context.Context, name, slot, owner, result string) error {
	err := s.inWrite(ctx, func(tx *Store) error {
		_, err := tx.exec(ctx, "UPDATE jobs SET finished_at = "+s.clock()+", result = ? WHERE name = ? AND slot = ? AND owner = ?",
			clean(result, maxReason), name, slot, owner)
		return err
	})
	return fail("finish the job", err)
}

// RenewJob renews owner's claim and notes how far the job is; false when the claim is no longer owner's.
func (s *Store) RenewJob(ctx context.Context, name, slot, owner, progress string) (mine bool, err error) {
	err = s.inWrite(ctx, func(tx *Store) error {
		n, err := tx.exec(ctx, "UPDATE jobs SET claimed_at = "+s.clock()+", result = ? WHERE name = ? AND slot = ? AND owner = ? AND finished_at IS NULL",
			clean(progress, maxReason), name, slot, owner)
		mine = n == 1
		return err
	})
	return mine, fail("renew the claim of the job", err)
}

// Jobs returns the last claim of each job, by name.
func (s *Store) Jobs(ctx context.Context) (all []Job, err error) {
	err = s.each(ctx, func(rows *sql.Rows) error {
		var j Job
		var claimed int64
		var finished *int64
		err := rows.Scan(&j.Name, &j.Slot, &j.Owner, &claimed, &finished, &j.Result)
		j.ClaimedAt, j.FinishedAt = fromMicros(claimed), fromMicrosPtr(finished)
		all = append(all, j)
		return err
	}, "SELECT name, slot, owner, claimed_at, finished_at, result FROM jobs ORDER BY name")
	return all, fail("read the jobs", err)
}
