package proxy

import (
	"net/http"
	"time"

	"squirrel/models"
	"squirrel/proxy/upstream"
	"squirrel/routing"
)

// run tries the candidates in order until one answers, the request itself is to blame, or nothing is left.
func (x *Exchange) run() *Answer {
	var best *try
	candidates := x.plan.Candidates
	for i := 0; i < len(candidates); i++ {
		last := i == len(candidates)-1
		if !x.gw.router.Acquire(candidates[i].Route.ID) && !last {
			continue // open, and another request is trying it right now; the last candidate is called all the same
		}
		if x.countsLocally(&candidates[i]) {
			return x.countHere(&candidates[i])
		}
		var next *routing.Candidate
		if !last {
			next = &candidates[i+1]
		}
		t, then := x.tryCandidate(&candidates[i], next)
		if t.out.Class == upstream.Success {
			return x.commit(t)
		}
		if best == nil || usefulness(t.out) > usefulness(best.out) {
			best = t
		}
		if then == stop {
			break
		}
		if t.out.Class == upstream.ContextTooLong {
			i += skipSmaller(candidates[i+1:], candidates[i].ContextWindow)
		}
	}
	return x.giveUp(best)
}

// tryCandidate calls one candidate as often as the policy allows and reports one health sample for it. next is nil for the last one.
func (x *Exchange) tryCandidate(c, next *routing.Candidate) (*try, step) {
	started := x.gw.now()
	for tries := 1; ; tries++ {
		t := x.attempt(c)
		then, delay := x.gw.opts.follow(t.out, tries, next == nil)
		then = x.bounded(t, then, next)
		if then == sameAgain {
			x.explain(retryReason(t.out, true))
			if x.pause(delay) {
				continue
			}
			t.out, then = x.interrupted(), stop
		}
		t.turn = started
		if t.relay == nil { // a stream has only begun: its sample follows at its end
			x.gw.router.Report(c.Route.ID, sampleOf(t.out, started))
		}
		if then == nextOne {
			x.explain(retryReason(t.out, false))
		}
		return t, then
	}
}

// bounded applies what limits retries whatever the outcome was: the total of attempts, one repetition of work that may
// already have been done, the retry budget, and the client's presence. Going on to a candidate that nothing speaks against is counted
// but needs no leave: the budget is there to keep failures from multiplying, not to keep clients from a provider that works.
func (x *Exchange) bounded(t *try, then step, next *routing.Candidate) step {
	if _, gone := x.gone(); gone || then == stop {
		return stop
	}
	if t.out.Class == upstream.ConnectionLost {
		if x.ambiguous {
			return stop
		}
		x.ambiguous = true
	}
	if then == nextOne && next == nil {
		return nextOne // nothing follows, nothing to pay for
	}
	if len(x.attempts) >= x.gw.opts.MaxTotalAttempts || x.gw.now().Sub(x.start) > x.gw.opts.ExchangeTimeout {
		return stop
	}
	sound := next != nil && x.gw.router.Sound(next.Route.ID)
	switch {
	case then == sameAgain && x.gw.router.AllowRetry():
		return sameAgain
	case sound: // perhaps instead of one more try here
		x.gw.router.ChargeRetry()
		return nextOne
	case then == nextOne && x.gw.router.AllowRetry():
		return nextOne
	}
	return stop
}

func (x *Exchange) pause(d time.Duration) bool {
	started := time.Now()
	defer func() { x.waited += time.Since(started) }()
	return sleep(x.ctx, d)
}

// interrupted is the outcome when the exchange ended between two attempts.
func (x *Exchange) interrupted() upstream.Outcome {
	cause, _ := x.gone()
	return upstream.FromError(x.ctx, cause, false)
}

// explain writes on the last attempt why another follows, and makes the record survive a crash in between.
func (x *Exchange) explain(reason string) {
	n := len(x.attempts) - 1
	x.attempts[n].RetryReason = reason
	write := models.LogWrite{Kind: models.WriteAttempt, Log: x.rowKey(), Attempts: x.attempts[n : n+1]}
	if err := x.gw.recorder.Attempt(write); err != nil {
		x.gw.logger.Warn("attempt not recorded", "request_id", x.id, "error", err)
	}
}

// usefulness ranks failures for the client: blame on the request beats 429 beats 5xx beats a connection that failed.
func usefulness(out upstream.Outcome) int {
	switch out.Class {
	case upstream.ClientGone, upstream.ShuttingDown, upstream.Cancelled:
		return 6
	case upstream.ClientFault, upstream.ContextTooLong:
		return 5
	case upstream.RateLimited:
		return 4
	case upstream.ServerError, upstream.RequestTimeout, upstream.StreamError:
		return 3
	case upstream.FirstByteTimeout, upstream.ResponseTimeout, upstream.BadResponse, upstream.TargetNotFound, upstream.Credential:
		return 2
	default:
		return 1
	}
}

func skipSmaller(rest []routing.Candidate, window int64) int {
	for i := range rest {
		if rest[i].ContextWindow > window {
			return i
		}
	}
	return len(rest)
}

// giveUp answers when no candidate did: with the most useful failure, in the client's dialect.
func (x *Exchange) giveUp(best *try) *Answer {
	if best == nil {
		return x.fail(&Failure{Status: http.StatusServiceUnavailable, Code: "no_available_provider", Message: "No provider is available for this model right now.", RetryAfter: 5 * time.Second})
	}
	x.setTarget(best.candidate)
	if best.out.Class == upstream.ClientGone {
		return x.abandoned(best)
	}
	status, body := x.failureOf(best)
	h := upstream.ResponseHeaders(best.header)
	h.Set("Content-Type", "application/json")
	h.Set("X-Should-Retry", "false")
	switch {
	case best.out.Class == upstream.RateLimited && h.Get("Retry-After") == "":
		h.Set("Retry-After", "5")
	case best.out.Class == upstream.ShuttingDown: // the gateway after the restart, or its neighbour, may serve it
		h.Set("Retry-After", "1")
		h.Del("X-Should-Retry")
	}
	x.stamp(h)
	x.settle(result{status: status, sent: status, header: h, clientBody: body, try: best})
	return &Answer{Status: status, Header: h, Body: body}
}

// abandoned ends an exchange whose client left before anything was sent. Nobody reads the answer.
func (x *Exchange) abandoned(t *try) *Answer {
	x.log.ErrorCode, x.log.ErrorInfo = "client_disconnected", "the client disconnected before the answer began"
	x.settle(result{status: statusClientGone, try: t})
	return &Answer{Status: statusClientGone, Header: http.Header{}, Close: true}
}
