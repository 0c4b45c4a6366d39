// Package tracing sends a trace of every finished request to an OpenTelemetry collector: a span for the request and one for each
// call to a provider. They are made from the record that the log gets, which holds no secret that it should not, and say nothing
// of bodies. Names are those of the semantic conventions for generative AI
// (https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/).
package tracing

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"squirrel/models"
)

// Tracer sends traces in batches. When the collector is away or too slow they are dropped; requests never wait for it.
type Tracer struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
}

// New makes a tracer for a collector that takes OTLP over HTTP. The other variables of the OpenTelemetry SDK (OTEL_SERVICE_NAME,
// OTEL_EXPORTER_OTLP_HEADERS, OTEL_TRACES_SAMPLER, …) have their usual meaning. failed is told when traces could not be sent.
func New(ctx context.Context, endpoint, version string, failed func(error)) (*Tracer, error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return nil, errors.New("the collector's address is not a URL")
	}
	options := []otlptracehttp.Option{otlptracehttp.WithEndpointURL(u.Scheme + "://" + u.Host + strings.TrimRight(u.Path, "/") + "/v1/traces")}
	if u.User != nil {
		password, _ := u.User.Password()
		credentials := base64.StdEncoding.EncodeToString([]byte(u.User.Username() + ":" + password))
		options = append(options, otlptracehttp.WithHeaders(map[string]string{"Authorization": "Basic " + credentials}))
	}
	exporter, err := otlptracehttp.New(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("prepare the export of traces: %w", err)
	}
	source, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", "squirrel"), attribute.String("service.version", version)),
		resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("describe this service: %w", err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(failed))
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(telling{exporter, failed}), sdktrace.WithResource(source))
	return &Tracer{provider: provider, tracer: provider.Tracer("squirrel")}, nil
}

// telling tells of traces that could not be sent whom the tracer belongs to: the SDK's own handler of errors is one for the process.
type telling struct {
	sdktrace.SpanExporter
	failed func(error)
}

// ExportSpans implements sdktrace.SpanExporter.
func (e telling) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	if err := e.SpanExporter.ExportSpans(ctx, spans); err != nil {
		e.failed(err)
	}
	return nil
}

// Close sends what is left, as long as ctx lasts.
func (t *Tracer) Close(ctx context.Context) error { return t.provider.Shutdown(ctx) }

// Trace makes the spans of a request that has ended. header is the client's: a trace that it names goes on here.
func (t *Tracer) Trace(w *models.LogWrite, header http.Header) {
	ctx := propagation.TraceContext{}.Extract(context.Background(), propagation.HeaderCarrier(header))
	began := w.Log.RequestTime
	ended := after(began, w.Log.TotalTimeMS)
	ctx, span := t.tracer.Start(ctx, "POST "+string(w.Log.Endpoint), trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(began))
	if span.IsRecording() {
		for i := range w.Attempts {
			t.traceAttempt(ctx, &w.Log, &w.Attempts[i], ended)
		}
		describeRequest(span, &w.Log)
	}
	span.End(trace.WithTimestamp(ended))
}

func (t *Tracer) traceAttempt(ctx context.Context, log *models.RequestLog, a *models.Attempt, ended timestamp) {
	_, span := t.tracer.Start(ctx, operation(log.Endpoint)+" "+a.TargetModel, trace.WithSpanKind(trace.SpanKindClient), trace.WithTimestamp(a.StartedAt))
	describeAttempt(span, log, a)
	if answered(log, a) {
		describeAnswer(span, log) // it went on until the answer's end
	} else {
		ended = after(a.StartedAt, a.TotalMS)
	}
	span.End(trace.WithTimestamp(ended))
}

// answered reports whether a client got its answer, or the part of one, from this attempt.
func answered(log *models.RequestLog, a *models.Attempt) bool {
	return a.N == log.AttemptCount && a.ErrorKind == ""
}
