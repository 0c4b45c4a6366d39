package proxy

import (
	"errors"
	"net/http"

	"squirrel/models"
	"squirrel/proxy/limits"
	"squirrel/routing"
)

// expectedOutput is assumed of a request that names no maximum.
const expectedOutput = 500

// checkLimits reserves what the request may use of its key's limits.
func (x *Exchange) checkLimits() *Failure {
	key := x.key
	if x.gw.limits == nil || (key.RPMLimit == nil && key.TPMLimit == nil && key.Budget == nil) {
		return nil
	}
	var tokens int64
	var cost models.NanoUSD
	if key.TPMLimit != nil || key.Budget != nil {
		usage := x.expectedUsage()
		tokens = usage.Input + usage.Output
		cost = dearest(x.plan.Candidates, usage)
	}
	return x.reserve(key, tokens, cost)
}

func (x *Exchange) reserve(key *models.APIKey, tokens int64, cost models.NanoUSD) *Failure {
	reservation, err := x.gw.limits.Reserve(x.ctx, *key, tokens, cost)
	var denied *limits.Denied
	switch {
	case errors.As(err, &denied):
		h := http.Header{}
		for name, value := range denied.All() {
			h.Set(name, value)
		}
		return &Failure{Status: http.StatusTooManyRequests, Code: string(denied.Code), Message: denied.Message, Header: h}
	case err != nil:
		// The database is away and the amount spent so far is unknown. Traffic goes on, within the other limits.
		x.gw.logger.Warn("budget of a key not checked", "api_key", key.Name, "error", err)
		unbudgeted := *key
		unbudgeted.Budget = nil
		return x.reserve(&unbudgeted, tokens, cost)
	}
	x.reservation = reservation
	return nil
}

func (x *Exchange) expectedUsage() models.Usage {
	output := x.info.MaxTokens
	if output == 0 {
		output = expectedOutput
	}
	return models.Usage{Input: x.inputTokens(), Output: output, Known: true}
}

// dearest is what the request costs at most: at the dearest candidate whose price is known.
func dearest(candidates []routing.Candidate, usage models.Usage) models.NanoUSD {
	var most models.NanoUSD
	for i := range candidates {
		if cost, ok := candidates[i].Prices.Cost(usage); ok {
			most = max(most, cost.Total)
		}
	}
	return most
}

// limitHeaders tells the client how much of its limits is left. A provider's own figures would be wrong here.
func (x *Exchange) limitHeaders(h http.Header) {
	if x.reservation == nil {
		return
	}
	for name, value := range x.reservation.Headers.All() {
		h.Set(name, value)
	}
}
