package proxy

import (
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"squirrel/models"
)

// clockSet is a moment as it reads after the machine's clock was set: another time of day, while the monotonic reading that durations
// are made of goes on. Nothing but the operating system makes such a time, so the test writes it where package time keeps it: whole
// seconds above 30 bits of nanoseconds.
func clockSet(t time.Time, by time.Duration) time.Time {
	wall := (*uint64)(unsafe.Pointer(&t))
	*wall += uint64(int64(by/time.Second) << 30)
	return t
}

// TestI08_TheClockIsSetDuringRequests: durations stay what they were, ids rise, and each row tells the time of day that it began at.
func TestI08_TheClockIsSetDuringRequests(t *testing.T) {
	if d := clockSet(time.Now(), -time.Hour); time.Until(d) < -time.Second || time.Now().Unix()-d.Unix() < 3599 {
		t.Fatal("the clock of this test is none: package time keeps its times in another way")
	}
	var set atomic.Int64
	g := newTestGateway(t, setup{target: "fault:delaychunk:150ms@2", clock: func() time.Time { return clockSet(time.Now(), time.Duration(set.Load())) }})
	last := ""
	for _, jump := range []time.Duration{0, -time.Hour, 24 * time.Hour, -24 * time.Hour, 0} {
		began := g.now()
		resp := g.post("/v1/chat/completions", chat("m", "hello", true))
		set.Store(int64(jump))
		if body := readAll(t, resp); resp.StatusCode != 200 {
			t.Fatalf("set by %v: status %d: %s", jump, resp.StatusCode, body)
		}
		end := g.rec.end(t, resp.Header.Get("X-Squirrel-Request-Id"))
		log := end.Log
		if log.ID <= last {
			t.Errorf("set by %v: id %s follows %s", jump, log.ID, last)
		}
		last = log.ID
		if off := log.RequestTime.Unix() - began.Unix(); off < 0 || off > 5 {
			t.Errorf("set by %v: the row says %v, it began at %v", jump, log.RequestTime, began)
		}
		for name, ms := range map[string]*float64{"first byte": log.FirstByteDelayMS, "total": log.TotalTimeMS, "attempt": end.Attempts[0].TotalMS} {
			if ms == nil || *ms < 0 || *ms > 20_000 {
				t.Errorf("set by %v: %s took %v ms", jump, name, ms)
			}
		}
		if *log.TotalTimeMS < 100 || log.State != models.LogDone {
			t.Errorf("set by %v: the stream with a pause of 150 ms took %v ms, state %s", jump, *log.TotalTimeMS, log.State)
		}
	}
}

func TestI08_IdsRise(t *testing.T) {
	ids, last := newIDSource(), ""
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, now := range []time.Time{at, at, at.Add(-time.Hour), at.Add(-time.Minute), at.Add(24 * time.Hour), at, at.Add(24*time.Hour + time.Millisecond)} {
		for range 100 {
			if id := ids.next(now); id <= last {
				t.Fatalf("at %v: %s follows %s", now, id, last)
			} else {
				last = id
			}
		}
	}
}
