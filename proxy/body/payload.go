package body

import (
	"bytes"
	"errors"
	"io"
)

// Payload is a body as a list of segments, most of which lie in the client's own bytes. It is immutable; the zero Payload
// is an empty body.
type Payload struct {
	segments [][]byte
	size     int64
}

// Of makes a Payload of bytes that will not change.
func Of(data []byte) Payload {
	return Payload{segments: [][]byte{data}, size: int64(len(data))}
}

// Len returns the number of bytes.
func (p Payload) Len() int64 { return p.size }

// Bytes returns the body in one piece: the client's own bytes when nothing was edited, else a copy.
func (p Payload) Bytes() []byte {
	if len(p.segments) == 1 {
		return p.segments[0]
	}
	return p.AppendTo(make([]byte, 0, p.size))
}

// AppendTo appends the body to dst.
func (p Payload) AppendTo(dst []byte) []byte {
	for _, segment := range p.segments {
		dst = append(dst, segment...)
	}
	return dst
}

// smallBody is what net/http's transport gathers before it writes to the connection.
const smallBody = 4 << 10

// Open returns the body to be sent, at its first byte. Each attempt to send it takes its own. A small one is joined: net/http
// sends its header and bytes that it knows to be in memory in one packet, and any other reader's header in a packet before.
func (p Payload) Open() io.ReadCloser {
	if p.size <= smallBody {
		return io.NopCloser(bytes.NewReader(p.Bytes()))
	}
	return io.NopCloser(p.Reader())
}

// Reader returns a new reader at the first byte.
func (p Payload) Reader() *Reader { return &Reader{payload: p} }

// Reader reads a Payload. It is also an io.WriterTo, which writes the segments as they are, without a buffer.
type Reader struct {
	payload Payload
	segment int   // index of the current segment
	offset  int   // in the current segment
	pos     int64 // in the whole
}

var (
	_ io.ReadSeeker = (*Reader)(nil)
	_ io.WriterTo   = (*Reader)(nil)
)

// Len returns the number of bytes not yet read.
func (r *Reader) Len() int64 { return r.payload.size - r.pos }

// Read implements io.Reader.
func (r *Reader) Read(p []byte) (int, error) {
	total := 0
	for total < len(p) && r.segment < len(r.payload.segments) {
		n := copy(p[total:], r.payload.segments[r.segment][r.offset:])
		total += n
		r.advance(n)
	}
	if total == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return total, nil
}

// WriteTo implements io.WriterTo.
func (r *Reader) WriteTo(w io.Writer) (int64, error) {
	var total int64
	for r.segment < len(r.payload.segments) {
		rest := r.payload.segments[r.segment][r.offset:]
		n, err := w.Write(rest)
		total += int64(n)
		complete := n == len(rest)
		r.advance(n)
		if err != nil {
			return total, err
		}
		if !complete {
			return total, io.ErrShortWrite
		}
	}
	return total, nil
}

// advance moves by n bytes, at most to the end of the current segment.
func (r *Reader) advance(n int) {
	r.pos += int64(n)
	if r.offset += n; r.offset >= len(r.payload.segments[r.segment]) {
		r.segment, r.offset = r.segment+1, 0
	}
}

// Seek implements io.Seeker.
func (r *Reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.pos
	case io.SeekEnd:
		offset += r.payload.size
	}
	if offset < 0 {
		return r.pos, errors.New("body: seek before the first byte")
	}
	r.segment, r.offset, r.pos = 0, 0, 0
	for r.segment < len(r.payload.segments) && r.pos < offset {
		size := int64(len(r.payload.segments[r.segment]))
		r.advance(int(min(size, offset-r.pos)))
	}
	r.pos = offset
	return offset, nil
}
