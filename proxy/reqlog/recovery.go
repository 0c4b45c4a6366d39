package reqlog

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"
)

// claim takes over the spools of instances that are gone.
func (sh *Shipper) claim() []*source {
	var sources []*source
	for _, h := range claimAbandoned(sh.spool.root, sh.spool.home.id, sh.opt.Now(), sh.opt.ClaimIdle, sh.given) {
		src, err := newSource(h, nil, sh.spool.dec)
		if err != nil {
			sh.log.warn("ship_checkpoint", "the checkpoint was not usable, everything is shipped again", "error", err)
		}
		src.notice = sh.notice
		sources = append(sources, src)
		sh.opt.Logger.Info("the log spool of an instance that is gone is taken over", "instance", h.id)
	}
	return sources
}

// adopt ships a batch of a claimed spool. It reports true when nothing is left of that instance.
func (sh *Shipper) adopt(ctx context.Context, src *source) (finished bool, err error) {
	more, err := sh.turn(ctx, src)
	if err != nil || more {
		return false, err
	}
	if err := sh.closeInterrupted(ctx, src.home.id, sh.opt.Now()); err != nil {
		return false, err
	}
	src.closeReader()
	if len(src.refused) > 0 {
		sh.given[src.home.id] = true
	} else if err := sh.clear(src.home.dir); err != nil {
		sh.log.warn("ship_clear", "the directory of an instance that is gone could not be removed", "error", err)
	}
	return true, src.home.close()
}

// clear removes the directory of an instance whose records are all shipped. Only files that the spool itself makes go.
func (sh *Shipper) clear(dir string) error {
	if err := sh.spool.dead.inherit(dir); err != nil {
		return err
	}
	var errs []error
	for _, name := range []string{checkpointFile, checkpointFile + ".tmp", ballastFile, reserveFile, lockFile} {
		errs = append(errs, removeIfThere(filepath.Join(dir, name)))
	}
	return errors.Join(append(errs, os.Remove(dir))...)
}

// closeInterrupted ends what an earlier life left running, once all its records are in the database.
func (sh *Shipper) closeInterrupted(ctx context.Context, instance string, before time.Time) error {
	sink, able := sh.sink.(Interrupter)
	if !able {
		return nil
	}
	for failures := 0; ; failures++ {
		n, err := func() (int, error) {
			ctx, cancel := context.WithTimeout(ctx, sh.opt.Timeout)
			defer cancel()
			return sink.CloseInterrupted(ctx, instance, before)
		}()
		if err == nil {
			if n > 0 {
				sh.counters.interrupted.Add(uint64(n))
				sh.opt.Logger.Warn("requests that the end of a process interrupted were closed", "instance", instance, "count", n)
			}
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !isOutage(err) {
			return err
		}
		sh.pause(ctx, failures)
	}
}

// Sweep deletes dead letters (refused records, damaged stretches) that were set aside before a time, and tells how many files
// there were.
func (sh *Shipper) Sweep(before time.Time) (int, error) { return sh.spool.dead.sweep(before) }
