package store

import (
	"bytes"
	"encoding/json"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"squirrel/models"
)

func TestClaimJob(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		claim := func(slot, owner string, ttl time.Duration, want bool) {
			t.Helper()
			if got, err := s.ClaimJob(ctx, "retention", slot, owner, ttl); err != nil || got != want {
				t.Errorf("%s claims %s: %v, %v; want %v", owner, slot, got, err, want)
			}
		}
		claim("2025-03-09T04", "a", time.Minute, true)
		claim("2025-03-09T04", "b", time.Minute, false)
		claim("2025-03-09T04", "a", time.Minute, true)  // renewed
		claim("2025-03-10T04", "b", time.Minute, false) // the run of yesterday is not over
		time.Sleep(30 * time.Millisecond)
		claim("2025-03-09T04", "b", 10*time.Millisecond, true) // a is dead
		must(t, s.FinishJob(ctx, "retention", "2025-03-09T04", "a", "late"))
		claim("2025-03-09T04", "c", time.Minute, false)
		must(t, s.FinishJob(ctx, "retention", "2025-03-09T04", "b", "3 rows\x00"))
		claim("2025-03-09T04", "c", time.Minute, false)
		claim("2025-03-08T04", "c", time.Minute, false)
		jobs, err := s.Jobs(ctx)
		if err != nil || len(jobs) != 1 || jobs[0].Owner != "b" || jobs[0].FinishedAt == nil || jobs[0].Result != "3 rows␀" {
			t.Errorf("%+v, %v", jobs, err)
		}
		claim("2025-03-10T04", "c", time.Minute, true)
	})
}

func TestRenewJob(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		renew := func(slot, owner, progress string, want bool) {
			t.Helper()
			if got, err := s.RenewJob(ctx, "job", slot, owner, progress); err != nil || got != want {
				t.Errorf("%s renews %s: %v, %v; want %v", owner, slot, got, err, want)
			}
		}
		renew("1", "a", "nothing was claimed", false)
		if mine, err := s.ClaimJob(ctx, "job", "1", "a", time.Minute); !mine || err != nil {
			t.Fatal(mine, err)
		}
		before, err := s.Jobs(ctx)
		must(t, err)
		time.Sleep(5 * time.Millisecond)
		renew("1", "b", "another's", false)
		renew("2", "a", "another slot", false)
		renew("1", "a", "half", true)
		after, err := s.Jobs(ctx)
		if err != nil || after[0].Result != "half" || !after[0].ClaimedAt.After(before[0].ClaimedAt) || after[0].FinishedAt != nil {
			t.Errorf("%+v, %v", after, err)
		}
		must(t, s.FinishJob(ctx, "job", "1", "a", "all"))
		renew("1", "a", "over", false)
	})
}

func TestClaimJob_OneWins(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		var won atomic.Int64
		var claimers sync.WaitGroup
		for i := range 8 {
			claimers.Go(func() {
				mine, err := s.ClaimJob(t.Context(), "job", "slot", string(rune('a'+i)), time.Minute)
				if err != nil {
					t.Error(err)
				}
				if mine {
					won.Add(1)
				}
			})
		}
		claimers.Wait()
		if won.Load() != 1 {
			t.Errorf("%d claimers won", won.Load())
		}
	})
}

func TestAdmins(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		var made atomic.Int64
		var racers sync.WaitGroup
		for range 6 {
			racers.Go(func() {
				err := s.CreateFirstAdmin(ctx, &models.Admin{Username: "root", PasswordHash: "h1"})
				if err == nil {
					made.Add(1)
				} else {
					wantCode(t, "a second first administrator", err, models.CodeConflict)
				}
			})
		}
		racers.Wait()
		if made.Load() != 1 {
			t.Errorf("%d first administrators", made.Load())
		}
		must(t, s.SaveAdmin(ctx, &models.Admin{Username: "other", PasswordHash: "x"}))
		again := models.Admin{Username: "root", PasswordHash: "h2"}
		must(t, s.SaveAdmin(ctx, &again))
		got, err := s.AdminByName(ctx, "root")
		if err != nil || got != again || got.PasswordHash != "h2" || got.ID == 0 || got.CreatedAt.IsZero() {
			t.Errorf("%+v, %v", got, err)
		}
		if all, err := s.Admins(ctx); err != nil || len(all) != 2 || all[0].Username != "root" {
			t.Errorf("%+v, %v", all, err)
		}
		_, err = s.AdminByName(ctx, "nobody")
		wantCode(t, "nobody", err, models.CodeNotFound)
	})
}

func TestSessions(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		session := func(hash byte, user string, ends time.Time) *models.Session {
			return &models.Session{TokenHash: [32]byte{hash}, Username: user, CreatedAt: noon, ExpiresAt: ends, LastSeenAt: noon, ClientIP: "::1", UserAgent: "ua\x00"}
		}
		one := session(1, "root", noon.Add(time.Hour))
		for _, x := range []*models.Session{one, session(2, "root", noon.Add(2*time.Hour)), session(3, "other", noon.Add(time.Minute)), session(4, "other", noon.Add(3*time.Hour))} {
			must(t, s.CreateSession(ctx, x))
		}
		wantCode(t, "the same token", s.CreateSession(ctx, one), models.CodeConflict)
		must(t, s.TouchSession(ctx, one.TokenHash, noon.Add(time.Minute)))
		one.LastSeenAt, one.UserAgent = noon.Add(time.Minute), "ua␀"
		if got, err := s.SessionByHash(ctx, one.TokenHash); err != nil || got != *one {
			t.Errorf("%+v, %v; want %+v", got, err, *one)
		}
		if all, err := s.Sessions(ctx); err != nil || len(all) != 4 || all[0] != *one {
			t.Errorf("%+v, %v", all, err)
		}
		if n, err := s.DeleteExpiredSessions(ctx, noon.Add(time.Minute)); err != nil || n != 1 {
			t.Errorf("%d expired, %v", n, err)
		}
		must(t, s.DeleteSession(ctx, [32]byte{4}))
		wantCode(t, "delete again", s.DeleteSession(ctx, [32]byte{4}), models.CodeNotFound)
		must(t, s.DeleteSessionsOf(ctx, "root"))
		if all, err := s.Sessions(ctx); err != nil || len(all) != 0 {
			t.Errorf("left: %+v, %v", all, err)
		}
		_, err := s.SessionByHash(ctx, one.TokenHash)
		wantCode(t, "a session that is gone", err, models.CodeNotFound)
	})
}

func TestPrices(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := WithActor(t.Context(), "root")
		o := &PriceOverride{TargetModel: "gpt-4o", Prices: models.Prices{BillingMode: ptr(models.BillingTokenFlat), TokenPrices: models.TokenPrices{Input: ptr(models.NanoUSD(5))}}}
		must(t, s.SavePriceOverride(ctx, o, nil))
		o.Prices.Input = ptr(models.NanoUSD(6))
		wantCode(t, "a stale version", s.SavePriceOverride(ctx, o, ptr(int64(9))), models.CodeVersionConflict)
		must(t, s.SavePriceOverride(ctx, o, ptr(int64(1))))
		if all, err := s.PriceOverrides(ctx); err != nil || len(all) != 1 || !reflect.DeepEqual(all[0], *o) || o.Version != 2 {
			t.Errorf("%+v, %v", all, err)
		}
		must(t, s.DeletePriceOverride(ctx, "gpt-4o"))
		wantCode(t, "delete again", s.DeletePriceOverride(ctx, "gpt-4o"), models.CodeNotFound)

		_, err := s.LatestPriceVersion(ctx)
		wantCode(t, "no catalogue", err, models.CodeNotFound)
		for _, text := range []string{"first", "second"} {
			must(t, s.AddPriceVersion(ctx, &PriceVersion{Label: text, Catalogue: bytes.Repeat([]byte(text), 1000)}))
		}
		got, err := s.LatestPriceVersion(ctx)
		if err != nil || got.Label != "second" || got.Actor != "root" || len(got.Catalogue) != 6000 {
			t.Errorf("%s by %s, %d bytes, %v", got.Label, got.Actor, len(got.Catalogue), err)
		}
	})
}

func TestRoutingSamples(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		r := &RoutingSample{Name: "b", Request: json.RawMessage(`{"model":"\u0000"}`), ExpectedRoute: ptr(int64(3))}
		must(t, s.SaveRoutingSample(ctx, r))
		must(t, s.SaveRoutingSample(ctx, &RoutingSample{Name: "a", Request: json.RawMessage(`{}`)}))
		wantCode(t, "same name", s.SaveRoutingSample(ctx, &RoutingSample{Name: "a", Request: json.RawMessage(`{}`)}), models.CodeConflict)
		r.ExpectedRoute, r.Request = nil, json.RawMessage(`{"model":"x"}`)
		must(t, s.SaveRoutingSample(ctx, r))
		if all, err := s.RoutingSamples(ctx); err != nil || len(all) != 2 || !reflect.DeepEqual(all[1], *r) {
			t.Errorf("%+v, %v; want %+v", all, err, *r)
		}
		must(t, s.DeleteRoutingSample(ctx, r.ID))
		wantCode(t, "delete again", s.DeleteRoutingSample(ctx, r.ID), models.CodeNotFound)
		wantCode(t, "save what is gone", s.SaveRoutingSample(ctx, r), models.CodeNotFound)
	})
}

func TestLoadConfig(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		p := newProvider("p")
		must(t, s.CreateProvider(ctx, p))
		for _, name := range []string{"zeta", "alpha", "Beta"} {
			must(t, s.CreateModel(ctx, newModel(name)))
			for _, priority := range []int{2, 1, 2} {
				must(t, s.CreateRoute(ctx, &models.Route{ModelName: name, ProviderID: p.ID, TargetModel: "t", Priority: priority, IsActive: false}))
			}
		}
		must(t, s.CreateAPIKey(ctx, newKey("k", 1)))
		cfg, err := s.LoadConfig(ctx)
		must(t, err)
		version, err := s.ConfigVersion(ctx)
		if err != nil || cfg.Version != version || version != 15 {
			t.Errorf("version %d, %d, %v", cfg.Version, version, err)
		}
		if len(cfg.Providers) != 1 || len(cfg.Models) != 3 || len(cfg.Keys) != 1 || cfg.Models[0].Name != "Beta" || len(cfg.Models[2].Routes) != 3 {
			t.Fatalf("%+v", cfg)
		}
		routes := cfg.Models[2].Routes
		if routes[0].Priority != 1 || routes[1].ID > routes[2].ID {
			t.Errorf("routes %+v", routes)
		}
	})
}

func TestNow(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		now, err := s.Now(t.Context())
		if off := time.Since(now); err != nil || off < -time.Second || off > 10*time.Second {
			t.Errorf("the database says %s, %v", now, err)
		}
	})
}
