package auth

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"squirrel/models"
)

const (
	freeTries      = 5
	longestWait    = 900 * time.Second
	forgetAfter    = time.Hour
	globalRate     = 20 // tries a second, over all addresses
	maxTracked     = 10_000
	subnetBits     = 64 // one IPv6 subscriber has at least so much
	firstWait      = time.Second
	doublingsLimit = 10
)

// throttle slows guessing down: after five tries an address and a user name wait 1, 2, 4 … 900 seconds between tries.
// A try counts before its outcome is known, so that many at once don't pass together.
type throttle struct {
	now func() time.Time

	mu      sync.Mutex
	tracked map[string]*tries
	tokens  float64 // of the global bucket
	filled  time.Time
}

type tries struct {
	count   int
	last    time.Time
	blocked time.Time // no try before
}

func newThrottle(now func() time.Time) *throttle {
	return &throttle{now: now, tracked: map[string]*tries{}, tokens: globalRate, filled: now()}
}

// begin counts a try and returns 0, or returns how long to wait and counts nothing. An address the user is known from
// (asked only when it matters) is held up neither by strangers who guess at the user nor by those who flood everyone.
func (t *throttle) begin(ip netip.Addr, user string, known func() bool) time.Duration {
	byIP, byUser := ipKey(ip), userKey(user)
	wait, byAddress := t.try(byIP, byUser)
	if wait == 0 || byAddress || !known() {
		return wait
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if wait := t.waitFor(byIP); wait > 0 { // someone was faster
		return wait
	}
	t.count(byIP)
	return 0
}

func (t *throttle) try(byIP, byUser string) (wait time.Duration, byAddress bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if wait := t.waitFor(byIP); wait > 0 {
		return wait, true
	}
	if wait := t.waitFor(byUser); wait > 0 {
		return wait, false
	}
	if !t.takeGlobal() {
		return time.Second, false
	}
	t.count(byIP)
	t.count(byUser)
	return 0, false
}

// succeed forgets the tries of the address; of those against the user only the one that succeeded.
func (t *throttle) succeed(ip netip.Addr, user string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.tracked, ipKey(ip))
	if e := t.tracked[userKey(user)]; e != nil {
		e.count, e.blocked = max(e.count-1, 0), time.Time{}
	}
}

func (t *throttle) waitFor(key string) time.Duration {
	e := t.tracked[key]
	if e == nil {
		return 0
	}
	now := t.now()
	if now.Sub(e.last) > forgetAfter {
		delete(t.tracked, key)
		return 0
	}
	return max(e.blocked.Sub(now), 0)
}

func (t *throttle) count(key string) {
	e := t.tracked[key]
	if e == nil {
		t.makeRoom()
		e = &tries{}
		t.tracked[key] = e
	}
	now := t.now()
	e.count++
	e.last = now
	if over := e.count - freeTries; over >= 0 {
		e.blocked = now.Add(min(firstWait<<min(over, doublingsLimit), longestWait))
	}
}

// makeRoom keeps the table bounded: it drops what may be forgotten, and if that is nothing, what was quiet longest.
func (t *throttle) makeRoom() {
	if len(t.tracked) < maxTracked {
		return
	}
	now := t.now()
	oldest, at := "", now
	for key, e := range t.tracked {
		if now.Sub(e.last) > forgetAfter {
			delete(t.tracked, key)
		} else if !e.last.After(at) {
			oldest, at = key, e.last
		}
	}
	if len(t.tracked) >= maxTracked {
		delete(t.tracked, oldest)
	}
}

func (t *throttle) takeGlobal() bool {
	now := t.now()
	t.tokens = min(t.tokens+max(now.Sub(t.filled).Seconds(), 0)*globalRate, globalRate)
	t.filled = now
	if t.tokens < 1 {
		return false
	}
	t.tokens--
	return true
}

func ipKey(ip netip.Addr) string {
	ip = ip.Unmap().WithZone("")
	if ip.Is6() {
		if subnet, err := ip.Prefix(subnetBits); err == nil {
			return "ip " + subnet.String()
		}
	}
	return "ip " + ip.String()
}

// userKey has a fixed size whatever was typed.
func userKey(user string) string {
	sum := sha256.Sum256([]byte(user))
	return "user " + string(sum[:])
}

// waitError is the cause of a models.CodeRateLimited and knows how long to wait.
type waitError struct{ wait time.Duration }

func (e *waitError) Error() string { return "throttled for " + e.wait.String() }

func tooMany(wait time.Duration) error {
	return &models.Error{
		Code: models.CodeRateLimited, Message: fmt.Sprintf("too many tries; wait %d seconds", seconds(wait)), Err: &waitError{wait},
	}
}

// RetryAfter returns the whole seconds a models.CodeRateLimited error of this package asks to wait, at least 1.
func RetryAfter(err error) int {
	if e, ok := errors.AsType[*waitError](err); ok {
		return seconds(e.wait)
	}
	return 1
}

func seconds(d time.Duration) int { return max(int((d+time.Second-1)/time.Second), 1) }
