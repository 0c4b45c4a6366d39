// Package app is the composition root: it builds every part from the configuration, wires them, serves, and takes them
// down in the right order.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"

	"squirrel/app/admin"
	"squirrel/app/auth"
	"squirrel/app/config"
	"squirrel/jobs"
	"squirrel/models"
	"squirrel/models/prices"
	"squirrel/models/store"
	"squirrel/proxy"
	"squirrel/proxy/edge"
	"squirrel/proxy/limits"
	"squirrel/proxy/reqlog"
	"squirrel/proxy/tracing"
	"squirrel/proxy/upstream"
	"squirrel/routing"
)

// Version is the program's, set by main.
var Version = "dev"

// patience is how long clients may take.
type patience struct {
	header time.Duration // for a header and a body that is no upload
	write  time.Duration // without taking anything of an answer
	idle   time.Duration // between two requests
}

var usualPatience = patience{header: 30 * time.Second, write: 30 * time.Second, idle: 120 * time.Second}

// App is a running gateway.
type App struct {
	cfg      config.Config
	patience patience
	terminal io.Writer // for the operator's eyes only, not for the log
	logger   *slog.Logger
	registry *prometheus.Registry

	store   *store.Store
	spool   *reqlog.Spool
	shipper *reqlog.Shipper
	redact  *reqlog.Redactor
	router  *routing.Router
	keys    *proxy.Keyring
	limits  *limits.Limiter
	client  *upstream.Client
	tracer  *tracing.Tracer // nil = no traces
	gateway *proxy.Gateway
	auth    *auth.Auth
	admin   *admin.Service
	jobs    *jobs.Runner

	fiber       *fiber.App
	listener    net.Listener
	book        atomic.Pointer[admin.PriceBook]
	averages    atomic.Pointer[map[string]int64] // output tokens of a request, by model
	loaded      atomic.Int64                     // version of the configuration in use
	notReloaded atomic.Pointer[string]           // why a newer one isn't; nil or empty = it is
	reloading   sync.Mutex
	draining    atomic.Bool
	work        sync.WaitGroup
	stopWork    context.CancelFunc
}

// Start builds the gateway and begins to listen; Run serves. The data directory must be there already (config.OpenDataDir).
// An error that says that the configuration is wrong wraps a *config.Problem.
func Start(ctx context.Context, cfg config.Config, logger *slog.Logger) (*App, error) {
	return start(ctx, cfg, logger, usualPatience)
}

func start(ctx context.Context, cfg config.Config, logger *slog.Logger, p patience) (*App, error) {
	a := &App{cfg: cfg, patience: p, terminal: os.Stderr, logger: logger, registry: prometheus.NewRegistry()}
	for _, step := range []func(context.Context) error{a.openStore, a.openLog, a.buildPlanes, a.reload, a.listen} {
		if err := step(ctx); err != nil {
			a.close()
			return nil, err
		}
	}
	a.startWork()
	return a, nil
}

func (a *App) openStore(ctx context.Context) (err error) {
	a.store, err = openStore(ctx, a.cfg, a.logger)
	return err
}

func (a *App) openLog(context.Context) (err error) {
	a.redact = reqlog.NewRedactor(reqlog.RedactPolicy{KeepBodies: a.cfg.LogRedactBody == config.RedactOff, KeyPrefix: a.cfg.APIKeyPrefix})
	a.spool, err = reqlog.OpenSpool(reqlog.SpoolConfig{
		Dir: filepath.Join(a.cfg.DataDir, "spool"), MaxBytes: a.cfg.LogSpoolMaxBytes, FsyncInterval: a.cfg.LogFsyncInterval, Logger: a.logger,
	})
	if err != nil {
		return fmt.Errorf("open the log spool: %w", err)
	}
	a.shipper = reqlog.NewShipper(a.spool, a.store, reqlog.ShipperOptions{Logger: a.logger})
	return nil
}

func (a *App) buildPlanes(ctx context.Context) error {
	tmp := filepath.Join(a.cfg.DataDir, "tmp")
	if err := errors.Join(os.RemoveAll(tmp), os.MkdirAll(tmp, 0o700)); err != nil { // uploads of an earlier life
		return fmt.Errorf("prepare the directory for uploads: %w", err)
	}
	a.router = routing.New(routing.Options{Now: time.Now, Location: a.cfg.ReportingTZ, CanServe: proxy.CanServe, CataloguePrices: a.cataloguePrices, ContextWindow: contextWindow, AverageOutput: a.averageOutput})
	a.keys = proxy.NewKeyring()
	a.limits = limits.New(a.limitOptions())
	a.client = upstream.NewClient(upstream.NetPolicy(a.cfg.ProviderNetwork), nil)
	traces, err := a.traces(ctx)
	if err != nil {
		return err
	}
	a.gateway = proxy.New(a.gatewayOptions(tmp), proxy.Parts{
		Router: a.router, Keys: a.keys, Client: a.client, Recorder: a.spool, Tracer: traces, Redactor: a.redact,
		Metrics: proxy.NewMetrics(a.registry), Limits: a.limits, Logger: a.logger,
	})
	a.registerOperational()
	return a.buildControl()
}

func (a *App) gatewayOptions(tmp string) proxy.Options {
	return proxy.Options{
		RetryMaxAttempts: a.cfg.RetryMaxAttempts, RetryDelay: a.cfg.RetryDelay, MaxTotalAttempts: a.cfg.MaxTotalAttempts,
		ExchangeTimeout: a.cfg.HTTPTimeout, MaxRequestBytes: a.cfg.MaxRequestBytes, MaxUploadBytes: a.cfg.MaxUploadBytes,
		MaxInflightBytes: a.cfg.InflightBytes(), LogBodyMaxBytes: a.cfg.LogBodyMaxBytes, StreamEvents: a.cfg.LogStreamEvents, Instance: a.spool.Instance(), TempDir: tmp,
		ClientIP: a.clientIP, MaxOutput: maxOutput,
	}
}

// limitOptions shares the limits of keys among the gateways of one PostgreSQL database. A SQLite file has one gateway.
func (a *App) limitOptions() limits.Options {
	opt := limits.Options{Spent: a.store.SpendSince, Now: time.Now, Location: a.cfg.ReportingTZ, Logger: a.logger}
	if a.cfg.DatabaseType == config.DatabasePostgreSQL {
		opt.Shared = a.store
	}
	return opt
}

func (a *App) cataloguePrices(target string) (models.Prices, bool) {
	if book := a.book.Load(); book != nil {
		return book.Prices(target)
	}
	return prices.Embedded().Prices(target)
}

func contextWindow(target string) (int64, bool) {
	entry, found := prices.Embedded().Lookup(target)
	return entry.ContextWindow, found && entry.ContextWindow > 0
}

func maxOutput(target string) int {
	entry, _ := prices.Embedded().Lookup(target)
	return int(entry.MaxOutput)
}

// reload reads the configuration and swaps it into the data plane. On failure the present one stays in use.
func (a *App) reload(ctx context.Context) error {
	a.reloading.Lock() // one after the other, so that an older configuration never replaces a newer one
	defer a.reloading.Unlock()
	cfg, err := a.store.LoadConfig(ctx)
	if err != nil {
		return fmt.Errorf("load the configuration: %w", err)
	}
	book, err := a.admin.PriceBook(ctx)
	if err != nil {
		return fmt.Errorf("load the prices: %w", err)
	}
	a.book.Store(book) // before Swap, which asks it
	for _, problem := range a.router.Swap(cfg) {
		a.logger.Warn("a part of the configuration can't be used", "problem", problem)
	}
	a.keys.Swap(cfg.Keys)
	a.redact.SetSecrets(secretsOf(cfg, a.cfg))
	a.limits.Retain(func(id int64) bool {
		for i := range cfg.Keys {
			if cfg.Keys[i].ID == id {
				return true
			}
		}
		return false
	})
	a.loaded.Store(cfg.Version)
	return nil
}

// secretsOf lists what must not appear in any log: the providers' keys and our own.
func secretsOf(cfg models.Config, own config.Config) []models.Secret {
	secrets := []models.Secret{models.Secret(own.AdminPassword), models.Secret(own.MetricsToken), models.Secret(own.OTLPEndpoint)}
	for i := range cfg.Providers {
		p := &cfg.Providers[i]
		secrets = append(secrets, p.APIKey, p.ProxyURL)
		for _, value := range p.ExtraHeaders {
			if len(value) >= 12 {
				secrets = append(secrets, models.Secret(value))
			}
		}
	}
	return secrets
}

func (a *App) listen(ctx context.Context) error {
	a.fiber = a.newFiber()
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", a.cfg.ListenAddress())
	if err != nil {
		return fmt.Errorf("listen on %s: %w", a.cfg.ListenAddress(), err)
	}
	a.listener = edge.NewListener(l, a.patience.write)
	return nil
}

// Addr is the address the gateway listens on.
func (a *App) Addr() string { return a.listener.Addr().String() }

// Store gives access to the database, for seeding.
func (a *App) Store() *store.Store { return a.store }

// Reload makes the data plane use what the database holds now.
func (a *App) Reload(ctx context.Context) error { return a.reload(ctx) }

// Handler gives tests the routes.
func (a *App) Handler() *fiber.App { return a.fiber }
