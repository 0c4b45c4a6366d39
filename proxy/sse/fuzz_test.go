package sse

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"testing"
)

func addStreams(f *testing.F) {
	for _, tc := range streams {
		f.Add([]byte(tc.text), uint64(1), uint8(3))
	}
	f.Add([]byte("\xEF\xBB\xBF\xEF\xBB\xBFdata: a\r\r\n\n\xEF\xBB\xBFdata: b\n\r\n"), uint64(7), uint8(1))
}

func FuzzSSEDecoder(f *testing.F) {
	addStreams(f)
	f.Fuzz(func(t *testing.T, stream []byte, seed uint64, size uint8) {
		want := reference(stream)
		got, err := parseAll(stream, rand.New(rand.NewPCG(seed, 1)), int(size)+1)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%q is read as %q, %v; want %q", stream, got, err, want)
		}
	})
}

func FuzzSSEPassthrough(f *testing.F) {
	addStreams(f)
	f.Fuzz(func(t *testing.T, stream []byte, seed uint64, hold uint8) {
		rng := rand.New(rand.NewPCG(seed, 1))
		raw, _ := splitAll(stream, rng, 1+rng.IntN(64), int(hold))
		if !bytes.Equal(raw, stream) {
			t.Fatalf("%q became %q", stream, raw)
		}
		var walked []byte
		for rest := stream; ; {
			n := Boundary(rest, 0)
			if n == 0 {
				walked = append(walked, rest...)
				break
			}
			walked, rest = append(walked, rest[:n]...), rest[n:]
		}
		if !bytes.Equal(walked, stream) {
			t.Fatalf("Boundary turns %q into %q", stream, walked)
		}
	})
}
