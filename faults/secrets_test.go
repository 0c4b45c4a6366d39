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
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"squirrel/app/apptest"
	"squirrel/app/config"
	"squirrel/models/store/pgtest"
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
}

// TestG01_NoSecretLeavesTheGateway sends a mix of everything through a gateway full of secrets, and then looks for pieces of them
// in all that it has written, stored and answered.
func TestG01_NoSecretLeavesTheGateway(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	w.everything()
	w.terminate()
	w.searchFiles()
	w.verdict()
}

// TestG02_NorAtDebugLevel does the same on PostgreSQL, where the password of the database is a secret too, with DEBUG on and raw
// stream events recorded.
func TestG02_NorAtDebugLevel(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Database(t)
	withPassword := strings.Replace(dsn, "postgres@", "postgres:"+secretDSN+"@", 1)
	w := newWitness(t, append(postgres(withPassword), "DEBUG=true", "LOG_STREAM_EVENTS=true")...)
	w.everything()
	w.terminate()
	w.searchFiles()
	w.searchTables(dsn)
	w.verdict()
}

// TestG12_ACrashTellsNothing makes the runtime write down every stack, as it does for a panic that nobody recovers.
func TestG12_ACrashTellsNothing(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	w.call(apptest.Chat, "plain", false)
	w.signal(syscall.SIGQUIT)
	w.wait(10 * time.Second)
	if !strings.Contains(w.log(), "goroutine ") {
		t.Fatalf("no stacks were written:\n%s", tail(w.log(), 2000))
	}
	w.searchFiles()
	w.verdict()
}

func newWitness(t *testing.T, environ ...string) *witness {
	t.Helper()
	w := &witness{sim: newSimulator(t)}
	w.process = newProcess(t, append([]string{
		"ADMIN_PASSWORD=" + secretPassword, "METRICS_TOKEN=" + secretMetrics,
		"ENCRYPTION_KEY=" + base64.StdEncoding.EncodeToString(masterKey),
	}, environ...)...)
	if len(environ) > 0 { // it brings a key of its own
		w.set("ENCRYPTION_KEY=" + base64.StdEncoding.EncodeToString(masterKey))
	}
	for name, secret := range map[string]string{
		"the administrator's password": secretPassword, "the database's password": secretDSN, "a provider's key": secretProvider,
		"another provider's key": secretProvider2, "a provider's header": secretHeader, "a proxy's password": secretProxy,
		"the metrics token": secretMetrics, "the master key": string(masterKey), "the master key's base64": base64.StdEncoding.EncodeToString(masterKey),
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

// everything is what clients, administrators and strangers do.
func (w *witness) everything() {
	w.traffic()
	w.carelessClients()
	w.administration()
	w.shipped(w.admin)
	w.readAll()
}

func (w *witness) traffic() {
	for _, model := range []string{"plain", "claude", "refused", "down", "echo", "echo-claude", "cut", "credential", "garbage", "elsewhere", "proxied", "no-such-model"} {
		for _, path := range []string{apptest.Chat, apptest.Messages} {
			w.call(path, model, false)
			w.call(path, model, true)
		}
	}
	if w.sim.Ledger().Total() < 40 {
		w.t.Errorf("only %d calls reached a provider", w.sim.Ledger().Total())
	}
}

// carelessClients put their key where it does not belong. It is theirs to lose, but not ours to keep or to tell.
func (w *witness) carelessClients() {
	ask := func(what, path, body string, header map[string]string) {
		req, err := http.NewRequest(http.MethodPost, w.url+path, strings.NewReader(body))
		if err != nil {
			w.t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		for name, value := range header {
			req.Header.Set(name, value)
		}
		w.fetch(what, req)
	}
	good := map[string]string{"Authorization": "Bearer " + w.key}
	body := func(model, text string) string {
		out, _ := json.Marshal(map[string]any{"model": model, "messages": []any{map[string]string{"role": "user", "content": text}}})
		return string(out)
	}
	ask("a key in the URL", "/v1/chat/completions?api_key="+w.key, body("plain", "x"), nil)
	ask("a key in the URL of nothing", "/v1/nothing?key="+w.key, body("plain", "x"), good)
	ask("a key in the path", "/v1/"+w.key, body("plain", "x"), good)
	w.keyInThePrompt()
	ask("a key as the model", "/v1/chat/completions", body(w.key, "x"), good)
	ask("a key as the user", "/v1/chat/completions", body("plain", "x"), map[string]string{"Authorization": "Bearer " + w.key, "X-User-Id": w.key, "User-Agent": "agent/" + w.key})
	ask("a key behind another scheme", "/v1/chat/completions", body("plain", "x"), map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte("me:"+w.key))})
	ask("two keys", "/v1/chat/completions", body("plain", "x"), map[string]string{"Authorization": "Bearer " + w.key, "X-Api-Key": w.key + "x"})
	ask("malformed JSON with a key", "/v1/chat/completions", `{"model":"plain","key":"`+w.key+`"`, good)
	ask("a wrong field with a key", "/v1/messages", `{"model":"`+w.key+`","stream":"yes"}`, good)
	ask("a password as the user name", "/api/auth/login", `{"username":"`+secretPassword+`","password":"wrong"}`, nil)
	ask("a session on the wrong side", "/v1/chat/completions", body("plain", "x"), map[string]string{"Authorization": "Bearer " + w.admin.Token, "Cookie": w.cookie.String()})
}

// keyInThePrompt is the one case in which the client hears its key again: the model repeats what it was told.
func (w *witness) keyInThePrompt() {
	call := apptest.Call{ID: "my key is " + w.key + ", and " + base64.StdEncoding.EncodeToString([]byte("user:"+w.key)), Path: apptest.Chat, Model: "plain"}
	answer := apptest.Do(context.Background(), http.DefaultClient, w.url, w.key, call, func(r *http.Request) { r.Header.Del("X-User-Id") })
	if answer.Status != http.StatusOK || !strings.Contains(answer.Body, w.key) {
		w.t.Errorf("a prompt was changed on its way: %d %s", answer.Status, answer.Body)
	}
}

// administration is what changes configuration and what fails doing so.
func (w *witness) administration() {
	send := func(method, path string, in any) {
		resp, err := w.admin.Send(context.Background(), method, path, in)
		if err != nil {
			w.t.Fatal(err)
		}
		defer resp.Body.Close()
		data, _ := io.ReadAll(resp.Body)
		w.search(method+" "+path, data)
	}
	send(http.MethodPost, "/api/admin/providers/1/test", map[string]any{})
	send(http.MethodPost, "/api/admin/providers/3/test", map[string]any{})
	send(http.MethodGet, "/api/admin/providers/1/models", nil)
	send(http.MethodPost, "/api/admin/models/echo/test", map[string]any{})
	send(http.MethodPut, "/api/admin/providers/1", map[string]any{"remark": "changed"})
	send(http.MethodPut, "/api/admin/providers/1", map[string]any{"base_url": "http://elsewhere.invalid/v1"})
	send(http.MethodPut, "/api/admin/providers/1", map[string]any{"api_key": secretProvider, "nonsense": secretProvider})
	send(http.MethodPost, "/api/admin/providers", map[string]any{"name": "acorn", "protocol": "openai", "base_url": "http://x.invalid/" + secretProvider, "api_key": secretProvider})
	send(http.MethodPost, "/api/admin/config/import?dry_run=true", map[string]any{"nonsense": secretProvider})
}

// readAll reads everything the gateway offers to read.
func (w *witness) readAll() {
	var list struct {
		Items []struct {
			ID string `json:"id"`
		} `json:"items"`
	}
	if err := w.admin.Call(context.Background(), http.MethodGet, "/api/admin/logs?page_size=200", nil, &list); err != nil || len(list.Items) < 50 {
		w.t.Fatalf("%d log rows, %v", len(list.Items), err)
	}
	paths := []string{
		"/api/admin/providers", "/api/admin/providers/1", "/api/admin/providers/3", "/api/admin/providers/export", "/api/admin/models", "/api/admin/models/export",
		"/api/admin/api-keys", "/api/admin/api-keys/1", "/api/admin/config/export", "/api/admin/logs/export?format=csv", "/api/admin/logs/export?format=jsonl",
		"/api/admin/logs/stats", "/metrics", "/readyz?verbose=1", "/v1/usage", "/v1/models", "/admin", "/admin/providers", "/admin/providers/1", "/admin/providers/3",
		"/admin/providers/1/edit", "/admin/models", "/admin/models/echo", "/admin/keys", "/admin/keys/1", "/admin/logs", "/admin/usage", "/admin/prices",
		"/admin/simulate", "/admin/playground", "/admin/settings", "/admin/changes", "/admin/storage", "/admin/logs?q=" + url.QueryEscape("x"),
	}
	for _, row := range list.Items {
		paths = append(paths, "/api/admin/logs/"+row.ID, "/admin/logs/"+row.ID)
	}
	for _, path := range paths {
		req, err := http.NewRequest(http.MethodGet, w.url+path, nil)
		if err != nil {
			w.t.Fatal(err)
		}
		switch {
		case strings.HasPrefix(path, "/admin"):
			req.AddCookie(w.cookie)
		case strings.HasPrefix(path, "/v1"):
			req.Header.Set("Authorization", "Bearer "+w.key)
		case path == "/metrics":
			req.Header.Set("Authorization", "Bearer "+secretMetrics)
		default:
			req.Header.Set("Authorization", "Bearer "+w.admin.Token)
		}
		w.fetch(path, req)
	}
	if w.pages < 100 {
		w.t.Errorf("only %d pages and answers could be read", w.pages)
	}
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
