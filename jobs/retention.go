package jobs

import (
	"context"
	"fmt"
	"time"
)

const (
	deleteBatch = 500
	deletePause = 50 * time.Millisecond // between batches: the writer serves others meanwhile
	day         = 24 * time.Hour
)

// OldLogs deletes logs in batches.
type OldLogs interface {
	// DeleteLogsBefore deletes up to limit requests that began before a time, with everything that belongs to them, and
	// returns how many there were. 0 means that none are left.
	DeleteLogsBefore(ctx context.Context, before time.Time, limit int) (int, error)
	// DeleteLogDetailsBefore does the same for headers and bodies only.
	DeleteLogDetailsBefore(ctx context.Context, before time.Time, limit int) (int, error)
	// DeleteUsageBefore deletes the sums per quarter of an hour of one day that was over before a time, and returns how many there
	// were. 0 means that none are left. The sums per day stay.
	DeleteUsageBefore(ctx context.Context, before time.Time) (int, error)
}

// quarterDays is how many days the sums per quarter of an hour are kept at least: for statistics by hour, and by the days of a time
// zone. They are kept for as long as rows are, too; and those per day for ever.
const quarterDays = 90

// RetentionPolicy says how long logs are kept. 0 days or less means for ever.
type RetentionPolicy struct {
	Hour       int // LOG_CLEANUP_HOUR, UTC
	Days       int // LOG_RETENTION_DAYS: summaries
	DetailDays int // LOG_DETAIL_RETENTION_DAYS: headers and bodies
}

// Retention deletes old logs once a day, on one replica. What is old, the database's clock tells: a machine whose clock is wrong
// must not delete too much.
func Retention(logs OldLogs, claims Claims, owner string, policy RetentionPolicy) Job {
	return Daily("retention", policy.Hour, claims, owner, func(ctx context.Context) (string, error) {
		now, err := claims.Now(ctx)
		if err != nil {
			return "", fmt.Errorf("read the clock of the database: %w", err)
		}
		details, err := deleteOlder(ctx, now, policy.DetailDays, logs.DeleteLogDetailsBefore)
		if err != nil {
			return "", fmt.Errorf("delete old details after %d: %w", details, err)
		}
		rows, err := deleteOlder(ctx, now, policy.Days, logs.DeleteLogsBefore)
		if err != nil {
			return "", fmt.Errorf("delete old logs after %d: %w", rows, err)
		}
		sums, err := deleteOlder(ctx, now, policy.quarterDays(), func(ctx context.Context, before time.Time, _ int) (int, error) {
			return logs.DeleteUsageBefore(ctx, before)
		})
		if err != nil {
			return "", fmt.Errorf("delete old sums after %d: %w", sums, err)
		}
		return fmt.Sprintf("%d logs, the details of %d and %d sums deleted", rows, details, sums), nil
	})
}

// quarterDays is how long sums per quarter of an hour are kept; 0 = for ever.
func (p RetentionPolicy) quarterDays() int {
	if p.Days <= 0 {
		return 0
	}
	return max(quarterDays, p.Days+1)
}

func deleteOlder(ctx context.Context, now time.Time, days int, remove func(context.Context, time.Time, int) (int, error)) (total int, err error) {
	if days <= 0 {
		return 0, nil
	}
	before := now.Add(-time.Duration(days) * day)
	for {
		n, err := remove(ctx, before, deleteBatch)
		total += n
		if err != nil || n == 0 {
			return total, err
		}
		if !sleep(ctx, deletePause) {
			return total, context.Cause(ctx)
		}
	}
}
