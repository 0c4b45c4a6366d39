package admin

import (
	"context"
	"time"

	"squirrel/models"
)

// Outcomes are the requests of a period by how they ended. The four counts add up to the requests.
type Outcomes struct {
	models.Stats
	Points []OutcomePoint // as wide as the bucket, in order; none where there was nothing
}

// OutcomePoint counts the requests of one bucket.
type OutcomePoint struct {
	Bucket    time.Time
	Success   int64
	Refused   int64 // 4xx: the request was to blame, or a limit
	Cancelled int64 // the client left
	Failed    int64 // all other failures: provider or gateway
}

// statusGone is recorded when the client left before the answer was complete.
const statusGone = 499

// Outcomes sums up the requests that match, by how they ended.
func (s *Service) Outcomes(ctx context.Context, q models.StatsQuery) (Outcomes, error) {
	all, err := s.Stats(ctx, q)
	if err != nil {
		return Outcomes{}, err
	}
	out := Outcomes{Stats: all}
	if all.Summary.FailureCount == 0 {
		for _, p := range all.Trend {
			out.Points = append(out.Points, OutcomePoint{Bucket: p.Bucket, Success: p.SuccessCount})
		}
		return out, nil
	}
	refused, err := s.failures(ctx, q, 400, statusGone-1)
	if err != nil {
		return Outcomes{}, err
	}
	cancelled, err := s.failures(ctx, q, statusGone, statusGone)
	if err != nil {
		return Outcomes{}, err
	}
	for _, p := range all.Trend {
		at := p.Bucket.Unix()
		out.Points = append(out.Points, OutcomePoint{
			Bucket: p.Bucket, Success: p.SuccessCount, Refused: refused[at], Cancelled: cancelled[at],
			Failed: max(p.FailureCount-refused[at]-cancelled[at], 0), // a request may end between two of the queries
		})
	}
	return out, nil
}

// failures counts the failed requests with a status in a range, per bucket.
func (s *Service) failures(ctx context.Context, q models.StatsQuery, lowest, highest int) (map[int64]int64, error) {
	if q.Filter.StatusMin != nil {
		lowest = max(lowest, *q.Filter.StatusMin)
	}
	if q.Filter.StatusMax != nil {
		highest = min(highest, *q.Filter.StatusMax)
	}
	q.Filter.StatusMin, q.Filter.StatusMax, q.Group = &lowest, &highest, ""
	stats, err := s.Stats(ctx, q)
	counts := make(map[int64]int64, len(stats.Trend))
	for _, p := range stats.Trend {
		counts[p.Bucket.Unix()] = p.FailureCount
	}
	return counts, err
}

// LogCount counts the requests that match.
func (s *Service) LogCount(ctx context.Context, f models.LogFilter) (int64, error) {
	return s.store.LogCount(ctx, f)
}
