package proxy

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"

	"squirrel/models"
	"squirrel/proxy/tap"
	"squirrel/proxy/tokens"
	"squirrel/proxy/upstream"
)

// count fills in tokens and cost, and gives the unused part of the key's reservation back.
func (x *Exchange) count(r result) {
	usage, source := x.usageOf(&r)
	x.log.UsageSource = source
	if r.tap != nil && x.log.FinishReason == "" {
		x.log.FinishReason = r.tap.FinishReason
	}
	if source != models.UsageNone {
		x.log.InputTokens, x.log.OutputTokens = &usage.Input, &usage.Output
		x.log.CachedInputTokens, x.log.CacheWriteTokens, x.log.ReasoningTokens = &usage.CachedInput, &usage.CacheWrite, &usage.Reasoning
		x.log.CacheHourTokens, x.log.AudioInputTokens, x.log.AudioOutputTokens = &usage.CacheHour, &usage.AudioInput, &usage.AudioOutput
	}
	cost := x.price(r, usage, source)
	if len(x.attempts) == 0 {
		x.reservation.Cancel()
		return
	}
	x.reservation.Settle(usage.Input+usage.Output, cost)
}

// usageOf takes what the provider told; what it left out of an answer is counted here.
func (x *Exchange) usageOf(r *result) (models.Usage, models.UsageSource) {
	if r.try == nil || r.try.out.Class != upstream.Success {
		return models.Usage{}, models.UsageNone
	}
	if r.tap == nil {
		seen := tap.Read(r.try.sent.endpoint, r.try.sent.protocol, r.try.body) // as the provider sent it
		r.tap = &seen
	}
	usage := r.tap.Usage
	if usage.Known {
		if usage.Output == 0 && r.tap.TextBytes > 0 && r.status != r.sent { // cut before the provider told the rest
			usage.Output = tokens.CountText(r.tap.Text(), x.log.TargetModel)
			return usage, models.UsageMixed
		}
		return usage, models.UsageUpstream
	}
	if !countsTokens(x.req.Endpoint.Path) {
		return usage, models.UsageNone
	}
	usage.Input, usage.Known = x.inputTokens(), true
	usage.Output = tokens.CountText(r.tap.Text(), x.log.TargetModel)
	return usage, models.UsageEstimated
}

// countsTokens lists the endpoints whose input and output are text that can be counted.
func countsTokens(path models.Endpoint) bool {
	switch path {
	case models.EndpointChat, models.EndpointCompletions, models.EndpointResponses, models.EndpointMessages, models.EndpointEmbeddings:
		return true
	}
	return false
}

func (x *Exchange) price(r result, usage models.Usage, source models.UsageSource) models.NanoUSD {
	if r.try == nil || r.try.out.Class != upstream.Success {
		return 0
	}
	usage.Known = source != models.UsageNone
	c := r.try.candidate
	cost, ok := c.Prices.Cost(usage)
	if !ok {
		return 0
	}
	x.log.TotalCost, x.log.InputCost, x.log.OutputCost, x.log.PriceSource = &cost.Total, &cost.Input, &cost.Output, c.PriceSource
	x.costLines = cost.Lines
	return cost.Total
}

// usage answers GET /v1/usage: a key's own limits and what is left of them.
func (g *Gateway) usage(c *fiber.Ctx) error {
	return g.modelsAnswer(c, func(key *models.APIKey) (any, *Failure) {
		answer := map[string]any{"object": "usage", "api_key": key.Name, "requests": nil, "tokens": nil, "budget": nil}
		if g.limits == nil {
			return answer, nil
		}
		state, err := g.limits.Snapshot(c.Context(), *key)
		if err != nil {
			g.logger.Warn("limits of a key not read", "api_key", key.Name, "error", err)
			return nil, &Failure{Status: http.StatusServiceUnavailable, Code: "overloaded", Message: "The amount spent so far can't be read right now.", RetryAfter: 5 * time.Second}
		}
		answer["requests"], answer["tokens"], answer["budget"] = state.Requests, state.Tokens, state.Budget
		return answer, nil
	})
}

// errorCodes are the machine-readable codes of a provider's error body, in both dialects.
type errorCodes struct {
	Error struct {
		Code any    `json:"code"`
		Type string `json:"type"`
	} `json:"error"`
}

// refineFailure reads the provider's error code where the status alone does not tell enough.
func refineFailure(class upstream.Class, data []byte) upstream.Class {
	if class != upstream.ClientFault && class != upstream.RateLimited {
		return class
	}
	var e errorCodes
	if err := json.Unmarshal(data, &e); err != nil {
		var mismatch *json.UnmarshalTypeError
		if !errors.As(err, &mismatch) {
			return class
		}
	}
	switch code, _ := e.Error.Code.(string); {
	case class == upstream.ClientFault && code == "context_length_exceeded":
		return upstream.ContextTooLong
	case class == upstream.RateLimited && (code == "insufficient_quota" || e.Error.Type == "insufficient_quota"):
		return upstream.Credential
	}
	return class
}
