// Package proxy is the data plane: it takes a client's request through authentication, routing and attempts, relays the
// provider's answer, and records what happened. It reads immutable snapshots only and never waits for SQL.
//
// gateway.go and edge.go are the only files that know Fiber. An Exchange (exchange.go) is one request; attempt.go is one try at a
// provider; relay.go carries an event stream; settle.go prices and records.
package proxy

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"squirrel/models"
	"squirrel/proxy/limits"
	"squirrel/proxy/reqlog"
	"squirrel/proxy/upstream"
	"squirrel/routing"
)

// Options are the settings of the data plane, from the environment.
type Options struct {
	RetryMaxAttempts int                                                   // attempts on one provider
	RetryDelay       time.Duration                                         // base delay
	MaxTotalAttempts int                                                   // over all providers
	ExchangeTimeout  time.Duration                                         // the whole exchange
	MaxRequestBytes  int64                                                 // JSON bodies, decoded
	MaxUploadBytes   int64                                                 // multipart bodies
	MaxInflightBytes int64                                                 // of all JSON bodies held at once; 0 = no bound
	LogBodyMaxBytes  int64                                                 // per recorded body
	TempDir          string                                                // for uploads
	StreamEvents     bool                                                  // record raw stream events too
	ClientIP         func(peer netip.Addr, forwardedFor string) netip.Addr // nil = the peer
	MaxOutput        func(targetModel string) int                          // of the catalogue; nil or 0 = unknown
	Instance         string                                                // this process, on each log row
	Heartbeat        time.Duration
}

// Recorder takes log records; each call returns once the record survives the death of the process.
type Recorder interface {
	Begin(models.LogWrite) error
	Attempt(models.LogWrite) error
	Chunk(models.LogWrite) error
	End(models.LogWrite) error
}

// Tracer is told of each request that has ended, with the client's header, which may name the trace that it is a part of.
type Tracer interface {
	Trace(w *models.LogWrite, header http.Header)
}

// Gateway serves /v1.
type Gateway struct {
	opts     Options
	router   *routing.Router
	keys     *Keyring
	client   *upstream.Client
	recorder Recorder
	tracer   Tracer // nil = no traces
	redact   *reqlog.Redactor
	metrics  *Metrics
	limits   *limits.Limiter
	logger   *slog.Logger
	now      func() time.Time
	ids      *idSource

	base      context.Context // parent of every upstream call; cancelled when the drain is over
	stop      context.CancelCauseFunc
	draining  atomic.Bool
	inflight  sync.WaitGroup
	running   running
	strangers strangers
	bodies    admission
}

// Parts are what a gateway is made of. All are required but Tracer and Limits.
type Parts struct {
	Router   *routing.Router
	Keys     *Keyring
	Client   *upstream.Client
	Recorder Recorder
	Tracer   Tracer
	Redactor *reqlog.Redactor
	Metrics  *Metrics
	Limits   *limits.Limiter
	Logger   *slog.Logger
}

// New makes a gateway.
func New(opts Options, parts Parts) *Gateway {
	if opts.Heartbeat <= 0 {
		opts.Heartbeat = 15 * time.Second
	}
	base, stop := context.WithCancelCause(context.Background())
	return &Gateway{
		opts: opts, router: parts.Router, keys: parts.Keys, client: parts.Client, recorder: parts.Recorder, tracer: parts.Tracer, redact: parts.Redactor,
		metrics: parts.Metrics, limits: parts.Limits, logger: parts.Logger, now: time.Now, ids: newIDSource(), base: base, stop: stop,
		running: running{exchanges: map[string]*Exchange{}}, bodies: admission{limit: opts.MaxInflightBytes},
	}
}

// StartDrain makes every new request answer 503 shutting_down; running ones go on.
func (g *Gateway) StartDrain() { g.draining.Store(true) }

// Drain waits for running exchanges until ctx ends, then cancels what is left: those streams end with an error event and
// are recorded like any other.
func (g *Gateway) Drain(ctx context.Context) {
	g.StartDrain()
	done := make(chan struct{})
	go func() { g.inflight.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
		g.logger.Warn("drain deadline reached, cutting what still runs", "running", g.running.len())
		g.stop(upstream.ErrShuttingDown)
		select {
		case <-done:
		case <-time.After(5 * time.Second):
		}
	}
	g.client.CloseIdle()
}

// Cancel stops a running exchange on an administrator's behalf; false when it isn't running here.
func (g *Gateway) Cancel(id string) bool {
	x := g.running.get(id)
	if x == nil {
		return false
	}
	x.cancel(upstream.ErrCancelled)
	return true
}

// Running returns how many exchanges are under way.
func (g *Gateway) Running() int { return g.running.len() }

// running is the set of exchanges under way.
type running struct {
	mu        sync.Mutex
	exchanges map[string]*Exchange
}

func (r *running) add(x *Exchange) {
	r.mu.Lock()
	r.exchanges[x.id] = x
	r.mu.Unlock()
}

func (r *running) remove(id string) {
	r.mu.Lock()
	delete(r.exchanges, id)
	r.mu.Unlock()
}

func (r *running) get(id string) *Exchange {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.exchanges[id]
}

func (r *running) len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.exchanges)
}
