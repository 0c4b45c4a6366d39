package limits

import (
	"cmp"
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"sync"
	"time"

	"squirrel/models"
)

// Shared keeps the states of keys for all gateways that share a database.
type Shared interface {
	// UpdateLimits gives change what is stored for a key, nil for nothing, and the time of the store, and stores what it
	// returns. Nobody else sees or changes that meanwhile. The error of a key that was deleted has models.CodeNotFound.
	UpdateLimits(ctx context.Context, keyID int64, change func(stored []byte, now time.Time) ([]byte, error)) error
}

const (
	sharedTurns = 4               // exchanges at once
	sharedWait  = time.Second     // for an exchange; then the process decides by itself
	sharedRetry = time.Second     // how often it is tried whether the store is back
	keepAlive   = 1 * time.Minute // of reservations of long requests
)

// exchange is how a process shares the state of one key: in rounds, one at a time, each of which tells what has changed here,
// decides about the requests that wait, and learns what others have used. All who wait while a round is under way go into the
// next, so that a busy key costs few transactions.
type exchange struct {
	rounds  sync.Mutex // held by who exchanges
	count   int64      // of rounds
	busy    bool       // somebody exchanges, or is about to; guarded by the account
	waiting []*ask
	untold  []change // what the shared state may not know yet, in the order of their rounds
}

// ask is a request that waits for a decision.
type ask struct {
	decide func(s *state, now time.Time) change // may be called again when what it decided is not known to have arrived
	taken  change
	done   chan struct{}
}

// newOwner names a process: no life of a gateway is mistaken for an earlier one.
func newOwner() string { return rand.Text() }

// ask lets decide look at the state of a key and change it, and remembers the change.
func (l *Limiter) ask(a *account, decide func(s *state, now time.Time) change) {
	q := &ask{decide: decide, done: make(chan struct{})}
	a.mu.Lock()
	if l.opt.Shared == nil || l.away.Load() {
		l.decideHere(a, q)
		a.mu.Unlock()
		return
	}
	a.waiting = append(a.waiting, q)
	l.wake(a)
	a.mu.Unlock()
	<-q.done
}

// decideHere decides by what this process knows.
func (l *Limiter) decideHere(a *account, q *ask) {
	q.taken = q.decide(&a.state, a.state.at(l.now()))
	l.took(a, q)
}

// took notes what a request has taken. Where the shared state does not know it yet, it will be told.
func (l *Limiter) took(a *account, q *ask) {
	if q.taken.Requests == 0 {
		return // it was denied, or only looked
	}
	a.open++
	if l.opt.Shared != nil {
		a.untold = remember(a.untold, q.taken)
	}
}

// tell applies the end of a reservation.
func (l *Limiter) tell(a *account, c change) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.open--
	a.state.apply(l.owner, c)
	if l.opt.Shared == nil {
		return
	}
	a.untold = remember(a.untold, c)
	if !l.away.Load() {
		l.wake(a)
	}
}

// remember adds a change to those that are to be told. While the store is away they are summed up by second.
func remember(untold []change, c change) []change {
	if n := len(untold); n > 0 && untold[n-1].joins(c) {
		last := &untold[n-1]
		last.Requests, last.Tokens = last.Requests+c.Requests, last.Tokens+c.Tokens
		last.Reserved, last.Spent = last.Reserved.Add(c.Reserved), last.Spent.Add(c.Spent)
		return untold
	}
	return append(untold, c)
}

// joins reports that two changes are the same to every window and budget.
func (c change) joins(o change) bool {
	return c.round == o.round && c.Period.same(o.Period) && c.At.Truncate(sharedSlot).Equal(o.At.Truncate(sharedSlot))
}

// wake makes sure that somebody exchanges.
func (l *Limiter) wake(a *account) {
	if a.busy {
		return
	}
	a.busy = true
	go l.exchangeAll(a)
}

// exchangeAll goes on until there is nothing to tell and nobody to answer, or the store is away.
func (l *Limiter) exchangeAll(a *account) {
	a.rounds.Lock()
	defer a.rounds.Unlock()
	for {
		a.mu.Lock()
		if len(a.waiting) == 0 && len(a.untold) == 0 {
			a.busy = false
			a.mu.Unlock()
			return
		}
		a.mu.Unlock()
		if err := l.round(context.Background(), a); err != nil {
			return
		}
	}
}

// round is one exchange. Its caller holds a.rounds.
func (l *Limiter) round(ctx context.Context, a *account) error {
	a.mu.Lock()
	asks, told := a.waiting, a.untold
	a.waiting, a.untold = nil, nil
	a.mu.Unlock()
	a.count++
	for i := range told {
		told[i].round = cmp.Or(told[i].round, a.count)
	}
	shared := newState(l.grain(), time.Time{})
	decided := false
	err := l.update(ctx, a.key, func(stored []byte, now time.Time) ([]byte, error) {
		shared = decodeState(stored, l.grain())
		now = shared.at(now)
		l.skew.Store(int64(now.Sub(l.opt.Now())))
		l.meet(&shared, now, told, a.count)
		for _, q := range asks {
			q.taken = q.decide(&shared, now)
		}
		decided = true
		return shared.encode(now)
	})
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		l.roundFailed(a, asks, told, decided, err)
	} else {
		l.roundArrived(a, asks, shared)
	}
	for _, q := range asks {
		close(q.done)
	}
	return err
}

// meet adds what has changed here to the shared state. A round that seemed to fail may have arrived.
func (l *Limiter) meet(shared *state, now time.Time, told []change, round int64) {
	shared.forgetDead(now)
	arrived := shared.shares[l.owner].Round
	for _, c := range told {
		if c.round > arrived {
			shared.apply(l.owner, c)
		}
	}
	own := shared.shares[l.owner]
	own.Round, own.At = round, now
	shared.shares[l.owner] = own
}

func (l *Limiter) roundArrived(a *account, asks []*ask, shared state) {
	if l.away.Swap(false) {
		l.opt.Logger.Info("limits of keys are shared again")
	}
	a.state = shared
	for _, c := range a.untold { // what ended meanwhile
		a.state.apply(l.owner, c)
	}
	for _, q := range asks {
		if q.taken.Requests > 0 {
			a.open++
		}
	}
}

// roundFailed keeps what was to be told, and decides here about the requests that wait. What was decided before the failure
// stays as it is: it may have arrived.
func (l *Limiter) roundFailed(a *account, asks []*ask, told []change, decided bool, err error) {
	if gone := models.ErrorCode(err) == models.CodeNotFound; gone {
		told = nil
	} else if !l.away.Swap(true) {
		l.opt.Logger.Warn("limits of keys are not shared while the database is away", "error", err)
	}
	since := a.untold
	a.busy, a.untold = false, told
	for _, q := range asks {
		if !decided {
			l.decideHere(a, q)
		} else if q.taken.Requests > 0 {
			q.taken.round = a.count
			a.state.apply(l.owner, q.taken)
			l.took(a, q)
		}
	}
	a.untold = append(a.untold, since...)
	for _, q := range a.waiting {
		l.decideHere(a, q)
		close(q.done)
	}
	a.waiting = nil
}

// update bounds how many connections are used at once, and how long it takes.
func (l *Limiter) update(ctx context.Context, key int64, change func([]byte, time.Time) ([]byte, error)) error {
	ctx, cancel := context.WithTimeout(ctx, sharedWait)
	defer cancel()
	select {
	case l.turns <- struct{}{}:
		defer func() { <-l.turns }()
		return l.opt.Shared.UpdateLimits(ctx, key, change)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Run looks whether a store that was away is back, and keeps the reservations of long requests alive, until ctx ends.
func (l *Limiter) Run(ctx context.Context) {
	if l.opt.Shared == nil {
		return
	}
	retry, alive := time.NewTicker(sharedRetry), time.NewTicker(keepAlive)
	defer retry.Stop()
	defer alive.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-retry.C:
			l.comeBack(ctx)
		case <-alive.C:
			_ = l.visit(ctx, func(a *account) bool { return a.open > 0 }) // a store that is away hears of it later
		}
	}
}

// comeBack tells a store that was away what has happened. Without anything to tell, the next request finds out.
func (l *Limiter) comeBack(ctx context.Context) {
	if l.away.Load() && l.visit(ctx, func(a *account) bool { return len(a.untold) > 0 }) == nil {
		l.away.Store(false)
	}
}

// Flush tells the other processes what this one has not told them yet.
func (l *Limiter) Flush(ctx context.Context) error {
	if l.opt.Shared == nil {
		return nil
	}
	return l.visit(ctx, func(a *account) bool { return len(a.untold) > 0 })
}

// visit does a round for the accounts that need one, up to the first that fails. Keys that were deleted don't count.
func (l *Limiter) visit(ctx context.Context, needs func(a *account) bool) error {
	l.mu.RLock()
	all := slices.Collect(maps.Values(l.keys))
	l.mu.RUnlock()
	for _, a := range all {
		a.rounds.Lock()
		a.mu.Lock()
		due := needs(a)
		a.mu.Unlock()
		var err error
		if due {
			err = l.round(ctx, a)
		}
		a.rounds.Unlock()
		if err != nil && models.ErrorCode(err) != models.CodeNotFound {
			return err
		}
	}
	return nil
}
