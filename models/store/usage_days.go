package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"squirrel/models"
)

// A day's sums are made of those of its quarters of an hour once it is over. Until then, and for days that are not made yet, the
// quarters are read; what arrives for a day that is made counts in both.

// SumDays makes the sums of days that were over before a time and don't have them, each in a transaction of its own, and tells
// how many days it made. Replicas may do so at once.
func (s *Store) SumDays(ctx context.Context, before time.Time) (made int, err error) {
	days, err := s.daysToMake(ctx, before)
	if err != nil {
		return 0, fail("look for days to sum up", err)
	}
	for _, day := range days {
		if err := s.inLogWrite(ctx, func(tx *Store) error { return tx.makeDay(ctx, day) }); err != nil {
			return made, fail("sum up a day", err)
		}
		made++
	}
	return made, nil
}

// daysToMake lists the days of requests that have no sums and that were over before a time.
func (s *Store) daysToMake(ctx context.Context, before time.Time) ([]int64, error) {
	w := oneSeries(seriesID{})
	w.add("grain = ? AND slot < ?", grainQuarter, floor(toMicros(before), dayMicros))
	return s.numbers(ctx, `SELECT DISTINCT slot - (slot % ? + ?) % ? AS day FROM usage_rollups WHERE `+w.sql()+`
		EXCEPT SELECT day FROM usage_days ORDER BY day`, append([]any{dayMicros, dayMicros, dayMicros}, w.args...)...)
}

// makeDay sums up all series of a day.
func (s *Store) makeDay(ctx context.Context, day int64) error {
	if err := s.lockUsage(ctx); err != nil {
		return err
	}
	if known, err := s.madeDays(ctx, day, day+dayMicros); err != nil || len(known) > 0 {
		return err // another replica made it
	}
	u := newUsage()
	err := s.eachQuarter(ctx, day, func(slot int64, series seriesID, r *rollupScan) error {
		return r.addTo(u.delta(rollupKey{grainDay, day, series}))
	})
	if err != nil {
		return err
	}
	if err := s.putRollups(ctx, u.keys(), u.deltas); err != nil {
		return err
	}
	_, err = s.exec(ctx, "INSERT INTO usage_days (day) VALUES (?)", day)
	return err
}

// eachQuarter reads all sums per quarter of a day. It looks each series up: the sums of a series lie together, not those of a day.
func (s *Store) eachQuarter(ctx context.Context, day int64, fn func(slot int64, series seriesID, r *rollupScan) error) error {
	all := seriesID{}
	var slot int64
	var id sql.RawBytes
	return s.eachRollup(ctx, []any{&slot, &id}, func(r *rollupScan) error { return fn(slot, seriesID(id), r) }, `SELECT slot, series, `+rollupColumns+` FROM (SELECT id FROM usage_series UNION ALL SELECT id FROM usage_groups UNION ALL SELECT ?) AS known
		CROSS JOIN usage_rollups WHERE series = known.id AND grain = ? AND slot >= ? AND slot < ?`, all[:], grainQuarter, day, day+dayMicros)
}

// madeDays lists the days in a stretch of time that have sums, in order.
func (s *Store) madeDays(ctx context.Context, from, to int64) ([]int64, error) {
	return s.numbers(ctx, "SELECT day FROM usage_days WHERE day >= ? AND day < ? ORDER BY day", from, to)
}

// addToDays adds the deltas of quarters whose day is made to that day.
func (s *Store) addToDays(ctx context.Context, u *usage) error {
	made := map[int64]bool{}
	for _, k := range u.keys() {
		day := floor(k.slot, dayMicros)
		has, known := made[day]
		if !known {
			days, err := s.madeDays(ctx, day, day+dayMicros)
			if err != nil {
				return err
			}
			has = len(days) > 0
			made[day] = has
		}
		if has {
			u.delta(rollupKey{grainDay, day, k.series}).merge(u.deltas[k])
		}
	}
	return nil
}

// stretch is a stretch of time whose sums are of one grain.
type stretch struct{ grain, from, to int64 }

// stretches are the stretches of which a span of whole quarters is best read: days that are made, and quarters around them.
func (s *Store) stretches(ctx context.Context, sp span) (out []stretch, err error) {
	if sp.first >= sp.last {
		return nil, nil
	}
	first, last := sp.days()
	days, err := s.madeDays(ctx, first, last)
	if err != nil {
		return nil, err
	}
	return arranged(sp, days), nil
}

// arranged reads some whole days of a span by day, and quarters around them.
func arranged(sp span, days []int64) (out []stretch) {
	at := sp.first
	for _, day := range days {
		if n := len(out); n > 0 && out[n-1].to == day && out[n-1].grain == grainDay {
			out[n-1].to = day + dayMicros
		} else {
			if at < day {
				out = append(out, stretch{grainQuarter, at, day})
			}
			out = append(out, stretch{grainDay, day, day + dayMicros})
		}
		at = day + dayMicros
	}
	if at < sp.last {
		out = append(out, stretch{grainQuarter, at, sp.last})
	}
	return out
}

// partsOf are the conditions for the rows of usage_rollups that make the sum over some series in a span.
func (s *Store) partsOf(ctx context.Context, named where, sp span) ([]where, error) {
	parts, err := s.stretches(ctx, sp)
	return conditions(named, parts), err
}

func conditions(named where, parts []stretch) []where {
	out := make([]where, len(parts))
	for i, p := range parts {
		out[i] = slots(p.grain, p.from, p.to).join(named)
	}
	return out
}

// trendParts are the same for a trend: days only where its buckets are days of the same clock, or nothing else is kept.
func (s *Store) trendParts(ctx context.Context, named where, sp span, q *models.StatsQuery) ([]where, error) {
	if q.Bucket == models.BucketDay && q.Location == time.UTC {
		return s.partsOf(ctx, named, sp)
	}
	if sp.first >= sp.last {
		return nil, nil
	}
	first, last := sp.days()
	days, err := s.thinnedDays(ctx, first, last)
	return conditions(named, arranged(sp, days)), err
}

// trendSlot is SQL for the time that a sum stands for. That of a day stands for its middle, which is in the day of that date by every
// clock but those of the far east of the Pacific.
var trendSlot = fmt.Sprintf("slot + CASE grain WHEN %d THEN %d ELSE 0 END", grainDay, dayMicros/2)
