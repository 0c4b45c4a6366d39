package app

import (
	"context"

	"squirrel/app/config"
	"squirrel/proxy"
	"squirrel/proxy/tracing"
)

// traced sends traces of what is recorded, if the configuration names a collector.
func (a *App) traced(ctx context.Context, recorder proxy.Recorder) (proxy.Recorder, error) {
	if a.cfg.OTLPEndpoint == "" {
		return recorder, nil
	}
	tracer, err := tracing.New(ctx, a.cfg.OTLPEndpoint.Reveal(), Version, func(err error) {
		a.logger.Warn("traces not sent", "error", a.redact.Text(err.Error()))
	})
	if err != nil {
		return nil, &config.Problem{Name: "OTEL_EXPORTER_OTLP_ENDPOINT", Text: err.Error()}
	}
	a.tracer = tracer
	return tracer.Watch(recorder), nil
}
