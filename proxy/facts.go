package proxy

import (
	"net/http"
	"time"

	"squirrel/proxy/tokens"
	"squirrel/proxy/upstream"
	"squirrel/routing"
	"squirrel/routing/health"
	"squirrel/routing/rules"
)

// routingRequest gives the router what it may ask about this request; nothing is read or counted before a rule needs it.
func (x *Exchange) routingRequest() *routing.Request {
	source := rules.Source{
		Model: x.log.RequestedModel, Endpoint: x.req.Endpoint.Path, Protocol: x.req.dialect(), Stream: x.log.IsStream,
		Body: x.req.Body, APIKeyName: x.key.Name, APIKeyTags: x.key.Tags, UserID: x.log.UserID, RequestID: x.id,
		UserAgent: x.req.Header.Get("User-Agent"), Header: x.header, InputTokens: x.inputTokens,
	}
	if up := x.req.Upload; up != nil {
		source.Form = up.form.Value
	}
	return &routing.Request{
		Facts: rules.NewFacts(source), Model: x.log.RequestedModel, Endpoint: x.req.Endpoint.Path, Protocol: x.req.dialect(), MaxOutput: x.info.MaxTokens,
		Allowed: x.key.AllowedModels, Observe: x.key.RecordDetails,
	}
}

func (x *Exchange) header(name string) (string, bool) {
	values := x.req.Header[http.CanonicalHeaderKey(name)]
	if len(values) == 0 {
		return "", false
	}
	return values[0], true
}

// inputTokens counts the request's tokens once, when something first asks.
func (x *Exchange) inputTokens() int64 {
	if !x.counted {
		x.counted = true
		if x.req.Upload == nil {
			x.inputCount, _ = tokens.CountRequest(x.ctx, x.req.Endpoint.Path, x.req.dialect(), x.req.Body, x.log.RequestedModel)
		}
	}
	return x.inputCount
}

// sampleOf turns the end of a candidate's turn into what its health learns from it.
func sampleOf(out upstream.Outcome, started time.Time) health.Sample {
	sample := health.Sample{Outcome: health.Failure, RetryAfter: out.RetryAfter, Started: started}
	switch out.Class {
	case upstream.Success:
		sample.Outcome = health.Success
	case upstream.RateLimited:
		sample.Outcome = health.RateLimited
	case upstream.Credential:
		sample.Outcome = health.Credential
	case upstream.ClientFault, upstream.ContextTooLong, upstream.TargetNotFound, upstream.ClientGone, upstream.ShuttingDown, upstream.Cancelled, upstream.ConnectionLost:
		sample.Outcome = health.Ignored
	}
	return sample
}

// retryReason says on the log why another attempt was made.
func retryReason(out upstream.Outcome, same bool) string {
	where := "next provider"
	if same {
		where = "same provider again"
	}
	return where + " after " + resultLabel(out)
}

// resultLabel names the class of an outcome in metrics and on the log.
func resultLabel(out upstream.Outcome) string {
	if name, ok := classNames[out.Class]; ok {
		return name
	}
	return "unknown"
}

var classNames = map[upstream.Class]string{
	upstream.Success: "success", upstream.ConnectFailed: "connect_failed", upstream.ConnectionLost: "connection_lost",
	upstream.ServerError: "server_error", upstream.BadResponse: "bad_response", upstream.RequestTimeout: "request_timeout",
	upstream.RateLimited: "rate_limited", upstream.Credential: "credential_refused", upstream.TargetNotFound: "model_not_found",
	upstream.ClientFault: "request_rejected", upstream.ContextTooLong: "context_too_long", upstream.FirstByteTimeout: "first_byte_timeout",
	upstream.ResponseTimeout: "response_timeout", upstream.StreamError: "stream_error", upstream.ClientGone: "client_gone",
	upstream.ShuttingDown: "shutting_down", upstream.Cancelled: "cancelled",
}
