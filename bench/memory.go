package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"
)

// birth is what a gateway costs before it has work.
type birth struct {
	ready time.Duration // from the start of the process to the first 200
	idle  int64         // bytes of memory, some seconds later
	size  int64         // of the binary
}

// String says it for people.
func (b birth) String() string {
	return fmt.Sprintf("ready after %v, %d MB of memory when idle, binary of %d MB", b.ready.Round(time.Millisecond), b.idle>>20, b.size>>20)
}

func (b *birth) weigh(ctx context.Context, binary string, pid int) error {
	info, err := os.Stat(binary)
	if err != nil {
		return err
	}
	b.size = info.Size()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(3 * time.Second):
	}
	b.idle, err = memory(pid, "VmRSS")
	return err
}

// memory reads one of the figures of proc_pid_status(5), in bytes.
func memory(pid int, name string) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := bytes.Cut(status, []byte(name+":"))
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return 0, errors.New(name + " is not known")
	}
	kib, err := strconv.ParseInt(string(fields[0]), 10, 64)
	return kib << 10, err
}

// crowd is the name of the last scenario.
const crowd = "1,000 streams of 60 at 50 ms"

// crowded holds a thousand streams at once through each target and looks at what it takes.
func crowded(ctx context.Context, f *field) error {
	const streams = 1000
	body := streamed("bench-stream-60@50ms")
	s := scenario{concurrency: streams, requests: 2 * streams}
	direct, err := measure(ctx, run{target: f.upstream, path: chatPath, body: body}, s, nil)
	if err != nil {
		return err
	}
	fmt.Printf("\n%-38s %-24s %12s %12s %16s\n", "scenario", "target", "peak memory", "added p99", "goroutines each")
	for _, t := range []*target{f.proxy, f.squirrel} {
		_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", t.pid), []byte("5"), 0) // forget the peak so far, where that is allowed
		each := make(chan string, 1)
		if t == f.squirrel {
			time.AfterFunc(2*time.Second, func() { each <- goroutinesEach(ctx, t.url, streams) })
		} else {
			each <- "-"
		}
		got, err := measure(ctx, run{target: t, path: chatPath, body: body}, s, direct.answer)
		if err != nil {
			return err
		}
		peak, err := memory(t.pid, "VmHWM")
		if err != nil {
			return err
		}
		fmt.Printf("%-38s %-24s %9d MiB %10.2fms %16s\n", crowd, t.name, peak>>20, got.p99-direct.p99, <-each)
	}
	return nil
}

// goroutinesEach is how many goroutines of a gateway there are for each stream.
func goroutinesEach(ctx context.Context, url string, streams int) string {
	n, err := goroutines(ctx, url)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%.1f", float64(n)/float64(streams))
}

// goroutines asks the gateway's metrics.
func goroutines(ctx context.Context, url string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err
	}
	_, rest, found := bytes.Cut(data, []byte("\ngo_goroutines "))
	if !found {
		return 0, errors.New("no go_goroutines in the metrics")
	}
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	return strconv.Atoi(string(bytes.TrimSpace(line)))
}
