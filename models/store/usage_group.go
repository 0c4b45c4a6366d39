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

// Users and client programs are groups too, but no dimensions: there may be any number of them, which would multiply the series.
// So that their sums can be told for the requests of clients and for all, the few others have groups of their own.
const others models.StatGroup = "_other"

// personal reports whether a dimension is one of those.
func personal(g models.StatGroup) bool { return g == models.GroupUser || g == models.GroupClient }

// personalGroups are those that a request belongs to.
func personalGroups(l *models.RequestLog) []groupKey {
	user, client := clean(l.UserID, maxName), clean(l.Client, maxName)
	of := models.StatGroup("")
	if l.Source != models.SourceClient {
		of = others
	}
	return []groupKey{{models.GroupUser + of, user, user}, {models.GroupClient + of, client, client}}
}

// keptGroups are the dimensions of usage_groups whose sums answer a question by group; ok is false when none do. Sums of users and
// clients are kept over everything, over the requests of clients and over those of others.
func (s *Store) keptGroups(f *models.LogFilter, by models.StatGroup) (dimensions []models.StatGroup, ok bool) {
	rest := *f
	rest.Source, rest.Except.Source = "", nil
	whole := len(s.seriesFilter(&rest).terms) == 0
	all := f.Source == "" && len(f.Except.Source) == 0
	switch {
	case !whole || !personal(by):
		return []models.StatGroup{by}, whole && all
	case all:
		return []models.StatGroup{by, by + others}, true
	case f.Source == "" && slices.Equal(f.Except.Source, []string{string(models.SourceClient)}):
		return []models.StatGroup{by + others}, true
	case f.Source == models.SourceClient && len(f.Except.Source) == 0:
		return []models.StatGroup{by}, true
	}
	return nil, false
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

var insertGroup = bulk{
	into: "usage_groups (id, dimension, key, name)", tail: "ON CONFLICT (id) DO NOTHING", columns: 4, types: []string{"bytea", "text", "text", "text"},
}

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
func (s *Store) addWholeGroups(ctx context.Context, dimensions []models.StatGroup, sp span, t *tally) error {
	args := make([]any, len(dimensions))
	for i, dimension := range dimensions {
		args[i] = string(dimension)
	}
	parts, err := s.partsOf(ctx, where{terms: []string{"series IN (SELECT id FROM usage_groups WHERE dimension IN " + marks(len(args)) + ")"}, args: args}, sp)
	if err != nil {
		return err
	}
	for _, part := range parts {
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
