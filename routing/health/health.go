// Package health remembers how the calls over each route went, and bounds retries.
package health

import "time"

// Outcome is what a call to a candidate, its retries included, says about its health.
type Outcome int

// The outcomes.
const (
	Ignored     Outcome = iota // says nothing: the client left, or the request itself was to blame
	Success                    // closes an open circuit
	Failure                    // connection, timeout, 5xx, bad or cut answer
	RateLimited                // 429: cooling until RetryAfter has passed
	Credential                 // 401, 402, 403: cooling 60 s
)

// Sample is one call to a candidate, after its retries. Report exactly one for each Acquire that returned true.
type Sample struct {
	Outcome    Outcome
	RetryAfter time.Duration // with RateLimited; 0 or less = not stated
	Started    time.Time     // when the call began; zero = unknown
}

// State is the condition of a route.
type State string

// The states. An open route that may be tried again is still "open".
const (
	Healthy  State = "healthy"
	Degraded State = "degraded"
	Cooling  State = "cooling"
	Open     State = "open"
)

// Status is the health of a route at a moment.
type Status struct {
	State       State
	Reason      string     // with Cooling: rate_limit or credential
	Samples     int        // of the window
	FailureRate float64    // 0-1 over the window
	Until       *time.Time // with Cooling and Open: when it may be tried again
}
