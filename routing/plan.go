package routing

import (
	"time"

	"squirrel/models"
	"squirrel/routing/health"
	"squirrel/routing/rules"
)

// Request is what a plan is made for.
type Request struct {
	Facts     rules.Facts // required
	Model     string      // as the client wrote it
	Endpoint  models.Endpoint
	Protocol  models.Protocol // the client's
	MaxOutput int64           // the client's limit in tokens; 0 = ask Facts
	Allowed   []string        // the API key's allow-list: only these are named as nearest; empty = all
	Observe   bool            // the decision is to hold what each rule saw; else only a dry run does
	AtRest    bool            // as if every route were healthy and no turn taken yet: by the configuration alone
}

// Plan is the answer: whom to try, in this order. It belongs to the caller; what it points to is shared and must not change.
type Plan struct {
	Model      *models.Model
	Candidates []Candidate
	Decision   models.Decision
}

// Candidate is a route that may serve the request.
type Candidate struct {
	Route         *models.Route
	Provider      *models.Provider
	Prices        models.Prices
	PriceSource   models.PriceSource
	ContextWindow int64 // tokens; 0 = unknown
}

// Plan orders the candidates for a request. The group that will be tried first uses up a turn. The error is an *Error; when
// the model is known there is a plan with it, whose decision says why.
func (r *Router) Plan(req *Request) (*Plan, error) {
	now := r.opts.Now()
	plan, err := r.plan(req, now, false)
	if err == nil {
		r.budget.Request(now)
	}
	return plan, err
}

// DryRun is Plan without effects: no turn is used up. It traces every rule and estimates a cost for every candidate.
func (r *Router) DryRun(req *Request) (*Plan, error) { return r.plan(req, r.opts.Now(), true) }

func (r *Router) plan(req *Request, now time.Time, dry bool) (*Plan, error) {
	table := r.table.Load()
	e := table.models[req.Model]
	if e == nil {
		return nil, notFound(table, req)
	}
	p := planner{router: r, req: req, entry: e, now: now, at: now.In(r.opts.Location), dry: dry}
	p.plan = &Plan{Model: e.model, Decision: models.Decision{Strategy: e.model.Strategy}}
	err := p.checkModel()
	if err != nil && !dry {
		return p.plan, err
	}
	var space [8]option // models with more routes are rare
	options := p.choose(space[:0])
	if err != nil {
		for i := range options {
			p.exclude(options[i].target, "it could serve the request, but the model does not")
		}
		return p.plan, err
	}
	if len(options) == 0 {
		return p.plan, p.noCandidate()
	}
	p.order(options)
	return p.plan, nil
}

// planner makes one plan.
type planner struct {
	router *Router
	req    *Request
	entry  *entry
	plan   *Plan
	now    time.Time
	at     time.Time // now in the reporting time zone
	dry    bool

	wrongEndpoint, unmetRules int // how many routes are excluded for this
}

// option is a candidate while it is being ordered.
type option struct {
	target *target
	rank   rank
	until  time.Time // when a resting one may be tried again
	state  health.State
	cost   models.NanoUSD
	priced bool
}

// rank is the group of an option; lower groups are tried first.
type rank int

const (
	rankHealthy rank = iota
	rankDegraded
	rankEjected // cooling or open
	rankPaused
)

// checkModel reports why the model is not served at all.
func (p *planner) checkModel() error {
	if !p.entry.model.IsActive {
		return p.fail(ModelInactive, "The model '"+p.req.Model+"' is switched off.")
	}
	if p.entry.badRule != nil {
		return p.fail(RulesNotMet, "The model '"+p.req.Model+"' has a rule that is not valid.")
	}
	if matched, _ := p.match(p.entry.rule, 0); !matched {
		return p.fail(RulesNotMet, "The model '"+p.req.Model+"' does not serve this kind of request.")
	}
	return nil
}

// match evaluates a rule, and notes what it saw when that is wanted. A dry run looks at all conditions, a request at those that it
// takes.
func (p *planner) match(rule *rules.Rule, routeID int64) (matched bool, err error) {
	if rule == nil {
		return true, nil
	}
	var seen []models.RuleTrace
	switch {
	case p.dry:
		matched, seen, err = rule.Trace(p.req.Facts, p.at)
	case p.req.Observe && len(p.plan.Decision.Rules) < maxObserved:
		matched, seen, err = rule.Observe(p.req.Facts, p.at)
	default:
		matched, err = rule.Match(p.req.Facts, p.at)
	}
	for i := range seen {
		seen[i].RouteID = routeID
	}
	p.plan.Decision.Rules = append(p.plan.Decision.Rules, seen...)
	if err != nil && !p.dry {
		p.router.ruleErrors.Add(1)
	}
	return matched, err
}

// maxObserved is how many conditions a request's decision holds before further rules are not observed any more.
const maxObserved = 100

// choose finds the routes that may serve the request and writes down why the others may not.
func (p *planner) choose(options []option) []option {
	p.plan.Decision.Candidates = make([]models.CandidateVerdict, 0, len(p.entry.targets))
	for i := range p.entry.targets {
		t := &p.entry.targets[i]
		if reason := p.objection(t); reason != "" {
			p.exclude(t, reason)
			continue
		}
		o := option{target: t, state: health.Healthy}
		if !p.req.AtRest {
			class, state, until := t.health.Grade(p.now)
			o.rank, o.state, o.until = rank(class), state, until
		}
		if pause := t.Route.PausedUntil; pause != nil && pause.After(p.now) {
			o.rank, o.until = rankPaused, *pause
		}
		options = append(options, o)
	}
	return options
}

// objection says why a route may not serve this request; "" = it may. A dry run looks at the rule in any case, to show it.
func (p *planner) objection(t *target) string {
	reason := t.refusal
	if reason == "" && !p.router.opts.CanServe(t.Provider.Protocol, p.req.Endpoint) {
		p.wrongEndpoint++
		reason = "the provider " + t.Provider.Name + " (" + string(t.Provider.Protocol) + ") does not serve " + string(p.req.Endpoint)
	}
	if reason != "" && !p.dry {
		return reason
	}
	matched, err := p.match(t.rule, t.Route.ID)
	switch {
	case reason != "":
		return reason
	case err != nil:
		p.unmetRules++
		return err.Error()
	case !matched:
		p.unmetRules++
		return t.unmet
	default:
		return ""
	}
}

func (p *planner) exclude(t *target, reason string) {
	v := verdictOf(t, models.VerdictExcluded, reason)
	if p.dry {
		_, state, _ := t.health.Grade(p.now)
		v.Health = string(state)
	}
	p.plan.Decision.Candidates = append(p.plan.Decision.Candidates, v)
}

func verdictOf(t *target, verdict models.Verdict, reason string) models.CandidateVerdict {
	return models.CandidateVerdict{
		RouteID: t.Route.ID, Provider: t.Provider.Name, TargetModel: t.Route.TargetModel, Protocol: t.Provider.Protocol,
		Verdict: verdict, Reason: reason,
	}
}
