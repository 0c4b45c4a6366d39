package app

import (
	"context"
	"fmt"
	"time"

	"squirrel/models"
)

// averageSpan is how far back the average length of answers looks, and averageEvery how often it is taken.
const (
	averageSpan  = 7 * 24 * time.Hour
	averageEvery = 10 * time.Minute
)

// averageOutput is what cost_first expects of a model that is asked without a limit.
func (a *App) averageOutput(model string) (int64, bool) {
	averages := a.averages.Load()
	if averages == nil {
		return 0, false
	}
	n, known := (*averages)[model]
	return n, known
}

// takeAverages reads the average output of each model from the statistics.
func (a *App) takeAverages(ctx context.Context) (string, error) {
	start := time.Now().Add(-averageSpan)
	stats, err := a.store.Stats(ctx, models.StatsQuery{
		Filter: models.LogFilter{Start: &start}, Bucket: models.BucketDay, Location: time.UTC, Group: models.GroupModel,
	})
	if err != nil {
		return "", err
	}
	averages := make(map[string]int64, len(stats.Groups))
	for _, group := range stats.Groups {
		if group.SuccessCount > 0 {
			averages[group.Key] = group.OutputTokens / group.SuccessCount
		}
	}
	a.averages.Store(&averages)
	return fmt.Sprintf("%d models", len(averages)), nil
}
