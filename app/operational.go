package app

import (
	"crypto/subtle"
	"net/http"
	"net/netip"
	"strings"

	"github.com/gofiber/fiber/v2"
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
			"state": stats.State.String(), "reason": stats.Reason, "spool_bytes": a.shipper.Pending(), "spool_disk_bytes": stats.Bytes, "rejected": stats.Rejected, "lean": stats.LeanRecords,
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
