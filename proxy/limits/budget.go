package limits

import (
	"context"
	"fmt"
	"time"

	"squirrel/models"
)

// settleWait is what a client is told to wait when only requests that are still running stand against it: their cost is
// an upper estimate, and nobody knows when they end.
const settleWait = time.Second

// budget is the money of one key in the current period.
type budget struct {
	period   period
	loaded   bool
	spent    models.NanoUSD // settled, and before the first request as the loader told
	reserved models.NanoUSD // estimates of running requests that began in the period
}

// period is a span of a budget, in UTC. A total budget has neither begin nor end.
type period struct {
	kind       models.BudgetPeriod
	begin, end time.Time
}

func periodOf(kind models.BudgetPeriod, now time.Time) period {
	now = now.UTC()
	switch kind {
	case models.BudgetDay:
		begin := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
		return period{kind, begin, begin.AddDate(0, 0, 1)}
	case models.BudgetTotal:
		return period{kind: kind}
	default:
		begin := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
		return period{models.BudgetMonth, begin, begin.AddDate(0, 1, 0)}
	}
}

// load makes b the budget of the current period, asking for the amount spent so far when the period is a new one. Requests
// that began in an earlier period settle there, so nothing is counted twice.
func (b *budget) load(ctx context.Context, spent SpentFunc, key models.APIKey, now time.Time) error {
	p := periodOf(key.BudgetPeriod, now)
	if b.loaded && b.period == p {
		return nil
	}
	amount, err := spent(ctx, key.ID, p.begin)
	if err != nil {
		return fmt.Errorf("limits: spending of key %d: %w", key.ID, err)
	}
	*b = budget{period: p, loaded: true, spent: amount}
	return nil
}

// settle ends a reservation. Money spent by a request that began in the current period counts even when the budget was
// introduced or changed while the request ran: what was loaded then did not hold it.
func (b *budget) settle(r *Reservation, cost models.NanoUSD) {
	if !b.loaded {
		return
	}
	if r.budgeted && r.period == b.period {
		b.reserved -= r.cost
	}
	if !r.at.Before(b.period.begin) {
		b.spent = b.spent.Add(cost)
	}
}

// check reports that cost does not fit into what is left of limit. A nil limit is none.
func (b *budget) check(now time.Time, limit *models.NanoUSD, cost models.NanoUSD) *Denied {
	if limit == nil {
		return nil
	}
	if b.spent < *limit && b.spent.Add(b.reserved).Add(cost) <= *limit {
		return nil
	}
	d := &Denied{
		Code:    CodeBudget,
		Message: fmt.Sprintf("Budget of this API key reached: limit %s USD %s, spent %s.", *limit, b.period.text(), b.spent),
	}
	if b.spent < *limit && b.spent.Add(cost) <= *limit {
		d.RetryAfter = settleWait
	} else if !b.period.end.IsZero() && cost <= *limit && *limit > 0 {
		d.RetryAfter = b.period.end.Sub(now)
	}
	return d
}

func (b *budget) state(limit models.NanoUSD) *BudgetState {
	s := &BudgetState{
		Limit: limit, Spent: b.spent, Reserved: b.reserved,
		Remaining: max(0, limit-b.spent.Add(b.reserved)), Period: b.period.kind,
	}
	if end := b.period.end; !end.IsZero() {
		s.ResetsAt = &end
	}
	return s
}

func (p period) text() string {
	switch p.kind {
	case models.BudgetDay:
		return "a day"
	case models.BudgetTotal:
		return "in total"
	default:
		return "a month"
	}
}
