package proxy

import (
	"net/http"
	"strings"
	"testing"

	"squirrel/models"
)

func TestChat_PassesAndIsRecorded(t *testing.T) {
	g := newTestGateway(t, setup{})
	resp := g.post("/v1/chat/completions", chat("m", "hello", false))
	body := readAll(t, resp)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", resp.StatusCode, body)
	}
	end := g.rec.end(t, resp.Header.Get("X-Squirrel-Request-Id"))
	log := end.Log
	if *log.ResponseStatus != 200 || log.ProviderName != "one" || log.TargetModel != "gpt-4o" || log.UsageSource != models.UsageUpstream || *log.InputTokens == 0 || log.FinishReason != "stop" {
		t.Errorf("log: %+v", log)
	}
	if string(end.Detail.ResponseBody) != body {
		t.Errorf("recorded %q, sent %q", end.Detail.ResponseBody, body)
	}
	if resp.Header.Get("X-Squirrel-Provider") != "one" || resp.Header.Get("X-Squirrel-Attempts") != "1" {
		t.Errorf("headers: %v", resp.Header)
	}
}

func TestChat_StreamPassesAndIsRecorded(t *testing.T) {
	g := newTestGateway(t, setup{})
	resp := g.post("/v1/chat/completions", chat("m", "tell me about acorns", true))
	body := readAll(t, resp)
	if resp.StatusCode != http.StatusOK || !strings.HasSuffix(body, "data: [DONE]\n\n") {
		t.Fatalf("%d %s", resp.StatusCode, body)
	}
	if strings.Contains(body, `"usage":{`) {
		t.Errorf("the usage chunk that only the gateway asked for was shown: %s", body)
	}
	log := g.rec.end(t, "").Log
	if *log.ResponseStatus != 200 || log.UsageSource != models.UsageUpstream || *log.OutputTokens == 0 || log.FinishReason != "stop" || log.FirstByteDelayMS == nil {
		t.Errorf("log: %+v", log)
	}
}

func TestMessages_BothWays(t *testing.T) {
	for _, protocol := range []models.Protocol{models.ProtocolAnthropic, models.ProtocolOpenAI} {
		for _, stream := range []bool{false, true} {
			g := newTestGateway(t, setup{providers: []models.Provider{{Name: "p", Protocol: protocol}}})
			body := strings.Replace(chat("m", "hello", stream), `{"model"`, `{"max_tokens":200,"model"`, 1)
			resp := g.post("/v1/messages", body, "anthropic-version", "2023-06-01")
			text := readAll(t, resp)
			if resp.StatusCode != 200 || !strings.Contains(text, "end_turn") {
				t.Errorf("%s stream=%t: %d %s", protocol, stream, resp.StatusCode, text)
			}
			if log := g.rec.end(t, "").Log; *log.ResponseStatus != 200 || *log.OutputTokens == 0 {
				t.Errorf("log: %+v", log)
			}
		}
	}
}

// traced is what a tracer was told.
type traced struct {
	write  models.LogWrite
	parent string
	after  int // records that were accepted before
}

type tracerFunc func(w *models.LogWrite, header http.Header)

func (f tracerFunc) Trace(w *models.LogWrite, header http.Header) { f(w, header) }

// TestTracer is told of a request once its END record is safe, with the trace that the client named.
func TestTracer(t *testing.T) {
	g := newTestGateway(t, setup{})
	all := make(chan traced, 10)
	g.tracer = tracerFunc(func(w *models.LogWrite, header http.Header) {
		all <- traced{*w, header.Get("Traceparent"), g.rec.accepted(models.WriteEnd)}
	})
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	readAll(t, g.post("/v1/chat/completions", chat("m", "x", false), "Traceparent", parent))
	told := <-all
	if told.parent != parent || told.after != 1 || told.write.Log.ID != g.rec.end(t, "").Log.ID || len(told.write.Attempts) != 1 || len(all) > 0 {
		t.Errorf("told of %s by %q after %d records", told.write.Log.ID, told.parent, told.after)
	}
}
