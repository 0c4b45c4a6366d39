package store

import (
	"encoding/json"
	"fmt"
	mrand "math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"squirrel/models"
)

func TestWriteLogs_RoundTrip(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		l := finished(noon.Add(123456 * time.Microsecond))
		l.RouteID, l.IsStream, l.ErrorInfo, l.RetryCount = ptr(int64(4)), true, "info", 1
		d := &models.LogDetail{
			RequestHeaders: json.RawMessage(`{"a":"b"}`), RequestBody: []byte(strings.Repeat("long prompt ", 5000)), UpstreamURL: "https://up/v1",
			UpstreamHeaders: json.RawMessage(`{"c":"d"}`), UpstreamBody: []byte("up"), ResponseHeaders: json.RawMessage(`{"e":"f"}`),
			UpstreamResponse: []byte("upr"), ResponseBody: []byte{}, StreamEvents: []byte("data: x\n\n"), StreamPacing: models.Pacing{4, 9, 1},
			Decision:  &models.Decision{Strategy: models.StrategyPriority, Order: []int64{4}, Candidates: []models.CandidateVerdict{{RouteID: 4, Verdict: models.VerdictSelected}}},
			Dropped:   []models.Dropped{{Path: "top_k", Reason: "unsupported"}},
			CostLines: []models.CostLine{{Kind: "input", Count: 5, Price: 6, Amount: 7}},
			Truncated: []string{"request_body:12345678", "response_body:99"}, Reason: "spool_lean",
		}
		attempts := []models.Attempt{
			{N: 1, RouteID: 3, ProviderID: 1, Provider: "a", TargetModel: "t", Protocol: models.ProtocolAnthropic, URL: "https://a", Status: ptr(500), Error: "boom", ErrorKind: "status", StartedAt: noon, FirstByteMS: ptr(1.5), TotalMS: ptr(2.5), RetryReason: "server_error", Ambiguous: true, UpstreamRequestID: "r1", ResponseBody: []byte("\x00 sorry")},
			{N: 2, RouteID: 4, ProviderID: 2, Provider: "b", StartedAt: noon},
		}
		for name, writes := range map[string][]models.LogWrite{
			"one batch": {{Kind: models.WriteBegin, Log: l, Detail: d}, {Kind: models.WriteEnd, Log: l, Detail: d, Attempts: attempts}},
			"two batches, attempts on their own": {
				{Kind: models.WriteBegin, Log: l, Detail: &models.LogDetail{RequestHeaders: d.RequestHeaders, RequestBody: d.RequestBody, Truncated: d.Truncated[:1]}}, {},
				{Kind: models.WriteAttempt, Log: models.RequestLog{ID: l.ID, RequestTime: l.RequestTime}, Attempts: attempts[:1]}, {},
				{Kind: models.WriteEnd, Log: l, Detail: d, Attempts: attempts},
			},
			"end only": {{Kind: models.WriteEnd, Log: l, Detail: d, Attempts: attempts}},
			"one batch, then again apart": {
				{Kind: models.WriteBegin, Log: l, Detail: d}, {Kind: models.WriteEnd, Log: l, Detail: d, Attempts: attempts}, {},
				{Kind: models.WriteBegin, Log: l, Detail: d}, {}, {Kind: models.WriteEnd, Log: l, Detail: d, Attempts: attempts},
			},
			"begun, then all in one batch": {
				{Kind: models.WriteBegin, Log: l, Detail: d}, {Kind: models.WriteChunk, Log: l, Detail: &models.LogDetail{ResponseBody: []byte("so far")}}, {},
				{Kind: models.WriteBegin, Log: l, Detail: d}, {Kind: models.WriteEnd, Log: l, Detail: d, Attempts: attempts},
			},
		} {
			l.ID = newID(l.RequestTime)
			batch := []models.LogWrite{}
			for _, w := range append(writes, models.LogWrite{}) {
				if w.Kind == 0 {
					write(t, s, batch...)
					batch = nil
					continue
				}
				w.Log.ID = l.ID
				batch = append(batch, w)
			}
			got, err := s.LogView(t.Context(), l.ID)
			must(t, err)
			if !reflect.DeepEqual(got.Log, l) {
				t.Errorf("%s: log\n%+v, want\n%+v", name, got.Log, l)
			}
			if !reflect.DeepEqual(got.Detail, d) || got.Reason != "" {
				t.Errorf("%s: detail\n%+v, want\n%+v", name, got.Detail, d)
			}
			if !reflect.DeepEqual(got.Attempts, attempts) {
				t.Errorf("%s: attempts\n%+v, want\n%+v", name, got.Attempts, attempts)
			}
		}
	})
}

// TestH11_DeliveredTwice replays batches in every way a spool may: rows and sums are those of one delivery.
func TestH11_DeliveredTwice(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		r := mrand.New(mrand.NewPCG(1, 2))
		logs := randomLogs(r, 120, noon, time.Hour)
		var writes []models.LogWrite
		for _, l := range logs {
			started := l
			started.State, started.ResponseStatus = models.LogRunning, nil
			writes = append(writes, begin(started), end(l))
		}
		write(t, s, writes...)
		once := stats(t, s, models.StatsQuery{Group: models.GroupModel})
		if once.Summary.RequestCount != 120 {
			t.Fatalf("counted %d", once.Summary.RequestCount)
		}
		for range 6 {
			from := r.IntN(len(writes))
			write(t, s, writes[from:min(from+r.IntN(100), len(writes))]...)
			again := stats(t, s, models.StatsQuery{Group: models.GroupModel})
			again.AsOf = once.AsOf
			if !reflect.DeepEqual(again, once) {
				t.Fatalf("sums changed:\n%+v, want\n%+v", again.Summary, once.Summary)
			}
			if n, err := s.LogCount(t.Context(), models.LogFilter{}); err != nil || n != 120 {
				t.Fatalf("%d rows, %v", n, err)
			}
		}
	})
}

func TestWriteLogs_RunningThenDone(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		l := begun(noon)
		l.IsStream = true
		write(t, s, begin(l))
		write(t, s, models.LogWrite{Kind: models.WriteChunk, Log: l, Detail: &models.LogDetail{ResponseBody: []byte("Once upon")}})
		write(t, s, models.LogWrite{Kind: models.WriteChunk, Log: l, Detail: &models.LogDetail{ResponseBody: []byte("Once upon a time"), StreamPacing: models.Pacing{4, 16, 1}}})
		view, err := s.LogView(ctx, l.ID)
		must(t, err)
		if view.Log.State != models.LogRunning || string(view.Detail.ResponseBody) != "Once upon a time" || len(view.Detail.StreamPacing) != 3 || string(view.Detail.RequestBody) != `{"model":"smart"}` {
			t.Errorf("running: %+v, %+v", view.Log, view.Detail)
		}
		if got := stats(t, s, models.StatsQuery{}); got.Summary.RequestCount != 0 {
			t.Errorf("a running request is counted: %+v", got.Summary)
		}
		if got := stats(t, s, models.StatsQuery{Filter: models.LogFilter{State: models.LogRunning}}); got.Summary.RequestCount != 1 {
			t.Errorf("running requests: %+v", got.Summary)
		}
		done := l
		done.State, done.ResponseStatus = models.LogDone, ptr(200)
		write(t, s, end(done))
		write(t, s, models.LogWrite{Kind: models.WriteChunk, Log: l, Detail: &models.LogDetail{ResponseBody: []byte("late")}}, begin(l))
		view, err = s.LogView(ctx, l.ID)
		must(t, err)
		if view.Log.State != models.LogDone || string(view.Detail.ResponseBody) != `{"choices":[]}` {
			t.Errorf("done: %+v, %s", view.Log, view.Detail.ResponseBody)
		}
	})
}

// TestD05D06_AnyBytesAreStored covers NUL, lone surrogates and invalid UTF-8 in bodies and in texts that become columns.
func TestD05D06_AnyBytesAreStored(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		body := []byte("{\"a\":\"\\u0000\\ud800 \x00 \xff\xfe\"}")
		l := finished(noon)
		l.RequestedModel, l.UserID, l.ErrorInfo = "m\x00\xff", strings.Repeat("ü", 4000)+"\x00", "\xed\xa0\x80"
		l.Client, l.TraceID, l.UpstreamID, l.ErrorCode, l.FinishReason = "c\x00", "t\x00", "u\xc3", "e\x00", "f\x00"
		w := end(l)
		w.Detail.RequestBody, w.Detail.ResponseBody, w.Detail.UpstreamURL, w.Detail.Reason = body, body, "u\x00", "r\x00"
		w.Attempts[0].Error, w.Attempts[0].ResponseBody, w.Attempts[0].UpstreamRequestID = "x\x00\xff", body, "\x00"
		write(t, s, w)
		view, err := s.LogView(t.Context(), l.ID)
		must(t, err)
		if string(view.Detail.RequestBody) != string(body) || string(view.Detail.ResponseBody) != string(body) || string(view.Attempts[0].ResponseBody) != string(body) {
			t.Errorf("bodies changed: %q, %q", view.Detail.RequestBody, view.Attempts[0].ResponseBody)
		}
		if view.Log.RequestedModel != "m␀\uFFFD" || len(view.Log.UserID) != maxName {
			t.Errorf("model %q, user of %d bytes", view.Log.RequestedModel, len(view.Log.UserID))
		}
		found, err := s.ListLogs(t.Context(), models.LogPage{Filter: models.LogFilter{RequestedModel: "M\x00"}})
		if err != nil || len(found.Items) != 1 {
			t.Errorf("found %d, %v", len(found.Items), err)
		}
	})
}

// TestH10_PoisonRecord: one record the database refuses is told apart from an outage, and the others can be stored without it.
func TestH10_PoisonRecord(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		good, bad := end(finished(noon)), end(finished(noon))
		bad.Log.ID = strings.Repeat("x", 65)
		for name, poison := range map[string]models.LogWrite{"id too long": bad, "no id": {Kind: models.WriteEnd}, "unknown kind": {Kind: 9, Log: finished(noon)}} {
			err := s.WriteLogs(t.Context(), []models.LogWrite{good, poison})
			wantCode(t, name, err, models.CodeInvalid)
			wantCode(t, name+" alone", s.WriteLogs(t.Context(), []models.LogWrite{poison}), models.CodeInvalid)
		}
		write(t, s, good)
		if got := stats(t, s, models.StatsQuery{}); got.Summary.RequestCount != 1 {
			t.Errorf("counted %d", got.Summary.RequestCount)
		}
	})
}

func TestCloseInterrupted(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		mine, later, other := begun(noon), begun(noon.Add(time.Hour)), begun(noon)
		mine.InputTokens = ptr(int64(77)) // an estimate
		other.Instance = "inst-2"
		write(t, s, begin(mine), begin(later), begin(other))
		write(t, s, models.LogWrite{Kind: models.WriteChunk, Log: mine, Detail: &models.LogDetail{ResponseBody: []byte("Once"), StreamPacing: models.Pacing{4, 9, 1}}})
		if n, err := s.CloseInterrupted(ctx, "inst-1", noon.Add(time.Minute)); err != nil || n != 1 {
			t.Fatalf("closed %d, %v", n, err)
		}
		if n, err := s.CloseInterrupted(ctx, "inst-1", noon.Add(time.Minute)); err != nil || n != 0 {
			t.Fatalf("closed again: %d, %v", n, err)
		}
		view, err := s.LogView(ctx, mine.ID)
		must(t, err)
		if view.Log.State != models.LogDone || view.Log.ErrorCode != "interrupted" || view.Log.ResponseStatus != nil || view.Detail == nil || string(view.Detail.ResponseBody) != "Once" || len(view.Detail.StreamPacing) != 3 {
			t.Errorf("interrupted: %+v", view.Log)
		}
		if sum := stats(t, s, models.StatsQuery{}).Summary; sum.RequestCount != 1 || sum.FailureCount != 1 || sum.InputTokens != 77 {
			t.Errorf("interrupted requests are counted as %+v", sum)
		}
		// The end was in a spool after all.
		done := mine
		done.State, done.ResponseStatus, done.InputTokens = models.LogDone, ptr(200), ptr(int64(80))
		write(t, s, end(done))
		write(t, s, end(done))
		for _, f := range []models.LogFilter{{}, {Client: ""}, {FinishReason: ""}, {Query: mine.ID}} {
			sum := stats(t, s, models.StatsQuery{Filter: f, Group: models.GroupModel}).Summary
			if sum.RequestCount != 1 || sum.SuccessCount != 1 || sum.InputTokens != 80 {
				t.Errorf("after the end: %+v", sum)
			}
		}
	})
}

func TestCloseOrphans(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		alive, dead, never, young := begun(noon), begun(noon), begun(noon), begun(time.Now())
		alive.Instance, dead.Instance, never.Instance, young.Instance = "alive", "dead", "never", "never"
		write(t, s, begin(alive), begin(dead), begin(never), begin(young))
		must(t, s.Heartbeat(ctx, "dead"))
		time.Sleep(300 * time.Millisecond)
		must(t, s.Heartbeat(ctx, "alive"))
		if n, err := s.CloseOrphans(ctx, 200*time.Millisecond); err != nil || n < 2 || n > 3 {
			t.Fatalf("closed %d, %v", n, err)
		}
		view, err := s.LogView(ctx, alive.ID)
		must(t, err)
		if view.Log.State != models.LogRunning {
			t.Error("a request of a living instance was closed")
		}
		all, err := s.Instances(ctx)
		if err != nil || len(all) != 2 || all[0].ID != "alive" {
			t.Errorf("instances %+v, %v", all, err)
		}
	})
}

// TestCloseInterrupted_ManyBatches closes more than one transaction holds.
func TestCloseInterrupted_ManyBatches(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		var writes []models.LogWrite
		for i := range 2*sweepBatch + 7 {
			l := begun(noon.Add(time.Duration(i) * time.Millisecond))
			l.RequestedModel = fmt.Sprint("m", i%150)
			writes = append(writes, models.LogWrite{Kind: models.WriteBegin, Log: l})
		}
		write(t, s, writes...)
		if n, err := s.CloseInterrupted(t.Context(), "inst-1", noon.Add(time.Hour)); err != nil || n != len(writes) {
			t.Errorf("closed %d of %d, %v", n, len(writes), err)
		}
		if got := stats(t, s, models.StatsQuery{Group: models.GroupModel}); got.Summary.FailureCount != int64(len(writes)) || len(got.Groups) != 150 {
			t.Errorf("counted %d in %d groups", got.Summary.FailureCount, len(got.Groups))
		}
	})
}

func TestLogView_Reasons(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		running, bare, old := begun(noon), finished(noon), finished(noon)
		write(t, s, models.LogWrite{Kind: models.WriteBegin, Log: running}, models.LogWrite{Kind: models.WriteEnd, Log: bare}, end(old))
		for n, err := 1, error(nil); n > 0; {
			n, err = s.DeleteLogDetailsBefore(ctx, noon.Add(time.Hour), 10)
			must(t, err)
		}
		for id, want := range map[string]string{running.ID: "running", bare.ID: "not_recorded", old.ID: "expired"} {
			if view, err := s.LogView(ctx, id); err != nil || view.Detail != nil || view.Reason != want {
				t.Errorf("%s: %q, %v; want %q", id, view.Reason, err, want)
			}
		}
		for _, id := range []string{"", "nothing", newID(noon), "x\x00", strings.Repeat("9", 500)} {
			_, err := s.LogView(ctx, id)
			wantCode(t, fmt.Sprintf("%.30q", id), err, models.CodeNotFound)
		}
	})
}
