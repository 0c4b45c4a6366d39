package reqlog

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"squirrel/models"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDirVariable); dir != "" {
		writeUntilKilled(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

var silent = slog.New(slog.DiscardHandler)

// testConfig is a spool with room enough and without the files that only occupy space.
func testConfig(dir string) SpoolConfig {
	return SpoolConfig{Dir: dir, Instance: "one", MaxBytes: 64 << 20, MinFreeBytes: -1, BallastBytes: -1, ReserveBytes: -1, Logger: silent}
}

func open(t testing.TB, cfg SpoolConfig) *Spool {
	t.Helper()
	s, err := OpenSpool(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var testTime = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func begin(id string) models.LogWrite {
	return models.LogWrite{
		Kind:   models.WriteBegin,
		Log:    models.RequestLog{ID: id, RequestTime: time.Now(), RequestedModel: "gpt", State: models.LogRunning},
		Detail: &models.LogDetail{RequestBody: []byte(`{"model":"gpt"}`)},
	}
}

func end(id string) models.LogWrite {
	status := 200
	return models.LogWrite{
		Kind:   models.WriteEnd,
		Log:    models.RequestLog{ID: id, RequestTime: time.Now(), ResponseStatus: &status, State: models.LogDone},
		Detail: &models.LogDetail{ResponseBody: []byte(`{"id":"` + id + `"}`)},
	}
}

// fakeSink keeps rows the way the database does: a write that comes twice changes nothing.
type fakeSink struct {
	mu      sync.Mutex
	fail    func(writes []models.LogWrite) error
	rows    map[string]models.LogWrite // by id, the latest state
	ended   map[string]int             // how often a row was completed
	calls   int
	batches [][]models.LogWrite
	closed  []string // instances whose open rows were closed
}

func newSink() *fakeSink {
	return &fakeSink{rows: make(map[string]models.LogWrite), ended: make(map[string]int)}
}

func (f *fakeSink) WriteLogs(_ context.Context, writes []models.LogWrite) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	if f.fail != nil {
		if err := f.fail(writes); err != nil {
			return err
		}
	}
	f.batches = append(f.batches, slices.Clone(writes))
	for _, w := range writes {
		if old, there := f.rows[w.Log.ID]; there && old.Kind == models.WriteEnd {
			continue
		}
		f.rows[w.Log.ID] = w
		if w.Kind == models.WriteEnd {
			f.ended[w.Log.ID]++
		}
	}
	return nil
}

func (f *fakeSink) CloseInterrupted(_ context.Context, instance string, before time.Time) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = append(f.closed, instance)
	n := 0
	for id, w := range f.rows {
		if w.Log.Instance == instance && w.Kind != models.WriteEnd && w.Log.RequestTime.Before(before) {
			w.Kind, w.Log.ErrorCode = models.WriteEnd, "interrupted"
			f.rows[id] = w
			n++
		}
	}
	return n, nil
}

func (f *fakeSink) setFail(fail func([]models.LogWrite) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = fail
}

func (f *fakeSink) row(id string) (models.LogWrite, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w, ok := f.rows[id]
	return w, ok
}

// at is row for a row that must be there.
func (f *fakeSink) at(id string) models.LogWrite {
	w, _ := f.row(id)
	if w.Detail == nil {
		w.Detail = &models.LogDetail{}
	}
	return w
}

func (f *fakeSink) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.rows)
}

var quick = ShipperOptions{
	MaxDelay: 5 * time.Millisecond, CheckpointEvery: time.Millisecond,
	MinBackoff: time.Millisecond, MaxBackoff: 5 * time.Millisecond, ClaimEvery: -1, Logger: silent,
}

// ship runs a shipper until the test ends or stop is called.
func ship(t testing.TB, s *Spool, sink Sink, opt ShipperOptions) (sh *Shipper, stop func()) {
	t.Helper()
	sh = NewShipper(s, sink, opt)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); sh.Run(ctx) }()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return sh, stop
}

func flush(t testing.TB, sh *Shipper) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	must(t, sh.Flush(ctx))
}

// eventually waits for something that another goroutine does.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("never happened: " + what)
		}
	}
}

func ids(prefix string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("%s%04d", prefix, i)
	}
	return out
}

func testLogger(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }
