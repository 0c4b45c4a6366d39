package edge

import (
	"net"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// waitGone parks in the runtime's poller until the peer hangs up (true) or the watch is halted (false). The poller is edge
// triggered and registered for EPOLLRDHUP, so a half-close wakes it even when unread pipelined bytes are waiting.
func waitGone(conn net.Conn, halt *atomic.Bool) bool {
	sc, ok := conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return false
	}
	gone := false
	err = raw.Read(func(fd uintptr) bool {
		gone = hungUp(fd)
		return gone || halt.Load()
	})
	return err == nil && gone && !halt.Load()
}

func hungUp(fd uintptr) bool {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
	n, err := unix.Poll(fds, 0)
	return err == nil && n > 0 && fds[0].Revents&(unix.POLLRDHUP|unix.POLLHUP|unix.POLLERR) != 0
}
