package limits

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"squirrel/models"
)

const (
	// settleWait is what a client is told to wait when only requests that are still running stand against it: their cost is
	// an upper estimate, and nobody knows when they end.
	settleWait = time.Second

	// compareEvery is how often the amount spent is compared with the log, which learns of requests whose gateway died.
	compareEvery = time.Minute
)

var errAway = errors.New("the database is away")

// budget is the money of one key in the current period.
type budget struct {
	Loaded   bool           `json:"loaded,omitempty"`
	Period   period         `json:"period"`
	Spent    models.NanoUSD `json:"spent"`    // settled, and before the first request as the log told
	Compared time.Time      `json:"compared"` // with the log
}

// period is a span of a budget, in UTC. A total budget has neither begin nor end.
type period struct {
	Kind  models.BudgetPeriod `json:"kind,omitempty"`
	Begin time.Time           `json:"begin"`
	End   time.Time           `json:"end"`
}

func (p period) same(o period) bool {
	return p.Kind == o.Kind && p.Begin.Equal(o.Begin) && p.End.Equal(o.End)
}

// periodOf is the period at a time. Days and months begin at midnight of a place.
func periodOf(kind models.BudgetPeriod, now time.Time, place *time.Location) period {
	begin := models.BudgetStart(kind, now, place)
	now = now.In(place)
	switch kind {
	case models.BudgetDay:
		return period{kind, begin, time.Date(now.Year(), now.Month(), now.Day()+1, 0, 0, 0, 0, place).UTC()}
	case models.BudgetTotal:
		return period{Kind: kind}
	default:
		return period{models.BudgetMonth, begin, time.Date(now.Year(), now.Month()+1, 1, 0, 0, 0, 0, place).UTC()}
	}
}

// loadBudget makes the budget that of the current period, asking for the amount spent so far when the period is a new one.
// Requests that began in an earlier period settle there, so nothing is counted twice.
func (l *Limiter) loadBudget(ctx context.Context, s *state, key models.APIKey, now time.Time) error {
	b := &s.budget
	p := periodOf(key.BudgetPeriod, now, l.opt.Location)
	fresh := !b.Loaded || !b.Period.same(p)
	if !fresh && now.Sub(b.Compared) < compareEvery {
		return nil
	}
	logged, err := l.spent(ctx, key.ID, p.Begin)
	switch {
	case err != nil && fresh:
		return fmt.Errorf("limits: spending of key %d: %w", key.ID, err)
	case err != nil: // what is known will do until the log can be read again
		b.Compared = now
		return nil //nolint:nilerr // it is asked again later
	case fresh:
		*b = budget{Period: p, Loaded: true, Spent: logged}
		for owner, own := range s.shares {
			own.Reserved = 0
			s.shares[owner] = own
		}
	}
	// Both know only a part: the log not yet what is on its way to it, the budget not what dying gateways did not settle.
	b.Spent, b.Compared = max(b.Spent, logged), now
	return nil
}

// spent asks the log, unless it is known not to answer.
func (l *Limiter) spent(ctx context.Context, key int64, since time.Time) (models.NanoUSD, error) {
	if l.away.Load() {
		return 0, errAway
	}
	ctx, cancel := context.WithTimeout(ctx, sharedWait)
	defer cancel()
	return l.opt.Spent(ctx, key, since)
}

// check reports that cost does not fit into what is left of limit. A nil limit is none.
func (b *budget) check(now time.Time, limit *models.NanoUSD, reserved, cost models.NanoUSD) *Denied {
	if limit == nil {
		return nil
	}
	if b.Spent < *limit && b.Spent.Add(reserved).Add(cost) <= *limit {
		return nil
	}
	d := &Denied{
		Code:    CodeBudget,
		Message: fmt.Sprintf("Budget of this API key reached: limit %s USD %s, spent %s.", *limit, b.Period.text(), b.Spent),
	}
	if b.Spent < *limit && b.Spent.Add(cost) <= *limit {
		d.RetryAfter = settleWait
	} else if !b.Period.End.IsZero() && cost <= *limit && *limit > 0 {
		d.RetryAfter = b.Period.End.Sub(now)
	}
	return d
}

func (b *budget) snapshot(limit, reserved models.NanoUSD) *BudgetState {
	s := &BudgetState{
		Limit: limit, Spent: b.Spent, Reserved: reserved, Remaining: max(0, limit-b.Spent.Add(reserved)),
		Period: cmp.Or(b.Period.Kind, models.BudgetMonth),
	}
	if end := b.Period.End; !end.IsZero() {
		s.ResetsAt = &end
	}
	return s
}

func (p period) text() string {
	switch p.Kind {
	case models.BudgetDay:
		return "a day"
	case models.BudgetTotal:
		return "in total"
	default:
		return "a month"
	}
}
