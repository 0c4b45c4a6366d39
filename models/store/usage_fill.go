package store

import (
	"context"
	"database/sql"
	"strconv"

	"squirrel/models"
)

// groupsLock is the advisory lock of replicas that fill in groups ("groups").
const groupsLock = 0x67726f757073

// groupFill makes sums by group of a database that was written before there were any. It works day by day, each in a transaction
// that notes how far it came: whoever is ended in between goes on with the next day, and no day counts twice.
type groupFill struct {
	job    string // under which it is noted how far it came
	needed string
	day    func(*Store, context.Context, int64) (*usage, error)
}

// groupFills are by dimension from the sums of the series, and by user and client from the requests that are still there.
var groupFills = []groupFill{
	{"sums by model, provider and key", "NOT EXISTS (SELECT 1 FROM usage_groups WHERE dimension = 'source')", (*Store).seriesOfDay},
	{"sums by user, client and kind of failure", "NOT EXISTS (SELECT 1 FROM usage_groups WHERE dimension IN ('client', 'client_other'))", (*Store).requestsOfDay},
}

// fillGroups makes what is missing. It is done before anything is counted, so that nothing is counted in between.
func (s *Store) fillGroups(ctx context.Context) error {
	for _, fill := range groupFills {
		for more := true; more; {
			err := s.inLogWrite(ctx, func(tx *Store) (err error) {
				more, err = tx.fillNext(ctx, fill)
				return err
			})
			if err != nil {
				return fail("sum up the statistics by group", err)
			}
		}
	}
	return nil
}

// fillNext makes the next day, if there is one.
func (s *Store) fillNext(ctx context.Context, fill groupFill) (more bool, err error) {
	if s.postgres() {
		if _, err := s.exec(ctx, "SELECT pg_advisory_xact_lock(?)", groupsLock); err != nil {
			return false, err
		}
	}
	day, begun, err := s.fillBegun(ctx, fill)
	if err != nil {
		return false, err
	}
	if !begun {
		needed := false
		if err := s.scalar(ctx, &needed, "SELECT "+fill.needed+" AND EXISTS (SELECT 1 FROM usage_series)"); err != nil || !needed {
			return false, err
		}
	}
	first, last, err := s.daysCounted(ctx)
	if err != nil || first == nil {
		return false, err
	}
	if !begun {
		day = *first
	}
	if day > *last {
		_, err := s.exec(ctx, "UPDATE jobs SET finished_at = "+s.clock()+", result = 'done' WHERE name = ?", fill.job)
		return false, err
	}
	s.log.InfoContext(ctx, "summing up the statistics of an older database, once", "what", fill.job, "day", 1+(day-*first)/dayMicros, "of", 1+(*last-*first)/dayMicros)
	u, err := fill.day(s, ctx, day)
	if err != nil {
		return false, err
	}
	if err := s.bumpUsage(ctx, u); err != nil {
		return false, err
	}
	_, err = s.exec(ctx, `INSERT INTO jobs (name, slot, owner, claimed_at, result) VALUES (?, ?, '', `+s.clock()+`, '')
		ON CONFLICT (name) DO UPDATE SET slot = excluded.slot, owner = '', claimed_at = excluded.claimed_at, finished_at = NULL, result = ''`,
		fill.job, strconv.FormatInt(day+dayMicros, 10))
	return true, err
}

// fillBegun is the day to go on with, when a fill was begun and not ended.
func (s *Store) fillBegun(ctx context.Context, fill groupFill) (day int64, begun bool, err error) {
	err = s.each(ctx, func(rows *sql.Rows) error {
		var slot string
		if err := rows.Scan(&slot); err != nil {
			return err
		}
		begun = true
		day, err = strconv.ParseInt(slot, 10, 64)
		return err
	}, "SELECT slot FROM jobs WHERE name = ? AND finished_at IS NULL", fill.job)
	return day, begun, err
}

// daysCounted are the first and the last day of the statistics.
func (s *Store) daysCounted(ctx context.Context) (first, last *int64, err error) {
	all := seriesID{}
	err = s.each(ctx, func(rows *sql.Rows) error { return rows.Scan(&first, &last) },
		"SELECT MIN(slot), MAX(slot) FROM usage_rollups WHERE grain = ? AND series = ?", grainQuarter, all[:])
	if first != nil {
		*first, *last = floor(*first, dayMicros), floor(*last, dayMicros)
	}
	return first, last, err
}

// seriesOfDay sums the series of a day up by their dimensions.
func (s *Store) seriesOfDay(ctx context.Context, day int64) (*usage, error) {
	u := newUsage()
	var slot int64
	var d dimensions
	var provider, apiKey *int64
	columns := []any{&slot, &d.requestedModel, &d.targetModel, &provider, &d.providerName, &apiKey, &d.apiKeyName, &d.endpoint, &d.source}
	err := s.eachRollup(ctx, columns, func(r *rollupScan) error {
		d.providerID, d.apiKeyID = deref(provider), deref(apiKey)
		var sum sums
		if err := r.addTo(&sum); err != nil {
			return err
		}
		for _, g := range d.groups() {
			u.delta(rollupKey{grainQuarter, slot, u.group(g)}).merge(&sum)
		}
		return nil
	}, `SELECT r.slot, s.requested_model, s.target_model, s.provider_id, s.provider_name, s.api_key_id, s.api_key_name, s.endpoint, s.source, `+rollupColumns+`
		FROM usage_series s CROSS JOIN usage_rollups r WHERE r.series = s.id AND r.grain = ? AND r.slot >= ? AND r.slot < ?`, grainQuarter, day, day+dayMicros)
	return u, err
}

// requestsOfDay sums the requests of a day up by what only they tell.
func (s *Store) requestsOfDay(ctx context.Context, day int64) (*usage, error) {
	u := newUsage()
	err := s.each(ctx, func(rows *sql.Rows) error {
		var l models.RequestLog
		if err := rows.Scan(countedTargets(&l)...); err != nil {
			return err
		}
		slot := floor(toMicros(l.RequestTime), quarterMicros)
		for _, g := range ownGroups(&l) {
			u.delta(rollupKey{grainQuarter, slot, u.group(g)}).count(&l, 1)
		}
		return nil
	}, "SELECT "+countedColumns+" FROM request_logs WHERE request_time >= ? AND request_time < ? AND state = 'done'", day, day+dayMicros)
	return u, err
}
