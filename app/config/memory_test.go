package config

import (
	"runtime/debug"
	"testing"
)

func TestH13_InflightBytes(t *testing.T) {
	if n := (Config{MaxInflight: 5 << 20, MaxRequestBytes: 1 << 20}).InflightBytes(); n != 5<<20 {
		t.Errorf("as set: %d", n)
	}
	if n := (Config{MaxInflight: 5 << 20, MaxRequestBytes: 32 << 20}).InflightBytes(); n != 32<<20 {
		t.Errorf("less than one request: %d", n)
	}
	before := debug.SetMemoryLimit(1 << 30)
	defer debug.SetMemoryLimit(before)
	if n := (Config{MaxRequestBytes: 1 << 20}).InflightBytes(); n > 256<<20 || n < 1<<20 {
		t.Errorf("with GOMEMLIMIT of 1 GiB: %d", n)
	}
	if bytes, ok := machineMemory(); ok && (bytes < 64<<20 || bytes > 1<<46) {
		t.Errorf("this machine has %d bytes?", bytes)
	}
}
