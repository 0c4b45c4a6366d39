package proxy

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"squirrel/models"
	"squirrel/proxy/sse"
)

// dialect is how the tests speak one protocol.
type dialect struct {
	protocol models.Protocol
	path     string
	last     string // what only a whole stream holds
}

var dialects = []dialect{
	{models.ProtocolOpenAI, "/v1/chat/completions", "[DONE]"},
	{models.ProtocolResponses, "/v1/responses", "response.completed"},
	{models.ProtocolAnthropic, "/v1/messages", "message_stop"},
}

// ask is a request of the dialect. extra are further members of the body, each with a comma behind it.
func (d dialect) ask(model, text string, stream bool, extra string) string {
	member := "messages"
	switch d.protocol {
	case models.ProtocolResponses:
		member = "input"
	case models.ProtocolAnthropic:
		extra += `"max_tokens":2000,`
	}
	return fmt.Sprintf(`{"model":%q,%s"stream":%t,%q:[{"role":"user","content":%q}]}`, model, extra, stream, member, text)
}

// post sends a request of the dialect to the model "m".
func (d dialect) post(g *testGateway, text string, stream bool) *http.Response {
	g.t.Helper()
	return g.post(d.path, d.ask("m", text, stream, ""))
}

// on is a setup whose providers speak the dialect's protocol and serve the targets in order, by priority.
func (d dialect) on(targets ...string) setup {
	s := setup{models: []models.Model{{Name: "m", Strategy: models.StrategyPriority, Type: models.ModelChat}}}
	for i, target := range targets {
		s.providers = append(s.providers, models.Provider{Name: fmt.Sprintf("p%d", i+1), Protocol: d.protocol})
		s.models[0].Routes = append(s.models[0].Routes, models.Route{ProviderID: int64(i + 1), TargetModel: target, Priority: i, Weight: 1})
	}
	return s
}

// eventsOf splits the text of a stream.
func eventsOf(t testing.TB, text string) (all []sse.Event) {
	t.Helper()
	rest := []byte(text)
	for len(rest) > 0 {
		n := sse.Boundary(rest, 0)
		if n == 0 {
			t.Fatalf("the stream ends inside an event: %.900q", rest)
		}
		if event := sse.ParseEvent(rest[:n]); event.Kind == sse.Message {
			all = append(all, event)
		}
		rest = rest[n:]
	}
	return all
}

// endsInError checks that a stream ends as one must that can't go on: in an error event of the dialect, without what only a
// whole stream has. It returns the text before that event.
func (d dialect) endsInError(t testing.TB, text, code string) (before string) {
	t.Helper()
	all := eventsOf(t, text)
	if len(all) == 0 || strings.Contains(text, d.last) {
		t.Fatalf("%s: no events, or a terminator: %.900q", d.protocol, text)
	}
	last := all[len(all)-1]
	var e struct {
		Type     string
		Code     string
		Error    struct{ Type, Code, Message string }
		Response struct{ Error struct{ Code string } }
	}
	if err := json.Unmarshal(last.Data, &e); err != nil {
		t.Fatalf("%s: %v: %s", d.protocol, err, last.Raw)
	}
	ok := false
	switch d.protocol {
	case models.ProtocolOpenAI:
		ok = last.Name == "" && e.Error.Code == code && e.Error.Type != "" && e.Error.Message != ""
	case models.ProtocolResponses:
		ok = last.Name == e.Type && (e.Type == "error" && e.Code == code || e.Type == "response.failed" && e.Response.Error.Code == code)
	case models.ProtocolAnthropic:
		ok = last.Name == "error" && e.Type == "error" && e.Error.Type != "" && e.Error.Message != ""
	}
	if !ok {
		t.Errorf("%s: the last event is no error %s: %s", d.protocol, code, last.Raw)
	}
	return strings.TrimSuffix(text, string(last.Raw))
}

// mustRecord checks the outcome on the only log row.
func mustRecord(t testing.TB, g *testGateway, status, sent int, code string) models.LogWrite {
	t.Helper()
	end := g.rec.end(t, "")
	if *end.Log.ResponseStatus != status || end.Log.ErrorCode != code || end.Log.SentStatus == nil || *end.Log.SentStatus != sent {
		t.Errorf("log: status %d, sent %v, code %q (%s); want %d, %d, %q", *end.Log.ResponseStatus, end.Log.SentStatus, end.Log.ErrorCode, end.Log.ErrorInfo, status, sent, code)
	}
	return end
}
