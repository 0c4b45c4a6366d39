package admin

import (
	"sync"
	"time"
)

const (
	paceBurst = 5
	paceEvery = time.Second
)

// pace lets a few actions through at once and then one a second, so that tests of drafts are no port scanner.
type pace struct {
	now  func() time.Time
	mu   sync.Mutex
	next time.Time // when the bucket would be full
}

func newPace(now func() time.Time) *pace { return &pace{now: now} }

// take returns 0, or how long to wait.
func (p *pace) take() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if p.next.Before(now) {
		p.next = now
	}
	if wait := p.next.Sub(now) - (paceBurst-1)*paceEvery; wait > 0 {
		return wait
	}
	p.next = p.next.Add(paceEvery)
	return 0
}
