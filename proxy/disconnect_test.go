package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"squirrel/models"
	"squirrel/proxy/simulator"
)

// dial opens a raw connection and sends one request.
func dial(t testing.TB, g *testGateway, path, body string) net.Conn {
	t.Helper()
	return dialFrom(t, g, "HTTP/1.1", path, body)
}

// dialFrom does so as a client of an HTTP version.
func dialFrom(t testing.TB, g *testGateway, version, path, body string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(g.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "POST %s %s\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", path, version, testKey, len(body), body)
	return conn
}

// leaveAfter sends a chat request and closes the connection a while later.
func leaveAfter(t testing.TB, g *testGateway, body string, wait time.Duration) {
	t.Helper()
	conn := dial(t, g, "/v1/chat/completions", body)
	time.Sleep(wait)
	conn.Close()
}

// mustAbort waits until the provider saw that it was left, within a second.
func mustAbort(t *testing.T, g *testGateway, left time.Time) {
	t.Helper()
	entry, err := g.sim.Ledger().WaitAborted(t.Context(), func(e simulator.Entry) bool { return e.Endpoint == models.EndpointChat })
	if err != nil {
		t.Fatal(err)
	}
	if late := entry.Aborted.Sub(left); late > time.Second {
		t.Errorf("the provider saw the abort %v after the client left", late)
	}
}

func TestB01_ClientLeavesMidStream(t *testing.T) {
	g := newTestGateway(t, one("fault:slow:100ms"))
	conn := dial(t, g, "/v1/chat/completions", chat("m", "tell me a long story about acorns", true))
	r := bufio.NewReader(conn)
	for events := 0; events < 5; {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(line, "data:") {
			events++
		}
	}
	conn.Close()
	mustAbort(t, g, time.Now())
	end := g.rec.end(t, "")
	if *end.Log.ResponseStatus != 499 || *end.Log.SentStatus != 200 || end.Log.ErrorCode != "client_disconnected" {
		t.Errorf("log: %+v", end.Log)
	}
	if len(end.Detail.ResponseBody) == 0 || end.Log.UsageSource != models.UsageEstimated || *end.Log.OutputTokens == 0 {
		t.Errorf("partial answer %q, usage %s", end.Detail.ResponseBody, end.Log.UsageSource)
	}
}

func TestB02_ClientLeavesBeforeTheFirstByteOfAStream(t *testing.T) {
	g := newTestGateway(t, one("fault:delayhdr:20s"))
	leaveAfter(t, g, chat("m", "think", true), 300*time.Millisecond)
	mustAbort(t, g, time.Now())
	if log := g.rec.end(t, "").Log; *log.ResponseStatus != 499 {
		t.Errorf("status %d", *log.ResponseStatus)
	}
}

func TestB03_ClientLeavesANonStreamCall(t *testing.T) {
	g := newTestGateway(t, one("fault:delayhdr:20s"))
	leaveAfter(t, g, chat("m", "think", false), 300*time.Millisecond)
	mustAbort(t, g, time.Now())
	if log := g.rec.end(t, "").Log; *log.ResponseStatus != 499 {
		t.Errorf("status %d", *log.ResponseStatus)
	}
}

func TestB04_HalfCloseCountsAsLeaving(t *testing.T) {
	g := newTestGateway(t, one("fault:delayhdr:20s"))
	conn := dial(t, g, "/v1/chat/completions", chat("m", "think", false))
	time.Sleep(300 * time.Millisecond)
	_ = conn.(*net.TCPConn).CloseWrite()
	mustAbort(t, g, time.Now())
}

func TestB11_ASlowReaderIsCut(t *testing.T) {
	t.Parallel()
	g := newTestGateway(t, one("fault:sse:giantline=64MB")) // the test's listener gives a write 2 s
	conn := dial(t, g, "/v1/chat/completions", chat("m", "x", true))
	_ = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	if _, err := io.ReadFull(conn, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	left := time.Now().Add(4 * time.Second)
	mustAbort(t, g, left)
	if log := g.rec.end(t, "").Log; *log.ResponseStatus != 499 {
		t.Errorf("status %d", *log.ResponseStatus)
	}
}

func TestB16_KeepAliveAfterAStream(t *testing.T) {
	g := newTestGateway(t, one("fault:slow:20ms"))
	conn := dial(t, g, "/v1/chat/completions", chat("m", "first", true))
	body := chat("m", "second", false)
	time.Sleep(50 * time.Millisecond) // pipelined while the stream runs
	fmt.Fprintf(conn, "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", testKey, len(body), body)
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	var got strings.Builder
	buf := make([]byte, 4096)
	for strings.Count(got.String(), "HTTP/1.1 200") < 2 || !strings.Contains(got.String(), `"object":"chat.completion"`) {
		n, err := conn.Read(buf)
		if err != nil {
			t.Fatalf("%v after %q", err, got.String())
		}
		got.Write(buf[:n])
	}
	if !strings.Contains(got.String(), "data: [DONE]") {
		t.Error("the stream was not whole")
	}
}
