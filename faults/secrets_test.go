package faults

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"squirrel/app/apptest"
	"squirrel/models/store/pgtest"
)

// TestG01_NoSecretLeavesTheGateway sends a mix of everything through a gateway full of secrets, and then looks for pieces of them
// in all that it has written, stored and answered.
func TestG01_NoSecretLeavesTheGateway(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	w.everything()
	w.terminate()
	w.searchTraces()
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
	w.searchTraces()
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
