package reqlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"squirrel/models"
)

// Sink is where log records end up: the database. A batch is all or nothing, and the same write may come more than once.
// An outage is an error with models.CodeUnavailable or models.CodeBusy, or a passed deadline; any other error means that
// the sink does not want (some of) these records.
type Sink interface {
	WriteLogs(ctx context.Context, writes []models.LogWrite) error
}

// Interrupter is a Sink that can end the requests an earlier life of an instance left open.
type Interrupter interface {
	// CloseInterrupted ends the running requests of an instance that began before a time, and tells how many there were.
	CloseInterrupted(ctx context.Context, instance string, before time.Time) (int, error)
}

// ShipperOptions tunes a Shipper. The zero value is right for production.
type ShipperOptions struct {
	MaxRows         int           // records in a batch; 0 = 500
	MaxBytes        int64         // size of a batch in memory; 0 = 4 MB; one larger record is a batch of its own
	MaxDelay        time.Duration // how long a batch waits for more; 0 = 100 ms
	Timeout         time.Duration // of one write; 0 = 30 s
	CheckpointEvery time.Duration // 0 = 1 s; a crash before it ships again, which changes nothing
	MinBackoff      time.Duration // 0 = 100 ms
	MaxBackoff      time.Duration // 0 = 10 s
	ClaimEvery      time.Duration // how often abandoned instances are looked for; 0 = 30 s; negative = never
	ClaimIdle       time.Duration // how long a heartbeat must be silent; 0 = 60 s
	Logger          *slog.Logger  // nil = the spool's
	Now             func() time.Time
}

func (o *ShipperOptions) setDefaults(s *Spool) {
	orDuration := func(d *time.Duration, standard time.Duration) {
		if *d == 0 {
			*d = standard
		}
	}
	if o.MaxRows == 0 {
		o.MaxRows = 500
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 4 << 20
	}
	orDuration(&o.MaxDelay, 100*time.Millisecond)
	orDuration(&o.Timeout, 30*time.Second)
	orDuration(&o.CheckpointEvery, time.Second)
	orDuration(&o.MinBackoff, 100*time.Millisecond)
	orDuration(&o.MaxBackoff, 10*time.Second)
	orDuration(&o.ClaimEvery, 30*time.Second)
	orDuration(&o.ClaimIdle, 60*time.Second)
	if o.Logger == nil {
		o.Logger = s.cfg.Logger
	}
	if o.Now == nil {
		o.Now = s.cfg.Now
	}
}

// Shipper brings the records of a spool to the database. One Run at a time.
type Shipper struct {
	spool *Spool
	sink  Sink
	opt   ShipperOptions
	log   *throttledLog

	hurry    chan struct{} // a Flush began
	flushers atomic.Int32
	progress progress
	counters shipCounters
	batch    []models.LogWrite // its memory is used again for each

	given map[string]bool // abandoned instances with segments of a newer version
}

type shipCounters struct {
	records, batches, retries, panics, damaged, torn, refused, interrupted atomic.Uint64
}

// ShipperStats is what pages, metrics and readiness tell about the shipper. Counts are since the start.
type ShipperStats struct {
	Records         uint64 // shipped
	Batches         uint64
	Retries         uint64 // writes that failed and were tried again
	Panics          uint64
	Damaged         uint64 // stretches of segments that were unreadable and moved to dead/
	TornTails       uint64 // unfinished records at the end of a segment; none of them was ever acknowledged
	RefusedSegments uint64 // of a newer version, kept
	Interrupted     uint64 // requests of earlier lives that were ended
	DeadFiles       int64  // in dead/, also from earlier lives
	Lag             time.Duration
	OutageSince     time.Time // zero while the database takes records
}

// progress is how far the shipper has come.
type progress struct {
	mu      sync.Mutex
	shipped position
	oldest  time.Time // when the oldest record that waits was written; zero = none
	outage  time.Time
	moved   chan struct{} // closed at the next change of shipped
}

// NewShipper makes the shipper of a spool; Run starts it.
func NewShipper(spool *Spool, sink Sink, opt ShipperOptions) *Shipper {
	opt.setDefaults(spool)
	sh := &Shipper{
		spool: spool, sink: sink, opt: opt, hurry: make(chan struct{}, 1), given: make(map[string]bool),
		log: newThrottledLog(opt.Logger.With("instance", spool.Instance()), opt.Now),
	}
	sh.progress.moved = make(chan struct{})
	return sh
}

// Run ships until ctx ends. What is not in the database by then stays in the spool. A panic is logged, and after a pause the
// work goes on from the last checkpoint.
func (sh *Shipper) Run(ctx context.Context) {
	for failures := 0; ctx.Err() == nil; failures++ {
		if err := sh.runOnce(ctx); err != nil && ctx.Err() == nil {
			sh.log.error("ship_failed", "the log shipper stopped and starts again", "error", err)
			sh.pause(ctx, failures)
		}
	}
}

func (sh *Shipper) runOnce(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			sh.counters.panics.Add(1)
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	own, err := newSource(sh.spool.home, sh.spool, sh.spool.dec)
	if err != nil {
		sh.log.warn("ship_checkpoint", "the checkpoint was not usable, everything is shipped again", "error", err)
	}
	own.notice = sh.notice
	defer own.closeReader()
	defer sh.save(own)
	var others []*source
	defer func() {
		for _, o := range others {
			o.closeReader()
			_ = o.home.close()
		}
	}()
	settled, nextClaim := false, sh.opt.Now()
	for ctx.Err() == nil {
		more, err := sh.turn(ctx, own)
		if err != nil {
			return err
		}
		if !settled && own.pos.segment >= sh.spool.first {
			if settled, err = true, sh.closeInterrupted(ctx, own.home.id, sh.spool.started); err != nil {
				return err
			}
		}
		if settled && sh.opt.ClaimEvery > 0 && !sh.opt.Now().Before(nextClaim) {
			nextClaim = sh.opt.Now().Add(sh.opt.ClaimEvery)
			others = append(others, sh.claim()...)
		}
		if len(others) > 0 {
			finished, err := sh.adopt(ctx, others[0])
			if err != nil {
				return err
			}
			if finished {
				others = others[1:]
			}
			more = true
		}
		if !more {
			sh.wait(ctx)
		}
	}
	return nil
}

// wait sleeps until there is something to do.
func (sh *Shipper) wait(ctx context.Context) {
	timer := time.NewTimer(sh.opt.CheckpointEvery)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-sh.spool.fresh:
	case <-sh.hurry:
	case <-timer.C:
	}
}

// turn ships one batch of a source and reports whether there was one.
func (sh *Shipper) turn(ctx context.Context, src *source) (more bool, err error) {
	batch, oldest, err := sh.collect(ctx, src)
	defer clear(batch)
	if err != nil {
		return false, err
	}
	if len(batch) > 0 {
		sh.note(oldest)
		if err := sh.deliver(ctx, merge(batch)); err != nil {
			return false, err
		}
		sh.counters.records.Add(uint64(len(batch)))
		sh.counters.batches.Add(1)
	}
	sh.finish(src, len(batch) > 0)
	return len(batch) > 0, nil
}

// finish moves the checkpoint behind what was shipped and deletes what is no longer needed.
func (sh *Shipper) finish(src *source, shipped bool) {
	src.done = src.pos
	due := sh.flushers.Load() > 0 || sh.opt.Now().Sub(src.savedAt) >= sh.opt.CheckpointEvery
	if len(src.passed) > 0 || due {
		sh.save(src)
		src.drop()
	}
	if src.spool != nil {
		sh.arrived(src.pos, shipped)
	}
}

// save writes the checkpoint unless it is up to date.
func (sh *Shipper) save(src *source) {
	if src.done == src.saved {
		return
	}
	if err := saveCheckpoint(src.home.dir, src.done); err != nil {
		sh.log.warn("ship_checkpoint", "the checkpoint could not be saved", "error", err)
		return
	}
	src.saved, src.savedAt = src.done, sh.opt.Now()
}

// collect reads the next batch and tells when its oldest record was written. It waits a little for more once it has something,
// unless somebody flushes.
func (sh *Shipper) collect(ctx context.Context, src *source) (batch []models.LogWrite, oldest time.Time, err error) {
	defer func() { sh.batch = batch[:0] }()
	batch = sh.batch
	var size int64
	var began time.Time
	for len(batch) < sh.opt.MaxRows && size < sh.opt.MaxBytes {
		item, err := src.next()
		if errors.Is(err, io.EOF) {
			if len(batch) == 0 || src.spool == nil || !sh.gather(ctx, began) {
				return batch, oldest, nil
			}
			continue
		}
		if err != nil {
			return batch, oldest, err
		}
		if len(batch) == 0 {
			began, oldest = time.Now(), item.written
		}
		batch, size = append(batch, item.write), size+item.size
	}
	return batch, oldest, nil
}

// gather waits until the batch that began at a time is old enough, and reports whether to look for more.
func (sh *Shipper) gather(ctx context.Context, began time.Time) bool {
	left := sh.opt.MaxDelay - time.Since(began)
	if left <= 0 || sh.flushers.Load() > 0 {
		return false
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-sh.hurry:
	case <-timer.C:
	}
	return true
}

// pause waits before the next try: longer each time, and never the same for two processes.
func (sh *Shipper) pause(ctx context.Context, failures int) {
	d := min(sh.opt.MinBackoff<<min(failures, 16), sh.opt.MaxBackoff)
	d = d/2 + rand.N(d)
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
