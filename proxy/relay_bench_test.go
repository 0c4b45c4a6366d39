package proxy

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"squirrel/models"
)

// pieces is a stream that comes in one event a read.
type pieces struct {
	event, last []byte
	left        int
}

func (p *pieces) Read(to []byte) (int, error) {
	if p.left--; p.left < 0 {
		return 0, io.EOF
	}
	if p.left == 0 {
		return copy(to, p.last), nil
	}
	return copy(to, p.event), nil
}

func (p *pieces) Close() error { return nil }

// BenchmarkRelay relays a stream of 200 events that come one by one, from memory to nowhere: what the gateway itself does for it,
// from its first event to the END record.
func BenchmarkRelay(b *testing.B) {
	const events = 200
	g := newTestGateway(b, setup{})
	event := []byte(`data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"gpt-4o","choices":[{"index":0,"delta":{"content":" hello"},"finish_reason":null}]}` + "\n\n")
	key := &models.APIKey{ID: 1, Name: "tests", IsActive: true, RecordDetails: true}
	endpoint := &Endpoints[0]
	for i := range Endpoints {
		if Endpoints[i].Path == models.EndpointChat {
			endpoint = &Endpoints[i]
		}
	}
	body := []byte(chat("m", strings.Repeat("acorn ", 50), true))
	b.ReportAllocs()
	for b.Loop() {
		x := g.newExchange(&Request{Endpoint: endpoint, Header: http.Header{}, Body: body})
		g.inflight.Add(1)
		x.adopt(key)
		for _, step := range []func() *Failure{x.scan, x.makePlan} {
			if failure := step(); failure != nil {
				b.Fatal(failure)
			}
		}
		c := &x.plan.Candidates[0]
		sent, failure := x.prepare(c)
		if failure != nil {
			b.Fatal(failure)
		}
		ctx, cancel := context.WithCancelCause(x.ctx)
		resp := &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: &pieces{event: event, last: []byte("data: [DONE]\n\n"), left: events}}
		r := newRelay(ctx, x, &try{candidate: c, sent: sent, record: x.newRecord(c)}, resp, cancel, time.AfterFunc(time.Minute, func() {}))
		r.open()
		r.answer(http.Header{})
		if _, err := r.WriteTo(io.Discard); err != nil {
			b.Fatal(err)
		}
		r.Close()
		g.rec.mu.Lock()
		g.rec.writes = g.rec.writes[:0]
		g.rec.mu.Unlock()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/events, "ns/event")
}
