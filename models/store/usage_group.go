package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"maps"
	"slices"

	"squirrel/models"
)

// Besides the sums per combination of dimensions there are those per value of each single one, so that statistics by group are
// read from as many rows as there are groups, and not from as many as there are combinations.

// groupKey is one group. Another name makes another one: statistics show the latest.
type groupKey struct {
	dimension models.StatGroup
	key, name string
}

func (g groupKey) id() seriesID {
	var b []byte
	for _, text := range []string{"group", string(g.dimension), g.key, g.name} {
		b = binary.AppendUvarint(b, uint64(len(text)))
		b = append(b, text...)
	}
	sum := sha256.Sum256(b)
	return seriesID(sum[:16])
}

// groups are those that requests with these dimensions belong to.
func (d *dimensions) groups() []groupKey {
	return []groupKey{
		{models.GroupModel, d.requestedModel, d.requestedModel},
		{models.GroupTargetModel, d.targetModel, d.targetModel},
		{models.GroupProvider, keyText(orNull(d.providerID)), d.providerName},
		{models.GroupAPIKey, keyText(orNull(d.apiKeyID)), d.apiKeyName},
		{models.GroupEndpoint, d.endpoint, d.endpoint},
	}
}

var insertGroup = bulk{into: "usage_groups (id, dimension, key, name)", tail: "ON CONFLICT (id) DO NOTHING", columns: 4}

func (s *Store) insertGroups(ctx context.Context, groups map[groupKey]seriesID) error {
	b := insertGroup
	byID := make(map[seriesID]groupKey, len(groups))
	for g, id := range groups {
		byID[id] = g
	}
	for _, id := range slices.SortedFunc(maps.Keys(byID), func(a, b seriesID) int { return bytes.Compare(a[:], b[:]) }) {
		g := byID[id]
		b.rows = append(b.rows, []any{id[:], string(g.dimension), g.key, g.name})
	}
	return s.insert(ctx, b)
}

// addWholeGroups adds sums by group of everything that was asked in a span.
func (s *Store) addWholeGroups(ctx context.Context, sp span, t *tally) error {
	named := where{terms: []string{"series IN (SELECT id FROM usage_groups WHERE dimension = ?)"}, args: []any{string(t.query.Group)}}
	for _, part := range partsOf(named, sp) {
		err := s.each(ctx, func(rows *sql.Rows) error {
			var key, name string
			var slot int64
			var r rollupScan
			if err := rows.Scan(append([]any{&key, &name, &slot}, r.targets()...)...); err != nil {
				return err
			}
			return r.addTo(t.group(key, name, floor(slot, dayMicros)))
		}, "SELECT g.key, g.name, r.slot, "+rollupColumns+" FROM (SELECT * FROM usage_rollups WHERE "+part.sql()+
			") r JOIN usage_groups g ON g.id = r.series", part.args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// groupsLock is the advisory lock of replicas that fill in groups ("groups").
const groupsLock = 0x67726f757073

// fillGroups makes the sums by group of a database that was written before there were any.
func (s *Store) fillGroups(ctx context.Context) error {
	err := s.inLogWrite(ctx, func(tx *Store) error {
		if tx.postgres() {
			if _, err := tx.exec(ctx, "SELECT pg_advisory_xact_lock(?)", groupsLock); err != nil {
				return err
			}
		}
		needed := false
		err := tx.scalar(ctx, &needed, "SELECT NOT EXISTS (SELECT 1 FROM usage_groups) AND EXISTS (SELECT 1 FROM usage_series)")
		if err != nil || !needed {
			return err
		}
		tx.log.InfoContext(ctx, "summing up the statistics by group, once")
		return tx.sumUpGroups(ctx)
	})
	return fail("sum up the statistics by group", err)
}

// sumUpGroups works day by day, so that memory holds no more than one.
func (s *Store) sumUpGroups(ctx context.Context) error {
	var first, last *int64
	err := s.each(ctx, func(rows *sql.Rows) error { return rows.Scan(&first, &last) }, "SELECT MIN(slot), MAX(slot) FROM usage_rollups")
	if err != nil || first == nil {
		return err
	}
	for day := floor(*first, dayMicros); day <= *last; day += dayMicros {
		if err := s.sumUpDay(ctx, day); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) sumUpDay(ctx context.Context, day int64) error {
	u := newUsage()
	err := s.each(ctx, func(rows *sql.Rows) error {
		var grain, slot int64
		var d dimensions
		var provider, apiKey *int64
		var r rollupScan
		err := rows.Scan(append([]any{&grain, &slot, &d.requestedModel, &d.targetModel, &provider, &d.providerName, &apiKey, &d.apiKeyName, &d.endpoint},
			r.targets()...)...)
		if err != nil {
			return err
		}
		d.providerID, d.apiKeyID = deref(provider), deref(apiKey)
		var sum sums
		if err := r.addTo(&sum); err != nil {
			return err
		}
		for _, g := range d.groups() {
			u.delta(rollupKey{grain, slot, u.group(g)}).merge(&sum)
		}
		return nil
	}, `SELECT r.grain, r.slot, s.requested_model, s.target_model, s.provider_id, s.provider_name, s.api_key_id, s.api_key_name, s.endpoint, `+
		rollupColumns+` FROM usage_rollups r JOIN usage_series s ON s.id = r.series WHERE r.slot >= ? AND r.slot < ?`, day, day+dayMicros)
	if err != nil {
		return err
	}
	return s.bumpUsage(ctx, u)
}
