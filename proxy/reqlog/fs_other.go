//go:build !linux

package reqlog

import (
	"errors"
	"os"
)

func allocate(f *os.File, size int64) error { return fillZero(f, size) }

// diskSpace is not known here: the spool then notices a full disk by the write that fails.
func diskSpace(string) (free, total int64, err error) { return 0, 0, errors.ErrUnsupported }
