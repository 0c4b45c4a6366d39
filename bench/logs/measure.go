package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The targets of the design: at 1 M rows on SQLite, 10 M on PostgreSQL.
const (
	listTarget   = 50 * time.Millisecond
	detailTarget = 50 * time.Millisecond
	statsTarget  = 150 * time.Millisecond
)

// line is a row of the report: durations, or a note.
type line struct {
	name   string
	note   string
	took   []timing      // sorted
	cpu    time.Duration // of one query, in this process: says more than the time it took when others use the machine; 0 = unknown
	target time.Duration
}

// timing is one query.
type timing struct {
	what string
	took time.Duration
}

// note adds a line of text.
func (b *bench) note(name string, args ...any) func(format string, args ...any) {
	name = fmt.Sprintf(name, args...)
	return func(format string, args ...any) {
		b.add(line{name: name, note: fmt.Sprintf(format, args...)})
	}
}

func (b *bench) add(l line) {
	b.lines = append(b.lines, l)
	fmt.Fprintln(b.out, " ", l)
}

// query is something to measure.
type query struct {
	what string
	run  func(context.Context) error
}

// measure runs queries one after the other. A target of 0 is none.
func (b *bench) measure(ctx context.Context, name string, target time.Duration, queries []query) error {
	l := line{name: name, target: target}
	cpu := cpuTime()
	for _, q := range queries {
		began := time.Now()
		if err := q.run(ctx); err != nil {
			return fmt.Errorf("%s: %s: %w", name, q.what, err)
		}
		l.took = append(l.took, timing{q.what, time.Since(began)})
	}
	l.cpu = (cpuTime() - cpu) / time.Duration(len(queries))
	l.sort()
	b.add(l)
	return nil
}

func (l *line) sort() {
	slices.SortFunc(l.took, func(a, b timing) int { return int(a.took - b.took) })
}

func (l line) percentile(p float64) time.Duration {
	return l.took[min(int(p*float64(len(l.took))), len(l.took)-1)].took
}

func (l line) met() bool { return l.target == 0 || l.percentile(0.95) < l.target }

// String is the line as it stands in the table.
func (l line) String() string {
	if len(l.took) == 0 {
		return fmt.Sprintf("%-46s %s", l.name, l.note)
	}
	verdict, cpu := "", ""
	if l.cpu > 0 {
		cpu = ms(l.cpu)
	}
	if l.target > 0 {
		verdict = fmt.Sprintf("< %s: met", l.target)
		if !l.met() {
			verdict = fmt.Sprintf("< %s: MISSED", l.target)
		}
	}
	return strings.TrimRight(fmt.Sprintf("%-46s %5d %10s %10s %10s %10s %10s  %s", l.name, len(l.took), ms(l.percentile(0.5)), ms(l.percentile(0.95)),
		ms(l.percentile(0.99)), ms(l.took[len(l.took)-1].took), cpu, verdict), " ")
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d)/1e6) }

const slowest = 5

// print writes the whole table, and which queries took longest where a target was missed.
func (b *bench) print() error {
	fmt.Fprintf(b.out, "\n%s, %d rows, %d days, seed %d; targets are of the p95\n", b.db.Dialect(), b.rows, b.days, b.seed)
	fmt.Fprintf(b.out, "%-46s %5s %10s %10s %10s %10s %10s\n", "", "n", "p50", "p95", "p99", "max", "CPU each")
	for _, l := range b.lines {
		fmt.Fprintln(b.out, l)
	}
	for _, l := range b.lines {
		if l.met() {
			continue
		}
		fmt.Fprintf(b.out, "\nslowest of %q:\n", l.name)
		for _, t := range slices.Backward(l.took[max(0, len(l.took)-slowest):]) {
			fmt.Fprintf(b.out, "  %10s  %s\n", ms(t.took), t.what)
		}
	}
	return nil
}
