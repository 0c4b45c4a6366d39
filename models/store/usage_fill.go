package store

import (
	"context"
	"database/sql"

	"squirrel/models"
)

// groupsLock is the advisory lock of replicas that fill in groups ("groups").
const groupsLock = 0x67726f757073

// fillGroups makes the sums by group of a database that was written before there were any: by dimension from the sums of the
// series, by user and client from the requests that are still there.
func (s *Store) fillGroups(ctx context.Context) error {
	err := s.inLogWrite(ctx, func(tx *Store) error {
		if tx.postgres() {
			if _, err := tx.exec(ctx, "SELECT pg_advisory_xact_lock(?)", groupsLock); err != nil {
				return err
			}
		}
		for _, fill := range []struct {
			needed, what string
			day          func(context.Context, int64) (*usage, error)
		}{
			{"NOT EXISTS (SELECT 1 FROM usage_groups WHERE dimension = 'source')", "model, provider and key", tx.seriesOfDay},
			{"NOT EXISTS (SELECT 1 FROM usage_groups WHERE dimension IN ('client', 'client_other'))", "user, client and kind of failure", tx.requestsOfDay},
		} {
			needed := false
			err := tx.scalar(ctx, &needed, "SELECT "+fill.needed+" AND EXISTS (SELECT 1 FROM usage_series)")
			if err != nil {
				return err
			}
			if !needed {
				continue
			}
			tx.log.InfoContext(ctx, "summing up the statistics by "+fill.what+", once")
			if err := tx.eachDay(ctx, fill.day); err != nil {
				return err
			}
		}
		return nil
	})
	return fail("sum up the statistics by group", err)
}

// eachDay adds what day returns for every day of the statistics: day by day, so that memory holds no more than one.
func (s *Store) eachDay(ctx context.Context, day func(context.Context, int64) (*usage, error)) error {
	var first, last *int64
	all := seriesID{}
	err := s.each(ctx, func(rows *sql.Rows) error { return rows.Scan(&first, &last) },
		"SELECT MIN(slot), MAX(slot) FROM usage_rollups WHERE grain = ? AND series = ?", grainQuarter, all[:])
	if err != nil || first == nil {
		return err
	}
	for at := floor(*first, dayMicros); at <= *last; at += dayMicros {
		u, err := day(ctx, at)
		if err != nil {
			return err
		}
		if err := s.bumpUsage(ctx, u); err != nil {
			return err
		}
	}
	return nil
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
