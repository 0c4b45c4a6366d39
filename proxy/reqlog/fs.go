package reqlog

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// File is a segment that is being written. Every Write appends.
type File interface {
	io.Writer
	io.Closer
	Sync() error
	Truncate(size int64) error
}

// FileSystem is what the spool needs of a disk for writing. Tests inject one that runs full.
type FileSystem interface {
	// Create makes a new file with mode 0600 that is open for appending; it fails when the path exists.
	Create(path string) (File, error)
	// Allocate makes a file that really occupies size bytes.
	Allocate(path string, size int64) error
	// Free tells how many bytes are free for this process and how large the disk is.
	Free(dir string) (free, total int64, err error)
}

type osFileSystem struct{}

func (osFileSystem) Create(path string) (File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (osFileSystem) Allocate(path string, size int64) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = allocate(f, size)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

func (osFileSystem) Free(dir string) (free, total int64, err error) { return diskSpace(dir) }

// fillZero occupies space by writing it, for file systems that can't allocate.
func fillZero(w io.Writer, size int64) error {
	chunk := make([]byte, min(size, 1<<20))
	for size > 0 {
		n, err := w.Write(chunk[:min(size, int64(len(chunk)))])
		if err != nil {
			return err
		}
		size -= int64(n)
	}
	return nil
}

// isNoSpace reports whether a write failed because the disk or the quota is full.
func isNoSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, io.ErrShortWrite)
}

// writeFileAtomic replaces path by data so that a reader sees the old or the new content, also after a power loss.
func writeFileAtomic(path string, data []byte) error {
	tmp := path + ".tmp"
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("create %s: %w", tmp, err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		return fmt.Errorf("replace %s: %w", path, errors.Join(err, removeIfThere(tmp)))
	}
	return nil
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// syncDir makes the names in a directory durable. Systems that can't sync directories don't need it.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
}
