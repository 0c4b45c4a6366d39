//go:build unix

package reqlog

import (
	"os"

	"golang.org/x/sys/unix"
)

// tryLock takes the lock of f unless another process holds it. The kernel frees it when the process ends.
func tryLock(f *os.File) bool { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil }

// waitLock takes the lock of f and waits for another holder.
func waitLock(f *os.File) error {
	for {
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != unix.EINTR {
			return err
		}
	}
}
