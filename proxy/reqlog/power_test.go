package reqlog

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"squirrel/models"
)

// powerDisk is a disk that knows what of each file would survive a power failure: what was there when it was synced last.
type powerDisk struct {
	osFileSystem
	mu      sync.Mutex
	written map[string]int64
	synced  map[string]int64
}

// powerFile is a file on it.
type powerFile struct {
	File
	disk *powerDisk
	path string
}

func newPowerDisk() *powerDisk {
	return &powerDisk{written: map[string]int64{}, synced: map[string]int64{}}
}

// Create implements FileSystem.
func (d *powerDisk) Create(path string) (File, error) {
	f, err := d.osFileSystem.Create(path)
	return &powerFile{File: f, disk: d, path: path}, err
}

// Write implements File.
func (f *powerFile) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	f.disk.written[f.path] += int64(n)
	return n, err
}

// Sync implements File. What is written while it works may be on the disk afterwards, or not.
func (f *powerFile) Sync() error {
	f.disk.mu.Lock()
	size := f.disk.written[f.path]
	f.disk.mu.Unlock()
	err := f.File.Sync()
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if err == nil {
		f.disk.synced[f.path] = max(f.disk.synced[f.path], size)
	}
	return err
}

// lost are the ways in which a file system brings a file back whose end was not synced.
var lost = map[string]func(all []byte, synced int64) []byte{
	"cut": func(all []byte, synced int64) []byte { return all[:synced] },
	"zeros": func(all []byte, synced int64) []byte {
		return append(all[:synced:synced], make([]byte, int64(len(all))-synced)...)
	},
	"torn":    func(all []byte, synced int64) []byte { return all[:synced+(int64(len(all))-synced)/2] },
	"garbage": garbled,
}

func garbled(all []byte, synced int64) []byte {
	end := make([]byte, int64(len(all))-synced)
	for i := range end {
		end[i] = byte(rand.Int())
	}
	return append(all[:synced:synced], end...)
}

// fail writes to another directory what is found after a power failure at this moment. A file that was never synced is not found.
func (d *powerDisk) fail(t *testing.T, from, to string, lose func([]byte, int64) []byte) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	must(t, filepath.WalkDir(from, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil || entry.IsDir() {
			return os.MkdirAll(filepath.Join(to, name), 0o700)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if _, segment := d.written[path]; segment {
			synced, there := d.synced[path]
			if !there {
				return nil
			}
			data = lose(data, synced)
		}
		return os.WriteFile(filepath.Join(to, name), data, 0o600)
	}))
}

// TestH12_PowerFailure cuts the power at random moments while many write. At most what was acknowledged in the last interval of syncing
// is gone, to the nanosecond: the clock is the test's. Everything else is found whole and once, and the spool goes on.
func TestH12_PowerFailure(t *testing.T) {
	for way, lose := range lost {
		t.Run(way, func(t *testing.T) {
			for round := range 6 {
				powerFailure(t, fmt.Sprintf("%d", round), lose)
			}
		})
	}
}

func powerFailure(t *testing.T, round string, lose func([]byte, int64) []byte) {
	t.Helper()
	dir, after := filepath.Join(t.TempDir(), "before"+round), filepath.Join(t.TempDir(), "after"+round)
	ended := map[string]time.Time{} // when each end was acknowledged
	var known map[string]time.Time  // those until the power failed
	var failed time.Time
	interval := defaultFsync
	synctest.Test(t, func(t *testing.T) {
		disk, cfg := newPowerDisk(), testConfig(dir)
		cfg.FileSystem, cfg.SegmentBytes = disk, minSegmentBytes // many segments
		s, err := OpenSpool(cfg)
		must(t, err)
		var mu sync.Mutex
		var writers sync.WaitGroup
		for n := range 8 {
			writers.Go(func() {
				for i := range 60 {
					id := fmt.Sprintf("%s-%d-%d", round, n, i)
					must(t, s.Begin(begin(id)))
					time.Sleep(rand.N(4 * time.Millisecond))
					must(t, s.End(end(id)))
					mu.Lock()
					ended[id] = time.Now()
					mu.Unlock()
					time.Sleep(rand.N(20 * time.Millisecond))
				}
			})
		}
		time.Sleep(100*time.Millisecond + rand.N(500*time.Millisecond))
		synctest.Wait() // everybody sleeps: nothing is half written down
		mu.Lock()
		failed = time.Now()
		disk.fail(t, dir, after, lose)
		known = maps.Clone(ended)
		mu.Unlock()
		writers.Wait()
		must(t, s.Close())
	})
	if len(known) < 20 {
		t.Fatalf("only %d requests had ended", len(known))
	}

	sink := newSink()
	s := open(t, testConfig(after))
	must(t, s.Begin(begin("next")))
	must(t, s.End(end("next")))
	sh, stop := ship(t, s, sink, quick)
	flush(t, sh)
	stop()
	if row, there := sink.row("next"); !there || row.Kind != models.WriteEnd {
		t.Error("what comes after the failure is not recorded")
	}
	gone := 0
	for id, at := range known {
		row, there := sink.row(id)
		whole := there && row.Kind == models.WriteEnd && row.Log.ErrorCode == "" && string(row.Detail.ResponseBody) == `{"id":"`+id+`"}` && sink.ended[id] == 1
		if whole {
			continue
		}
		gone++
		if age := failed.Sub(at); age > interval {
			t.Errorf("%s was acknowledged %v before the power failed, and is gone; the interval is %v", id, age, interval)
		}
	}
	t.Logf("%d of %d ends were lost, all of the last %v", gone, len(known), interval)
}
