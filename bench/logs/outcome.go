package main

import (
	"fmt"
	"time"

	"squirrel/models"
)

// outcome is one way a request can end.
type outcome struct {
	share    float64
	status   int
	code     string
	info     string // with one %d
	upstream bool   // a provider was asked
	usage    bool   // tokens were used
	retry    float64
}

var outcomes = []outcome{
	{0.930, 200, "", "", true, true, 0.03},
	{0.012, 429, "rate_limit_exceeded", "the key is over its limit of requests per minute; try again in %d ms", false, false, 0},
	{0.010, 429, "upstream_rate_limited", "the provider is over its limit (request %d)", true, false, 0.8},
	{0.015, 499, "client_disconnected", "", true, true, 0.02},
	{0.007, 502, "upstream_error", "the provider closed the connection after %d bytes", true, true, 0},
	{0.006, 503, "upstream_unavailable", "overloaded_error: the model is overloaded (%d)", true, false, 0.9},
	{0.004, 504, "upstream_timeout", "no answer within the time limit, attempt %d", true, false, 0.5},
	{0.004, 500, "upstream_error", "the provider answered with an internal error, reference %d", true, false, 0.7},
	{0.006, 400, "invalid_request", "messages.%d.content: must not be empty", false, false, 0},
	{0.003, 401, "invalid_api_key", "", false, false, 0},
	{0.003, 404, "model_not_found", "", false, false, 0},
}

var outcomeShares = func() []float64 {
	out := make([]float64, len(outcomes))
	sum := 0.0
	for i, o := range outcomes {
		sum += o.share
		out[i] = sum
	}
	return out
}()

// attempts says which providers were asked in turn, and fills in the last one as that of the log.
func (g *generator) attempts(l *models.RequestLog, m *model, o outcome) []models.Attempt {
	n := 1
	if g.r.Float64() < o.retry {
		n += 1 + g.r.IntN(2)
	}
	all := make([]models.Attempt, n)
	first := g.r.IntN(10) / 8 // mostly the preferred one
	for i := range all {
		p := m.providers[(first+i/2)%len(m.providers)]
		a := models.Attempt{
			N: i + 1, RouteID: p.id*100 + int64(len(m.name)), ProviderID: p.id, Provider: p.name, TargetModel: m.target, Protocol: p.protocol,
			URL: "https://" + p.name + ".example.com/v1" + upstreamPath(p.protocol, m.kind), StartedAt: l.RequestTime,
			Status: l.ResponseStatus, FirstByteMS: l.FirstByteDelayMS, TotalMS: l.TotalTimeMS,
			UpstreamRequestID: fmt.Sprintf("req_%016x%04x", g.r.Uint64(), i),
		}
		if i < n-1 {
			failTry(&a, g.r.IntN(10_000))
		}
		if last := all[max(i-1, 0)]; i > 0 {
			a.StartedAt = last.StartedAt.Add(time.Duration(*last.TotalMS * float64(time.Millisecond)))
		}
		all[i] = a
	}
	last := all[n-1]
	l.AttemptCount, l.RetryCount = n, n-1
	l.TargetModel, l.ProviderID, l.ProviderName, l.ProtocolOut = last.TargetModel, new(last.ProviderID), last.Provider, last.Protocol
	l.RouteID, l.UpstreamID = new(last.RouteID), last.UpstreamRequestID
	return all
}

// failTry makes an attempt one that another followed.
func failTry(a *models.Attempt, reference int) {
	a.Status, a.FirstByteMS, a.TotalMS = new(503), new(180.0), new(181.5)
	a.Error, a.ErrorKind, a.RetryReason = fmt.Sprintf("overloaded (%d)", reference), "status", "status 503"
	a.ResponseBody = fmt.Appendf(nil, `{"error":{"type":"overloaded_error","message":"overloaded","reference":%d}}`, reference)
}

func upstreamPath(p models.Protocol, kind models.ModelType) string {
	switch {
	case kind == models.ModelEmbedding:
		return "/embeddings"
	case p == models.ProtocolAnthropic:
		return "/messages"
	}
	return "/chat/completions"
}
