package admin

import (
	"context"
	"slices"
	"time"

	"squirrel/models"
	"squirrel/models/store"
)

// Recalculation asks to price past requests again with the prices of today.
type Recalculation struct {
	Start       Opt[time.Time] `json:"start_time"`
	End         Opt[time.Time] `json:"end_time"`
	Model       Opt[string]    `json:"requested_model"` // part of the name, as in the log list
	OnlyUnknown Opt[bool]      `json:"only_unknown"`    // leave alone what has a cost
	DryRun      Opt[bool]      `json:"dry_run"`
	Background  Opt[bool]      `json:"background"` // answer at once, and go on: see Repricing
}

func (in *Recalculation) filter() models.LogFilter {
	f := models.LogFilter{State: models.LogDone, RequestedModel: in.Model.Value}
	in.Start.intoPointer(&f.Start)
	in.End.intoPointer(&f.End)
	return f
}

// Recalculated says what a recalculation did, or would do.
type Recalculated struct {
	DryRun     bool           `json:"dry_run"`
	Examined   int            `json:"examined"`
	Changed    int            `json:"changed"`
	Before     models.NanoUSD `json:"cost_before"` // of the changed requests
	After      models.NanoUSD `json:"cost_after"`
	Difference models.NanoUSD `json:"difference"`
}

const (
	fixBatch      = 500
	progressEvery = 1000 // requests
)

// Recalculate prices past requests again. Requests without usage, those billed by the image, whose number isn't recorded, and old
// ones of models with audio prices keep what they have.
func (s *Service) Recalculate(ctx context.Context, in Recalculation) (Recalculated, error) {
	return s.recalculate(ctx, in, func(int64, Recalculated) {})
}

// recalculate tells its progress now and then: how many requests it has looked at, and what came of them.
func (s *Service) recalculate(ctx context.Context, in Recalculation, progress func(seen int64, so Recalculated)) (Recalculated, error) {
	done := Recalculated{DryRun: in.DryRun.Value}
	pricing, err := s.pricing(ctx)
	if err != nil {
		return done, err
	}
	var fixes []store.CostFix
	flush := func() error {
		if len(fixes) == 0 || done.DryRun {
			return nil
		}
		_, err := s.store.FixCosts(ctx, fixes)
		fixes = fixes[:0]
		return err
	}
	var seen int64
	err = s.repricer.eachLog(ctx, in.filter(), func(l models.RequestLog) error {
		if seen++; seen%progressEvery == 0 {
			done.Difference = done.After - done.Before
			progress(seen, done)
		}
		if in.OnlyUnknown.Value && l.TotalCost != nil {
			return nil
		}
		done.Examined++
		fix, changed := pricing.fix(&l)
		if !changed {
			return nil
		}
		done.Changed++
		done.Before += deref(l.TotalCost)
		done.After += deref(fix.Total)
		if done.DryRun {
			return nil
		}
		if fixes = append(fixes, fix); len(fixes) < fixBatch {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	done.Difference = done.After - done.Before
	if !done.DryRun {
		s.record(context.WithoutCancel(ctx), "recalculate", "prices", "", done) // also what it changed before it was stopped
	}
	return done, err
}

func deref(n *models.NanoUSD) models.NanoUSD {
	if n == nil {
		return 0
	}
	return *n
}

// pricing is a consistent set of prices: route, model, price book.
type pricing struct {
	routes map[int64]models.Prices
	models map[string]models.Prices // by name and alias
	book   *PriceBook
}

func (s *Service) pricing(ctx context.Context) (*pricing, error) {
	cfg, err := s.store.LoadConfig(ctx)
	if err != nil {
		return nil, err
	}
	book, err := s.PriceBook(ctx)
	if err != nil {
		return nil, err
	}
	p := &pricing{routes: map[int64]models.Prices{}, models: map[string]models.Prices{}, book: book}
	for i := range cfg.Models {
		m := &cfg.Models[i]
		p.models[m.Name] = m.Prices
		for _, alias := range m.Aliases {
			p.models[alias] = m.Prices
		}
		for j := range m.Routes {
			p.routes[m.Routes[j].ID] = m.Routes[j].Prices
		}
	}
	return p, nil
}

// of finds the prices of a request the way the data plane does: route, else model, else price book.
func (p *pricing) of(l *models.RequestLog) (models.Prices, models.PriceSource) {
	if l.RouteID != nil && p.routes[*l.RouteID].Stated() {
		return p.routes[*l.RouteID], models.PriceFromRoute
	}
	if own := p.models[l.RequestedModel]; own.Stated() {
		return own, models.PriceFromModel
	}
	if listed, ok := p.book.Prices(l.TargetModel); ok {
		return listed, models.PriceFromCatalogue
	}
	return models.Prices{}, models.PriceUnknown
}

// fix computes the cost of a request again; changed is false when it has that cost, or can't have another one.
func (p *pricing) fix(l *models.RequestLog) (fix store.CostFix, changed bool) {
	found, source := p.of(l)
	usage := usageOf(l)
	byImage := found.BillingMode != nil && *found.BillingMode == models.BillingPerImage
	if !usage.Known || byImage || l.AudioInputTokens == nil && hasAudioPrices(found) {
		return fix, false
	}
	fix = store.CostFix{ID: l.ID, RequestTime: l.RequestTime, Source: models.PriceUnknown}
	if cost, ok := found.Cost(usage); ok {
		fix.Total, fix.Input, fix.Output, fix.Source = &cost.Total, &cost.Input, &cost.Output, source
	}
	return fix, !sameAmount(fix.Total, l.TotalCost) || fix.Source != l.PriceSource
}

// hasAudioPrices: what of the tokens was audio is not recorded in older rows.
func hasAudioPrices(p models.Prices) bool {
	own := func(t models.TokenPrices) bool { return t.AudioInput != nil || t.AudioOutput != nil }
	return own(p.TokenPrices) || slices.ContainsFunc(p.Tiers, func(tier models.PriceTier) bool { return own(tier.TokenPrices) })
}

func sameAmount(a, b *models.NanoUSD) bool {
	return (a == nil) == (b == nil) && deref(a) == deref(b)
}

func usageOf(l *models.RequestLog) models.Usage {
	count := func(n *int64) int64 {
		if n == nil {
			return 0
		}
		return *n
	}
	return models.Usage{
		Input: count(l.InputTokens), Output: count(l.OutputTokens), CachedInput: count(l.CachedInputTokens),
		CacheWrite: count(l.CacheWriteTokens), CacheHour: count(l.CacheHourTokens), Reasoning: count(l.ReasoningTokens),
		AudioInput: count(l.AudioInputTokens), AudioOutput: count(l.AudioOutputTokens), Known: l.InputTokens != nil,
	}
}
