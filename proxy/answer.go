package proxy

import (
	"net/http"

	"squirrel/models"
	"squirrel/proxy/upstream"
	"squirrel/routing"
)

// commit answers with a good attempt. For a stream this is the moment from which nothing can be tried again.
func (x *Exchange) commit(t *try) *Answer {
	x.setTarget(t.candidate)
	h := upstream.ResponseHeaders(t.header)
	x.stamp(h)
	if t.relay != nil {
		x.limitHeaders(h)
		return t.relay.answer(h)
	}
	reportDropped(h, x.dropped)
	x.limitHeaders(h)
	res := result{status: t.out.Status, sent: t.out.Status, header: h, clientBody: t.client, try: t}
	if t.sent.conv != nil {
		res.upstreamBody = t.body
	}
	x.settle(res)
	return &Answer{Status: t.out.Status, Header: h, Body: t.client}
}

func (x *Exchange) setTarget(c *routing.Candidate) {
	x.log.RouteID, x.log.ProviderID, x.log.ProviderName = &c.Route.ID, &c.Provider.ID, c.Provider.Name
	x.log.TargetModel, x.log.ProtocolOut = c.Route.TargetModel, c.Provider.Protocol
}

// failureOf is what the client sees of the most useful failure: the provider's own words when it speaks the client's
// dialect and blames the request or itself, the gateway's words for everything that is not the client's business.
func (x *Exchange) failureOf(t *try) (status int, body []byte) {
	f := x.failureFor(t)
	x.log.ErrorCode, x.log.ErrorInfo = f.Code, t.record.Error
	if relayable(t.out) && len(t.body) > 0 {
		if own := t.sent.failure(x, t.out.Status, t.body); own != nil {
			return f.Status, x.gw.redact.Body(own, x.secret)
		}
	}
	return f.Status, f.Body(x.req.dialect(), x.id)
}

// relayable reports whether the provider's own error body may reach the client.
func relayable(out upstream.Outcome) bool {
	switch out.Class {
	case upstream.ClientFault, upstream.ContextTooLong, upstream.RateLimited, upstream.ServerError, upstream.RequestTimeout:
		return out.Status >= 400
	}
	return false
}

// failureFor puts an outcome into the gateway's own words.
func (x *Exchange) failureFor(t *try) *Failure {
	if f, ok := t.out.Err.(*Failure); ok { //nolint:errorlint // set by attempt, never wrapped
		return f
	}
	name := "The provider '" + t.candidate.Provider.Name + "' "
	switch out := t.out; out.Class {
	case upstream.ClientFault, upstream.ContextTooLong:
		return &Failure{Status: out.Status, Code: "invalid_request", Message: name + "rejected the request."}
	case upstream.RateLimited:
		return &Failure{Status: http.StatusTooManyRequests, Code: "rate_limit_exceeded", Message: name + "is rate limited.", RetryAfter: out.RetryAfter}
	case upstream.ServerError, upstream.RequestTimeout, upstream.StreamError:
		status := out.Status
		if status < http.StatusBadRequest {
			status = http.StatusBadGateway
		}
		return &Failure{Status: status, Code: "upstream_error", Message: name + "failed to serve the request."}
	case upstream.Credential:
		return &Failure{Status: http.StatusBadGateway, Code: "upstream_error", Message: name + "refused the gateway's credentials. Ask the administrator of the gateway."}
	case upstream.TargetNotFound:
		return &Failure{Status: http.StatusBadGateway, Code: "upstream_error", Message: name + "does not know the model the gateway asked for."}
	case upstream.ConnectFailed, upstream.ConnectionLost:
		return &Failure{Status: http.StatusBadGateway, Code: "upstream_connect_error", Message: name + "could not be reached."}
	case upstream.FirstByteTimeout, upstream.ResponseTimeout:
		return &Failure{Status: http.StatusGatewayTimeout, Code: "upstream_timeout", Message: name + "did not answer in time."}
	case upstream.ShuttingDown:
		return &Failure{Status: http.StatusServiceUnavailable, Code: "shutting_down", Message: "The gateway stopped while the request was running."}
	case upstream.Cancelled:
		return &Failure{Status: http.StatusServiceUnavailable, Code: "cancelled", Message: "An administrator cancelled this request."}
	default:
		return &Failure{Status: http.StatusBadGateway, Code: "upstream_bad_response", Message: name + "sent an answer that can't be read."}
	}
}

// describe says for the log what went wrong, without the provider's URL or Go's error text.
func (x *Exchange) describe(out upstream.Outcome, p *models.Provider) string {
	switch {
	case out.Class == upstream.ClientGone:
		return "client disconnected"
	case out.Kind == "conversion":
		return out.Err.Error()
	case out.Status >= 400:
		return "provider answered " + itoa(out.Status) + " " + http.StatusText(out.Status)
	case out.Kind == "redirect":
		return "provider answered with a redirect (" + itoa(out.Status) + "), which is not followed"
	}
	switch out.Kind {
	case "dns":
		return "the name of the provider's host could not be resolved"
	case "tls":
		return "TLS handshake failed: the provider's certificate or protocol was not accepted"
	case "dial":
		return "connection to the provider failed (refused, unreachable or timed out)"
	case "refused_by_policy":
		return "the provider's address is refused by PROVIDER_NETWORK"
	case "reset":
		return "connection lost before the provider answered"
	case "timeout":
		return "timeout: " + out.Err.Error()
	case "shutting_down":
		return "the gateway was shutting down"
	case "cancelled":
		return "an administrator cancelled the request"
	case "stream_error":
		return "the stream began with an error or ended without any event"
	}
	return "the answer was empty, cut short or malformed"
}
