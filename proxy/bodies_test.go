package proxy

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"squirrel/models"
)

// TestD01toD05_RefusedBodies: what is wrong with a body is said before any provider is called, and recorded.
func TestD01toD05_RefusedBodies(t *testing.T) {
	g := newTestGateway(t, setup{})
	for name, c := range map[string]struct{ body, code, param string }{
		"D01 truncated":               {`{"model":"m"`, "invalid_json", ""},
		"D01 garbage":                 {`{bad`, "invalid_json", ""},
		"D01 empty":                   {``, "invalid_json", ""},
		"D01 blank":                   {" \n\t", "invalid_json", ""},
		"D01 list":                    {`[]`, "invalid_request", ""},
		"D01 string":                  {`"str"`, "invalid_request", ""},
		"D01 null":                    {`null`, "invalid_request", ""},
		"D01 trailing":                {`{"model":"m"} {}`, "invalid_json", ""},
		"D01 model is a number":       {`{"model":5}`, "invalid_request", "model"},
		"D01 model is empty":          {`{"model":""}`, "missing_model", "model"},
		"D01 no model":                {`{"messages":[]}`, "missing_model", "model"},
		"B14 stream is a string":      {`{"model":"m","stream":"yes"}`, "invalid_request", "stream"},
		"B14 stream is a number":      {`{"model":"m","stream":1}`, "invalid_request", "stream"},
		"D02 depth 10,001":            {`{"model":"m","x":` + strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001) + `}`, "json_too_deep", ""},
		"D02 six million brackets":    {strings.Repeat("[", 6_000_000), "json_too_deep", ""},
		"D03 twice the model":         {`{"model":"cheap","model":"gpt-4"}`, "duplicate_key", "model"},
		"D03 in another case":         {`{"model":"a","MODEL":"b"}`, "duplicate_key", "model"},
		"D03 escaped":                 {`{"model":"a","\u006dodel":"b"}`, "duplicate_key", "model"},
		"D03 any key":                 {`{"model":"m","n":1,"n":2}`, "duplicate_key", "n"},
		"D05 invalid UTF-8":           {"{\"model\":\"m\",\"x\":\"\xff\xfe\"}", "invalid_encoding", ""},
		"D05 overlong UTF-8":          {"{\"model\":\"m\",\"x\":\"\xc0\x80\"}", "invalid_encoding", ""},
		"D05 byte order mark":         {"\xef\xbb\xbf{\"model\":\"m\"}", "invalid_encoding", ""},
		"D05 UTF-16":                  {"{\x00\"\x00m\x00\"\x00}\x00", "invalid_encoding", ""},
		"D05 control character":       {"{\"model\":\"m\",\"x\":\"a\x01b\"}", "invalid_json", ""},
		"D06 NUL outside of a string": {"{\"model\":\"m\"}\x00", "invalid_json", ""},
	} {
		for _, d := range dialects {
			started := time.Now()
			resp := g.post(d.path, c.body)
			text := readAll(t, resp)
			if resp.StatusCode != 400 || !strings.Contains(text, "invalid_request_error") || d.protocol != models.ProtocolAnthropic && !strings.Contains(text, `"code":"`+c.code+`"`) {
				t.Errorf("%s at %s: %d %s", name, d.path, resp.StatusCode, text)
			}
			if took := time.Since(started); took > time.Second {
				t.Errorf("%s took %v", name, took)
			}
			end := g.rec.end(t, resp.Header.Get("X-Squirrel-Request-Id"))
			if end.Log.ErrorCode != c.code || *end.Log.ResponseStatus != 400 || end.Log.AttemptCount != 0 || string(end.Detail.RequestBody) == "" && c.body != "" {
				t.Errorf("%s: log %q, %d", name, end.Log.ErrorCode, *end.Log.ResponseStatus)
			}
			if d.protocol != models.ProtocolAnthropic && c.param != "" && !strings.Contains(text, `"param":"`+c.param+`"`) {
				t.Errorf("%s: %s", name, text)
			}
		}
	}
	if n := g.sim.Ledger().Total(); n != 0 {
		t.Errorf("%d calls", n)
	}
}

// exactBody holds what decoding and encoding again would change.
var exactBody = `{ "big":9007199254740993, "huge":1e400,"minus":-0,"long":` + longInteger + `,
	"model" : "m", "messages":[{"role":"user","content":"lone \ud800 surrogate, \u0000 NUL, \/ slash, \u00e9 é 松鼠 \u2028"}],"float":1.0,"exp":1E+2,
	"unknown":{"b":1,"a":[ ]},"metadata":{"model":"m","<tag>":"&"}}`

var longInteger = strings.Repeat("1234567890", 30)

func TestD04D05D06_ForwardedByteForByte(t *testing.T) {
	for _, d := range dialects {
		g := newTestGateway(t, d.on("target-of-another-length"))
		body := strings.Replace(exactBody, `"float":1.0`, `"float":1.0,"max_tokens":10`, 1)
		if d.protocol == models.ProtocolResponses {
			body = strings.Replace(body, `"messages":`, `"input":`, 1)
		}
		resp := g.post(d.path, body)
		if text := readAll(t, resp); resp.StatusCode != 200 {
			t.Fatalf("%d %s", resp.StatusCode, text)
		}
		want := strings.Replace(body, `"model" : "m"`, `"model" : "target-of-another-length"`, 1)
		if got := string(g.sim.Ledger().Entries(nil)[0].Body); got != want {
			t.Errorf("%s: got  %q\nwant %q", d.protocol, got, want)
		}
		begin := g.rec.all()[0]
		if begin.Kind != models.WriteBegin || string(begin.Detail.RequestBody) != body {
			t.Errorf("recorded %q", begin.Detail.RequestBody)
		}
	}
}

// TestD06_NULInAnAnswer is passed on and recorded as it came.
func TestD06_NULInAnAnswer(t *testing.T) {
	const answer = `{"id":"x","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"a\u0000b \ud800"},"finish_reason":"stop"}]}`
	g := newTestGateway(t, answering("application/json", answer))
	if got := readAll(t, g.post("/v1/chat/completions", chat("m", "x", false))); got != answer {
		t.Errorf("%q", got)
	}
	if end := g.rec.end(t, ""); string(end.Detail.ResponseBody) != answer {
		t.Errorf("recorded %q", end.Detail.ResponseBody)
	}
}

func TestC07_ContentEncodings(t *testing.T) {
	g := newTestGateway(t, setup{options: func(o *Options) { o.MaxRequestBytes = 1 << 20 }})
	plain := chat("m", "hello", false)
	bomb := zipped(t, strings.Repeat(" ", 8<<20))
	for _, c := range []struct {
		name, encoding, body string
		status               int
		code                 string
	}{
		{"identity", "identity", plain, 200, ""},
		{"gzip", "gzip", zipped(t, plain), 200, ""},
		{"zstd", "zstd", zstandard(t, plain), 200, ""},
		{"gzip bomb", "gzip", bomb, 413, "request_too_large"},
		{"zstd bomb", "zstd", zstandard(t, strings.Repeat(" ", 8<<20)), 413, "request_too_large"},
		{"not gzip", "gzip", plain, 400, "invalid_encoding"},
		{"gzip cut short", "gzip", zipped(t, plain)[:30], 400, "invalid_encoding"},
		{"not zstd", "zstd", plain, 400, "invalid_encoding"},
		{"twice gzip", "gzip, gzip", zipped(t, zipped(t, plain)), 415, "unsupported_content_encoding"},
		{"brotli", "br", plain, 415, "unsupported_content_encoding"},
		{"deflate", "deflate", plain, 415, "unsupported_content_encoding"},
		{"unknown", "x", plain, 415, "unsupported_content_encoding"},
	} {
		resp := g.post("/v1/chat/completions", c.body, "Content-Encoding", c.encoding)
		text := readAll(t, resp)
		end := g.rec.end(t, resp.Header.Get("X-Squirrel-Request-Id"))
		if resp.StatusCode != c.status || !strings.Contains(text, c.code) || end.Log.ErrorCode != c.code || *end.Log.ResponseStatus != c.status {
			t.Errorf("%s: %d %s; log %q", c.name, resp.StatusCode, text, end.Log.ErrorCode)
		}
	}
	for _, e := range g.sim.Ledger().Entries(nil) {
		if e.Header.Get("Content-Encoding") != "" || !strings.Contains(string(e.Body), "hello") {
			t.Errorf("the provider got %v %q", e.Header, e.Body)
		}
	}
	if n := g.sim.Ledger().Total(); n != 3 {
		t.Errorf("%d calls", n)
	}
}

func zipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zstandard(t testing.TB, text string) string {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return string(w.EncodeAll([]byte(text), nil))
}

// TestC06_TooLargeByItsOwnWord: the declared length is enough to refuse. The client waits with the rest of the body.
func TestC06_TooLargeByItsOwnWord(t *testing.T) {
	g := newTestGateway(t, setup{})
	conn := rawConn(t, g)
	fmt.Fprintf(conn, "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s", testKey, 32<<20+1, strings.Repeat(" ", 100<<10))
	sent := time.Now()
	answerIs(t, conn, 413, "request_too_large")
	if took := time.Since(sent); took > 2*time.Second {
		t.Errorf("the refusal took %v", took)
	}
	if log := g.rec.end(t, "").Log; *log.ResponseStatus != 413 {
		t.Errorf("log: %+v", log)
	}
}

// TestC06_EndlessChunks are refused once they pass the limit; the client learns why although it is still sending.
func TestC06_EndlessChunks(t *testing.T) {
	g := newTestGateway(t, setup{options: func(o *Options) { o.MaxRequestBytes = 1 << 20 }})
	conn := rawConn(t, g)
	fmt.Fprintf(conn, "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nTransfer-Encoding: chunked\r\n\r\n", testKey)
	go func() {
		chunk := "10000\r\n" + strings.Repeat(" ", 1<<16) + "\r\n"
		for i := 0; i < 1<<12; i++ { // 256 MiB
			if _, err := io.WriteString(conn, chunk); err != nil {
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	answerIs(t, conn, 413, "request_too_large")
	if n := g.sim.Ledger().Total(); n != 0 {
		t.Errorf("%d calls", n)
	}
}

// TestC06_AClientThatSendsEverythingFirst still sees the refusal, not a reset.
func TestC06_AClientThatSendsEverythingFirst(t *testing.T) {
	g := newTestGateway(t, setup{options: func(o *Options) { o.MaxRequestBytes = 1 << 20 }})
	conn := rawConn(t, g)
	const size = 24 << 20
	fmt.Fprintf(conn, "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n", testKey, size)
	if _, err := io.CopyN(conn, letters{}, size); err != nil {
		t.Fatal(err)
	}
	answerIs(t, conn, 413, "request_too_large")
}

// TestC06_AStrangersBodyIsNotRead: without a key there is nothing to wait for.
func TestC06_AStrangersBodyIsNotRead(t *testing.T) {
	g := newTestGateway(t, setup{})
	conn := rawConn(t, g)
	fmt.Fprint(conn, "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer wrong\r\nTransfer-Encoding: chunked\r\n\r\n")
	fmt.Fprintf(conn, "%x\r\n%s\r\n0\r\n\r\n", 1<<20, strings.Repeat(" ", 1<<20))
	answerIs(t, conn, 401, "invalid_api_key")
	if w := g.rec.all(); len(w) != 0 {
		t.Errorf("a stranger wrote %d records", len(w))
	}
}

func rawConn(t testing.TB, g *testGateway) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(g.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// answerIs reads one answer, the last of its connection.
func answerIs(t testing.TB, conn net.Conn, status int, code string) {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if text := readAll(t, resp); resp.StatusCode != status || !strings.Contains(text, code) || !resp.Close {
		t.Errorf("%d %v %s", resp.StatusCode, resp.Header, text)
	}
}
