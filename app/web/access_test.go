package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"squirrel/app/auth"
	"squirrel/static"
)

// example puts values in place of the parameters of a path.
func example(path string) string {
	return regexp.MustCompile(`:[a-z]+`).ReplaceAllString(strings.ReplaceAll(path, "*", "x"), "1")
}

func TestEveryPageWantsALogin(t *testing.T) {
	k := newKitWith(t, auth.Options{Username: testUser, Password: testPassword})
	for _, r := range k.web.routes() {
		if r.public {
			continue
		}
		path := example(r.path)
		plain := k.do(httptest.NewRequestWithContext(t.Context(), r.method, path, http.NoBody), nil)
		want := "/admin/login?next=" + url.QueryEscape("/admin")
		if r.method == http.MethodGet {
			want = "/admin/login?next=" + url.QueryEscape(path)
		}
		plain.wantRedirect(t, r.method+" "+path, want)
		part := k.do(httptest.NewRequestWithContext(t.Context(), r.method, path, http.NoBody), []string{"HX-Request", "true"})
		if part.status != http.StatusUnauthorized || !strings.HasPrefix(part.header.Get("HX-Redirect"), "/admin/login?next=") {
			t.Errorf("%s %s to htmx: %d, %q", r.method, path, part.status, part.header.Get("HX-Redirect"))
		}
	}
	k.get("/admin/no/such/page").wantRedirect(t, "a page that isn't", "/admin/login?next="+url.QueryEscape("/admin/no/such/page"))
}

func TestF17_FormsOfOtherSites(t *testing.T) {
	k := newKit(t)
	p := k.provider("one", "https://one.example/v1", "sk-0123456789abcdef")
	for name, headers := range map[string][]string{
		"cross-site form":            {"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"},
		"sub-domain":                 {"Sec-Fetch-Site", "same-site", "Origin", "http://x.example.com"},
		"old browser, other origin":  {"Origin", "https://evil.example"},
		"null origin":                {"Origin", "null"},
		"text/plain that looks like": {"Origin", "https://evil.example", "Content-Type", "text/plain"},
	} {
		for _, path := range []string{providerURL(p.ID) + "/delete", providerURL(p.ID) + "/disable", "/admin/keys/new", "/admin/login", "/admin/setup", "/admin/logout", "/admin/preferences"} {
			answer := k.postForm(path, url.Values{"theme": {"dark"}, "key_name": {"x"}}, headers...)
			if answer.status != http.StatusForbidden {
				t.Errorf("%s to %s: status %d", name, path, answer.status)
			}
			if !strings.Contains(answer.body, `data-testid="error"`) {
				t.Errorf("%s to %s: no error page", name, path)
			}
		}
	}
	if _, ok := k.cookies[themeCookie]; ok {
		t.Error("a form of another site changed a preference")
	}
	for _, r := range k.web.routes() { // reading never changes
		if r.method == http.MethodGet {
			k.get(example(r.path), "Sec-Fetch-Site", "cross-site")
		}
	}
	if now, err := k.service.Provider(t.Context(), p.ID); err != nil || !now.IsActive || now.Version != p.Version {
		t.Errorf("the provider is now %+v, %v", now, err)
	}
	k.postForm(providerURL(p.ID)+"/disable", nil, "Sec-Fetch-Site", "same-origin").wantRedirect(t, "own form", "/admin/providers")
}

func TestF24_Headers(t *testing.T) {
	k := newKit(t)
	for _, path := range []string{"/admin/login", "/admin/setup", "/admin/account", "/admin/providers", "/admin/no-such-page", "/admin/providers/99"} {
		h := k.get(path).header
		policy := h.Get("Content-Security-Policy")
		for _, part := range []string{
			"default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "media-src data:", "connect-src 'self'", "form-action 'self'", "base-uri 'none'",
			"frame-ancestors 'none'",
		} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: the policy has no %s", path, part)
			}
		}
		if strings.Contains(policy, "unsafe") {
			t.Errorf("%s: %s", path, policy)
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin", "X-Squirrel-Build": static.Build(),
		} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
		if !strings.Contains(h.Get("Vary"), "HX-Request") {
			t.Errorf("%s: Vary is %q", path, h.Get("Vary"))
		}
	}
}

func TestAssets(t *testing.T) {
	k := newKitWith(t, auth.Options{})
	plain := k.get(static.URL("app.css"))
	plain.want(t, "stylesheet", http.StatusOK, "--surface")
	if plain.header.Get("Cache-Control") != static.CacheControl || !strings.HasPrefix(plain.header.Get("Content-Type"), "text/css") {
		t.Errorf("headers: %v", plain.header)
	}
	if packed := k.get(static.URL("app.js"), "Accept-Encoding", "gzip, br"); packed.header.Get("Content-Encoding") != "gzip" || len(packed.body) == 0 {
		t.Errorf("packed: %v", packed.header)
	}
	for _, path := range []string{"/static/app.css", "/static/", "/static/..%2fstatic.go", "/static/%2e%2e/go.mod"} {
		if got := k.get(path).status; got != http.StatusNotFound {
			t.Errorf("%s: status %d", path, got)
		}
	}
}

// TestC15_AssetsByExactName: only the exact name of an embedded file is served, however the path is written.
func TestC15_AssetsByExactName(t *testing.T) {
	k := newKitWith(t, auth.Options{})
	for _, path := range []string{
		"/static/..%2f..%2fetc/passwd", "/static/..%2f..%2fgo.mod", "/static/%2e%2e/%2e%2e/etc/passwd", "/static/..%5c..%5cgo.mod", "/static/%00", "/static/app.css%00",
		"/static/....//go.mod", "/static//etc/passwd", "/static/%252e%252e%252fgo.mod", static.URL("app.css") + "%00.txt", static.URL("app.css") + "/", strings.ToUpper(static.URL("app.css")),
	} {
		if answer := k.get(path); answer.status != http.StatusNotFound || strings.Contains(answer.body, "root:") || strings.Contains(answer.body, "module ") {
			t.Errorf("%s: status %d, %.100s", path, answer.status, answer.body)
		}
	}
}

// TestF24_EveryAnswer: whatever a page's route answers, it can't be framed, sniffed, or kept by the browser.
func TestF24_EveryAnswer(t *testing.T) {
	k := newKit(t)
	for _, r := range k.web.routes() {
		answer := k.do(httptest.NewRequestWithContext(t.Context(), r.method, example(r.path), http.NoBody), nil)
		if !strings.Contains(answer.header.Get("Content-Security-Policy"), "frame-ancestors 'none'") || answer.header.Get("X-Frame-Options") != "DENY" ||
			answer.header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(answer.header.Get("Cache-Control"), "no-store") {
			t.Errorf("%s %s (%d): %v", r.method, r.path, answer.status, answer.header)
		}
		if answer.status >= 500 {
			t.Errorf("%s %s: status %d", r.method, r.path, answer.status)
		}
		if r.path == "/admin/logout" || r.path == "/admin/account/sessions/end" {
			k.login(testUser, testPassword)
		}
	}
	k.get("/admin/providers").want(t, "htmx keeps no pages", 200, "&#34;historyCacheSize&#34;:0", "&#34;allowEval&#34;:false", "&#34;selfRequestsOnly&#34;:true")
}

// TestPartsAndPages: the same URL gives htmx the part only.
func TestPartsAndPages(t *testing.T) {
	k := newKit(t)
	k.provider("one", "https://one.example/v1", "")
	k.get("/admin/providers").want(t, "page", http.StatusOK, "<!doctype html", `id="results"`, "one.example")
	k.get("/admin/providers", "HX-Request", "true").want(t, "part", http.StatusOK, "!<!doctype html", "one.example")
	k.get("/admin/providers", "HX-Request", "true", "HX-History-Restore-Request", "true").want(t, "history", http.StatusOK, "<!doctype html")
}

func TestLanguageAndTheme(t *testing.T) {
	k := newKit(t)
	k.get("/admin/providers", "Accept-Language", "zh-CN,zh;q=0.9").want(t, "browser's language", http.StatusOK, `lang="zh"`, "供应商")
	k.get("/admin/providers?lang=zh").want(t, "asked language", http.StatusOK, `lang="zh"`)
	k.get("/admin/account", "Accept-Language", "en").want(t, "remembered language", http.StatusOK, `lang="zh"`)
	k.get("/admin/account?lang=xx").want(t, "unknown language", http.StatusOK, `lang="zh"`)
	k.post("/admin/preferences", "theme", "dark", "back", "/admin/keys?q=x").wantRedirect(t, "theme", "/admin/keys?q=x")
	k.get("/admin/keys").want(t, "remembered theme", http.StatusOK, `data-theme="dark"`)
	k.post("/admin/preferences", "theme", "neon", "shortcuts", "off", "back", "https://evil.example/").wantRedirect(t, "back elsewhere", "/admin")
	k.get("/admin/keys").want(t, "unknown theme", http.StatusOK, `data-theme="dark"`, `data-shortcuts="off"`)
}

func TestLocalPath(t *testing.T) {
	for path, want := range map[string]string{
		"/admin": "/admin", "/admin/logs?q=a%2Fb": "/admin/logs?q=a%2Fb", "/admin?range=24h": "/admin?range=24h",
		"": "/admin", "/": "/admin", "//evil.example": "/admin", "/admin//evil.example": "/admin", "https://evil.example/admin": "/admin", "/administrator": "/admin",
		"/admin/../v1": "/admin", `/admin\evil`: "/admin", "/admin/\nx": "/admin", "javascript:alert(1)": "/admin",
	} {
		if got := localPath(path); got != want {
			t.Errorf("localPath(%q) = %q, want %q", path, got, want)
		}
	}
}
