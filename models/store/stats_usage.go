package store

import (
	"cmp"
	"context"
	"math"
	"strconv"
	"time"

	"squirrel/models"
)

// groupColumns are the columns of usage_series that hold the key and the name of a group; users and clients are not among them.
var groupColumns = map[models.StatGroup][2]string{
	models.GroupModel:       {"requested_model", "requested_model"},
	models.GroupTargetModel: {"target_model", "target_model"},
	models.GroupProvider:    {"provider_id", "provider_name"},
	models.GroupAPIKey:      {"api_key_id", "api_key_name"},
	models.GroupEndpoint:    {"endpoint", "endpoint"},
	models.GroupUser:        {},
	models.GroupClient:      {},
}

// summed reports that the kept sums can answer a filter: it names dimensions and a time only, and does not want running rows.
func (s *Store) summed(f *models.LogFilter) bool {
	if f.State == models.LogRunning {
		return false
	}
	rest := *f
	rest.State = ""
	return len(s.remaining(&rest).terms) == 0 && !wantsFailures(f)
}

// groupable reports that the kept sums can tell groups: those by user and client are of everything that a source asked.
func (s *Store) groupable(f *models.LogFilter, by models.StatGroup) bool {
	_, whole := s.wholeGroups(f, by)
	return whole || by != models.GroupUser && by != models.GroupClient
}

// seriesFilter is the filter for usage_series; without terms, the sum over all series will do.
func (s *Store) seriesFilter(f *models.LogFilter) where {
	w := s.dimensional(f)
	optional(&w, "api_key_id = ?", f.APIKeyID)
	return w
}

// span is a stretch of time in microseconds, and the whole quarters of an hour within it.
type span struct {
	start, end  int64
	first, last int64 // whole quarters; first >= last without one
}

func spanOf(f *models.LogFilter) span {
	s := span{start: math.MinInt64, end: math.MaxInt64, first: math.MinInt64, last: math.MaxInt64}
	if f.Start != nil {
		s.start = toMicros(*f.Start)
		s.first = floor(s.start+quarterMicros-1, quarterMicros)
	}
	if f.End != nil {
		s.end = toMicros(*f.End)
		s.last = floor(s.end, quarterMicros)
	}
	return s
}

// edge is a stretch of less than two quarters, of which only the rows can tell.
type edge struct{ from, to int64 }

func (s span) edges() (out []edge) {
	if s.first >= s.last {
		return []edge{{s.start, s.end}}
	}
	for _, e := range []edge{{s.start, s.first}, {s.last, s.end}} {
		if e.from < e.to {
			out = append(out, e)
		}
	}
	return out
}

// of narrows a filter to the edge and, unless it names a state, to one.
func (e edge) of(f *models.LogFilter, state models.LogState) *models.LogFilter {
	part := *f
	part.Start, part.End = fromMicrosPtr(&e.from), fromMicrosPtr(&e.to)
	part.State = cmp.Or(f.State, state)
	return &part
}

// days are the whole days within the quarters of a span.
func (s span) days() (first, last int64) {
	first, last = s.first, s.last
	if first != math.MinInt64 {
		first = floor(first+dayMicros-1, dayMicros)
	}
	if last != math.MaxInt64 {
		last = floor(last, dayMicros)
	}
	return first, last
}

func namedSeries(filter where) where {
	return where{terms: []string{"series IN (SELECT id FROM usage_series WHERE " + filter.sql() + ")"}, args: filter.args}
}

func slots(grain, from, to int64) (w where) {
	w.add("grain = ? AND slot >= ? AND slot < ?", grain, from, to)
	return w
}

// collect adds up the kept sums of whole quarters of an hour and, at both ends, the rows of the begun ones.
func (s *Store) collect(ctx context.Context, f *models.LogFilter, t *tally) error {
	sp := spanOf(f)
	for _, e := range sp.edges() {
		if err := s.addRows(ctx, s.filter(e.of(f, models.LogDone)), t); err != nil {
			return err
		}
	}
	if sp.first < sp.last {
		if err := s.addTrend(ctx, f, sp, t); err != nil {
			return err
		}
	}
	t.sumUp()
	if t.query.Group == "" {
		return nil
	}
	if dimensions, ok := s.wholeGroups(f, t.query.Group); ok {
		return s.addWholeGroups(ctx, dimensions, sp, t)
	}
	parts, err := s.partsOf(ctx, namedSeries(s.seriesFilter(f)), sp)
	if err != nil {
		return err
	}
	for _, part := range parts {
		if err := s.addGroups(ctx, part, t); err != nil {
			return err
		}
	}
	return nil
}

// addTrend adds the sums of the quarters of a span.
func (s *Store) addTrend(ctx context.Context, f *models.LogFilter, sp span, t *tally) error {
	named, ok := s.fewSums(f)
	if !ok {
		named = namedSeries(s.seriesFilter(f))
	}
	parts, err := s.trendParts(ctx, named, sp, &t.query)
	if err != nil {
		return err
	}
	for _, part := range parts {
		var slot int64
		err := s.eachRollup(ctx, []any{&slot}, func(r *rollupScan) error {
			return r.addTo(t.bucketSums(slot))
		}, "SELECT "+trendSlot+", "+rollupColumns+" FROM usage_rollups WHERE "+part.sql(), part.args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// addGroups adds sums by group.
func (s *Store) addGroups(ctx context.Context, part where, t *tally) error {
	columns := groupColumns[t.query.Group]
	query := "SELECT s." + columns[0] + ", s." + columns[1] + ", r.slot, " + rollupColumns +
		" FROM (SELECT * FROM usage_rollups WHERE " + part.sql() + ") r JOIN usage_series s ON s.id = r.series"
	var key any
	var name string
	var slot int64
	return s.eachRollup(ctx, []any{&key, &name, &slot}, func(r *rollupScan) error {
		return r.addTo(t.group(keyText(key)).at(floor(slot, dayMicros), name))
	}, query, part.args...)
}

func keyText(key any) string {
	switch v := key.(type) {
	case int64:
		return strconv.FormatInt(v, 10)
	case string:
		return v
	case []byte:
		return string(v)
	}
	return ""
}

// SpendSince is what the requests of a key have cost that began at or after a time, as far as their cost is known. It reads
// kept sums, which outlive the rows.
func (s *Store) SpendSince(ctx context.Context, keyID int64, since time.Time) (models.NanoUSD, error) {
	var total int64
	err := s.inRead(ctx, func(tx *Store) error {
		sp := spanOf(&models.LogFilter{Start: &since})
		err := tx.scalar(ctx, &total, "SELECT CAST(COALESCE(SUM(total_cost), 0) AS BIGINT) FROM request_logs WHERE api_key_id = ? AND request_time >= ? AND request_time < ? AND state = 'done'",
			keyID, sp.start, sp.first)
		if err != nil {
			return err
		}
		sums, _ := tx.fewSums(&models.LogFilter{APIKeyID: &keyID}) // there are some for every key
		parts, err := tx.partsOf(ctx, sums, sp)
		if err != nil {
			return err
		}
		for _, part := range parts {
			var cost int64
			if err := tx.scalar(ctx, &cost, "SELECT CAST(COALESCE(SUM(cost), 0) AS BIGINT) FROM usage_rollups WHERE "+part.sql(), part.args...); err != nil {
				return err
			}
			total += cost
		}
		return nil
	})
	return models.NanoUSD(total), fail("read the spend of the API key", err)
}
