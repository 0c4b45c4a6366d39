package app

import (
	"context"

	"squirrel/app/config"
	"squirrel/proxy"
	"squirrel/proxy/tracing"
)

// traces is what sends traces of requests, if the configuration names a collector; else nil.
func (a *App) traces(ctx context.Context) (proxy.Tracer, error) {
	if a.cfg.OTLPEndpoint == "" {
		return nil, nil
	}
	tracer, err := tracing.New(ctx, a.cfg.OTLPEndpoint.Reveal(), Version, func(err error) {
		a.logger.Warn("traces not sent", "error", a.redact.Text(err.Error()))
	})
	if err != nil {
		return nil, &config.Problem{Name: "OTEL_EXPORTER_OTLP_ENDPOINT", Text: err.Error()}
	}
	a.tracer = tracer
	return tracer, nil
}
