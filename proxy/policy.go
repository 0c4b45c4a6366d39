package proxy

import (
	"math/rand/v2"
	"time"

	"squirrel/proxy/upstream"
)

// step is what follows an attempt.
type step int

const (
	stop      step = iota // answer with what there is
	sameAgain             // the same provider, after a delay
	nextOne               // the next candidate
)

// maxRetryDelay caps the exponential back-off.
const maxRetryDelay = 8 * time.Second

// patience is the longest Retry-After that is waited for when no other candidate is left.
const patience = 5 * time.Second

// follow decides what comes after an attempt: tries counts those made at this candidate, last tells that no other is left.
// It is the table of docs/routing.md; budgets and the client's presence are checked by the caller.
func (o Options) follow(out upstream.Outcome, tries int, last bool) (step, time.Duration) {
	switch out.Class {
	case upstream.Success, upstream.ClientFault, upstream.ClientGone, upstream.ShuttingDown, upstream.Cancelled:
		return stop, 0
	case upstream.ServerError, upstream.BadResponse, upstream.StreamError:
		if tries < o.RetryMaxAttempts {
			return sameAgain, o.backoff(tries)
		}
	case upstream.RequestTimeout:
		if tries < 2 {
			return sameAgain, o.backoff(tries)
		}
	case upstream.RateLimited:
		if last && out.HasRetry && out.RetryAfter <= patience && tries < o.RetryMaxAttempts {
			return sameAgain, out.RetryAfter
		}
	}
	return nextOne, 0
}

// backoff is the delay before try number tries+1: the base doubled each time, ± 20 %, capped.
func (o Options) backoff(tries int) time.Duration {
	delay := o.RetryDelay << min(tries-1, 10)
	delay = min(delay, maxRetryDelay)
	return time.Duration(float64(delay) * (0.8 + 0.4*rand.Float64()))
}
