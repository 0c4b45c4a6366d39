package proxy

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"squirrel/models"
	"squirrel/proxy/simulator"
)

// silence is a pause of an answer as its record tells it: from the arrival before it to the one after.
type silence struct{ from, to models.Arrival }

func (s silence) lasts() time.Duration {
	return time.Duration(s.to.FromMS-s.from.AtMS) * time.Millisecond
}

// silences are those of at least so long.
func silences(p models.Pacing, least time.Duration) (all []silence) {
	arrivals := p.Arrivals()
	for i := range max(len(arrivals)-1, 0) {
		if s := (silence{arrivals[i], arrivals[i+1]}); s.lasts() >= least {
			all = append(all, s)
		}
	}
	return all
}

func lastOf(t *testing.T, p models.Pacing) models.Arrival {
	t.Helper()
	all := p.Arrivals()
	if len(all) == 0 {
		t.Fatal("no pace was recorded")
	}
	return all[len(all)-1]
}

// TestPace_PausesAreRecorded: a provider that pauses twice, in each dialect, translated or not.
func TestPace_PausesAreRecorded(t *testing.T) {
	for _, client := range dialects {
		for _, provider := range dialects {
			t.Run(string(client.protocol)+" from "+string(provider.protocol), func(t *testing.T) {
				t.Parallel()
				g := newTestGateway(t, provider.on("fault:delaychunk:700ms@4+delaychunk:1200ms@6"))
				started := time.Now()
				readAll(t, client.post(g, "tell me about acorns", true))
				took := time.Since(started)
				end := mustRecord(t, g, 200, 200, "")
				pauses := silences(end.Detail.StreamPacing, 450*time.Millisecond)
				if len(pauses) != 2 || pauses[0].from.Events != 3 || pauses[1].from.Events != 5 || pauses[1].lasts() < 900*time.Millisecond || pauses[1].lasts() > took {
					t.Errorf("pauses %+v in %v; want one after 3 events, and a longer one after 5", pauses, took)
				}
				last, sent := lastOf(t, end.Detail.StreamPacing), g.sim.Ledger().Entries(nil)[0]
				if last.Bytes != sent.Sent || last.Events != int64(sent.Events) || last.Held || float64(last.AtMS) > *end.Log.TotalTimeMS {
					t.Errorf("in the end %+v; %d bytes in %d events were sent, in %v ms", last, sent.Sent, sent.Events, *end.Log.TotalTimeMS)
				}
			})
		}
	}
}

// TestPace_OfAnswersThatDoNotEndWell is what there was until then.
func TestPace_OfAnswersThatDoNotEndWell(t *testing.T) {
	for name, tt := range map[string]struct {
		fault  string
		status int
		code   string
	}{
		"cut":     {"fault:fin@4e", 502, "stream_interrupted"},
		"stalled": {"fault:stall@4e", 504, "upstream_timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := dialects[0].on(tt.fault)
			s.providers[0].IdleTimeout = 1
			g := newTestGateway(t, s)
			readAll(t, dialects[0].post(g, "x", true))
			end := mustRecord(t, g, tt.status, 200, tt.code)
			if last := lastOf(t, end.Detail.StreamPacing); last.Events != 4 || last.Bytes < 100 {
				t.Errorf("in the end %+v, want 4 events", last)
			}
		})
	}
	t.Run("the client left", func(t *testing.T) {
		t.Parallel()
		g := newTestGateway(t, one("fault:stall@4e"))
		conn := dial(t, g, "/v1/chat/completions", chat("m", "x", true))
		if _, err := io.ReadAtLeast(conn, make([]byte, 4096), 400); err != nil {
			t.Fatal(err)
		}
		conn.Close()
		if last := lastOf(t, g.rec.end(t, "").Detail.StreamPacing); last.Events < 1 || last.Events > 4 {
			t.Errorf("in the end %+v, want up to 4 events", last)
		}
	})
}

func TestPace_IsKeptAtCheckpoints(t *testing.T) {
	t.Parallel()
	saved := make(chan models.LogWrite, 100)
	s := one("fault:sse:giantline=100KB+slow:2ms")
	s.hook = func(w models.LogWrite) {
		if w.Kind == models.WriteChunk {
			saved <- w
		}
	}
	g := newTestGateway(t, s)
	readAll(t, g.post("/v1/chat/completions", chat("m", "x", true)))
	all := g.rec.end(t, "").Detail.StreamPacing
	so := (<-saved).Detail.StreamPacing.Arrivals()
	if len(so) == 0 || so[len(so)-1].Bytes < checkpointBytes || !slices.Contains(all.Arrivals(), so[len(so)-1]) {
		t.Errorf("saved %v; in the end %v", so, all.Arrivals())
	}
}

// TestPace_BeforeTheAnswerIsCommitted: events belong to the read they came in, also those that are held back at first.
func TestPace_BeforeTheAnswerIsCommitted(t *testing.T) {
	t.Parallel()
	body := []byte(": thinking\n\n\n: still\n\n" + `data: {"choices":[{"index":0,"delta":{"content":"acorn"},"finish_reason":"stop"}]}` + "\n\ndata: [DONE]\n\n")
	g := newTestGateway(t, setup{sim: simulator.Options{Script: func(*simulator.Request) simulator.Fault {
		return simulator.Fault{Body: body, ContentType: "text/event-stream", Segment: 13, Interval: 600 * time.Millisecond}
	}}})
	readAll(t, g.post("/v1/chat/completions", chat("m", "x", true)))
	end := g.rec.end(t, "")
	pauses := silences(end.Detail.StreamPacing, 300*time.Millisecond)
	if len(pauses) == 0 || pauses[0].from.Events != 1 || lastOf(t, end.Detail.StreamPacing).Events != 4 {
		t.Errorf("recorded %+v", end.Detail.StreamPacing.Arrivals())
	}
}

func TestPace_OfAKeyWithoutDetailsIsNotRecorded(t *testing.T) {
	t.Parallel()
	g := newTestGateway(t, setup{key: func(k *models.APIKey) { k.RecordDetails = false }})
	readAll(t, g.post("/v1/chat/completions", chat("m", "x", true)))
	if p := g.rec.end(t, "").Detail.StreamPacing; p != nil {
		t.Errorf("recorded %v", p)
	}
}

// TestPace_ASlowClientIsToldFromASlowProvider: what the client did not take could not be fetched.
func TestPace_ASlowClientIsToldFromASlowProvider(t *testing.T) {
	t.Parallel()
	const size = 32 << 20
	event := `data: {"choices":[{"index":0,"delta":{"content":"` + string(page) + "\"}}]}\n\n"
	var stream []byte
	for len(stream) < size {
		stream = append(stream, event...)
	}
	s := scripted(string(append(stream, `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`+"\n\ndata: [DONE]\n\n"...)))
	s.options = func(o *Options) { o.LogBodyMaxBytes = 64 << 10 }
	g := newTestGateway(t, s)
	conn := dial(t, g, "/v1/chat/completions", chat("m", "x", true))
	if _, err := io.ReadFull(conn, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1800 * time.Millisecond) // a second of pause, and time to fill what lies in between; after 2 s the listener gives up
	go func() { _, _ = io.Copy(io.Discard, conn) }()
	pacing := g.rec.end(t, "").Detail.StreamPacing
	pauses := silences(pacing, time.Second)
	if len(pauses) != 1 || !pauses[0].to.Held || len(pacing) > models.MaxPacing || lastOf(t, pacing).Bytes < size {
		t.Errorf("%d bytes, pauses %+v, in the end %+v", len(pacing), pauses, lastOf(t, pacing))
	}
}

// TestPacer_LongPausesSurvive however long the answer is: to the millisecond, the byte and the event.
func TestPacer_LongPausesSurvive(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 60 {
		var p pacer
		var want []silence
		var now models.Arrival
		steps := 1 + rng.IntN(20_000)
		for range steps {
			before := now
			now.AtMS += 1 + rng.Int64N(40)
			if pause := rng.IntN(steps) < 20; pause && before.Bytes > 0 {
				now.AtMS += 1000 + rng.Int64N(60_000)
				want = append(want, silence{before, now})
			}
			n := 1 + rng.IntN(4000)
			now.FromMS = now.AtMS
			now.Bytes += int64(n)
			p.arrived(time.Duration(now.AtMS)*time.Millisecond, 0, n)
			for range rng.IntN(3) {
				now.Events++
				p.event([]byte("data: x\n\n"))
			}
			if len(want) > 0 && want[len(want)-1].from == before {
				want[len(want)-1].to = now
			}
		}
		got := p.pacing()
		if len(got) > models.MaxPacing || !sameEnd(lastOf(t, got), now) {
			t.Fatalf("round %d: %d bytes for %d reads, in the end %+v, want %+v", round, len(got), steps, lastOf(t, got), now)
		}
		pauses := silences(got, time.Second)
		for i := range pauses { // reads that were recorded together begin before, and end behind
			if i < len(want) {
				pauses[i].from.FromMS, pauses[i].to.AtMS, pauses[i].to.Bytes, pauses[i].to.Events = want[i].from.FromMS, want[i].to.AtMS, want[i].to.Bytes, want[i].to.Events
			}
		}
		if !slices.Equal(pauses, want) {
			t.Fatalf("round %d, %d reads: %d pauses, want %d: %.900s", round, steps, len(pauses), len(want), fmt.Sprint(pauses, want))
		}
	}
}

// sameEnd compares where an answer ended; before that, reads may have been recorded together.
func sameEnd(got, want models.Arrival) bool {
	got.FromMS = want.FromMS
	return got == want
}

// TestPacer_Precision: reads of one millisecond are one, and a usual answer of some hundred reads is recorded read by read.
func TestPacer_Precision(t *testing.T) {
	t.Parallel()
	var p pacer
	for i := range 400 {
		p.arrived(300*time.Millisecond+time.Duration(i/2)*20*time.Millisecond, 0, 180)
		p.event([]byte("data: x\n\n"))
	}
	all := p.pacing().Arrivals()
	if len(all) != 200 || all[0] != (models.Arrival{FromMS: 300, AtMS: 300, Bytes: 360, Events: 2}) || all[199] != (models.Arrival{FromMS: 4280, AtMS: 4280, Bytes: 72_000, Events: 400}) {
		t.Errorf("%d arrivals from %+v to %+v", len(all), all[0], all[len(all)-1])
	}
}

// BenchmarkPacer is the cost of one read with its event, in a stream of 500.
func BenchmarkPacer(b *testing.B) {
	b.ReportAllocs()
	raw := []byte("data: x\n\n")
	start := time.Now()
	var p pacer
	for i := 0; b.Loop(); i++ {
		if i%500 == 0 {
			p, start = pacer{}, time.Now()
		}
		_ = time.Since(start)
		p.arrived(time.Duration(i%500)*20*time.Millisecond, 0, 180)
		p.event(raw)
	}
}
