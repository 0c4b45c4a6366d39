package web

import (
	"time"

	"squirrel/app/admin"
	"squirrel/models"
)

// slot is a part of a period: [Start, End) and how the requests in it ended.
type slot struct {
	Start, End time.Time
	admin.OutcomePoint
}

// grid says how a period is cut into slots.
type grid struct {
	bucket models.StatBucket // what the statistics are asked for
	step   time.Duration     // of a slot; of a day or more, days of the zone are counted
	layout string            // of a label
}

// gridOf cuts a span into some thirty slots.
func gridOf(span time.Duration) grid {
	switch {
	case span <= 20*time.Minute:
		return grid{models.BucketMinute, time.Minute, "15:04"}
	case span <= 65*time.Minute:
		return grid{models.BucketMinute, 2 * time.Minute, "15:04"}
	case span <= 7*time.Hour:
		return grid{models.BucketMinute, 15 * time.Minute, "15:04"}
	case span <= 26*time.Hour:
		return grid{models.BucketHour, time.Hour, "01-02 15:04"}
	case span <= 8*24*time.Hour:
		return grid{models.BucketHour, 6 * time.Hour, "01-02 15:04"}
	case span <= 35*24*time.Hour:
		return grid{models.BucketDay, 24 * time.Hour, "2006-01-02"}
	default:
		return grid{models.BucketDay, 7 * 24 * time.Hour, "2006-01-02"}
	}
}

// whole widens the slots to those of the statistics: percentiles of several buckets can't be added up.
func (g grid) whole() grid {
	switch {
	case g.step > 24*time.Hour:
		g.step = 24 * time.Hour
	case g.bucket == models.BucketHour && g.step > time.Hour:
		return grid{models.BucketDay, 24 * time.Hour, "2006-01-02"}
	case g.bucket == models.BucketMinute && g.step <= 2*time.Minute:
		g.step = time.Minute
	case g.bucket == models.BucketMinute:
		return grid{models.BucketHour, time.Hour, "01-02 15:04"}
	}
	return g
}

// maxSlots bounds a drawing whatever the period is: a filter may begin at any time.
const maxSlots = 400

// slots cuts [start, end) at round times of the zone and adds the points up. Slots without requests are there, with zeros.
func (g grid) slots(points []admin.OutcomePoint, start, end time.Time, zone *time.Location) []slot {
	var all []slot
	for at := g.floor(start.In(zone)); at.Before(end) && len(all) < maxSlots; {
		next := g.next(at)
		all = append(all, slot{Start: at, End: next})
		at = next
	}
	i := 0
	for _, p := range points {
		for i < len(all) && !p.Bucket.Before(all[i].End) {
			i++
		}
		if i == len(all) {
			break
		}
		s := &all[i].OutcomePoint
		s.Success, s.Refused, s.Cancelled, s.Failed = s.Success+p.Success, s.Refused+p.Refused, s.Cancelled+p.Cancelled, s.Failed+p.Failed
	}
	return all
}

func (g grid) floor(t time.Time) time.Time {
	midnight := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
	if g.step >= 24*time.Hour {
		return midnight
	}
	return midnight.Add(t.Sub(midnight).Truncate(g.step))
}

// next begins a new day at midnight, however long the day was.
func (g grid) next(t time.Time) time.Time {
	if g.step >= 24*time.Hour {
		return t.AddDate(0, 0, int(g.step/(24*time.Hour)))
	}
	tomorrow := time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, t.Location())
	if next := t.Add(g.step); next.Before(tomorrow) {
		return next
	}
	return tomorrow
}

// period is the span that a filter covers. Without a start it begins with the first point.
func period(f models.LogFilter, points []admin.OutcomePoint, now time.Time) (start, end time.Time) {
	end = now
	if f.End != nil && f.End.Before(now) {
		end = *f.End
	}
	switch {
	case f.Start != nil:
		start = *f.Start
	case len(points) > 0:
		start = points[0].Bucket
	default:
		start = end.Add(-24 * time.Hour)
	}
	return start, end
}

// spanOf is how long a filter's period is; without a start, long.
func spanOf(f models.LogFilter, now time.Time) time.Duration {
	if f.Start == nil {
		return 365 * 24 * time.Hour
	}
	start, end := period(f, nil, now)
	return end.Sub(start)
}
