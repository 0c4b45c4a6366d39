package api

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"squirrel/app/admin"
	"squirrel/models"
)

func logName(n int) string { return fmt.Sprintf("01KJMPZ%019d", n) }

func ptr[T any](v T) *T { return &v }

// record writes a finished request; change makes it a special one.
func (k *kit) record(n int, change func(*models.LogWrite)) {
	k.t.Helper()
	at := noon.Add(-time.Duration(n) * time.Minute)
	w := models.LogWrite{Kind: models.WriteEnd, Log: models.RequestLog{
		ID: logName(n), Instance: "test", RequestTime: at, APIKeyID: ptr(int64(1)), APIKeyName: "app", RequestedModel: "gpt-4o", TargetModel: "gpt-4o-2024-08-06",
		RouteID: ptr(int64(1)), ProviderID: ptr(int64(1)), ProviderName: "OpenAI", Endpoint: models.EndpointChat, ProtocolIn: models.ProtocolOpenAI, ProtocolOut: models.ProtocolOpenAI,
		ResponseStatus: ptr(200), AttemptCount: 1, TotalTimeMS: ptr(120.5), FirstByteDelayMS: ptr(40.0), InputTokens: ptr(int64(1000)), OutputTokens: ptr(int64(500)),
		UsageSource: models.UsageUpstream, TotalCost: ptr(models.NanoUSD(7_500_000)), InputCost: ptr(models.NanoUSD(2_500_000)), OutputCost: ptr(models.NanoUSD(5_000_000)),
		PriceSource: models.PriceFromModel, Source: models.SourceClient, State: models.LogDone,
	}}
	w.Detail = &models.LogDetail{
		RequestHeaders: json.RawMessage(`{"user-agent":"test"}`), RequestBody: []byte(`{"n":9007199254740993}`), ResponseBody: []byte("\xff\xfe"),
		Decision: &models.Decision{Strategy: models.StrategyRoundRobin, Order: []int64{1}},
	}
	w.Attempts = []models.Attempt{{N: 1, Provider: "OpenAI", TargetModel: "gpt-4o-2024-08-06", Status: ptr(200), StartedAt: at}}
	if change != nil {
		change(&w)
	}
	if err := k.store.WriteLogs(k.t.Context(), []models.LogWrite{w}); err != nil {
		k.t.Fatal(err)
	}
}

func TestLogs(t *testing.T) {
	k := newKit(t)
	for n := range 5 {
		k.record(n, nil)
	}
	k.record(5, func(w *models.LogWrite) {
		w.Log.ResponseStatus, w.Log.ErrorCode, w.Log.TotalCost, w.Log.APIKeyName = ptr(502), "upstream_error", nil, "100%_sure"
	})
	const path = "/api/admin/logs"
	one := path + "/" + logName(0)
	k.run([]scenario{
		{name: "anonymous", method: "GET", path: path, anonymous: true, status: 401},
		{name: "anonymous detail", method: "GET", path: one, anonymous: true, status: 401},
		{name: "list", method: "GET", path: path + "?page_size=2", status: 200, has: []string{
			`"id":"` + logName(0) + `","request_time":"2026-03-01T12:00:00Z"`, `"total":6`, `"page":1,"page_size":2`, `"prev_cursor":null`, `"total_cost":"0.0075"`,
		}, hasNot: []string{logName(2), "request_body"}},
		{name: "status", method: "GET", path: path + "?status=5xx", status: 200, has: []string{`"total":1`, logName(5), `"total_cost":null`}},
		{name: "F19 literal wildcards", method: "GET", path: path + "?api_key_name=%25_s", status: 200, has: []string{`"total":1`}},
		{name: "F19 a percent is no wildcard", method: "GET", path: path + "?requested_model=g%25o", status: 200, has: []string{`"items":[],"total":0`}},
		{name: "F20 sort", method: "GET", path: path + "?sort_by=id%3Bdrop", status: 422, has: []string{`"sort_by":`}},
		{name: "F20 page size", method: "GET", path: path + "?page_size=1000000000", status: 200, has: []string{`"page_size":200`}},
		{name: "F20 page", method: "GET", path: path + "?page=-1", status: 422},
		{name: "broken cursor", method: "GET", path: path + "?after=%27%20or%201", status: 422},
		{name: "sorted", method: "GET", path: path + "?sort_by=request_time&sort_order=asc&page_size=1", status: 200, has: []string{logName(5)}},
		{name: "detail", method: "GET", path: one, status: 200, has: []string{
			`"request_headers":{"user-agent":"test"}`, `"request_body":"{\"n\":9007199254740993}"`, `"response_body":"//4="`, `"base64_fields":["response_body"]`,
			`"attempts":[{"n":1`, `"decision":{"strategy":"round_robin","order":[1]`, `"dropped":[]`, `"detail_available":true`, `"stream_events":null`, `"stream_pacing":null`,
		}},
		{name: "unknown", method: "GET", path: path + "/" + logName(99), status: 404},
		{name: "not an id", method: "GET", path: path + "/1%27%20or%201=1", status: 404},
		{name: "stats", method: "GET", path: path + "/stats?range=1h&bucket=hour&group_by=model", status: 200, has: []string{
			`"summary":{"request_count":6,"success_count":5,"failure_count":1`, `"unknown_cost_count":1`, `"trend":[{"bucket":"2026-03-01T`, `"groups":[{"key":"gpt-4o","name":"gpt-4o"`, `"as_of":`, `"coarse_before":null`,
		}},
		{name: "stats of nothing", method: "GET", path: path + "/stats?q=nothing", status: 200, has: []string{`"request_count":0`, `"success_rate":null`, `"groups":[]`}},
		{name: "stats by model", method: "GET", path: "/api/admin/models/stats?range=24h", status: 200, has: []string{`{"items":[{"key":"gpt-4o"`}},
		{name: "stats, bad zone", method: "GET", path: path + "/stats?tz=Mars", status: 422},
		{name: "cancel", method: "POST", path: one + "/cancel", status: 204},
		{name: "cancel what doesn't run", method: "POST", path: one + "/cancel", status: 409},
		{name: "replay", method: "POST", path: one + "/replay", status: 202, has: []string{`{"id":"R1KJMPZ`}},
		{name: "cleanup, anonymous", method: "POST", path: path + "/cleanup", anonymous: true, status: 401},
		{name: "cleanup of nothing", method: "POST", path: path + "/cleanup", status: 200, has: []string{`{"deleted":0,"before":"2026-02-22T12:00:00Z","done":true}`}},
		{name: "cleanup, future", method: "POST", path: path + "/cleanup", body: `{"before":"2027-01-01T00:00:00Z"}`, status: 422},
		{name: "cleanup", method: "POST", path: path + "/cleanup", body: `{"before":"2026-03-01T11:58:00Z"}`, status: 200, has: []string{`"deleted":3`, `"done":true`}},
		{name: "what is left", method: "GET", path: path, status: 200, has: []string{`"total":3`}},
	})
}

func TestLogCursorsReachEveryRowOnce(t *testing.T) {
	k := newKit(t)
	for n := range 7 {
		k.record(n, nil)
	}
	seen, path := map[string]bool{}, "/api/admin/logs?page_size=3"
	for range 4 {
		var page models.LogList
		if err := json.Unmarshal([]byte(k.must("GET", path, "")), &page); err != nil {
			t.Fatal(err)
		}
		for _, l := range page.Items {
			seen[l.ID] = true
		}
		if page.NextCursor == nil {
			break
		}
		path = "/api/admin/logs?page_size=3&after=" + *page.NextCursor
	}
	if len(seen) != 7 {
		t.Errorf("saw %d of 7 rows", len(seen))
	}
}

func TestF21_LogExport(t *testing.T) {
	k := newKit(t)
	k.record(0, func(w *models.LogWrite) { w.Log.RequestedModel, w.Log.UserID = "=cmd|' /C calc'!A0", "a,\"b\"\r\nc" })
	k.record(1, nil)
	resp := k.do("GET", "/api/admin/logs/export?format=csv", "")
	rows, err := csv.NewReader(resp.Body).ReadAll()
	if err != nil || len(rows) != 3 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	if got := rows[1][column["requested_model"]]; got != "'=cmd|' /C calc'!A0" {
		t.Errorf("model is %q", got)
	}
	if rows[1][column["user_id"]] != "a,\"b\"\nc" || rows[2][column["total_cost"]] != "0.0075" || rows[2][column["id"]] != logName(1) {
		t.Errorf("rows %v", rows[1:])
	}
	if resp.Header.Get("Content-Disposition") != `attachment; filename="requests.csv"` || resp.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("headers %v", resp.Header)
	}
	lines := strings.Split(strings.TrimSpace(k.must("GET", "/api/admin/logs/export?format=jsonl&requested_model=gpt", "")), "\n")
	var l models.RequestLog
	if err := json.Unmarshal([]byte(lines[0]), &l); err != nil || len(lines) != 1 || l.ID != logName(1) {
		t.Errorf("%d lines, %v", len(lines), err)
	}
	k.run([]scenario{
		{name: "anonymous", method: "GET", path: "/api/admin/logs/export", anonymous: true, status: 401},
		{name: "format", method: "GET", path: "/api/admin/logs/export?format=xlsx", status: 422},
		{name: "filter", method: "GET", path: "/api/admin/logs/export?status=abc", status: 422},
		{name: "nothing found", method: "GET", path: "/api/admin/logs/export?format=jsonl&q=nothing", status: 200},
	})
}

func TestRecalculate(t *testing.T) {
	k := newKit(t)
	k.seed() // gpt-4o: 2.5 and 10 USD per 1M tokens
	k.record(0, nil)
	k.record(1, func(w *models.LogWrite) {
		w.Log.TotalCost, w.Log.InputCost, w.Log.OutputCost = nil, nil, nil
		w.Log.PriceSource = models.PriceUnknown
	})
	k.record(2, func(w *models.LogWrite) { w.Log.InputTokens, w.Log.OutputTokens, w.Log.TotalCost = nil, nil, nil })
	const path = "/api/admin/prices/recalculate"
	k.run([]scenario{
		{name: "anonymous", method: "POST", path: path, anonymous: true, status: 401},
		{name: "dry run", method: "POST", path: path, body: `{"dry_run":true}`, status: 200, has: []string{
			`{"dry_run":true,"examined":3,"changed":1,"cost_before":"0","cost_after":"0.0075","difference":"0.0075"}`,
		}},
		{name: "nothing happened", method: "GET", path: "/api/admin/logs/" + logName(1), status: 200, has: []string{`"total_cost":null`}},
		{name: "unknown costs only", method: "POST", path: path, body: `{"only_unknown":true,"requested_model":"gpt"}`, status: 200, has: []string{`"examined":2,"changed":1`}},
		{name: "it happened", method: "GET", path: "/api/admin/logs/" + logName(1), status: 200, has: []string{`"total_cost":"0.0075"`, `"price_source":"model"`}},
		{name: "again", method: "POST", path: path, status: 200, has: []string{`"changed":0`}},
		{name: "sums follow", method: "GET", path: "/api/admin/logs/stats?range=1h", status: 200, has: []string{`"total_cost":"0.015","unknown_cost_count":1`}},
	})
}

// TestRecalculate_InTheBackground: it is answered at once, tells how far it is, and does the same as one that is waited for.
func TestRecalculate_InTheBackground(t *testing.T) {
	k := newKit(t)
	k.seed()
	for i := range 3 {
		k.record(i, func(w *models.LogWrite) {
			w.Log.TotalCost, w.Log.InputCost, w.Log.OutputCost, w.Log.PriceSource = nil, nil, nil, models.PriceUnknown
		})
	}
	const path = "/api/admin/prices/recalculate"
	k.run([]scenario{
		{name: "anonymous", method: "GET", path: path, anonymous: true, status: 401},
		{name: "none yet", method: "GET", path: path, status: 200, has: []string{`"state":"none"`}},
		{name: "nothing to stop", method: "DELETE", path: path, status: 204},
		{name: "begun", method: "POST", path: path, body: `{"background":true}`, status: 202, has: []string{`"state":"running"`, `"total":3`}},
	})
	var state admin.Repricing
	for deadline := time.Now().Add(20 * time.Second); state.State != admin.RepricingDone && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if err := json.Unmarshal([]byte(k.must("GET", path, "")), &state); err != nil {
			t.Fatal(err)
		}
	}
	if state.Examined != 3 || state.Changed != 3 || state.EndedAt == nil || state.Error != "" || state.After.String() != "0.0225" {
		t.Errorf("%+v", state)
	}
	k.run([]scenario{
		{name: "sums follow", method: "GET", path: "/api/admin/logs/stats?range=1h", status: 200, has: []string{`"total_cost":"0.0225","unknown_cost_count":0`}},
		{name: "done can't be stopped", method: "DELETE", path: path, status: 204},
		{name: "it stays", method: "GET", path: path, status: 200, has: []string{`"state":"done"`}},
	})
}
