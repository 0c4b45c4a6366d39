package proxy

import (
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// admission bounds the bytes of request bodies that are held in memory at once, so that many large requests together are turned
// away instead of ending the process. The zero value admits everything.
type admission struct {
	limit int64
	held  atomic.Int64
}

// admit takes n more bytes for a request, unless there are too many already.
func (a *admission) admit(n int64) bool {
	if a.limit <= 0 || a.held.Add(n) <= a.limit {
		return true
	}
	a.held.Add(-n)
	return false
}

// holding is what one request has been admitted with. It belongs to the request's goroutine.
type holding struct {
	of *admission
	n  int64
}

func (h *holding) admit(n int64) bool {
	if !h.of.admit(n) {
		return false
	}
	h.n += n
	return true
}

// settle corrects the holding to what is really held, which is never refused: it is there already.
func (h *holding) settle(n int64) {
	if h.of != nil && h.of.limit > 0 {
		h.of.held.Add(n - h.n)
		h.n = n
	}
}

// release gives everything back. It may be called twice.
func (h *holding) release() { h.settle(0) }

func overloaded() *Failure {
	return &Failure{Status: http.StatusServiceUnavailable, Code: "overloaded", Message: "The gateway holds as many large requests as it has memory for. Retry in a moment.", RetryAfter: time.Second}
}

// errOverloaded ends the reading of a body that grows past what may be held.
var errOverloaded = overloaded()

// admitted asks for each part of a body whose length nobody declared.
type admitted struct {
	io.Reader
	holding *holding
}

// Read implements io.Reader.
func (r admitted) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if n > 0 && !r.holding.admit(int64(n)) {
		return 0, errOverloaded
	}
	return n, err
}
