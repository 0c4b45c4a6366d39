package proxy

import (
	"net/http"
	"sync"
	"time"
)

const (
	strangerTries  = 60               // wrong keys an address may send at once,
	strangerRefill = 1 * time.Second  // and one more each second
	maxStrangers   = 10_000           // addresses that are remembered
	strangerForget = 10 * time.Minute // of silence
)

// strangers slows down addresses that keep sending wrong keys. Right keys are never looked at here, so nobody is kept out by a
// neighbour behind the same address.
type strangers struct {
	mu     sync.Mutex
	tokens map[string]*bucket
}

type bucket struct {
	left float64
	at   time.Time
}

// refused counts a wrong key and returns the failure to answer with: the wrong key's own, or 429 when there were too many.
func (s *strangers) refused(ip string, f *Failure, now time.Time) *Failure {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.find(ip, now)
	b.left = min(strangerTries, b.left+now.Sub(b.at).Seconds()/strangerRefill.Seconds())
	b.at = now
	if b.left >= 1 {
		b.left--
		return f
	}
	wait := time.Duration((1 - b.left) * float64(strangerRefill))
	return &Failure{Status: http.StatusTooManyRequests, Code: "rate_limit_exceeded", Message: "Too many requests with wrong API keys came from this address.", RetryAfter: wait}
}

func (s *strangers) find(ip string, now time.Time) *bucket {
	if b := s.tokens[ip]; b != nil {
		return b
	}
	if s.tokens == nil {
		s.tokens = make(map[string]*bucket)
	}
	if len(s.tokens) >= maxStrangers {
		s.makeRoom(now)
	}
	b := &bucket{left: strangerTries, at: now}
	s.tokens[ip] = b
	return b
}

// makeRoom forgets who has been silent for long, and if that is nobody, everyone: a flood from that many addresses can't be
// told apart anyway.
func (s *strangers) makeRoom(now time.Time) {
	for ip, b := range s.tokens {
		if now.Sub(b.at) > strangerForget {
			delete(s.tokens, ip)
		}
	}
	if len(s.tokens) >= maxStrangers {
		clear(s.tokens)
	}
}
