package limits

import (
	"testing"
	"time"
	"unsafe"
)

// clockSet is a moment as it reads after the machine's clock was set: another time of day, while the monotonic reading goes on.
// Package time keeps whole seconds above 30 bits of nanoseconds.
func clockSet(t time.Time, by time.Duration) time.Time {
	wall := (*uint64)(unsafe.Pointer(&t))
	*wall += uint64(int64(by/time.Second) << 30)
	return t
}

// TestI08_MinutesAreTimed: a minute of a limit is sixty seconds, whatever the machine's clock is set to meanwhile.
func TestI08_MinutesAreTimed(t *testing.T) {
	began, passed, set := time.Now(), time.Duration(0), time.Duration(0)
	l := New(Options{Spent: nothingSpent, Now: func() time.Time { return clockSet(began.Add(passed), set) }})
	key := rpm(3)
	fill := func(what string) {
		t.Helper()
		for range 3 {
			mustReserve(t, l, key, 0, 0).Settle(1, 1)
		}
		if d := mustDeny(t, l, key, 0, 0); d.RetryAfter <= 0 || d.RetryAfter > 61*time.Second {
			t.Errorf("%s: told to wait for %s", what, d.RetryAfter)
		}
	}
	fill("at first")
	for _, jump := range []time.Duration{-time.Hour, 24 * time.Hour, -24 * time.Hour, 0} {
		set = jump
		passed += 30 * time.Second
		if d := mustDeny(t, l, key, 0, 0); d.RetryAfter <= 0 || d.RetryAfter > 31*time.Second {
			t.Errorf("set by %s, half a minute later: told to wait for %s", jump, d.RetryAfter)
		}
		passed += 31 * time.Second
		fill("set by " + jump.String())
	}
}
