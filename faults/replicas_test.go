package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"squirrel/app/apptest"
	"squirrel/models"
	"squirrel/models/store/pgtest"
	"squirrel/proxy/simulator"
)

// replicas are gateways that share a database, the first of which was seeded.
type replicas struct {
	t        *testing.T
	all      []*process
	sim      *simulator.Server
	admin    *apptest.Admin // of the first
	key      string
	database string
}

// newReplicas starts n gateways on an empty PostgreSQL database.
func newReplicas(t *testing.T, n int) *replicas {
	t.Helper()
	r := &replicas{t: t, sim: newSimulator(t), database: pgtest.Database(t)}
	for range n {
		r.all = append(r.all, newProcess(t, postgres(r.database)...))
	}
	r.admin, r.key = seeded(t, r.all[0], r.sim)
	for _, p := range r.all[1:] {
		p.startReady()
		p.eventually("the seed is served everywhere", func() bool { return r.call(p, r.key, "p").Status == http.StatusOK })
	}
	return r
}

// call makes a plain call; its id is not that of a warm-up, so that it counts.
func (r *replicas) call(p *process, key, id string) apptest.Answer {
	return apptest.Do(context.Background(), http.DefaultClient, p.url, key, apptest.Call{ID: id, Path: apptest.Chat, Model: apptest.Plain}, nil)
}

// sql runs statements in the database, as an operator does, and returns the first number of the last one.
func (r *replicas) sql(statements ...string) (n int64) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, r.database)
	if err != nil {
		r.t.Fatal(err)
	}
	defer conn.Close(ctx)
	for _, statement := range statements {
		rows, err := conn.Query(ctx, statement)
		if err != nil {
			r.t.Fatal(err)
		}
		for rows.Next() {
			if values, err := rows.Values(); err == nil && len(values) > 0 {
				n, _ = values[0].(int64)
			}
		}
		if rows.Close(); rows.Err() != nil {
			r.t.Fatalf("%s: %v", statement, rows.Err())
		}
	}
	return n
}

// limitedKey makes a key with limits and waits until every replica knows it.
func (r *replicas) limitedKey(name string, limits map[string]any) string {
	r.t.Helper()
	limits["key_name"] = name
	var made struct {
		Value string `json:"key_value"`
	}
	if err := r.admin.Call(context.Background(), http.MethodPost, "/api/admin/api-keys", limits, &made); err != nil {
		r.t.Fatal(err)
	}
	for _, p := range r.all {
		p.eventually("the key is known", func() bool { return r.usage(p, made.Value).Object == "usage" })
	}
	return made.Value
}

// usage is what GET /v1/usage says.
type usage struct {
	Object   string
	Requests *struct{ Limit, Remaining int64 }
	Budget   *struct{ Spent, Reserved, Remaining models.NanoUSD }
}

func (r *replicas) usage(p *process, key string) (u usage) {
	client := apptest.Admin{URL: p.url, Token: key, HTTP: http.DefaultClient}
	if err := client.Call(context.Background(), http.MethodGet, "/v1/usage", nil, &u); err != nil {
		time.Sleep(200 * time.Millisecond) // not known yet: who tries on quickly is slowed down
	}
	return u
}

// rush makes n calls at once, in turns at all replicas.
func (r *replicas) rush(key string, n int) (passed, denied []apptest.Answer) {
	answers := make([]apptest.Answer, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { answers[i] = r.call(r.all[i%len(r.all)], key, fmt.Sprintf("r-%d", i)) })
	}
	all.Wait()
	for _, a := range answers {
		switch a.Status {
		case http.StatusOK:
			passed = append(passed, a)
		case http.StatusTooManyRequests:
			denied = append(denied, a)
		default:
			r.t.Errorf("status %d: %s %v", a.Status, a.Body, a.Err)
		}
	}
	return passed, denied
}

// TestReplicas_LimitsHoldTogether sends 100 requests at once to two gateways, with keys whose limits allow a few: not one too many
// passes, and both say the same about what is left. When one is killed in the middle of requests, the other goes on counting.
func TestReplicas_LimitsHoldTogether(t *testing.T) {
	t.Parallel()
	r := newReplicas(t, 2)
	perMinute := r.limitedKey("per minute", map[string]any{"rpm_limit": 20})
	passed, denied := r.rush(perMinute, 100)
	if len(passed) != 20 || len(denied) != 80 {
		t.Errorf("of 100 requests at a limit of 20, %d passed", len(passed))
	}
	resp := get(t, r.all[1].url, perMinute)
	if wait, err := strconv.Atoi(resp.Get("Retry-After")); err != nil || wait < 30 || wait > 61 || resp.Get("X-Ratelimit-Remaining-Requests") != "0" {
		t.Errorf("refused with %v", resp)
	}

	const budget = models.NanoUSD(3_000_000) // USD 0.003
	limited := r.limitedKey("budget", map[string]any{"budget_usd": "0.003", "budget_period": "total"})
	passed, _ = r.rush(limited, 100)
	r.all[0].eventually("every request is settled", func() bool { return r.usage(r.all[0], limited).Budget.Reserved == 0 })
	a, b := r.usage(r.all[0], limited).Budget, r.usage(r.all[1], limited).Budget
	if a == nil || b == nil || *a != *b || a.Spent > budget || len(passed) == 0 {
		t.Fatalf("%d passed; one says %+v, the other %+v", len(passed), a, b)
	}
	t.Logf("%d of 100 requests passed a budget of %s USD and cost %s", len(passed), budget, a.Spent)

	r.all[1].kill()
	if again := r.usage(r.all[0], limited).Budget; *again != *a {
		t.Errorf("after the other's death: %+v, before %+v", again, a)
	}
	r.all[0].terminate()
	r.all[0].startReady()
	r.all[1].startReady()
	for _, p := range r.all {
		if again := r.usage(p, limited).Budget; again == nil || again.Spent != a.Spent {
			t.Errorf("after a restart: %+v, before %+v", again, a)
		}
	}
}

// get makes a call and returns the headers of its answer.
func get(t *testing.T, url, key string) (h http.Header) {
	t.Helper()
	var seen http.Header
	client := &http.Client{Transport: headerSpy{&seen}}
	apptest.Do(t.Context(), client, url, key, apptest.Call{ID: "headers", Path: apptest.Chat, Model: apptest.Plain}, nil)
	return seen
}

type headerSpy struct{ seen *http.Header }

func (s headerSpy) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err == nil {
		*s.seen = resp.Header
	}
	return resp, err
}

// TestI12_RoundRobin sends requests to three gateways: each takes its providers in turn, so both get half of all.
func TestI12_RoundRobin(t *testing.T) {
	t.Parallel()
	r := newReplicas(t, 3)
	var made struct{ ID int64 }
	for _, name := range []string{"left", "right"} {
		id, err := r.admin.AddProvider(t.Context(), name, "openai", r.sim.OpenAIBase(), apptest.ProviderKey)
		if err != nil {
			t.Fatal(err)
		}
		route := apptest.Route{Model: "turns", ProviderID: id, Target: "gpt-4o-" + name, InputPrice: "1", OutputPrice: "2"}
		if name == "left" {
			err = r.admin.Call(t.Context(), http.MethodPost, "/api/admin/models", map[string]any{"requested_model": "turns", "strategy": "round_robin"}, nil)
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := r.admin.Call(t.Context(), http.MethodPost, "/api/admin/model-providers", route, &made); err != nil {
			t.Fatal(err)
		}
	}
	turn := func(p *process, id string) apptest.Answer {
		return apptest.Do(context.Background(), http.DefaultClient, p.url, r.key, apptest.Call{ID: id, Path: apptest.Chat, Model: "turns"}, nil)
	}
	for _, p := range r.all { // until both routes are known
		p.eventually("both routes are known", func() bool {
			seen := map[string]bool{}
			for range 4 {
				seen[turnedTo(turn(p, warmUp))] = true
			}
			return seen["gpt-4o-left"] && seen["gpt-4o-right"]
		})
	}
	const each = 200
	total := 0
	for i, p := range r.all {
		left, mu := 0, sync.Mutex{}
		var all sync.WaitGroup
		for w := range 4 {
			all.Go(func() {
				for n := range each / 4 {
					a := turn(p, fmt.Sprintf("t-%d-%d-%d", i, w, n))
					mu.Lock()
					if turnedTo(a) == "gpt-4o-left" {
						left++
					}
					mu.Unlock()
				}
			})
		}
		all.Wait()
		if left != each/2 {
			t.Errorf("replica %d gave one provider %d of %d", i, left, each)
		}
		total += left
	}
	if share := float64(total) / (3 * each); share < 0.49 || share > 0.51 {
		t.Errorf("one provider got %.1f %% of all", 100*share)
	}
}

// turnedTo is the model that answered.
func turnedTo(a apptest.Answer) string {
	var body struct{ Model string }
	_ = json.Unmarshal([]byte(a.Body), &body) // no answer: no model
	return body.Model
}
