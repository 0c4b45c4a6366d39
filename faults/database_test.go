package faults

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"squirrel/app/apptest"
	"squirrel/models/store/pgtest"
)

// postgres is a gateway's environment for a database of PostgreSQL.
func postgres(url string) []string {
	return []string{"DATABASE_TYPE=postgresql", "DATABASE_URL=" + url, "ENCRYPTION_KEY=Zm91cnR5LXR3by1pcy10aGUtYW5zd2VyLXRvLWl0LTE="}
}

// codeOf is the code of an error of the admin API, "" when there is none.
func codeOf(err error) string {
	if e, ok := errors.AsType[*apptest.StatusError](err); ok {
		return e.Code
	}
	return ""
}

// TestH04_PostgreSQLAway stops the database under load. No client notices, the admin API says what is the matter, and when
// the database is back it gets every row, once.
func TestH04_PostgreSQLAway(t *testing.T) {
	server := pgtest.New(t)
	sim := newSimulator(t)
	p := newProcess(t, postgres(server.Database(t))...)
	admin, key := seeded(t, p, sim)
	clients := startLoad(p.url, key, 24, steady)
	time.Sleep(time.Second)
	server.Stop(t)
	stopped := time.Now()
	for time.Since(stopped) < *outage {
		err := admin.Call(t.Context(), http.MethodGet, "/api/admin/providers", nil, nil)
		if codeOf(err) != "database_unavailable" {
			t.Errorf("the admin API during the outage: %v", err)
		}
		if ready := p.ready(); ready != http.StatusOK {
			t.Errorf("readiness during the outage: %d", ready)
		}
		time.Sleep(*outage / 8)
	}
	_, behind, _ := admin.LogState(t.Context()) // the session can't be checked, but loopback may ask
	server.Start(t)
	back := time.Now()
	time.Sleep(time.Second)
	perSecond := clients.perSecond()
	answers := clients.stop()
	p.eventually("the admin API is back", func() bool {
		return admin.Call(context.Background(), http.MethodGet, "/api/admin/providers", nil, nil) == nil
	})
	p.shipped(admin)
	caughtUp := time.Since(back)

	for i := range answers {
		a := &answers[i]
		want := http.StatusOK
		if a.Model == apptest.Broken {
			want = http.StatusBadRequest
		}
		if a.Status != want || !a.Complete {
			t.Errorf("call %s (%s) failed: %d, complete %t, %v: %s", a.ID, a.Model, a.Status, a.Complete, a.Err, a.Body)
		}
	}
	rows := logRows(t, admin)
	r := reckon(t, answers, rows, sim)
	r.sums(admin, rows)
	t.Logf("%v without database at %.0f calls/s: %s; the database was %v behind and has caught up %v after its return",
		*outage, perSecond, r, behind.Round(time.Millisecond), caughtUp.Round(time.Millisecond))
}

// TestH07_SQLiteLocked holds the lock of the database from outside, as a backup or an operator's shell does.
func TestH07_SQLiteLocked(t *testing.T) {
	t.Parallel()
	sim := newSimulator(t)
	p := newProcess(t)
	admin, key := seeded(t, p, sim)
	ctx := t.Context()
	lock, err := openSQLite(t, filepath.Join(p.dir, "data", "gateway.db")).Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	p.eventually("the lock is ours", func() bool { _, err := lock.ExecContext(ctx, "BEGIN IMMEDIATE"); return err == nil })
	clients := startLoad(p.url, key, 4, steady)
	began := time.Now()
	_, err = admin.AddKey(ctx, "while locked")
	if waited := time.Since(began); codeOf(err) != "database_busy" || waited < 4*time.Second || waited > 9*time.Second {
		t.Errorf("an admin's change after %v: %v", waited, err)
	}
	if err := admin.Call(ctx, http.MethodGet, "/api/admin/providers", nil, nil); err != nil {
		t.Errorf("reading: %v", err)
	}
	answers := clients.stop()
	if _, err := lock.ExecContext(ctx, "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.AddKey(ctx, "after it"); err != nil {
		t.Errorf("a change after the lock: %v", err)
	}
	p.shipped(admin)
	for i := range answers {
		if a := &answers[i]; a.Status != http.StatusOK && a.Model != apptest.Broken || !a.Complete {
			t.Errorf("call %s (%s): %d %v", a.ID, a.Model, a.Status, a.Err)
		}
	}
	reckon(t, answers, logRows(t, admin), sim)
}

// TestI01_TwoReplicas switches a key off at one gateway. The other, which shares only the database, refuses it within two
// seconds, although it is in constant use there.
func TestI01_TwoReplicas(t *testing.T) {
	environ := postgres(pgtest.Database(t))
	sim := newSimulator(t)
	a, b := newProcess(t, environ...), newProcess(t, environ...)
	admin, key := seeded(t, a, sim)
	b.startReady()
	call := func() int {
		return apptest.Do(t.Context(), http.DefaultClient, b.url, key, apptest.Call{ID: warmUp, Path: apptest.Chat, Model: apptest.Plain}, nil).Status
	}
	b.eventually("the other replica serves the key", func() bool { return call() == http.StatusOK })
	var slowest time.Duration
	for range 3 {
		for active, want := range map[bool]int{false: http.StatusUnauthorized, true: http.StatusOK} {
			if err := admin.Call(t.Context(), http.MethodPut, "/api/admin/api-keys/1", map[string]any{"is_active": active}, nil); err != nil {
				t.Fatal(err)
			}
			changed := time.Now()
			b.eventually("the change arrives", func() bool { return call() == want })
			slowest = max(slowest, time.Since(changed))
		}
	}
	if slowest > 2*time.Second {
		t.Errorf("a change took %v", slowest)
	}
	t.Logf("the slowest of 6 changes took %v", slowest.Round(time.Millisecond))
}
