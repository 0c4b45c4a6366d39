package reqlog

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
)

const (
	instanceFile = "instance" // in the spool's root: the id this host's process prefers
	lockFile     = "lock"     // in an instance's directory: locked while a process owns it, its mtime is the heartbeat
)

var errTaken = errors.New("another process owns this instance of the spool")

// home is the directory of one instance, owned by this process as long as lock is open.
type home struct {
	id   string
	dir  string
	lock *os.File
}

// openHome takes the directory of instance id below root. Without id it takes the one noted in the root; when another
// process on the same data directory has that one, it takes a new one.
func openHome(root, id string) (*home, error) {
	if err := os.MkdirAll(root, 0o700); err != nil {
		return nil, fmt.Errorf("create spool: %w", err)
	}
	if id != "" {
		return takeHome(root, id)
	}
	f, err := os.OpenFile(filepath.Join(root, instanceFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open instance id: %w", err)
	}
	defer f.Close()
	if err := waitLock(f); err != nil {
		return nil, fmt.Errorf("lock instance id: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(f, 256))
	if err != nil {
		return nil, fmt.Errorf("read instance id: %w", err)
	}
	if id = strings.TrimSpace(string(data)); !validInstance(id) {
		id = ulid.Make().String()
		if err := writeInstance(f, id); err != nil {
			return nil, err
		}
	}
	h, err := takeHome(root, id)
	if errors.Is(err, errTaken) {
		return takeHome(root, ulid.Make().String())
	}
	return h, err
}

func writeInstance(f *os.File, id string) error {
	err := f.Truncate(0)
	if err == nil {
		_, err = f.WriteAt([]byte(id+"\n"), 0)
	}
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		return fmt.Errorf("write instance id: %w", err)
	}
	return nil
}

// validInstance keeps ids to what can be a directory's name and fits a segment's header.
func validInstance(id string) bool {
	return id != "" && len(id) <= maxInstanceLength && !strings.ContainsAny(id, "/\\. \x00\n\t")
}

func takeHome(root, id string) (*home, error) {
	if !validInstance(id) {
		return nil, fmt.Errorf("%q can't be the id of an instance", id)
	}
	dir := filepath.Join(root, id)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create spool of instance: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock of instance: %w", err)
	}
	if !tryLock(lock) {
		return nil, errors.Join(errTaken, lock.Close())
	}
	h := &home{id: id, dir: dir, lock: lock}
	h.beat(time.Now())
	return h, nil
}

// beat tells processes that can't see the lock (another host on a shared volume) that this one lives.
func (h *home) beat(now time.Time) { _ = os.Chtimes(h.lock.Name(), now, now) }

func (h *home) close() error { return h.lock.Close() }

// claimAbandoned takes the directories below root whose owner is gone: the lock is free and the heartbeat older than idle.
// Those in except are passed over.
func claimAbandoned(root, own string, now time.Time, idle time.Duration, except map[string]bool) []*home {
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil
	}
	var claimed []*home
	for _, e := range entries {
		if !e.IsDir() || e.Name() == own || except[e.Name()] || !validInstance(e.Name()) {
			continue
		}
		if h := claim(filepath.Join(root, e.Name()), now, idle); h != nil {
			claimed = append(claimed, h)
		}
	}
	return claimed
}

func claim(dir string, now time.Time, idle time.Duration) *home {
	lock, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR, 0)
	if err != nil {
		return nil
	}
	info, err := lock.Stat()
	if err != nil || now.Sub(info.ModTime()) < idle || !tryLock(lock) {
		_ = lock.Close()
		return nil
	}
	return &home{id: filepath.Base(dir), dir: dir, lock: lock}
}
