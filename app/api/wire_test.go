package api

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"squirrel/models"
)

// listen serves the kit's API the way the gateway does: bodies stream in.
func (k *kit) listen() string {
	k.t.Helper()
	app := fiber.New(fiber.Config{
		Immutable: true, CaseSensitive: true, StrictRouting: true, StreamRequestBody: true, BodyLimit: 1 << 10, DisableStartupMessage: true,
	})
	New(k.service, k.auth, slog.New(slog.DiscardHandler)).Register(app)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		k.t.Fatal(err)
	}
	go app.Listener(l)
	k.t.Cleanup(func() { app.Shutdown() })
	return l.Addr().String()
}

// A refused request whose body is still on the wire must not let that body be read as the next request.
func TestUnreadBodiesAreNoRequests(t *testing.T) {
	k := newKit(t)
	addr := k.listen()
	smuggled := "GET /api/auth/status HTTP/1.1\r\nHost: x\r\n\r\n"
	padding := strings.Repeat(" ", maxDrain+100_000)
	for name, body := range map[string]string{"small": smuggled, "large": padding + smuggled} {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(5 * time.Second))
		fmt.Fprintf(conn, "POST /api/admin/providers HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		conn.(*net.TCPConn).CloseWrite()
		answers, _ := io.ReadAll(conn)
		if got := strings.Count(string(answers), "HTTP/1.1 "); got != 1 || !strings.Contains(string(answers), "401 Unauthorized") {
			t.Errorf("%s: %d answers:\n%s", name, got, answers)
		}
		conn.Close()
	}
}

func TestBodiesAreReadAsTheyStreamIn(t *testing.T) {
	k := newKit(t)
	base := "http://" + k.listen()
	remark := strings.Repeat("x", 900)
	send := func(body io.Reader) (int, string) {
		t.Helper()
		r, _ := http.NewRequestWithContext(t.Context(), "POST", base+"/api/admin/providers", body)
		r.Header.Set("Authorization", "Bearer "+k.token)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		data, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(data)
	}
	spaces := strings.Repeat(" ", 100_000)
	if status, body := send(strings.NewReader(`{"name":"a","base_url":"http://a","remark":"` + remark + `"` + spaces + `}`)); status != 201 {
		t.Errorf("beyond the prefetch: %d %s", status, body)
	}
	chunked := io.MultiReader(strings.NewReader(`{"name":"b",`), strings.NewReader(`"base_url":"http://b"}`))
	if status, body := send(chunked); status != 201 {
		t.Errorf("chunked: %d %s", status, body)
	}
	if status, _ := send(io.MultiReader(strings.NewReader(`{"name":"`), strings.NewReader(strings.Repeat("x", maxBody)))); status != 413 {
		t.Errorf("chunked and too large: %d", status)
	}
}

func TestExportStopsWhenTheClientLeaves(t *testing.T) {
	k := newKit(t)
	var batch []models.LogWrite
	for n := range 3000 {
		batch = append(batch, models.LogWrite{Kind: models.WriteEnd, Log: models.RequestLog{
			ID: logName(n), Instance: "test", RequestTime: noon.Add(-time.Duration(n) * time.Second), RequestedModel: strings.Repeat("m", 500),
			Endpoint: models.EndpointChat, State: models.LogDone, Source: models.SourceClient,
		}})
	}
	if err := k.store.WriteLogs(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	addr := k.listen()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "GET /api/admin/logs/export HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", k.token)
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "200") {
		t.Fatalf("%q, %v", line, err)
	}
	if !exporting() {
		t.Error("the export has ended already: the test shows nothing")
	}
	conn.(*net.TCPConn).SetLinger(0)
	conn.Close()
	for range 100 {
		if !exporting() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("the export goes on")
}

// exporting looks for the goroutine that writes an export.
func exporting() bool {
	stacks := make([]byte, 1<<20)
	return strings.Contains(string(stacks[:runtime.Stack(stacks, true)]), "admin.(*Service).ExportCSV")
}

func TestAuditTrail(t *testing.T) {
	k := newKit(t)
	k.seed()
	k.must("GET", "/api/admin/config/export", "")
	k.must("GET", "/api/admin/logs/export", "")
	k.must("POST", "/api/admin/logs/cleanup", "")
	k.must("POST", "/api/admin/providers/1/test", "")
	k.must("POST", "/api/admin/prices/recalculate", "")
	k.send("POST", "/api/auth/login", `{"username":"root","password":"wrong"}`)
	changes, err := k.store.Changes(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range changes {
		got = append([]string{c.Actor + " " + c.Action + " " + c.Object}, got...)
		for _, secret := range []string{"0123456789abcdef", "correct horse", k.token} {
			if strings.Contains(string(c.Before)+string(c.After), secret) {
				t.Errorf("a secret is in %s of %s: %s", c.Action, c.Object, c.After)
			}
		}
	}
	want := "root login session, root create provider, root create model, root create route, root export config, root export logs, " +
		"root cleanup logs, root test provider, root recalculate prices, root login_refused session"
	if strings.Join(got, ", ") != want {
		t.Errorf("audit trail:\n%s\nwant\n%s", strings.Join(got, ", "), want)
	}
}
