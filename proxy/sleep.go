package proxy

import (
	"context"
	"time"
)

// sleep waits, and ends early with false when ctx does.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
