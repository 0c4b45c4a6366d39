package web

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
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

const (
	testUser     = "root"
	testPassword = "correct horse"
)

// kit is the pages on a database of their own.
type kit struct {
	t       testing.TB
	app     *fiber.App
	web     *Web
	store   *store.Store
	service *admin.Service
	auth    *auth.Auth
	cookies map[string]string
	prober  *fakeProber
}

// fakeProber answers connection tests.
type fakeProber struct{ probed []models.Provider }

func (f *fakeProber) Probe(_ context.Context, p models.Provider, opts admin.ProbeOptions) admin.ProbeReport {
	f.probed = append(f.probed, p)
	steps := []admin.ProbeStep{
		{Name: "url", Status: admin.ProbePassed, DurationMS: 0.2},
		{Name: "auth", Status: admin.ProbeFailed, DurationMS: 12, Detail: "the provider answered 401 <b>Unauthorized</b>", Fix: "Try again."},
	}
	if opts.Model == "" {
		steps = append(steps, admin.ProbeStep{Name: "completion", Status: admin.ProbeSkipped, Detail: "no model was chosen"})
	}
	return admin.ProbeReport{OK: false, Steps: steps, DurationMS: 13}
}

func (f *fakeProber) ListModels(_ context.Context, p models.Provider) ([]admin.UpstreamModel, error) {
	if p.Name == "dead" {
		return nil, models.Errorf(models.CodeUnavailable, "the provider could not be reached")
	}
	return []admin.UpstreamModel{{ID: "gpt-4o", OwnedBy: "openai"}, {ID: "<i>odd"}}, nil
}

// newKit is a gateway with an account from the environment, logged in.
func newKit(t testing.TB) *kit {
	t.Helper()
	k := newKitWith(t, auth.Options{Username: testUser, Password: testPassword})
	k.login(testUser, testPassword)
	return k
}

func newKitWith(t testing.TB, opts auth.Options) *kit {
	t.Helper()
	cipher, err := store.NewCipher([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	logger := slog.New(slog.DiscardHandler)
	db, err := store.Open(t.Context(), store.Config{Type: "sqlite", URL: "sqlite:///" + filepath.Join(t.TempDir(), "test.db"), Cipher: cipher, Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	k := &kit{t: t, store: db, cookies: map[string]string{}, prober: &fakeProber{}}
	opts.Store, opts.Key, opts.TokenTTL, opts.Logger = db, make([]byte, 32), time.Hour, logger
	if k.auth, err = auth.New(opts); err != nil {
		t.Fatal(err)
	}
	k.service = admin.New(admin.Options{
		Store: db, Prober: k.prober, KeyPrefix: "lgw-", KeyLength: 32, RetentionDays: 7, Logger: logger, Now: func() time.Time { return noon },
		CheckHost: func(_ context.Context, host string) error {
			if host == "169.254.169.254" {
				return errors.New("refused")
			}
			return nil
		},
	})
	k.web = New(Options{Auth: k.auth, Admin: k.service, AppName: "Squirrel", Version: "test", Logger: logger, Now: func() time.Time { return noon }})
	k.app = fiber.New(fiber.Config{Immutable: true, CaseSensitive: true, StrictRouting: true, DisableStartupMessage: true})
	k.web.Register(k.app)
	return k
}

func (k *kit) login(user, password string) {
	k.t.Helper()
	answer := k.post("/admin/login", "username", user, "password", password)
	if answer.status != http.StatusSeeOther {
		k.t.Fatalf("login: %d %s", answer.status, answer.body)
	}
}

// reply is an answer that was read.
type reply struct {
	status int
	header http.Header
	body   string
}

func (k *kit) get(path string, headers ...string) reply {
	k.t.Helper()
	return k.do(httptest.NewRequestWithContext(k.t.Context(), http.MethodGet, path, http.NoBody), headers)
}

// post sends a form; pairs are names and values.
func (k *kit) post(path string, pairs ...string) reply {
	k.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return k.postForm(path, form)
}

func (k *kit) postForm(path string, form url.Values, headers ...string) reply {
	k.t.Helper()
	r := httptest.NewRequestWithContext(k.t.Context(), http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return k.do(r, headers)
}

// do sends a request with the cookies of earlier answers, as a browser does.
func (k *kit) do(r *http.Request, headers []string) reply {
	k.t.Helper()
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	for name, value := range k.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	resp, err := k.app.Test(r, 20_000)
	if err != nil {
		k.t.Fatal(err)
	}
	defer resp.Body.Close()
	for _, c := range resp.Cookies() {
		if k.cookies[c.Name] = c.Value; c.Value == "" || c.Expires.Year() == 1970 {
			delete(k.cookies, c.Name)
		}
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		k.t.Fatal(err)
	}
	return reply{resp.StatusCode, resp.Header, string(body)}
}

func (k *kit) provider(name, baseURL, key string) admin.ProviderView {
	k.t.Helper()
	p, err := k.service.CreateProvider(k.t.Context(), admin.ProviderInput{Name: admin.Some(name), BaseURL: admin.Some(baseURL), APIKey: admin.Some(key)})
	if err != nil {
		k.t.Fatal(err)
	}
	return p
}

func (k *kit) route(model, target string, provider int64) {
	k.t.Helper()
	if _, err := k.service.CreateModel(k.t.Context(), admin.ModelInput{Name: admin.Some(model)}); err != nil {
		k.t.Fatal(err)
	}
	in := admin.RouteInput{ModelName: admin.Some(model), ProviderID: admin.Some(provider), TargetModel: admin.Some(target)}
	if _, err := k.service.CreateRoute(k.t.Context(), in); err != nil {
		k.t.Fatal(err)
	}
}

// want checks a status and what the body must hold; a word that begins with ! must not be there.
func (r reply) want(t testing.TB, what string, status int, words ...string) {
	t.Helper()
	if r.status != status {
		t.Errorf("%s: status %d, want %d: %.300s", what, r.status, status, r.body)
	}
	for _, w := range words {
		if not, absent := strings.CutPrefix(w, "!"); absent && strings.Contains(r.body, not) {
			t.Errorf("%s: %q is there", what, not)
		} else if !absent && !strings.Contains(r.body, w) {
			t.Errorf("%s: no %q in %.1500s", what, w, r.body[max(strings.Index(r.body, "<main"), 0):])
		}
	}
}

// wantRedirect checks where an answer leads.
func (r reply) wantRedirect(t *testing.T, what, to string) {
	t.Helper()
	if got := r.header.Get("Location"); r.status != http.StatusSeeOther || got != to {
		t.Errorf("%s: status %d to %q, want %q: %.300s", what, r.status, got, to, r.body)
	}
}
