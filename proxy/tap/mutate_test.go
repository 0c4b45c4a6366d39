package tap

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"
)

// TestStreams_Damaged damages recordings in ways a fuzzing engine rarely finds: bytes that mean something to JSON or to the
// framing put where they don't belong, events dropped, doubled and swapped.
func TestStreams_Damaged(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	each(t, ".sse", func(t *testing.T, folder string, data []byte) {
		f := folders[folder]
		for range 6 {
			damaged := damage(data[:min(len(data), 20_000)], rng)
			want := observe(f.endpoint, f.protocol, damaged, len(damaged)+1, rng)
			if want.Message != nil && !json.Valid(want.Message) {
				t.Fatalf("%q became %q", damaged, want.Message)
			}
			if got := observe(f.endpoint, f.protocol, damaged, 90, rng); !reflect.DeepEqual(got, want) {
				t.Fatalf("%q\ncut otherwise: %+v\nwhole: %+v", damaged, got, want)
			}
			_ = want.Text()
		}
	})
}

func damage(data []byte, rng *rand.Rand) []byte {
	const meaningful = "\"\\{}[]:,\n\r \x00u0\xff"
	events := bytes.SplitAfter(bytes.Clone(data), []byte("\n\n"))
	for range 1 + rng.IntN(6) {
		i, j := rng.IntN(len(events)), rng.IntN(len(events))
		switch rng.IntN(4) {
		case 0:
			events[i], events[j] = events[j], events[i]
		case 1:
			events[i] = events[j]
		case 2:
			events[i] = nil
		}
	}
	out := bytes.Join(events, nil)
	for range 1 + rng.IntN(20) {
		if len(out) == 0 {
			return out
		}
		at := rng.IntN(len(out))
		c := meaningful[rng.IntN(len(meaningful))]
		switch rng.IntN(3) {
		case 0:
			out[at] = c
		case 1:
			out = append(out[:at], append([]byte{c}, out[at:]...)...)
		case 2:
			out = append(out[:at], out[min(len(out), at+1+rng.IntN(5)):]...)
		}
	}
	return out
}
