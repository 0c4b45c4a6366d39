package reqlog

import (
	"context"
	"fmt"
	"time"
)

// reached reports whether p lies at or behind target.
func (p position) reached(target position) bool {
	return p.segment > target.segment || p.segment == target.segment && p.offset >= target.offset
}

// Flush ships without waiting for full batches until everything that was accepted before the call is in the database, or
// until ctx ends. Run must be going on.
func (sh *Shipper) Flush(ctx context.Context) error {
	target := sh.spool.writer.committed()
	sh.flushers.Add(1)
	defer sh.flushers.Add(-1)
	for {
		sh.progress.mu.Lock()
		shipped, moved := sh.progress.shipped, sh.progress.moved
		sh.progress.mu.Unlock()
		if shipped.reached(target) {
			return nil
		}
		sh.spool.wake(sh.hurry)
		select {
		case <-ctx.Done():
			return fmt.Errorf("log records wait in the spool: %w", ctx.Err())
		case <-moved:
		}
	}
}

// Lag is the age of the oldest record that is not in the database yet.
func (sh *Shipper) Lag() time.Duration {
	sh.progress.mu.Lock()
	defer sh.progress.mu.Unlock()
	if sh.progress.oldest.IsZero() {
		return 0
	}
	return max(sh.opt.Now().Sub(sh.progress.oldest), 0)
}

// Pending is how many bytes of this instance's records are not in the database yet. What is in it is deleted segment by segment,
// so of the oldest segment only what is behind the mark counts.
func (sh *Shipper) Pending() int64 {
	sh.progress.mu.Lock()
	defer sh.progress.mu.Unlock()
	return max(sh.spool.writer.used.Load()-sh.progress.shipped.offset, 0)
}

// Stats returns the shipper's counters.
func (sh *Shipper) Stats() ShipperStats {
	sh.progress.mu.Lock()
	outage := sh.progress.outage
	sh.progress.mu.Unlock()
	c := &sh.counters
	return ShipperStats{
		Records: c.records.Load(), Batches: c.batches.Load(), Retries: c.retries.Load(), Panics: c.panics.Load(),
		Damaged: c.damaged.Load(), TornTails: c.torn.Load(), RefusedSegments: c.refused.Load(),
		Interrupted: c.interrupted.Load(), DeadFiles: sh.spool.dead.files.Load(), Lag: sh.Lag(), OutageSince: outage,
	}
}

// note remembers the oldest record that waits.
func (sh *Shipper) note(written time.Time) {
	sh.progress.mu.Lock()
	sh.progress.oldest = written
	sh.progress.mu.Unlock()
	sh.spool.behind(sh.Lag())
}

// arrived moves the mark of what is shipped. After a full pass without records nothing waits any more.
func (sh *Shipper) arrived(at position, shipped bool) {
	sh.progress.mu.Lock()
	if !shipped {
		sh.progress.oldest = time.Time{}
	}
	if at != sh.progress.shipped {
		sh.progress.shipped = at
		close(sh.progress.moved)
		sh.progress.moved = make(chan struct{})
	}
	sh.progress.mu.Unlock()
	sh.spool.behind(sh.Lag())
}

// outage notes since when the database takes no records; the zero time ends it.
func (sh *Shipper) outage(now time.Time) {
	sh.progress.mu.Lock()
	if now.IsZero() || sh.progress.outage.IsZero() {
		sh.progress.outage = now
	}
	sh.progress.mu.Unlock()
	sh.spool.behind(sh.Lag())
}
