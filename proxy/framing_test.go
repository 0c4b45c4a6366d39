package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"squirrel/models"
	"squirrel/proxy/simulator"
)

// direct asks the simulator itself, for comparison: what a client without a gateway would get.
func direct(t testing.TB, g *testGateway, path, body string) string {
	t.Helper()
	req := g.request(path, body)
	req.URL.Host = strings.TrimPrefix(g.sim.URL(), "http://")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return readAll(t, resp)
}

// anonymous takes the ids out of an answer: but for them, the simulator's answers to equal requests are equal.
func anonymous(text string) string {
	var b strings.Builder
	for rest := text; ; {
		i := strings.Index(rest, `id":"`)
		if i < 0 {
			return b.String() + rest
		}
		end := i + 5 + strings.IndexByte(rest[i+5:], '"')
		b.WriteString(rest[:i+5])
		rest = rest[end:]
	}
}

// oddFramings are the ways in which event streams differ that no client may notice.
var oddFramings = []string{
	"sse:crlf", "sse:cr", "sse:lf", "sse:bom", "sse:nospace", "sse:multiline", "sse:comment", "sse:splitutf8", "onebyte", "seg=7", "seg=3+sse:crlf", "sse:cr+onebyte",
	"sse:crlf+sse:multiline+sse:comment+seg=5", "sse:bom+onebyte", "sse:giantline=200KB", "sse:giantline=200KB+sse:crlf+seg=1000",
}

func TestB07_OddFramingsAreByteTransparent(t *testing.T) {
	clock := simulator.Options{Now: func() time.Time { return time.Unix(1767225600, 0) }}
	for _, d := range dialects {
		for _, framing := range oddFramings {
			t.Run(string(d.protocol)+"/"+framing, func(t *testing.T) {
				t.Parallel()
				s := d.on("fault:" + framing)
				s.sim = clock
				g := newTestGateway(t, s)
				extra := ""
				if d.protocol == models.ProtocolOpenAI {
					extra = `"stream_options":{"include_usage":true},`
				}
				want := anonymous(direct(t, g, d.path, d.ask("fault:"+framing, "größe – 松鼠 🐿️", true, extra)))
				got := anonymous(readAll(t, g.post(d.path, d.ask("m", "größe – 松鼠 🐿️", true, extra))))
				if got != want {
					t.Errorf("got  %.1500q\nwant %.1500q", got, want)
				}
				end := mustRecord(t, g, 200, 200, "")
				if end.Log.UsageSource != models.UsageUpstream || *end.Log.OutputTokens == 0 || end.Log.FinishReason == "" {
					t.Errorf("usage %s, finish reason %q", end.Log.UsageSource, end.Log.FinishReason)
				}
			})
		}
	}
}

// TestB07_OddFramingsOfATranslatedStream: whatever the framing, the client gets the same.
func TestB07_OddFramingsOfATranslatedStream(t *testing.T) {
	clock := simulator.Options{Now: func() time.Time { return time.Unix(1767225600, 0) }}
	for _, protocol := range []models.Protocol{models.ProtocolAnthropic, models.ProtocolResponses} {
		want := ""
		for _, framing := range append([]string{"ok"}, oddFramings...) {
			s := one("fault:" + framing)
			s.sim, s.providers = clock, []models.Provider{{Name: "p", Protocol: protocol}}
			g := newTestGateway(t, s)
			resp := g.post("/v1/chat/completions", chat("m", "größe – 松鼠 🐿️", true))
			got := strings.ReplaceAll(anonymous(readAll(t, resp)), resp.Header.Get("X-Squirrel-Request-Id"), "")
			got = withoutCreated(got)
			if want == "" {
				want = got
			}
			if got != want || !strings.HasSuffix(got, "data: [DONE]\n\n") {
				t.Errorf("%s %s: got  %.1500q\nwant %.1500q", protocol, framing, got, want)
			}
		}
	}
}

func withoutCreated(text string) string {
	parts := strings.Split(text, `"created":`)
	for i := 1; i < len(parts); i++ {
		parts[i] = strings.TrimLeft(parts[i], "0123456789")
	}
	return strings.Join(parts, `"created":`)
}

func TestB13_ExactlyOneTerminator(t *testing.T) {
	const chunk = `data: {"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}` + "\n\n"
	const last = `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\n"
	const done = "data: [DONE]\n\n"
	for name, c := range map[string]struct {
		sent, got string
		status    int
		code      string
	}{
		"once":                      {chunk + last + done, chunk + last + done, 200, ""},
		"twice":                     {chunk + last + done + done, chunk + last + done, 200, ""},
		"data after it":             {chunk + last + done + chunk, chunk + last + done, 200, ""},
		"never":                     {chunk + last, chunk + last + done, 200, ""},
		"without its blank line":    {chunk + last + "data: [DONE]", chunk + last + done, 200, ""},
		"with one line end only":    {chunk + last + "data: [DONE]\n", chunk + last + "data: [DONE]\n\n\n", 200, ""},
		"last event unfinished":     {chunk + strings.TrimSuffix(last, "\n\n"), chunk + last + done, 200, ""},
		"never, nor a finish":       {chunk, chunk, 502, "stream_interrupted"},
		"cut inside the last event": {chunk + last[:30], chunk, 502, "stream_interrupted"},
	} {
		g := newTestGateway(t, scripted(c.sent))
		got := readAll(t, g.post("/v1/chat/completions", chat("m", "x", true)))
		if c.code != "" {
			got = dialects[0].endsInError(t, got, c.code)
		}
		if got != c.got {
			t.Errorf("%s: got %q, want %q", name, got, c.got)
		}
		end := mustRecord(t, g, c.status, 200, c.code)
		if want := map[bool]string{true: "stop", false: "truncated"}[c.code == ""]; end.Log.FinishReason != want {
			t.Errorf("%s: finish reason %q", name, end.Log.FinishReason)
		}
	}
}

func TestB13_OtherDialectsWithoutATerminator(t *testing.T) {
	for _, d := range dialects[1:] {
		g := newTestGateway(t, d.on("fault:sse:nodone"))
		body := readAll(t, d.post(g, "hello", true))
		if d.protocol == models.ProtocolResponses { // its terminator holds the finish reason: without it nothing is known
			d.endsInError(t, body, "stream_interrupted")
			continue
		}
		if strings.Count(body, d.last) != 2 || mustRecord(t, g, 200, 200, "").Log.FinishReason != "end_turn" { // once as the event's name, once as its type
			t.Errorf("%s: %s", d.protocol, body)
		}
	}
}

func TestB10_HeartbeatsOnlyAfterTheCommit(t *testing.T) {
	for _, d := range dialects {
		for name, delay := range map[string]string{"before the first event": "delaychunk:400ms@1", "between events": "delaychunk:400ms@4"} {
			t.Run(string(d.protocol)+"/"+name, func(t *testing.T) {
				t.Parallel()
				s := d.on("fault:" + delay)
				s.options = func(o *Options) { o.Heartbeat = 60 * time.Millisecond }
				g := newTestGateway(t, s)
				body := readAll(t, d.post(g, "hello", true))
				beats := strings.Count(body, pingComment)
				if name == "between events" && (beats < 3 || beats > 8) || name != "between events" && beats != 0 {
					t.Errorf("%d heartbeats in %.900q", beats, body)
				}
				if strings.HasPrefix(body, ":") || !strings.Contains(body, d.last) {
					t.Errorf("%.900q", body)
				}
				eventsOf(t, body)
			})
		}
	}
}

func TestB15_HTTP10ClientsGetAnUnframedStream(t *testing.T) {
	for _, d := range dialects {
		g := newTestGateway(t, d.on("fault:slow:5ms"))
		conn := dialFrom(t, g, "HTTP/1.0", d.path, d.ask("m", "hello", true, ""))
		r := bufio.NewReader(conn)
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		body := readAll(t, resp)
		if resp.StatusCode != 200 || len(resp.TransferEncoding) != 0 || !resp.Close || !strings.Contains(body, d.last) || strings.Contains(body, "\r\n") {
			t.Errorf("%s: %v %v %.900q", d.protocol, resp.Proto, resp.Header, body)
		}
		if resp.Header.Get("X-Squirrel-Request-Id") == "" || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
			t.Errorf("%v", resp.Header)
		}
		eventsOf(t, body)
		mustRecord(t, g, 200, 200, "")
	}
}

func TestB15_HTTP10ClientsGetWholeAnswers(t *testing.T) {
	g := newTestGateway(t, setup{})
	conn := dialFrom(t, g, "HTTP/1.0", "/v1/chat/completions", chat("m", "x", false))
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || resp.StatusCode != 200 || resp.ContentLength <= 0 {
		t.Fatalf("%v %+v", err, resp)
	}
	readAll(t, resp)
}

// TestStreamArrivesAsItIsSent: a thousand chunks, each at the client shortly after the provider sent it, byte for byte.
func TestStreamArrivesAsItIsSent(t *testing.T) {
	const chunks, pace = 1000, 2 * time.Millisecond
	g := newTestGateway(t, one(fmt.Sprintf("bench-stream-%d@%s", chunks, pace)))
	resp := g.post("/v1/chat/completions", strings.Replace(chat("m", "x", true), `{`, `{"stream_options":{"include_usage":true},`, 1))
	r := bufio.NewReader(resp.Body)
	var text strings.Builder
	var late []time.Duration
	for {
		line, err := r.ReadString('\n')
		text.WriteString(line)
		if err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(line, "data: {") {
			entry := g.sim.Ledger().Entries(nil)[0]
			late = append(late, time.Duration(entry.Events-len(late)-1)*pace)
		}
	}
	if len(late) < chunks {
		t.Fatalf("%d chunks", len(late))
	}
	behind := 0
	for _, d := range late {
		if d > 50*time.Millisecond {
			behind++
		}
	}
	if behind > len(late)/20 {
		t.Errorf("%d of %d chunks arrived more than 50 ms after the provider sent them", behind, len(late))
	}
	want := direct(t, g, "/v1/chat/completions", fmt.Sprintf(`{"stream_options":{"include_usage":true},"model":"bench-stream-%d@0s","stream":true,"messages":[]}`, chunks))
	if anonymous(text.String()) != strings.ReplaceAll(anonymous(want), "@0s", "@"+pace.String()) {
		t.Error("the stream is not what the provider sent")
	}
	if n := len(eventsOf(t, text.String())); n < chunks {
		t.Errorf("%d events", n)
	}
}

// TestB07_TheLastLineFeed may come in a segment of its own, and comes to the client all the same.
func TestB07_TheLastLineFeed(t *testing.T) {
	for raw, want := range map[string]string{
		"data: [DONE]\r\n\r": "data: [DONE]\r\n\r\n", "data: [DONE]\r\n\r\n": "data: [DONE]\r\n\r\n", "data: [DONE]\r\r": "data: [DONE]\r\r", "data: [DONE]\n\n": "data: [DONE]\n\n",
	} {
		if got := string(withLineEnd([]byte(raw))); got != want {
			t.Errorf("%q became %q", raw, got)
		}
	}
}
