package proxy

import (
	"io"
	"sync"
	"time"

	"squirrel/proxy/upstream"
)

// pingChunk is an SSE comment framed as one HTTP chunk of 0xe bytes.
const (
	pingComment = ": keep-alive\n\n"
	pingChunk   = "e\r\n" + pingComment + "\r\n"
)

// monitor watches a stream's pace with one timer and no goroutine of its own: it sends heartbeats while the provider is
// silent and cancels the call when it is silent for too long. Chunks only note the time.
//
// A heartbeat is written straight to the connection. That is safe because it happens only while the relay waits for the
// provider: everything before it has been flushed, and the lock keeps the next chunk back until it is out.
type monitor struct {
	mu      sync.Mutex
	timer   *time.Timer
	conn    io.Writer // nil: no heartbeats
	beat    time.Duration
	idle    time.Duration
	cancel  func(error)
	since   time.Time // the relay has been waiting since; zero while it works
	lastOut time.Time
	begun   bool // the client has the header and a first part of the answer
	ended   bool
}

func newMonitor(r *relay) *monitor {
	m := &monitor{idle: seconds(r.try.candidate.Provider.IdleTimeout, 120), beat: r.x.gw.opts.Heartbeat, cancel: r.cancel}
	if r.events && r.x.req.Conn != nil && !r.x.req.HTTP10 {
		m.conn = r.x.req.Conn
	}
	return m
}

func (m *monitor) start() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.timer = time.AfterFunc(min(m.beat, m.idle), m.fire)
}

// waiting begins a wait for the provider. Before anything was sent there are no heartbeats: they would overtake the header,
// which is still in fasthttp's buffer. It returns when the wait began.
func (m *monitor) waiting(begun bool) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.since = time.Now()
	m.lastOut = m.since
	m.begun = begun
	return m.since
}

func (m *monitor) busy() {
	m.mu.Lock()
	m.since = time.Time{}
	m.mu.Unlock()
}

func (m *monitor) fire() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ended {
		return
	}
	again := min(m.beat, m.idle)
	if !m.since.IsZero() {
		now := time.Now()
		silent := now.Sub(m.since)
		if silent >= m.idle {
			m.cancel(upstream.ErrIdleTimeout)
			return
		}
		if quiet := now.Sub(m.lastOut); quiet >= m.beat && m.conn != nil && m.begun {
			m.lastOut = now
			if _, err := io.WriteString(m.conn, pingChunk); err != nil {
				m.cancel(upstream.ErrClientGone)
				return
			}
		} else {
			again = m.beat - min(quiet, m.beat-time.Millisecond)
		}
		again = min(again, m.idle-silent)
	}
	m.timer.Reset(max(again, time.Millisecond))
}

func (m *monitor) stop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ended = true
	if m.timer != nil {
		m.timer.Stop()
	}
}
