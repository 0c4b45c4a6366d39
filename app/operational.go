package app

import (
	"crypto/subtle"
	"net/http"
	"net/netip"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/valyala/fasthttp/fasthttpadaptor"
)

// operational adds what operators and load balancers ask.
func (a *App) operational(app *fiber.App) {
	alive := func(c *fiber.Ctx) error { return c.JSON(fiber.Map{"status": "ok"}) }
	for _, path := range []string{"/healthz", "/health", "/livez"} {
		app.Get(path, alive)
	}
	app.Get("/readyz", a.ready)
	app.Get("/metrics", a.guardMetrics, a.metrics())
	app.Head("/", func(c *fiber.Ctx) error { return c.SendStatus(http.StatusOK) }) // before Get, which answers HEAD too
	app.Get("/", func(c *fiber.Ctx) error { return c.Redirect("/admin", http.StatusFound) })
}

// ready reports whether requests can be served: the configuration is loaded, the log takes records, no drain is under way.
func (a *App) ready(c *fiber.Ctx) error {
	status, reason := http.StatusOK, "ok"
	stats := a.spool.Stats()
	switch {
	case a.draining.Load():
		status, reason = http.StatusServiceUnavailable, "draining"
	case a.loaded.Load() < 0:
		status, reason = http.StatusServiceUnavailable, "configuration not loaded"
	case stats.State.String() == "reject":
		status, reason = http.StatusServiceUnavailable, "log store unavailable"
	}
	answer := fiber.Map{"status": reason}
	if c.Context().QueryArgs().Has("verbose") {
		shipped := a.shipper.Stats()
		answer["config_version"] = a.loaded.Load()
		answer["running"] = a.gateway.Running()
		answer["log"] = fiber.Map{
			"state": stats.State.String(), "reason": stats.Reason, "spool_bytes": stats.Bytes, "rejected": stats.Rejected, "lean": stats.LeanRecords,
			"meta": stats.MetaRecords, "lost": stats.LostRecords, "write_errors": stats.WriteErrors, "lag_ms": a.shipper.Lag().Milliseconds(), "dead": shipped.DeadFiles,
		}
	}
	return c.Status(status).JSON(answer)
}

// guardMetrics lets in loopback peers, the metrics token and administrators.
func (a *App) guardMetrics(c *fiber.Ctx) error {
	token := strings.TrimPrefix(c.Get("Authorization"), "Bearer ")
	own := a.cfg.MetricsToken.Reveal()
	if own != "" && subtle.ConstantTimeCompare([]byte(token), []byte(own)) == 1 {
		return c.Next()
	}
	peer, err := netip.ParseAddr(c.Context().RemoteIP().String())
	direct := err == nil && peer.Unmap().IsLoopback() && c.Get("X-Forwarded-For") == "" && c.Get("Forwarded") == ""
	if direct || a.isAdmin(c) {
		return c.Next()
	}
	return writeError(c, http.StatusUnauthorized, "unauthorized", "Metrics are served to loopback, to administrators and to the bearer of METRICS_TOKEN.")
}

func (a *App) metrics() fiber.Handler {
	handler := fasthttpadaptor.NewFastHTTPHandler(promhttp.HandlerFor(a.registry, promhttp.HandlerOpts{}))
	return func(c *fiber.Ctx) error { handler(c.Context()); return nil }
}

// registerOperational adds the runtime's and the log's figures to the registry.
func (a *App) registerOperational() {
	a.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	gauge := func(name, help string, value func() float64) {
		a.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
	}
	counter := func(name, help string, value func() float64) {
		a.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, value))
	}
	gauge("squirrel_spool_bytes", "Bytes of log records not yet in the database.", func() float64 { return float64(a.spool.Stats().Bytes) })
	gauge("squirrel_spool_state", "0 ok, 1 lean, 2 meta, 3 reject.", func() float64 { return float64(a.spool.State()) })
	gauge("squirrel_spool_lag_seconds", "Age of the oldest log record not yet in the database.", func() float64 { return a.shipper.Lag().Seconds() })
	counter("squirrel_log_records_total", "Log records accepted.", func() float64 { return float64(a.spool.Stats().Records) })
	counter("squirrel_log_rejected_total", "Requests refused because their log record was not accepted.", func() float64 { return float64(a.spool.Stats().Rejected) })
	counter("squirrel_log_lost_total", "Log records that could not be written at all.", func() float64 { return float64(a.spool.Stats().LostRecords) })
	counter("squirrel_log_dead_total", "Log records the database refused; see the spool's dead directory.", func() float64 { return float64(a.shipper.Stats().DeadFiles) })
}
