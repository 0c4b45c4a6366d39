//go:build !linux

package edge

import (
	"net"
	"sync/atomic"
	"syscall"
	"time"
)

const peekInterval = 250 * time.Millisecond

// waitGone peeks at the socket now and then: these systems have no readable sign of a half-closed peer in the poller.
func waitGone(conn net.Conn, halt *atomic.Bool) bool {
	sc, ok := conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return false
	}
	for !halt.Load() {
		gone := false
		err := raw.Control(func(fd uintptr) { gone = peekEOF(fd) })
		if err != nil || gone {
			return gone && !halt.Load()
		}
		time.Sleep(peekInterval)
	}
	return false
}
