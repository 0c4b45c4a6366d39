package jobs

import (
	"math/rand/v2"
	"time"
)

// Schedule says when a job runs.
type Schedule interface {
	First(now time.Time) time.Time // after the start
	Next(now time.Time) time.Time  // after a run that ended at now
}

// Every runs a job at the start and then in intervals, give or take a tenth, so that replicas don't run in step.
type Every time.Duration

// First is within a tenth of the interval.
func (e Every) First(now time.Time) time.Time { return now.Add(rand.N(time.Duration(e)/10 + 1)) }

// Next is an interval later, give or take a tenth.
func (e Every) Next(now time.Time) time.Time {
	d := time.Duration(e)
	return now.Add(d - d/10 + rand.N(d/5+1))
}
