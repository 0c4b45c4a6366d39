package app

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"squirrel/proxy/simulator"
)

// TestC02_OneFraming sends a length next to chunked framing, in both orders and any spelling.
func TestC02_OneFraming(t *testing.T) {
	k := newKit(t)
	for _, fields := range []string{
		"Content-Length: 6\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 6",
		"content-length: 6\r\ntransfer-encoding: Chunked", "Content-Length: 0\r\nX-A: b\r\nTransfer-Encoding:chunked",
	} {
		raw := "POST /v1/chat/completions HTTP/1.1\r\nHost: " + k.Addr() + "\r\n" + fields + "\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
		answers := exchange(t, k.Addr(), raw)
		if len(answers) != 1 || answers[0].status != http.StatusBadRequest || !answers[0].closed {
			t.Errorf("%q: %s", fields, outcomes(answers))
		}
	}
}

// TestC08_SlowRequestsAreCut drips a header and bodies, and looks whether others are served meanwhile.
func TestC08_SlowRequestsAreCut(t *testing.T) {
	k := startKit(t, patience{header: 400 * time.Millisecond, write: time.Second, idle: time.Second}, nil, withAdmin()...)
	_, _, key := k.seeded(simulator.Options{})
	head := "POST /v1/chat/completions HTTP/1.1\r\nHost: " + k.Addr() + "\r\nContent-Type: application/json\r\n"
	slow := map[string]string{
		"header":                  head,
		"body without a key":      head + "Content-Length: 1000\r\n\r\n{",
		"body":                    head + "Authorization: Bearer " + key + "\r\nContent-Length: 1000\r\n\r\n{",
		"chunked body":            head + "Authorization: Bearer " + key + "\r\nTransfer-Encoding: chunked\r\n\r\n100\r\n{",
		"body of the admin's API": strings.Replace(head, "/v1/chat/completions", "/api/auth/login", 1) + "Transfer-Encoding: chunked\r\n\r\n100\r\n{",
	}
	type end struct {
		name     string
		after    time.Duration
		answered []answer
	}
	ends := make(chan end)
	for name, start := range slow {
		go func() {
			answers, after := drip(t, k.Addr(), start)
			ends <- end{name, after, answers}
		}()
	}
	for range 20 {
		if status := k.get("/healthz"); status != http.StatusOK {
			t.Errorf("health: %d", status)
		}
	}
	for range slow {
		e := <-ends
		if e.after < 300*time.Millisecond || e.after > 5*time.Second {
			t.Errorf("%s: cut after %v", e.name, e.after)
		}
		if len(e.answered) != 1 || e.answered[0].status < 400 || e.answered[0].status >= 500 {
			t.Errorf("%s: %s, want a 408 or another 4xx", e.name, outcomes(e.answered))
		}
	}
}

// drip sends start and then a byte now and then until the server has enough.
func drip(t *testing.T, addr, start string) (answers []answer, after time.Duration) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Error(err)
		return nil, 0
	}
	defer conn.Close()
	began := time.Now()
	if err := conn.SetDeadline(began.Add(10 * time.Second)); err != nil {
		t.Error(err)
	}
	go func() {
		for _, err := io.WriteString(conn, start); err == nil; _, err = io.WriteString(conn, "a") {
			time.Sleep(30 * time.Millisecond)
		}
	}()
	return readAnswers(t, conn, start), time.Since(began)
}

// TestC08_UploadTime bounds what a declared size buys.
func TestC08_UploadTime(t *testing.T) {
	for size, want := range map[int]time.Duration{-2: 0, -1: 0, 0: 0, 1 << 10: 0, 1 << 20: 32 * time.Second, 100 << 20: 10 * time.Minute, 1 << 40: 10 * time.Minute} {
		if got := uploadTime(size); got != want {
			t.Errorf("%d bytes: %v, want %v", size, got, want)
		}
	}
}

// TestC11_Hosts sends hosts that are none, and two that contradict each other.
func TestC11_Hosts(t *testing.T) {
	k := newKit(t)
	for _, c := range []struct {
		target, fields string
		want           string
	}{
		{"/healthz", "Host: localhost:8000", "200"},
		{"/healthz", "Host: squirrel_1.internal:8000", "200"},
		{"/healthz", "Host: [::1]:8000", "200"},
		{"http://gateway.example/healthz", "Host: gateway.example", "200"},
		{"/healthz", "Host: localhost:4000/#@x", "400 invalid_request"},
		{"/healthz", "Host: a,b", "400 invalid_host"},
		{"/healthz", "Host: user@localhost", "400 invalid_host"},
		{"/healthz", "Host: localhost?x", "400 invalid_request"},
		{"/healthz", "Host: localhost evil", "400 invalid_request"},
		{"/healthz", "Host: <script>", "400 invalid_host"},
		{"/healthz", "Host: localhost\r\nHost: evil.example", "400 invalid_request"},
		{"/healthz", "X-A: b", "400 invalid_request"},
		{"http://evil.example/healthz", "Host: localhost", "400 invalid_host"},
		{"http://root@localhost/healthz", "Host: localhost", "400 invalid_host"},
	} {
		raw := "GET " + c.target + " HTTP/1.1\r\n" + c.fields + "\r\n\r\n"
		if got := outcomes(exchange(t, k.Addr(), raw)); got != c.want {
			t.Errorf("%s, %s: %s, want %s", c.target, c.fields, got, c.want)
		}
	}
}

// TestC13_Methods tries methods that change how a request is read, and looks for CORS, which is offered to nobody.
func TestC13_Methods(t *testing.T) {
	k := newKit(t)
	admin, _, key := k.seeded(simulator.Options{})
	bearer := []string{"Authorization", "Bearer " + key}
	for _, c := range []struct {
		method, path string
		header       []string
		want         int
	}{
		{"TRACE", "/v1/chat/completions", bearer, 405},
		{"OPTIONS", "/v1/chat/completions", append(bearer, "Origin", "https://evil.example", "Access-Control-Request-Method", "POST"), 405},
		{"DELETE", "/v1/models", bearer, 405},
		{"GET", "/v1/chat/completions", bearer, 405},
		{"BREW", "/v1/chat/completions", bearer, 405},
		{"TRACE", "/healthz", nil, 405},
		{"CONNECT", "/healthz", nil, 405},
		{"HEAD", "/healthz", nil, 200},
		{"HEAD", "/", nil, 200},
		{"HEAD", "/v1/models", bearer, 200},
		{"OPTIONS", "/api/admin/providers", []string{"Origin", "https://evil.example"}, 401},
	} {
		status, answer := k.send(c.method, c.path, "", c.header...)
		if status != c.want {
			t.Errorf("%s %s: %d, want %d: %s", c.method, c.path, status, c.want, answer.body)
		}
		for name := range answer.header {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s %s: %s is set", c.method, c.path, name)
			}
		}
	}
	for _, name := range []string{"X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"} {
		if status := k.get("/api/admin/providers/1?_method=DELETE", "Authorization", "Bearer "+admin.Token, name, "DELETE"); status != http.StatusOK {
			t.Errorf("%s: %d, want the provider", name, status)
		}
	}
}

// TestC15_C16_NothingElseIsServed asks for what scanners look for.
func TestC15_C16_NothingElseIsServed(t *testing.T) {
	k := startKit(t, usualPatience, fromAfar, withAdmin()...)
	for _, path := range []string{
		"/debug/pprof/", "/debug/vars", "/.git/config", "/.env", "/data/secret.key", "/v1/../.env", "/static/../app.go", "/static/..%2f..%2fetc/passwd", "/static/%00", "/static/",
		`/static/\..\app.go`, "/swagger", "/server-status", "/actuator/env", "/metrics/../debug/pprof/", "/favicon.ico/.env",
	} {
		if status, answer := k.send("GET", path, ""); status != http.StatusNotFound || strings.Contains(answer.body, "passwd") {
			t.Errorf("%s: %d %s", path, status, answer.body)
		}
	}
	if status := k.get("/metrics"); status != http.StatusUnauthorized {
		t.Errorf("metrics from another machine: %d", status)
	}
}

// fromAfar makes every client seem to be on another machine.
func fromAfar(l net.Listener) net.Listener { return afar{l} }

type afar struct{ net.Listener }

func (l afar) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return afarConn{conn}, nil
}

type afarConn struct{ net.Conn }

func (afarConn) RemoteAddr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(203, 0, 113, 7), Port: 4711}
}

// TestC10_OversizedHeaders gets a fixed answer, not an echo of the request.
func TestC10_OversizedHeaders(t *testing.T) {
	k := newKit(t)
	many := strings.Repeat("X-A: canary\r\n", 4000)
	for name, raw := range map[string]string{
		"long value":  fmt.Sprintf("GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: %s\r\n\r\n", strings.Repeat("canary", 12_000)),
		"many fields": fmt.Sprintf("GET /healthz HTTP/1.1\r\nHost: x\r\n%s\r\n", many),
		"long path":   fmt.Sprintf("GET /%s HTTP/1.1\r\nHost: x\r\n\r\n", strings.Repeat("canary", 12_000)),
	} {
		answers := exchange(t, k.Addr(), raw)
		if got := outcomes(answers); got != "431 request_too_large" {
			t.Errorf("%s: %s", name, got)
		} else if strings.Contains(answers[0].body, "canary") {
			t.Errorf("%s: the answer repeats the request", name)
		}
	}
}
