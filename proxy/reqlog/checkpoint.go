package reqlog

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// checkpointFile holds "segment offset": everything before it is in the database. Losing it is harmless, because rows that
// are shipped twice stay single.
const checkpointFile = "checkpoint"

func saveCheckpoint(dir string, p position) error {
	return writeFileAtomic(filepath.Join(dir, checkpointFile), fmt.Appendf(nil, "%s %d\n", p.segment, p.offset))
}

// loadCheckpoint returns the zero position when there is none or when it can't be read.
func loadCheckpoint(dir string) (position, error) {
	data, err := os.ReadFile(filepath.Join(dir, checkpointFile))
	if errors.Is(err, os.ErrNotExist) {
		return position{}, nil
	}
	if err != nil {
		return position{}, fmt.Errorf("read checkpoint: %w", err)
	}
	segment, number, _ := strings.Cut(strings.TrimSpace(string(data)), " ")
	offset, err := strconv.ParseInt(number, 10, 64)
	if err != nil || offset < 0 || !isSegment(segment) {
		return position{}, fmt.Errorf("checkpoint %q is damaged", data)
	}
	return position{segment, offset}, nil
}
