package web

import (
	"log/slog"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
)

// newStartKit is an empty gateway that can test providers and send requests.
func newStartKit(t *testing.T) (*kit, *dataPlane) {
	t.Helper()
	k, d := newKit(t), &dataPlane{}
	clock := func() time.Time { return noon }
	k.service = admin.New(admin.Options{
		Store: k.store, Prober: k.prober, Player: d, KeyPrefix: "lgw-", KeyLength: 32, RetentionDays: 7, Logger: slog.New(slog.DiscardHandler), Now: clock,
	})
	k.web = New(Options{Auth: k.auth, Admin: k.service, AppName: "Squirrel", Logger: slog.New(slog.DiscardHandler), Now: clock})
	k.app = fiber.New(fiber.Config{Immutable: true, CaseSensitive: true, StrictRouting: true, DisableStartupMessage: true})
	k.web.Register(k.app)
	return k, d
}

// TestStart goes through the first run by forms alone.
func TestStart(t *testing.T) {
	k, d := newStartKit(t)
	k.get("/admin").wantRedirect(t, "an empty gateway", "/admin/start")
	k.get("/admin/start").want(t, "no provider yet", 200, `data-testid="start"`, "/admin/start?preset=openai", "Other OpenAI-compatible")
	k.get("/admin/start?step=models").wantRedirect(t, "models without a provider", "/admin/start")
	k.get("/admin/start?preset=openai").want(t, "a preset", 200, `value="https://api.openai.com/v1"`, "Get a key")

	const key = "sk-0123456789abcdef"
	fields := []string{"preset", "other-openai", "base_url", "https://one.example/v1", "api_key", key}
	k.post("/admin/start/provider", fields...).want(t, "a test that fails", http.StatusUnprocessableEntity, `data-testid="step"`, "Try again.", `value="https://one.example/v1"`, `data-testid="anyway"`, "Enter the key again", "!"+key)
	part := k.postForm("/admin/start/provider", url.Values{"preset": {"openai"}, "base_url": {"nonsense"}}, "HX-Request", "true")
	part.want(t, "a URL that is none, to htmx", http.StatusUnprocessableEntity, "Base URL", "!<html", "!"+`data-testid="anyway"`)
	k.post("/admin/start/provider", append(fields, "anyway", "true")...).wantRedirect(t, "anyway", "/admin/start?step=models")

	k.get("/admin/start").want(t, "models", 200, `aria-current="step"`, "one.example", `value="gpt-4o"`, "checked")
	k.post("/admin/start/models", "provider_id", "1").want(t, "none chosen", http.StatusUnprocessableEntity, `data-testid="error-summary"`)
	k.post("/admin/start/models", "provider_id", "1", "targets", "gpt-4o", "names", "text-embedding-3-small\n\n").wantRedirect(t, "models", "/admin/start")
	if m, err := k.service.Model(t.Context(), "text-embedding-3-small"); err != nil || m.Type != models.ModelEmbedding || len(m.Providers) != 1 {
		t.Errorf("the model is %+v, %v", m, err)
	}

	k.get("/admin/start").want(t, "key", 200, `value="default"`)
	k.post("/admin/start/key", "key_name", "").want(t, "no name", http.StatusUnprocessableEntity, "must not be empty")
	once := k.post("/admin/start/key", "key_name", "default")
	once.want(t, "the key, once", 200, `data-testid="key-value"`, `data-testid="waiting"`, `data-testid="snippet-curl"`, "Asks gpt-4o")
	k.get("/admin/start").want(t, "again", 200, `!data-testid="key-value"`, "shown only once")
	k.get("/admin/start/key").wantRedirect(t, "the address of a form", "/admin/start")

	k.post("/admin/start/send").wantRedirect(t, "send", "/admin/start?step=request")
	if len(d.played) != 1 || string(d.played[0].Body) != `{"model":"gpt-4o","messages":[{"role":"user","content":"Say hi"}]}` {
		t.Fatalf("sent %+v", d.played)
	}
	k.seedLog(5, failing(502, "upstream_error"))
	k.get("/admin/start/first", "HX-Request", "true").want(t, "it failed", 200, "it said no", `data-testid="waiting"`, "!<html")
	id := k.seedLog(6, nil)
	k.get("/admin/start/first", "HX-Request", "true").want(t, "answered", 200, `data-testid="live"`, id, "$0.00123", "1.20K / 80", "!every 2s")
	k.get("/admin/start/first").wantRedirect(t, "the part as a page", "/admin/start")
	k.get("/admin").want(t, "the overview", 200, "Overview")
}

// TestStart_NamesAreFree: a second provider and a second key of the same kind get names of their own.
func TestStart_NamesAreFree(t *testing.T) {
	k, _ := newStartKit(t)
	for range 2 {
		k.post("/admin/start/provider", "preset", "openai", "base_url", "https://api.openai.com/v1", "api_key", "sk-0123456789abcdef", "anyway", "true").
			wantRedirect(t, "provider", "/admin/start?step=models")
	}
	names, err := k.service.ProviderNames(t.Context())
	if err != nil || len(names) != 2 || names[0].Name != "OpenAI" || names[1].Name != "OpenAI 2" {
		t.Errorf("%+v, %v", names, err)
	}
	k.post("/admin/start/key", "key_name", "default").want(t, "key", 200)
	k.get("/admin/start?step=key").want(t, "another key", 200, `value="default 2"`)
}

// TestAdopt makes models of a provider's own list.
func TestAdopt(t *testing.T) {
	k, _ := newStartKit(t)
	p := k.provider("one", "https://one.example/v1", "sk-0123456789abcdef")
	k.route("smart", "gone", p.ID)
	tab := providerURL(p.ID) + "?tab=models"
	k.get(tab).want(t, "offers", 200, `value="gpt-4o"`, "$2.50\u00a0/\u00a0$10.00", `data-testid="gone"`, "smart → gone", "&lt;i&gt;odd")
	k.get(tab+"&q=GPT", "HX-Request", "true").want(t, "search", 200, "gpt-4o", "!odd", "!<html")
	k.get(tab+"&q=zzz").want(t, "no match", 200, `data-testid="no-match"`)
	k.post(providerURL(p.ID)+"/models").wantRedirect(t, "none", tab)
	k.get(tab).want(t, "none", 200, "Nothing was created")
	k.post(providerURL(p.ID)+"/models", "targets", "gpt-4o", "targets", "<i>odd").wantRedirect(t, "a name that can't be", tab)
	if _, err := k.service.Model(t.Context(), "gpt-4o"); models.ErrorCode(err) != models.CodeNotFound {
		t.Errorf("half of it was done: %v", err)
	}
	for _, want := range []string{"1 models and 1 routes created", "0 models and 0 routes created; 1 were there already"} {
		k.post(providerURL(p.ID)+"/models", "targets", "gpt-4o").wantRedirect(t, "adopt", tab)
		k.get(tab).want(t, "adopted", 200, want)
	}
	k.post("/admin/providers/99/models", "targets", "x").want(t, "no such provider", http.StatusNotFound)
}

// TestStart_KeyOfTheEnvironment is used when asked for, for the host of its provider only, and never shown.
func TestStart_KeyOfTheEnvironment(t *testing.T) {
	const found, typed = "sk-of-the-environment-01", "sk-typed-0123456789"
	k, _ := newStartKit(t)
	page := "/admin/start?preset=openai"
	k.get(page).want(t, "none", http.StatusOK, "!use_env")
	k.web.opts.Getenv = func(name string) string { return map[string]string{"OPENAI_API_KEY": found, "HOME": "/root"}[name] }
	k.get(page).want(t, "found", http.StatusOK, "Found OPENAI_API_KEY in the environment: use it", `name="use_env" value="true" checked`, "!"+found)
	k.get("/admin/start?preset=anthropic").want(t, "of another provider", http.StatusOK, "!use_env")

	start := func(baseURL, key, use string) reply {
		return k.post("/admin/start/provider", "preset", "openai", "base_url", baseURL, "api_key", key, "use_env", use, "anyway", "true")
	}
	for _, elsewhere := range []string{"https://evil.example/v1", "http://api.openai.com/v1", "https://api.openai.com@evil.example/v1", "https://api.openai.com:8443/v1", "::"} {
		start(elsewhere, "", "true").want(t, elsewhere, http.StatusUnprocessableEntity, "must lead to api.openai.com", "!"+found)
	}
	if k.post("/admin/start/provider", "preset", "openai", "base_url", "https://api.openai.com/v1", "use_env", "true").status != http.StatusUnprocessableEntity {
		t.Error("a test that fails is no refusal")
	}
	if tested := k.prober.probed; len(tested) != 1 || string(tested[0].APIKey) != found {
		t.Errorf("tested %d providers, not the one with the key of the environment", len(tested))
	}
	for i, tt := range []struct{ key, use, want string }{{"", "true", found}, {typed, "true", typed}, {"", "", ""}} {
		start("https://api.openai.com/v1", tt.key, tt.use).wantRedirect(t, "saved", "/admin/start?step=models")
		p, err := k.store.Provider(t.Context(), int64(i+1))
		if err != nil || string(p.APIKey) != tt.want {
			t.Errorf("key %q with use_env %q: stored another one, %v", tt.key, tt.use, err)
		}
	}
}

// TestPresets_InContainer lead to the host, where a localhost of theirs would be the container.
func TestPresets_InContainer(t *testing.T) {
	k, _ := newStartKit(t)
	pages := []string{"/admin/start?preset=", "/admin/providers/new?preset="}
	for preset, port := range map[string]string{"ollama": "11434", "vllm": "8000", "lmstudio": "1234"} {
		for _, page := range pages {
			k.web.opts.InContainer = false
			k.get(page+preset).want(t, preset, http.StatusOK, `value="http://localhost:`+port+`/v1"`)
			k.web.opts.InContainer = true
			k.get(page+preset).want(t, preset+" in a container", http.StatusOK, `value="http://host.docker.internal:`+port+`/v1"`)
		}
	}
	k.get("/admin/start?preset=openai").want(t, "elsewhere", http.StatusOK, `value="https://api.openai.com/v1"`)
}
