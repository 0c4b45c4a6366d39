package admin

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

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

// Outcomes sums up the requests that match, by how they ended.
func (s *Service) Outcomes(ctx context.Context, q models.StatsQuery) (Outcomes, error) {
	var all models.Stats
	var kinds []models.FailureKinds
	var reading errgroup.Group
	reading.Go(func() (err error) { all, err = s.Stats(ctx, q); return err })
	reading.Go(func() (err error) { kinds, err = s.store.FailureKinds(ctx, q); return err })
	if err := reading.Wait(); err != nil {
		return Outcomes{}, err
	}
	out := Outcomes{Stats: all}
	at := make(map[int64]models.FailureKinds, len(kinds))
	for _, k := range kinds {
		at[k.Bucket.Unix()] = k
	}
	for _, p := range all.Trend {
		k := at[p.Bucket.Unix()]
		out.Points = append(out.Points, OutcomePoint{
			Bucket: p.Bucket, Success: p.SuccessCount, Refused: k.Refused, Cancelled: k.Cancelled,
			Failed: max(p.FailureCount-k.Refused-k.Cancelled, 0), // a request may end between the two queries
		})
	}
	return out, nil
}

// LogCount counts the requests that match.
func (s *Service) LogCount(ctx context.Context, f models.LogFilter) (int64, error) {
	return s.store.LogCount(ctx, f)
}
