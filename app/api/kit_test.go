package api

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/app/auth"
	"squirrel/models"
	"squirrel/models/store"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// kit is the API on a database of its own.
type kit struct {
	t     *testing.T
	app   *fiber.App
	store *store.Store
	auth  *auth.Auth
	token string
	fakes *fakes

	service *admin.Service
}

// fakes stand in for what is outside of the control plane.
type fakes struct {
	probed    []models.Provider
	cancelled []string
	over      []int64 // routes that replays asked for
}

func (f *fakes) Probe(_ context.Context, p models.Provider, _ admin.ProbeOptions) admin.ProbeReport {
	f.probed = append(f.probed, p)
	return admin.ProbeReport{OK: true, Steps: []admin.ProbeStep{{Name: "dns", Status: admin.ProbePassed, DurationMS: 1.5}}}
}

func (f *fakes) ListModels(context.Context, models.Provider) ([]admin.UpstreamModel, error) {
	return []admin.UpstreamModel{{ID: "gpt-4o", OwnedBy: "openai"}}, nil
}

func (f *fakes) DryRun(_ context.Context, in admin.DryRun) (admin.DryRunResult, error) {
	return admin.DryRunResult{Model: in.Model, Matched: true}, nil
}

func (f *fakes) TestModel(_ context.Context, in admin.ModelTest) (admin.ModelTestResult, error) {
	return admin.ModelTestResult{Status: 200, Target: in.Model}, nil
}

func (f *fakes) Cancel(_ context.Context, id string) (bool, error) {
	f.cancelled = append(f.cancelled, id)
	return len(f.cancelled) == 1, nil
}

func (f *fakes) Replay(_ context.Context, id string, route *int64) (string, error) {
	if route != nil {
		f.over = append(f.over, *route)
	}
	return "R" + id[1:], nil
}

func newKit(t *testing.T) *kit {
	t.Helper()
	cipher, err := store.NewCipher([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	logger := slog.New(slog.DiscardHandler)
	db, err := store.Open(t.Context(), store.Config{
		Type: "sqlite", URL: "sqlite:///" + filepath.Join(t.TempDir(), "test.db"), Cipher: cipher, Logger: logger,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	k := &kit{t: t, store: db, fakes: &fakes{}}
	k.auth, err = auth.New(auth.Options{
		Store: db, Username: "root", Password: "correct horse", Key: make([]byte, 32), TokenTTL: time.Hour, Logger: logger,
	})
	if err != nil {
		t.Fatal(err)
	}
	k.service = admin.New(admin.Options{
		Store: db, Prober: k.fakes, Simulator: k.fakes, Tester: k.fakes, Canceller: k.fakes, Replayer: k.fakes,
		CheckHost: func(_ context.Context, host string) error {
			if host == "169.254.169.254" {
				return io.ErrNoProgress
			}
			return nil
		},
		KeyPrefix: "lgw-", KeyLength: 32, RetentionDays: 7, Logger: logger, Now: func() time.Time { return noon },
	})
	k.app = fiber.New(fiber.Config{Immutable: true, CaseSensitive: true, StrictRouting: true, DisableStartupMessage: true})
	New(k.service, k.auth, logger).Register(k.app)
	k.login()
	return k
}

func (k *kit) login() {
	k.t.Helper()
	status, body := k.send("POST", "/api/auth/login", `{"username":"root","password":"correct horse"}`)
	var answer loginAnswer
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != 200 {
		k.t.Fatalf("login: %d %s", status, body)
	}
	k.token = answer.AccessToken
}

// send makes a request with the kit's token, if it has one. Headers are name, value pairs.
func (k *kit) send(method, path, body string, headers ...string) (int, string) {
	k.t.Helper()
	resp := k.do(method, path, body, headers...)
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		k.t.Fatal(err)
	}
	return resp.StatusCode, string(data)
}

func (k *kit) do(method, path, body string, headers ...string) *http.Response {
	k.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if k.token != "" {
		r.Header.Set("Authorization", "Bearer "+k.token)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := k.app.Test(r, 10_000)
	if err != nil {
		k.t.Fatalf("%s %s: %v", method, path, err)
	}
	k.t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// must sends a request that has to succeed.
func (k *kit) must(method, path, body string) string {
	k.t.Helper()
	status, answer := k.send(method, path, body)
	if status >= 300 {
		k.t.Fatalf("%s %s: %d %s", method, path, status, answer)
	}
	return answer
}

// scenario is one line of an endpoint's specification. Scenarios of a table run one after another on one database.
type scenario struct {
	name         string
	method, path string
	body         string
	headers      []string
	anonymous    bool
	status       int
	has, hasNot  []string // parts of the answer
}

func (k *kit) run(scenarios []scenario) {
	for _, s := range scenarios {
		k.t.Run(s.name, func(t *testing.T) {
			outer, token := k.t, k.token
			k.t = t
			defer func() { k.t, k.token = outer, token }()
			if s.anonymous {
				k.token = ""
			}
			status, body := k.send(s.method, s.path, s.body, s.headers...)
			if status != s.status {
				t.Errorf("%s %s: %d, want %d\n%s", s.method, s.path, status, s.status, body)
			}
			for _, part := range s.has {
				if !strings.Contains(body, part) {
					t.Errorf("%s %s: no %s in\n%s", s.method, s.path, part, body)
				}
			}
			for _, part := range s.hasNot {
				if strings.Contains(body, part) {
					t.Errorf("%s %s: %s in\n%s", s.method, s.path, part, body)
				}
			}
		})
	}
}

const (
	openAI = `{"name":"OpenAI","base_url":"https://api.openai.com/v1/","api_key":"sk-proj-0123456789abcdef"}`
	gpt4o  = `{"requested_model":"gpt-4o","input_price":"2.5","output_price":10}`
)

// seed makes a provider (1), a model and a route (1).
func (k *kit) seed() {
	k.t.Helper()
	k.must("POST", "/api/admin/providers", openAI)
	k.must("POST", "/api/admin/models", gpt4o)
	k.must("POST", "/api/admin/model-providers", `{"requested_model":"gpt-4o","provider_id":1,"target_model_name":"gpt-4o-2024-08-06"}`)
}
