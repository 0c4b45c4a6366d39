package proxy

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"squirrel/models"
	"squirrel/proxy/simulator"
)

// TestImagesAreStreamed: partial pictures reach the client as the provider sends them, and the finished one is billed.
func TestImagesAreStreamed(t *testing.T) {
	g := newTestGateway(t, setup{sim: simulator.Options{Now: func() time.Time { return time.Unix(1767225600, 0) }}})
	resp := g.post("/v1/images/generations", `{"model":"m","prompt":"a squirrel","stream":true,"partial_images":2}`)
	got := readAll(t, resp)
	want := direct(t, g, "/v1/images/generations", `{"model":"gpt-4o","prompt":"a squirrel","stream":true,"partial_images":2}`)
	if resp.StatusCode != 200 || got != want || strings.Count(got, "event: image_generation.partial_image\n") != 2 || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		t.Errorf("%d %v\n%.600s\nwant\n%.600s", resp.StatusCode, resp.Header, got, want)
	}
	log := mustRecord(t, g, 200, 200, "").Log
	if !log.IsStream || log.UsageSource != models.UsageUpstream || *log.OutputTokens != 272 || *log.InputTokens < 1 {
		t.Errorf("recorded %+v", log)
	}
}

// TestImagesAreUploaded: edits and variations are forms, of which only the model changes.
func TestImagesAreUploaded(t *testing.T) {
	for path, fields := range map[string][]string{
		"/v1/images/edits":      {"prompt", "a red squirrel", "model", "m", "n", "2"},
		"/v1/images/variations": {"model", "m"},
		"/images/variations":    {"n", "3", "model", "m"},
	} {
		g := newTestGateway(t, one("gpt-image-1"))
		body, contentType := formOf(t, 200<<10, fields...)
		resp := g.post(path, string(body), "Content-Type", contentType)
		if text := readAll(t, resp); resp.StatusCode != 200 || !strings.Contains(text, "b64_json") {
			t.Fatalf("%s: %d %.300s", path, resp.StatusCode, text)
		}
		sent := g.sim.Ledger().Entries(nil)[0]
		want := bytes.Replace(body, []byte("\r\n\r\nm\r\n"), []byte("\r\n\r\ngpt-image-1\r\n"), 1)
		if !bytes.Equal(sent.Body, want) || !strings.HasSuffix(path, strings.TrimPrefix(string(sent.Endpoint), "/v1")) {
			t.Errorf("%s: the provider got %d bytes at %s, want %d", path, len(sent.Body), sent.Endpoint, len(want))
		}
		mustRecord(t, g, 200, 200, "")
	}
}

// TestClaudeCodesQuery: Claude Code adds ?beta=true to its paths and sends beta headers.
func TestClaudeCodesQuery(t *testing.T) {
	g := newTestGateway(t, dialectFor(models.ProtocolAnthropic).on(good))
	for _, path := range []string{"/v1/messages?beta=true", "/v1/messages/count_tokens?beta=true"} {
		resp := g.post(path, `{"model":"m","max_tokens":20,"messages":[{"role":"user","content":"hello"}]}`, "anthropic-beta", "claude-code-20250219,interleaved-thinking-2025-05-14")
		if text := readAll(t, resp); resp.StatusCode != 200 {
			t.Errorf("%s: %d %s", path, resp.StatusCode, text)
		}
	}
	for _, call := range g.sim.Ledger().Entries(nil) {
		if call.Header.Get("Anthropic-Beta") != "claude-code-20250219,interleaved-thinking-2025-05-14" {
			t.Errorf("the provider got %v", call.Header)
		}
	}
}
