package reqlog

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"squirrel/models"
)

const (
	groupBytes   = 4 << 20   // records that are written together take at most about this much
	scratchBytes = 256 << 10 // small records are gathered for one write up to this size
)

// entry is a record on its way to the disk, and the request's goroutine that waits for it.
type entry struct {
	write models.LogWrite // as the caller gave it, to encode it again with less
	rec   *record
	err   error
	turn  chan bool // true = write the next group yourself, false = your record is done
}

func (s *Spool) newEntry(w *models.LogWrite, rec *record) *entry {
	e, used := s.entries.Get().(*entry)
	if !used {
		e = &entry{turn: make(chan bool, 1)}
	}
	e.write, e.rec, e.err = *w, rec, nil
	return e
}

func (s *Spool) free(e *entry) {
	e.rec.release()
	e.write, e.rec = models.LogWrite{}, nil
	s.entries.Put(e)
}

// commit returns when the record was accepted by the operating system or refused.
//
// Writers that come together form a group: the first writes for all that queued meanwhile and then hands the lead to the
// first of the next group. So there is one writer at any time, as with a goroutine of its own, but a lone request writes
// without any switch between goroutines.
func (s *Spool) commit(e *entry) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return ErrClosed
	}
	s.writers.Add(1)
	defer s.writers.Done()
	s.queue = append(s.queue, e)
	if s.leading {
		s.mu.Unlock()
		if lead := <-e.turn; !lead {
			return e.err
		}
		s.mu.Lock()
	}
	s.leading = true
	group := s.nextGroup()
	s.mu.Unlock()

	s.writer.writeGroup(group)

	s.mu.Lock()
	if len(s.queue) > 0 {
		s.queue[0].turn <- true
	} else {
		s.leading = false
	}
	s.mu.Unlock()
	for _, other := range group {
		if other != e {
			other.turn <- false
		}
	}
	return e.err
}

// nextGroup takes entries off the queue; the leader's own is the first.
func (s *Spool) nextGroup() []*entry {
	n, size := 0, int64(0)
	for n < len(s.queue) && (n == 0 || size+s.queue[n].rec.size() <= groupBytes) {
		size += s.queue[n].rec.size()
		n++
	}
	group := s.queue[:n:n]
	if s.queue = s.queue[n:]; len(s.queue) == 0 {
		s.queue = nil
	}
	return group
}

// position is a place in the spool: every record that ends at or before it has been accepted.
type position struct {
	segment string
	offset  int64
}

// writer appends groups of records to the current segment. Its fields are guarded by mu.
type writer struct {
	spool *Spool

	mu      sync.Mutex
	file    File // nil when the last segment could not be trusted any more and no new one could be made
	name    string
	key     segmentKey
	size    int64  // offset after the last good record
	retired []File // to be synced and closed
	named   bool   // a segment was created whose name may not be on the disk yet

	scratch []byte
	ballast ballast
	reserve ballast

	used atomic.Int64 // bytes of all segments of this instance

	posMu sync.Mutex
	pos   position
}

func (w *writer) committed() position {
	w.posMu.Lock()
	defer w.posMu.Unlock()
	return w.pos
}

func (w *writer) publish() {
	w.posMu.Lock()
	w.pos = position{w.name, w.size}
	w.posMu.Unlock()
}

// writeGroup writes the records and leaves in each entry how it went.
func (w *writer) writeGroup(group []*entry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.append(group)
	switch {
	case err == nil:
		return
	case isNoSpace(err):
		if w.ballast.give() {
			w.spool.counters.ballast.Add(1)
			w.spool.log.error("spool_ballast", "the disk is full, the ballast was given up", "error", err)
			err = w.append(group)
		}
	default:
		if rollErr := w.roll(); rollErr == nil {
			err = w.append(group)
		}
	}
	if err == nil {
		return
	}
	w.spool.pressure.update(w.spool.cfg.Now(), func(l *load) { l.stuck = true })
	for _, e := range group {
		if e.err = err; e.write.Kind != models.WriteBegin {
			e.err = w.squeeze(e)
		}
	}
}

// squeeze writes a record of a running request without its large parts, out of the reserve if need be.
func (w *writer) squeeze(e *entry) error {
	small := shed(e.write, StateReject)
	rec, err := w.spool.enc.encode(&small, true)
	if err != nil {
		return err
	}
	e.rec.release()
	e.rec = rec
	err = w.append([]*entry{e})
	if err != nil && isNoSpace(err) && w.reserve.give() {
		w.spool.log.error("spool_reserve", "the disk is full, ends of requests are written out of the reserve")
		err = w.append([]*entry{e})
	}
	return err
}

// append writes the group behind the last good record: all of it, or nothing.
func (w *writer) append(group []*entry) error {
	if w.file == nil || w.size >= w.spool.cfg.SegmentBytes {
		if err := w.roll(); err != nil {
			return err
		}
	}
	written, err := w.writeAll(group)
	if err == nil && w.spool.cfg.FsyncInterval < 0 {
		if err = w.file.Sync(); w.named {
			syncDir(w.spool.home.dir)
			w.named = false
		}
	}
	if err != nil {
		w.spool.counters.writeErrors.Add(1)
		w.cutBack(written)
		return fmt.Errorf("write to the log spool: %w", err)
	}
	w.size += written
	w.spool.accepted(len(group), written)
	w.publish()
	return nil
}

func (w *writer) writeAll(group []*entry) (written int64, err error) {
	flush := func(b []byte) {
		if err != nil || len(b) == 0 {
			return
		}
		var n int
		n, err = w.file.Write(b)
		written += int64(n)
		if err == nil && n < len(b) {
			err = io.ErrShortWrite
		}
		if n > 0 && n < len(b) {
			w.spool.counters.shortWrites.Add(1)
		}
	}
	w.scratch = w.scratch[:0]
	for _, e := range group {
		e.rec.seal(w.key)
		if len(w.scratch) > 0 && len(w.scratch)+len(e.rec.buf) > scratchBytes {
			flush(w.scratch)
			w.scratch = w.scratch[:0]
		}
		if len(group) == 1 || len(e.rec.buf) > scratchBytes {
			flush(e.rec.buf)
		} else {
			w.scratch = append(w.scratch, e.rec.buf...)
		}
		if len(e.rec.ext) == 0 {
			continue
		}
		flush(w.scratch)
		w.scratch = w.scratch[:0]
		for _, part := range e.rec.ext {
			flush(part)
		}
	}
	flush(w.scratch)
	return written, err
}

// cutBack takes a partly written group off the segment. If that fails, the segment ends here: the reader cuts its tail.
func (w *writer) cutBack(written int64) {
	if written == 0 {
		return
	}
	if err := w.file.Truncate(w.size); err != nil {
		w.spool.log.error("spool_truncate", "a segment could not be cut back to its last good record",
			"segment", w.name, "error", err)
		w.used.Add(written)
		w.retired = append(w.retired, w.file)
		w.file = nil
	}
}

// roll starts a new segment.
func (w *writer) roll() error {
	name, err := nextSegmentName(w.name)
	if err != nil {
		return err
	}
	path := filepath.Join(w.spool.home.dir, name)
	file, err := w.spool.cfg.FileSystem.Create(path)
	if err != nil {
		return fmt.Errorf("create segment: %w", err)
	}
	header := segmentHeader(w.spool.home.id)
	n, err := file.Write(header)
	if err == nil && n < len(header) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return fmt.Errorf("start segment: %w", errors.Join(err, file.Close(), os.Remove(path)))
	}
	if w.file != nil {
		w.retired = append(w.retired, w.file)
	}
	w.file, w.name, w.key, w.size = file, name, keyOf(name), int64(len(header))
	w.used.Add(w.size)
	w.publish()
	w.named = true
	w.spool.wake(w.spool.dirty)
	return nil
}

// takeRetired returns the files that wait to be closed, the current one, and whether the directory has new names.
func (w *writer) takeRetired() (retired []File, current File, named bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	retired, w.retired = w.retired, nil
	named, w.named = w.named, false
	return retired, w.file, named
}

func (w *writer) close() error {
	retired, current, named := w.takeRetired()
	var errs []error
	for _, f := range append(retired, current) {
		if f != nil {
			errs = append(errs, f.Sync(), f.Close())
		}
	}
	if named {
		syncDir(w.spool.home.dir)
	}
	w.mu.Lock()
	w.file = nil
	w.mu.Unlock()
	return errors.Join(errs...)
}
