// Command pages measures every page of the admin over a large request log: how long the server takes for it, as a browser on the
// same machine sees it, and how large its HTML is. The database is one that `go run ./bench/logs -db …` has filled; providers,
// models and keys with the names of its requests are added when there are none. A page that misses its bound fails the run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"
)

// The bounds of a page.
const (
	maxP95  = 100 * time.Millisecond
	maxHTML = 100_000 // bytes, before compression
)

func main() {
	url := flag.String("db", "", "URL of a database that bench/logs has filled: sqlite:///file or postgresql://…")
	times := flag.Int("n", 40, "how often each page is asked for")
	only := flag.String("only", "", "measure the pages alone whose name holds this text")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *url, *only, *times, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench/pages:", err)
		stop()
		os.Exit(1)
	}
}

// run measures the pages whose name holds a text, and prints a line for each.
func run(ctx context.Context, url, only string, times int, out io.Writer) error {
	if url == "" || times < 1 {
		return errors.New("-db is needed, and -n of at least 1")
	}
	v, err := visit(ctx, url)
	if err != nil {
		return err
	}
	defer v.close()
	if _, err := v.gateway.Store().SumDays(ctx, time.Now().Add(-time.Hour)); err != nil { // as a job does
		return err
	}
	targets, rows, err := v.targets(ctx)
	if err != nil {
		return err
	}
	targets = slices.DeleteFunc(targets, func(t target) bool { return !strings.Contains(t.name, only) })
	fmt.Fprintf(out, "%d requests in the log; each page %d times, filters and requests varied\n", rows, times)
	fmt.Fprintf(out, "%-56s %9s %9s %9s %9s %10s\n", "page", "p50", "p95", "max", "CPU each", "HTML")

	missed := 0
	for _, t := range targets {
		m, err := v.measure(ctx, t, times)
		if err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		note := ""
		if m.p95 > maxP95 || m.size > maxHTML {
			missed++
			note = "  MISSED"
		}
		fmt.Fprintf(out, "%-56s %9s %9s %9s %9s %7.1f KB%s\n", t.name, round(m.p50), round(m.p95), round(m.max), round(m.cpu), float64(m.size)/1000, note)
	}
	if missed > 0 {
		return fmt.Errorf("%d of %d pages miss %v or %d KB", missed, len(targets), maxP95, maxHTML/1000)
	}
	return nil
}

func round(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }

// measured is what came of asking for a page many times.
type measured struct {
	p50, p95, max time.Duration
	cpu           time.Duration // of this process, which is both sides: it tells what the page costs on a busy machine, too
	size          int           // of the largest answer
}

func (v *visitor) measure(ctx context.Context, t target, times int) (m measured, err error) {
	took := make([]time.Duration, times)
	used := cpuTime()
	for i := range took {
		began := time.Now()
		size, err := v.get(ctx, t.paths[i%len(t.paths)])
		if err != nil {
			return m, err
		}
		took[i], m.size = time.Since(began), max(m.size, size)
	}
	m.cpu = (cpuTime() - used) / time.Duration(times)
	slices.Sort(took)
	at := func(share float64) time.Duration { return took[min(int(share*float64(times)), times-1)] }
	m.p50, m.p95, m.max = at(0.5), at(0.95), took[times-1]
	return m, nil
}
