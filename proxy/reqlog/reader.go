package reqlog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	"squirrel/models"
)

// windowSize is how much of a segment is read at once.
const windowSize = 256 << 10

// flaw says what is wrong with a stretch of a segment.
type flaw string

const (
	flawTorn    flaw = "torn_tail" // the last record was never finished, so it was never acknowledged
	flawZero    flaw = "zero_tail" // the file is longer than what was written to it
	flawNewer   flaw = "newer"     // the whole segment is of a newer version and left alone
	flawDamaged flaw = "damaged"   // bytes changed after they were written
)

// damage is a stretch of a segment that holds no readable record.
type damage struct {
	flaw     flaw
	from, to int64
}

// rawRecord is a record whose checksum is right.
type rawRecord struct {
	kind    models.LogWriteKind
	payload []byte
	end     int64 // offset behind it
}

// segmentReader reads the records of one segment, also while it is being written.
type segmentReader struct {
	file *os.File
	name string
	key  segmentKey
	off  int64 // of the next record

	window    []byte // a part of the file; never overwritten, because records point into it
	windowOff int64
}

// openSegment opens a segment at an offset (0 = its first record). It returns errNewerSegment for one that is to be left alone.
// A damaged header is no error: the records behind it are found by their markers.
func openSegment(dir, name string, off int64) (*segmentReader, error) {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	r := &segmentReader{file: f, name: name, key: keyOf(name), off: off}
	header := make([]byte, segmentHeaderSize)
	n, err := f.ReadAt(header, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, errors.Join(fmt.Errorf("read segment: %w", err), f.Close())
	}
	switch err := checkHeader(header[:n]); {
	case errors.Is(err, errNewerSegment):
		return nil, errors.Join(err, f.Close())
	case err == nil:
		r.off = max(off, segmentHeaderSize)
	}
	return r, nil
}

func (r *segmentReader) close() error { return r.file.Close() }

// next returns the record at the reader's offset. All bytes before limit have been written; at limit it returns io.EOF.
// A stretch that can't be read is passed over and returned as damage, with a zero record.
func (r *segmentReader) next(limit int64) (rec rawRecord, bad damage, err error) {
	if r.off >= limit {
		return rec, bad, io.EOF
	}
	rec, ok, err := r.at(r.off, limit)
	if err != nil {
		return rec, bad, err
	}
	if ok {
		r.off = rec.end
		return rec, bad, nil
	}
	bad, err = r.skip(limit)
	return rawRecord{}, bad, err
}

// at reads the record that starts at off, if there is a good one.
func (r *segmentReader) at(off, limit int64) (rec rawRecord, ok bool, err error) {
	if limit-off < recordHeaderSize {
		return rec, false, nil
	}
	h, err := r.bytes(off, recordHeaderSize, limit)
	if err != nil {
		return rec, false, err
	}
	length := int64(binary.LittleEndian.Uint32(h[6:]))
	if [4]byte(h[:4]) != r.key.marker || length > maxRecord || length > limit-off-recordHeaderSize {
		return rec, false, nil
	}
	whole, err := r.bytes(off, recordHeaderSize+length, limit)
	if err != nil {
		return rec, false, err
	}
	payload := whole[recordHeaderSize:]
	sum := crc32.Update(crc32.Checksum(whole[4:10], castagnoli), castagnoli, payload) ^ r.key.salt
	if sum != binary.LittleEndian.Uint32(whole[10:]) {
		return rec, false, nil
	}
	return rawRecord{models.LogWriteKind(whole[4]), payload, off + recordHeaderSize + length}, true, nil
}

// skip moves to the next good record, or to limit when there is none.
func (r *segmentReader) skip(limit int64) (damage, error) {
	bad := damage{flawDamaged, r.off, limit}
	allZero := true
	for off := r.off; off < limit; {
		chunk, err := r.bytes(off, min(windowSize, limit-off), limit)
		if err != nil {
			return bad, err
		}
		i := bytes.Index(chunk, r.key.marker[:])
		if i < 0 {
			allZero = allZero && isZero(chunk)
			off += max(int64(len(chunk)-3), 1) // a marker may lie across the border of two chunks
			continue
		}
		if off += int64(i); off > r.off {
			_, ok, err := r.at(off, limit)
			if err != nil {
				return bad, err
			}
			if ok {
				bad.to, r.off = off, off
				return bad, nil
			}
		}
		allZero = false
		off++
	}
	bad.flaw = r.tail(allZero, limit)
	r.off = limit
	return bad, nil
}

// tail tells what the rest of a segment is in which no good record was found.
func (r *segmentReader) tail(allZero bool, limit int64) flaw {
	if allZero {
		return flawZero
	}
	if limit-r.off < recordHeaderSize {
		return flawTorn
	}
	h, err := r.bytes(r.off, recordHeaderSize, limit)
	if err == nil && [4]byte(h[:4]) == r.key.marker && int64(binary.LittleEndian.Uint32(h[6:])) > limit-r.off-recordHeaderSize {
		return flawTorn
	}
	return flawDamaged
}

// bytes returns n bytes of the file from off on. They stay valid.
func (r *segmentReader) bytes(off, n, limit int64) ([]byte, error) {
	if off >= r.windowOff && off+n <= r.windowOff+int64(len(r.window)) {
		return r.window[off-r.windowOff:][:n:n], nil
	}
	window := make([]byte, max(n, min(windowSize, limit-off)))
	if _, err := r.file.ReadAt(window, off); err != nil {
		return nil, fmt.Errorf("read segment %s: %w", r.name, err)
	}
	r.window, r.windowOff = window, off
	return window[:n:n], nil
}

func isZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
