package limits

import (
	"iter"
	"strconv"
	"time"

	"squirrel/models"
)

// Headers are the limits of a key in the form OpenAI documents them
// (https://platform.openai.com/docs/guides/rate-limits, "Rate limits in headers"). A part that is nil is not limited.
type Headers struct {
	Requests, Tokens *Quota
}

// Quota is the state of one limit.
type Quota struct {
	Limit     int64         `json:"limit"`
	Remaining int64         `json:"remaining"`
	Reset     time.Duration `json:"-"` // until nothing of the limit is in use any more
}

// All yields the x-ratelimit-* headers as names and values.
func (h Headers) All() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, part := range []struct {
			name  string
			quota *Quota
		}{{"requests", h.Requests}, {"tokens", h.Tokens}} {
			q := part.quota
			if q == nil {
				continue
			}
			if !yield("x-ratelimit-limit-"+part.name, strconv.FormatInt(q.Limit, 10)) ||
				!yield("x-ratelimit-remaining-"+part.name, strconv.FormatInt(q.Remaining, 10)) ||
				!yield("x-ratelimit-reset-"+part.name, formatReset(q.Reset)) {
				return
			}
		}
	}
}

// All yields the headers of the 429 answer: retry-after in whole seconds, rounded up, retry-after-ms, which the OpenAI
// SDKs prefer, and the x-ratelimit-* headers. Without RetryAfter there is x-should-retry: false instead.
func (d *Denied) All() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		if d.RetryAfter == 0 {
			if !yield("x-should-retry", "false") {
				return
			}
		} else if !yield("retry-after", ceil(d.RetryAfter, time.Second)) || !yield("retry-after-ms", ceil(d.RetryAfter, time.Millisecond)) {
			return
		}
		d.Headers.All()(yield)
	}
}

func ceil(d, unit time.Duration) string {
	return strconv.FormatInt(int64((d+unit-1)/unit), 10)
}

// formatReset writes durations as OpenAI does: 12ms, 8.64s, 6m0s.
func formatReset(d time.Duration) string {
	return (d + time.Millisecond - 1).Truncate(time.Millisecond).String()
}

// Snapshot is the state of a key's limits for its owner. Parts that are nil are not limited.
type Snapshot struct {
	Requests *Quota       `json:"requests"` // in the last minute
	Tokens   *Quota       `json:"tokens"`   // in the last minute
	Budget   *BudgetState `json:"budget"`
}

// BudgetState is a key's money in the current period. Reserved is what running requests may cost at most.
type BudgetState struct {
	Limit     models.NanoUSD      `json:"limit"`
	Spent     models.NanoUSD      `json:"spent"`
	Reserved  models.NanoUSD      `json:"reserved"`
	Remaining models.NanoUSD      `json:"remaining"`
	Period    models.BudgetPeriod `json:"period"`
	ResetsAt  *time.Time          `json:"resets_at"` // nil for a total budget
}
