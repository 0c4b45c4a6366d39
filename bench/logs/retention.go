package main

import (
	"context"
	"fmt"
	"time"

	"squirrel/models"
)

const (
	deleteBatch = 500 // as the retention job does it, with its pauses
	deletePause = 50 * time.Millisecond
	writeEvery  = 50 * time.Millisecond // a delivery of the shipper:
	writeBatch  = 10                    // so many requests begin, and as many end
)

// retention deletes the first tenth of the days while a writer goes on, and compares how long its writes take with before.
func (b *bench) retention(ctx context.Context) error {
	g := newGenerator(b.seed+1, b.rows, b.days, b.from)
	alone, cancel := context.WithTimeout(ctx, min(b.deleteFor, 5*time.Second))
	defer cancel()
	if err := b.write(ctx, alone, g, "writer alone, a delivery"); err != nil {
		return err
	}

	during, finished := context.WithTimeout(ctx, b.deleteFor)
	defer finished()
	deleted := make(chan deletion)
	go func() {
		defer finished()
		deleted <- b.delete(ctx, during)
	}()
	err := b.write(ctx, during, g, "writer during retention, a delivery")
	d := <-deleted
	if err != nil {
		return err
	}
	if d.err != nil {
		return d.err
	}
	b.add(d.batches)
	b.note("retention")("%d rows deleted in %s, %.0f rows/s", d.rows, d.took.Round(time.Millisecond), float64(d.rows)/d.took.Seconds())
	return nil
}

// deletion is what came of deleting.
type deletion struct {
	rows    int
	took    time.Duration
	batches line
	err     error
}

// delete goes on until nothing old is left or its time is up.
func (b *bench) delete(ctx, during context.Context) (d deletion) {
	before := b.from.AddDate(0, 0, max(b.days/10, 1))
	d.batches.name = fmt.Sprintf("retention, a batch of %d", deleteBatch)
	began := time.Now()
	defer func() {
		d.took = time.Since(began)
		d.batches.sort()
	}()
	for {
		start := time.Now()
		n, err := b.db.DeleteLogsBefore(ctx, before, deleteBatch)
		d.rows += n
		d.batches.took = append(d.batches.took, timing{took: time.Since(start)})
		if err != nil || n == 0 {
			d.err = err
			return d
		}
		select {
		case <-during.Done():
			return d
		case <-time.After(deletePause):
		}
	}
}

// write delivers what begins and what ends, at a steady pace, until its time is up; at least once.
func (b *bench) write(ctx, during context.Context, g *generator, name string) error {
	l := line{name: name}
	tick := time.NewTicker(writeEvery)
	defer tick.Stop()
	var running []models.LogWrite
	for {
		delivery := running
		running = nil
		for range writeBatch {
			end := g.at(time.Now().UTC().Truncate(time.Microsecond))
			delivery = append(delivery, begun(&end))
			running = append(running, end)
		}
		start := time.Now()
		if err := b.db.WriteLogs(ctx, delivery); err != nil {
			return err
		}
		l.took = append(l.took, timing{took: time.Since(start)})
		select {
		case <-during.Done():
			l.sort()
			b.add(l)
			return nil
		case <-tick.C:
		}
	}
}

// begun is what was known of a request when it began.
func begun(end *models.LogWrite) models.LogWrite {
	l := end.Log
	begin := models.LogWrite{Kind: models.WriteBegin, Log: models.RequestLog{
		ID: l.ID, Instance: l.Instance, RequestTime: l.RequestTime, APIKeyID: l.APIKeyID, APIKeyName: l.APIKeyName, UserID: l.UserID,
		RequestedModel: l.RequestedModel, Endpoint: l.Endpoint, ProtocolIn: l.ProtocolIn, IsStream: l.IsStream, TraceID: l.TraceID,
		Client: l.Client, ClientIP: l.ClientIP, Source: l.Source, State: models.LogRunning,
		UsageSource: models.UsageNone, PriceSource: models.PriceUnknown,
	}}
	if end.Detail != nil {
		begin.Detail = &models.LogDetail{RequestHeaders: end.Detail.RequestHeaders, RequestBody: end.Detail.RequestBody}
	}
	return begin
}
