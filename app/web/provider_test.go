package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"squirrel/models"
)

const secretKey = "sk-0123456789abcdefghijklmnop"

// providerForm is a form as the page sends it.
func providerForm(pairs ...string) url.Values {
	form := url.Values{
		"name": {"one"}, "protocol": {"openai"}, "base_url": {"https://one.example/v1"}, "api_key": {secretKey}, "connect_timeout_seconds": {"10"},
		"first_byte_timeout_seconds": {"120"}, "idle_timeout_seconds": {"120"}, "response_timeout_seconds": {"1800"},
		"header_name": {"X-Team", ""}, "header_value": {"blue", ""}, "default_parameters": {`{"temperature":0.7}`},
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}

func TestProviderLifecycle(t *testing.T) {
	k := newKit(t)
	k.get("/admin/providers").want(t, "empty list", http.StatusOK, `data-testid="empty"`, `href="/admin/providers/new?preset=deepseek"`)
	k.get("/admin/providers/new?preset=deepseek").want(t, "preset", http.StatusOK, `value="https://api.deepseek.com"`, "https://api.deepseek.com/chat/completions", "Get a key")
	k.postForm("/admin/providers/new", providerForm()).wantRedirect(t, "create", "/admin/providers/1")
	k.get("/admin/providers/1").want(t, "page", http.StatusOK, "one is added.", "https://one.example/v1/chat/completions", "sk-0…op", "X-Team", "!"+secretKey)
	k.get("/admin/providers/1/edit").want(t, "form", http.StatusOK, "sk-0…op", `value="blue"`, `value="1800"`, "!"+secretKey)
	stored, err := k.store.Provider(t.Context(), 1)
	if err != nil || stored.APIKey.Reveal() != secretKey || string(stored.DefaultParameters) != `{"temperature":0.7}` || stored.ExtraHeaders["X-Team"] != "blue" {
		t.Errorf("stored %+v, %v", stored, err)
	}

	edit := providerForm("name", "uno", "api_key", "", "version", strconv.FormatInt(stored.Version, 10), "idle_timeout_seconds", "60")
	k.postForm("/admin/providers/1/edit", edit).wantRedirect(t, "edit", "/admin/providers/1")
	if now, _ := k.store.Provider(t.Context(), 1); now.Name != "uno" || now.APIKey.Reveal() != secretKey || now.IdleTimeout != 60 {
		t.Errorf("after the edit: %+v", now)
	}
	k.postForm("/admin/providers/1/edit", edit).want(t, "stale edit", http.StatusConflict, "Somebody else has saved")

	k.post("/admin/providers/1/disable").wantRedirect(t, "disable", "/admin/providers")
	k.get("/admin/providers").want(t, "undo", http.StatusOK, "uno is disabled.", `action="/admin/providers/1/enable"`)
	k.get("/admin/providers?state=active").want(t, "filter", http.StatusOK, `data-testid="no-match"`)
	k.get("/admin/providers?q=ONE.EXAMPLE&protocol=openai").want(t, "search", http.StatusOK, `id="provider-1"`)
	k.post("/admin/providers/1/enable")

	k.get("/admin/providers/1/delete").want(t, "ask", http.StatusOK, `data-testid="confirm"`)
	k.post("/admin/providers/1/delete").wantRedirect(t, "delete", "/admin/providers")
	k.get("/admin/providers/1").want(t, "gone", http.StatusNotFound, `data-testid="error"`)
}

func TestProviderFormIsRefused(t *testing.T) {
	k := newKit(t)
	k.provider("taken", "https://t.example/v1", "")
	for _, c := range []struct{ name, field, value, field2, want string }{
		{"no name", "name", "", "name", "must not be empty"},
		{"taken name", "name", "taken", "name", "is taken"},
		{"odd URL", "base_url", "ftp://x", "base_url", "must be a URL that begins with"},
		{"endpoint pasted", "base_url", "https://x.example/v1/chat/completions", "base_url", "which the gateway adds"},
		{"metadata address", "base_url", "http://169.254.169.254/", "base_url", "not allowed here"},
		{"word as number", "idle_timeout_seconds", "soon", "idle_timeout_seconds", "must be a whole number"},
		{"number too large", "connect_timeout_seconds", "601", "connect_timeout_seconds", "must be between 1 and 600"},
		{"parameters", "default_parameters", "[1]", "default_parameters", "must be a JSON object"},
		{"mask as key", "api_key", "sk-0…op", "api_key", "is a mask, not a key"},
		{"proxy", "proxy_url", "nonsense", "proxy_url", "must be a URL that begins with"},
	} {
		answer := k.postForm("/admin/providers/new", providerForm(c.field, c.value))
		answer.want(t, c.name, http.StatusUnprocessableEntity, `data-testid="error-summary"`, `href="#`+c.field2+`"`, c.want, `aria-invalid="true"`, "!"+secretKey)
		if c.field != "name" && !strings.Contains(answer.body, `value="one"`) {
			t.Errorf("%s: what was typed is lost", c.name)
		}
	}
	k.postForm("/admin/providers/new", providerForm("base_url", ""), "Accept-Language", "zh").want(t, "in Chinese", http.StatusUnprocessableEntity, "不能为空")
	k.postForm("/admin/providers/1/edit", providerForm("name", "x", "api_key", ""), "Accept-Language", "en").wantRedirect(t, "host change without a key", "/admin/providers/1")
	k.postForm("/admin/providers/1/edit", providerForm()).wantRedirect(t, "key set", "/admin/providers/1")
	k.postForm("/admin/providers/1/edit", providerForm("base_url", "https://evil.example/v1", "api_key", "")).
		want(t, "stored key to another host", http.StatusUnprocessableEntity, "must be sent again when the host")
}

func TestProviderInUseIsNotDeleted(t *testing.T) {
	k := newKit(t)
	p := k.provider("one", "https://one.example/v1", "")
	k.route("smart/model", "gpt-4o", p.ID)
	k.get("/admin/providers/1/delete").want(t, "ask", http.StatusOK, "smart/model", `href="/admin/models/smart%2Fmodel"`, `!data-testid="confirm"`, "Disable instead")
	k.post("/admin/providers/1/delete").want(t, "delete", http.StatusConflict, "smart/model")
}

func TestConnectionTest(t *testing.T) {
	k := newKit(t)
	p := k.provider("one", "https://one.example/v1", secretKey)
	draft := providerForm("id", strconv.FormatInt(p.ID, 10), "api_key", "", "test_model", "gpt-4o")
	whole := k.postForm("/admin/providers/test", draft)
	whole.want(t, "without scripts", http.StatusOK, "<!doctype html", `data-testid="provider-form"`, "Key is accepted", "Connection fails", "&lt;b&gt;Unauthorized", "!<b>Unauthorized")
	k.postForm("/admin/providers/test", draft, "HX-Request", "true").want(t, "htmx", http.StatusOK, "!<!doctype html", `data-testid="step"`)
	if len(k.prober.probed) != 2 || k.prober.probed[0].APIKey.Reveal() != secretKey {
		t.Errorf("probed %d providers", len(k.prober.probed))
	}
	k.postForm("/admin/providers/test", providerForm("base_url", ""), "HX-Request", "true").want(t, "bad draft", http.StatusOK, "Base URL: must not be empty")
	moved := providerForm("id", "1", "api_key", "", "base_url", "https://evil.example/v1")
	k.postForm("/admin/providers/test", moved, "HX-Request", "true").want(t, "stored key elsewhere", http.StatusOK, "must be sent again")
	if len(k.prober.probed) != 2 {
		t.Error("a refused draft was tested")
	}
	if now, _ := k.service.Provider(t.Context(), p.ID); now.Version != p.Version {
		t.Error("a test changed the provider")
	}
}

func TestUpstreamModels(t *testing.T) {
	k := newKit(t)
	p := k.provider("one", "https://one.example/v1", "")
	k.provider("dead", "https://dead.example/v1", "")
	k.route("smart", "gpt-4o", p.ID)
	k.get("/admin/providers/1?tab=models").want(t, "list", http.StatusOK, "gpt-4o", `href="/admin/models/smart"`, "&lt;i&gt;odd", "!<i>odd")
	k.get("/admin/providers/2?tab=models").want(t, "no list", http.StatusOK, `data-testid="upstream-problem"`, "could not be reached")
}

// TestPauseProvider pauses all routes to a provider and those only; they go on by themselves or when asked to.
func TestPauseProvider(t *testing.T) {
	k := newKit(t)
	p, other := k.provider("one", "https://one.example/v1", ""), k.provider("two", "https://two.example/v1", "")
	k.route("smart", "gpt-4o", p.ID)
	k.route("fast", "gpt-4o-mini", p.ID)
	k.route("slow", "gpt-4o", other.ID)
	k.get("/admin/providers").want(t, "offered", http.StatusOK, `action="/admin/providers/1/pause"`, `name="minutes" value="15"`, "Pause for 1 hour", "!Resume")
	k.post("/admin/providers/1/pause", "minutes", "15").wantRedirect(t, "paused", "/admin/providers")
	k.get("/admin/providers").want(t, "paused", http.StatusOK, "one is paused for 15 minutes (routes: 2).", `action="/admin/providers/1/resume"`, ">Paused<", `name="minutes" value="0"`)
	k.get("/admin/providers/2").want(t, "the other", http.StatusOK, "!Paused")
	k.post("/admin/providers/1/resume").wantRedirect(t, "resumed", "/admin/providers")
	k.get("/admin/providers").want(t, "resumed", http.StatusOK, "one goes on", "!Paused")
	k.post("/admin/providers/1/pause", "minutes", "soon").want(t, "no number", http.StatusUnprocessableEntity, "must be between 0 and")
	k.post("/admin/providers/9/pause", "minutes", "15").want(t, "no provider", http.StatusNotFound)
}

func TestPreview(t *testing.T) {
	for _, c := range []struct {
		base       string
		protocol   models.Protocol
		want, hint string
	}{
		{"https://api.deepseek.com", "openai", "https://api.deepseek.com/chat/completions", ""}, // as its preset has it
		{"https://llm.example", "openai", "https://llm.example/chat/completions", "no version"},
		{"https://api.openai.com/v1/", "openai_responses", "https://api.openai.com/v1/responses", ""},
		{"https://api.anthropic.com", "anthropic", "https://api.anthropic.com/v1/messages", "is added"},
		{"https://api.anthropic.com/v1", "anthropic", "https://api.anthropic.com/v1/messages", ""},
		{"https://x.example/api/paas/v4", "openai", "https://x.example/api/paas/v4/chat/completions", ""},
		{"https://x.example/v1beta/openai", "openai", "https://x.example/v1beta/openai/chat/completions", ""},
		{"https://{resource}.openai.azure.com/openai/v1", "openai", "", "Replace the part"},
		{"https://r.openai.azure.com/openai/deployments/d?api-version=1", "openai", "https://r.openai.azure.com/openai/deployments/d/chat/completions?api-version=1", ""},
		{"http://localhost:11434/v1", "openai", "http://localhost:11434/v1/chat/completions", "host.docker.internal"},
		{"http://api.example.com/v1", "openai", "http://api.example.com/v1/chat/completions", "unencrypted"},
		{"http://10.0.0.5/v1", "openai", "http://10.0.0.5/v1/chat/completions", ""},
		{"https://u:p@x.example/v1", "openai", "https://x.example/v1/chat/completions", ""},
		{"javascript:alert(1)", "openai", "", ""},
		{"", "openai", "", ""},
	} {
		preview := previewOf(t.Context(), c.base, c.protocol)
		var hints []string
		for _, n := range preview.Notes {
			hints = append(hints, n.Text)
		}
		all := strings.Join(hints, " ")
		if c.want != "" && preview.URL != c.want || !strings.Contains(all, c.hint) || c.hint == "" && all != "" {
			t.Errorf("%s %s: %q, hints %q", c.protocol, c.base, preview.URL, all)
		}
	}
}
