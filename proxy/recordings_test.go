package proxy

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"squirrel/models"
	"squirrel/proxy/simulator"
)

// replays is a setup that serves every recording under its name, in each of the given segmentations ("+seg=7").
func replays(segmentations ...string) setup {
	s := setup{}
	for _, d := range dialects {
		s.providers = append(s.providers, models.Provider{Name: string(d.protocol), Protocol: d.protocol})
	}
	for _, r := range simulator.Recordings() {
		for _, segments := range segmentations {
			m := models.Model{Name: r.Name + segments, Strategy: models.StrategyPriority, Type: models.ModelChat}
			for i, d := range dialects {
				if d.protocol == r.Protocol {
					m.Routes = []models.Route{{ProviderID: int64(i + 1), TargetModel: "replay:" + r.Name + segments, Weight: 1}}
				}
			}
			s.models = append(s.models, m)
		}
	}
	s.key = func(k *models.APIKey) { k.RecordDetails = false }
	return s
}

func dialectFor(p models.Protocol) dialect {
	for _, d := range dialects {
		if d.protocol == p {
			return d
		}
	}
	return dialect{}
}

// TestRecordingsPassUnchanged sends every recorded answer of a live service through the gateway, whole and in pieces, and
// compares what the log says of it with what is in it.
func TestRecordingsPassUnchanged(t *testing.T) {
	segmentations := []string{"", "+seg=7", "+seg=701", "+onebyte"}
	g := newTestGateway(t, replays(segmentations...))
	for _, r := range simulator.Recordings() {
		d := dialectFor(r.Protocol)
		r.Response = d.firstAnswer(r)
		for _, segments := range segmentations {
			if tooSlow := len(r.Response) > 12<<10 && segments == "+onebyte" || len(r.Response) > 24<<10 && segments == "+seg=7" || !r.Stream && segments != ""; tooSlow {
				continue
			}
			extra := ""
			if r.Stream && r.Protocol == models.ProtocolOpenAI {
				extra = `"stream_options":{"include_usage":true},`
			}
			resp := g.post(d.path, d.ask(r.Name+segments, "x", r.Stream, extra))
			got := readAll(t, resp)
			if resp.StatusCode != r.Status || got != string(r.Response) {
				t.Errorf("%s%s: %d, %d bytes of %d: …%.300q", r.Name, segments, resp.StatusCode, len(got), len(r.Response), difference(got, string(r.Response)))
				continue
			}
			compareLog(t, r, g.rec.end(t, resp.Header.Get("X-Squirrel-Request-Id")).Log)
		}
	}
}

// firstAnswer is a recording up to the end of its answer: some hold several answers of a conversation, one after the other, and
// OpenRouter sends a "[DONE]" behind the end of a response.
func (d dialect) firstAnswer(r simulator.Recording) []byte {
	i := bytes.Index(r.Response, []byte(d.last))
	if !r.Stream || i < 0 {
		return r.Response
	}
	return r.Response[:i+bytes.Index(r.Response[i:], []byte("\n\n"))+2]
}

// difference is the rest of got from where it departs from want.
func difference(got, want string) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return got[i:]
		}
	}
	return got[min(len(got), len(want)):]
}

// told is what a recording tells about itself, read the naive way.
type told struct {
	input, output, cached int64
	known                 bool
	finish                string
}

func compareLog(t *testing.T, r simulator.Recording, log models.RequestLog) {
	t.Helper()
	if *log.ResponseStatus != r.Status || log.State != models.LogDone {
		t.Errorf("%s: status %d on the log", r.Name, *log.ResponseStatus)
	}
	if r.Status != http.StatusOK {
		return
	}
	want := readRecording(t, r)
	if log.FinishReason != want.finish {
		t.Errorf("%s: finish reason %q, the recording says %q", r.Name, log.FinishReason, want.finish)
	}
	if !want.known {
		return
	}
	if log.UsageSource != models.UsageUpstream || *log.InputTokens != want.input || *log.OutputTokens != want.output || *log.CachedInputTokens != want.cached {
		t.Errorf("%s: %s usage %d/%d/%d, the recording says %d/%d/%d", r.Name, log.UsageSource, *log.InputTokens, *log.OutputTokens, *log.CachedInputTokens, want.input, want.output, want.cached)
	}
}

func readRecording(t *testing.T, r simulator.Recording) (w told) {
	t.Helper()
	if !r.Stream {
		w.read(r.Protocol, decode(t, r.Response))
		return w
	}
	lines := bufio.NewScanner(bytes.NewReader(r.Response))
	lines.Buffer(nil, 8<<20)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data:")
		if data = strings.TrimSpace(data); !ok || !strings.HasPrefix(data, "{") {
			continue
		}
		event := decode(t, []byte(data))
		for _, inner := range []string{"message", "response"} {
			if object, ok := event[inner].(map[string]any); ok {
				w.read(r.Protocol, object)
			}
		}
		w.read(r.Protocol, event)
	}
	return w
}

func decode(t testing.TB, data []byte) (object map[string]any) {
	t.Helper()
	if err := json.Unmarshal(data, &object); err != nil {
		t.Fatalf("%v: %.300s", err, data)
	}
	return object
}

// read takes usage and finish reason from an object of an answer; the last ones told are right.
func (w *told) read(p models.Protocol, object map[string]any) {
	usage, _ := object["usage"].(map[string]any)
	number := func(name string, in map[string]any) (int64, bool) { n, ok := in[name].(float64); return int64(n), ok }
	details := func(name string) map[string]any { m, _ := usage[name].(map[string]any); return m }
	switch p {
	case models.ProtocolOpenAI:
		if choices, _ := object["choices"].([]any); len(choices) > 0 {
			if reason, ok := choices[0].(map[string]any)["finish_reason"].(string); ok {
				w.finish = reason
			}
		}
		if n, ok := number("prompt_tokens", usage); ok {
			w.known, w.input = true, n
			w.output, _ = number("completion_tokens", usage)
			if total, ok := number("total_tokens", usage); ok { // xAI counts the reasoning in the total only
				w.output = total - n
			}
			w.cached, _ = number("cached_tokens", details("prompt_tokens_details"))
		}
	case models.ProtocolResponses:
		if status, ok := object["status"].(string); ok && object["object"] == "response" && status != "in_progress" {
			w.finish = status
			if incomplete, ok := object["incomplete_details"].(map[string]any); ok {
				w.finish, _ = incomplete["reason"].(string)
			}
		}
		if n, ok := number("input_tokens", usage); ok {
			w.known, w.input = true, n
			w.output, _ = number("output_tokens", usage)
			w.cached, _ = number("cached_tokens", details("input_tokens_details"))
		}
	case models.ProtocolAnthropic:
		for _, holder := range []any{object, object["delta"]} {
			if m, ok := holder.(map[string]any); ok {
				if reason, ok := m["stop_reason"].(string); ok {
					w.finish = reason
				}
			}
		}
		w.readAnthropic(usage, number)
	}
}

// readAnthropic adds up what Anthropic counts apart: plain input, what the cache served and what it took.
func (w *told) readAnthropic(usage map[string]any, number func(string, map[string]any) (int64, bool)) {
	if n, ok := number("output_tokens", usage); ok {
		w.known, w.output = true, n
	}
	if n, ok := number("input_tokens", usage); ok {
		read, _ := number("cache_read_input_tokens", usage)
		written, _ := number("cache_creation_input_tokens", usage)
		w.input, w.cached = n+read+written, read
	}
	steps, _ := usage["iterations"].([]any)
	for _, step := range steps { // a compaction is billed besides what the totals say
		if m, _ := step.(map[string]any); m["type"] == "compaction" {
			in, _ := number("input_tokens", m)
			out, _ := number("output_tokens", m)
			w.input, w.output = w.input+in, w.output+out
		}
	}
}
