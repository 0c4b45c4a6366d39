// Command bench measures Squirrel with complete logging against a bare httputil.ReverseProxy, side by side in one run: the
// simulator's fast path upstream, both targets as processes of their own, the same closed loop, rounds alternating. CPU is the
// kernel's figure for the target's process from idle to idle, so work done after the answer counts. Every answer is checked
// byte for byte. Quote ratios of one run, never a lone absolute time.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
)

func main() {
	role := flag.String("role", "", "internal: upstream or proxy")
	upstream := flag.String("upstream", "", "internal: base URL of the upstream")
	rounds := flag.Int("rounds", 6, "rounds of each target")
	only := flag.String("only", "", "run only scenarios whose name contains this")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	switch *role {
	case "upstream":
		err = serveUpstream(ctx)
	case "proxy":
		err = serveProxy(ctx, *upstream)
	default:
		err = runAll(ctx, *rounds, *only)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func runAll(ctx context.Context, rounds int, only string) error {
	field, err := newField(ctx)
	if err != nil {
		return err
	}
	defer field.close()
	fmt.Printf("%s\n\n", field.birth)
	fmt.Printf("%-38s %-24s %10s %8s %11s %11s %11s %11s\n", "scenario", "target", "CPU/req", "spread", "added p50", "added p99", "first byte", "gap p99")
	for _, s := range field.scenarios() {
		if !strings.Contains(s.name, only) {
			continue
		}
		if err := compare(ctx, field, s, rounds); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	if !strings.Contains(crowd, only) {
		return nil
	}
	return crowded(ctx, field)
}

// compare alternates between the targets and prints medians and ratios. What is added is the difference to a direct call.
func compare(ctx context.Context, f *field, s scenario, rounds int) error {
	native := run{target: f.upstream, path: s.runs[0].path, body: s.runs[0].body}
	direct, err := measure(ctx, native, s, nil)
	if err != nil {
		return err
	}
	results := make([][]result, len(s.runs))
	for range rounds + 1 {
		for i, r := range s.runs {
			want := direct.answer
			if r.converted {
				want = nil
			}
			got, err := measure(ctx, r, s, want)
			if err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
			results[i] = append(results[i], got)
		}
	}
	var base summary
	for i, r := range s.runs {
		m := summarise(results[i][1:], direct) // the first round warms up
		ratio := ""
		if i == 0 {
			base = m
		} else {
			ratio = fmt.Sprintf("  CPU %.2fx, added p50 %.2fx, p99 %.2fx", m.cpu/base.cpu, m.p50/base.p50, m.p99/base.p99)
			if s.paced {
				ratio += fmt.Sprintf(", gap p99 %.2fx", m.gap/base.gap)
			}
		}
		fmt.Printf("%-38s %-24s %8.0fµs %7.0f%% %9.2fms %9.2fms %9.2fms %9.2fms%s\n", s.name, r.name, m.cpu, 100*m.spread, m.p50, m.p99, m.first, m.gap, ratio)
	}
	return nil
}

// summary is the median of some rounds: CPU per request in µs, its relative spread, latencies added to the direct call in ms,
// and the longest of 100 gaps between two reads of a stream in ms.
type summary struct{ cpu, spread, p50, p99, first, gap float64 }

func summarise(rounds []result, direct result) summary {
	pick := func(value func(result) float64) []float64 {
		out := make([]float64, len(rounds))
		for i, r := range rounds {
			out[i] = value(r)
		}
		slices.Sort(out)
		return out
	}
	median := func(value func(result) float64) float64 { return pick(value)[len(rounds)/2] }
	cpu := pick(func(r result) float64 { return r.cpu })
	return summary{
		cpu: cpu[len(cpu)/2], spread: (cpu[len(cpu)-1] - cpu[0]) / cpu[len(cpu)/2],
		p50:   median(func(r result) float64 { return r.p50 - direct.p50 }),
		p99:   median(func(r result) float64 { return r.p99 - direct.p99 }),
		first: median(func(r result) float64 { return r.first - direct.first }),
		gap:   median(func(r result) float64 { return r.gap }),
	}
}
