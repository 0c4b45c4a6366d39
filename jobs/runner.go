// Package jobs runs the gateway's background work: retention, heartbeats, and the closing of what the dead left behind.
package jobs

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// Job is work that is done again and again. Runs of one job never overlap.
type Job struct {
	Name     string
	Schedule Schedule
	// Run does the work once. Result is a short text for people ("412 rows deleted"). Run must return soon after ctx ends.
	Run func(ctx context.Context) (result string, err error)
}

// Status is what a job did last, for pages and metrics.
type Status struct {
	Name      string
	Running   bool
	Runs      int64 // ended ones
	Failures  int64 // of these
	InARow    int   // failures since the last success; 3 or more should worry somebody
	Started   time.Time
	Ended     time.Time
	Next      time.Time
	Result    string // of the last success
	LastError string // "" after a success
}

const (
	firstBackoff = time.Second
	lastBackoff  = 5 * time.Minute
)

// Runner runs jobs, each in a goroutine of its own.
type Runner struct {
	logger *slog.Logger

	mu       sync.Mutex
	jobs     []Job
	statuses map[string]*Status
}

// NewRunner makes a runner without jobs; nil means slog.Default().
func NewRunner(logger *slog.Logger) *Runner {
	if logger == nil {
		logger = slog.Default()
	}
	return &Runner{logger: logger, statuses: make(map[string]*Status)}
}

// Add adds jobs. It must not be called after Run. Names must differ.
func (r *Runner) Add(jobs ...Job) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, j := range jobs {
		r.jobs = append(r.jobs, j)
		r.statuses[j.Name] = &Status{Name: j.Name}
	}
}

// Run runs all jobs by their schedules until ctx ends, and returns when the last one has.
func (r *Runner) Run(ctx context.Context) {
	var running sync.WaitGroup
	for _, j := range r.jobs {
		running.Go(func() { r.loop(ctx, j) })
	}
	running.Wait()
}

// Status returns the state of all jobs, by name.
func (r *Runner) Status() []Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]Status, 0, len(r.statuses))
	for _, s := range r.statuses {
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b Status) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

func (r *Runner) loop(ctx context.Context, j Job) {
	next := j.Schedule.First(time.Now())
	for {
		r.update(j.Name, func(s *Status) { s.Next = next })
		if !sleep(ctx, time.Until(next)) {
			return
		}
		failures := r.once(ctx, j)
		next = j.Schedule.Next(time.Now())
		if failures > 0 {
			next = earlier(next, time.Now().Add(backoff(failures)))
		}
	}
}

// once runs the job and returns how often it has failed in a row.
func (r *Runner) once(ctx context.Context, j Job) (failures int) {
	r.update(j.Name, func(s *Status) { s.Running, s.Started = true, time.Now() })
	result, err := protected(ctx, j)
	stopped := err != nil && ctx.Err() != nil
	r.update(j.Name, func(s *Status) {
		s.Running, s.Ended = false, time.Now()
		s.Runs++
		switch {
		case stopped:
		case err != nil:
			s.Failures++
			s.InARow++
			s.LastError = err.Error()
		default:
			s.InARow, s.LastError, s.Result = 0, "", result
		}
		failures = s.InARow
	})
	if err != nil && !stopped {
		r.logger.Error("a job failed and is tried again", "job", j.Name, "failures", failures, "error", err)
	}
	return failures
}

// protected turns a panic of the job into an error.
func protected(ctx context.Context, j Job) (result string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in job %s: %v\n%s", j.Name, p, debug.Stack())
		}
	}()
	return j.Run(ctx)
}

func (r *Runner) update(name string, change func(*Status)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(r.statuses[name])
}

// backoff doubles from a second to five minutes, with jitter.
func backoff(failures int) time.Duration {
	d := min(firstBackoff<<min(failures-1, 16), lastBackoff)
	return d/2 + rand.N(d/2+1)
}

// sleep waits and reports whether ctx is still alive.
func sleep(ctx context.Context, d time.Duration) bool {
	if ctx.Err() != nil {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
