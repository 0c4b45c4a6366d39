package app

import (
	"maps"
	"runtime"
	"slices"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/valyala/fasthttp/fasthttpadaptor"

	"squirrel/routing"
	"squirrel/routing/health"
)

func (a *App) metrics() fiber.Handler {
	handler := fasthttpadaptor.NewFastHTTPHandler(promhttp.HandlerFor(a.registry, promhttp.HandlerOpts{}))
	return func(c *fiber.Ctx) error { handler(c.Context()); return nil }
}

// registerOperational adds the runtime's and the log's figures to the registry.
func (a *App) registerOperational() {
	a.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	a.registry.MustRegister(routeStates{a.router})
	gauge := func(name, help string, value func() float64) {
		a.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
	}
	counter := func(name, help string, value func() float64) {
		a.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, value))
	}
	gauge("squirrel_spool_bytes", "Bytes of log records not yet in the database.", func() float64 { return float64(a.shipper.Pending()) })
	gauge("squirrel_spool_disk_bytes", "Bytes of the spool's files. One is deleted when all of it is in the database, but for the newest.", func() float64 { return float64(a.spool.Stats().Bytes) })
	gauge("squirrel_spool_state", "0 ok, 1 lean, 2 meta, 3 reject.", func() float64 { return float64(a.spool.State()) })
	gauge("squirrel_spool_lag_seconds", "Age of the oldest log record not yet in the database.", func() float64 { return a.shipper.Lag().Seconds() })
	counter("squirrel_log_records_total", "Log records accepted.", func() float64 { return float64(a.spool.Stats().Records) })
	counter("squirrel_log_rejected_total", "Requests refused because their log record was not accepted.", func() float64 { return float64(a.spool.Stats().Rejected) })
	counter("squirrel_log_lost_total", "Log records that could not be written at all.", func() float64 { return float64(a.spool.Stats().LostRecords) })
	counter("squirrel_log_dead_total", "Log records the database refused; see the spool's dead directory.", func() float64 { return float64(a.shipper.Stats().DeadFiles) })
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "squirrel_build_info", Help: "What runs here; always 1."}, []string{"version", "goversion"})
	build.WithLabelValues(Version, runtime.Version()).Set(1)
	a.registry.MustRegister(build)
}

// maxProviderLabels bounds the label values that providers make: past it they are "other".
const maxProviderLabels = 500

var routeStatesDesc = prometheus.NewDesc("squirrel_provider_routes", "Usable routes to a provider by the state of their circuit: healthy, degraded, cooling, open.", []string{"provider", "state"}, nil)

// routeStates counts the routes when they are asked for.
type routeStates struct{ router *routing.Router }

// Describe implements prometheus.Collector.
func (routeStates) Describe(descs chan<- *prometheus.Desc) { descs <- routeStatesDesc }

// Collect implements prometheus.Collector. A provider has all states, so that no series comes and goes with its health.
func (s routeStates) Collect(metrics chan<- prometheus.Metric) {
	counted := map[string]map[health.State]int{}
	conditions := s.router.Conditions()
	for _, provider := range slices.Sorted(maps.Keys(conditions)) {
		name := provider
		if len(counted) >= maxProviderLabels {
			name = "other"
		}
		if counted[name] == nil {
			counted[name] = map[health.State]int{}
		}
		for state, n := range conditions[provider] {
			counted[name][state] += n
		}
	}
	for provider, states := range counted {
		for _, state := range []health.State{health.Healthy, health.Degraded, health.Cooling, health.Open} {
			metrics <- prometheus.MustNewConstMetric(routeStatesDesc, prometheus.GaugeValue, float64(states[state]), provider, string(state))
		}
	}
}
