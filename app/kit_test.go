package app

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"squirrel/app/apptest"
	"squirrel/proxy/simulator"
)

const (
	adminName     = "root"
	adminPassword = "correct horse battery"
)

// kit is a gateway on a real listener in this process.
type kit struct {
	*App
	t   testing.TB
	url string
}

// newKit starts a gateway on a data directory of its own, with an administrator unless the environment names none.
func newKit(t testing.TB, environ ...string) *kit {
	t.Helper()
	return startKit(t, usualPatience, nil, append(withAdmin(), environ...)...)
}

func withAdmin() []string {
	return []string{"ADMIN_USERNAME=" + adminName, "ADMIN_PASSWORD=" + adminPassword}
}

// startKit lets a test choose how patient the gateway is, and wrap its listener (nil = as it is).
func startKit(t testing.TB, p patience, wrap func(net.Listener) net.Listener, environ ...string) *kit {
	t.Helper()
	dir := t.TempDir()
	environ = append([]string{"HOST=127.0.0.1", "PORT=0", "DATA_DIR=" + dir, "DATABASE_URL=sqlite:///" + dir + "/test.db", "SHUTDOWN_GRACE_SECONDS=2", "RETRY_DELAY_MS=10"}, environ...)
	cfg, _, err := Configure(environ, "", io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	a, err := start(t.Context(), cfg, slog.New(slog.DiscardHandler), p)
	if err != nil {
		t.Fatal(err)
	}
	a.terminal = io.Discard
	k := &kit{App: a, t: t, url: "http://" + a.Addr()}
	if wrap != nil {
		a.listener = wrap(a.listener)
	}
	ctx, stop := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- a.Run(ctx) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		stop()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
	return k
}

func (k *kit) login() *apptest.Admin {
	k.t.Helper()
	admin, err := apptest.Login(k.t.Context(), k.url, adminName, adminPassword)
	if err != nil {
		k.t.Fatal(err)
	}
	return admin
}

// seeded adds simulated providers, models and a key.
func (k *kit) seeded(opt simulator.Options) (*apptest.Admin, *simulator.Server, string) {
	k.t.Helper()
	sim, err := simulator.Start(opt)
	if err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(func() { sim.Close() })
	admin := k.login()
	key, err := apptest.Seed(k.t.Context(), admin, sim)
	if err != nil {
		k.t.Fatal(err)
	}
	k.eventually("the seed is served", func() bool {
		return len(k.router.Models(nil)) >= 6 && k.keys != nil && k.get("/v1/models", "Authorization", "Bearer "+key) == http.StatusOK
	})
	return admin, sim, key
}

// get returns the status of an answer.
func (k *kit) get(path string, header ...string) int {
	k.t.Helper()
	status, _ := k.send(http.MethodGet, path, "", header...)
	return status
}

// send makes a request as a browser would not: no redirect is followed. Headers are name, value pairs.
func (k *kit) send(method, path, body string, header ...string) (int, *answer) {
	k.t.Helper()
	raw := method + " " + path + " HTTP/1.1\r\n"
	if !has(header, "Host") {
		raw += "Host: " + k.Addr() + "\r\n"
	}
	for i := 0; i+1 < len(header); i += 2 {
		raw += header[i] + ": " + header[i+1] + "\r\n"
	}
	if body != "" || method != http.MethodGet {
		raw += "Content-Type: application/json\r\nContent-Length: " + itoa(len(body)) + "\r\n"
	}
	answers := exchange(k.t, k.Addr(), raw+"Connection: close\r\n\r\n"+body)
	if len(answers) != 1 {
		k.t.Fatalf("%s %s: %d answers", method, path, len(answers))
	}
	return answers[0].status, &answers[0]
}

func has(pairs []string, name string) bool {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i] == name {
			return true
		}
	}
	return false
}

func (k *kit) eventually(what string, ok func() bool) {
	k.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			k.t.Fatalf("not within 10 s: %s", what)
		}
	}
}
