package proxy

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"

	"squirrel/models"
	"squirrel/proxy/edge"
	"squirrel/proxy/limits"
	"squirrel/proxy/reqlog"
	"squirrel/proxy/simulator"
	"squirrel/proxy/upstream"
	"squirrel/routing"
)

const testKey = "lgw-0123456789abcdefghijklmnopqrstuv"

// testGateway is a gateway over simulated providers, on a real listener.
type testGateway struct {
	*Gateway
	t      testing.TB
	url    string
	rec    *recorder
	router *routing.Router
	sim    *simulator.Server
	logs   *logBuffer
	reg    *prometheus.Registry
}

// setup describes a test's gateway; the zero value is one OpenAI provider behind the model "m".
type setup struct {
	options   func(*Options)
	providers []models.Provider // default: one of the OpenAI kind
	models    []models.Model    // default: "m" with one route to each provider, by priority
	key       func(*models.APIKey)
	keys      []models.APIKey       // further keys
	hook      func(models.LogWrite) // called with each log record, before it is accepted
	sim       simulator.Options
	clock     func() time.Time // default: time.Now
	target    string           // target model of the default routes; "" = gpt-4o
}

func newTestGateway(t testing.TB, s setup) *testGateway {
	t.Helper()
	sim, err := simulator.Start(s.sim)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sim.Close() })
	g := &testGateway{t: t, sim: sim, rec: &recorder{hook: s.hook}, logs: &logBuffer{}, reg: prometheus.NewRegistry()}
	opts := Options{
		RetryMaxAttempts: 3, RetryDelay: 20 * time.Millisecond, MaxTotalAttempts: 6, ExchangeTimeout: time.Minute, MaxRequestBytes: 32 << 20,
		MaxUploadBytes: 100 << 20, LogBodyMaxBytes: 10 << 20, Instance: "test", TempDir: t.TempDir(),
	}
	if s.options != nil {
		s.options(&opts)
	}
	g.router = routing.New(routing.Options{Now: time.Now, CanServe: CanServe})
	keys := NewKeyring()
	cfg := s.config(sim)
	for _, problem := range g.router.Swap(cfg) {
		t.Fatal(problem)
	}
	keys.Swap(cfg.Keys)
	redact := reqlog.NewRedactor(reqlog.RedactPolicy{KeyPrefix: "lgw-"})
	for _, p := range cfg.Providers {
		redact.SetSecrets([]models.Secret{p.APIKey})
	}
	g.Gateway = New(opts, Parts{
		Router: g.router, Keys: keys, Client: upstream.NewClient(upstream.PrivateAllowed, sim.RootCAs()), Recorder: g.rec, Redactor: redact,
		Metrics: NewMetrics(g.reg), Limits: limits.New(limits.Options{Spent: func(context.Context, int64, time.Time) (models.NanoUSD, error) { return 0, nil }}),
		Logger: slog.New(slog.NewJSONHandler(g.logs, nil)),
	})
	if s.clock != nil {
		g.now = s.clock
	}
	g.serve()
	return g
}

// config leaves the setup as it is: tables of cases use theirs again with each run of -count.
func (s setup) config(sim *simulator.Server) models.Config {
	cfg := models.Config{Version: 1, Providers: slices.Clone(s.providers), Models: slices.Clone(s.models)}
	if len(cfg.Providers) == 0 {
		cfg.Providers = []models.Provider{{Name: "one", Protocol: models.ProtocolOpenAI}}
	}
	for i := range cfg.Providers {
		p := &cfg.Providers[i]
		p.ID, p.IsActive = int64(i+1), true
		if p.APIKey == "" {
			p.APIKey = "sim-key-of-the-provider-0001"
		}
		if p.BaseURL == "" {
			p.BaseURL = sim.OpenAIBase()
			if p.Protocol == models.ProtocolAnthropic {
				p.BaseURL = sim.AnthropicBase()
			}
		}
	}
	if len(cfg.Models) == 0 {
		m := models.Model{Name: "m", Strategy: models.StrategyPriority, Type: models.ModelChat}
		for i := range cfg.Providers {
			target := s.target
			if target == "" {
				target = "gpt-4o"
			}
			m.Routes = append(m.Routes, models.Route{ProviderID: int64(i + 1), TargetModel: target, Priority: i, Weight: 1})
		}
		cfg.Models = []models.Model{m}
	}
	id := int64(0)
	for i := range cfg.Models {
		m := &cfg.Models[i]
		m.ID, m.IsActive, m.CreatedAt = int64(i+1), true, time.Unix(1700000000, 0)
		m.Routes = slices.Clone(m.Routes)
		for j := range m.Routes {
			id++
			r := &m.Routes[j]
			p := cfg.Providers[r.ProviderID-1]
			r.ID, r.ModelName, r.ProviderName, r.Protocol, r.IsActive = id, m.Name, p.Name, p.Protocol, true
		}
	}
	key := models.APIKey{ID: 1, Name: "tests", Hash: sha256.Sum256([]byte(testKey)), IsActive: true, RecordDetails: true}
	if s.key != nil {
		s.key(&key)
	}
	cfg.Keys = append([]models.APIKey{key}, s.keys...)
	return cfg
}

// serve listens as app does.
func (g *testGateway) serve() {
	app := fiber.New(fiber.Config{
		DisableStartupMessage: true, Immutable: true, CaseSensitive: true, StrictRouting: true, StreamRequestBody: true,
		DisablePreParseMultipartForm: true, BodyLimit: 64 << 10, ReadBufferSize: 32 << 10,
	})
	g.Register(app)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		g.t.Fatal(err)
	}
	g.url = "http://" + l.Addr().String()
	done := make(chan struct{})
	go func() { defer close(done); _ = app.Listener(edge.NewListener(l, 2*time.Second)) }()
	g.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		g.Drain(ctx)
		l.Close() // fasthttp's own shutdown looks at its connections only each 100 ms
		<-done
	})
}

// post sends a body with the test key.
func (g *testGateway) post(path, body string, header ...string) *http.Response {
	g.t.Helper()
	return g.do(g.request(path, body, header...))
}

// get asks with the test key.
func (g *testGateway) get(path string, header ...string) *http.Response {
	g.t.Helper()
	req := g.request(path, "", header...)
	req.Method = http.MethodGet
	return g.do(req)
}

func (g *testGateway) do(req *http.Request) *http.Response {
	g.t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { resp.Body.Close() })
	return resp
}

func (g *testGateway) request(path, body string, header ...string) *http.Request {
	req, err := http.NewRequest(http.MethodPost, g.url+path, bytes.NewReader([]byte(body)))
	if err != nil {
		g.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+testKey)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		if req.Header.Set(header[i], header[i+1]); header[i+1] == "" {
			req.Header.Del(header[i])
		}
	}
	return req
}

func readAll(t testing.TB, resp *http.Response) string {
	t.Helper()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("read the answer: %v (got %q)", err, data)
	}
	return string(data)
}

func chat(model, text string, stream bool) string {
	return fmt.Sprintf(`{"model":%q,"stream":%t,"messages":[{"role":"user","content":%q}]}`, model, stream, text)
}

// scripted is a setup whose provider answers every request with these bytes, as an event stream.
func scripted(stream string) setup { return answering("text/event-stream", stream) }

// answering is a setup whose provider answers every request with the same body.
func answering(contentType, text string) setup {
	body := []byte(text)
	return setup{sim: simulator.Options{Script: func(*simulator.Request) simulator.Fault {
		return simulator.Fault{Body: body, ContentType: contentType}
	}}}
}

// counted is the sum of a counter over all its labels.
func (g *testGateway) counted(name string) (sum float64) {
	g.t.Helper()
	families, err := g.reg.Gather()
	if err != nil {
		g.t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == name {
			for _, m := range family.GetMetric() {
				sum += m.GetCounter().GetValue()
			}
		}
	}
	return sum
}
