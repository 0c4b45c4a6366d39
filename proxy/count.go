package proxy

import (
	"net/http"

	"squirrel/models"
	"squirrel/proxy/upstream"
	"squirrel/routing"
)

// countsLocally reports whether a token count has to be made here, because the chosen provider can't.
func (x *Exchange) countsLocally(c *routing.Candidate) bool {
	return x.req.Endpoint.Path == models.EndpointCountTokens && c.Provider.Protocol != models.ProtocolAnthropic
}

// countHere answers a token count without calling a provider
// (https://docs.anthropic.com/en/api/messages-count-tokens).
func (x *Exchange) countHere(c *routing.Candidate) *Answer {
	x.setTarget(c)
	x.gw.router.Report(c.Route.ID, sampleOf(upstream.Outcome{Class: upstream.ClientGone}, x.start)) // a trial that was not used
	h := http.Header{"Content-Type": {"application/json"}}
	x.stamp(h)
	body := []byte(`{"input_tokens":` + itoa(int(x.inputTokens())) + `}`)
	x.log.UsageSource = models.UsageNone
	x.settle(result{status: http.StatusOK, sent: http.StatusOK, header: h, clientBody: body})
	return &Answer{Status: http.StatusOK, Header: h, Body: body}
}
