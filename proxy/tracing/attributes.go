package tracing

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"squirrel/models"
)

type timestamp = time.Time

// after is the moment so many milliseconds later; an unknown duration is none.
func after(began timestamp, ms *float64) timestamp {
	if ms == nil {
		return began
	}
	return began.Add(time.Duration(*ms * float64(time.Millisecond)))
}

// describeRequest says on the request's span what the client asked for and got.
func describeRequest(span trace.Span, log *models.RequestLog) {
	span.SetAttributes(
		attribute.String("http.request.method", "POST"), attribute.String("url.path", string(log.Endpoint)),
		attribute.String("squirrel.request_id", log.ID), attribute.String("squirrel.requested_model", log.RequestedModel),
		attribute.String("squirrel.source", string(log.Source)), attribute.Int("squirrel.attempts", log.AttemptCount),
		attribute.Bool("gen_ai.request.stream", log.IsStream),
	)
	if log.SentStatus != nil {
		span.SetAttributes(attribute.Int("http.response.status_code", *log.SentStatus))
	}
	if log.APIKeyName != "" {
		span.SetAttributes(attribute.String("squirrel.api_key_name", log.APIKeyName))
	}
	failed(span, log.ErrorCode, log.ErrorInfo)
}

// describeAttempt says on an attempt's span who was called for what.
func describeAttempt(span trace.Span, log *models.RequestLog, a *models.Attempt) {
	span.SetAttributes(
		attribute.String("gen_ai.operation.name", operation(log.Endpoint)), attribute.String("gen_ai.provider.name", providerName(a)),
		attribute.String("gen_ai.request.model", a.TargetModel), attribute.Bool("gen_ai.request.stream", log.IsStream),
		attribute.String("squirrel.provider", a.Provider), attribute.Int("squirrel.attempt", a.N),
	)
	if u, err := url.Parse(a.URL); err == nil && u.Host != "" {
		span.SetAttributes(attribute.String("server.address", u.Hostname()), attribute.Int("server.port", port(u)))
	}
	if a.Status != nil {
		span.SetAttributes(attribute.Int("http.response.status_code", *a.Status))
	}
	if a.RetryReason != "" {
		span.SetAttributes(attribute.String("squirrel.retry_reason", a.RetryReason))
	}
	failed(span, a.ErrorKind, a.Error)
}

// describeAnswer says on the span of the attempt that answered what it used and how it ended. Unknown figures are left out.
func describeAnswer(span trace.Span, log *models.RequestLog) {
	if log.UpstreamID != "" {
		span.SetAttributes(attribute.String("squirrel.upstream_request_id", log.UpstreamID))
	}
	if log.FinishReason != "" {
		span.SetAttributes(attribute.StringSlice("gen_ai.response.finish_reasons", []string{log.FinishReason}))
	}
	if log.IsStream && log.FirstByteDelayMS != nil {
		span.SetAttributes(attribute.Float64("gen_ai.response.time_to_first_chunk", *log.FirstByteDelayMS/1000))
	}
	for name, n := range map[string]*int64{
		"gen_ai.usage.input_tokens": log.InputTokens, "gen_ai.usage.output_tokens": log.OutputTokens, "gen_ai.usage.cache_read.input_tokens": log.CachedInputTokens,
		"gen_ai.usage.cache_creation.input_tokens": log.CacheWriteTokens, "gen_ai.usage.reasoning.output_tokens": log.ReasoningTokens,
	} {
		if n != nil {
			span.SetAttributes(attribute.Int64(name, *n))
		}
	}
	failed(span, log.ErrorCode, log.ErrorInfo)
}

func failed(span trace.Span, kind, text string) {
	if kind != "" {
		span.SetAttributes(attribute.String("error.type", kind))
		span.SetStatus(codes.Error, text)
	}
}

// operation names what an endpoint does.
func operation(e models.Endpoint) string {
	switch e {
	case models.EndpointChat, models.EndpointMessages, models.EndpointResponses:
		return "chat"
	case models.EndpointCompletions:
		return "text_completion"
	case models.EndpointEmbeddings:
		return "embeddings"
	}
	return strings.ReplaceAll(strings.TrimPrefix(string(e), "/v1/"), "/", "_")
}

// vendors are the names of the conventions, by a part of the host they answer at.
var vendors = []struct{ host, name string }{
	{"openai.azure.com", "azure.ai.openai"}, {"api.openai.com", "openai"}, {"anthropic.com", "anthropic"}, {"googleapis.com", "gcp.gemini"},
	{"amazonaws.com", "aws.bedrock"}, {"deepseek.com", "deepseek"}, {"groq.com", "groq"}, {"mistral.ai", "mistral_ai"}, {"moonshot", "moonshot_ai"},
	{"x.ai", "x_ai"}, {"cohere", "cohere"}, {"perplexity.ai", "perplexity"},
}

// providerName names the vendor, or else the vendor whose protocol is spoken.
func providerName(a *models.Attempt) string {
	if u, err := url.Parse(a.URL); err == nil {
		for _, v := range vendors {
			if strings.Contains("."+u.Hostname(), "."+v.host) {
				return v.name
			}
		}
	}
	if a.Protocol == models.ProtocolAnthropic {
		return "anthropic"
	}
	return "openai"
}

func port(u *url.URL) int {
	if n, err := strconv.Atoi(u.Port()); err == nil {
		return n
	}
	if u.Scheme == "http" {
		return 80
	}
	return 443
}
