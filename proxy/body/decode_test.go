package body

import (
	"bytes"
	"compress/gzip"
	"errors"
	"runtime"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func zstded(t testing.TB, data []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return w.EncodeAll(data, nil)
}

func TestDecode(t *testing.T) {
	plain := bytes.Repeat([]byte(`{"model":"a"} `), 1000)
	limit := int64(len(plain))
	for encoding, raw := range map[string][]byte{
		"": plain, "identity": plain, " Identity ": plain, "gzip": gzipped(t, plain), "X-GZIP": gzipped(t, plain), "zstd": zstded(t, plain),
	} {
		for range 2 { // the second time with a reader that was used
			got, err := Decode(raw, encoding, limit)
			if err != nil || !bytes.Equal(got, plain) {
				t.Errorf("%q: %d bytes, %v", encoding, len(got), err)
			}
		}
		if _, err := Decode(raw, encoding, limit-1); codeOf(err) != CodeTooLarge {
			t.Errorf("%q over the limit: %v", encoding, err)
		}
	}
}

func codeOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

func TestC07_UnknownAndStackedEncodings(t *testing.T) {
	for _, encoding := range []string{"br", "x", "gzip, gzip", "gzip,zstd", "deflate", "identity, gzip", "*", "gzip;q=1"} {
		_, err := Decode(nil, encoding, 100)
		if e, ok := errors.AsType[*Error](err); !ok || e.Code != CodeUnsupportedEncoding || e.Status() != 415 {
			t.Errorf("%q: %v", encoding, err)
		}
	}
}

func TestC07_Bombs(t *testing.T) {
	const limit = 1 << 20
	zeros := make([]byte, 16<<20)
	for encoding, raw := range map[string][]byte{"gzip": gzipped(t, zeros), "zstd": zstded(t, zeros)} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Decode(raw, encoding, limit)
		runtime.ReadMemStats(&after)
		if e, ok := errors.AsType[*Error](err); !ok || e.Code != CodeTooLarge || e.Status() != 413 {
			t.Errorf("%s: %v", encoding, err)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20 {
			t.Errorf("%s: %d bytes allocated", encoding, used)
		}
	}
}

func TestC07_CorruptBodies(t *testing.T) {
	good := map[string][]byte{"gzip": gzipped(t, []byte("hello, hello, hello")), "zstd": zstded(t, []byte("hello, hello, hello"))}
	for encoding, raw := range good {
		for name, bad := range map[string][]byte{
			"truncated": raw[:len(raw)-3], "not at all": []byte("plain text"), "trailing": append(bytes.Clone(raw), "junk"...),
		} {
			if _, err := Decode(bad, encoding, 100); codeOf(err) != CodeInvalidEncoding {
				t.Errorf("%s, %s: %v", encoding, name, err)
			}
		}
		if got, err := Decode(raw, encoding, 100); err != nil || string(got) != "hello, hello, hello" {
			t.Errorf("%s: a corrupt body spoils the next: %q, %v", encoding, got, err)
		}
	}
}

func FuzzBoundedDecode(f *testing.F) {
	f.Add(gzipped(f, []byte(`{"model":"a"}`)), "gzip")
	f.Add(zstded(f, []byte(`{"model":"a"}`)), "zstd")
	f.Add(gzipped(f, make([]byte, 1<<16)), "gzip")
	f.Add(zstded(f, make([]byte, 1<<16)), "zstd")
	f.Fuzz(func(t *testing.T, raw []byte, encoding string) {
		const limit = 4096
		out, err := Decode(raw, encoding, limit)
		if len(out) > limit {
			t.Fatalf("%d bytes came out", len(out))
		}
		if err != nil && codeOf(err) == "" {
			t.Fatalf("untyped error %v", err)
		}
	})
}
