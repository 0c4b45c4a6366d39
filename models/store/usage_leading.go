package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
)

// Most of what statistics by group cost is their histograms, which have to be merged row by row; other sums the database adds up
// itself. When only the leading groups are looked at, only theirs are read.

// addLeadingGroups adds sums by group, and the percentiles of the leading groups.
func (s *Store) addLeadingGroups(ctx context.Context, all where, known map[seriesID]groupKey, sp span, t *tally) error {
	stretches, err := s.stretches(ctx, sp)
	if err != nil {
		return err
	}
	for _, part := range conditions(all, stretches) {
		if err := s.addGroupSums(ctx, part, known, t); err != nil {
			return err
		}
	}
	leading := t.leading()
	var ids []any
	for id, g := range known {
		if leading[g.key] {
			ids = append(ids, id[:])
		}
	}
	for _, part := range conditions(s.anyOf("series", "bytea", ids), stretches) {
		if err := s.addGroupTimes(ctx, part, known, t); err != nil {
			return err
		}
	}
	for key, g := range t.groups {
		if !leading[key] {
			g.firstByte, g.totalTime = histogram{}, histogram{} // of rows at the ends of the span: not of all
		}
	}
	return nil
}

// leading are the keys of the groups that come first by requests or by cost.
func (t *tally) leading() map[string]bool {
	n := min(t.query.Leading, len(t.groups))
	keys := make(map[string]bool, 2*n)
	for _, figure := range []func(g *groupSums) int64{func(g *groupSums) int64 { return g.requests }, func(g *groupSums) int64 { return g.cost }} {
		order := make([]string, 0, len(t.groups))
		for key := range t.groups {
			order = append(order, key)
		}
		slices.SortFunc(order, func(a, b string) int {
			return cmp.Or(cmp.Compare(figure(t.groups[b]), figure(t.groups[a])), cmp.Compare(a, b))
		})
		for _, key := range order[:n] {
			keys[key] = true
		}
	}
	return keys
}

func (s *Store) addGroupSums(ctx context.Context, part where, known map[seriesID]groupKey, t *tally) error {
	var id sql.RawBytes
	var last int64
	var u sums
	into := append([]any{&id, &last}, u.targets()...)
	return s.each(ctx, func(rows *sql.Rows) error {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		g := known[seriesID(id)]
		t.group(g.key).at(floor(last, dayMicros), g.name).merge(&u)
		return nil
	}, "SELECT series, MAX(slot), "+addedRollups+" FROM usage_rollups WHERE "+part.sql()+" GROUP BY series", part.args...)
}

func (s *Store) addGroupTimes(ctx context.Context, part where, known map[seriesID]groupKey, t *tally) error {
	var id, first, total sql.RawBytes
	return s.each(ctx, func(rows *sql.Rows) error {
		if err := rows.Scan(&id, &first, &total); err != nil {
			return err
		}
		return t.group(known[seriesID(id)].key).mergeTimes(first, total)
	}, "SELECT series, first_byte, total_time FROM usage_rollups WHERE "+part.sql(), part.args...)
}
