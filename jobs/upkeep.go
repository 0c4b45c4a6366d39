package jobs

import (
	"context"
	"fmt"
	"time"
)

const (
	heartbeatEvery = 10 * time.Second
	orphansEvery   = 30 * time.Second
	sessionsEvery  = 10 * time.Minute
	daysEvery      = 10 * time.Minute
	sweepEvery     = time.Hour

	// deadFor is how long an instance must be silent before others close what it left running.
	deadFor = 60 * time.Second
)

// Instances keeps the signs of life of the replicas.
type Instances interface {
	Heartbeat(ctx context.Context, instance string) error
	// CloseOrphans ends the running requests of instances without a heartbeat for so long, and tells how many there were.
	CloseOrphans(ctx context.Context, deadFor time.Duration) (int, error)
}

// Heartbeat tells the other replicas each 10 seconds that this one lives.
func Heartbeat(instances Instances, instance string) Job {
	return Job{Name: "heartbeat", Schedule: Every(heartbeatEvery), Run: func(ctx context.Context) (string, error) {
		return "", instances.Heartbeat(ctx, instance)
	}}
}

// Orphans ends requests whose gateway died without coming back. Every replica looks; doing it twice changes nothing.
func Orphans(instances Instances) Job {
	return Job{Name: "orphans", Schedule: Every(orphansEvery), Run: func(ctx context.Context) (string, error) {
		return counted("requests closed", func() (int, error) { return instances.CloseOrphans(ctx, deadFor) })
	}}
}

// Sessions keeps the logins.
type Sessions interface {
	// Now is the time by the database's clock: a machine whose clock is wrong must not end everybody's login.
	Now(ctx context.Context) (time.Time, error)
	DeleteExpiredSessions(ctx context.Context, now time.Time) (int, error)
}

// ExpireSessions deletes logins whose time is over. They are refused without that, too.
func ExpireSessions(sessions Sessions) Job {
	return Job{Name: "sessions", Schedule: Every(sessionsEvery), Run: func(ctx context.Context) (string, error) {
		return counted("sessions deleted", func() (int, error) {
			now, err := sessions.Now(ctx)
			if err != nil {
				return 0, err
			}
			return sessions.DeleteExpiredSessions(ctx, now)
		})
	}}
}

// Spool keeps what could not be brought to the database.
type Spool interface {
	// Sweep deletes what was set aside before a time, and tells how many files there were.
	Sweep(before time.Time) (int, error)
}

// SweepSpool deletes dead letters of the log spool that are older than the details of logs may be. 0 days means never.
func SweepSpool(spool Spool, days int) Job {
	return Job{Name: "spool_sweep", Schedule: Every(sweepEvery), Run: func(context.Context) (string, error) {
		if days <= 0 {
			return "nothing expires", nil
		}
		before := time.Now().Add(-time.Duration(days) * day)
		return counted("files deleted", func() (int, error) { return spool.Sweep(before) })
	}}
}

// Usage keeps the sums of the statistics.
type Usage interface {
	// SumDays makes the sums of days that were over before a time, and tells how many it made.
	SumDays(ctx context.Context, before time.Time) (int, error)
}

// SumDays sums up the days that are over, an hour after their end: hardly a request of theirs still runs then. Every replica
// looks; each day is made once.
func SumDays(usage Usage) Job {
	return Job{Name: "day_sums", Schedule: Every(daysEvery), Run: func(ctx context.Context) (string, error) {
		return counted("days summed up", func() (int, error) { return usage.SumDays(ctx, time.Now().Add(-time.Hour)) })
	}}
}

func counted(what string, work func() (int, error)) (string, error) {
	n, err := work()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d %s", n, what), nil
}
