//go:build !unix

package reqlog

import "os"

// Without file locks one data directory must not be shared by two processes.
func tryLock(*os.File) bool { return true }

func waitLock(*os.File) error { return nil }
