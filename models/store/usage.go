package store

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"squirrel/models"
)

// Statistics are summed when a request completes, in the transaction that completes it: per quarter of an hour, which every
// time zone's hours and days are made of, over all requests, per combination of dimensions and per group. When a day (UTC) is
// over, its quarters are summed up once more, so that months are a short sum.
const (
	quarterMicros = int64(15 * time.Minute / time.Microsecond)

	grainQuarter = 900   // seconds
	grainDay     = 86400 // seconds
)

// seriesID is the hash of dimensions. The zero value sums over all of them.
type seriesID [16]byte

// dimensions are what statistics can be filtered and grouped by without reading the rows.
type dimensions struct {
	requestedModel, targetModel string
	providerID                  int64 // 0 = none
	providerName                string
	apiKeyID                    int64 // 0 = none
	apiKeyName                  string
	endpoint, source            string
}

func dimensionsOf(l *models.RequestLog) dimensions {
	d := dimensions{
		requestedModel: clean(l.RequestedModel, maxName), targetModel: clean(l.TargetModel, maxName),
		providerName: clean(l.ProviderName, maxName), apiKeyName: clean(l.APIKeyName, maxName),
		endpoint: clean(string(l.Endpoint), maxWord), source: string(l.Source),
	}
	if l.ProviderID != nil {
		d.providerID = *l.ProviderID
	}
	if l.APIKeyID != nil {
		d.apiKeyID = *l.APIKeyID
	}
	return d
}

func (d *dimensions) id() seriesID {
	var b []byte
	for _, text := range []string{d.requestedModel, d.targetModel, d.providerName, d.apiKeyName, d.endpoint, d.source} {
		b = binary.AppendUvarint(b, uint64(len(text)))
		b = append(b, text...)
	}
	b = binary.AppendVarint(binary.AppendVarint(b, d.providerID), d.apiKeyID)
	sum := sha256.Sum256(b)
	return seriesID(sum[:16])
}

// sums are what is counted of completed requests.
type sums struct {
	requests, successes   int64
	input, output, cached int64 // tokens
	cost                  int64 // nano-USD
	unknownCosts          int64
	firstByte, totalTime  histogram
}

// count adds a request n times; n is -1 to take it back.
func (u *sums) count(l *models.RequestLog, n int64) {
	u.requests += n
	if !hasFailed(l) {
		u.successes += n
	}
	u.input += n * deref(l.InputTokens)
	u.output += n * deref(l.OutputTokens)
	u.cached += n * deref(l.CachedInputTokens)
	if l.TotalCost == nil {
		u.unknownCosts += n
	} else {
		u.cost += n * int64(*l.TotalCost)
	}
	u.firstByte.add(l.FirstByteDelayMS, n)
	u.totalTime.add(l.TotalTimeMS, n)
}

func (u *sums) merge(o *sums) {
	u.requests += o.requests
	u.successes += o.successes
	u.input += o.input
	u.output += o.output
	u.cached += o.cached
	u.cost += o.cost
	u.unknownCosts += o.unknownCosts
	u.firstByte.merge(o.firstByte)
	u.totalTime.merge(o.totalTime)
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// rollupKey is a row of usage_rollups.
type rollupKey struct {
	grain, slot int64
	series      seriesID
}

func (k rollupKey) compare(o rollupKey) int {
	return cmp.Or(cmp.Compare(k.grain, o.grain), cmp.Compare(k.slot, o.slot), bytes.Compare(k.series[:], o.series[:]))
}

// usage collects what a transaction adds to the statistics.
type usage struct {
	series map[seriesID]dimensions
	groups map[groupKey]seriesID
	deltas map[rollupKey]*sums
}

func newUsage() *usage {
	return &usage{series: map[seriesID]dimensions{}, groups: map[groupKey]seriesID{}, deltas: map[rollupKey]*sums{}}
}

// count adds a completed request n times.
func (u *usage) count(l *models.RequestLog, n int64) {
	at := toMicros(l.RequestTime)
	quarter := floor(at, quarterMicros)
	d := dimensionsOf(l)
	id := d.id()
	u.series[id] = d
	u.delta(rollupKey{grainQuarter, quarter, seriesID{}}).count(l, n)
	u.delta(rollupKey{grainQuarter, quarter, id}).count(l, n)
	for _, g := range append(d.groups(), ownGroups(l)...) {
		u.delta(rollupKey{grainQuarter, quarter, u.group(g)}).count(l, n)
	}
}

// group is the id of a group that gets something.
func (u *usage) group(g groupKey) seriesID {
	id, known := u.groups[g]
	if !known {
		id = g.id()
		u.groups[g] = id
	}
	return id
}

func (u *usage) delta(k rollupKey) *sums {
	d := u.deltas[k]
	if d == nil {
		d = &sums{}
		u.deltas[k] = d
	}
	return d
}

// keys are the rows that get something, in the order in which all replicas lock them.
func (u *usage) keys() []rollupKey { return slices.SortedFunc(maps.Keys(u.deltas), rollupKey.compare) }

// floor rounds down to a multiple of step, below zero too.
func floor(at, step int64) int64 {
	rest := at % step
	if rest < 0 {
		rest += step
	}
	return at - rest
}

const rollupColumns = `requests, successes, input_tokens, output_tokens, cached_input_tokens, cost, unknown_costs, first_byte, total_time`

// addedRollups are the sums of several rows, in the order of rollupColumns, without the histograms: no database adds up those.
const addedRollups = `CAST(SUM(requests) AS BIGINT), CAST(SUM(successes) AS BIGINT), CAST(SUM(input_tokens) AS BIGINT), CAST(SUM(output_tokens) AS BIGINT),
	CAST(SUM(cached_input_tokens) AS BIGINT), CAST(SUM(cost) AS BIGINT), CAST(SUM(unknown_costs) AS BIGINT)`

var (
	insertSeries = bulk{
		into: `usage_series (id, requested_model, target_model, provider_id, provider_name, api_key_id, api_key_name, endpoint, source)`,
		tail: "ON CONFLICT (id) DO NOTHING", columns: 9, types: strings.Fields("bytea text text bigint text bigint text text text"),
	}
	insertRollup = bulk{
		into: "usage_rollups (grain, slot, series, " + rollupColumns + ")", columns: 12,
		types: strings.Fields("bigint bigint bytea bigint bigint bigint bigint bigint bigint bigint bytea bytea"),
		tail: `ON CONFLICT (grain, series, slot) DO UPDATE SET requests = excluded.requests, successes = excluded.successes,
			input_tokens = excluded.input_tokens, output_tokens = excluded.output_tokens, cached_input_tokens = excluded.cached_input_tokens,
			cost = excluded.cost, unknown_costs = excluded.unknown_costs, first_byte = excluded.first_byte, total_time = excluded.total_time`,
	}
)

// bumpUsage adds the collected sums to what is stored.
func (s *Store) bumpUsage(ctx context.Context, u *usage) error {
	if len(u.deltas) == 0 {
		return nil
	}
	if err := s.lockUsage(ctx); err != nil {
		return err
	}
	if err := s.insertSeries(ctx, u.series); err != nil {
		return err
	}
	if err := s.insertGroups(ctx, u.groups); err != nil {
		return err
	}
	if err := s.addToDays(ctx, u); err != nil {
		return err
	}
	keys := u.keys()
	if err := s.addStored(ctx, keys, u.deltas); err != nil {
		return err
	}
	return s.putRollups(ctx, keys, u.deltas)
}

// putRollups stores sums, whatever was there.
func (s *Store) putRollups(ctx context.Context, keys []rollupKey, sums map[rollupKey]*sums) error {
	b := insertRollup
	for _, k := range keys {
		b.rows = append(b.rows, rollupValues(k, sums[k]))
	}
	return s.insert(ctx, b)
}

func (s *Store) insertSeries(ctx context.Context, series map[seriesID]dimensions) error {
	b := insertSeries
	ids := slices.SortedFunc(maps.Keys(series), func(a, b seriesID) int { return bytes.Compare(a[:], b[:]) })
	for _, id := range ids {
		d := series[id]
		b.rows = append(b.rows, []any{
			id[:], d.requestedModel, d.targetModel, orNull(d.providerID), d.providerName, orNull(d.apiKeyID), d.apiKeyName, d.endpoint, d.source,
		})
	}
	return s.insert(ctx, b)
}

func orNull(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}

// usageLock is the advisory lock of replicas that change the sums ("usage").
const usageLock = 0x7573616765

// lockUsage lets one replica at a time change the sums, until its transaction ends. Nearly all changes are to the same rows,
// those of the present quarter of an hour, so nothing is lost by that; and rows need neither be made nor be locked before they
// are read.
func (s *Store) lockUsage(ctx context.Context) error {
	if !s.postgres() {
		return nil
	}
	_, err := s.exec(ctx, "SELECT pg_advisory_xact_lock(?)", usageLock)
	return err
}

// addStored adds to the deltas what is stored of them.
func (s *Store) addStored(ctx context.Context, keys []rollupKey, deltas map[rollupKey]*sums) error {
	return s.eachRollups(keys, func(from string, args []any) error {
		return s.each(ctx, func(rows *sql.Rows) error {
			var k rollupKey
			var id []byte
			var r rollupScan
			if err := rows.Scan(append([]any{&k.grain, &k.slot, &id}, r.targets()...)...); err != nil {
				return err
			}
			k.series = seriesID(id)
			return r.addTo(deltas[k])
		}, "SELECT grain, slot, series, "+rollupColumns+" FROM "+from, args...)
	})
}

// eachRollups calls fn with the rows of some keys, as they stand after FROM, and with its values, until that was done for all.
func (h *handle) eachRollups(keys []rollupKey, fn func(from string, args []any) error) error {
	if !h.postgres() {
		for i := range keys {
			k := &keys[i]
			if err := fn("usage_rollups WHERE (grain, slot, series) = (?, ?, ?)", []any{k.grain, k.slot, k.series[:]}); err != nil {
				return err
			}
		}
		return nil
	}
	for part := range slices.Chunk(keys, arrayRows) {
		grains, slots, series := make([]int64, len(part)), make([]int64, len(part)), make([][]byte, len(part))
		for i := range part {
			grains[i], slots[i], series[i] = part[i].grain, part[i].slot, part[i].series[:]
		}
		from := "unnest(?::bigint[], ?::bigint[], ?::bytea[]) AS wanted (grain, slot, series) JOIN usage_rollups USING (grain, slot, series)"
		if err := fn(from, []any{grains, slots, series}); err != nil {
			return err
		}
	}
	return nil
}

func rollupValues(k rollupKey, u *sums) []any {
	return []any{
		k.grain, k.slot, k.series[:], u.requests, u.successes, u.input, u.output, u.cached, u.cost, u.unknownCosts,
		u.firstByte.encode(), u.totalTime.encode(),
	}
}

// eachRollup runs a query for some columns and then rollupColumns, and calls fn for every row when it is in columns and sums.
func (s *Store) eachRollup(ctx context.Context, columns []any, fn func(sums *rollupScan) error, query string, args ...any) error {
	var r rollupScan
	into := slices.Concat(columns, r.targets())
	return s.each(ctx, func(rows *sql.Rows) error {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		return fn(&r)
	}, query, args...)
}

// rollupScan receives rollupColumns.
type rollupScan struct {
	sums
	first, total sql.RawBytes
}

func (r *rollupScan) targets() []any { return append(r.sums.targets(), &r.first, &r.total) }

// targets receive rollupColumns without the histograms.
func (u *sums) targets() []any {
	return []any{
		(*number)(&u.requests), (*number)(&u.successes), (*number)(&u.input), (*number)(&u.output), (*number)(&u.cached),
		(*number)(&u.cost), (*number)(&u.unknownCosts),
	}
}

// number scans an integer without the reflection that database/sql needs for one: sums are read by the ten thousand.
type number int64

// Scan implements sql.Scanner.
func (n *number) Scan(value any) error {
	v, ok := value.(int64)
	if !ok {
		return fmt.Errorf("a sum is stored as %T", value)
	}
	*n = number(v)
	return nil
}

// addTo adds the row to u. The row is then used up.
func (r *rollupScan) addTo(u *sums) error {
	u.merge(&r.sums)
	return u.mergeTimes(r.first, r.total)
}

// mergeTimes adds stored histograms.
func (u *sums) mergeTimes(firstByte, totalTime []byte) error {
	if err := u.firstByte.mergeEncoded(firstByte); err != nil {
		return err
	}
	return u.totalTime.mergeEncoded(totalTime)
}
