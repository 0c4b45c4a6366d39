package store

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"
	"time"

	"squirrel/models"
)

// Sums per quarter of an hour are needed for hours, for days of other clocks than UTC's, and to find rows. Of old days only the sums
// per day are kept.

// thinSeries is how many series lose the quarters of a day in one transaction.
const thinSeries = 25

// DeleteUsageBefore deletes the sums per quarter of an hour of the oldest day that has some and was over before a time, and returns how
// many there were; 0 means that none are left. Its sums per day stay. Days of which there are rows keep their quarters.
func (s *Store) DeleteUsageBefore(ctx context.Context, before time.Time) (deleted int, err error) {
	if _, err := s.SumDays(ctx, before); err != nil {
		return 0, err
	}
	for deleted == 0 && err == nil {
		var day int64
		var found bool
		if day, found, err = s.dayToThin(ctx, before); err != nil || !found {
			break
		}
		deleted, err = s.thinDay(ctx, day)
	}
	return deleted, fail("delete old statistics", err)
}

func (s *Store) dayToThin(ctx context.Context, before time.Time) (day int64, found bool, err error) {
	end := floor(toMicros(before), dayMicros)
	oldest, err := s.oldestLog(ctx)
	if err != nil {
		return 0, false, err
	}
	if oldest != nil {
		end = min(end, floor(toMicros(*oldest), dayMicros))
	}
	err = s.scalar(ctx, &day, "SELECT day FROM usage_days WHERE thinned < 2 AND day < ? ORDER BY day LIMIT 1", end)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return day, err == nil, err
}

// thinDay deletes the quarters of a day, some series at a time: others write meanwhile. From the first on the day counts as thinned.
func (s *Store) thinDay(ctx context.Context, day int64) (deleted int, err error) {
	known := map[seriesID]bool{}
	err = s.eachQuarter(ctx, day, func(_ int64, id seriesID, _ *rollupScan) error {
		known[id] = true
		return nil
	})
	if err != nil {
		return 0, err
	}
	series := make([]any, 0, len(known))
	for id := range known {
		series = append(series, id[:])
	}
	mark := func(tx *Store, thinned int) error {
		_, err := tx.exec(ctx, "UPDATE usage_days SET thinned = ? WHERE day = ?", thinned, day)
		return err
	}
	for some := range slices.Chunk(series, thinSeries) {
		err := s.inLogWrite(ctx, func(tx *Store) error {
			w := slots(grainQuarter, day, day+dayMicros)
			w.add("series IN "+marks(len(some)), some...)
			n, err := tx.exec(ctx, "DELETE FROM usage_rollups WHERE "+w.sql(), w.args...)
			deleted += int(n)
			return errors.Join(err, mark(tx, 1))
		})
		if err != nil {
			return deleted, err
		}
	}
	return deleted, s.inLogWrite(ctx, func(tx *Store) error { return mark(tx, 2) })
}

// thinnedDays lists the days in a stretch of time that have lost quarters, in order.
func (s *Store) thinnedDays(ctx context.Context, from, to int64) ([]int64, error) {
	return s.numbers(ctx, "SELECT day FROM usage_days WHERE thinned > 0 AND day >= ? AND day < ? ORDER BY day", from, to)
}

// coarseBefore is until when the answer to a query is made of whole days of UTC where it asks for something else: hours, days of another
// clock, or a part of a day, which is then left out. It is nil when all of the answer is as asked for.
func (s *Store) coarseBefore(ctx context.Context, q *models.StatsQuery) (*time.Time, error) {
	sp := spanOf(&q.Filter)
	from := sp.start
	if from != math.MinInt64 {
		from = floor(from, dayMicros)
	}
	days, err := s.thinnedDays(ctx, from, sp.end)
	if err != nil || len(days) == 0 {
		return nil, err
	}
	first, last := days[0], days[len(days)-1]
	cut := first < sp.start || last+dayMicros > sp.end
	if q.Bucket == models.BucketDay && q.Location == time.UTC && !cut {
		return nil, nil
	}
	end := last + dayMicros
	return fromMicrosPtr(&end), nil
}
