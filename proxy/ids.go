package proxy

import (
	"crypto/rand"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
)

// idSource makes log ids: ULIDs that rise within this process, also when the machine's clock is set back.
type idSource struct {
	mu      sync.Mutex
	entropy ulid.MonotonicReader
	last    uint64 // milliseconds
}

func newIDSource() *idSource { return &idSource{entropy: ulid.Monotonic(rand.Reader, 0)} }

func (s *idSource) next(now time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = max(s.last, ulid.Timestamp(now))
	id, err := ulid.New(s.last, s.entropy)
	if err != nil { // the monotonic counter overflowed inside one millisecond
		s.last++
		id = ulid.MustNew(s.last, rand.Reader)
	}
	return id.String()
}
