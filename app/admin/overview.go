package admin

import (
	"context"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"squirrel/models"
)

// Overview is how the gateway is doing.
type Overview struct {
	Now       Outcomes
	Before    models.Stats // the period before, of the same length
	Saved     int64        // requests that failed at first and succeeded in the end
	ByModel   []models.StatGroupLine
	ByKey     []models.StatGroupLine
	Providers []ProviderHealth
	Attention []Attention
	Running   []models.RequestLog
	Errors    []models.RequestLog
	Keys      int // how many there are, in all
	Models    int
}

// ProviderHealth is the condition of a provider: the worst of its routes, and its requests in the period.
type ProviderHealth struct {
	ID       int64
	Name     string
	Active   bool
	Broken   bool // its key can't be decrypted
	Health   Health
	Routes   int // that use it
	Requests models.StatLine
}

// AttentionKind is what somebody should look at.
type AttentionKind string

// What may need attention.
const (
	AttentionProvider AttentionKind = "provider_unhealthy" // calls fail
	AttentionKey      AttentionKind = "provider_key"       // the provider's key can't be decrypted
	AttentionModel    AttentionKind = "model_unserved"     // no route can serve it
	AttentionBudget   AttentionKind = "key_over_budget"    // a key has spent its budget
	AttentionPrice    AttentionKind = "price_unknown"      // requests without a known price
	AttentionLog      AttentionKind = "log_degraded"       // requests are not recorded whole
	AttentionLost     AttentionKind = "log_lost"           // records were lost, or the database refused them
	AttentionSample   AttentionKind = "sample_differs"     // saved samples go elsewhere than expected
)

// Attention is one thing to look at. Count and Of are numbers of its sentence.
type Attention struct {
	Kind  AttentionKind
	ID    int64
	Name  string
	Note  string
	Count int64
	Of    int64
}

const (
	runningShown = 10
	errorsShown  = 10
)

// Overview reads how the gateway is doing in a period, which must have a start.
func (s *Service) Overview(ctx context.Context, q models.StatsQuery) (o Overview, err error) {
	steps := []func() error{
		func() (err error) { o.Now, err = s.Outcomes(ctx, q); return err },
		func() (err error) { o.Before, err = s.Stats(ctx, Earlier(q, s.Now())); return err },
		func() (err error) { o.Saved, err = s.savedByFailover(ctx, q.Filter); return err },
		func() (err error) { o.ByModel, err = s.groups(ctx, q, models.GroupModel); return err },
		func() (err error) { o.ByKey, err = s.groups(ctx, q, models.GroupAPIKey); return err },
		func() error { return s.providerHealth(ctx, q, &o) },
		func() (err error) {
			o.Running, err = s.latest(ctx, models.LogFilter{State: models.LogRunning}, runningShown)
			return err
		},
		func() (err error) { o.Errors, err = s.latest(ctx, failed(q.Filter), errorsShown); return err },
	}
	var reading errgroup.Group
	reading.SetLimit(readersOfPage)
	for _, step := range steps {
		reading.Go(step) // each fills in fields of its own
	}
	if err := reading.Wait(); err != nil {
		return Overview{}, err
	}
	return o, s.attention(ctx, &o)
}

// readersOfPage is how many questions a page asks the database at once.
const readersOfPage = 2

// Earlier is the query for the period of the same length just before.
func Earlier(q models.StatsQuery, now time.Time) models.StatsQuery {
	if q.Filter.Start == nil {
		return q
	}
	end, start := now, *q.Filter.Start
	if q.Filter.End != nil {
		end = *q.Filter.End
	}
	before := start.Add(-end.Sub(start))
	q.Filter.Start, q.Filter.End = &before, &start
	return q
}

// WeekBefore is the query for the same days of the week and hours of the clock, a week before.
func WeekBefore(q models.StatsQuery, now time.Time) models.StatsQuery {
	if q.Filter.Start == nil {
		return q
	}
	zone := q.Location
	if zone == nil {
		zone = time.UTC
	}
	end := now
	if q.Filter.End != nil {
		end = *q.Filter.End
	}
	start, end := q.Filter.Start.In(zone).AddDate(0, 0, -7), end.In(zone).AddDate(0, 0, -7)
	q.Filter.Start, q.Filter.End = &start, &end
	return q
}

func failed(f models.LogFilter) models.LogFilter {
	yes := true
	f.HasError = &yes
	return f
}

func (s *Service) savedByFailover(ctx context.Context, f models.LogFilter) (int64, error) {
	one, no := 1, false
	f.RetryMin, f.HasError, f.State = &one, &no, models.LogDone
	return s.store.LogCount(ctx, f)
}

func (s *Service) groups(ctx context.Context, q models.StatsQuery, by models.StatGroup) ([]models.StatGroupLine, error) {
	q.Group = by
	stats, err := s.Stats(ctx, q)
	return stats.Groups, err
}

func (s *Service) latest(ctx context.Context, f models.LogFilter, n int) ([]models.RequestLog, error) {
	list, err := s.store.ListLogs(ctx, models.LogPage{Filter: f, Sort: models.SortTime, PageSize: n})
	return list.Items, err
}

// severity orders the conditions of routes.
var severity = map[string]int{"healthy": 0, "degraded": 1, "cooling": 2, "open": 3}

func (s *Service) providerHealth(ctx context.Context, q models.StatsQuery, o *Overview) error {
	providers, err := s.sortedProviders(ctx)
	if err != nil {
		return err
	}
	routes, err := s.store.Routes(ctx, "")
	if err != nil {
		return err
	}
	used, err := s.groups(ctx, q, models.GroupProvider)
	if err != nil {
		return err
	}
	for i := range providers {
		p := &providers[i]
		h := ProviderHealth{ID: p.ID, Name: p.Name, Active: p.IsActive, Broken: p.APIKeyBroken, Health: Health{State: "healthy"}}
		for j := range routes {
			if routes[j].ProviderID != p.ID {
				continue
			}
			h.Routes++
			if of := s.healthOf(routes[j].ID); severity[of.State] > severity[h.Health.State] || of.State == h.Health.State && of.Samples > h.Health.Samples {
				h.Health = of
			}
		}
		if at := slices.IndexFunc(used, func(g models.StatGroupLine) bool { return g.Key == strconv.FormatInt(p.ID, 10) }); at >= 0 {
			h.Requests = used[at].StatLine
		}
		o.Providers = append(o.Providers, h)
	}
	return nil
}

func (s *Service) healthOf(routeID int64) Health {
	if s.opts.Health == nil {
		return Health{State: "healthy"}
	}
	return s.opts.Health(routeID)
}

func (s *Service) attention(ctx context.Context, o *Overview) error {
	s.systemAttention(o)
	for _, p := range o.Providers {
		switch {
		case p.Broken:
			o.attend(Attention{Kind: AttentionKey, ID: p.ID, Name: p.Name})
		case p.Active && severity[p.Health.State] > 0:
			failures := int64(p.Health.FailureRate*float64(p.Health.Samples) + 0.5)
			o.attend(Attention{Kind: AttentionProvider, ID: p.ID, Name: p.Name, Note: p.Health.State, Count: failures, Of: int64(p.Health.Samples)})
		}
	}
	if err := s.modelAttention(ctx, o); err != nil {
		return err
	}
	o.priceAttention()
	if err := s.sampleAttention(ctx, o); err != nil {
		return err
	}
	return s.budgetAttention(ctx, o)
}

// sampleAttention finds samples that the present configuration routes differently.
func (s *Service) sampleAttention(ctx context.Context, o *Overview) error {
	if !s.CanSimulate() {
		return nil
	}
	checks, err := s.CheckSamples(ctx)
	if err != nil {
		return err
	}
	differ := slices.DeleteFunc(checks, func(c SampleCheck) bool { return c.Same })
	if len(differ) > 0 {
		o.attend(Attention{Kind: AttentionSample, ID: differ[0].ID, Name: differ[0].Name, Count: int64(len(differ)), Of: int64(len(checks))})
	}
	return nil
}

// priceAttention finds models that answer without a known price. Most failures cost nothing that is known, so at least as many
// answers are without a price as there are unknown costs beyond the failures.
func (o *Overview) priceAttention() {
	for i := range o.ByModel {
		g := &o.ByModel[i]
		if unpriced := g.UnknownCostCount - g.FailureCount; unpriced > 0 {
			o.attend(Attention{Kind: AttentionPrice, Name: g.Name, Count: unpriced, Of: g.SuccessCount})
		}
	}
}

func (o *Overview) attend(a Attention) { o.Attention = append(o.Attention, a) }

func (s *Service) systemAttention(o *Overview) {
	report, known := s.System()
	if !known {
		return
	}
	if report.LogState != "ok" {
		o.attend(Attention{Kind: AttentionLog, Name: report.LogState, Note: report.LogReason})
	}
	if lost := int64(report.Lost + report.Dead + report.Rejected); lost > 0 {
		o.attend(Attention{Kind: AttentionLost, Count: lost})
	}
}

// modelAttention finds active models that no route can serve.
func (s *Service) modelAttention(ctx context.Context, o *Overview) error {
	all, err := s.store.Models(ctx)
	if err != nil {
		return err
	}
	active := map[int64]bool{}
	for _, p := range o.Providers {
		active[p.ID] = p.Active && !p.Broken
	}
	o.Models = len(all)
	for i := range all {
		m := &all[i]
		usable := slices.ContainsFunc(m.Routes, func(r models.Route) bool {
			return r.IsActive && active[r.ProviderID] && s.healthOf(r.ID).State != "open"
		})
		if m.IsActive && !usable {
			o.attend(Attention{Kind: AttentionModel, ID: m.ID, Name: m.Name, Of: int64(len(m.Routes))})
		}
	}
	return nil
}

func (s *Service) budgetAttention(ctx context.Context, o *Overview) error {
	keys, err := s.store.APIKeys(ctx)
	if err != nil {
		return err
	}
	o.Keys = len(keys)
	for i := range keys {
		k := &keys[i]
		if !k.IsActive || k.Budget == nil {
			continue
		}
		spent, err := s.store.SpendSince(ctx, k.ID, models.BudgetStart(k.BudgetPeriod, s.Now(), s.Zone()))
		if err != nil {
			return err
		}
		if spent >= *k.Budget {
			o.attend(Attention{Kind: AttentionBudget, ID: k.ID, Name: k.Name, Count: int64(spent), Of: int64(*k.Budget)})
		}
	}
	return nil
}
