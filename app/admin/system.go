package admin

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"squirrel/models/store"
)

// System tells how the gateway itself is doing.
type System interface {
	Report() SystemReport
}

// SystemReport is the condition of one process of the gateway.
type SystemReport struct {
	LogState     string        // ok, lean, meta, reject: how much of a request is still recorded
	LogReason    string        // why it isn't ok
	SpoolBytes   int64         // records that are not in the database yet
	SpoolLimit   int64         // bytes from which records are refused; 0 = not known
	Lag          time.Duration // age of the oldest of them
	Rejected     uint64        // requests refused because they could not be recorded
	Lost         uint64        // records that could not be written at all
	Dead         uint64        // records the database refused
	Running      int           // requests under way in this process
	DetailDays   int           // how long headers and bodies are kept; 0 = as long as the rows
	BodyLimit    int64         // bytes kept of a body
	RedactBodies bool
	StreamEvents bool // raw events of streams are recorded too
	Dialect      string
	Version      string
}

// System reports on the process; false when nobody can tell.
func (s *Service) System() (SystemReport, bool) {
	if s.opts.System == nil {
		return SystemReport{}, false
	}
	return s.opts.System.Report(), true
}

// Kept is what the log would keep of a text, were it the body of a request. Nothing is recorded. It is false when nobody can tell.
func (s *Service) Kept(text string) (kept string, cut, known bool) {
	if s.opts.Keep == nil {
		return "", false, false
	}
	out, cut := s.opts.Keep([]byte(text))
	return string(out), cut, true
}

// Job is the last run of a job that gateways share.
type Job = store.Job

// StorageReport is what the records take.
type StorageReport struct {
	store.SizeReport
	Growth        *int64 // bytes that a day of requests takes; nil = too little to tell
	RetentionDays int
	Jobs          []Job
}

// Storage measures the database.
func (s *Service) Storage(ctx context.Context) (StorageReport, error) {
	var size store.SizeReport
	var growth *int64
	var measuring errgroup.Group // each reads a good part of an index
	measuring.Go(func() (err error) { size, err = s.store.Size(ctx); return err })
	measuring.Go(func() (err error) { growth, err = s.store.Growth(ctx, s.Now()); return err })
	if err := measuring.Wait(); err != nil {
		return StorageReport{}, err
	}
	jobs, err := s.store.Jobs(ctx)
	jobs = slices.DeleteFunc(jobs, func(j store.Job) bool { return j.Name == repricingJob }) // has a page of its own
	return StorageReport{SizeReport: size, Growth: growth, RetentionDays: s.opts.RetentionDays, Jobs: nonNil(jobs)}, err
}
