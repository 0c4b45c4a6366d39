package proxy

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"squirrel/models"
)

// maxModelLabels bounds the label values that configuration and clients can make: past it everything is "other".
const maxModelLabels = 500

// Metrics are the data plane's counters. Labels are bounded: endpoints, status classes, and names from the configuration.
type Metrics struct {
	requests  *prometheus.CounterVec
	attempts  *prometheus.CounterVec
	tokens    *prometheus.CounterVec
	cost      *prometheus.CounterVec
	unpriced  *prometheus.CounterVec
	firstByte *prometheus.HistogramVec
	overhead  prometheus.Histogram
	running   prometheus.Gauge
	panics    prometheus.Counter
	dropped   *prometheus.CounterVec
	labels    labelSet
}

// NewMetrics registers the counters.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "squirrel_requests_total", Help: "Client requests by endpoint, model and outcome status."},
			[]string{"endpoint", "model", "status"}),
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "squirrel_attempts_total", Help: "Calls to providers by provider and result."},
			[]string{"provider", "result"}),
		tokens:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "squirrel_tokens_total", Help: "Tokens by model and kind."}, []string{"model", "kind"}),
		cost:     prometheus.NewCounterVec(prometheus.CounterOpts{Name: "squirrel_cost_usd_total", Help: "Cost of requests by model, in dollars, as far as it is known."}, []string{"model"}),
		unpriced: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "squirrel_cost_unknown_total", Help: "Requests by model whose cost is not known: no price, or nothing that tells their tokens."}, []string{"model"}),
		firstByte: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "squirrel_first_byte_seconds", Help: "Time from the request to the first byte of the answer.",
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120}}, []string{"endpoint"}),
		overhead: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "squirrel_overhead_seconds", Help: "Time spent in the gateway itself before the first upstream call.",
			Buckets: []float64{.00005, .0001, .00025, .0005, .001, .0025, .005, .01, .05, .25}}),
		running: prometheus.NewGauge(prometheus.GaugeOpts{Name: "squirrel_requests_running", Help: "Requests under way."}),
		panics:  prometheus.NewCounter(prometheus.CounterOpts{Name: "squirrel_panics_total", Help: "Panics that were recovered."}),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "squirrel_dropped_total", Help: "Parts of requests or answers that a conversion could not hold."},
			[]string{"from", "to"}),
		labels: labelSet{seen: map[string]bool{}},
	}
	reg.MustRegister(m.requests, m.attempts, m.tokens, m.cost, m.unpriced, m.firstByte, m.overhead, m.running, m.panics, m.dropped)
	return m
}

// settled counts a request that is over. model is a name of the configuration: what a client made up never becomes a label.
func (m *Metrics) settled(log *models.RequestLog, model string) {
	model = m.labels.bounded(model)
	status := "none"
	if log.ResponseStatus != nil {
		status = strconv.Itoa(*log.ResponseStatus)
	}
	m.requests.WithLabelValues(string(log.Endpoint), model, status).Inc()
	if log.FirstByteDelayMS != nil {
		m.firstByte.WithLabelValues(string(log.Endpoint)).Observe(*log.FirstByteDelayMS / 1000)
	}
	if log.GatewayOverheadUS != nil {
		m.overhead.Observe(float64(*log.GatewayOverheadUS) / 1e6)
	}
	m.billed(log.TotalCost, model)
	for kind, count := range map[string]*int64{"input": log.InputTokens, "output": log.OutputTokens, "cached_input": log.CachedInputTokens} {
		if count != nil && *count > 0 {
			m.tokens.WithLabelValues(model, kind).Add(float64(*count))
		}
	}
}

// billed adds up what is known of the cost.
func (m *Metrics) billed(cost *models.NanoUSD, model string) {
	if cost == nil {
		m.unpriced.WithLabelValues(model).Inc()
		return
	}
	m.cost.WithLabelValues(model).Add(float64(*cost) / float64(models.NanoPerUSD))
}

// refused counts a request that was turned away before anything was known of it.
func (m *Metrics) refused(endpoint models.Endpoint, f *Failure) {
	m.requests.WithLabelValues(string(endpoint), "", strconv.Itoa(f.Status)).Inc()
}

func (m *Metrics) attempted(provider, result string) {
	m.attempts.WithLabelValues(m.labels.bounded(provider), result).Inc()
}
