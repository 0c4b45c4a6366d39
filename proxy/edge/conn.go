// Package edge looks after the connections of clients: a write deadline that moves with every write, and the news that a
// client has left. Both are things fasthttp can't tell (it blocks for ever on a slow reader, and an idle handler never
// learns that its client is gone).
package edge

import (
	"errors"
	"net"
	"sync/atomic"
	"syscall"
	"time"
)

// Listener accepts connections whose writes each have their own deadline.
type Listener struct {
	net.Listener
	writeTimeout time.Duration
}

// NewListener wraps a listener. writeTimeout bounds one write: a reader that takes nothing for so long is cut.
func NewListener(l net.Listener, writeTimeout time.Duration) *Listener {
	return &Listener{Listener: l, writeTimeout: writeTimeout}
}

// Accept waits for a client. A shortage that may pass, of file descriptors above all, is waited out: fasthttp would stop to serve
// for ever.
func (l *Listener) Accept() (net.Conn, error) {
	for pause := shortPause; ; pause = min(2*pause, longPause) {
		c, err := l.Listener.Accept()
		if err == nil {
			return &Conn{Conn: c, writeTimeout: l.writeTimeout}, nil
		}
		if !passes(err) {
			return nil, err
		}
		time.Sleep(pause)
	}
}

// How long to wait after a connection that could not be accepted.
const (
	shortPause = 5 * time.Millisecond
	longPause  = 500 * time.Millisecond
)

// passes reports whether the next connection may be accepted although this one was not (accept(2)).
func passes(err error) bool {
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED, syscall.EINTR, syscall.EPROTO} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// Conn is a client's connection.
type Conn struct {
	net.Conn
	writeTimeout time.Duration
	armed        atomic.Int64 // when the present deadline was set, in Unix nanoseconds
}

// Write sets a fresh deadline when the present one is older than a quarter of the timeout: setting one for each chunk of a
// fast stream would cost more than the write.
func (c *Conn) Write(p []byte) (int, error) {
	if now := time.Now(); c.writeTimeout > 0 && now.UnixNano()-c.armed.Load() > int64(c.writeTimeout/4) {
		c.armed.Store(now.UnixNano())
		if err := c.SetWriteDeadline(now.Add(c.writeTimeout + c.writeTimeout/4)); err != nil {
			return 0, err
		}
	}
	return c.Conn.Write(p)
}

// SyscallConn gives access to the socket; it fails for connections that have none.
func (c *Conn) SyscallConn() (syscall.RawConn, error) {
	if sc, ok := c.Conn.(syscall.Conn); ok {
		return sc.SyscallConn()
	}
	return nil, syscall.ENOTSUP
}
