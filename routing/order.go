package routing

import (
	"slices"
	"time"

	"squirrel/models"
	"squirrel/routing/health"
	"squirrel/routing/strategy"
)

// order sorts the options into the failover order and writes it down. Groups come first by health; the strategy orders
// each. Only the first group can use up a turn.
func (p *planner) order(options []option) {
	p.estimate(options)
	rotor := p.entry.rotor
	if p.req.AtRest {
		rotor = new(strategy.Rotor)
	}
	excluded := p.plan.Decision.Candidates
	p.plan.Candidates = make([]Candidate, 0, len(options))
	p.plan.Decision.Order = make([]int64, 0, len(options))
	p.plan.Decision.Candidates = make([]models.CandidateVerdict, 0, len(options)+len(excluded))
	var space [8]strategy.Candidate
	for group := rankHealthy; group <= rankPaused; group++ {
		members := space[:0]
		for i := range options {
			if o := &options[i]; o.rank == group {
				members = append(members, o.strategic(i))
			}
		}
		reached := len(p.plan.Candidates) == 0
		strategy.Order(p.entry.model.Strategy, members, rotor, reached && !p.dry)
		if group >= rankEjected {
			slices.SortStableFunc(members, func(a, b strategy.Candidate) int {
				return options[a.Index].until.Compare(options[b.Index].until)
			})
		}
		for i := range members {
			p.take(&options[members[i].Index])
		}
	}
	p.plan.Decision.Candidates = append(p.plan.Decision.Candidates, excluded...)
}

func (o *option) strategic(index int) strategy.Candidate {
	route := o.target.Route
	return strategy.Candidate{
		Index: index, RouteID: route.ID, Priority: route.Priority, Weight: route.Weight, Cost: o.cost, Priced: o.priced,
	}
}

// take puts an option at the end of the order.
func (p *planner) take(o *option) {
	p.plan.Candidates = append(p.plan.Candidates, o.target.Candidate)
	p.plan.Decision.Order = append(p.plan.Decision.Order, o.target.Route.ID)
	v := verdictOf(o.target, models.VerdictSelected, o.reason(p.dry)+p.conversion(o.target.Provider.Protocol))
	v.Health = string(o.state)
	if o.priced {
		cost := o.cost
		v.EstimatedCost = &cost
	}
	p.plan.Decision.Candidates = append(p.plan.Decision.Candidates, v)
}

// conversion tells in a dry run that the provider speaks another dialect than the client.
func (p *planner) conversion(spoken models.Protocol) string {
	if !p.dry || spoken == p.req.Protocol || !conversational(p.req.Endpoint) {
		return ""
	}
	return "; converted from " + string(p.req.Protocol) + " to " + string(spoken)
}

// reason says why an option is where it is in the order.
func (o *option) reason(dry bool) string {
	reason := o.target.chosen
	switch {
	case o.rank == rankPaused:
		reason = "paused, only as a last resort"
	case o.rank == rankDegraded:
		return "many of its calls fail, tried after healthy routes"
	case o.rank == rankEjected && o.state == health.Cooling:
		reason = "cooling, tried after the others"
	case o.rank == rankEjected:
		reason = "its calls failed in a row, tried after the others"
	case o.state == health.Open:
		return "its calls failed in a row, due for a trial"
	default:
		return reason
	}
	if dry && !o.until.IsZero() {
		reason += ", until " + o.until.UTC().Format(time.RFC3339)
	}
	return reason
}

// defaultOutput is the number of output tokens expected of a request when nothing is known about it.
const defaultOutput = 500

// estimate prices the request on each option, where the order or a dry run needs it.
func (p *planner) estimate(options []option) {
	if !p.dry && (p.entry.model.Strategy != models.StrategyCostFirst || len(options) < 2) {
		return
	}
	usage := models.Usage{Images: 1}
	for i := range options {
		o := &options[i]
		if !usage.Known && needsTokens(&o.target.Prices) {
			usage.Input, usage.Known = p.req.Facts.InputTokens()
			usage.Output = p.expectedOutput()
		}
		if cost, ok := o.target.Prices.Cost(usage); ok {
			o.cost, o.priced = cost.Total, true
		}
	}
}

func needsTokens(prices *models.Prices) bool {
	return prices.Stated() && (*prices.BillingMode == models.BillingTokenFlat || *prices.BillingMode == models.BillingTokenTiered)
}

// expectedOutput is the client's limit, else the model's average, else a guess; in tokens.
func (p *planner) expectedOutput() int64 {
	if p.req.MaxOutput > 0 {
		return p.req.MaxOutput
	}
	if n, ok := p.req.Facts.MaxOutputTokens(); ok {
		return n
	}
	if p.router.opts.AverageOutput != nil {
		if n, ok := p.router.opts.AverageOutput(p.entry.model.Name); ok {
			return n
		}
	}
	return defaultOutput
}
