package web

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/proxy/reqlog"
)

// dataPlane stands in for the gateway.
type dataPlane struct {
	cancelled []string
	playing   sync.Mutex // columns are played at once
	played    []admin.Play
	panicsOn  string // a request with this in it
	said      []string
	answer    *admin.Played // what comes back instead of a conversation
	replayed  []*int64      // the routes of replays
	again     string        // the record of a replay; empty = the original
	report    admin.SystemReport
	redactor  *reqlog.Redactor
	kept      []string // asked for
	logID     string   // the record of what is played; empty = the first
}

func (d *dataPlane) Cancel(_ context.Context, id string) (bool, error) {
	d.cancelled = append(d.cancelled, id)
	return len(d.cancelled) == 1, nil
}

func (d *dataPlane) Replay(_ context.Context, id string, routeID *int64) (string, error) {
	d.replayed = append(d.replayed, routeID)
	return cmp.Or(d.again, id), nil
}

func (d *dataPlane) Report() admin.SystemReport { return d.report }

// Keep is what the gateway does, with a shorter limit.
func (d *dataPlane) Keep(body []byte) ([]byte, bool) {
	if len(body) > 0 {
		d.kept = append(d.kept, string(body))
	}
	return reqlog.CutMiddle(d.redactor.Body(body), 4096)
}

func (d *dataPlane) Play(_ context.Context, in admin.Play, emit func(admin.PlayEvent) error) (admin.Played, error) {
	d.playing.Lock()
	d.played = append(d.played, in)
	d.playing.Unlock()
	if d.panicsOn != "" && strings.Contains(string(in.Body), d.panicsOn) {
		panic("boom")
	}
	if err := emit(admin.PlayEvent{LogID: logIDOf(0)}); err != nil {
		return admin.Played{}, err
	}
	for _, text := range d.said {
		if err := emit(admin.PlayEvent{Text: text}); err != nil {
			return admin.Played{}, err
		}
	}
	done := admin.Played{LogID: cmp.Or(d.logID, logIDOf(0)), Status: 200, Provider: "Acorn", Target: "gpt-4o", FirstByte: 30 * time.Millisecond, Total: time.Second}
	if d.answer != nil {
		done.Type, done.Body, done.Cut, done.Status = d.answer.Type, d.answer.Body, d.answer.Cut, cmp.Or(d.answer.Status, 200)
	} else if len(d.said) == 0 {
		done.Body = []byte(`{"choices":[{"message":{"role":"assistant","content":"<b>Hi</b> there"},"finish_reason":"stop"}]}`)
	}
	return done, nil
}

// newLogKit is a kit with a data plane.
func newLogKit(t testing.TB) (*kit, *dataPlane) {
	t.Helper()
	k, d := newKit(t), &dataPlane{report: admin.SystemReport{LogState: "ok", DetailDays: 3, BodyLimit: 4096, RedactBodies: true}}
	d.redactor = reqlog.NewRedactor(reqlog.RedactPolicy{KeyPrefix: "lgw-"})
	logger := slog.New(slog.DiscardHandler)
	clock := func() time.Time { return noon }
	k.service = admin.New(admin.Options{
		Store: k.store, Canceller: d, Replayer: d, Player: d, System: d, Keep: d.Keep, KeyPrefix: "lgw-", KeyLength: 32, RetentionDays: 7, Logger: logger, Now: clock,
	})
	k.web = New(Options{Auth: k.auth, Admin: k.service, AppName: "Squirrel", Logger: logger, Now: clock, PublicURL: "https://llm.example"})
	k.app = fiber.New(fiber.Config{Immutable: true, CaseSensitive: true, StrictRouting: true, DisableStartupMessage: true, BodyLimit: 64 << 20})
	k.web.Register(k.app)
	return k, d
}

// logIDOf is the id of the n-th seeded request.
func logIDOf(n int) string { return fmt.Sprintf("01KJM9TD00000000000000%04d", n) }

func ptr[T any](v T) *T { return &v }

// seedLog writes one finished request, n minutes ago, after change.
func (k *kit) seedLog(n int, change func(*models.LogWrite)) string {
	k.t.Helper()
	started := noon.Add(-time.Duration(n+1) * time.Minute)
	write := models.LogWrite{
		Kind: models.WriteEnd,
		Log: models.RequestLog{
			ID: logIDOf(n), Instance: "test", RequestTime: started, APIKeyID: ptr(int64(1)), APIKeyName: "prod", RequestedModel: "smart", TargetModel: "gpt-4o",
			ProviderID: ptr(int64(1)), ProviderName: "Acorn", Endpoint: models.EndpointChat, ProtocolIn: models.ProtocolOpenAI, ProtocolOut: models.ProtocolOpenAI,
			ResponseStatus: ptr(200), SentStatus: ptr(200), FinishReason: "stop", AttemptCount: 1, FirstByteDelayMS: ptr(120.0), TotalTimeMS: ptr(900.0),
			InputTokens: ptr(int64(1200)), OutputTokens: ptr(int64(80)), CachedInputTokens: ptr(int64(600)), UsageSource: models.UsageUpstream,
			TotalCost: ptr(models.NanoUSD(1_234_000)), PriceSource: models.PriceFromModel, Client: "curl", Source: models.SourceClient, State: models.LogDone,
		},
		Detail: &models.LogDetail{
			RequestHeaders: json.RawMessage(`{"Authorization":["lgw-***"],"Content-Type":["application/json"]}`),
			RequestBody:    []byte(`{"model":"smart","messages":[{"role":"user","content":"Hello"}],"seed":12345678901234567890}`),
			ResponseBody:   []byte(`{"choices":[{"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}]}`),
			CostLines:      []models.CostLine{{Kind: "input", Count: 1200, Price: 2_500_000_000, Amount: 1_234_000}},
			Decision: &models.Decision{Strategy: models.StrategyPriority, Order: []int64{1}, Candidates: []models.CandidateVerdict{
				{RouteID: 1, Provider: "Acorn", TargetModel: "gpt-4o", Verdict: models.VerdictSelected, Reason: "priority 0", Health: "healthy"},
				{RouteID: 2, Provider: "Birch", Verdict: models.VerdictExcluded, Reason: "its rules do not hold"},
			}, Rules: []models.RuleTrace{{RouteID: 2, Field: "token_usage", Operator: "gte", Value: json.RawMessage("8000"), Actual: json.RawMessage("512")}}},
		},
		Attempts: []models.Attempt{{N: 1, RouteID: 1, ProviderID: 1, Provider: "Acorn", TargetModel: "gpt-4o", Status: ptr(200), StartedAt: started, TotalMS: ptr(880.0)}},
	}
	if change != nil {
		change(&write)
	}
	begin := write
	begin.Kind, begin.Log.State = models.WriteBegin, models.LogRunning
	writes := []models.LogWrite{begin, write}
	if write.Log.State == models.LogRunning {
		writes = writes[:1]
	}
	if err := k.store.WriteLogs(k.t.Context(), writes); err != nil {
		k.t.Fatal(err)
	}
	return write.Log.ID
}

func failing(status int, code string) func(*models.LogWrite) {
	return func(w *models.LogWrite) {
		w.Log.ResponseStatus, w.Log.SentStatus, w.Log.ErrorCode, w.Log.ErrorInfo = &status, &status, code, "it said no"
		w.Log.TotalCost, w.Log.InputTokens, w.Log.OutputTokens, w.Log.UsageSource = nil, nil, nil, models.UsageNone
	}
}
