package models

import (
	"bytes"
	"reflect"
	"testing"
)

func encoded(all []Arrival) (p Pacing) {
	var before Arrival
	for _, a := range all {
		p, before = AppendArrival(p, before, a), a
	}
	return p
}

func TestPacing_RoundTrip(t *testing.T) {
	t.Parallel()
	for name, all := range map[string][]Arrival{
		"nothing": nil,
		"one":     {{AtMS: 0, Bytes: 0, Events: 0}},
		"a stream": {
			{FromMS: 312, AtMS: 312, Bytes: 187, Events: 1}, {FromMS: 313, AtMS: 340, Bytes: 8379, Events: 40}, {FromMS: 14_512, AtMS: 14_512, Bytes: 8380, Events: 40, Held: true},
			{FromMS: 14_513, AtMS: 3_600_000, Bytes: 5 << 30, Events: 9_000_000, Held: true},
		},
	} {
		if got := encoded(all).Arrivals(); !reflect.DeepEqual(got, all) {
			t.Errorf("%s: %v, want %v", name, got, all)
		}
	}
	if n := len(encoded([]Arrival{{FromMS: 20, AtMS: 20, Bytes: 180, Events: 1}})); n != 4 {
		t.Errorf("a usual step takes %d bytes, want 4", n)
	}
}

func TestPacing_DamageEndsIt(t *testing.T) {
	t.Parallel()
	good := []Arrival{{FromMS: 5, AtMS: 5, Bytes: 10, Events: 1}, {FromMS: 9, AtMS: 12, Bytes: 20, Events: 2}}
	for name, tail := range map[string]Pacing{
		"half a step":        {2, 3},
		"half a number":      {0x80},
		"an endless number":  bytes.Repeat([]byte{0xff}, 20),
		"an impossible step": encoded([]Arrival{{Bytes: maxStep + 1}}),
	} {
		if got := append(encoded(good), tail...).Arrivals(); !reflect.DeepEqual(got, good) {
			t.Errorf("%s: %v, want %v", name, got, good)
		}
	}
}

// FuzzPacing reads any bytes: without a panic, within bounds, never back in time; and what was read is written as it was.
func FuzzPacing(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte(encoded([]Arrival{{FromMS: 312, AtMS: 312, Bytes: 187, Events: 1}, {FromMS: 400, AtMS: 14_512, Bytes: 8380, Events: 40, Held: true}})))
	f.Add([]byte{0, 0, 0, 1, 0, 0, 0x80})
	f.Add(bytes.Repeat([]byte{0xff, 0xff, 0x03, 0x7f, 1}, 1000))
	f.Add(bytes.Repeat([]byte{0xff}, 30))
	f.Fuzz(func(t *testing.T, data []byte) {
		all := Pacing(data).Arrivals()
		if len(all) > MaxPacing/3 || cap(all) > MaxPacing {
			t.Fatalf("%d arrivals, room for %d, of %d bytes", len(all), cap(all), len(data))
		}
		var last Arrival
		for _, a := range all {
			if a.FromMS < last.AtMS || a.AtMS < a.FromMS || a.Bytes < last.Bytes || a.Events < last.Events {
				t.Fatalf("%+v after %+v", a, last)
			}
			last = a
		}
		if again := encoded(all).Arrivals(); !reflect.DeepEqual(again, all) {
			t.Fatalf("%v, want %v", again, all)
		}
	})
}
