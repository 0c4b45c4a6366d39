package store

import (
	"context"
	"iter"
	"math"
	"slices"
	"time"
)

// On PostgreSQL each day is a table of its own. A query over all of them has to plan each, and a connection that does so for the
// first time has to learn what they look like, which takes longer than to read a page. So what wants the newest rows, or the
// oldest, asks for a day first, and for ever more days as long as it has not found enough.

// mostDays is how many days are asked for at once before all others are.
const mostDays = 32

// fewQuarters is how many quarters of an hour are asked for first, when it is known in which there can be anything.
const fewQuarters = 16

// inOrder are the parts of a condition that are looked at one after the other, from the newest rows or, ascending, from the oldest.
func (s *Store) inOrder(ctx context.Context, w where, ascending bool) (iter.Seq[where], error) {
	switch {
	case w.asArray:
		return w.quartersInOrder(ascending), nil
	case !s.postgres() || w.few():
		return slices.Values([]where{w}), nil
	}
	cuts := newestFirst(w)
	if ascending {
		oldest, err := s.firstDay(ctx, w)
		if err != nil {
			return nil, err
		}
		cuts = oldestFirst(w, oldest)
	}
	begin, end := int64(math.MaxInt64), int64(math.MinInt64)
	if ascending {
		begin, end = end, begin
	}
	return func(yield func(where) bool) {
		last := begin
		for _, cut := range append(cuts, end) {
			if !yield(w.join(between(min(last, cut), max(last, cut)))) {
				return
			}
			last = cut
		}
	}, nil
}

// quartersInOrder are parts of ever more quarters of an hour.
func (w where) quartersInOrder(ascending bool) iter.Seq[where] {
	quarters := slices.Sorted(slices.Values(w.quarters))
	if !ascending {
		slices.Reverse(quarters)
	}
	return func(yield func(where) bool) {
		for n := fewQuarters; len(quarters) > 0; n *= 2 {
			n = min(n, len(quarters))
			part := w.join(between(slices.Min(quarters[:n]), slices.Max(quarters[:n])+quarterMicros))
			part.quarters, quarters = quarters[:n], quarters[n:]
			if !yield(part) {
				return
			}
		}
	}
}

// between is always written in the same way: statements with the same text are prepared once.
func between(from, to int64) (w where) {
	w.add("request_time >= ? AND request_time < ?", from, to)
	return w
}

// newestFirst are the days, by their first microsecond, before which there is a break.
func newestFirst(w where) (cuts []int64) {
	span := w.span.meet(bounds{first: new(int64(math.MinInt64)), last: new(toMicros(time.Now()))})
	cut := floor(*span.last, dayMicros)
	for days := int64(1); days <= mostDays && cut > *span.first; days *= 2 {
		cuts = append(cuts, cut)
		cut -= days * dayMicros
	}
	return cuts
}

// oldestFirst are the days before which there is a break when the order is the other way, from a day on that has rows.
func oldestFirst(w where, day int64) (cuts []int64) {
	span := w.span.meet(bounds{last: new(toMicros(time.Now()))})
	cut := day + dayMicros
	for days := int64(1); days <= mostDays && cut <= *span.last; days *= 2 {
		cuts = append(cuts, cut)
		cut += days * dayMicros
	}
	return cuts
}

// firstDay is the first day in which there may be rows.
func (s *Store) firstDay(ctx context.Context, w where) (int64, error) {
	days, err := s.partitionDays(ctx, "request_logs")
	if err != nil || len(days) == 0 {
		return floor(toMicros(time.Now()), dayMicros), err
	}
	return floor(*w.span.meet(bounds{first: new(days[0] * dayMicros)}).first, dayMicros), nil
}
