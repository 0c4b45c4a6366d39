package reqlog

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"squirrel/models"
)

// segmentOf writes a segment with one record per id and returns its path and where each record starts, and its end.
func segmentOf(t testing.TB, dir, name string, ids ...string) (path string, offsets []int64) {
	t.Helper()
	data := segmentHeader("one")
	for _, id := range ids {
		offsets = append(offsets, int64(len(data)))
		rec := encodeOne(t, end(id))
		rec.seal(keyOf(name))
		data = append(append(data, rec.buf...), bytes.Join(rec.ext, nil)...)
	}
	must(t, os.MkdirAll(dir, 0o700))
	path = filepath.Join(dir, name)
	must(t, os.WriteFile(path, data, 0o600))
	return path, append(offsets, int64(len(data)))
}

const oldSegment = "seg-01JD0000000000000000000000.wal"

func edit(t testing.TB, path string, change func([]byte) []byte) {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, change(data), 0o600))
}

func TestH09_DamagedSegments(t *testing.T) {
	flip := func(at int64) func([]byte) []byte {
		return func(b []byte) []byte { b[at] ^= 0x10; return b }
	}
	tests := []struct {
		name          string
		damage        func(at []int64) func([]byte) []byte
		lost          []string
		damaged, torn uint64
		refused       bool
	}{
		{name: "none", damage: func([]int64) func([]byte) []byte { return slices.Clone[[]byte] }},
		{name: "torn payload", damage: func(at []int64) func([]byte) []byte {
			return func(b []byte) []byte { return b[:at[4]-3] }
		}, lost: []string{"d"}, torn: 1},
		{name: "torn header of record", damage: func(at []int64) func([]byte) []byte {
			return func(b []byte) []byte { return b[:at[3]+5] }
		}, lost: []string{"d"}, torn: 1},
		{name: "bit in payload", damage: func(at []int64) func([]byte) []byte { return flip(at[1] + 40) }, lost: []string{"b"}, damaged: 1},
		{name: "bit in marker", damage: func(at []int64) func([]byte) []byte { return flip(at[1]) }, lost: []string{"b"}, damaged: 1},
		{name: "bit in length", damage: func(at []int64) func([]byte) []byte { return flip(at[1] + 8) }, lost: []string{"b"}, damaged: 1},
		{name: "bit in type", damage: func(at []int64) func([]byte) []byte { return flip(at[0] + 4) }, lost: []string{"a"}, damaged: 1},
		{name: "bit in the last", damage: func(at []int64) func([]byte) []byte { return flip(at[4] - 1) }, lost: []string{"d"}, damaged: 1},
		{name: "two records", damage: func(at []int64) func([]byte) []byte {
			return func(b []byte) []byte { return flip(at[2] + 20)(flip(at[1] + 20)(b)) }
		}, lost: []string{"b", "c"}, damaged: 1},
		{name: "zero-filled tail", damage: func([]int64) func([]byte) []byte {
			return func(b []byte) []byte { return append(b, make([]byte, 300<<10)...) }
		}},
		{name: "garbage between", damage: func(at []int64) func([]byte) []byte {
			return func(b []byte) []byte { return slices.Insert(b, int(at[2]), imageBody(600<<10)...) }
		}, damaged: 1},
		{name: "bit in the segment's header", damage: func([]int64) func([]byte) []byte { return flip(20) }, damaged: 1},
		{name: "empty file", damage: func([]int64) func([]byte) []byte {
			return func([]byte) []byte { return nil }
		}, lost: []string{"a", "b", "c", "d"}},
		{name: "header only", damage: func([]int64) func([]byte) []byte {
			return func(b []byte) []byte { return b[:segmentHeaderSize] }
		}, lost: []string{"a", "b", "c", "d"}},
		{name: "torn segment header", damage: func([]int64) func([]byte) []byte {
			return func(b []byte) []byte { return b[:10] }
		}, lost: []string{"a", "b", "c", "d"}, torn: 1},
		{name: "newer version", damage: func([]int64) func([]byte) []byte {
			return func(b []byte) []byte { binary.LittleEndian.PutUint16(b[8:], segmentVersion+1); return b }
		}, lost: []string{"a", "b", "c", "d"}, refused: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := testConfig(t.TempDir())
			home := filepath.Join(cfg.Dir, cfg.Instance)
			path, offsets := segmentOf(t, home, oldSegment, "a", "b", "c", "d")
			edit(t, path, tt.damage(offsets))

			s := open(t, cfg)
			must(t, s.End(end("new")))
			sink := newSink()
			sh, stop := ship(t, s, sink, quick)
			flush(t, sh)
			stop()
			for _, id := range []string{"a", "b", "c", "d", "new"} {
				if _, there := sink.row(id); there == slices.Contains(tt.lost, id) {
					t.Errorf("row %s: %v", id, there)
				}
			}
			stats := sh.Stats()
			if stats.Damaged != tt.damaged || stats.TornTails != tt.torn || (stats.RefusedSegments == 1) != tt.refused {
				t.Errorf("%+v", stats)
			}
			if kept, _ := filepath.Glob(filepath.Join(home, deadDir, "*.damaged")); len(kept) != int(tt.damaged) || stats.DeadFiles != int64(tt.damaged) {
				t.Errorf("in quarantine: %v", kept)
			}
			if _, err := os.Stat(path); (err == nil) != tt.refused {
				t.Errorf("the segment: %v", err)
			}
		})
	}
}

// TestForgedRecord damages a record whose body holds a whole valid record of another segment: it must not be read as one.
func TestForgedRecord(t *testing.T) {
	cfg := testConfig(t.TempDir())
	home := filepath.Join(cfg.Dir, cfg.Instance)
	forged := encodeOne(t, end("forged"))
	forged.seal(keyOf("seg-01JD0000000000000000000009.wal"))
	w := end("carrier")
	w.Detail.RequestBody = bytes.Clone(forged.buf)
	carrier := encodeOne(t, w)
	carrier.seal(keyOf(oldSegment))
	data := append(segmentHeader("one"), carrier.buf...)
	data[segmentHeaderSize+10] ^= 1
	must(t, os.MkdirAll(home, 0o700))
	must(t, os.WriteFile(filepath.Join(home, oldSegment), data, 0o600))

	s, sink := open(t, cfg), newSink()
	sh, _ := ship(t, s, sink, quick)
	flush(t, sh)
	if sink.count() != 0 || sh.Stats().Damaged != 1 {
		t.Errorf("rows %v, %+v", sink.rows, sh.Stats())
	}
}

func FuzzSpoolReader(f *testing.F) {
	dir := f.TempDir()
	path, offsets := segmentOf(f, dir, oldSegment, "a", "b", "c")
	good, err := os.ReadFile(path)
	must(f, err)
	f.Add(good)
	f.Add(good[:offsets[2]+4])
	f.Add(append(bytes.Clone(good), make([]byte, 100)...))
	f.Add(slices.Insert(bytes.Clone(good), int(offsets[1]), []byte("garbage")...))
	f.Add([]byte{})
	dec, err := newDecoder()
	must(f, err)
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(dir, oldSegment)
		must(t, os.WriteFile(path, data, 0o600))
		r, err := openSegment(dir, oldSegment, 0)
		if err != nil {
			return
		}
		defer r.close()
		for last := int64(-1); ; {
			rec, bad, err := r.next(int64(len(data)))
			if err != nil {
				return
			}
			if r.off <= last {
				t.Fatalf("the reader stays at %d", r.off)
			}
			last = r.off
			if bad.flaw == "" {
				_, _, _ = dec.decode(rec.kind, rec.payload)
			}
		}
	})
}

// FuzzPayload gives the decoder payloads that no checksum protects.
func FuzzPayload(f *testing.F) {
	f.Add(byte(models.WriteEnd), payloadOf(encodeOne(f, end("a"))))
	f.Add(byte(models.WriteBegin), payloadOf(encodeOne(f, begin("a"))))
	big := end("a")
	big.Detail.ResponseBody = chatBody(4 << 10)
	big.Attempts = []models.Attempt{{N: 1, StartedAt: time.Now(), ResponseBody: []byte("x")}}
	f.Add(byte(models.WriteEnd), payloadOf(encodeOne(f, big)))
	dec, err := newDecoder()
	must(f, err)
	f.Fuzz(func(t *testing.T, kind byte, payload []byte) {
		w, _, err := dec.decode(models.LogWriteKind(kind), payload)
		if err != nil {
			return
		}
		enc, err := newEncoder(time.Now)
		must(t, err)
		if _, err := enc.encode(&w, false); err != nil {
			t.Fatal(err)
		}
	})
}
