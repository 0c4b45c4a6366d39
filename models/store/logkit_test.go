package store

import (
	"context"
	"crypto/rand"
	"fmt"
	mrand "math/rand/v2"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"squirrel/models"
)

// noon is a day in the past: tests do not depend on today.
var noon = time.Date(2025, 3, 9, 12, 0, 0, 0, time.UTC)

func newID(at time.Time) string { return ulid.MustNew(ulid.Timestamp(at), rand.Reader).String() }

// begun is the log of a request as it is when it begins.
func begun(at time.Time) models.RequestLog {
	return models.RequestLog{
		ID: newID(at), Instance: "inst-1", RequestTime: at, APIKeyID: ptr(int64(1)), APIKeyName: "team", RequestedModel: "smart",
		Endpoint: models.EndpointChat, ProtocolIn: models.ProtocolOpenAI, UsageSource: models.UsageNone, PriceSource: models.PriceUnknown,
		Source: models.SourceClient, State: models.LogRunning,
	}
}

// finished is the log of a request that went well.
func finished(at time.Time) models.RequestLog {
	l := begun(at)
	l.State, l.TargetModel, l.ProviderID, l.ProviderName, l.ProtocolOut = models.LogDone, "gpt-4o", ptr(int64(2)), "openai", models.ProtocolOpenAI
	l.ResponseStatus, l.SentStatus, l.FinishReason, l.AttemptCount = ptr(200), ptr(200), "stop", 1
	l.FirstByteDelayMS, l.TotalTimeMS, l.GatewayOverheadUS = ptr(120.5), ptr(800.25), ptr(int64(300))
	l.InputTokens, l.OutputTokens, l.CachedInputTokens = ptr(int64(100)), ptr(int64(50)), ptr(int64(10))
	l.CacheWriteTokens, l.ReasoningTokens, l.UsageSource = ptr(int64(1)), ptr(int64(2)), models.UsageUpstream
	l.TotalCost, l.InputCost, l.OutputCost = ptr(models.NanoUSD(3000)), ptr(models.NanoUSD(1000)), ptr(models.NanoUSD(2000))
	l.PriceSource, l.TraceID, l.UpstreamID, l.Client, l.ClientIP, l.UserID = models.PriceFromModel, "trace", "up-1", "openai-python", "10.0.0.1", "u1"
	return l
}

func begin(l models.RequestLog) models.LogWrite {
	return models.LogWrite{Kind: models.WriteBegin, Log: l, Detail: &models.LogDetail{
		RequestHeaders: []byte(`{"content-type":"application/json"}`), RequestBody: []byte(`{"model":"smart"}`),
	}}
}

func end(l models.RequestLog) models.LogWrite {
	return models.LogWrite{Kind: models.WriteEnd, Log: l, Detail: &models.LogDetail{
		RequestHeaders: []byte(`{"content-type":"application/json"}`), RequestBody: []byte(`{"model":"smart"}`), UpstreamURL: "https://up/v1/chat",
		ResponseBody: []byte(`{"choices":[]}`), Reason: "",
	}, Attempts: []models.Attempt{{
		N: 1, RouteID: 4, ProviderID: 2, Provider: "openai", TargetModel: "gpt-4o", Protocol: models.ProtocolOpenAI, URL: "https://up/v1/chat",
		Status: ptr(200), StartedAt: l.RequestTime, FirstByteMS: ptr(100.0), TotalMS: ptr(700.0), UpstreamRequestID: "up-1",
	}}}
}

// randomLogs are finished requests of all kinds, in the order of time, spread over a span.
func randomLogs(r *mrand.Rand, n int, from time.Time, span time.Duration) []models.RequestLog {
	logs := make([]models.RequestLog, n)
	for i := range logs {
		at := from.Add(span * time.Duration(i) / time.Duration(n)).Truncate(time.Microsecond)
		l := finished(at)
		model := r.IntN(6)
		l.RequestedModel, l.TargetModel = fmt.Sprintf("model-%d", model), fmt.Sprintf("target-%d", model)
		l.ProviderID, l.ProviderName = ptr(int64(model%3+1)), fmt.Sprintf("provider-%d", model%3+1)
		l.APIKeyID = ptr(int64(r.IntN(8) + 1))
		l.APIKeyName, l.UserID = fmt.Sprintf("key-%d", *l.APIKeyID), fmt.Sprintf("user-%d", r.IntN(50))
		l.Client = fmt.Sprintf("client-%d", r.IntN(4))
		l.IsStream = r.IntN(2) == 0
		l.InputTokens, l.OutputTokens = ptr(r.Int64N(4000)), ptr(r.Int64N(1000))
		l.FirstByteDelayMS, l.TotalTimeMS = ptr(r.ExpFloat64()*300), ptr(r.ExpFloat64()*3000)
		l.TotalCost = ptr(models.NanoUSD(r.Int64N(1e7)))
		switch r.IntN(20) {
		case 0:
			l.ResponseStatus, l.ErrorCode, l.TotalCost = ptr(502), "upstream_error", nil
			l.FirstByteDelayMS, l.InputTokens, l.OutputTokens = nil, nil, nil
		case 1:
			l.ResponseStatus, l.ErrorCode = ptr(429), "rate_limit_exceeded"
			l.ProviderID, l.ProviderName, l.TargetModel = nil, "", ""
		case 2:
			l.Endpoint, l.Source = models.EndpointMessages, models.SourceTest
		}
		logs[i] = l
	}
	return logs
}

// writeEnds stores finished requests without details.
func writeEnds(t testing.TB, s *Store, logs []models.RequestLog) {
	t.Helper()
	writes := make([]models.LogWrite, len(logs))
	for i := range logs {
		writes[i] = models.LogWrite{Kind: models.WriteEnd, Log: logs[i]}
	}
	must(t, s.WriteLogs(t.Context(), writes))
}

func stats(t testing.TB, s *Store, q models.StatsQuery) models.Stats {
	t.Helper()
	got, err := s.Stats(t.Context(), q)
	must(t, err)
	return got
}

func write(t testing.TB, s *Store, writes ...models.LogWrite) {
	t.Helper()
	must(t, s.WriteLogs(context.WithoutCancel(t.Context()), writes))
}
