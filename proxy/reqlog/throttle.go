package reqlog

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// logEvery is the shortest time between two messages of the same kind.
const logEvery = 10 * time.Second

// throttledLog writes at most one message of a kind in ten seconds and tells how many were left out.
type throttledLog struct {
	to  *slog.Logger
	now func() time.Time

	mu   sync.Mutex
	last map[string]*throttle
}

type throttle struct {
	at      time.Time
	skipped int
}

func newThrottledLog(to *slog.Logger, now func() time.Time) *throttledLog {
	return &throttledLog{to: to, now: now, last: make(map[string]*throttle)}
}

func (t *throttledLog) warn(kind, msg string, args ...any)  { t.log(slog.LevelWarn, kind, msg, args) }
func (t *throttledLog) error(kind, msg string, args ...any) { t.log(slog.LevelError, kind, msg, args) }

func (t *throttledLog) log(level slog.Level, kind, msg string, args []any) {
	now := t.now()
	t.mu.Lock()
	seen := t.last[kind]
	if seen != nil && now.Sub(seen.at) < logEvery {
		seen.skipped++
		t.mu.Unlock()
		return
	}
	skipped := 0
	if seen != nil {
		skipped = seen.skipped
	}
	t.last[kind] = &throttle{at: now}
	t.mu.Unlock()
	args = append(args, "kind", kind)
	if skipped > 0 {
		args = append(args, "not_logged", skipped)
	}
	t.to.Log(context.Background(), level, msg, args...) //nolint:sloglint // the callers write it
}
