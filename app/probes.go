package app

import (
	"context"
	"time"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/proxy/probe"
)

// probes lets the control plane test providers.
type probes struct{ *probe.Prober }

// Probe implements admin.Prober.
func (p probes) Probe(ctx context.Context, provider models.Provider, opts admin.ProbeOptions) admin.ProbeReport {
	started := time.Now()
	report := admin.ProbeReport{OK: true}
	for _, step := range p.Prober.Probe(ctx, provider, probe.Options{Model: opts.Model, Stream: opts.Stream}) {
		report.OK = report.OK && step.Status != probe.Failed
		report.Steps = append(report.Steps, admin.ProbeStep{
			Name: step.Name, Status: admin.ProbeStatus(step.Status), DurationMS: milliseconds(step.Duration), Detail: step.Detail, Fix: step.Fix,
		})
	}
	report.DurationMS = milliseconds(time.Since(started))
	return report
}

// ListModels implements admin.Prober.
func (p probes) ListModels(ctx context.Context, provider models.Provider) ([]admin.UpstreamModel, error) {
	list, err := p.Prober.ListModels(ctx, provider)
	out := make([]admin.UpstreamModel, 0, len(list))
	for _, m := range list {
		model := admin.UpstreamModel{ID: m.ID, OwnedBy: m.OwnedBy}
		if !m.Created.IsZero() {
			model.Created = &m.Created
		}
		out = append(out, model)
	}
	return out, err
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
