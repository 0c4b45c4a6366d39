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

// scenario is one kind of load.
type scenario struct {
	name        string
	path        string
	body        []byte
	concurrency int
	requests    int
}

func chat(model string, promptBytes int) []byte {
	return fmt.Appendf(nil, `{"model":%q,"messages":[{"role":"user","content":%q}]}`, model, strings.Repeat("acorn ", promptBytes/6))
}

// streamed asks for the usage itself: else the gateway would, and the provider's chunks would differ from those of a direct call.
func streamed(model string) []byte {
	return fmt.Appendf(nil, `{"model":%q,"stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"acorns"}]}`, model)
}

func scenarios() []scenario {
	const path = "/v1/chat/completions"
	return []scenario{
		{"plain 1 KB, 1 at once", path, chat("bench-1k", 900), 1, 3000},
		{"plain 1 KB, 16 at once", path, chat("bench-1k", 900), 16, 8000},
		{"plain 1 KB, 64 at once", path, chat("bench-1k", 900), 64, 8000},
		{"stream of 100 chunks, 16 at once", path, streamed("bench-stream-100"), 16, 1500},
		{"1 MB prompt, 8 at once", path, chat("bench-1k", 1<<20), 8, 400},
	}
}

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
		err = run(ctx, *rounds, *only)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, rounds int, only string) error {
	field, err := newField(ctx)
	if err != nil {
		return err
	}
	defer field.close()
	fmt.Printf("%-34s %-22s %10s %10s %10s %10s\n", "scenario", "target", "CPU/req", "spread", "added p50", "added p99")
	for _, s := range scenarios() {
		if !strings.Contains(s.name, only) {
			continue
		}
		if err := compare(ctx, field, s, rounds); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

// compare alternates between the targets and prints medians and ratios.
func compare(ctx context.Context, f *field, s scenario, rounds int) error {
	direct, err := measure(ctx, f.upstream, s, nil)
	if err != nil {
		return err
	}
	results := map[*target][]result{}
	for range rounds + 1 {
		for _, t := range f.targets {
			r, err := measure(ctx, t, s, direct.answer)
			if err != nil {
				return fmt.Errorf("%s: %w", t.name, err)
			}
			results[t] = append(results[t], r)
		}
	}
	var medians []summary
	for _, t := range f.targets {
		m := summarise(results[t][1:], direct) // the first round warms up
		medians = append(medians, m)
		fmt.Printf("%-34s %-22s %8.0fµs %9.0f%% %8.2fms %8.2fms\n", s.name, t.name, m.cpu, 100*m.spread, m.p50, m.p99)
	}
	base := medians[0]
	for i, t := range f.targets[1:] {
		m := medians[i+1]
		fmt.Printf("%-34s %-22s %9.2fx %10s %9.2fx %9.2fx\n", "", "= "+t.name+" / proxy", m.cpu/base.cpu, "", m.p50/base.p50, m.p99/base.p99)
	}
	return nil
}

// summary is the median of some rounds: CPU per request in µs, its relative spread, latency added to the direct call in ms.
type summary struct{ cpu, spread, p50, p99 float64 }

func summarise(rounds []result, direct result) summary {
	pick := func(value func(result) float64) []float64 {
		out := make([]float64, len(rounds))
		for i, r := range rounds {
			out[i] = value(r)
		}
		slices.Sort(out)
		return out
	}
	cpu := pick(func(r result) float64 { return r.cpu })
	p50 := pick(func(r result) float64 { return r.p50 - direct.p50 })
	p99 := pick(func(r result) float64 { return r.p99 - direct.p99 })
	mid := len(rounds) / 2
	return summary{cpu: cpu[mid], spread: (cpu[len(cpu)-1] - cpu[0]) / cpu[mid], p50: p50[mid], p99: p99[mid]}
}
