package reqlog

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"squirrel/models"
)

func put(t testing.TB, s *Spool, ids ...string) {
	t.Helper()
	for _, id := range ids {
		must(t, s.Begin(begin(id)))
		must(t, s.End(end(id)))
	}
}

func TestH10_PoisonRecordIsBisectedOut(t *testing.T) {
	s, sink := open(t, testConfig(t.TempDir())), newSink()
	sink.fail = func(writes []models.LogWrite) error {
		for _, w := range writes {
			if w.Log.ID == "r0123" || w.Log.ID == "r0300" {
				return errors.New("constraint failed")
			}
		}
		return nil
	}
	all := ids("r", 400)
	put(t, s, all...)
	sh, stop := ship(t, s, sink, quick)
	flush(t, sh)
	if stats := sh.Stats(); sink.count() != 398 || stats.DeadFiles != 2 {
		t.Fatalf("%d rows, %+v", sink.count(), stats)
	}
	stop()
	must(t, s.Close())

	dead, err := filepath.Glob(filepath.Join(s.home.dir, deadDir, "*"))
	must(t, err)
	for _, file := range dead { // moved back, a dead letter is shipped like any other record
		must(t, os.Rename(file, filepath.Join(s.home.dir, filepath.Base(file))))
	}
	sink.setFail(nil)
	must(t, os.Remove(filepath.Join(s.home.dir, checkpointFile)))
	again := open(t, s.cfg)
	sh, _ = ship(t, again, sink, quick)
	flush(t, sh)
	if sink.count() != 400 || sh.Stats().DeadFiles != 0 {
		t.Errorf("%d rows, %+v", sink.count(), sh.Stats())
	}
}

func TestH10_LonePoisonDoesNotBlock(t *testing.T) {
	s, sink := open(t, testConfig(t.TempDir())), newSink()
	sink.fail = func(writes []models.LogWrite) error {
		if writes[0].Log.ID == "bad" {
			return errors.New("constraint failed")
		}
		return nil
	}
	sh, _ := ship(t, s, sink, quick)
	must(t, s.End(end("bad")))
	flush(t, sh)
	put(t, s, "good")
	flush(t, sh)
	if _, there := sink.row("good"); !there || sh.Stats().DeadFiles != 1 {
		t.Errorf("%+v", sh.Stats())
	}
	if n, err := sh.Sweep(time.Now().Add(-time.Hour)); n != 0 || err != nil {
		t.Errorf("%d young dead letters swept, %v", n, err)
	}
	if n, err := sh.Sweep(time.Now().Add(time.Hour)); n != 1 || err != nil || sh.Stats().DeadFiles != 0 {
		t.Errorf("%d old dead letters swept, %v", n, err)
	}
}

func TestOutageDropsNothing(t *testing.T) {
	for name, failure := range map[string]error{
		"unavailable": &models.Error{Code: models.CodeUnavailable, Message: "no database"},
		"busy":        &models.Error{Code: models.CodeBusy, Message: "locked"},
		"deadline":    context.DeadlineExceeded,
		"refuses everything, for an unknown reason": errors.New("disk I/O error"),
	} {
		t.Run(name, func(t *testing.T) {
			s, sink := open(t, testConfig(t.TempDir())), newSink()
			sink.fail = func([]models.LogWrite) error { return failure }
			patient := quick // what is refused too often is buried, and this must end before that on a slow machine, too
			patient.MinBackoff, patient.MaxBackoff = 20*time.Millisecond, 200*time.Millisecond
			sh, _ := ship(t, s, sink, patient)
			put(t, s, ids("a", 30)...)
			eventually(t, "several tries", func() bool { return sh.Stats().Retries >= 3 })
			put(t, s, ids("b", 30)...)
			if stats := sh.Stats(); stats.OutageSince.IsZero() || stats.Lag == 0 {
				t.Errorf("%+v", stats)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			defer cancel()
			if err := sh.Flush(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("flush during the outage: %v", err)
			}
			sink.setFail(nil)
			flush(t, sh)
			if stats := sh.Stats(); sink.count() != 60 || stats.DeadFiles != 0 || !stats.OutageSince.IsZero() {
				t.Errorf("%d rows, %+v", sink.count(), stats)
			}
			eventually(t, "the lag is gone", func() bool { return sh.Lag() == 0 })
		})
	}
}

func TestH11_DiedBeforeTheCheckpoint(t *testing.T) {
	cfg := testConfig(t.TempDir())
	s, sink := open(t, cfg), newSink()
	slow := quick
	slow.CheckpointEvery = time.Hour
	put(t, s, ids("a", 50)...)
	sh := NewShipper(s, sink, slow)
	src, err := newSource(s.home, s, s.dec)
	must(t, err)
	batch, _, err := sh.collect(t.Context(), src)
	must(t, err)
	must(t, sh.deliver(t.Context(), merge(batch))) // committed, and then the process is gone
	src.closeReader()
	must(t, s.Close())

	s = open(t, cfg)
	put(t, s, ids("b", 10)...)
	sh, stop := ship(t, s, sink, quick)
	flush(t, sh)
	stop()
	for id, n := range sink.ended {
		if n != 1 {
			t.Errorf("%s was completed %d times", id, n)
		}
	}
	if len(sink.ended) != 60 {
		t.Errorf("%d rows", len(sink.ended))
	}
}

func TestCheckpointIsUsed(t *testing.T) {
	cfg := testConfig(t.TempDir())
	s, sink := open(t, cfg), newSink()
	put(t, s, ids("a", 10)...)
	sh, stop := ship(t, s, sink, quick)
	flush(t, sh)
	stop()
	must(t, s.Close())
	second := newSink()
	s = open(t, cfg)
	put(t, s, "b")
	sh, stop = ship(t, s, second, quick)
	flush(t, sh)
	stop()
	if second.count() != 1 {
		t.Errorf("%d rows were shipped again", second.count()-1)
	}
	must(t, s.Close())
	must(t, os.WriteFile(filepath.Join(s.home.dir, checkpointFile), []byte("rubbish"), 0o600))
	s = open(t, cfg)
	put(t, s, "c")
	sh, _ = ship(t, s, second, quick)
	flush(t, sh)
	if _, there := second.row("c"); !there {
		t.Error("a damaged checkpoint stops the shipper")
	}
}

func TestH18_PanicOfTheSink(t *testing.T) {
	s, sink := open(t, testConfig(t.TempDir())), newSink()
	panics := 0
	sink.fail = func([]models.LogWrite) error {
		if panics++; panics <= 2 {
			panic("sink")
		}
		return nil
	}
	put(t, s, "a")
	sh, _ := ship(t, s, panicSink{sink}, quick)
	flush(t, sh)
	if stats := sh.Stats(); stats.Panics != 2 || sink.count() != 1 {
		t.Errorf("%+v, %d rows", stats, sink.count())
	}
}

// panicSink only forwards, so that the fake's lock is released by its defer.
type panicSink struct{ *fakeSink }

func TestInterruptedAfterReplay(t *testing.T) {
	cfg := testConfig(t.TempDir())
	s := open(t, cfg)
	put(t, s, "finished")
	must(t, s.Begin(begin("cut")))
	must(t, s.Close())

	s = open(t, cfg)
	running := begin("running")
	running.Log.RequestTime = time.Now().Add(time.Minute)
	must(t, s.Begin(running))
	sink := newSink()
	sh, stop := ship(t, s, sink, quick)
	flush(t, sh)
	eventually(t, "the cut request is closed", func() bool { return sh.Stats().Interrupted == 1 })
	stop()
	if sink.at("cut").Log.ErrorCode != "interrupted" || sink.at("finished").Log.ErrorCode != "" || sink.at("running").Kind != models.WriteBegin {
		t.Errorf("%+v", sink.rows)
	}
}

func TestAbandonedInstances(t *testing.T) {
	dir := t.TempDir()
	gone := testConfig(dir)
	gone.Instance = "gone"
	s := open(t, gone)
	put(t, s, ids("g", 5)...)
	must(t, s.Begin(begin("cut")))
	must(t, s.Close())
	must(t, os.MkdirAll(filepath.Join(s.home.dir, deadDir), 0o700))
	must(t, os.WriteFile(filepath.Join(s.home.dir, deadDir, "letter"), nil, 0o600))
	alive := testConfig(dir)
	alive.Instance = "alive"
	put(t, open(t, alive), "alive")
	must(t, os.Chtimes(filepath.Join(dir, "alive", lockFile), testTime, testTime))
	recent := testConfig(dir)
	recent.Instance = "recent"
	s = open(t, recent)
	put(t, s, "recent")
	must(t, s.Close())
	newer := filepath.Join(dir, "newer")
	path, _ := segmentOf(t, newer, oldSegment, "n")
	edit(t, path, func(b []byte) []byte { b[8]++; return b })
	for _, name := range []string{"gone", "newer"} {
		lock := filepath.Join(dir, name, lockFile)
		must(t, os.WriteFile(lock, nil, 0o600))
		must(t, os.Chtimes(lock, testTime, testTime))
	}

	opt := quick
	opt.ClaimEvery = time.Millisecond
	sink := newSink()
	own := open(t, testConfig(dir))
	sh, _ := ship(t, own, sink, opt)
	eventually(t, "the directory of the dead instance is gone", func() bool {
		_, err := os.Stat(filepath.Join(dir, "gone"))
		return errors.Is(err, os.ErrNotExist)
	})
	eventually(t, "the segment of a newer version is noticed", func() bool { return sh.Stats().RefusedSegments == 1 })
	for _, id := range []string{"g0000", "g0004", "cut"} {
		if w, there := sink.row(id); !there || w.Log.Instance != "gone" {
			t.Errorf("%s: %+v", id, w)
		}
	}
	if w, _ := sink.row("cut"); w.Log.ErrorCode != "interrupted" {
		t.Errorf("cut: %+v", w)
	}
	for _, id := range []string{"alive", "recent", "n"} {
		if _, there := sink.row(id); there {
			t.Errorf("%s was taken from an instance that is not to be touched", id)
		}
	}
	if _, err := os.Stat(path); err != nil || sh.Stats().DeadFiles != 1 {
		t.Errorf("%v, %+v", err, sh.Stats())
	}
	sink.mu.Lock()
	defer sink.mu.Unlock()
	if slices.Contains(sink.closed, "alive") || slices.Contains(sink.closed, "recent") {
		t.Errorf("closed %v", sink.closed)
	}
}

func TestSyncBeforeAcknowledgement(t *testing.T) {
	cfg := testConfig(t.TempDir())
	cfg.FsyncInterval = -1
	s, sink := open(t, cfg), newSink()
	put(t, s, ids("a", 5)...)
	sh, _ := ship(t, s, sink, quick)
	flush(t, sh)
	if sink.count() != 5 {
		t.Errorf("%d rows", sink.count())
	}
}

// TestPending: what waits for the database is told to the byte, over several segments, and is nothing once all is there, although
// the newest segment stays on the disk.
func TestPending(t *testing.T) {
	cfg := testConfig(t.TempDir())
	cfg.SegmentBytes = 8 << 10
	s, sink := open(t, cfg), newSink()
	sink.fail = func([]models.LogWrite) error { return models.Errorf(models.CodeUnavailable, "away") }
	sh, _ := ship(t, s, sink, quick)
	put(t, s, ids("a", 200)...)
	names, size, err := listSegments(s.home.dir)
	must(t, err)
	if n := sh.Pending(); len(names) < 3 || n > size || n < size-int64(len(names)*segmentHeaderSize) {
		t.Errorf("%d bytes wait of %d in %d segments", n, size, len(names))
	}
	sink.setFail(nil)
	flush(t, sh)
	eventually(t, "nothing waits", func() bool { return sh.Pending() == 0 && s.Stats().Bytes <= cfg.SegmentBytes })
	if s.Stats().Bytes == 0 {
		t.Error("the newest segment is not on the disk")
	}
	put(t, s, "b0001")
	flush(t, sh)
	eventually(t, "nothing waits again", func() bool { return sh.Pending() == 0 })
}
