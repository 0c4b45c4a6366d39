package reqlog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"squirrel/models"
)

const (
	// A record that is refused while no other record of its batch is accepted may be refused for a reason that has nothing
	// to do with it. So it is tried this often before it goes to dead/: alone, and in company.
	triesAlone     = 5
	triesInCompany = 20

	// systemic is how many records in a row are refused before it looks like the sink's own trouble.
	systemic = 16
)

var errSystemic = errors.New("the log sink refuses every record")

// refusal is a record that the sink does not want.
type refusal struct {
	write models.LogWrite
	err   error
}

// deliver returns nil when every write is in the sink or, as the only one of its batch that was refused, in dead/.
// It tries for as long as ctx lives.
func (sh *Shipper) deliver(ctx context.Context, writes []models.LogWrite) error {
	tries := triesAlone
	if len(writes) > 1 {
		tries = triesInCompany
	}
	for failures, refused := 0, 0; ; failures++ {
		err := sh.write(ctx, writes)
		if err == nil {
			sh.outage(time.Time{})
			return nil
		}
		if !isOutage(err) {
			refused++
			err = sh.sift(ctx, writes, refused >= tries)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			sh.outage(time.Time{})
			return nil
		}
		sh.counters.retries.Add(1)
		sh.outage(sh.opt.Now())
		sh.log.warn("ship_outage", "the database takes no log records, they wait in the spool", "error", err)
		sh.pause(ctx, failures)
	}
}

func (sh *Shipper) write(ctx context.Context, writes []models.LogWrite) error {
	ctx, cancel := context.WithTimeout(ctx, sh.opt.Timeout)
	defer cancel()
	return sh.sink.WriteLogs(ctx, writes)
}

// isOutage tells trouble of the database from trouble with a record.
func isOutage(err error) bool {
	code := models.ErrorCode(err)
	return code == models.CodeUnavailable || code == models.CodeBusy ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// sift finds the records of a refused batch that are to blame, brings the others to the sink and buries those.
// When nothing at all is accepted, it returns an error and buries nothing, unless final.
func (sh *Shipper) sift(ctx context.Context, writes []models.LogWrite, final bool) error {
	var refused []refusal
	accepted := 0
	var split func(part []models.LogWrite) error
	split = func(part []models.LogWrite) error {
		err := sh.write(ctx, part)
		switch {
		case err == nil:
			accepted += len(part)
			return nil
		case isOutage(err):
			return err
		case len(part) == 1:
			refused = append(refused, refusal{part[0], err})
			if accepted == 0 && len(refused) >= systemic && !final {
				return fmt.Errorf("%w: %w", errSystemic, err)
			}
			return nil
		}
		if err := split(part[:len(part)/2]); err != nil {
			return err
		}
		return split(part[len(part)/2:])
	}
	if err := split(writes); err != nil {
		return err
	}
	if accepted == 0 && len(refused) > 0 && !final {
		return fmt.Errorf("%w: %w", errSystemic, refused[0].err)
	}
	for _, r := range refused {
		if err := sh.bury(r); err != nil {
			return err
		}
	}
	return nil
}

func (sh *Shipper) bury(r refusal) error {
	file, err := sh.spool.dead.record(&r.write)
	if err != nil {
		return fmt.Errorf("keep a refused record: %w", err)
	}
	sh.log.error("ship_dead", "the database refused a log record; it is kept in dead/",
		"log", r.write.Log.ID, "file", file, "error", r.err)
	return nil
}

// notice is told of every stretch of a segment that can't be read.
func (sh *Shipper) notice(src *source, segment string, bad damage) {
	switch bad.flaw {
	case flawZero:
		return
	case flawTorn:
		sh.counters.torn.Add(1)
		sh.log.warn("spool_torn", "an unfinished record at the end of a segment was cut off",
			"segment", segment, "bytes", bad.to-bad.from)
		return
	case flawNewer:
		sh.counters.refused.Add(1)
		sh.log.error("spool_newer", "a segment was written by a newer version and is left alone", "segment", segment)
		return
	}
	sh.counters.damaged.Add(1)
	raw, err := src.stretch(segment, bad.from, bad.to)
	if err == nil {
		err = sh.spool.dead.stretch(segment, bad.from, raw)
	}
	sh.log.error("spool_damaged", "a part of a segment is damaged; it was skipped and is kept in dead/",
		"segment", segment, "offset", bad.from, "bytes", bad.to-bad.from, "keep_error", err)
}
