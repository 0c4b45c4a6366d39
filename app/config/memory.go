package config

import (
	"bufio"
	"math"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
)

// fallbackMemory is assumed where nothing tells how much memory there is.
const fallbackMemory = 2 << 30

// InflightBytes is how many bytes of request bodies may be held at once: MAX_INFLIGHT_BYTES, or a quarter of the memory, and
// always room for one request of the largest size.
func (c Config) InflightBytes() int64 {
	bytes := c.MaxInflight
	if bytes == 0 {
		bytes = memory() / 4
	}
	return max(bytes, c.MaxRequestBytes)
}

// memory is what this process may use: GOMEMLIMIT, or less when its container or its machine has less.
func memory() int64 {
	least := debug.SetMemoryLimit(-1) // asks, and changes nothing
	for _, tell := range []func() (int64, bool){containerMemory, machineMemory} {
		if bytes, ok := tell(); ok {
			least = min(least, bytes)
		}
	}
	if least == math.MaxInt64 {
		return fallbackMemory
	}
	return least
}

// containerMemory reads the limit of the process's control group (https://docs.kernel.org/admin-guide/cgroup-v2.html#memory).
func containerMemory() (int64, bool) {
	for _, file := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		if bytes, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && bytes > 0 {
			return bytes, true
		}
	}
	return 0, false
}

func machineMemory() (int64, bool) {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0, false
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		rest, found := strings.CutPrefix(lines.Text(), "MemTotal:")
		if !found {
			continue
		}
		kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
		return kib << 10, err == nil && kib > 0
	}
	return 0, false
}
