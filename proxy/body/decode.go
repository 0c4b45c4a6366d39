package body

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// Decode undoes one layer of content encoding: identity, gzip or zstd. contentEncoding is the header's value, all its
// lines joined by commas. The decoded size is bounded by limit, so that a small bomb can't fill the memory.
// For identity it returns raw itself. All errors are *Error.
func Decode(raw []byte, contentEncoding string, limit int64) ([]byte, error) {
	switch strings.ToLower(strings.TrimSpace(contentEncoding)) {
	case "", "identity":
		if int64(len(raw)) > limit {
			return nil, tooLarge(limit)
		}
		return raw, nil
	case "gzip", "x-gzip":
		return gunzip(raw, limit)
	case "zstd":
		return unzstd(raw, limit)
	default:
		return nil, errorf(CodeUnsupportedEncoding, "content-encoding must be one of identity, gzip, zstd, and only one layer of it")
	}
}

func tooLarge(limit int64) *Error {
	return errorf(CodeTooLarge, "the request body is larger than %d bytes", limit)
}

var gzipReaders = sync.Pool{New: func() any { return new(gzip.Reader) }}

func gunzip(raw []byte, limit int64) ([]byte, error) {
	r := gzipReaders.Get().(*gzip.Reader)
	defer gzipReaders.Put(r)
	if err := r.Reset(bytes.NewReader(raw)); err != nil {
		return nil, corrupt("gzip", err)
	}
	// The last four bytes tell the decoded size. It is only a hint: the client wrote it.
	var hint int64
	if len(raw) >= 4 {
		hint = int64(binary.LittleEndian.Uint32(raw[len(raw)-4:]))
	}
	return readBounded("gzip", r, hint, int64(len(raw)), limit)
}

// maxWindow is the largest window a zstd body may ask for: RFC 9659 grants content encodings 8 MiB.
const maxWindow = 8 << 20

var zstdReaders = sync.Pool{New: func() any {
	r, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil // the options above are constants that it takes
	}
	return r
}}

func unzstd(raw []byte, limit int64) ([]byte, error) {
	r, ok := zstdReaders.Get().(*zstd.Decoder)
	if !ok {
		return nil, errorf(CodeUnsupportedEncoding, "zstd is not available")
	}
	defer zstdReaders.Put(r)
	if err := r.Reset(bytes.NewReader(raw)); err != nil {
		return nil, corrupt("zstd", err)
	}
	var head zstd.Header
	var hint int64
	if head.Decode(raw) == nil && head.HasFCS {
		hint = int64(min(head.FrameContentSize, uint64(limit)))
	}
	out, err := readBounded("zstd", r, hint, int64(len(raw)), limit)
	if resetErr := r.Reset(nil); resetErr != nil && err == nil {
		return nil, corrupt("zstd", resetErr)
	}
	return out, err
}

// readBounded reads all of r, at most limit bytes. hint is what the input claims to decode to; it is believed only within
// the limit and within what text of the given size usually expands to.
func readBounded(name string, r io.Reader, hint, size, limit int64) ([]byte, error) {
	const usual, spare = 20, 512
	out := make([]byte, 0, min(hint, size*usual, limit)+spare)
	for {
		n, err := r.Read(out[len(out):cap(out)])
		out = out[:len(out)+n]
		switch {
		case int64(len(out)) > limit:
			return nil, tooLarge(limit)
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return nil, corrupt(name, err)
		case len(out) == cap(out):
			grown := make([]byte, len(out), min(2*int64(cap(out)), max(limit, int64(cap(out)))+spare))
			copy(grown, out)
			out = grown
		}
	}
}

func corrupt(name string, err error) *Error {
	if errors.Is(err, zstd.ErrWindowSizeExceeded) {
		return errorf(CodeInvalidEncoding, "the request body asks for a zstd window of more than %d bytes", maxWindow)
	}
	return errorf(CodeInvalidEncoding, "the request body is not valid %s", name)
}
