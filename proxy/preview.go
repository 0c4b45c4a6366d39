package proxy

import (
	"context"
	"net/http"

	"squirrel/models"
	"squirrel/proxy/upstream"
	"squirrel/routing"
)

// Preview is what one candidate would be sent for a request.
type Preview struct {
	URL     string // without secrets
	Body    []byte // JSON, redacted
	Dropped []models.Dropped
}

// Preview prepares a request for a candidate as an attempt does, and sends nothing.
func (g *Gateway) Preview(ctx context.Context, in Internal, c *routing.Candidate) (Preview, *Failure) {
	endpoint := endpointOf(in.Endpoint)
	if endpoint == nil {
		return Preview{}, &Failure{Status: http.StatusNotFound, Code: "unknown_endpoint", Message: "The gateway has no such endpoint."}
	}
	x := &Exchange{gw: g, req: &Request{Endpoint: endpoint, Header: in.Header, Body: in.Body}, ctx: ctx, start: g.now(), rehearsal: true}
	if failure := x.scan(); failure != nil {
		return Preview{}, failure
	}
	out, failure := x.prepare(c)
	if failure != nil {
		return Preview{}, failure
	}
	url, err := upstream.URL(c.Provider, out.endpoint)
	if err != nil {
		return Preview{}, &Failure{Status: http.StatusBadGateway, Code: "upstream_connect_error", Message: "The base URL of the provider can't be used."}
	}
	return Preview{URL: g.redact.URL(url.String()), Body: g.redact.Body(out.payload.Bytes()), Dropped: x.dropped}, nil
}
