package proxy

import (
	"bufio"
	"bytes"
	"net/http"
	"strings"
	"testing"

	"squirrel/models"
	"squirrel/proxy/simulator"
)

// TestRecordingsAreConverted sends every recorded answer of a live service to clients of the other two protocols. What was said and
// called arrives, in legal order, with the right stop reason and the counts that the recording tells.
func TestRecordingsAreConverted(t *testing.T) {
	g := newTestGateway(t, replays(""))
	converted := 0
	for _, r := range simulator.Recordings() {
		r.Response = dialectFor(r.Protocol).firstAnswer(r)
		for _, in := range dialects {
			if in.protocol == r.Protocol || in.protocol == models.ProtocolOpenAI && r.Name == "va-openai-custom-tool-1-stream" {
				continue // a chat client knows a custom tool's call only when it defined the tool
			}
			extra := ""
			if r.Stream && in.protocol == models.ProtocolOpenAI {
				extra = `"stream_options":{"include_usage":true},`
			}
			resp := g.post(in.path, in.ask(r.Name, "x", r.Stream, extra))
			body := readAll(t, resp)
			if resp.StatusCode != r.Status {
				t.Errorf("%s for %s: %d %.300s", r.Name, in.protocol, resp.StatusCode, body)
				continue
			}
			compareLog(t, r, g.rec.end(t, resp.Header.Get("X-Squirrel-Request-Id")).Log)
			if r.Status != http.StatusOK || neverConverted(r) {
				continue
			}
			converted++
			label := r.Name + " for " + string(in.protocol)
			if r.Stream {
				compareHeard(t, label, in, r, in.hear(t, label, body))
			} else {
				compareHeard(t, label, in, r, in.whole(t, label, body))
			}
		}
	}
	if converted < 400 {
		t.Errorf("only %d recordings were converted", converted)
	}
}

// neverConverted reports whether a recording answers what no converted request asks for: work in the background, and the compaction
// of a context, whose tokens are counted apart.
func neverConverted(r simulator.Recording) bool {
	return bytes.Contains(r.Response, []byte(`"background":true`)) || bytes.Contains(r.Response, []byte(`"background": true`)) || strings.Contains(r.Name, "compaction")
}

// compareHeard holds what a client understood against what the recording says, read the naive way.
func compareHeard(t *testing.T, label string, in dialect, r simulator.Recording, h heard) {
	t.Helper()
	told, said := readRecording(t, r), sayingOf(t, r)
	if h.text != said.text && !said.thinned {
		t.Errorf("%s: heard %.200q, the recording says %.200q", label, h.text, said.text)
	}
	var names []string
	for _, c := range h.calls {
		names = append(names, c.name)
	}
	if got, want := strings.Join(names, ","), strings.Join(said.calls, ","); got != want {
		t.Errorf("%s: heard calls of %q, the recording calls %q", label, got, want)
	}
	if want := stopFor(in.protocol, told.finish, len(said.calls) > 0); h.stop != want {
		t.Errorf("%s: heard %q, the recording ends for %q with calls of %v", label, h.stop, told.finish, said.calls)
	}
	if told.known && (h.output != told.output || in.protocol != models.ProtocolAnthropic && h.input != told.input) {
		t.Errorf("%s: the client was told %d/%d tokens, the recording says %d/%d", label, h.input, h.output, told.input, told.output)
	}
}

// stopFor is a vendor's reason in the words of a client's protocol.
func stopFor(p models.Protocol, finish string, called bool) string {
	kind := "end"
	switch finish {
	case "length", "max_tokens", "max_output_tokens":
		kind = "length"
	case "content_filter", "refusal":
		return map[models.Protocol]string{models.ProtocolOpenAI: "content_filter", models.ProtocolAnthropic: "refusal", models.ProtocolResponses: "incomplete"}[p]
	case "pause_turn":
		if p == models.ProtocolAnthropic {
			return finish
		}
	}
	if called {
		kind = "tool"
	}
	return stops[p][kind]
}

// saying is what a recording says and calls.
type saying struct {
	text    string
	calls   []string
	thinned bool // its deltas were left out by those who recorded it
}

func sayingOf(t *testing.T, r simulator.Recording) (s saying) {
	t.Helper()
	if !r.Stream {
		s.readWhole(r.Protocol, decode(t, r.Response))
		return s
	}
	lines := bufio.NewScanner(bytes.NewReader(r.Response))
	lines.Buffer(nil, 8<<20)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data:")
		if data = strings.TrimSpace(data); ok && strings.HasPrefix(data, "{") {
			s.readEvent(r.Protocol, decode(t, []byte(data)))
		}
	}
	return s
}

type anyObject = map[string]any

func list(value any) []any              { l, _ := value.([]any); return l }
func inner(value any) anyObject         { o, _ := value.(anyObject); return o }
func text(o anyObject, k string) string { s, _ := o[k].(string); return s }

func (s *saying) readWhole(p models.Protocol, o anyObject) {
	switch p {
	case models.ProtocolOpenAI:
		for _, c := range list(o["choices"])[:1] {
			s.chatMessage(inner(inner(c)["message"]))
		}
	case models.ProtocolAnthropic:
		for _, b := range list(o["content"]) {
			s.block(inner(b))
		}
	case models.ProtocolResponses:
		for _, item := range list(o["output"]) {
			s.item(inner(item))
		}
	}
}

func (s *saying) chatMessage(m anyObject) {
	s.text += text(m, "content") + text(m, "refusal")
	for _, part := range list(m["content"]) { // Mistral
		if text(inner(part), "type") == "text" {
			s.text += text(inner(part), "text")
		}
	}
	for _, c := range list(m["tool_calls"]) {
		if name := text(inner(inner(c)["function"]), "name"); name != "" {
			s.calls = append(s.calls, name)
		}
	}
}

func (s *saying) block(b anyObject) {
	switch text(b, "type") {
	case "text":
		s.text += text(b, "text")
	case "tool_use":
		s.calls = append(s.calls, text(b, "name"))
	}
}

func (s *saying) item(item anyObject) {
	switch text(item, "type") {
	case "message":
		for _, part := range list(item["content"]) {
			s.text += text(inner(part), "text") + text(inner(part), "refusal")
		}
	case "function_call", "custom_tool_call":
		s.calls = append(s.calls, text(item, "name"))
	}
}

func (s *saying) readEvent(p models.Protocol, e anyObject) {
	switch p {
	case models.ProtocolOpenAI:
		for _, c := range list(e["choices"]) {
			s.chatMessage(inner(inner(c)["delta"]))
		}
	case models.ProtocolAnthropic:
		s.block(inner(e["content_block"]))
		s.text += text(inner(e["delta"]), "text")
	case models.ProtocolResponses:
		switch text(e, "type") {
		case "response.output_text.delta", "response.refusal.delta":
			s.text += text(e, "delta")
		case "response.output_item.done":
			said := s.text
			s.item(inner(e["item"]))
			if s.text != said { // the whole text once more
				s.thinned = s.thinned || !strings.HasSuffix(said, strings.TrimPrefix(s.text, said))
				s.text = said
			}
		}
	}
}
