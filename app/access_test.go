package app

import (
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"squirrel/proxy/simulator"
)

// open are the routes that serve strangers: health, the ways in, and what the login page is made of.
var open = []string{"/healthz", "/health", "/livez", "/readyz", "/admin/login", "/admin/logout", "/admin/setup", "/admin/preferences"}

func isOpen(pattern string) bool {
	return slices.Contains(open, pattern) || strings.HasPrefix(pattern, "/api/auth/") || strings.HasPrefix(pattern, "/static/")
}

// refused reports an answer that gives a stranger nothing: a refusal, or the way to the login.
func refused(a *answer) bool {
	switch a.status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed:
		return true
	case http.StatusFound, http.StatusSeeOther:
		to := a.header.Get("Location")
		return strings.HasPrefix(to, "/admin/login") || strings.HasPrefix(to, "/admin/setup")
	}
	return false
}

// TestF08_StrangersGetNothing walks over every registered route without credentials, from another machine.
func TestF08_StrangersGetNothing(t *testing.T) {
	for name, environ := range map[string][]string{"with an administrator": withAdmin(), "before the set-up": nil} {
		t.Run(name, func(t *testing.T) {
			k := startKit(t, usualPatience, fromAfar, environ...)
			routes := k.routes()
			if len(routes) < 80 {
				t.Errorf("only %d routes were found", len(routes))
			}
			for _, r := range routes {
				if isOpen(r.pattern) {
					continue
				}
				if _, answer := k.send(r.method, r.path, "{}"); !refused(answer) {
					t.Errorf("%s %s: %d %s", r.method, r.path, answer.status, answer.body)
				}
			}
		})
	}
}

// spellings are other ways to write a path that a sloppy check takes for another one.
func spellings(path string) []string {
	first, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return []string{
		path + "/", path + "//", path + "/.", path + "?x=/healthz", path + "%20", path + "%00", path + ";x=1", path + ".json", path + "%2f",
		"/" + path, "/." + path, "/healthz/.." + path, "/%2e" + path, "/healthz/%2e%2e" + path, "/static/.." + path, `/static\..` + path,
		"/" + strings.ToUpper(first) + "/" + rest, "/" + first + "/" + strings.ToUpper(rest), "/" + first + "//" + rest, "/" + first + "%2f" + rest, "/" + first + `\` + rest,
		"/%" + hex(first[0]) + first[1:] + "/" + rest, "/" + first + "/./" + rest, "/" + first + "/x/../" + rest, "http://{host}" + path, "/%252e" + path,
	}
}

func hex(c byte) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[c>>4], digits[c&15]})
}

// TestC12_PathSpellings asks for every protected path in other spellings.
func TestC12_PathSpellings(t *testing.T) {
	k := startKit(t, usualPatience, fromAfar, withAdmin()...)
	var asked []string
	for _, r := range k.routes() {
		if r.method != http.MethodGet || isOpen(r.pattern) || r.path == "/" {
			continue
		}
		for _, path := range spellings(r.path) {
			asked = append(asked, strings.ReplaceAll(path, "{host}", k.Addr()))
		}
	}
	atOnce(len(asked), func(i int) {
		raw := "GET " + asked[i] + " HTTP/1.1\r\nHost: " + k.Addr() + "\r\nConnection: close\r\n\r\n"
		for _, a := range exchange(t, k.Addr(), raw) {
			if !refused(&a) && a.status != http.StatusBadRequest {
				t.Errorf("%s: %d %.200s", asked[i], a.status, a.body)
			}
		}
	})
}

// TestF07_PrincipalsDontMix presents each kind of credential where it does not belong.
func TestF07_PrincipalsDontMix(t *testing.T) {
	k := newKit(t)
	admin, _, key := k.seeded(simulator.Options{})
	cookie := "sq_sess=" + admin.Token
	for _, c := range []struct {
		method, path string
		header       []string
		want         int
	}{
		{"GET", "/api/admin/providers", []string{"Authorization", "Bearer " + admin.Token}, 200},
		{"GET", "/api/admin/providers", []string{"Cookie", cookie}, 200},
		{"GET", "/v1/models", []string{"Authorization", "Bearer " + key}, 200},

		{"GET", "/api/admin/providers", []string{"Authorization", "Bearer " + key}, 401},
		{"GET", "/api/admin/providers", []string{"X-Api-Key", key}, 401},
		{"GET", "/api/admin/providers", []string{"Cookie", "sq_sess=" + key}, 401},
		{"GET", "/api/admin/providers", []string{"Authorization", "Bearer " + key, "Cookie", cookie}, 401},
		{"GET", "/v1/models", []string{"Authorization", "Bearer " + admin.Token}, 401},
		{"GET", "/v1/models", []string{"Cookie", cookie}, 401},
		{"GET", "/v1/models", []string{"X-Api-Key", key, "Authorization", "Bearer " + admin.Token}, 401},
		{"GET", "/v1/models?api_key=" + key, nil, 401},
		{"GET", "/metrics", []string{"Authorization", "Bearer " + key, "X-Forwarded-For", "203.0.113.7"}, 401},
		{"GET", "/metrics", []string{"Authorization", "Bearer " + admin.Token, "X-Forwarded-For", "203.0.113.7"}, 200},
	} {
		if status, a := k.send(c.method, c.path, "", c.header...); status != c.want {
			t.Errorf("%s %s %v: %d, want %d: %s", c.method, c.path, c.header, status, c.want, a.body)
		}
	}
}

// TestF10_F12_F13_BeforeTheSetUp asks for the admin API while there is no account. Only a client on this machine is let in,
// and neither a proxy on this machine nor a name that resolves to it makes one.
func TestF10_F12_F13_BeforeTheSetUp(t *testing.T) {
	const path = "/api/admin/providers"
	for _, c := range []struct {
		name   string
		wrap   func(net.Listener) net.Listener
		header []string
		want   int
	}{
		{"this machine", nil, nil, 200},
		{"this machine by name", nil, []string{"Host", "localhost:8000"}, 200},
		{"F10 another machine", fromAfar, nil, 403},
		{"F10 another machine that says localhost", fromAfar, []string{"Host", "localhost:8000"}, 403},
		{"F10 another machine with a made-up address", fromAfar, []string{"Host", "localhost", "X-Forwarded-For", "127.0.0.1", "X-Real-IP", "127.0.0.1"}, 403},
		{"F12 a proxy's X-Forwarded-For", nil, []string{"X-Forwarded-For", "203.0.113.7"}, 403},
		{"F12 a proxy's empty X-Forwarded-For", nil, []string{"X-Forwarded-For", ""}, 403},
		{"F12 a proxy's X-Forwarded-For of this machine", nil, []string{"X-Forwarded-For", "127.0.0.1"}, 403},
		{"F12 a proxy's Forwarded", nil, []string{"Forwarded", "for=203.0.113.7"}, 403},
		{"F12 a proxy's Via", nil, []string{"Via", "1.1 proxy"}, 403},
		{"F12 a proxy's X-Real-IP", nil, []string{"X-Real-IP", "203.0.113.7"}, 403},
		{"F13 a name that resolves to us", nil, []string{"Host", "evil.example"}, 403},
		{"F13 a name that looks like us", nil, []string{"Host", "localhost.evil.example"}, 403},
		{"F13 a page of another origin", nil, []string{"Origin", "http://evil.example"}, 403},
		{"a token that is none", fromAfar, []string{"Authorization", "Bearer x"}, 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := startKit(t, usualPatience, c.wrap)
			status, a := k.send("GET", path, "", c.header...)
			if status != c.want || c.want == 403 && codeOf(a.body) != "setup_required" {
				t.Errorf("%d, want %d: %s", status, c.want, a.body)
			}
			if got := k.get("/v1/models", c.header...); got != 401 {
				t.Errorf("/v1 without a key: %d", got)
			}
		})
	}
}
