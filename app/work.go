package app

import (
	"context"
	"fmt"
	"time"

	"squirrel/jobs"
)

// touchInterval is how often the last use of keys is written to the database.
const touchInterval = 30 * time.Second

// startWork starts what runs beside the requests.
func (a *App) startWork() {
	ctx, stop := context.WithCancel(context.Background())
	a.stopWork = stop
	a.jobs = a.periodic()
	// The first request must find that this gateway lives: others would say that nobody answers for it. The job tries again.
	if err := a.store.Heartbeat(ctx, a.spool.Instance()); err != nil {
		a.logger.Warn("other gateways don't know yet that this one lives", "error", err)
	}
	a.spawn(func() { a.shipper.Run(ctx) })
	a.spawn(func() { a.store.WatchConfig(ctx, a.loaded.Load(), func() error { return a.reloadChanged(ctx) }) })
	a.spawn(func() { a.store.WatchWishes(ctx, func(wish string) { a.admin.Fulfil(ctx, wish) }) })
	a.spawn(func() { a.jobs.Run(ctx) })
	a.spawn(func() { a.limits.Run(ctx) })
}

func (a *App) spawn(work func()) {
	a.work.Add(1)
	go func() { defer a.work.Done(); work() }()
}

// reloadChanged takes over the configuration when it is another one than what is in use. The same failure is logged once, however
// often it is tried again.
func (a *App) reloadChanged(ctx context.Context) error {
	version, err := a.store.ConfigVersion(ctx)
	if err == nil && version == a.loaded.Load() {
		return nil
	}
	if err == nil {
		err = a.reload(ctx)
	}
	failure := ""
	if err != nil {
		failure = err.Error()
	}
	before := a.notReloaded.Swap(&failure)
	switch known := before != nil && *before == failure; {
	case err != nil && !known && ctx.Err() == nil:
		a.logger.Error("configuration not reloaded, the present one stays in use until it can be", "error", err)
	case err == nil && before != nil && *before != "":
		a.logger.Info("configuration reloaded after all")
	}
	return err
}

// periodic lists the work that happens by the clock.
func (a *App) periodic() *jobs.Runner {
	owner := a.spool.Instance()
	runner := jobs.NewRunner(a.logger)
	runner.Add(
		jobs.Retention(a.store, a.store, owner, jobs.RetentionPolicy{Hour: a.cfg.LogCleanupHour, Days: a.cfg.LogRetentionDays, DetailDays: a.cfg.LogDetailRetentionDays}),
		jobs.Heartbeat(a.store, owner),
		jobs.Orphans(a.store),
		jobs.ExpireSessions(a.store),
		jobs.SumDays(a.store),
		jobs.SweepSpool(a.shipper, a.cfg.LogRetentionDays),
		jobs.Job{Name: "average output", Schedule: jobs.Every(averageEvery), Run: a.takeAverages},
		jobs.Job{Name: "key use", Schedule: jobs.Every(touchInterval), Run: a.touchKeys},
	)
	return runner
}

// touchKeys writes down when keys were last used.
func (a *App) touchKeys(ctx context.Context) (string, error) {
	used := a.keys.TakeUsed()
	if len(used) == 0 {
		return "", nil
	}
	return fmt.Sprintf("%d keys", len(used)), a.store.TouchAPIKeys(ctx, used)
}
