package store

import (
	"fmt"
	mrand "math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"squirrel/models"
)

// TestListLogs_EveryFilter gives each filter one row that matches and one that doesn't.
func TestListLogs_EveryFilter(t *testing.T) {
	yes, no := true, false
	cases := []struct {
		name   string
		filter models.LogFilter
		miss   func(l *models.RequestLog)
	}{
		{"start", models.LogFilter{Start: &noon}, func(l *models.RequestLog) { l.RequestTime = noon.Add(-time.Microsecond) }},
		{"end", models.LogFilter{End: ptr(noon.Add(time.Microsecond))}, func(l *models.RequestLog) { l.RequestTime = noon.Add(time.Microsecond) }},
		{"requested model", models.LogFilter{RequestedModel: "MAR"}, func(l *models.RequestLog) { l.RequestedModel = "other" }},
		{"target model", models.LogFilter{TargetModel: "PT-4"}, func(l *models.RequestLog) { l.TargetModel = "other" }},
		{"percent is literal", models.LogFilter{UserID: "1%2"}, func(l *models.RequestLog) { l.UserID = "1x2" }},
		{"underscore is literal", models.LogFilter{UserID: "%2_3"}, func(l *models.RequestLog) { l.UserID = "%2x3" }},
		{"backslash is literal", models.LogFilter{UserID: `3\4`}, func(l *models.RequestLog) { l.UserID = `34` }},
		{"provider", models.LogFilter{ProviderID: ptr(int64(2))}, func(l *models.RequestLog) { l.ProviderID = nil }},
		{"key id", models.LogFilter{APIKeyID: ptr(int64(1))}, func(l *models.RequestLog) { l.APIKeyID = ptr(int64(11)) }},
		{"key name", models.LogFilter{APIKeyName: "EA"}, func(l *models.RequestLog) { l.APIKeyName = "x" }},
		{"client", models.LogFilter{Client: "python"}, func(l *models.RequestLog) { l.Client = "curl" }},
		{"endpoint", models.LogFilter{Endpoint: string(models.EndpointChat)}, func(l *models.RequestLog) { l.Endpoint = models.EndpointMessages }},
		{"protocol in", models.LogFilter{ProtocolIn: models.ProtocolOpenAI}, func(l *models.RequestLog) { l.ProtocolIn = models.ProtocolAnthropic }},
		{"protocol out", models.LogFilter{ProtocolOut: models.ProtocolOpenAI}, func(l *models.RequestLog) { l.ProtocolOut = models.ProtocolAnthropic }},
		{"stream", models.LogFilter{IsStream: &no}, func(l *models.RequestLog) { l.IsStream = true }},
		{"statuses", models.LogFilter{Statuses: []models.StatusRange{{Min: 499, Max: 499}, {Min: 200, Max: 299}}}, func(l *models.RequestLog) { l.ResponseStatus = ptr(404) }},
		{"status min", models.LogFilter{StatusMin: ptr(200)}, func(l *models.RequestLog) { l.ResponseStatus = ptr(199) }},
		{"status max", models.LogFilter{StatusMax: ptr(200)}, func(l *models.RequestLog) { l.ResponseStatus = ptr(201) }},
		{"no error", models.LogFilter{HasError: &no}, func(l *models.RequestLog) { l.ResponseStatus = ptr(502) }},
		{"finish reason", models.LogFilter{FinishReason: "stop"}, func(l *models.RequestLog) { l.FinishReason = "length" }},
		{"retries min", models.LogFilter{RetryMin: ptr(1)}, func(l *models.RequestLog) { l.RetryCount = 0 }},
		{"retries max", models.LogFilter{RetryMax: ptr(1)}, func(l *models.RequestLog) { l.RetryCount = 2 }},
		{"input min", models.LogFilter{InputMin: ptr(int64(100))}, func(l *models.RequestLog) { l.InputTokens = ptr(int64(99)) }},
		{"input max", models.LogFilter{InputMax: ptr(int64(100))}, func(l *models.RequestLog) { l.InputTokens = nil }},
		{"output min", models.LogFilter{OutputMin: ptr(int64(50))}, func(l *models.RequestLog) { l.OutputTokens = ptr(int64(49)) }},
		{"output max", models.LogFilter{OutputMax: ptr(int64(50))}, func(l *models.RequestLog) { l.OutputTokens = ptr(int64(51)) }},
		{"time min", models.LogFilter{TotalTimeMin: ptr(800.25)}, func(l *models.RequestLog) { l.TotalTimeMS = ptr(800.0) }},
		{"time max", models.LogFilter{TotalTimeMax: ptr(800.25)}, func(l *models.RequestLog) { l.TotalTimeMS = ptr(801.0) }},
		{"first byte min", models.LogFilter{FirstByteMin: ptr(120.5)}, func(l *models.RequestLog) { l.FirstByteDelayMS = nil }},
		{"first byte max", models.LogFilter{FirstByteMax: ptr(120.5)}, func(l *models.RequestLog) { l.FirstByteDelayMS = ptr(121.0) }},
		{"cost min", models.LogFilter{CostMin: ptr(models.NanoUSD(3000))}, func(l *models.RequestLog) { l.TotalCost = ptr(models.NanoUSD(2999)) }},
		{"cost max", models.LogFilter{CostMax: ptr(models.NanoUSD(3000))}, func(l *models.RequestLog) { l.TotalCost = nil }},
		{"source", models.LogFilter{Source: models.SourceClient}, func(l *models.RequestLog) { l.Source = models.SourceReplay }},
		{"state done", models.LogFilter{State: models.LogDone}, func(l *models.RequestLog) { l.State = models.LogRunning }},
		{"text in the upstream id", models.LogFilter{Query: "UP-1"}, func(l *models.RequestLog) { l.UpstreamID = "" }},
		{"text in the error", models.LogFilter{Query: "NO ROUTE"}, func(l *models.RequestLog) { l.ErrorInfo = "" }},
		{"several at once", models.LogFilter{IsStream: &no, RequestedModel: "sm", StatusMin: ptr(200), StatusMax: ptr(299)}, func(l *models.RequestLog) { l.IsStream = true }},
		{"everything", models.LogFilter{}, nil},
		{"failover", models.LogFilter{Failover: &yes}, nil},
		{"has error", models.LogFilter{HasError: &yes}, nil},
		{"error code", models.LogFilter{ErrorCode: "upstream_error"}, nil},
		{"failed status", models.LogFilter{StatusMin: ptr(500), StatusMax: ptr(502)}, nil},
		{"failed statuses", models.LogFilter{Statuses: []models.StatusRange{{Min: 400, Max: 499}, {Min: 502, Max: 502}}}, nil},
		{"state running", models.LogFilter{State: models.LogRunning}, nil},
	}
	special := map[string]func(l *models.RequestLog){ // what the row that matches has of its own
		"has error": failedLog, "error code": failedLog, "failed status": failedLog, "failed statuses": failedLog,
		"state running": func(l *models.RequestLog) { l.State, l.ResponseStatus = models.LogRunning, nil },
	}
	onBoth(t, func(t *testing.T, s *Store) {
		for _, tc := range cases {
			clearLogs(t, s)
			hit := finished(noon)
			hit.RequestedModel, hit.UserID, hit.RetryCount, hit.ErrorInfo = "smart", `1%2_3\4`, 1, "no route left"
			if edit := special[tc.name]; edit != nil {
				edit(&hit)
			}
			writes := []models.LogWrite{writeOf(hit)}
			if tc.miss != nil {
				miss := hit
				tc.miss(&miss)
				miss.ID = newID(miss.RequestTime)
				writes = append(writes, writeOf(miss))
			} else if special[tc.name] != nil {
				writes = append(writes, writeOf(finished(noon)))
			}
			if tc.name == "failover" {
				writes[0].Log.AttemptCount = 2
				writes[0].Attempts = []models.Attempt{{N: 1, ProviderID: 1}, {N: 2, ProviderID: 2}}
				same := finished(noon)
				same.AttemptCount = 2
				writes = append(writes, models.LogWrite{Kind: models.WriteEnd, Log: same, Attempts: []models.Attempt{{N: 1, ProviderID: 1}, {N: 2, ProviderID: 1}}}, writeOf(finished(noon)))
			}
			write(t, s, writes...)
			checkFilter(t, s, tc.name, tc.filter, hit.ID)
		}
	})
}

func failedLog(l *models.RequestLog) {
	l.ResponseStatus, l.ErrorCode = ptr(502), "upstream_error"
}

func writeOf(l models.RequestLog) models.LogWrite {
	kind := models.WriteEnd
	if l.State == models.LogRunning {
		kind = models.WriteBegin
	}
	return models.LogWrite{Kind: kind, Log: l}
}

// checkFilter holds the list, the count, the export and the statistics against each other.
func checkFilter(t *testing.T, s *Store, name string, f models.LogFilter, want string) {
	t.Helper()
	ctx := t.Context()
	list, err := s.ListLogs(ctx, models.LogPage{Filter: f})
	if err != nil || len(list.Items) != 1 || list.Items[0].ID != want || list.Total != 1 || list.TotalIsEstimate {
		t.Errorf("%s: list of %d, total %d, %v", name, len(list.Items), list.Total, err)
	}
	if n, err := s.LogCount(ctx, f); err != nil || n != 1 {
		t.Errorf("%s: count %d, %v", name, n, err)
	}
	var exported []string
	if err := s.EachLog(ctx, f, func(l models.RequestLog) error { exported = append(exported, l.ID); return nil }); err != nil || !slices.Equal(exported, []string{want}) {
		t.Errorf("%s: exported %v, %v", name, exported, err)
	}
	if got := stats(t, s, models.StatsQuery{Filter: f}); got.Summary.RequestCount != 1 {
		t.Errorf("%s: statistics of %d requests", name, got.Summary.RequestCount)
	}
}

// clearLogs empties the log with its statistics.
func clearLogs(t *testing.T, s *Store) {
	t.Helper()
	for _, table := range append(partitioned, "usage_rollups", "usage_series", "usage_groups") {
		must(t, s.writer.Exec("DELETE FROM "+table).Error)
	}
}

func TestListLogs_ById(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		logs := randomLogs(mrand.New(mrand.NewPCG(3, 4)), 50, noon, time.Hour)
		writeEnds(t, s, logs)
		for _, text := range []string{logs[7].ID, strings.ToLower(logs[7].ID)} {
			list, err := s.ListLogs(t.Context(), models.LogPage{Filter: models.LogFilter{Query: text}})
			if err != nil || len(list.Items) != 1 || list.Items[0].ID != logs[7].ID {
				t.Errorf("%s: %d rows, %v", text, len(list.Items), err)
			}
		}
		if list, err := s.ListLogs(t.Context(), models.LogPage{Filter: models.LogFilter{Query: newID(noon)}}); err != nil || len(list.Items) != 0 || list.Items == nil {
			t.Errorf("unknown id: %v, %v", list.Items, err)
		}
	})
}

// TestListLogs_Cursors walks through lists with rows of equal times, in both orders and both directions: every row comes once,
// in order, and the cursors are null exactly at the ends.
func TestListLogs_Cursors(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		r := mrand.New(mrand.NewPCG(5, 6))
		logs := make([]models.RequestLog, 83)
		for i := range logs {
			logs[i] = finished(noon.Add(time.Duration(r.IntN(20)) * time.Second))
			logs[i].IsStream = r.IntN(3) > 0
		}
		writeEnds(t, s, logs)
		for _, filter := range []models.LogFilter{{}, {IsStream: ptr(true)}} {
			for _, ascending := range []bool{false, true} {
				want := expectedOrder(logs, filter, ascending)
				for _, size := range []int{1, 7, 40, 83, 200} {
					walk(t, s, models.LogPage{Filter: filter, Ascending: ascending, PageSize: size}, want)
				}
			}
		}
	})
}

func expectedOrder(logs []models.RequestLog, f models.LogFilter, ascending bool) (ids []string) {
	sorted := slices.Clone(logs)
	slices.SortFunc(sorted, func(a, b models.RequestLog) int { return compareKeys(keyOf(&a), keyOf(&b)) })
	for _, l := range sorted {
		if f.IsStream == nil || l.IsStream == *f.IsStream {
			ids = append(ids, l.ID)
		}
	}
	if !ascending {
		slices.Reverse(ids)
	}
	return ids
}

func walk(t *testing.T, s *Store, page models.LogPage, want []string) {
	t.Helper()
	name := fmt.Sprintf("size %d, ascending %v, %d rows", page.PageSize, page.Ascending, len(want))
	var forth, back []string
	for {
		list, err := s.ListLogs(t.Context(), page)
		must(t, err)
		if first := len(forth) == 0; (list.PrevCursor == nil) != first {
			t.Fatalf("%s: after %d rows the way back is %v", name, len(forth), list.PrevCursor)
		}
		forth = append(forth, idsOf(list.Items)...)
		if list.NextCursor == nil {
			back = slices.Clone(forth[len(forth)-len(list.Items):])
			if list.PrevCursor == nil {
				break
			}
			page.After, page.Before = "", *list.PrevCursor
			break
		}
		page.After = *list.NextCursor
	}
	for page.Before != "" {
		list, err := s.ListLogs(t.Context(), page)
		must(t, err)
		if list.NextCursor == nil {
			t.Fatalf("%s: no way forth on the way back", name)
		}
		back = append(idsOf(list.Items), back...)
		page.Before = ""
		if list.PrevCursor != nil {
			page.Before = *list.PrevCursor
		}
	}
	if !slices.Equal(forth, want) || !slices.Equal(back, want) {
		t.Errorf("%s: forth %d rows, back %d rows, want %d", name, len(forth), len(back), len(want))
	}
}

func idsOf(logs []models.RequestLog) []string {
	ids := make([]string, len(logs))
	for i := range logs {
		ids[i] = logs[i].ID
	}
	return ids
}

func TestListLogs_PagesAndOrders(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		logs := randomLogs(mrand.New(mrand.NewPCG(7, 8)), 90, noon, time.Hour)
		writeEnds(t, s, logs)
		for _, sort := range []models.LogSort{models.SortTime, models.SortTotalTime, models.SortFirstByte, models.SortInputTokens, models.SortOutputTokens, models.SortCost, models.SortStatus} {
			for _, ascending := range []bool{false, true} {
				var ids []string
				for page := 1; page <= 4; page++ {
					list, err := s.ListLogs(ctx, models.LogPage{Sort: sort, Ascending: ascending, Page: page, PageSize: 30})
					must(t, err)
					ids = append(ids, idsOf(list.Items)...)
					if list.Total != 90 || list.Page != page || list.PageSize != 30 {
						t.Errorf("%s: total %d, page %d of %d", sort, list.Total, list.Page, list.PageSize)
					}
				}
				unique := slices.Compact(slices.Sorted(slices.Values(ids)))
				if len(ids) != 90 || len(unique) != 90 {
					t.Errorf("%s: %d rows, %d different", sort, len(ids), len(unique))
				}
			}
		}
		first, err := s.ListLogs(ctx, models.LogPage{Sort: models.SortFirstByte, PageSize: 200})
		must(t, err)
		if slices.ContainsFunc(first.Items[:20], func(l models.RequestLog) bool { return l.FirstByteDelayMS == nil }) {
			t.Error("unknown values come before known ones")
		}
		_, err = s.ListLogs(ctx, models.LogPage{Sort: "id; DROP TABLE request_logs"})
		wantCode(t, "order by SQL", err, models.CodeValidation)
		for _, cursor := range []string{"x", "!!", "MTIz", "MTIzLgA"} {
			_, err = s.ListLogs(ctx, models.LogPage{After: cursor})
			wantCode(t, "cursor "+cursor, err, models.CodeValidation)
		}
	})
}
