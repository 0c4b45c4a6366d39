package proxy

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

func TestF06_WrongKeysAreSlowedDownAndRightOnesAreNot(t *testing.T) {
	g := newTestGateway(t, setup{})
	got := map[int]int{}
	for i := range 3 * strangerTries {
		resp := g.post("/v1/chat/completions", chat("m", "x", false), "Authorization", fmt.Sprintf("Bearer lgw-wrong-%d", i))
		readAll(t, resp)
		got[resp.StatusCode]++
		if resp.StatusCode == http.StatusTooManyRequests && resp.Header.Get("Retry-After") == "" {
			t.Fatal("no retry-after")
		}
	}
	if got[401] < strangerTries || got[429] == 0 || got[401]+got[429] != 3*strangerTries {
		t.Errorf("statuses: %v", got)
	}
	if resp := g.post("/v1/chat/completions", chat("m", "x", false)); resp.StatusCode != http.StatusOK {
		t.Errorf("a right key from the same address: %d", resp.StatusCode)
	}
	if n := len(g.rec.all()); n != 2 {
		t.Errorf("%d log records, want those of the one right request", n)
	}
}

func TestF06_RemembersABoundedNumberOfAddresses(t *testing.T) {
	var s strangers
	now := time.Unix(1_700_000_000, 0)
	f := invalidKey("wrong")
	for i := range 3 * maxStrangers {
		s.refused(fmt.Sprint(i), f, now)
	}
	if len(s.tokens) > maxStrangers {
		t.Errorf("%d addresses", len(s.tokens))
	}
}

func TestF06_TriesComeBackWithTime(t *testing.T) {
	var s strangers
	now := time.Unix(1_700_000_000, 0)
	f := invalidKey("wrong")
	for range strangerTries {
		if s.refused("a", f, now) != f {
			t.Fatal("refused too early")
		}
	}
	if s.refused("a", f, now).Status != http.StatusTooManyRequests || s.refused("b", f, now) != f {
		t.Error("the limit is not per address")
	}
	if s.refused("a", f, now.Add(2*time.Second)) != f {
		t.Error("no try came back")
	}
}
