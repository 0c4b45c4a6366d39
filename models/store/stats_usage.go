package store

import (
	"context"
	"database/sql"
	"math"
	"strconv"
	"time"

	"squirrel/models"
)

// groupColumns are the columns of usage_series that hold the key and the name of a group; users are not among them.
var groupColumns = map[models.StatGroup][2]string{
	models.GroupModel:       {"requested_model", "requested_model"},
	models.GroupTargetModel: {"target_model", "target_model"},
	models.GroupProvider:    {"provider_id", "provider_name"},
	models.GroupAPIKey:      {"api_key_id", "api_key_name"},
	models.GroupEndpoint:    {"endpoint", "endpoint"},
	models.GroupUser:        {},
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

// seriesFilter is the filter for usage_series; without terms, the sum over all series will do.
func (s *Store) seriesFilter(f *models.LogFilter) where {
	w := s.dimensional(f)
	optional(&w, "api_key_id = ?", f.APIKeyID)
	return w
}

// collect adds up the kept sums of whole quarters of an hour and, at both ends, the rows of the begun ones.
func (s *Store) collect(ctx context.Context, f *models.LogFilter, t *tally) error {
	start, end := int64(math.MinInt64), int64(math.MaxInt64)
	if f.Start != nil {
		start = toMicros(*f.Start)
	}
	if f.End != nil {
		end = toMicros(*f.End)
	}
	first, last := start, end // whole quarters
	if f.Start != nil {
		first = floor(start+quarterMicros-1, quarterMicros)
	}
	if f.End != nil {
		last = floor(end, quarterMicros)
	}
	if first >= last {
		return s.collectRows(ctx, f, t)
	}
	for _, edge := range [][2]int64{{start, first}, {last, end}} {
		if edge[0] < edge[1] {
			part := *f
			part.Start, part.End = fromMicrosPtr(&edge[0]), fromMicrosPtr(&edge[1])
			if err := s.collectRows(ctx, &part, t); err != nil {
				return err
			}
		}
	}
	filter := s.seriesFilter(f)
	if err := s.addTrend(ctx, filter, first, last, t); err != nil {
		return err
	}
	t.sumUp()
	if t.query.Group == "" {
		return nil
	}
	return s.addGroups(ctx, filter, first, last, t)
}

// addTrend adds the sums of the quarters in [first, last).
func (s *Store) addTrend(ctx context.Context, filter where, first, last int64, t *tally) error {
	query, args := "SELECT slot, "+rollupColumns+" FROM usage_rollups WHERE grain = ? AND slot >= ? AND slot < ? AND series ", []any{grainQuarter, first, last}
	if len(filter.terms) == 0 {
		all := seriesID{}
		query, args = query+"= ?", append(args, all[:])
	} else {
		query += "IN (SELECT id FROM usage_series WHERE " + filter.sql() + ")"
		args = append(args, filter.args...)
	}
	return s.each(ctx, func(rows *sql.Rows) error {
		var slot int64
		var r rollupScan
		if err := rows.Scan(append([]any{&slot}, r.targets()...)...); err != nil {
			return err
		}
		return r.addTo(t.bucketSums(slot))
	}, query, args...)
}

// addGroups adds the same sums by group: those of whole days, and of the quarters before and after.
func (s *Store) addGroups(ctx context.Context, filter where, first, last int64, t *tally) error {
	firstDay, lastDay := first, last
	if first != math.MinInt64 {
		firstDay = floor(first+dayMicros-1, dayMicros)
	}
	if last != math.MaxInt64 {
		lastDay = floor(last, dayMicros)
	}
	if firstDay >= lastDay {
		return s.addGroupsOf(ctx, grainQuarter, filter, first, last, t)
	}
	for _, span := range []struct{ grain, from, to int64 }{
		{grainQuarter, first, firstDay}, {grainDay, firstDay, lastDay}, {grainQuarter, lastDay, last},
	} {
		if err := s.addGroupsOf(ctx, span.grain, filter, span.from, span.to, t); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) addGroupsOf(ctx context.Context, grain int64, filter where, from, to int64, t *tally) error {
	if from >= to {
		return nil
	}
	columns := groupColumns[t.query.Group]
	query := "SELECT s." + columns[0] + ", s." + columns[1] + ", r.slot, " + rollupColumns +
		" FROM usage_rollups r JOIN usage_series s ON s.id = r.series WHERE r.grain = ? AND r.slot >= ? AND r.slot < ? AND " + filter.sql()
	args := append([]any{grain, from, to}, filter.args...)
	return s.each(ctx, func(rows *sql.Rows) error {
		var key any
		var name string
		var slot int64
		var r rollupScan
		if err := rows.Scan(append([]any{&key, &name, &slot}, r.targets()...)...); err != nil {
			return err
		}
		return r.addTo(t.group(keyText(key), name, floor(slot, dayMicros)))
	}, query, args...)
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
	start := toMicros(since)
	quarter := floor(start+quarterMicros-1, quarterMicros)
	day := floor(quarter+dayMicros-1, dayMicros)
	var total int64
	err := s.inRead(ctx, func(tx *Store) error {
		for _, part := range []struct {
			query string
			args  []any
		}{
			{"SELECT CAST(COALESCE(SUM(total_cost), 0) AS BIGINT) FROM request_logs WHERE api_key_id = ? AND request_time >= ? AND request_time < ? AND state = 'done'",
				[]any{keyID, start, quarter}},
			{spendQuery, []any{grainQuarter, quarter, day, keyID}},
			{spendQuery, []any{grainDay, day, int64(math.MaxInt64), keyID}},
		} {
			var cost int64
			if err := tx.scalar(ctx, &cost, part.query, part.args...); err != nil {
				return err
			}
			total += cost
		}
		return nil
	})
	return models.NanoUSD(total), fail("read the spend of the API key", err)
}

const spendQuery = `SELECT CAST(COALESCE(SUM(r.cost), 0) AS BIGINT) FROM usage_rollups r JOIN usage_series s ON s.id = r.series
	WHERE r.grain = ? AND r.slot >= ? AND r.slot < ? AND s.api_key_id = ?`
