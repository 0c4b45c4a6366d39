package faults

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"squirrel/models/store/pgtest"
)

var (
	kills  = flag.Int("kills", 8, "how often TestH01 kills the gateway")
	outage = flag.Duration("outage", 4*time.Second, "how long TestH04 stops PostgreSQL")
	soak   = flag.Duration("soak", 4*time.Second, "how long the TestLoad tests run")
	rate   = flag.Int("rate", 0, "calls per second of the load; 0 = as fast as its workers go")
)

// binary is the gateway that all tests run.
var binary string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "squirrel-faults-*")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	defer pgtest.Cleanup()
	binary = filepath.Join(dir, "squirrel")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the gateway: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}
