package edge

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// watchDelay is how long an exchange runs before its client is watched: most are over by then and pay nothing.
const watchDelay = 100 * time.Millisecond

// Watch calls gone once, from another goroutine, when the client closes its side of the connection. The request's body must
// have been read. Call Stop before anything reads from the connection again.
type Watch struct {
	conn    net.Conn
	gone    func()
	timer   *time.Timer
	mu      sync.Mutex
	stopped bool
	done    chan struct{} // nil until the watching goroutine runs
	halt    atomic.Bool
}

// NewWatch begins to watch after a short delay. conn may be nil: then nothing is watched.
func NewWatch(conn net.Conn, gone func()) *Watch {
	w := &Watch{conn: conn, gone: gone}
	if conn != nil {
		w.timer = time.AfterFunc(watchDelay, w.start)
	}
	return w
}

func (w *Watch) start() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped {
		return
	}
	w.done = make(chan struct{})
	go func() {
		defer close(w.done)
		if waitGone(w.conn, &w.halt) {
			w.gone()
		}
	}()
}

// Stop ends the watch and waits for its goroutine, so that the connection can be read again. It may be called twice.
func (w *Watch) Stop() {
	if w.timer == nil {
		return
	}
	w.timer.Stop()
	w.mu.Lock()
	w.stopped = true
	done := w.done
	w.mu.Unlock()
	if done == nil {
		return
	}
	w.halt.Store(true)
	// A deadline in the past wakes the parked goroutine; clearing it gives the connection back as it was.
	_ = w.conn.SetReadDeadline(time.Unix(1, 0))
	<-done
	_ = w.conn.SetReadDeadline(time.Time{})
}
