package auth

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"squirrel/models"
)

func stranger() bool { return false }
func friend() bool   { return true }

func TestF14_WaitsDoubleUpToFifteenMinutes(t *testing.T) {
	c := newClock()
	th := newThrottle(c.now)
	ip := netip.MustParseAddr("192.0.2.1")
	for i := range freeTries {
		if wait := th.begin(ip, "root", stranger); wait != 0 {
			t.Fatalf("try %d waits %s", i+1, wait)
		}
	}
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900} {
		want *= time.Second
		if wait := th.begin(ip, "root", friend); wait != want {
			t.Fatalf("waits %s, want %s", wait, want)
		}
		c.advance(want)
		if wait := th.begin(ip, "root", stranger); wait != 0 {
			t.Fatalf("after %s: waits %s", want, wait)
		}
	}
	c.advance(forgetAfter + time.Second)
	if wait := th.begin(ip, "root", stranger); wait != 0 || th.tracked[ipKey(ip)].count != 1 {
		t.Errorf("after an hour: waits %s", wait)
	}
}

func TestF14_ManyAddressesAgainstOneUser(t *testing.T) {
	c := newClock()
	th := newThrottle(c.now)
	passed := 0
	for i := range 1000 {
		if th.begin(netip.AddrFrom4([4]byte{198, 51, byte(i >> 8), byte(i)}), "root", stranger) == 0 {
			passed++
		}
	}
	if passed != freeTries {
		t.Errorf("%d of 1,000 tries passed, want %d", passed, freeTries)
	}
	if wait := th.begin(netip.MustParseAddr("192.0.2.7"), "root", friend); wait != 0 {
		t.Errorf("the user's own address waits %s", wait)
	}
}

func TestF14_AtMostTwentyASecondOverall(t *testing.T) {
	c := newClock()
	th := newThrottle(c.now)
	count := func() (passed int) {
		for i := range 100 {
			if th.begin(netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}), fmt.Sprint(c.now(), i), stranger) == 0 {
				passed++
			}
		}
		return passed
	}
	if got := count(); got != globalRate {
		t.Errorf("%d passed at once, want %d", got, globalRate)
	}
	c.advance(500 * time.Millisecond)
	if got := count(); got != globalRate/2 {
		t.Errorf("%d passed after half a second, want %d", got, globalRate/2)
	}
}

func TestF14_LoginIsThrottledAndSuccessClearsTheAddress(t *testing.T) {
	k := newEnvKit(t)
	for range freeTries - 1 {
		_, err := k.Login(t.Context(), "root", "wrong", from("192.0.2.1"))
		wantCode(t, "free try", err, models.CodeUnauthorized)
	}
	k.mustLogin(t)
	_, err := k.Login(t.Context(), "root", "wrong", from("192.0.2.1"))
	wantCode(t, "after a success", err, models.CodeUnauthorized)
	for range 50 {
		_, err = k.Login(t.Context(), "root", "correct horse", from("192.0.2.9"))
	}
	wantCode(t, "a stranger, even with the password", err, models.CodeRateLimited)
	if RetryAfter(err) < 1 {
		t.Errorf("retry after %d", RetryAfter(err))
	}
	k.mustLogin(t) // from an address with a session
}

func TestThrottleTableIsBounded(t *testing.T) {
	c := newClock()
	th := newThrottle(c.now)
	for i := range maxTracked + 500 {
		c.advance(100 * time.Millisecond)
		th.begin(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), "", friend)
	}
	if len(th.tracked) > maxTracked {
		t.Errorf("%d entries", len(th.tracked))
	}
}

func TestOneSubscriberOneCounter(t *testing.T) {
	same := []string{"2001:db8::1", "2001:db8::ffff", "2001:db8:0:0:1::"}
	for _, ip := range same {
		if got := ipKey(netip.MustParseAddr(ip)); got != "ip 2001:db8::/64" {
			t.Errorf("%s counts as %s", ip, got)
		}
	}
	if ipKey(netip.MustParseAddr("::ffff:192.0.2.1")) != ipKey(netip.MustParseAddr("192.0.2.1")) {
		t.Error("a mapped address has a counter of its own")
	}
}

func TestClientIP(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")}
	for _, c := range []struct{ peer, forwarded, want string }{
		{"192.0.2.1", "", "192.0.2.1"},
		{"192.0.2.1", "203.0.113.9", "192.0.2.1"},
		{"10.0.0.1", "", "10.0.0.1"},
		{"10.0.0.1", "203.0.113.9", "203.0.113.9"},
		{"10.0.0.1", "6.6.6.6, 203.0.113.9", "203.0.113.9"},
		{"10.0.0.1", "203.0.113.9, 10.0.0.2", "203.0.113.9"},
		{"10.0.0.1", "10.0.0.3,10.0.0.2", "10.0.0.3"},
		{"10.0.0.1", "203.0.113.9, '; DROP TABLE--", "10.0.0.1"},
		{"10.0.0.1", "203.0.113.9:4711", "203.0.113.9"},
		{"10.0.0.1", "[2001:db8::5]:4711", "2001:db8::5"},
		{"10.0.0.1", "[2a00::5]", "2a00::5"},
		{"::ffff:10.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"},
		{"2001:db8::1", "fe80::1%eth0", "fe80::1"},
	} {
		if got := ClientIP(netip.MustParseAddr(c.peer), c.forwarded, trusted); got.String() != c.want {
			t.Errorf("peer %s, X-Forwarded-For %q: %s, want %s", c.peer, c.forwarded, got, c.want)
		}
	}
}

func FuzzClientIP(f *testing.F) {
	f.Add("203.0.113.9, 10.0.0.1")
	f.Add("[::1]:80,,")
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	f.Fuzz(func(t *testing.T, forwarded string) {
		if got := ClientIP(netip.MustParseAddr("192.0.2.1"), forwarded, trusted); got.String() != "192.0.2.1" {
			t.Errorf("an untrusted peer became %s", got)
		}
		if got := ClientIP(netip.MustParseAddr("10.0.0.1"), forwarded, trusted); !got.IsValid() || got.Zone() != "" {
			t.Errorf("not an address: %v", got)
		}
	})
}
