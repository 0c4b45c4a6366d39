package admin

import (
	"cmp"
	"context"
	"time"

	"squirrel/models"
)

// Neighbours are the ids next to a request among those that match a filter, by time. Empty means that there is none.
type Neighbours struct{ Newer, Older string }

// neighbourReach is how many rows are read on each side: rows of the same microsecond are rare.
const neighbourReach = 8

// Neighbours finds the requests next to one, with the filter of the list it was opened from.
func (s *Service) Neighbours(ctx context.Context, f models.LogFilter, at models.RequestLog) (n Neighbours, err error) {
	if n.Newer, err = s.neighbour(ctx, since(f, at.RequestTime), at, true); err != nil {
		return n, err
	}
	n.Older, err = s.neighbour(ctx, until(f, at.RequestTime), at, false)
	return n, err
}

func (s *Service) neighbour(ctx context.Context, f models.LogFilter, at models.RequestLog, newer bool) (string, error) {
	list, err := s.store.ListLogs(ctx, models.LogPage{Filter: f, Sort: models.SortTime, Ascending: newer, PageSize: neighbourReach})
	if err != nil {
		return "", err
	}
	for i := range list.Items {
		order := list.Items[i].RequestTime.Compare(at.RequestTime)
		if order == 0 {
			order = cmp.Compare(list.Items[i].ID, at.ID)
		}
		if newer && order > 0 || !newer && order < 0 {
			return list.Items[i].ID, nil
		}
	}
	return "", nil
}

func since(f models.LogFilter, t time.Time) models.LogFilter {
	if f.Start == nil || f.Start.Before(t) {
		f.Start = &t
	}
	return f
}

// until includes t itself: ends are exclusive and the database counts in microseconds.
func until(f models.LogFilter, t time.Time) models.LogFilter {
	end := t.Add(time.Microsecond)
	if f.End == nil || f.End.After(end) {
		f.End = &end
	}
	return f
}

// NewerLogs lists requests that began after a moment, newest first, and reports whether there are more than limit.
func (s *Service) NewerLogs(ctx context.Context, f models.LogFilter, after time.Time, limit int) (items []models.RequestLog, more bool, err error) {
	f = since(f, after.Add(time.Microsecond))
	list, err := s.store.ListLogs(ctx, models.LogPage{Filter: f, Sort: models.SortTime, PageSize: limit + 1})
	if err != nil {
		return nil, false, err
	}
	return list.Items[:min(limit, len(list.Items))], len(list.Items) > limit, nil
}
