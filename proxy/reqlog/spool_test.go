package reqlog

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"squirrel/models"
)

func TestEveryKindArrivesInOrder(t *testing.T) {
	s := open(t, testConfig(t.TempDir()))
	must(t, s.Begin(begin("a")))
	must(t, s.Attempt(models.LogWrite{Log: models.RequestLog{ID: "a"}, Attempts: []models.Attempt{{N: 1, Error: "x"}}}))
	must(t, s.Chunk(models.LogWrite{Log: models.RequestLog{ID: "a"}, Detail: &models.LogDetail{ResponseBody: []byte("par")}}))
	running := models.RequestLog{ID: "b", RequestTime: time.Now().Add(time.Hour)}
	must(t, s.Begin(models.LogWrite{Log: running}))
	must(t, s.Chunk(models.LogWrite{Log: running, Detail: &models.LogDetail{ResponseBody: []byte("p")}}))
	must(t, s.Chunk(models.LogWrite{Log: running, Detail: &models.LogDetail{ResponseBody: []byte("partial")}}))
	last := end("a")
	last.Attempts = []models.Attempt{{N: 2}}
	must(t, s.End(last))

	sink := newSink()
	sh, stop := ship(t, s, sink, quick)
	flush(t, sh)
	eventually(t, "nothing waits", func() bool { return sh.Lag() == 0 })
	stop()
	a, _ := sink.row("a")
	if a.Kind != models.WriteEnd || a.Log.Instance != "one" || string(a.Detail.RequestBody) != `{"model":"gpt"}` || len(a.Attempts) != 2 || a.Attempts[0].Error != "x" {
		t.Errorf("the end was not folded with what came before: %+v, %+v", a, a.Detail)
	}
	if b, _ := sink.row("b"); b.Kind != models.WriteChunk || string(b.Detail.ResponseBody) != "partial" {
		t.Errorf("the last checkpoint counts: %+v", b)
	}
	if len(sink.batches) != 1 || len(sink.batches[0]) != 3 {
		t.Errorf("batches %v", sink.batches)
	}
	if stats := s.Stats(); stats.Records != 7 || stats.State != StateOK || sh.Lag() != 0 {
		t.Errorf("%+v, lag %v", stats, sh.Lag())
	}
}

func TestManyWritersManySegments(t *testing.T) {
	cfg := testConfig(t.TempDir())
	cfg.SegmentBytes = minSegmentBytes
	s := open(t, cfg)
	sink := newSink()
	sh, stop := ship(t, s, sink, quick)
	body := imageBody(40 << 10)
	var writers sync.WaitGroup
	for _, prefix := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		writers.Go(func() {
			for _, id := range ids(prefix, 50) {
				e := end(id)
				e.Detail.ResponseBody = body
				if err := errors.Join(s.Begin(begin(id)), s.End(e)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	flush(t, sh)
	eventually(t, "shipped segments are deleted", func() bool {
		names, size, err := listSegments(s.home.dir)
		return err == nil && len(names) == 1 && size == s.Stats().Bytes
	})
	stop()
	for id, n := range sink.ended {
		if n != 1 || len(sink.rows[id].Detail.ResponseBody) != len(body) {
			t.Errorf("%s ended %d times", id, n)
		}
	}
	if len(sink.ended) != 400 {
		t.Errorf("%d of 400 rows", len(sink.ended))
	}
}

func TestClosedSpoolRefuses(t *testing.T) {
	s := open(t, testConfig(t.TempDir()))
	must(t, s.Begin(begin("a")))
	must(t, s.Seal())
	if err := s.Begin(begin("b")); !errors.Is(err, ErrClosed) || errors.Is(err, ErrRejected) {
		t.Errorf("begin: %v", err)
	}
	if err := s.End(end("a")); !errors.Is(err, ErrClosed) {
		t.Errorf("end: %v", err)
	}
	sink := newSink()
	sh, _ := ship(t, s, sink, quick)
	flush(t, sh)
	if sink.count() != 1 {
		t.Error("a sealed spool is still shipped")
	}
}

func TestLargeBodies(t *testing.T) {
	s := open(t, testConfig(t.TempDir()))
	w := end("a")
	w.Detail.RequestBody, w.Detail.ResponseBody = imageBody(30<<20), imageBody(11<<20)
	CapBodies(w.Detail, 10<<20)
	must(t, s.End(w))
	sink := newSink()
	sh, _ := ship(t, s, sink, quick)
	flush(t, sh)
	got := sink.at("a").Detail
	if string(got.RequestBody) != string(w.Detail.RequestBody) || len(got.ResponseBody) != len(w.Detail.ResponseBody) || len(got.Truncated) != 2 {
		t.Errorf("%d and %d bytes, %v", len(got.RequestBody), len(got.ResponseBody), got.Truncated)
	}
}

func TestCutMiddle(t *testing.T) {
	for _, tt := range []struct {
		in    string
		limit int64
		want  string
	}{
		{"short", 10, "short"},
		{"no limit", 0, "no limit"},
		{strings.Repeat("a", 100) + strings.Repeat("b", 100), 60, strings.Repeat("a", 20) + "…[161 bytes cut]…" + strings.Repeat("b", 19)},
		{strings.Repeat("é", 100), 61, strings.Repeat("é", 10) + "…[160 bytes cut]…" + strings.Repeat("é", 10)},
		{strings.Repeat("x", 100), 5, ""},
	} {
		got, cut := CutMiddle([]byte(tt.in), tt.limit)
		if string(got) != tt.want || cut != (tt.want != tt.in) || cut && int64(len(got)) > tt.limit {
			t.Errorf("CutMiddle(%.20q…, %d) = %q, %v", tt.in, tt.limit, got, cut)
		}
	}
	d := &models.LogDetail{ResponseBody: make([]byte, 5000)}
	CapBodies(d, 1000)
	CapBodies(d, 100)
	if len(d.Truncated) != 1 || d.Truncated[0] != "response_body:5000" || len(d.ResponseBody) > 100 {
		t.Errorf("%v, %d", d.Truncated, len(d.ResponseBody))
	}
}

func TestInstances(t *testing.T) {
	dir := t.TempDir()
	cfg := testConfig(dir)
	cfg.Instance = ""
	first := open(t, cfg)
	second := open(t, cfg)
	if first.Instance() == second.Instance() {
		t.Fatal("two processes on one data directory have the same id")
	}
	id := first.Instance()
	must(t, first.Close())
	must(t, os.Chtimes(filepath.Join(dir, id, lockFile), testTime, testTime))
	if again := open(t, cfg); again.Instance() != id {
		t.Errorf("the id changed from %s to %s over a restart", id, again.Instance())
	}
	cfg.Instance = second.Instance()
	if _, err := OpenSpool(cfg); !errors.Is(err, errTaken) {
		t.Errorf("a taken instance was opened: %v", err)
	}
	for _, bad := range []string{"a/b", "..", ".", "a b", strings.Repeat("x", 50)} {
		cfg.Instance = bad
		if _, err := OpenSpool(cfg); err == nil {
			t.Errorf("instance %q was accepted", bad)
		}
	}
}

func TestClockSetBack(t *testing.T) {
	s := open(t, testConfig(t.TempDir()))
	future := "seg-7ZZZZZZZZZ0000000000000000.wal"
	for range 3 {
		next, err := nextSegmentName(future)
		if err == nil && next <= future {
			t.Errorf("%s follows %s", next, future)
		}
		future = strings.Replace(future, "Z", "0", 4)
	}
	s.writer.mu.Lock()
	s.writer.name = future
	err := s.writer.roll()
	name := s.writer.name
	s.writer.mu.Unlock()
	if err != nil || name <= future {
		t.Errorf("after %s comes %s, %v", future, name, err)
	}
}

func TestThrottledLog(t *testing.T) {
	now := testTime
	var lines strings.Builder
	l := newThrottledLog(testLogger(&lines), func() time.Time { return now })
	for range 5 {
		l.warn("a", "full")
	}
	l.error("b", "other")
	now = now.Add(logEvery)
	l.warn("a", "full")
	if got := lines.String(); strings.Count(got, "full") != 2 || !strings.Contains(got, "not_logged=4") || !strings.Contains(got, "level=ERROR msg=other") {
		t.Error(got)
	}
}
