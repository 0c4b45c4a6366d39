package store

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"squirrel/models"
)

func TestProvider_RoundTrip(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		p := newProvider("one")
		p.Remark, p.ProxyURL = "für alle ☂", "socks5://user:pass@proxy:1080"
		p.ExtraHeaders = map[string]string{"X-Org": "o-1", "X-Token": "secret-token-value"}
		p.DefaultParameters = json.RawMessage(`{"temperature":0.50,"seed":9007199254740993}`)
		must(t, s.CreateProvider(ctx, p))
		if p.ID == 0 || p.Version != 1 || p.CreatedAt.IsZero() {
			t.Errorf("id, version or time not filled in: %d, %d, %v", p.ID, p.Version, p.CreatedAt)
		}
		for name, read := range map[string]func() (models.Provider, error){
			"by id":   func() (models.Provider, error) { return s.Provider(ctx, p.ID) },
			"by name": func() (models.Provider, error) { return s.ProviderByName(ctx, "one") },
			"all": func() (models.Provider, error) {
				all, err := s.Providers(ctx)
				return all[0], err
			},
		} {
			if got, err := read(); err != nil || !reflect.DeepEqual(got, *p) {
				t.Errorf("%s: %#v, %v; want %#v", name, got, err, *p)
			}
		}

		p.Name, p.APIKey, p.ExtraHeaders, p.ProxyURL, p.DefaultParameters, p.IsActive = "two", "", nil, "", nil, false
		must(t, s.UpdateProvider(ctx, p, ptr(int64(1))))
		got, err := s.Provider(ctx, p.ID)
		if err != nil || !reflect.DeepEqual(got, *p) || got.Version != 2 || got.APIKey != "" || got.IsActive {
			t.Errorf("after the update: %#v, %v; want %#v", got, err, *p)
		}
	})
}

func TestModelAndRoute_RoundTrip(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		p := newProvider("p")
		must(t, s.CreateProvider(ctx, p))
		m := newModel("gpt/4:o@x", "alias-b", "alias-a")
		m.Rules = &models.Rule{Logic: "AND", Rules: []models.Rule{{Field: "header.x", Operator: "eq", Value: json.RawMessage(`"007"`)}}}
		m.Capabilities = json.RawMessage(`{"vision":true}`)
		m.Prices = models.Prices{BillingMode: ptr(models.BillingTokenTiered), Tiers: []models.PriceTier{
			{MaxInputTokens: 1000, TokenPrices: models.TokenPrices{Input: ptr(models.NanoUSD(37_500_000))}}, {},
		}}
		must(t, s.CreateModel(ctx, m))
		until := now().Add(time.Hour)
		r := &models.Route{ModelName: "alias-a", ProviderID: p.ID, TargetModel: "gpt-4o", Priority: 3, Weight: 7, OnLoss: models.OnLossReject, IsActive: true, PausedUntil: &until}
		must(t, s.CreateRoute(ctx, r))
		if r.ModelName != m.Name || r.ProviderName != "p" || r.Protocol != models.ProtocolOpenAI {
			t.Errorf("route not filled in: %+v", r)
		}
		m.Routes = []models.Route{*r}
		for _, name := range []string{m.Name, "alias-a", "alias-b"} {
			if got, err := s.Model(ctx, name); err != nil || !reflect.DeepEqual(got, *m) {
				t.Errorf("%s: %+v, %v; want %+v", name, got, err, *m)
			}
		}
		if all, err := s.Models(ctx); err != nil || len(all) != 1 || !reflect.DeepEqual(all[0], *m) {
			t.Errorf("all: %+v, %v; want %+v", all, err, *m)
		}

		m.Name, m.Aliases, m.Rules = "renamed", []string{"alias-a"}, nil
		must(t, s.UpdateModel(ctx, "gpt/4:o@x", m, ptr(m.Version)))
		got, err := s.Route(ctx, r.ID)
		if err != nil || got.ModelName != "renamed" {
			t.Errorf("the route leads to %q, %v", got.ModelName, err)
		}
		_, err = s.Model(ctx, "gpt/4:o@x")
		wantCode(t, "old name", err, models.CodeNotFound)
		_, err = s.Model(ctx, "alias-b")
		wantCode(t, "old alias", err, models.CodeNotFound)

		r.TargetModel, r.PausedUntil, r.IsActive = "other", nil, false
		r.ModelName = "renamed"
		must(t, s.UpdateRoute(ctx, r, nil))
		if got, err := s.Routes(ctx, "renamed"); err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], *r) {
			t.Errorf("route %+v, %v; want %+v", got, err, *r)
		}
		must(t, s.DeleteModel(ctx, "renamed"))
		_, err = s.Route(ctx, r.ID)
		wantCode(t, "route of a deleted model", err, models.CodeNotFound)
	})
}

func TestAPIKey_RoundTrip(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		k := newKey("team", 1)
		k.ExpiresAt, k.RPMLimit, k.TPMLimit, k.Budget = ptr(now().Add(time.Hour)), ptr(int64(60)), ptr(int64(1000)), ptr(models.NanoUSD(5))
		k.AllowedModels, k.Tags = []string{"a", "b/c"}, []string{"x"}
		must(t, s.CreateAPIKey(ctx, k))
		if got, err := s.APIKey(ctx, k.ID); err != nil || !reflect.DeepEqual(got, *k) {
			t.Errorf("%+v, %v; want %+v", got, err, *k)
		}
		before, err := s.ConfigVersion(ctx)
		must(t, err)
		used := now()
		must(t, s.TouchAPIKeys(ctx, map[int64]time.Time{k.ID: used, 999: used}))
		must(t, s.TouchAPIKeys(ctx, map[int64]time.Time{k.ID: used.Add(-time.Minute)}))
		if after, _ := s.ConfigVersion(ctx); after != before {
			t.Error("the use of a key changed the config version")
		}
		k.Name, k.LastUsedAt = "renamed", nil
		must(t, s.UpdateAPIKey(ctx, k, nil))
		if got, err := s.APIKeys(ctx); err != nil || len(got) != 1 || !got[0].LastUsedAt.Equal(used) || got[0].Name != "renamed" {
			t.Errorf("after use and update: %+v, %v", got, err)
		}
		must(t, s.DeleteAPIKey(ctx, k.ID))
		wantCode(t, "delete again", s.DeleteAPIKey(ctx, k.ID), models.CodeNotFound)
	})
}

func TestConstraintsAndVersions(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		p, m, k := newProvider("p"), newModel("m", "alias"), newKey("k", 1)
		must(t, s.CreateProvider(ctx, p))
		must(t, s.CreateModel(ctx, m))
		must(t, s.CreateAPIKey(ctx, k))
		r := &models.Route{ModelName: "m", ProviderID: p.ID, TargetModel: "t"}
		must(t, s.CreateRoute(ctx, r))
		other := newModel("other")
		must(t, s.CreateModel(ctx, other))
		other.Name = "alias"
		stale := ptr(int64(99))
		before, err := s.ConfigVersion(ctx)
		must(t, err)
		for _, tc := range []struct {
			name string
			err  error
			want models.Code
		}{
			{"provider of the same name", s.CreateProvider(ctx, newProvider("p")), models.CodeConflict},
			{"model of the same name", s.CreateModel(ctx, newModel("m")), models.CodeConflict},
			{"model with the name of an alias", s.CreateModel(ctx, newModel("alias")), models.CodeConflict},
			{"alias with the name of a model", s.CreateModel(ctx, newModel("n", "m")), models.CodeConflict},
			{"alias twice in one model", s.CreateModel(ctx, newModel("n", "a", "a")), models.CodeConflict},
			{"rename to an alias", s.UpdateModel(ctx, "other", other, nil), models.CodeConflict},
			{"key of the same name", s.CreateAPIKey(ctx, newKey("k", 2)), models.CodeConflict},
			{"key of the same value", s.CreateAPIKey(ctx, newKey("k2", 1)), models.CodeConflict},
			{"route of no model", s.CreateRoute(ctx, &models.Route{ModelName: "none", ProviderID: p.ID}), models.CodeNotFound},
			{"route to no provider", s.CreateRoute(ctx, &models.Route{ModelName: "m", ProviderID: 99}), models.CodeNotFound},
			{"provider in use", s.DeleteProvider(ctx, p.ID), models.CodeProviderInUse},
			{"stale provider", s.UpdateProvider(ctx, p, stale), models.CodeVersionConflict},
			{"stale model", s.UpdateModel(ctx, "m", m, stale), models.CodeVersionConflict},
			{"stale route", s.UpdateRoute(ctx, r, stale), models.CodeVersionConflict},
			{"stale key", s.UpdateAPIKey(ctx, k, stale), models.CodeVersionConflict},
			{"no such provider", s.DeleteProvider(ctx, 99), models.CodeNotFound},
			{"no such model", s.DeleteModel(ctx, "none"), models.CodeNotFound},
			{"no such route", s.DeleteRoute(ctx, 99), models.CodeNotFound},
		} {
			wantCode(t, tc.name, tc.err, tc.want)
		}
		if after, err := s.ConfigVersion(ctx); err != nil || after != before {
			t.Errorf("refused changes raised the version from %d to %d, %v", before, after, err)
		}
		must(t, s.DeleteRoute(ctx, r.ID))
		must(t, s.DeleteProvider(ctx, p.ID))
		again := newProvider("p")
		must(t, s.CreateProvider(ctx, again))
		if again.ID <= p.ID {
			t.Errorf("id %d was given out again", again.ID)
		}
	})
}
