package proxy

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"squirrel/models"
)

// weatherTool is the tool of the tests in each dialect.
func (d dialect) weatherTool() string {
	const schema = `{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"}},"required":["city"]}`
	switch d.protocol {
	case models.ProtocolAnthropic:
		return `"tools":[{"name":"get_weather","description":"Weather of a city","input_schema":` + schema + `}],`
	case models.ProtocolResponses:
		return `"tools":[{"type":"function","name":"get_weather","description":"Weather of a city","strict":false,"parameters":` + schema + `}],`
	}
	return `"tools":[{"type":"function","function":{"name":"get_weather","description":"Weather of a city","parameters":` + schema + `}}],`
}

// stops are the reasons to stop in each dialect.
var stops = map[models.Protocol]map[string]string{
	models.ProtocolOpenAI:    {"end": "stop", "tool": "tool_calls", "length": "length"},
	models.ProtocolAnthropic: {"end": "end_turn", "tool": "tool_use", "length": "max_tokens"},
	models.ProtocolResponses: {"end": "completed", "tool": "completed", "length": "incomplete"},
}

// TestConversionsOverTheWire: every client protocol over every provider protocol, as a stream and not. The events come in the
// order the client's protocol demands, the answer says the same, and the log knows what it used.
func TestConversionsOverTheWire(t *testing.T) {
	for name, scenario := range map[string]struct {
		text, target, stop string
		tools              bool
		calls              int
		thinking           bool
	}{
		"text":           {text: "hello squirrels, größe 🐿️", target: good, stop: "end"},
		"tool":           {text: "call get_weather", target: good, stop: "tool", tools: true, calls: 1},
		"parallel tools": {text: "call get_weather twice in parallel", target: good, stop: "tool", tools: true, calls: 2},
		"thinking":       {text: "why do squirrels hide acorns", target: "deepseek-reasoner", stop: "end", thinking: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var first heard
			for _, in := range dialects {
				for _, out := range dialects {
					g := newTestGateway(t, out.on(scenario.target))
					for _, stream := range []bool{true, false} {
						label := fmt.Sprintf("%s over %s, stream %t", in.protocol, out.protocol, stream)
						extra := ""
						if scenario.tools {
							extra = in.weatherTool()
						}
						if stream && in.protocol == models.ProtocolOpenAI {
							extra += `"stream_options":{"include_usage":true},`
						}
						resp := g.post(in.path, in.ask("m", scenario.text, stream, extra))
						body := readAll(t, resp)
						if resp.StatusCode != 200 {
							t.Fatalf("%s: %d %s", label, resp.StatusCode, body)
						}
						var h heard
						if stream {
							h = in.hear(t, label, body)
						} else {
							h = in.whole(t, label, body)
						}
						if first.stop == "" {
							first = h
						}
						if !h.same(first) || h.stop != stops[in.protocol][scenario.stop] || len(h.calls) != scenario.calls || (h.thinking != "") != scenario.thinking {
							t.Errorf("%s: heard %+v, first %+v", label, h, first)
						}
						log := g.rec.end(t, resp.Header.Get("X-Squirrel-Request-Id")).Log
						if *log.ResponseStatus != 200 || log.UsageSource != models.UsageUpstream || *log.OutputTokens != h.output || *log.InputTokens != h.input || log.ProtocolIn != in.protocol || log.ProtocolOut != out.protocol {
							t.Errorf("%s: log %s %d/%d, the client was told %d/%d", label, log.UsageSource, *log.InputTokens, *log.OutputTokens, h.input, h.output)
						}
						if log.FinishReason != stops[out.protocol][scenario.stop] {
							t.Errorf("%s: finish reason %q", label, log.FinishReason)
						}
					}
				}
			}
		})
	}
}

// TestConvertedStreamsThatAreCut end in the client's dialect, whatever the provider's.
func TestConvertedStreamsThatAreCut(t *testing.T) {
	for _, in := range dialects {
		for _, out := range dialects {
			if in == out {
				continue
			}
			for fault, want := range map[string]struct {
				code   string
				status int
			}{
				"fin@6e": {"stream_interrupted", 502}, "rst@6e": {"stream_interrupted", 502}, "stall@6e": {"upstream_timeout", 504}, "midstreamerror@6": {"upstream_error", 502},
			} {
				t.Run(fmt.Sprintf("%s over %s/%s", in.protocol, out.protocol, fault), func(t *testing.T) {
					t.Parallel()
					s := out.on("fault:" + fault)
					s.providers[0].IdleTimeout = 1
					g := newTestGateway(t, s)
					body := readAll(t, in.post(g, "tell me about acorns", true))
					if strings.Contains(body, in.last) || !strings.Contains(body, "error") {
						t.Errorf("%.900s", body)
					}
					if want.code != "upstream_error" { // else it is the provider's own code
						in.endsInError(t, body, want.code)
					}
					mustRecord(t, g, want.status, 200, want.code)
				})
			}
		}
	}
}

// TestConvertedErrors: a provider's refusal reaches the client in its own dialect.
func TestConvertedErrors(t *testing.T) {
	for _, in := range dialects {
		for _, out := range dialects {
			for fault, want := range map[string]struct {
				status int
				kind   string // OpenAI's and Anthropic's type, when they are the same
			}{
				"status:400": {400, "invalid_request_error"}, "status:401": {502, "api_error"}, "status:404": {502, "api_error"}, "status:429": {429, ""}, "status:500": {500, ""}, "json:html": {502, "api_error"},
				"firststreamerror:400": {400, ""},
			} {
				stream := strings.HasPrefix(fault, "first")
				s := once(out.on("fault:" + fault))
				g := newTestGateway(t, s)
				resp := in.post(g, "hello", stream)
				body := readAll(t, resp)
				label := fmt.Sprintf("%s over %s, %s", in.protocol, out.protocol, fault)
				var e struct {
					Type  string
					Error struct{ Type, Message string }
				}
				if err := json.Unmarshal([]byte(body), &e); err != nil || resp.StatusCode != want.status || e.Error.Message == "" || e.Error.Type == "" || (e.Type == "error") != (in.protocol == models.ProtocolAnthropic) {
					t.Errorf("%s: %d %s", label, resp.StatusCode, body)
				}
				if want.kind != "" && e.Error.Type != want.kind {
					t.Errorf("%s: type %q", label, e.Error.Type)
				}
				if log := g.rec.end(t, "").Log; *log.ResponseStatus != want.status || log.ErrorCode == "" {
					t.Errorf("%s: log %d %q", label, *log.ResponseStatus, log.ErrorCode)
				}
			}
		}
	}
}

func TestDroppedPartsAreNamed(t *testing.T) {
	lossy := strings.Replace(chat("m", "x", false), `{`, `{"logit_bias":{"50256":-100},"seed":7,"max_tokens":50,`, 1)
	for _, stream := range []string{"false", "true"} {
		g := newTestGateway(t, dialects[2].on(good))
		resp := g.post("/v1/chat/completions", strings.Replace(lossy, `"stream":false`, `"stream":`+stream, 1))
		readAll(t, resp)
		if got := resp.Header.Get("X-Squirrel-Dropped"); resp.StatusCode != 200 || !strings.Contains(got, "logit_bias") || !strings.Contains(got, "seed") {
			t.Errorf("%d, dropped %q", resp.StatusCode, got)
		}
		if end := g.rec.end(t, ""); len(end.Detail.Dropped) < 2 || g.counted("squirrel_dropped_total") < 2 {
			t.Errorf("recorded %+v", end.Detail.Dropped)
		}
	}
	s := dialects[2].on(good)
	s.models[0].Routes[0].OnLoss = models.OnLossReject
	g := newTestGateway(t, s)
	resp := g.post("/v1/chat/completions", lossy)
	if body := readAll(t, resp); resp.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, "unsupported_conversion") || !strings.Contains(body, `"param":"seed"`) {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	if g.sim.Ledger().Total() != 0 {
		t.Error("the provider was called all the same")
	}
	mustRecord(t, g, 422, 422, "unsupported_conversion")
	if resp := g.post("/v1/chat/completions", chat("m", "x", false)); resp.StatusCode != 200 {
		t.Errorf("a request that loses nothing: %d", resp.StatusCode)
	}
}

// TestConvertedAnswersAreRecordedBothWays: what the provider sent and what the client got.
func TestConvertedAnswersAreRecordedBothWays(t *testing.T) {
	for _, stream := range []bool{false, true} {
		g := newTestGateway(t, dialects[2].on(good))
		readAll(t, g.post("/v1/chat/completions", chat("m", "hello", stream)))
		d := g.rec.end(t, "").Detail
		if !strings.Contains(string(d.ResponseBody), `"chat.completion"`) || !strings.Contains(string(d.UpstreamResponse), `"end_turn"`) || !strings.Contains(string(d.UpstreamBody), `"max_tokens"`) {
			t.Errorf("stream %t: %s\n%s\n%s", stream, d.ResponseBody, d.UpstreamResponse, d.UpstreamBody)
		}
	}
}
