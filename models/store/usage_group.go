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
// read from as many rows as there are groups, and not from as many as there are combinations. Users and client programs are groups
// only: there can be any number of them, which would multiply the combinations.
//
// Nearly every request is a client's, and nearly every question is about them. So the groups of the few other requests (tests,
// the playground) are kept apart, under a dimension of their own: both together are everything.

const (
	ofOthers models.StatGroup = "_other" // added to a dimension

	groupSource  models.StatGroup = "source"  // has a group for each source
	groupFailure models.StatGroup = "failure" // of failed requests, by whose failure it was

	failureRefused   = "refused"   // the request was not accepted: a status of 400 to 498
	failureCancelled = "cancelled" // the client went away: 499
)

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

func sourceGroup(source models.LogSource) groupKey {
	return groupKey{groupSource, string(source), string(source)}
}

// groups are those that requests with these dimensions belong to.
func (d *dimensions) groups() []groupKey {
	of := setApart(d.source)
	return []groupKey{
		{models.GroupModel + of, d.requestedModel, d.requestedModel},
		{models.GroupTargetModel + of, d.targetModel, d.targetModel},
		{models.GroupProvider + of, keyText(orNull(d.providerID)), d.providerName},
		{models.GroupAPIKey + of, keyText(orNull(d.apiKeyID)), d.apiKeyName},
		{models.GroupEndpoint + of, d.endpoint, d.endpoint},
		sourceGroup(models.LogSource(d.source)),
	}
}

// ownGroups are those that only the request itself tells.
func ownGroups(l *models.RequestLog) []groupKey {
	of, user, client := setApart(string(l.Source)), clean(l.UserID, maxName), clean(l.Client, maxName)
	groups := []groupKey{{models.GroupUser + of, user, user}, {models.GroupClient + of, client, client}}
	if kind := failureKind(l); kind != "" {
		groups = append(groups, groupKey{groupFailure + of, kind, kind})
	}
	return groups
}

func setApart(source string) models.StatGroup {
	if source == string(models.SourceClient) {
		return ""
	}
	return ofOthers
}

// failureKind is "" for what has not failed, and for what failed behind the gateway or in it.
func failureKind(l *models.RequestLog) string {
	switch status := deref(l.ResponseStatus); {
	case !hasFailed(l):
		return ""
	case status == 499:
		return failureCancelled
	case status >= 400 && status < 499:
		return failureRefused
	}
	return ""
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

// keptDimensions are those of usage_groups that together hold the groups of a dimension for the requests of a source; kept is
// false when none do.
func keptDimensions(by models.StatGroup, source models.LogSource) (dimensions []any, kept bool) {
	switch source {
	case "":
		return []any{string(by), string(by + ofOthers)}, true
	case models.SourceClient:
		return []any{string(by)}, true
	}
	return nil, false
}

// wholeGroups are the dimensions of usage_groups that answer a question by group about everything that a source asked; ok is false
// when the filter is narrower.
func (s *Store) wholeGroups(f *models.LogFilter, by models.StatGroup) (dimensions []any, ok bool) {
	rest := *f
	rest.Source = ""
	if len(s.seriesFilter(&rest).terms) > 0 {
		return nil, false
	}
	return keptDimensions(by, f.Source)
}

func groupsOf(dimensions []any) where {
	return where{terms: []string{"series IN (SELECT id FROM usage_groups WHERE dimension IN " + marks(len(dimensions)) + ")"}, args: dimensions}
}

// addWholeGroups adds sums by group of everything that was asked in a span.
func (s *Store) addWholeGroups(ctx context.Context, dimensions []any, sp span, t *tally) error {
	known := map[seriesID]groupKey{}
	err := s.each(ctx, func(rows *sql.Rows) error {
		var id []byte
		var g groupKey
		err := rows.Scan(&id, &g.key, &g.name)
		known[seriesID(id)] = g
		return err
	}, "SELECT id, key, name FROM usage_groups WHERE dimension IN "+marks(len(dimensions)), dimensions...)
	if err != nil {
		return err
	}
	if n := t.query.Leading; n > 0 && len(known) > 2*n {
		return s.addLeadingGroups(ctx, groupsOf(dimensions), known, sp, t)
	}
	parts, err := s.partsOf(ctx, groupsOf(dimensions), sp)
	if err != nil {
		return err
	}
	for _, part := range parts {
		if err := s.addGroupRows(ctx, part, known, t); err != nil {
			return err
		}
	}
	return nil
}

// addGroupRows adds the rows of sums of some groups, percentiles included.
func (s *Store) addGroupRows(ctx context.Context, part where, known map[seriesID]groupKey, t *tally) error {
	var id sql.RawBytes
	var slot int64
	var last seriesID // rows of a series follow each other
	var named groupKey
	var group *groupSums
	return s.eachRollup(ctx, []any{&id, &slot}, func(r *rollupScan) error {
		if series := seriesID(id); group == nil || series != last {
			last, named = series, known[series]
			group = t.group(named.key)
		}
		return r.addTo(group.at(floor(slot, dayMicros), named.name))
	}, "SELECT series, slot, "+rollupColumns+" FROM usage_rollups WHERE "+part.sql(), part.args...)
}

// oneGroup is the filter as one for usage_groups, when it names one dimension and, at most, a source besides: there is a row of
// sums for each value of it, and not only one for each combination of all dimensions.
func (s *Store) oneGroup(f *models.LogFilter) (w where, ok bool) {
	rest := *f
	rest.Source = ""
	var by models.StatGroup
	switch {
	case f.RequestedModel != "":
		rest.RequestedModel, by = "", models.GroupModel
		s.text(&w, "key", f.RequestedModel)
	case f.TargetModel != "":
		rest.TargetModel, by = "", models.GroupTargetModel
		s.text(&w, "key", f.TargetModel)
	case f.APIKeyName != "":
		rest.APIKeyName, by = "", models.GroupAPIKey
		s.text(&w, "name", f.APIKeyName)
	case f.ProviderID != nil:
		rest.ProviderID, by = nil, models.GroupProvider
		exact(&w, "key", idText(f.ProviderID))
	case f.APIKeyID != nil:
		rest.APIKeyID, by = nil, models.GroupAPIKey
		exact(&w, "key", idText(f.APIKeyID))
	case f.Endpoint != "":
		rest.Endpoint, by = "", models.GroupEndpoint
		exact(&w, "key", f.Endpoint)
	default:
		return w, false
	}
	dimensions, kept := keptDimensions(by, f.Source)
	if !kept || len(s.seriesFilter(&rest).terms) > 0 {
		return where{}, false
	}
	w.add("dimension IN "+marks(len(dimensions)), dimensions...)
	return where{terms: []string{"series IN (SELECT id FROM usage_groups WHERE " + w.sql() + ")"}, args: w.args}, true
}

// fewSums are the rows of usage_rollups that answer a filter without adding up combinations of dimensions; ok is false when there
// are none.
func (s *Store) fewSums(f *models.LogFilter) (w where, ok bool) {
	rest := *f
	rest.Source = ""
	switch whole := len(s.seriesFilter(&rest).terms) == 0; {
	case whole && f.Source == "":
		return oneSeries(seriesID{}), true
	case whole:
		return oneSeries(sourceGroup(f.Source).id()), true
	}
	return s.oneGroup(f)
}

func oneSeries(id seriesID) (w where) {
	w.add("series = ?", id[:])
	return w
}
