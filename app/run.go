package app

import (
	"context"
	"net/netip"
	"os"
	"os/signal"
	"syscall"
	"time"

	"squirrel/app/auth"
)

// shipTimeout is how long the last log records may take to reach the database; what is left stays in the spool.
const shipTimeout = 5 * time.Second

// Run serves until ctx ends, then drains: readiness turns to 503, the listener closes, running requests finish, the spool is
// flushed. A second signal cuts what still runs.
func (a *App) Run(ctx context.Context) error {
	failed := make(chan error, 1)
	go func() { failed <- a.fiber.Listener(a.listener) }()
	a.logger.Info("listening", "address", a.Addr(), "version", Version, "database", a.store.Dialect())
	a.announceSetup(ctx)
	select {
	case err := <-failed:
		a.close()
		return err
	case <-ctx.Done():
	}
	a.drain()
	return nil
}

func (a *App) drain() {
	a.logger.Info("shutting down", "running", a.gateway.Running(), "grace", a.cfg.ShutdownGrace)
	a.draining.Store(true)
	deadline, cancel := context.WithTimeout(context.Background(), a.cfg.ShutdownGrace)
	defer cancel()
	impatient, stop := signal.NotifyContext(deadline, os.Interrupt, syscall.SIGTERM)
	defer stop()

	pause(impatient, a.cfg.DrainDelay) // time for load balancers to see the readiness
	a.gateway.StartDrain()
	closed := make(chan struct{})
	go func() { defer close(closed); _ = a.fiber.ShutdownWithContext(impatient) }()
	a.gateway.Drain(impatient)
	<-closed
	a.close()
	a.logger.Info("stopped")
}

func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// close takes the parts down in the order of their dependence: writers before the spool, the spool before the database.
func (a *App) close() {
	if a.listener != nil {
		a.listener.Close()
	}
	if a.spool != nil {
		if err := a.spool.Seal(); err != nil {
			a.logger.Error("log spool not sealed", "error", err)
		}
	}
	if a.shipper != nil && a.stopWork != nil {
		ctx, cancel := context.WithTimeout(context.Background(), shipTimeout)
		if err := a.shipper.Flush(ctx); err != nil {
			a.logger.Warn("log records stay in the spool until the next start", "error", err)
		}
		if err := a.limits.Flush(ctx); err != nil {
			a.logger.Warn("other gateways learn late of what keys have used", "error", err)
		}
		cancel()
	}
	if a.admin != nil {
		a.admin.Close()
	}
	if a.stopWork != nil {
		a.stopWork()
		a.work.Wait()
	}
	if a.tracer != nil {
		ctx, cancel := context.WithTimeout(context.Background(), shipTimeout)
		if err := a.tracer.Close(ctx); err != nil {
			a.logger.Warn("the last traces were not sent", "error", a.redact.Text(err.Error()))
		}
		cancel()
	}
	if a.spool != nil {
		_ = a.spool.Close()
	}
	if a.store != nil {
		a.store.Close()
	}
}

// clientIP finds the client behind trusted proxies.
func (a *App) clientIP(peer netip.Addr, forwardedFor string) netip.Addr {
	return auth.ClientIP(peer, forwardedFor, a.cfg.TrustedProxies)
}
