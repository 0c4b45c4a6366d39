package simulator

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"squirrel/models"
)

func TestRecordingsAreDescribed(t *testing.T) {
	t.Parallel()
	sources, err := os.ReadFile("recordings/SOURCES.md")
	if err != nil {
		t.Fatal(err)
	}
	folder := map[models.Protocol]string{models.ProtocolAnthropic: "anthropic/", models.ProtocolOpenAI: "chat/", models.ProtocolResponses: "responses/"}
	seen, requests := map[string]bool{}, 0
	for _, r := range Recordings() {
		ending := ".json"
		if r.Stream {
			ending = ".sse"
		}
		if !strings.Contains(string(sources), "| "+folder[r.Protocol]+r.Name+ending+" |") {
			t.Errorf("%s has no source", r.Name)
		}
		if seen[r.Name] || len(r.Response) == 0 || (!r.Stream && !json.Valid(r.Response)) || (r.Request != nil && !json.Valid(r.Request)) {
			t.Errorf("%s is no good", r.Name)
		}
		if r.Request != nil {
			requests++
		}
		if (r.Status != http.StatusOK) != strings.HasPrefix(string(r.Response), `{"error"`) {
			t.Errorf("%s has status %d: %.80s", r.Name, r.Status, r.Response)
		}
		seen[r.Name] = true
	}
	if len(seen) < 200 || requests < 50 {
		t.Errorf("%d recordings, %d of them with a request", len(seen), requests)
	}
}

// TestReplaysAreByteForByte in whatever segments they are sent.
func TestReplaysAreByteForByte(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	paths := map[models.Protocol]string{models.ProtocolAnthropic: messagesPath, models.ProtocolOpenAI: chatPath, models.ProtocolResponses: "/v1/responses"}
	c := dial(t, s)
	for i, recording := range Recordings() {
		suffix := []string{"", "+seg=700", "+slow-0s"}[i%3]
		if len(recording.Response) < 2000 {
			suffix = "+onebyte"
		}
		r, body := c.post(paths[recording.Protocol], chatBody("replay:"+recording.Name+suffix, recording.Stream)).whole()
		if r.StatusCode != recording.Status || body != string(recording.Response) {
			t.Errorf("%s%s: %d with %d bytes instead of %d", recording.Name, suffix, r.StatusCode, len(body), len(recording.Response))
		}
		if stream := strings.HasPrefix(r.Header.Get("Content-Type"), "text/event-stream"); stream != recording.Stream {
			t.Errorf("%s is sent as %v", recording.Name, r.Header)
		}
	}
}

func TestReplayIsCutBetweenEvents(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	name := "pd-openai-run-stream-sync-streams-real-model-1"
	recording, ok := RecordingNamed(name)
	if !ok {
		t.Fatal("the recording is gone")
	}
	_, body, err := chat(t, s, "replay-"+name+"+fin@3e", true).answer()
	if err == nil || strings.Count(body, "\n\n") != 3 || !strings.HasPrefix(string(recording.Response), body) {
		t.Errorf("got %v and %q", err, body)
	}
}
