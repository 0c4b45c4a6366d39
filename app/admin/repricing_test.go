package admin

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"squirrel/models"
	"squirrel/models/store"
)

// gateways are control planes on one database; the first of them recalculates no further than its gate lets it.
type gateways struct {
	a, b *Service
	gate chan struct{} // each token lets one request pass
}

func newGateways(t *testing.T) gateways {
	t.Helper()
	cipher, err := store.NewCipher(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	logger := slog.New(slog.DiscardHandler)
	db, err := store.Open(t.Context(), store.Config{URL: "sqlite:///" + filepath.Join(t.TempDir(), "test.db"), Cipher: cipher, Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	g := gateways{gate: make(chan struct{}, 100)}
	g.a, g.b = New(Options{Store: db, Instance: "a", Logger: logger}), New(Options{Store: db, Instance: "b", Logger: logger})
	t.Cleanup(func() { g.a.Close(); g.b.Close(); db.Close() })
	all := g.a.repricer.eachLog
	g.a.repricer.eachLog = func(ctx context.Context, f models.LogFilter, fn func(models.RequestLog) error) error {
		return all(ctx, f, func(l models.RequestLog) error {
			select {
			case <-g.gate:
				return fn(l)
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var writes []models.LogWrite
	for i, id := range []string{"01KJMPZ00000000000000000A0", "01KJMPZ00000000000000000A1", "01KJMPZ00000000000000000A2"} {
		writes = append(writes, models.LogWrite{Kind: models.WriteEnd, Log: models.RequestLog{
			ID: id, Instance: "a", RequestTime: at.Add(time.Duration(i) * time.Second), RequestedModel: "m", TargetModel: "gpt-4o", Endpoint: models.EndpointChat,
			ProtocolIn: models.ProtocolOpenAI, ResponseStatus: new(200), InputTokens: new(int64(1000)), OutputTokens: new(int64(500)),
			UsageSource: models.UsageUpstream, PriceSource: models.PriceUnknown, Source: models.SourceClient, State: models.LogDone,
		}})
	}
	if err := db.WriteLogs(t.Context(), writes); err != nil {
		t.Fatal(err)
	}
	return g
}

func (g gateways) start(t *testing.T, s *Service, dryRun bool) Repricing {
	t.Helper()
	so, err := s.StartRecalculation(t.Context(), Recalculation{DryRun: Some(dryRun), Model: Some("m")})
	if err != nil {
		t.Fatal(err)
	}
	return so
}

// wantRepricing checks what a gateway tells.
func wantRepricing(t *testing.T, what string, s *Service, want RepricingState, elsewhere bool) Repricing {
	t.Helper()
	so, err := s.Repricing(t.Context())
	if err != nil || so.State != want || so.Elsewhere != elsewhere {
		t.Errorf("%s: %+v, %v; want %s, elsewhere %t", what, so, err, want, elsewhere)
	}
	return so
}

func TestRepricing_OneForAllGateways(t *testing.T) {
	g := newGateways(t)
	wantRepricing(t, "before", g.b, RepricingNone, false)
	g.start(t, g.a, true)
	wantRepricing(t, "at its gateway", g.a, RepricingRunning, false)
	if so := wantRepricing(t, "at the other", g.b, RepricingRunning, true); so.Total != 3 || !so.DryRun || so.Request.Model != "m" || so.StartedAt == nil {
		t.Errorf("the other knows %+v", so)
	}
	for _, s := range []*Service{g.a, g.b} {
		if _, err := s.StartRecalculation(t.Context(), Recalculation{}); models.ErrorCode(err) != models.CodeConflict {
			t.Errorf("a second one: %v", err)
		}
	}
	for range 3 {
		g.gate <- struct{}{}
	}
	g.a.AwaitRecalculation(t.Context(), 10*time.Second)
	so := wantRepricing(t, "done", g.b, RepricingDone, true)
	if so.Seen != 3 || so.Examined != 3 || so.Changed != 3 || so.After != 22_500_000 || so.Difference != so.After || so.EndedAt == nil {
		t.Errorf("the other knows %+v", so)
	}
	if _, err := g.b.ApplyRecalculation(t.Context(), so.StartedAt.Add(1)); models.ErrorCode(err) != models.CodeConflict {
		t.Errorf("of another dry run: %v", err)
	}
	if _, err := g.b.ApplyRecalculation(t.Context(), *so.StartedAt); err != nil {
		t.Fatal(err)
	}
	g.b.AwaitRecalculation(t.Context(), 10*time.Second)
	if so := wantRepricing(t, "applied at the other", g.a, RepricingDone, true); so.DryRun || so.Changed != 3 {
		t.Errorf("%+v", so)
	}
}

// TestRepricing_StoppedFromElsewhere: what was changed until then stays, and the rest can be done afterwards.
func TestRepricing_StoppedFromElsewhere(t *testing.T) {
	g := newGateways(t)
	g.start(t, g.a, false)
	heard := make(chan string, 1)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go g.a.store.WatchWishes(ctx, func(wish string) { g.a.Fulfil(ctx, wish); heard <- wish })
	asked, err := g.b.StopRecalculation(t.Context())
	if err != nil || !asked {
		t.Fatalf("asked %t, %v", asked, err)
	}
	select {
	case <-heard:
	case <-time.After(10 * time.Second):
		t.Fatal("the wish was not heard")
	}
	g.a.AwaitRecalculation(t.Context(), 10*time.Second)
	wantRepricing(t, "stopped, at its gateway", g.a, RepricingStopped, false)
	wantRepricing(t, "stopped, at the other", g.b, RepricingStopped, true)
	if asked, err := g.b.StopRecalculation(t.Context()); err != nil || asked {
		t.Errorf("stopped twice: asked %t, %v", asked, err)
	}
	g.a.Fulfil(t.Context(), "stop/an older one")
	g.start(t, g.b, false)
	g.b.AwaitRecalculation(t.Context(), 10*time.Second)
	if so := wantRepricing(t, "the rest", g.b, RepricingDone, false); so.Changed != 3 {
		t.Errorf("%+v", so)
	}
}

// TestRepricing_Restart: a gateway that was shut down, or died, leaves no recalculation that seems to run.
func TestRepricing_Restart(t *testing.T) {
	g := newGateways(t)
	g.start(t, g.a, false)
	g.a.Close()
	wantRepricing(t, "shut down, at its gateway", g.a, RepricingInterrupted, false)
	wantRepricing(t, "shut down, at the other", g.b, RepricingInterrupted, true)
	restarted := New(Options{Store: g.a.store, Instance: "a"})
	wantRepricing(t, "shut down, after the restart", restarted, RepricingInterrupted, false)

	g.start(t, g.a, false) // its process is killed now: a stands still, and what comes next is its next life
	wantRepricing(t, "killed, in the next life", restarted, RepricingInterrupted, false)
	g.start(t, restarted, false)
	restarted.AwaitRecalculation(t.Context(), 10*time.Second)
	wantRepricing(t, "another", g.b, RepricingDone, true)
}

// TestRepricing_TakenOver: a gateway that could not say that it lives, and finds that another has taken over, ends what it does.
func TestRepricing_TakenOver(t *testing.T) {
	g := newGateways(t)
	g.start(t, g.a, false)
	g.a.repricer.mu.Lock()
	slot := g.a.repricer.slot
	g.a.repricer.mu.Unlock()
	if mine, err := g.b.store.ClaimJob(t.Context(), repricingJob, slot, "b", 0); err != nil || !mine {
		t.Fatal(mine, err)
	}
	g.a.AwaitRecalculation(t.Context(), 10*time.Second)
	wantRepricing(t, "it has ended", g.a, RepricingInterrupted, false)
}
