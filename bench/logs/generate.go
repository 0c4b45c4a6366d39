package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/oklog/ulid/v2"

	"squirrel/models"
)

// detailShare is the part of the requests whose headers and bodies are recorded.
const detailShare = 0.2

// generator makes request logs in the order of their time. The same seed and time give the same requests.
type generator struct {
	r        *rand.Rand
	ids      *rand.ChaCha8
	fleet    *fleet
	calendar *calendar
	total    int
	made     int
}

func newGenerator(seed uint64, total, days int, from time.Time) *generator {
	var key [32]byte
	for i := range 8 {
		key[i] = byte(seed >> (8 * i))
	}
	r := rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15))
	return &generator{
		r: r, ids: rand.NewChaCha8(key), fleet: newFleet(r), calendar: newCalendar(from, days), total: total,
	}
}

// next is the end record of the next request, which holds all of it.
func (g *generator) next() models.LogWrite {
	share := (float64(g.made) + g.r.Float64()) / float64(g.total)
	g.made++
	return g.at(g.calendar.at(share))
}

// at is a request that begins at a time.
func (g *generator) at(when time.Time) models.LogWrite {
	k := &g.fleet.keys[pick(g.r, g.fleet.keyRank)]
	m := &g.fleet.models[k.models[g.r.IntN(len(k.models))]]
	if g.r.Float64() < 0.05 {
		m = &g.fleet.models[pick(g.r, g.fleet.modelRank)]
	}
	l := &models.RequestLog{
		ID: ulid.MustNew(ulid.Timestamp(when), g.ids).String(), Instance: "bench", RequestTime: when,
		APIKeyID: &k.id, APIKeyName: k.name, RequestedModel: m.name, ClientIP: fmt.Sprintf("10.20.%d.%d", k.id, 1+g.r.IntN(20)),
		Client: k.client, TraceID: fmt.Sprintf("%016x", g.r.Uint64()), Source: models.SourceClient, State: models.LogDone,
		UsageSource: models.UsageNone, PriceSource: models.PriceUnknown, GatewayOverheadUS: new(int64(logNormal(g.r, 350, 0.5))),
	}
	if g.r.Float64() < 0.7 {
		l.UserID = g.fleet.users[pick(g.r, g.fleet.userRank)]
	}
	if g.r.Float64() < 0.01 {
		l.Source = models.SourcePlayground
	}
	g.called(l, m)
	attempts := g.answer(l, m)
	return models.LogWrite{Kind: models.WriteEnd, Log: *l, Detail: g.detail(l), Attempts: attempts}
}

// called fills in how the client called the model.
func (g *generator) called(l *models.RequestLog, m *model) {
	l.Endpoint, l.ProtocolIn = models.EndpointChat, models.ProtocolOpenAI
	switch {
	case m.kind == models.ModelEmbedding:
		l.Endpoint = models.EndpointEmbeddings
		return
	case m.providers[0].protocol == models.ProtocolAnthropic && g.r.Float64() < 0.8:
		l.Endpoint, l.ProtocolIn = models.EndpointMessages, models.ProtocolAnthropic
	case g.r.Float64() < 0.15:
		l.Endpoint, l.ProtocolIn = models.EndpointResponses, models.ProtocolResponses
	}
	l.IsStream = g.r.Float64() < 0.6
}

// answer decides the outcome, and fills in everything that follows from it.
func (g *generator) answer(l *models.RequestLog, m *model) []models.Attempt {
	o := outcomes[pick(g.r, outcomeShares)]
	l.ResponseStatus, l.SentStatus, l.ErrorCode = new(o.status), new(o.status), o.code
	if o.info != "" {
		l.ErrorInfo = fmt.Sprintf(o.info, g.r.IntN(10_000))
	}
	if !o.upstream {
		l.TotalTimeMS = new(logNormal(g.r, 1.2, 0.6))
		return nil
	}
	g.timing(l, m, o)
	if o.usage {
		g.usage(l, m)
	}
	return g.attempts(l, m, o)
}

// timing draws latencies: log-normal, longer for larger answers.
func (g *generator) timing(l *models.RequestLog, m *model, o outcome) {
	first, rest := logNormal(g.r, 420, 0.7), logNormal(g.r, 3200, 0.9) //nolint:staticcheck // it does not know that new takes a value
	switch {
	case m.kind == models.ModelEmbedding:
		first, rest = logNormal(g.r, 90, 0.5), 0.4
	case o.status >= 500 && o.status != 502:
		first, rest = logNormal(g.r, 9000, 1.0), 0.3
	case o.status == 429:
		rest = 0.2
	}
	if o.usage || o.status == 429 {
		l.FirstByteDelayMS = &first
	}
	l.TotalTimeMS = new(first + rest)
	if o.status == 502 && l.IsStream && o.usage {
		l.SentStatus = new(200)
	}
}

// usage draws token counts and prices them.
func (g *generator) usage(l *models.RequestLog, m *model) {
	u := models.Usage{Known: true, Input: 1 + int64(logNormal(g.r, 1400, 1.2))}
	if m.kind != models.ModelEmbedding {
		u.Output = 1 + int64(logNormal(g.r, 280, 1.0))
		l.FinishReason = "stop"
		switch at := g.r.Float64(); {
		case *l.ResponseStatus != 200:
			l.FinishReason = ""
		case at < 0.04:
			l.FinishReason = "length"
		case at < 0.22:
			l.FinishReason = "tool_calls"
		}
	}
	if g.r.Float64() < 0.35 {
		u.CachedInput = int64(float64(u.Input) * g.r.Float64())
		l.CachedInputTokens = &u.CachedInput
	}
	if m.providers[0].protocol == models.ProtocolAnthropic && g.r.Float64() < 0.2 {
		u.CacheWrite = (u.Input - u.CachedInput) / 2
		l.CacheWriteTokens = &u.CacheWrite
	}
	if m.name == "reasoner" || m.name == "deepseek-reasoner" {
		u.Reasoning = u.Output * 3 / 4
		l.ReasoningTokens = &u.Reasoning
	}
	l.InputTokens, l.OutputTokens, l.UsageSource = &u.Input, &u.Output, models.UsageUpstream
	if g.r.Float64() < 0.05 {
		l.UsageSource = models.UsageEstimated
	}
	if !m.known {
		return
	}
	if cost, ok := m.prices.Cost(u); ok {
		l.TotalCost, l.InputCost, l.OutputCost, l.PriceSource = &cost.Total, &cost.Input, &cost.Output, models.PriceFromCatalogue
	}
}

// logNormal draws a value with a median and a spread (the standard deviation of its logarithm).
func logNormal(r *rand.Rand, median, spread float64) float64 {
	return median * math.Exp(spread*r.NormFloat64())
}
