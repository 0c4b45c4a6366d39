package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"squirrel/models"
)

// bench is one run.
type bench struct {
	settings
	db        *database
	out       io.Writer
	from, end time.Time

	written totals              // of all requests, as they were made
	samples []models.RequestLog // some of them, for queries that find something
	lines   []line
}

const (
	fillBatch   = 500 // as the shipper delivers them
	sampleCount = 2000
)

// fill stores all requests and keeps a fair sample of them.
func (b *bench) fill(ctx context.Context) error {
	g := newGenerator(b.seed, b.rows, b.days, b.from)
	var writing, cpu time.Duration
	report := time.Now()
	for at := 0; at < b.rows; at += fillBatch {
		writes := make([]models.LogWrite, min(fillBatch, b.rows-at))
		for i := range writes {
			writes[i] = g.next()
			b.written.add(&writes[i].Log)
			b.sample(g, at+i, &writes[i].Log)
		}
		began, used := time.Now(), cpuTime()
		if err := b.db.WriteLogs(ctx, writes); err != nil {
			return err
		}
		writing, cpu = writing+time.Since(began), cpu+cpuTime()-used
		if time.Since(report) > 10*time.Second {
			report = time.Now()
			fmt.Fprintf(b.out, "  %d rows, %.0f rows/s\n", at+len(writes), float64(at+len(writes))/writing.Seconds())
		}
	}
	b.note("fill: WriteLogs, %d a call", fillBatch)("%d rows in %s, %.0f rows/s; %.0f µs of CPU a row",
		b.rows, writing.Round(time.Millisecond), float64(b.rows)/writing.Seconds(), float64(cpu.Microseconds())/float64(b.rows))
	began := time.Now()
	made, err := b.db.SumDays(ctx, b.end)
	if err != nil {
		return err
	}
	b.note("SumDays")("%d days in %s", made, time.Since(began).Round(time.Millisecond))
	return nil
}

// sample keeps each request with the same probability.
func (b *bench) sample(g *generator, i int, l *models.RequestLog) {
	if len(b.samples) < sampleCount {
		b.samples = append(b.samples, *l)
	} else if j := g.r.IntN(i + 1); j < sampleCount {
		b.samples[j] = *l
	}
}

func (b *bench) size(ctx context.Context) error {
	report, err := b.db.Size(ctx)
	if err != nil {
		return err
	}
	b.note("size")("%.0f MB, %.0f bytes a request (%.0f %% with details)",
		float64(report.DatabaseBytes)/1e6, float64(report.DatabaseBytes)/float64(b.rows), 100*detailShare)
	return nil
}
