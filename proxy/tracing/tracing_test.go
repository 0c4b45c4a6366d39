package tracing

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	wire "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"squirrel/models"
)

// received is a collector's memory.
type received struct {
	mu     sync.Mutex
	header http.Header
	path   string
	spans  map[string]*wire.Span // by name
	about  string                // of the service
}

func newCollector(t *testing.T) (*received, *httptest.Server) {
	t.Helper()
	r := &received{spans: map[string]*wire.Span{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		data, _ := io.ReadAll(req.Body)
		var export collector.ExportTraceServiceRequest
		if err := proto.Unmarshal(data, &export); err != nil {
			t.Error(err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.header, r.path = req.Header, req.URL.Path
		for _, source := range export.ResourceSpans {
			r.about = source.Resource.String()
			for _, scope := range source.ScopeSpans {
				for _, span := range scope.Spans {
					r.spans[span.Name] = span
				}
			}
		}
	}))
	t.Cleanup(server.Close)
	return r, server
}

func attributes(s *wire.Span) map[string]string {
	all := map[string]string{}
	for _, kv := range s.Attributes {
		text := kv.Value.String()
		_, value, _ := strings.Cut(text, ":")
		all[kv.Key] = strings.Trim(value, `"`)
	}
	return all
}

func pointer[T any](v T) *T { return &v }

// parent is a client's header that names a trace.
var parent = http.Header{"Traceparent": {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}

// failover is a stream that a second provider answered.
func failover(began time.Time) models.LogWrite {
	return models.LogWrite{
		Kind: models.WriteEnd,
		Log: models.RequestLog{
			ID: "01M8", RequestTime: began, Endpoint: models.EndpointChat, RequestedModel: "smart", IsStream: true, APIKeyName: "tests", Source: models.SourceClient,
			ResponseStatus: pointer(200), SentStatus: pointer(200), FinishReason: "stop", AttemptCount: 2, TotalTimeMS: pointer(900.0), FirstByteDelayMS: pointer(250.0),
			InputTokens: pointer[int64](12), OutputTokens: pointer[int64](34), CachedInputTokens: pointer[int64](5), UserID: "somebody", ClientIP: "192.0.2.7",
		},
		Attempts: []models.Attempt{
			{N: 1, Provider: "one", TargetModel: "gpt-4o", Protocol: models.ProtocolOpenAI, URL: "https://api.openai.com/v1/chat/completions", Status: pointer(503), Error: "provider answered 503",
				ErrorKind: "status", StartedAt: began.Add(time.Millisecond), TotalMS: pointer(100.0), RetryReason: "next provider after server_error"},
			{N: 2, Provider: "two", TargetModel: "claude-x", Protocol: models.ProtocolAnthropic, URL: "http://10.0.0.7:9000/v1/messages", Status: pointer(200), StartedAt: began.Add(120 * time.Millisecond),
				TotalMS: pointer(130.0)},
		},
		Detail: &models.LogDetail{RequestBody: []byte("the-body-of-the-request"), ResponseBody: []byte("the-body-of-the-answer")},
	}
}

func TestTrace_ARequestAndItsAttempts(t *testing.T) {
	r, server := newCollector(t)
	tracer, err := New(t.Context(), strings.Replace(server.URL, "http://", "http://user:pass-word@", 1)+"/base/", "1.2.3", func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	w := failover(time.Now().Add(-time.Second).Truncate(time.Millisecond))
	tracer.Trace(&w, parent)
	if err := tracer.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	request, first, second := r.spans["POST /v1/chat/completions"], r.spans["chat gpt-4o"], r.spans["chat claude-x"]
	if len(r.spans) != 3 || request == nil || first == nil || second == nil {
		t.Fatalf("spans: %v", r.spans)
	}
	if r.path != "/base/v1/traces" || r.header.Get("Authorization") == "" || !strings.Contains(r.about, "squirrel") || !strings.Contains(r.about, "1.2.3") {
		t.Errorf("sent to %s as %s", r.path, r.about)
	}
	if request.Kind != wire.Span_SPAN_KIND_SERVER || string(request.ParentSpanId) != "\xb7\xad\x6b\x71\x69\x20\x33\x31" || string(first.ParentSpanId) != string(request.SpanId) || string(second.TraceId) != string(request.TraceId) {
		t.Errorf("the spans don't hang together: %v", r.spans)
	}
	if took := time.Duration(request.EndTimeUnixNano - request.StartTimeUnixNano); took != 900*time.Millisecond {
		t.Errorf("the request took %v", took)
	}
	if took := time.Duration(first.EndTimeUnixNano - first.StartTimeUnixNano); took != 100*time.Millisecond {
		t.Errorf("the first attempt took %v", took)
	}
	if second.EndTimeUnixNano != request.EndTimeUnixNano {
		t.Error("the attempt that answered does not last until the end of the answer")
	}
	for name, c := range map[string]struct {
		span *wire.Span
		want map[string]string
	}{
		"request": {request, map[string]string{"squirrel.requested_model": "smart", "squirrel.attempts": "2", "http.response.status_code": "200", "gen_ai.usage.input_tokens": "", "error.type": ""}},
		"first":   {first, map[string]string{"gen_ai.provider.name": "openai", "error.type": "status", "http.response.status_code": "503", "server.address": "api.openai.com", "server.port": "443", "gen_ai.usage.input_tokens": ""}},
		"second": {second, map[string]string{"gen_ai.provider.name": "anthropic", "gen_ai.operation.name": "chat", "gen_ai.request.model": "claude-x", "gen_ai.usage.input_tokens": "12", "gen_ai.usage.output_tokens": "34",
			"gen_ai.usage.cache_read.input_tokens": "5", "gen_ai.response.time_to_first_chunk": "0.25", "server.port": "9000", "error.type": ""}},
	} {
		got := attributes(c.span)
		for key, want := range c.want {
			if got[key] != want {
				t.Errorf("%s: %s is %q, want %q", name, key, got[key], want)
			}
		}
	}
	for _, span := range r.spans {
		for _, private := range []string{"the-body", "somebody", "192.0.2.7", "pass-word"} {
			if strings.Contains(span.String(), private) {
				t.Errorf("%s holds %s", span.Name, private)
			}
		}
	}
}

// TestTrace_WithoutAParent begins a trace of its own, also when what came as a parent is nonsense.
func TestTrace_WithoutAParent(t *testing.T) {
	r, server := newCollector(t)
	tracer, err := New(t.Context(), server.URL, "dev", func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	w := failover(time.Now())
	w.Log.ErrorCode, w.Log.ErrorInfo, w.Attempts = "model_not_found", "no such model", nil
	tracer.Trace(&w, http.Header{"Traceparent": {"'; DROP TABLE spans"}})
	if err := tracer.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	span := r.spans["POST /v1/chat/completions"]
	if span == nil || len(span.ParentSpanId) != 0 || span.Status.GetCode() != wire.Status_STATUS_CODE_ERROR || attributes(span)["error.type"] != "model_not_found" {
		t.Errorf("%v", span)
	}
}

// TestTrace_ACollectorThatIsAway costs requests nothing.
func TestTrace_ACollectorThatIsAway(t *testing.T) {
	told := make(chan error, 100)
	tracer, err := New(t.Context(), "http://user:pass-word@127.0.0.1:1", "dev", func(err error) { told <- err })
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for range 5000 {
		w := failover(began)
		tracer.Trace(&w, parent)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("5,000 records took %v", took)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := tracer.Close(ctx); err != nil && strings.Contains(err.Error(), "pass-word") {
		t.Errorf("the error tells the password: %v", err)
	}
}

func BenchmarkTrace(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	tracer, err := New(b.Context(), server.URL, "dev", func(error) {})
	if err != nil {
		b.Fatal(err)
	}
	defer tracer.Close(b.Context())
	w := failover(time.Now())
	for b.Loop() {
		tracer.Trace(&w, parent)
	}
}
