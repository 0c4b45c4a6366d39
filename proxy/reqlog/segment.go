package reqlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"slices"
	"strings"

	"github.com/oklog/ulid/v2"

	"squirrel/models"
)

// A segment is a header of 64 bytes and records, one after the other:
//
//	header:  magic(8) | version u16 | length of instance u8 | instance(49) | crc32c u32 of the 60 bytes before
//	record:  sync marker(4) | type(1) | flags(1) | length u32 | crc32c u32 | payload
//
// Numbers are little-endian. The checksum covers type, flags, length and payload. Marker and checksum are salted with the
// segment's name, which no client knows: bytes inside a logged body can't pass for a record when damage is skipped.
const (
	segmentVersion    = 1
	segmentHeaderSize = 64
	recordHeaderSize  = 14
	maxInstanceLength = 49

	// maxRecord bounds what a reader allocates for a record whose length field is damaged.
	maxRecord = 64 << 20

	segmentPrefix = "seg-"
	segmentSuffix = ".wal"
)

var (
	segmentMagic = [8]byte{'S', 'Q', 'R', 'L', 'W', 'A', 'L', '\n'}
	castagnoli   = crc32.MakeTable(crc32.Castagnoli)

	errNewerSegment = errors.New("the segment was written by a newer version")
	errBadHeader    = errors.New("the segment's header is damaged")
)

// segmentKey is what binds a record to its segment.
type segmentKey struct {
	marker [4]byte
	salt   uint32
}

func keyOf(segment string) segmentKey {
	var k segmentKey
	binary.LittleEndian.PutUint32(k.marker[:], crc32.Checksum([]byte("sync "+segment), castagnoli))
	k.salt = crc32.Checksum([]byte("salt "+segment), castagnoli)
	return k
}

// nextSegmentName returns a name that sorts after the given one, also when the clock was set back.
func nextSegmentName(after string) (string, error) {
	id := ulid.Make()
	if name := segmentPrefix + id.String() + segmentSuffix; name > after {
		return name, nil
	}
	last, err := ulid.Parse(strings.TrimSuffix(strings.TrimPrefix(after, segmentPrefix), segmentSuffix))
	if err != nil {
		return "", fmt.Errorf("segment %q has a strange name: %w", after, err)
	}
	if err := id.SetTime(last.Time() + 1); err != nil {
		return "", fmt.Errorf("name a segment after %q: %w", after, err)
	}
	return segmentPrefix + id.String() + segmentSuffix, nil
}

func segmentHeader(instance string) []byte {
	h := make([]byte, segmentHeaderSize)
	copy(h, segmentMagic[:])
	binary.LittleEndian.PutUint16(h[8:], segmentVersion)
	h[10] = byte(len(instance))
	copy(h[11:60], instance)
	binary.LittleEndian.PutUint32(h[60:], crc32.Checksum(h[:60], castagnoli))
	return h
}

// checkHeader looks at the first bytes of a segment.
func checkHeader(h []byte) error {
	if len(h) < segmentHeaderSize || [8]byte(h[:8]) != segmentMagic {
		return errBadHeader
	}
	if binary.LittleEndian.Uint16(h[8:]) > segmentVersion {
		return errNewerSegment
	}
	if crc32.Checksum(h[:60], castagnoli) != binary.LittleEndian.Uint32(h[60:]) {
		return errBadHeader
	}
	return nil
}

func isSegment(name string) bool {
	id, isPrefixed := strings.CutPrefix(name, segmentPrefix)
	id, isSuffixed := strings.CutSuffix(id, segmentSuffix)
	return isPrefixed && isSuffixed && len(id) == ulid.EncodedSize
}

// listSegments returns the names of the segments in dir, oldest first, and their total size in bytes.
func listSegments(dir string) (names []string, size int64, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, 0, err
	}
	for _, e := range entries {
		if !isSegment(e.Name()) {
			continue
		}
		names = append(names, e.Name())
		if info, err := e.Info(); err == nil {
			size += info.Size()
		}
	}
	slices.Sort(names)
	return names, size, nil
}

// record is one encoded LogWrite. Large blobs stay where they are (ext) and follow buf on the disk.
type record struct {
	buf []byte
	ext [][]byte
	sum uint32 // checksum without salt

	pooled *[]byte // where buf goes back to
}

// size is the number of bytes the record takes in a segment.
func (r *record) size() int64 {
	n := int64(len(r.buf))
	for _, e := range r.ext {
		n += int64(len(e))
	}
	return n
}

// finish fills the header in front of the payload in buf.
func (r *record) finish(kind models.LogWriteKind) {
	r.buf[4], r.buf[5] = byte(kind), 0
	binary.LittleEndian.PutUint32(r.buf[6:], uint32(r.size()-recordHeaderSize))
	r.sum = crc32.Checksum(r.buf[4:10], castagnoli)
	r.sum = crc32.Update(r.sum, castagnoli, r.buf[recordHeaderSize:])
	for _, e := range r.ext {
		r.sum = crc32.Update(r.sum, castagnoli, e)
	}
}

// seal binds the record to a segment. A record may be sealed again for another segment.
func (r *record) seal(k segmentKey) {
	copy(r.buf, k.marker[:])
	binary.LittleEndian.PutUint32(r.buf[10:], r.sum^k.salt)
}
