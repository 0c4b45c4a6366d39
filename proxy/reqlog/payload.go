package reqlog

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"squirrel/models"
)

// The payload of a record is
//
//	length u32 | inline blobs | length u32 | meta | external blobs
//
// Meta holds the small fields and the table of the blobs, in the order in which they follow each other on the disk.
const (
	compressFrom = 1 << 10  // smaller blobs are stored as they are
	inlineUpTo   = 32 << 10 // larger blobs that don't compress are written from where they are, without a copy
	sampleFrom   = 64 << 10 // larger blobs are compressed only when a sample of them pays
	sampleSize   = 8 << 10
	keepBuffer   = 1 << 20 // larger buffers are left to the garbage collector

	firstAttemptBlob = 64 // blob ids: 0… are those of the detail, 64… the answers of attempts
)

// stored says how a blob is kept.
type stored uint64

const (
	storedPlain stored = 0
	storedZstd  stored = 1
)

// blob is a line of the blob table.
type blob struct {
	id      uint64
	how     stored
	plain   uint64 // size in bytes before compression
	encoded uint64 // and after
}

func (b *blob) code(c *coder) {
	c.uint(&b.id)
	c.uint((*uint64)(&b.how))
	c.uint(&b.plain)
	c.uint(&b.encoded)
}

var buffers = sync.Pool{New: func() any { return new([]byte) }}

// encoder turns writes into records. It is safe for concurrent use.
type encoder struct {
	zstd *zstd.Encoder
	now  func() time.Time
}

func newEncoder(now func() time.Time) (*encoder, error) {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false),
		zstd.WithWindowSize(1<<20), zstd.WithEncoderConcurrency(runtime.GOMAXPROCS(0)), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, fmt.Errorf("start compressor: %w", err)
	}
	return &encoder{zstd: z, now: now}, nil
}

// encode makes a record of w, compressed if it is to be dense. The record may point into w's bodies until it is released.
func (e *encoder) encode(w *models.LogWrite, dense bool) (*record, error) {
	pooled := buffers.Get().(*[]byte)
	r := &record{buf: append((*pooled)[:0], make([]byte, recordHeaderSize+4)...), pooled: pooled}
	var tables [2][9]blob
	inline, external := tables[0][:0], tables[1][:0]
	eachBlob(w, func(id uint64, b *[]byte) {
		line := blob{id: id, plain: uint64(len(*b)), encoded: uint64(len(*b))}
		before := len(r.buf)
		switch {
		case *b == nil:
			return
		case dense && e.compress(r, *b):
			line.how, line.encoded = storedZstd, uint64(len(r.buf)-before)
			inline = append(inline, line)
		case len(*b) > inlineUpTo:
			r.ext = append(r.ext, *b)
			external = append(external, line)
		default:
			r.buf = append(r.buf, *b...)
			inline = append(inline, line)
		}
	})
	binary.LittleEndian.PutUint32(r.buf[recordHeaderSize:], uint32(len(r.buf)-recordHeaderSize-4))

	m := meta{written: e.now(), blobs: append(inline, external...), write: w}
	c := coder{out: r.buf}
	section(&c, &m, codeMeta)
	r.buf = c.out
	if size := r.size(); size > maxRecord {
		return nil, fmt.Errorf("a log record of %d bytes is larger than %d", size, maxRecord)
	}
	r.finish(w.Kind)
	return r, nil
}

// compress appends b to the record in compressed form if that makes it clearly smaller.
func (e *encoder) compress(r *record, b []byte) bool {
	if len(b) < compressFrom {
		return false
	}
	before := len(r.buf)
	if len(b) >= sampleFrom {
		sample := b[len(b)/2:][:sampleSize]
		pays := pays(len(e.zstd.EncodeAll(sample, r.buf))-before, sampleSize)
		if !pays {
			return false
		}
	}
	out := e.zstd.EncodeAll(b, r.buf)
	if !pays(len(out)-before, len(b)) {
		return false
	}
	r.buf = out
	return true
}

// pays asks for a quarter less: the database compresses again, here it is only about disk.
func pays(compressed, plain int) bool { return compressed <= plain/4*3 }

// release gives the buffer of a record back.
func (r *record) release() {
	if r.pooled != nil && cap(r.buf) <= keepBuffer {
		*r.pooled = r.buf
		buffers.Put(r.pooled)
	}
	r.buf, r.ext, r.pooled = nil, nil, nil
}

// decoder turns payloads back into writes. It is safe for concurrent use.
type decoder struct{ zstd *zstd.Decoder }

func newDecoder() (*decoder, error) {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxRecord))
	if err != nil {
		return nil, fmt.Errorf("start decompressor: %w", err)
	}
	return &decoder{z}, nil
}

// decode reads the payload of a record. The write's bodies may alias payload.
func (d *decoder) decode(kind models.LogWriteKind, payload []byte) (w models.LogWrite, written time.Time, err error) {
	w.Kind = kind
	inline, rest, ok := cutLength(payload)
	if !ok || kind < models.WriteBegin || kind > models.WriteEnd {
		return w, written, errPayload
	}
	metaBytes, external, ok := cutLength(rest)
	if !ok {
		return w, written, errPayload
	}
	m := meta{write: &w}
	c := coder{in: string(metaBytes), reading: true}
	if codeMeta(&c, &m); c.err != nil {
		return w, written, c.err
	}
	values, err := d.load(m.blobs, inline, external)
	if err != nil {
		return w, written, err
	}
	eachBlob(&w, func(id uint64, b *[]byte) { *b = values[id] })
	return w, m.written, nil
}

func cutLength(b []byte) (part, rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, nil, false
	}
	n := uint64(binary.LittleEndian.Uint32(b))
	if n > uint64(len(b)-4) {
		return nil, nil, false
	}
	return b[4 : 4+n : 4+n], b[4+n:], true
}

// load cuts the blobs out of the two areas. A blob never lies across their border, because each area holds whole blobs.
func (d *decoder) load(table []blob, inline, external []byte) (map[uint64][]byte, error) {
	values := make(map[uint64][]byte, len(table))
	for _, line := range table {
		area := &inline
		if len(inline) == 0 {
			area = &external
		}
		if line.encoded > uint64(len(*area)) || line.plain > maxRecord {
			return nil, errPayload
		}
		raw := (*area)[:line.encoded:line.encoded]
		*area = (*area)[line.encoded:]
		if line.how == storedZstd {
			plain, err := d.zstd.DecodeAll(raw, make([]byte, 0, line.plain))
			if err != nil || uint64(len(plain)) != line.plain {
				return nil, errPayload
			}
			raw = plain
		}
		values[line.id] = raw
	}
	return values, nil
}
