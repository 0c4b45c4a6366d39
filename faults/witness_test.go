package faults

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"squirrel/app/apptest"
	"squirrel/app/config"
	"squirrel/proxy/simulator"
)

// Secrets that look like nothing: no rule about their shape may be what keeps them out of sight.
const (
	secretPassword  = "Vt4nQz8wKe2LpX7rBd5mHs9c"
	secretDSN       = "Gy6uJf3aTo1NkW8vRq4zMi7x"
	secretProvider  = "Cb9eXl2sPh5YdU8gKv3tZn6w"
	secretProvider2 = "Ow7qFm4rJa1HxT9kLs6yBe3v"
	secretHeader    = "Ri5zDc8nWu2QgM7pVk4fJt1h"
	secretProxy     = "Ex3bSv6kYo9TaL2wNr8cGq5d"
	secretMetrics   = "Lk8hPw5yZi2UfC7jXs4mDb9t"
	secretCollector = "Aq6vNt3sRg8KxE1yJo5wUc9b"
)

// masterKey is a key of 32 bytes; only its base64 is ever written down.
var masterKey = []byte("Nd7sQx4vGb9kTe2wLm6yJc1rFz8pHa5u")

// witness is a gateway with secrets, and everything that it has ever let out.
type witness struct {
	*process
	sim      *simulator.Server
	admin    *apptest.Admin
	cookie   *http.Cookie
	key      string
	canaries apptest.Canaries
	leaks    []string
	pages    int
	traces   collector
}

// collector is where traces go.
type collector struct {
	mu   sync.Mutex
	data []byte
}

// ServeHTTP implements http.Handler.
func (c *collector) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	data, _ := io.ReadAll(r.Body)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.data = append(c.data, data...)
}

func newWitness(t *testing.T, environ ...string) *witness {
	t.Helper()
	w := &witness{sim: newSimulator(t)}
	traces := httptest.NewServer(&w.traces)
	t.Cleanup(traces.Close)
	w.process = newProcess(t, append([]string{
		"ADMIN_PASSWORD=" + secretPassword, "METRICS_TOKEN=" + secretMetrics,
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + strings.Replace(traces.URL, "://", "://me:"+secretCollector+"@", 1),
		"ENCRYPTION_KEY=" + base64.StdEncoding.EncodeToString(masterKey),
	}, environ...)...)
	if len(environ) > 0 { // it brings a key of its own
		w.set("ENCRYPTION_KEY=" + base64.StdEncoding.EncodeToString(masterKey))
	}
	for name, secret := range map[string]string{
		"the administrator's password": secretPassword, "the database's password": secretDSN, "a provider's key": secretProvider,
		"another provider's key": secretProvider2, "a provider's header": secretHeader, "a proxy's password": secretProxy,
		"the metrics token": secretMetrics, "the collector's password": secretCollector, "the master key": string(masterKey), "the master key's base64": base64.StdEncoding.EncodeToString(masterKey),
	} {
		w.canaries.Add(name, secret)
	}
	w.startReady()
	w.login()
	w.seed()
	return w
}

// login keeps the session's token and cookie, which are secrets from now on.
func (w *witness) login() {
	w.t.Helper()
	w.admin = &apptest.Admin{URL: w.url, HTTP: http.DefaultClient}
	resp, err := w.admin.Send(context.Background(), http.MethodPost, "/api/auth/login", map[string]string{"username": adminName, "password": secretPassword})
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.Token == "" || len(resp.Cookies()) == 0 {
		w.t.Fatalf("login: %d %v", resp.StatusCode, err)
	}
	w.admin.Token, w.cookie = answer.Token, resp.Cookies()[0]
	w.canaries.Add("a session", answer.Token)
	w.canaries.Add("a session's cookie", w.cookie.Value)
}

func (w *witness) must(method, path string, in any) (out map[string]any) {
	w.t.Helper()
	if err := w.admin.Call(context.Background(), method, path, in, &out); err != nil {
		w.t.Fatal(err)
	}
	return out
}

// seed makes providers with secrets in every place that takes one, and a model for each way a call can go.
func (w *witness) seed() {
	w.t.Helper()
	provider := func(name, protocol, base, key string, more map[string]any) int64 {
		in := map[string]any{"name": name, "protocol": protocol, "base_url": base, "api_key": key, "extra_headers": map[string]string{"X-Tenant-Token": secretHeader}}
		for field, value := range more {
			in[field] = value
		}
		return int64(w.must(http.MethodPost, "/api/admin/providers", in)["id"].(float64))
	}
	acorn := provider("acorn", "openai", w.sim.OpenAIBase(), secretProvider, nil)
	walnut := provider("walnut", "anthropic", w.sim.AnthropicBase(), secretProvider2, nil)
	behind := provider("behind a proxy", "openai", "http://provider.invalid/v1", secretProvider, map[string]any{"proxy_url": "http://user:" + secretProxy + "@127.0.0.1:1080"})
	for _, m := range []struct {
		name     string
		provider int64
		target   string
	}{
		{"plain", acorn, "gpt-4o-mini"}, {"claude", walnut, "claude-haiku-4-5"}, {"refused", acorn, "fault:status:400"}, {"down", acorn, "fault:status:500"},
		{"echo", acorn, "fault:echoauth"}, {"echo-claude", walnut, "fault:echoauth"}, {"cut", acorn, "fault:rst@4e"}, {"credential", acorn, "fault:status:401"},
		{"garbage", acorn, "fault:json:garbage"}, {"elsewhere", acorn, "fault:redirect:http://elsewhere.invalid/"}, {"proxied", behind, "gpt-4o-mini"},
	} {
		if err := w.admin.AddModel(context.Background(), m.name, m.provider, m.target); err != nil {
			w.t.Fatal(err)
		}
	}
	var err error
	if w.key, err = w.admin.AddKey(context.Background(), "tests"); err != nil {
		w.t.Fatal(err)
	}
	w.canaries.Add("a gateway key", w.key)
	w.eventually("the seed is served", func() bool { return w.call(apptest.Chat, "plain", false).Status == http.StatusOK })
}

// call makes a model call and searches the answer.
func (w *witness) call(path, model string, stream bool) apptest.Answer {
	answer := apptest.Do(context.Background(), http.DefaultClient, w.url, w.key, apptest.Call{ID: "x", Path: path, Model: model, Stream: stream}, nil)
	w.search("the answer of "+model, []byte(answer.Body))
	return answer
}

func (w *witness) search(where string, data []byte) {
	w.leaks = append(w.leaks, w.canaries.Search(where, data)...)
}

// fetch searches the header and the body of an answer.
func (w *witness) fetch(what string, req *http.Request) {
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Errorf("%s: %v", what, err)
	}
	if resp.StatusCode == http.StatusOK && len(data) > 0 {
		w.pages++
	}
	var header bytes.Buffer
	_ = resp.Header.Write(&header) // to memory
	w.search(what+" (header)", header.Bytes())
	w.search(what, data)
}

// searchFiles looks at what was printed, and at every file of the data directory but the one that holds the key.
func (w *witness) searchFiles() {
	w.t.Helper()
	seen := 0
	err := filepath.WalkDir(w.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == config.KeyFile {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		seen += len(data)
		w.search(strings.TrimPrefix(path, w.dir), data)
		return nil
	})
	if err != nil || seen == 0 {
		w.t.Errorf("%d bytes searched, %v", seen, err)
	}
}

// searchTraces looks at what the collector got.
func (w *witness) searchTraces() {
	w.t.Helper()
	w.traces.mu.Lock()
	defer w.traces.mu.Unlock()
	if !bytes.Contains(w.traces.data, []byte("gen_ai.request.model")) {
		w.t.Errorf("%d bytes of traces, and no call in them", len(w.traces.data))
	}
	w.search("the traces", w.traces.data)
}

// searchTables looks at every row of every table.
func (w *witness) searchTables(dsn string) {
	w.t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		w.t.Fatal(err)
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
	if err != nil {
		w.t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 5 {
		w.t.Fatalf("%d tables, %v", len(tables), err)
	}
	for _, table := range tables {
		var dump bytes.Buffer
		if _, err := conn.PgConn().CopyTo(ctx, &dump, fmt.Sprintf("COPY (SELECT * FROM %s) TO STDOUT", pgx.Identifier{table}.Sanitize())); err != nil {
			w.t.Fatal(err)
		}
		w.search("table "+table, dump.Bytes())
	}
}

func (w *witness) verdict() {
	w.t.Helper()
	for i, leak := range w.leaks {
		if i == 20 {
			w.t.Errorf("and %d more", len(w.leaks)-i)
			break
		}
		w.t.Error(leak)
	}
	w.t.Logf("%d pages and answers searched", w.pages)
}
