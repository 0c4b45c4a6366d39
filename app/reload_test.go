package app

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"squirrel/app/apptest"
	"squirrel/proxy/simulator"
)

// TestI03_NoHalfConfiguration moves a provider between two addresses, each with a key of its own, while clients call. The
// provider sees every key at its own address only, no call fails, and what is switched off is off at once.
func TestI03_NoHalfConfiguration(t *testing.T) {
	k := newKit(t)
	admin, sim, key := k.seeded(simulator.Options{})
	id, err := admin.AddProvider(t.Context(), "moving", "openai", sim.URL()+"/site-0/v1", "sk-key-of-site-0")
	if err != nil {
		t.Fatal(err)
	}
	if err := admin.AddModel(t.Context(), "moving", id, "gpt-4o-mini"); err != nil {
		t.Fatal(err)
	}
	call := func(id string) apptest.Answer {
		return apptest.Do(t.Context(), http.DefaultClient, k.url, key, apptest.Call{ID: id, Path: apptest.Chat, Model: "moving"}, nil)
	}
	k.eventually("the model is served", func() bool { return call("first").Status == http.StatusOK })

	var done atomic.Bool
	var calls atomic.Int64
	var clients sync.WaitGroup
	for c := range 6 {
		clients.Go(func() {
			for n := 0; !done.Load(); n++ {
				if a := call(fmt.Sprintf("c%d-%d", c, n)); a.Status != http.StatusOK || !a.Complete {
					t.Errorf("call %s: %d %s %v", a.ID, a.Status, a.Body, a.Err)
				}
				calls.Add(1)
			}
		})
	}
	for n := 1; n <= 15; n++ {
		site := map[string]any{"base_url": fmt.Sprintf("%s/site-%d/v1", sim.URL(), n%2), "api_key": fmt.Sprintf("sk-key-of-site-%d", n%2)}
		if err := admin.Call(t.Context(), http.MethodPut, fmt.Sprintf("/api/admin/providers/%d", id), site, nil); err != nil {
			t.Error(err)
		}
		seen := calls.Load()
		k.eventually("calls go on", func() bool { return calls.Load() >= seen+5 })
	}
	done.Store(true)
	clients.Wait()
	sites := map[string]int{}
	for _, e := range sim.Ledger().Entries(func(e simulator.Entry) bool { return strings.HasPrefix(e.Base, "/site-") }) {
		sites[e.Base]++
		if site, key := e.Base[:len("/site-0")], e.Header.Get("Authorization"); key != "Bearer sk-key-of"+strings.Replace(site, "/", "-", 1) {
			t.Errorf("the key %q at %s", key, e.Base)
		}
	}
	if len(sites) != 2 {
		t.Errorf("the calls went to %v", sites)
	}
}

// TestF03_DisabledAndDeletedKeys are refused in the same words' shape and leave no record of what was asked.
func TestF03_DisabledAndDeletedKeys(t *testing.T) {
	k := newKit(t)
	admin, _, key := k.seeded(simulator.Options{})
	outcome := func() string {
		a := apptest.Do(t.Context(), http.DefaultClient, k.url, key, apptest.Call{ID: "c", Path: apptest.Chat, Model: apptest.Plain}, nil)
		return strings.TrimSpace(itoa(a.Status) + " " + codeOf(a.Body))
	}
	becomes := func(want string) { t.Helper(); k.eventually(want, func() bool { return outcome() == want }) }
	set := func(method string, fields map[string]any) {
		t.Helper()
		if err := admin.Call(t.Context(), method, "/api/admin/api-keys/1", fields, nil); err != nil {
			t.Fatal(err)
		}
	}
	becomes("200")
	set(http.MethodPut, map[string]any{"is_active": false})
	becomes("401 api_key_disabled")
	set(http.MethodPut, map[string]any{"is_active": true, "expires_at": time.Now().Add(time.Second)})
	becomes("401 api_key_expired")
	set(http.MethodDelete, nil)
	becomes("401 invalid_api_key")
	k.eventually("only what was served is recorded", func() bool {
		rows, err := admin.Rows(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			if row.ResponseStatus != nil && *row.ResponseStatus == http.StatusUnauthorized {
				t.Errorf("a record of a refused request: %+v", row)
			}
		}
		return len(rows) > 0
	})
}

// TestChangesAreInUseOnceTheyAreAnswered: nobody who has made a key or a model needs to wait before using it.
func TestChangesAreInUseOnceTheyAreAnswered(t *testing.T) {
	k := newKit(t)
	admin, sim, _ := k.seeded(simulator.Options{})
	id, err := admin.AddProvider(t.Context(), "another", "openai", sim.URL()+"/v1", "sk-key-of-another-one")
	if err != nil {
		t.Fatal(err)
	}
	for n := range 20 {
		name := fmt.Sprint("new-", n)
		if err := admin.AddModel(t.Context(), name, id, "gpt-4o-mini"); err != nil {
			t.Fatal(err)
		}
		key, err := admin.AddKey(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		a := apptest.Do(t.Context(), http.DefaultClient, k.url, key, apptest.Call{ID: name, Path: apptest.Chat, Model: name}, nil)
		if a.Status != http.StatusOK {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
}
