package proxy

import "sync"

// labelSet admits the first maxModelLabels names and calls the rest "other", so that no client can grow /metrics.
type labelSet struct {
	mu   sync.RWMutex
	seen map[string]bool
}

func (s *labelSet) bounded(name string) string {
	s.mu.RLock()
	known, size := s.seen[name], len(s.seen)
	s.mu.RUnlock()
	if known {
		return name
	}
	if size >= maxModelLabels {
		return "other"
	}
	s.mu.Lock()
	s.seen[name] = true
	s.mu.Unlock()
	return name
}
