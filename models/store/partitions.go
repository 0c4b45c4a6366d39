package store

import "sync"

// dayPartitions remembers which day partitions exist.
type dayPartitions struct {
	mu   sync.Mutex
	have map[int64]bool
}
