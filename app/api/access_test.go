package api

import (
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
)

func TestF08_EveryRouteNeedsALogin(t *testing.T) {
	k := newKit(t)
	k.seed()
	k.token = ""
	checked := 0
	for _, route := range k.app.GetRoutes(true) {
		if !strings.HasPrefix(route.Path, "/api/") || route.Method == fiber.MethodConnect || route.Method == fiber.MethodTrace {
			continue
		}
		path := strings.NewReplacer(":id", "1", "*", "gpt-4o").Replace(route.Path)
		status, body := k.send(route.Method, path, "{}")
		open := strings.HasPrefix(route.Path, "/api/auth/") || !strings.HasPrefix(path, "/api/admin")
		if !open && status != 401 {
			t.Errorf("%s %s: %d %s", route.Method, path, status, body)
		}
		checked++
	}
	if checked < 60 {
		t.Errorf("only %d routes were found", checked)
	}
	for _, path := range []string{"/api/admin/nothing", "/api/admin/providers/", "/API/admin/providers", "/api/Admin/providers", "/api//admin/providers", "/api/admin/../admin/providers"} {
		if status, body := k.send("GET", path, ""); status != 401 && status != 404 {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}

func TestF07_GatewayKeysAreNotAdminTokens(t *testing.T) {
	k := newKit(t)
	created := k.must("POST", "/api/admin/api-keys", `{"key_name":"app"}`)
	_, rest, _ := strings.Cut(created, `"key_value":"`)
	key, _, _ := strings.Cut(rest, `"`)
	if !strings.HasPrefix(key, "lgw-") || len(key) != 36 {
		t.Fatalf("key %q", key)
	}
	k.run([]scenario{
		{name: "bearer", method: "GET", path: "/api/admin/providers", headers: []string{"Authorization", "Bearer " + key}, status: 401, has: []string{`"code":"unauthorized"`}},
		{name: "x-api-key", method: "GET", path: "/api/admin/providers", headers: []string{"X-Api-Key", key}, anonymous: true, status: 401},
		{name: "cookie", method: "GET", path: "/api/admin/providers", headers: []string{"Cookie", "sq_sess=" + key}, anonymous: true, status: 401},
		{name: "query", method: "GET", path: "/api/admin/providers?access_token=" + key, anonymous: true, status: 401},
	})
}

func TestSession(t *testing.T) {
	k := newKit(t)
	form := []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}
	k.run([]scenario{
		{name: "status, anonymous", method: "GET", path: "/api/auth/status", anonymous: true, status: 200, has: []string{`{"enabled":true,"authenticated":false,"setup_required":false}`}},
		{name: "status", method: "GET", path: "/api/auth/status", status: 200, has: []string{`"authenticated":true`}},
		{name: "F09 wrong password", method: "POST", path: "/api/auth/login", body: `{"username":"root","password":"x"}`, anonymous: true, status: 401, has: []string{`"code":"unauthorized"`, `"message":"wrong user name or password"`}},
		{name: "F09 unknown user", method: "POST", path: "/api/auth/login", body: `{"username":"x","password":"x"}`, anonymous: true, status: 401, has: []string{`"message":"wrong user name or password"`}},
		{name: "F17 login form on another site", method: "POST", path: "/api/auth/login", body: `{"username":"root","password":"correct horse"}`, headers: form, anonymous: true, status: 403, has: []string{"csrf_failed"}},
		{name: "unknown field", method: "POST", path: "/api/auth/login", body: `{"user":"root"}`, anonymous: true, status: 422},
		{name: "no JSON", method: "POST", path: "/api/auth/login", body: `username=root`, anonymous: true, status: 400},
		{name: "login", method: "POST", path: "/api/auth/login", body: `{"username":"root","password":"correct horse"}`, anonymous: true, status: 200, has: []string{`"access_token":"sqs_`, `"token_type":"bearer","expires_in":3600`}},
		{name: "F16 logout", method: "POST", path: "/api/auth/logout", status: 204},
		{name: "F16 replay", method: "GET", path: "/api/admin/providers", status: 401},
	})
}

func TestF15_F17_Cookies(t *testing.T) {
	k := newKit(t)
	resp := k.do("POST", "/api/auth/login", `{"username":"root","password":"correct horse"}`, "Cookie", "sq_sess=attacker")
	cookie := resp.Cookies()[0]
	if cookie.Value == "attacker" || !cookie.HttpOnly || cookie.SameSite != 2 {
		t.Errorf("cookie %v", cookie)
	}
	with := func(headers ...string) []string { return append(headers, "Cookie", "sq_sess="+cookie.Value) }
	body := `{"key_name":"k"}`
	k.run([]scenario{
		{name: "planted cookie", method: "GET", path: "/api/admin/api-keys", headers: []string{"Cookie", "sq_sess=attacker"}, anonymous: true, status: 401},
		{name: "cookie", method: "GET", path: "/api/admin/api-keys", headers: with(), anonymous: true, status: 200},
		{name: "cross-site form", method: "POST", path: "/api/admin/api-keys", body: body, headers: with("Sec-Fetch-Site", "cross-site"), anonymous: true, status: 403, has: []string{"csrf_failed"}},
		{name: "text/plain JSON of another site", method: "POST", path: "/api/admin/api-keys", body: body, headers: with("Content-Type", "text/plain", "Origin", "http://evil.example"), anonymous: true, status: 403},
		{name: "nothing was created", method: "GET", path: "/api/admin/api-keys", status: 200, has: []string{`"total":0`}},
		{name: "same origin", method: "POST", path: "/api/admin/api-keys", body: body, headers: with("Sec-Fetch-Site", "same-origin"), anonymous: true, status: 201},
		{name: "bearer is exempt", method: "POST", path: "/api/admin/api-keys", body: `{"key_name":"l"}`, headers: []string{"Sec-Fetch-Site", "cross-site"}, status: 201},
	})
}

func TestErrorsAndLimits(t *testing.T) {
	k := newKit(t)
	big := `{"name":"` + strings.Repeat("x", maxBody) + `"}`
	k.run([]scenario{
		{name: "anonymous", method: "GET", path: "/api/nothing", anonymous: true, status: 404, has: []string{`"code":"not_found"`, `"type":"not_found_error"`}},
		{name: "unknown path", method: "GET", path: "/api/admin/nothing", status: 404, has: []string{`"code":"not_found"`}},
		{name: "method", method: "PATCH", path: "/api/admin/providers/1", status: 404},
		{name: "too large", method: "POST", path: "/api/admin/providers", body: big, status: 413, has: []string{"request_too_large"}},
		{name: "no object", method: "POST", path: "/api/admin/providers", body: `[]`, status: 400, has: []string{`"code":"invalid_request"`}},
		{name: "broken query", method: "GET", path: "/api/admin/logs?q=%zz", status: 400},
	})
	resp := k.do("GET", "/api/admin/providers", "")
	if resp.Header.Get("Cache-Control") != "no-store" || resp.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("headers %v", resp.Header)
	}
}
