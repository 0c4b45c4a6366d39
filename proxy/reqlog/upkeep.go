package reqlog

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
)

const (
	watchInterval = 500 * time.Millisecond
	beatInterval  = 10 * time.Second

	ballastFile = "ballast"
	reserveFile = "reserve"

	stuckRoom = 1 << 20 // free disk at which a full spool tries again, if no other limit is set
)

// ballast is a file that only occupies space, so that there is some to give up.
type ballast struct {
	fs      FileSystem
	path    string
	size    int64
	present atomic.Bool
}

// init says where the file is. One that an earlier life left is kept when its size is right.
func (b *ballast) init(fs FileSystem, dir, name string, size int64) {
	b.fs, b.path, b.size = fs, filepath.Join(dir, name), size
	if info, err := os.Stat(b.path); err == nil {
		b.present.Store(size > 0 && info.Size() == size)
	}
}

// take occupies the space. It is called by one goroutine only.
func (b *ballast) take() error {
	if b.size <= 0 || b.present.Load() {
		return nil
	}
	if err := b.fs.Allocate(b.path, b.size); err != nil {
		return err
	}
	b.present.Store(true)
	return nil
}

// give frees the space and reports whether there was any.
func (b *ballast) give() bool {
	if !b.present.Swap(false) {
		return false
	}
	return os.Remove(b.path) == nil
}

// accepted counts a group that was written.
func (s *Spool) accepted(records int, bytes int64) {
	used := s.writer.used.Add(bytes)
	s.counters.records.Add(uint64(records))
	s.counters.bytes.Add(uint64(bytes))
	s.pressure.update(s.cfg.Now(), func(l *load) { l.used = used })
	s.wake(s.dirty)
	s.wake(s.fresh)
}

// freed counts segments that were shipped and deleted.
func (s *Spool) freed(bytes int64) {
	used := s.writer.used.Add(-bytes)
	s.pressure.update(s.cfg.Now(), func(l *load) { l.used = used })
}

// behind notes how far the database lags.
func (s *Spool) behind(lag time.Duration) {
	s.pressure.update(s.cfg.Now(), func(l *load) { l.lag = lag })
}

func (s *Spool) wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// syncLoop brings accepted records to the disk a little after they were written.
func (s *Spool) syncLoop() {
	defer s.done.Done()
	interval := max(s.cfg.FsyncInterval, time.Millisecond)
	for {
		select {
		case <-s.stop:
			return
		case <-s.dirty:
		}
		select {
		case <-s.stop:
			return
		case <-time.After(interval):
		}
		s.sync()
	}
}

func (s *Spool) sync() {
	retired, current, named := s.writer.takeRetired()
	for _, f := range retired {
		s.checkSync(f.Sync())
		s.checkSync(f.Close())
	}
	if current != nil {
		s.checkSync(current.Sync())
	}
	if named {
		syncDir(s.home.dir)
	}
}

func (s *Spool) checkSync(err error) {
	if err != nil {
		s.counters.syncErrors.Add(1)
		s.log.error("spool_sync", "accepted log records could not be synced to the disk", "error", err)
	}
}

// watchLoop looks at the disk and gives the sign of life.
func (s *Spool) watchLoop() {
	defer s.done.Done()
	s.fillUp()
	tick := time.NewTicker(watchInterval)
	defer tick.Stop()
	beaten := time.Now()
	for {
		select {
		case <-s.stop:
			return
		case now := <-tick.C:
			s.look()
			s.fillUp()
			if now.Sub(beaten) >= beatInterval {
				s.home.beat(now)
				beaten = now
			}
		}
	}
}

// look measures the free disk. A spool that was stuck tries again when there is room.
func (s *Spool) look() {
	free, _, err := s.cfg.FileSystem.Free(s.home.dir)
	s.pressure.update(s.cfg.Now(), func(l *load) {
		l.used = s.writer.used.Load()
		if err != nil {
			l.free, l.stuck = l.minFree*2, false
			return
		}
		l.free = free
		if free >= max(l.minFree/4, s.cfg.BallastBytes, stuckRoom) {
			l.stuck = false
		}
	})
}

// fillUp takes ballast and reserve (again) while there is plenty of disk.
func (s *Spool) fillUp() {
	needed := s.cfg.BallastBytes + s.cfg.ReserveBytes + s.cfg.MinFreeBytes*5/4
	if s.State() != StateOK || s.freeBytes() < needed {
		return
	}
	for _, b := range []*ballast{&s.writer.reserve, &s.writer.ballast} {
		if err := b.take(); err != nil {
			s.log.warn("spool_ballast", "no disk could be set aside for a full disk", "error", err)
		}
	}
}

func (s *Spool) stateChanged(from, to State, reason string) {
	level := s.log.warn
	if to == StateReject {
		level = s.log.error
	}
	if to == StateOK {
		reason = "there is room again"
	}
	level("spool_state_"+to.String(), "the log spool changed its state", "from", from.String(), "to", to.String(), "reason", reason)
}
