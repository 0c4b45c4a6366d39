package simulator

import (
	"crypto/sha256"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestB01_AbortsAreSeenWithinASecond: whatever the server is doing, it sees at once that the client has left.
func TestB01_AbortsAreSeenWithinASecond(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	for _, model := range []string{
		"fault-blackhole", "fault-delayhdr-1m", "fault-stall@2", "fault-slow-1m", "fault-delaychunk-1m@3", "fault-hdrdrip-50ms",
	} {
		t.Run(model, func(t *testing.T) {
			t.Parallel()
			c := chat(t, s, model, true)
			if _, err := s.Ledger().Wait(soon(t, 5*time.Second), 1, ForModel(model)); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(model, "fault-stall") {
				c.event()
				c.event()
				stalled(t, c)
			}
			left := time.Now()
			c.conn.Close()
			entry, err := s.Ledger().WaitAborted(soon(t, 5*time.Second), ForModel(model))
			if err != nil {
				t.Fatal(err)
			}
			if took := entry.Aborted.Sub(left); took > time.Second || entry.Complete {
				t.Errorf("seen after %v; complete: %t", took, entry.Complete)
			}
			if entry, err = s.Ledger().WaitEnded(soon(t, time.Second), ForModel(model)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAbortOfAPlainBodyThatIsNotRead(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Script: func(*Request) Fault { return Fault{Body: make([]byte, 64<<20)} }})
	c := chat(t, s, "m", false)
	if _, err := io.ReadFull(c.in, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	c.conn.Close()
	if _, err := s.Ledger().WaitAborted(soon(t, time.Second), nil); err != nil {
		t.Error(err)
	}
}

func TestSatisfiedClientsDoNotAbort(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	for i := range 50 {
		c := chat(t, s, "m", i%2 == 0)
		if i%2 == 0 {
			for event := ""; !strings.Contains(event, "[DONE]"); event = c.event() {
			}
		} else {
			c.whole()
		}
		c.conn.Close()
	}
	ended, err := s.Ledger().Wait(soon(t, 5*time.Second), 50, func(e Entry) bool { return !e.Ended.IsZero() })
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range ended {
		if !e.Aborted.IsZero() {
			t.Errorf("request %d counts as aborted: %+v", e.ID, e)
		}
	}
}

func TestLedgerKeepsWhatWasAsked(t *testing.T) {
	t.Parallel()
	s := start(t, Options{LedgerBody: 200})
	body := chatBody("m", true)
	r, answer := dial(t, s).post(chatPath+"?a=b", body, "X-Note: nut").whole()
	dial(t, s).post(chatPath, chatBody(strings.Repeat("m", 300), false)).whole()
	ended, err := s.Ledger().Wait(soon(t, 5*time.Second), 2, func(e Entry) bool { return !e.Ended.IsZero() })
	if err != nil {
		t.Fatal(err)
	}
	first, second := ended[0], ended[1]
	if string(first.Body) != body || first.BodySize != len(body) || first.BodySum != sha256.Sum256([]byte(body)) || first.Query != "a=b" {
		t.Errorf("body or query are not as sent: %+v", first)
	}
	if !first.Complete || first.Status != 200 || first.Sent != int64(len(answer)) || first.Events != strings.Count(answer, "\n\n") || !first.Stream || first.Header.Get("X-Note") != "nut" {
		t.Errorf("the answer is not as it was: %+v", first)
	}
	if second.Body != nil || second.BodySize < 300 || second.ID != 2 {
		t.Errorf("the long body is kept: %+v", second)
	}
	if found, ok := s.Ledger().ByID(r.Header.Get("X-Request-Id")); !ok || found.ID != 1 {
		t.Errorf("the request id finds %+v", found)
	}
	if _, ok := s.Ledger().ByID("req_none"); ok {
		t.Error("a request id that never was is found")
	}
	if s.Ledger().Count("m") != 1 || s.Ledger().Total() != 2 {
		t.Errorf("%d of %d requests", s.Ledger().Count("m"), s.Ledger().Total())
	}
}

func TestLedgerIsBounded(t *testing.T) {
	t.Parallel()
	l := newLedger(3, 64<<20)
	for i := range 5 {
		l.open(&Request{Model: strconv.Itoa(i), Body: make([]byte, 30<<20)}, "")
	}
	kept := l.Entries(nil)
	if len(kept) != 3 || kept[0].Model != "2" || l.Total() != 5 {
		t.Fatalf("kept %d from %s on", len(kept), kept[0].Model)
	}
	if kept[0].Body != nil || kept[1].Body == nil || kept[2].Body == nil || l.bodies != 60<<20 {
		t.Errorf("the bodies together have %d bytes", l.bodies)
	}
	l.reset()
	if l.open(&Request{Body: make([]byte, 70<<20)}, ""); l.Entries(nil)[0].Body != nil {
		t.Error("a body above the bound is kept")
	}
}

func TestWaitGivesUp(t *testing.T) {
	t.Parallel()
	l := newLedger(3, 10)
	if _, err := l.WaitAborted(soon(t, time.Millisecond), nil); !errors.Is(err, errNotSeen) {
		t.Errorf("got %v", err)
	}
}

func TestCloseEndsWhatHangs(t *testing.T) {
	t.Parallel()
	s, err := Start(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, model := range []string{"fault-blackhole", "fault-slow-1m", "fault-stall@1"} {
		chat(t, s, model, true)
	}
	if _, err := s.Ledger().Wait(soon(t, 5*time.Second), 3, nil); err != nil {
		t.Error(err)
	}
	began := time.Now()
	if err := s.Close(); err != nil || time.Since(began) > time.Second {
		t.Errorf("close took %v: %v", time.Since(began), err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("the second close: %v", err)
	}
}
