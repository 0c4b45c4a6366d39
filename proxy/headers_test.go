package proxy

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"squirrel/models"
	"squirrel/proxy/simulator"
)

// TestC03C04_OnlyAllowedHeadersReachTheProvider sends what a client might send, and looks at what arrived.
func TestC03C04_OnlyAllowedHeadersReachTheProvider(t *testing.T) {
	forwarded := map[string]string{
		"Accept": "application/json", "User-Agent": "tests/1.0", "Openai-Beta": "assistants=v2", "Openai-Organization": "org-1", "Openai-Project": "proj_1",
		"X-Stainless-Lang": "js", "X-Stainless-Retry-Count": "0", "Traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "Tracestate": "a=b",
		"Idempotency-Key": "stainless-node-retry-1",
	}
	kept := map[string]string{
		"Cookie": "sq_sess=stolen", "X-Admin-Token": "t", "X-Forwarded-For": "1.2.3.4", "X-Forwarded-Host": "h", "Forwarded": "for=1.2.3.4", "Cf-Connecting-Ip": "1.2.3.4",
		"X-Real-Ip": "1.2.3.4", "X-User-Id": "u1", "Te": "trailers", "Trailer": "X-T", "Upgrade": "h2c", "Proxy-Authorization": "Basic eDp5", "Keep-Alive": "timeout=5",
		"X-Api-Key": testKey, "Api-Key": testKey, "Connection": "keep-alive, X-Stainless-Os, Tracestate-Gone", "X-Stainless-Os": "named by Connection", "Referer": "http://x", "Origin": "http://x",
		"X-Portkey-Custom-Host": "http://evil", "X-Litellm-Api-Base": "http://evil", "X-Fault": "status:500", "Sec-Fetch-Mode": "cors", "If-None-Match": "x", "Range": "bytes=0-1",
	}
	for _, d := range dialects {
		s := d.on(good)
		s.providers[0].ExtraHeaders = map[string]string{"X-Team": "acorns"}
		g := newTestGateway(t, s)
		req := g.request(d.path, d.ask("m", "x", false, ""))
		for name, value := range forwarded {
			req.Header.Set(name, value)
		}
		for name, value := range kept {
			req.Header.Set(name, value)
		}
		if resp := g.do(req); resp.StatusCode != 200 {
			t.Fatalf("%d %s", resp.StatusCode, readAll(t, resp))
		}
		got := g.sim.Ledger().Entries(nil)[0].Header
		for name, value := range forwarded {
			if got.Get(name) != value {
				t.Errorf("%s arrived as %q", name, got[name])
			}
		}
		for name := range kept {
			if name == "X-Api-Key" && d.protocol == models.ProtocolAnthropic {
				continue // the provider's own
			}
			if got[name] != nil {
				t.Errorf("%s reached the provider: %q", name, got[name])
			}
		}
		if key := got.Get("Authorization") + got.Get("X-Api-Key"); !strings.Contains(key, "sim-key-of-the-provider") || strings.Contains(key, testKey) || got.Get("X-Team") != "acorns" {
			t.Errorf("credentials and extra headers: %v", got)
		}
		if log := g.rec.end(t, "").Log; log.UserID != "u1" || log.TraceID != "0af7651916cd43dd8448eb211c80319c" {
			t.Errorf("user %q, trace %q", log.UserID, log.TraceID)
		}
	}
}

// TestC04_HeadersOfOneProtocolStayInIt: what only the client's dialect knows does not reach a provider of another.
func TestC04_HeadersOfOneProtocolStayInIt(t *testing.T) {
	g := newTestGateway(t, dialects[0].on(good))
	resp := g.post("/v1/messages", dialects[2].ask("m", "x", false, ""), "Anthropic-Version", "2023-06-01", "Anthropic-Beta", "files-api-2025-04-14", "X-Stainless-Lang", "js")
	if readAll(t, resp); resp.StatusCode != 200 {
		t.Fatal(resp.Status)
	}
	for name := range g.sim.Ledger().Entries(nil)[0].Header {
		if strings.HasPrefix(name, "Anthropic-") || strings.HasPrefix(name, "X-Stainless-") {
			t.Errorf("%s reached an OpenAI provider", name)
		}
	}
}

func TestC05_OnlyAllowedHeadersReachTheClient(t *testing.T) {
	dropped := []string{
		"Set-Cookie: sq_sess=evil", "Clear-Site-Data: \"*\"", "Location: http://evil", "Access-Control-Allow-Origin: *", "Content-Security-Policy: none",
		"Strict-Transport-Security: max-age=1", "Alt-Svc: h3=\":443\"", "Server: evil", "X-Powered-By: evil", "X-Openai-Hop: named", "Www-Authenticate: Basic", "Link: </a>", "Refresh: 0",
	}
	passed := []string{
		"Openai-Tested: 12", "X-Ratelimit-Tested: 9", "Anthropic-Ratelimit-Requests-Limit: 50",
		"Content-Disposition: attachment",
	}
	fault := simulator.Fault{Header: [][2]string{{"Connection", "keep-alive, X-Openai-Hop"}}}
	for _, line := range slices.Concat(dropped, passed) {
		name, value, _ := strings.Cut(line, ": ")
		fault.Header = append(fault.Header, [2]string{name, value})
	}
	for _, stream := range []bool{false, true} {
		g := newTestGateway(t, setup{sim: simulator.Options{Script: func(*simulator.Request) simulator.Fault { return fault }}})
		resp := g.post("/v1/chat/completions", chat("m", "x", stream))
		readAll(t, resp)
		for _, line := range dropped {
			if name, value, _ := strings.Cut(line, ": "); slices.Contains(resp.Header[name], value) {
				t.Errorf("stream=%t: %s reached the client", stream, line)
			}
		}
		for _, line := range passed {
			if name, value, _ := strings.Cut(line, ": "); resp.Header.Get(name) != value {
				t.Errorf("stream=%t: %s arrived as %q", stream, name, resp.Header[name])
			}
		}
		for _, name := range []string{"X-Request-Id", "Request-Id", "X-Squirrel-Request-Id", "X-Squirrel-Provider", "X-Squirrel-Model", "X-Squirrel-Attempts"} {
			if resp.Header.Get(name) == "" || len(resp.Header[name]) != 1 {
				t.Errorf("stream=%t: %s: %q", stream, name, resp.Header[name])
			}
		}
		if stream != (resp.Header.Get("X-Accel-Buffering") == "no") || stream != (resp.Header.Get("Cache-Control") == "no-cache") {
			t.Errorf("stream=%t: %v", stream, resp.Header)
		}
	}
}

// TestC05_FailuresCarryTheHeadersToo: an answer of the gateway's own is as easy to trace as any other.
func TestC05_FailuresCarryTheHeadersToo(t *testing.T) {
	g := newTestGateway(t, one("fault:status:500+header:Set-Cookie=sq_sess=evil"))
	for _, resp := range []*http.Response{
		g.post("/v1/chat/completions", `{bad`), g.post("/v1/chat/completions", chat("none", "x", false)), g.post("/v1/chat/completions", chat("m", "x", false)),
		g.post("/v1/chat/completions", chat("m", "x", false), "Authorization", "Bearer wrong"), g.post("/v1/nothing", "{}"), g.get("/v1/models"),
	} {
		if resp.Header.Get("X-Request-Id") == "" || resp.Header.Get("Request-Id") == "" || resp.Header.Get("Set-Cookie") != "" || resp.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%d: %v", resp.StatusCode, resp.Header)
		}
	}
}

// TestC14_NamesInHeadersAreMadeSafe: names from the configuration may hold anything printable.
func TestC14_NamesInHeadersAreMadeSafe(t *testing.T) {
	s := one("modèle/1%")
	s.providers = []models.Provider{{Name: "Größe 松鼠", Protocol: models.ProtocolOpenAI}}
	g := newTestGateway(t, s)
	resp := g.post("/v1/chat/completions", chat("m", "x", false))
	if got := resp.Header.Get("X-Squirrel-Provider"); got != "Gr%C3%B6%C3%9Fe %E6%9D%BE%E9%BC%A0" {
		t.Errorf("provider %q", got)
	}
	if got := resp.Header.Get("X-Squirrel-Model"); got != "mod%C3%A8le/1%25" {
		t.Errorf("model %q", got)
	}
}
