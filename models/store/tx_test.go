package store

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/glebarez/sqlite"

	"squirrel/models"
	"squirrel/models/store/pgtest"
)

func TestInTx_AllOrNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := WithActor(t.Context(), "import")
		before, err := s.ConfigVersion(ctx)
		must(t, err)
		change := func(tx *Store) error {
			p := newProvider("p")
			if err := tx.CreateProvider(ctx, p); err != nil {
				return err
			}
			if err := tx.CreateModel(ctx, newModel("m", "alias")); err != nil {
				return err
			}
			if _, err := tx.Model(ctx, "alias"); err != nil { // a transaction reads what it wrote
				return err
			}
			return tx.InTx(ctx, func(tx *Store) error { return tx.CreateRoute(ctx, &models.Route{ModelName: "m", ProviderID: p.ID}) })
		}
		stop := errors.New("stop")
		err = s.InTx(ctx, func(tx *Store) error {
			if err := change(tx); err != nil {
				t.Error(err)
			}
			return stop
		})
		if !errors.Is(err, stop) {
			t.Errorf("error %v", err)
		}
		func() {
			defer func() { _ = recover() }()
			_ = s.InTx(ctx, func(tx *Store) error { must(t, change(tx)); panic("out") })
		}()
		cfg, err := s.LoadConfig(ctx)
		if err != nil || cfg.Version != before || len(cfg.Providers)+len(cfg.Models) != 0 {
			t.Errorf("after a rollback: %+v, %v", cfg, err)
		}
		if trail, err := s.Changes(ctx, 0, 10); err != nil || len(trail) != 0 {
			t.Errorf("the rollback left %d entries in the audit trail, %v", len(trail), err)
		}
		must(t, s.InTx(ctx, change))
		if cfg, err = s.LoadConfig(ctx); err != nil || cfg.Version != before+1 || len(cfg.Models[0].Routes) != 1 {
			t.Errorf("after the commit: %+v, %v", cfg, err)
		}
	})
}

func TestChanges(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		must(t, s.CreateModel(ctx, newModel("silent")))
		root := WithActor(ctx, "root")
		m := newModel("m")
		must(t, s.CreateModel(root, m))
		m.Strategy = models.StrategyWeighted
		must(t, s.UpdateModel(root, "m", m, nil))
		must(t, s.DeleteModel(root, "m"))
		must(t, s.CreateAPIKey(root, newKey("k", 1)))
		must(t, s.AddChange(ctx, &models.Change{Actor: "root", Action: "login"}))
		all, err := s.Changes(ctx, 0, 10)
		must(t, err)
		var got []string
		for _, c := range all {
			got = append(got, strings.Join([]string{c.Actor, c.Action, c.Object, c.ObjectKey}, " "))
		}
		want := "root login  |root create api_key k|root delete model m|root update model m|root create model m"
		if strings.Join(got, "|") != want {
			t.Errorf("changes %q, want %q", strings.Join(got, "|"), want)
		}
		update := all[3]
		if !strings.Contains(string(update.Before), `"round_robin"`) || !strings.Contains(string(update.After), `"weighted"`) || update.At.IsZero() {
			t.Errorf("update from %s to %s", update.Before, update.After)
		}
		if one, err := s.Change(ctx, update.ID); err != nil || string(one.After) != string(update.After) {
			t.Errorf("one: %+v, %v", one, err)
		}
		if older, err := s.Changes(ctx, all[1].ID, 2); err != nil || len(older) != 2 || older[0].ID != all[2].ID {
			t.Errorf("older: %+v, %v", older, err)
		}
	})
}

// TestH07_ExternalLock: another process holds the lock of the file. Reads go on; writes wait for the busy timeout, all of them
// side by side, and tell that the database is busy; when the lock is gone, they work.
func TestH07_ExternalLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	cfg := testConfig(t, "sqlite:///"+path)
	cfg.BusyTimeout = 400 * time.Millisecond
	s, err := Open(t.Context(), cfg)
	must(t, err)
	defer s.Close()
	ctx := t.Context()
	must(t, s.CreateProvider(ctx, newProvider("p")))

	other, err := sql.Open(sqlite.DriverName, sqliteDSN(path, "_txlock=immediate"))
	must(t, err)
	defer other.Close()
	lock, err := other.BeginTx(ctx, nil)
	must(t, err)

	var writers sync.WaitGroup
	for _, work := range []func() error{
		func() error { return s.CreateProvider(ctx, newProvider("q")) },
		func() error { return s.WriteLogs(ctx, []models.LogWrite{end(finished(noon))}) },
		func() error { return s.Heartbeat(ctx, "x") },
	} {
		writers.Go(func() {
			began := time.Now()
			wantCode(t, "a write", work(), models.CodeBusy)
			if took := time.Since(began); took < 350*time.Millisecond || took > 1500*time.Millisecond {
				t.Errorf("the write took %v with a busy timeout of 400 ms", took)
			}
		})
	}
	if _, err := s.Providers(ctx); err != nil {
		t.Errorf("reading: %v", err)
	}
	writers.Wait()
	time.AfterFunc(100*time.Millisecond, func() { _ = lock.Rollback() })
	must(t, s.CreateProvider(ctx, newProvider("q")))
}

// TestH07_LockedRows is the same on PostgreSQL, where somebody holds a row.
func TestH07_LockedRows(t *testing.T) {
	cfg := testConfig(t, pgtest.Database(t))
	cfg.BusyTimeout = 200 * time.Millisecond
	s, err := Open(t.Context(), cfg)
	must(t, err)
	defer s.Close()
	lock := s.writer.Begin()
	must(t, lock.Exec("UPDATE config_state SET updated_at = 1").Error)
	wantCode(t, "a change", s.CreateProvider(t.Context(), newProvider("p")), models.CodeBusy)
	must(t, s.WriteLogs(t.Context(), []models.LogWrite{end(finished(noon))}))
	must(t, lock.Rollback().Error)
	must(t, s.CreateProvider(t.Context(), newProvider("p")))
}

// TestH04_ServerDown stops and starts the server under an open store.
func TestH04_ServerDown(t *testing.T) {
	server := pgtest.New(t)
	s := open(t, server.Database(t))
	ctx := t.Context()
	var versions atomic.Int64
	watching, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.WatchConfig(watching, versionOf(t, s), func() error { versions.Add(1); return nil })
	}()
	defer func() { stop(); <-done }()
	write(t, s, end(finished(noon)))
	server.Stop(t)
	wantCode(t, "logs", s.WriteLogs(ctx, []models.LogWrite{end(finished(noon))}), models.CodeUnavailable)
	wantCode(t, "a change", s.CreateProvider(ctx, newProvider("p")), models.CodeUnavailable)
	wantCode(t, "ping", s.Ping(ctx), models.CodeUnavailable)
	_, err := s.ListLogs(ctx, models.LogPage{})
	wantCode(t, "the list", err, models.CodeUnavailable)
	server.Start(t)
	must(t, s.Ping(ctx))
	write(t, s, end(finished(noon)))
	must(t, s.CreateProvider(ctx, newProvider("p")))
	eventually(t, "the watcher hears of a change after the outage", func() bool { return versions.Load() > 0 })
}

// TestH06_ReadOnlyServer: a standby that can't be written is an outage.
func TestH06_ReadOnlyServer(t *testing.T) {
	url := pgtest.Database(t)
	open(t, url)
	s := open(t, url+"&default_transaction_read_only=on")
	wantCode(t, "logs", s.WriteLogs(t.Context(), []models.LogWrite{end(finished(noon))}), models.CodeUnavailable)
	wantCode(t, "a change", s.CreateProvider(t.Context(), newProvider("p")), models.CodeUnavailable)
}

func versionOf(t *testing.T, s *Store) int64 {
	t.Helper()
	version, err := s.ConfigVersion(t.Context())
	must(t, err)
	return version
}

func TestWatchConfig(t *testing.T) {
	for _, d := range dialects {
		t.Run(d.name, func(t *testing.T) {
			url := d.url(t)
			s, replica := open(t, url), open(t, url)
			ctx, stop := context.WithCancel(t.Context())
			var own, others atomic.Int64
			var watchers sync.WaitGroup
			seen := versionOf(t, s)
			must(t, s.CreateProvider(t.Context(), newProvider("p"))) // before they watch: nobody misses it
			watchers.Go(func() { s.WatchConfig(ctx, seen, func() error { own.Add(1); return nil }) })
			watchers.Go(func() { replica.WatchConfig(ctx, seen, func() error { others.Add(1); return nil }) })
			defer func() { stop(); watchers.Wait() }()
			eventually(t, "both hear of what was changed before", func() bool { return own.Load() == 1 && others.Load() == 1 })
			own.Store(0)
			others.Store(0)
			must(t, s.CreateProvider(t.Context(), newProvider("q")))
			eventually(t, "both hear of the change", func() bool { return own.Load() == 1 && others.Load() == 1 })
			must(t, s.Heartbeat(t.Context(), "x"))
			time.Sleep(60 * time.Millisecond)
			if own.Load() != 1 || others.Load() != 1 {
				t.Error("something that is no change of the configuration was told")
			}
		})
	}
}

// TestWatchConfig_WhatFailedIsToldAgain until it is taken over, without another change.
func TestWatchConfig_WhatFailedIsToldAgain(t *testing.T) {
	s := open(t, dialects[0].url(t))
	var told atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.WatchConfig(ctx, versionOf(t, s), func() error {
			if told.Add(1) < 4 {
				return errors.New("the database is away")
			}
			return nil
		})
	}()
	defer func() { stop(); <-done }()
	must(t, s.CreateProvider(t.Context(), newProvider("p")))
	eventually(t, "it is taken over", func() bool { return told.Load() == 4 })
	time.Sleep(60 * time.Millisecond)
	if told.Load() != 4 {
		t.Error("what was taken over is told again")
	}
}

// TestWatchConfig_Notification: on PostgreSQL other replicas need not poll to know.
func TestWatchConfig_Notification(t *testing.T) {
	cfg := testConfig(t, pgtest.Database(t))
	s := open(t, cfg.URL)
	cfg.PollInterval = time.Hour
	replica, err := Open(t.Context(), cfg)
	must(t, err)
	defer replica.Close()
	ctx, stop := context.WithCancel(t.Context())
	var heard atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		replica.WatchConfig(ctx, versionOf(t, s), func() error { heard.Add(1); return nil })
	}()
	defer func() { stop(); <-done }()
	i := byte(0)
	eventually(t, "a notification arrives", func() bool {
		i++
		must(t, s.CreateAPIKey(t.Context(), newKey(string(rune('a'+i)), i)))
		return heard.Load() > 0
	})
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 200 {
		if holds() {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Errorf("not within 5 s: %s", what)
}
