package reqlog

import (
	"errors"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"squirrel/models"
)

func TestStates(t *testing.T) {
	const max, minFree = 1000, 100
	type step struct {
		used, free int64
		lag        time.Duration
		stuck      bool
		want       State
	}
	tests := map[string][]step{
		"fills and empties with hysteresis": {
			{used: 599, free: 500, want: StateOK}, {used: 600, free: 500, want: StateLean}, {used: 510, free: 500, want: StateLean},
			{used: 850, free: 500, want: StateMeta}, {used: 760, free: 500, want: StateMeta}, {used: 970, free: 500, want: StateReject},
			{used: 880, free: 500, want: StateReject}, {used: 869, free: 500, want: StateMeta}, {used: 740, free: 500, want: StateLean},
			{used: 499, free: 500, want: StateOK},
		},
		"free disk":      {{free: 99, want: StateMeta}, {free: 110, want: StateMeta}, {free: 125, want: StateOK}},
		"stuck":          {{free: 500, stuck: true, want: StateReject}, {free: 500, want: StateOK}},
		"stuck and full": {{used: 900, free: 50, stuck: true, want: StateReject}, {used: 900, free: 50, want: StateReject}, {used: 700, free: 50, want: StateMeta}},
		"database behind": {
			{free: 500, lag: 9 * time.Minute, want: StateOK}, {free: 500, lag: 11 * time.Minute, want: StateLean},
			{free: 500, lag: 6 * time.Minute, want: StateLean}, {free: 500, lag: time.Minute, want: StateOK},
		},
	}
	for name, steps := range tests {
		t.Run(name, func(t *testing.T) {
			state := StateOK
			for i, s := range steps {
				var reason string
				state, reason = load{s.used, max, s.free, minFree, s.lag, s.stuck}.next(state)
				if state != s.want || (reason == "") != (state == StateOK) {
					t.Fatalf("step %d: %v (%s), want %v", i, state, reason, s.want)
				}
			}
		})
	}
}

// fullDisk is a file system with room bytes left. Files that are removed don't give room back by themselves.
type fullDisk struct {
	osFileSystem
	mu       sync.Mutex
	room     int64
	ballast  string
	size     int64
	refuse   error // of the next write, once
	noSpace  atomic.Int64
	truncate error
}

func (d *fullDisk) Create(path string) (File, error) {
	f, err := d.osFileSystem.Create(path)
	if err != nil {
		return nil, err
	}
	return &fullFile{f, d}, nil
}

func (d *fullDisk) Allocate(path string, size int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if size > d.room {
		return syscall.ENOSPC
	}
	d.room -= size
	d.ballast, d.size = path, size
	return os.WriteFile(path, nil, 0o600)
}

// settle gives back what a removed ballast took.
func (d *fullDisk) settle() {
	if d.ballast == "" {
		return
	}
	if _, err := os.Stat(d.ballast); err != nil {
		d.room, d.ballast = d.room+d.size, ""
	}
}

func (d *fullDisk) Free(string) (free, total int64, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.settle()
	return d.room, 1 << 40, nil
}

func (d *fullDisk) set(room int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.settle()
	d.room = room
}

type fullFile struct {
	File
	disk *fullDisk
}

func (f *fullFile) Write(b []byte) (int, error) {
	d := f.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.refuse; err != nil {
		d.refuse = nil
		return 0, err
	}
	d.settle()
	if int64(len(b)) <= d.room {
		d.room -= int64(len(b))
		return f.File.Write(b)
	}
	d.noSpace.Add(1)
	n, err := f.File.Write(b[:d.room])
	d.room = 0
	return n, errors.Join(err, syscall.ENOSPC)
}

func (f *fullFile) Truncate(size int64) error {
	if f.disk.truncate != nil {
		return f.disk.truncate
	}
	return f.File.Truncate(size)
}

// TestH08_DiskFull fills the disk in the middle of a record, goes through ballast and reserve, and recovers alone.
func TestH08_DiskFull(t *testing.T) {
	disk := &fullDisk{room: 1 << 30}
	cfg := testConfig(t.TempDir())
	cfg.FileSystem, cfg.BallastBytes = disk, 256<<10
	s := open(t, cfg)
	eventually(t, "there is a ballast", func() bool { return s.Stats().BallastPresent })

	must(t, s.Begin(begin("before")))
	disk.set(5 << 10)
	w := end("before")
	w.Detail.ResponseBody = imageBody(40 << 10)
	must(t, s.End(w)) // a short write, cut back, then written into the room of the ballast
	stats := s.Stats()
	if stats.BallastFreed != 1 || stats.ShortWrites == 0 || stats.LostRecords != 0 || stats.BallastPresent {
		t.Errorf("after the ballast: %+v", stats)
	}

	must(t, s.Begin(begin("running")))
	disk.set(2 << 10)
	large := begin("refused")
	large.Detail.RequestBody = imageBody(40 << 10)
	if err := s.Begin(large); !errors.Is(err, ErrRejected) {
		t.Errorf("begin on a full disk: %v", err)
	}
	if err := s.Begin(begin("refused")); !errors.Is(err, ErrRejected) || s.State() != StateReject {
		t.Errorf("begin in state %v: %v", s.State(), err)
	}
	w = end("running")
	w.Detail.ResponseBody = imageBody(40 << 10)
	disk.set(4 << 10)
	must(t, s.End(w)) // without its body
	if stats := s.Stats(); stats.Rejected != 2 || stats.State != StateReject || stats.Reason == "" {
		t.Errorf("%+v", stats)
	}

	disk.set(1 << 30)
	eventually(t, "the spool recovers", func() bool { return s.State() == StateOK })
	must(t, s.Begin(begin("after")))
	sink := newSink()
	sh, _ := ship(t, s, sink, quick)
	flush(t, sh)
	if b := sink.at("before"); b.Kind != models.WriteEnd || len(b.Detail.ResponseBody) < 40<<10 {
		t.Errorf("before: %v", b.Kind)
	}
	if r := sink.at("running"); r.Kind != models.WriteEnd || r.Detail.ResponseBody != nil || r.Detail.Reason != "spool_meta" ||
		len(r.Detail.Truncated) != 1 || !strings.HasPrefix(r.Detail.Truncated[0], "response_body:41") {
		t.Errorf("running: %+v %+v", r, r.Detail)
	}
	if _, there := sink.row("refused"); there || sink.count() != 3 || sh.Stats().Damaged+sh.Stats().TornTails != 0 {
		t.Errorf("%d rows, %+v", sink.count(), sh.Stats())
	}
	eventually(t, "the ballast is back", func() bool { return s.Stats().BallastPresent })
}

func TestH08_ReserveForRunningRequests(t *testing.T) {
	disk := &fullDisk{room: 1 << 30}
	cfg := testConfig(t.TempDir())
	cfg.FileSystem, cfg.ReserveBytes = disk, 64<<10
	s := open(t, cfg)
	eventually(t, "there is a reserve", s.writer.reserve.present.Load)
	for _, id := range ids("r", 20) {
		must(t, s.Begin(begin(id)))
	}
	disk.set(100)
	if err := s.Begin(begin("no")); !errors.Is(err, ErrRejected) {
		t.Errorf("begin: %v", err)
	}
	for _, id := range ids("r", 20) {
		must(t, s.End(end(id)))
	}
	disk.set(0)
	if err := s.End(end("lost")); err == nil || s.Stats().LostRecords != 1 {
		t.Errorf("an end that nothing could be done for: %v, %+v", err, s.Stats())
	}
}

func TestOtherWriteErrors(t *testing.T) {
	disk := &fullDisk{room: 1 << 30}
	cfg := testConfig(t.TempDir())
	cfg.FileSystem = disk
	s := open(t, cfg)
	must(t, s.Begin(begin("a")))
	first := s.writer.committed().segment
	disk.mu.Lock()
	disk.refuse = syscall.EIO
	disk.mu.Unlock()
	must(t, s.End(end("a")))
	if s.writer.committed().segment == first || s.Stats().WriteErrors != 1 || s.State() != StateOK {
		t.Errorf("no new segment after an error: %+v", s.Stats())
	}

	disk.truncate = syscall.EIO // and the torn record must stay where it is
	disk.set(60)
	if err := s.Begin(begin("b")); !errors.Is(err, ErrRejected) {
		t.Errorf("begin: %v", err)
	}
	disk.set(1 << 30)
	eventually(t, "the spool recovers", func() bool { return s.State() == StateOK })
	must(t, s.End(end("c")))
	sink := newSink()
	sh, _ := ship(t, s, sink, quick)
	flush(t, sh)
	if sink.count() != 2 || sh.Stats().TornTails != 1 {
		t.Errorf("%d rows, %+v", sink.count(), sh.Stats())
	}
}

func TestLeanAndMeta(t *testing.T) {
	cfg := testConfig(t.TempDir())
	cfg.MaxBytes = 1 << 20
	s := open(t, cfg)
	sink := newSink()
	body := imageBody(20 << 10)
	put := func(id string, percent int64) {
		t.Helper()
		s.writer.used.Store(percent * cfg.MaxBytes / 100)
		s.look()
		w := end(id)
		w.Detail.ResponseBody, w.Detail.RequestHeaders, w.Detail.StreamPacing = body, []byte(`{}`), models.Pacing{4, 9, 1}
		w.Attempts = []models.Attempt{{N: 1, ResponseBody: body}}
		must(t, s.End(w))
		if len(w.Detail.ResponseBody) != len(body) || w.Detail.StreamPacing == nil || len(w.Detail.Truncated) > 0 {
			t.Error("the caller's detail was changed")
		}
	}
	put("ok", 10)
	put("lean", 70)
	put("meta", 90)
	if err := s.Chunk(models.LogWrite{Log: models.RequestLog{ID: "meta"}}); err != nil || s.Stats().ChunksDropped != 1 {
		t.Errorf("chunk: %v", err)
	}
	put("reject", 99)
	if err := s.Begin(begin("x")); !errors.Is(err, ErrRejected) {
		t.Errorf("begin: %v", err)
	}
	s.writer.used.Store(0)
	s.look()
	sh, _ := ship(t, s, sink, quick)
	flush(t, sh)
	for id, want := range map[string]struct {
		body, headers int
		reason        string
	}{"ok": {len(body), 2, ""}, "lean": {leanBody, 2, "spool_lean"}, "meta": {0, 2, "spool_meta"}, "reject": {0, 0, "spool_meta"}} {
		w := sink.at(id)
		if n := len(w.Detail.ResponseBody); n > want.body || n < want.body-64 || len(w.Detail.RequestHeaders) != want.headers ||
			w.Detail.Reason != want.reason || (len(w.Detail.StreamPacing) > 0) != (want.body > 0) || len(w.Attempts[0].ResponseBody) > want.body {
			t.Errorf("%s: %d bytes of body, %q", id, n, w.Detail.Reason)
		}
	}
	if stats := s.Stats(); stats.LeanRecords != 1 || stats.MetaRecords != 2 || s.State() != StateOK {
		t.Errorf("%+v", stats)
	}
}
