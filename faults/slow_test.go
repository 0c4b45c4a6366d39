package faults

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"squirrel/app/apptest"
	"squirrel/models/store/pgtest"
)

// wire is a way to a server on which every answer can be made to take longer.
type wire struct {
	net.Listener
	to    string
	delay atomic.Int64 // nanoseconds
}

// slowWire opens a way to the server of a database URL, and returns the URL that leads over it.
func slowWire(t *testing.T, database string) (*wire, string) {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{Listener: l, to: u.Host}
	t.Cleanup(func() { l.Close() })
	go w.serve()
	u.Host = l.Addr().String()
	return w, u.String()
}

func (w *wire) serve() {
	for {
		client, err := w.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", w.to)
		if err != nil {
			client.Close()
			continue
		}
		go func() { _, _ = io.Copy(server, client); server.Close() }()
		go func() { w.answer(client, server); client.Close() }()
	}
}

func (w *wire) answer(client io.Writer, server io.Reader) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := server.Read(buffer)
		time.Sleep(time.Duration(w.delay.Load()))
		if n > 0 {
			if _, err := client.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// paced makes calls one after the other for a while, from several clients at once, and returns how long each took, sorted.
func paced(t *testing.T, url, key string, clients int, d time.Duration) []time.Duration {
	t.Helper()
	while, stop := context.WithTimeout(context.Background(), d)
	defer stop()
	return pacedWhile(while, t, url, key, clients)
}

// pacedWhile is paced until a context ends, which cuts no call.
func pacedWhile(while context.Context, t *testing.T, url, key string, clients int) []time.Duration {
	t.Helper()
	var mu sync.Mutex
	var took []time.Duration
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for ; while.Err() == nil; time.Sleep(15 * time.Millisecond) {
				began := time.Now()
				a := apptest.Do(context.Background(), client, url, key, apptest.Call{ID: warmUp, Path: apptest.Chat, Model: apptest.Plain}, nil)
				if a.Status != http.StatusOK {
					t.Errorf("status %d, %v: %s", a.Status, a.Err, a.Body)
				}
				mu.Lock()
				took = append(took, time.Since(began))
				mu.Unlock()
			}
		})
	}
	all.Wait()
	slices.Sort(took)
	return took
}

func percentile(sorted []time.Duration, p float64) time.Duration {
	return sorted[min(int(p*float64(len(sorted))), len(sorted)-1)]
}

// TestH05_PostgreSQLSlow makes each answer of the database take two seconds. Requests don't notice: neither those of a free key,
// nor, but for those that find it out, those of a key whose limits are shared. The admin API answers or gives up within its time.
func TestH05_PostgreSQLSlow(t *testing.T) {
	t.Parallel()
	w, database := slowWire(t, pgtest.Database(t))
	sim := newSimulator(t)
	p := newProcess(t, postgres(database)...)
	admin, key := seeded(t, p, sim)
	r := &replicas{t: t, all: []*process{p}, sim: sim, admin: admin, key: key}
	limited := r.limitedKey("limited", map[string]any{"rpm_limit": 100_000, "budget_usd": "100", "budget_period": "total"})
	for name, key := range map[string]string{"free": key, "limited": limited} {
		w.delay.Store(0)
		p.eventually("the database is as fast as before", func() bool {
			_, behind, err := admin.LogState(context.Background())
			return err == nil && behind == 0
		})
		before := paced(t, p.url, key, 3, 1500*time.Millisecond)
		w.delay.Store(int64(2 * time.Second))
		paced(t, p.url, key, 3, time.Second) // some find out
		during := paced(t, p.url, key, 3, 2*time.Second)
		t.Logf("%s key: p50 %v, p99 %v before; p50 %v, p99 %v while the database takes 2 s (%d and %d calls)", name, percentile(before, 0.5),
			percentile(before, 0.99), percentile(during, 0.5), percentile(during, 0.99), len(before), len(during))
		if slow := percentile(during, 0.99); slow > percentile(before, 0.99)+500*time.Millisecond {
			t.Errorf("%s key: the p99 is %v", name, slow)
		}
	}
	began := time.Now()
	err := admin.Call(t.Context(), http.MethodGet, "/api/admin/providers", nil, nil)
	if took := time.Since(began); took > 15*time.Second || err != nil && codeOf(err) != "database_unavailable" && codeOf(err) != "database_busy" {
		t.Errorf("the admin API after %v: %v", took, err)
	}
	w.delay.Store(0)
	p.shipped(admin)
}

// asRole is a database URL with another user.
func asRole(t *testing.T, database, role string) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(role)
	return u.String()
}
