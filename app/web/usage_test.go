package web

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"squirrel/models"
)

func TestUsage(t *testing.T) {
	k, _ := newLogKit(t)
	k.get("/admin/usage").want(t, "nothing yet", 200, `data-testid="no-usage"`)
	for n := range 4 {
		k.seedLog(n, nil)
	}
	k.seedLog(9, failing(502, "upstream_error"))
	k.seedLog(10, func(w *models.LogWrite) { w.Log.RequestedModel, w.Log.TotalCost = "=free", nil })
	k.seedLog(2*24*60, nil)
	for _, metric := range usageMetrics {
		for _, compare := range []string{"", "&compare=previous", "&compare=week"} {
			k.get("/admin/usage?metric="+metric+compare).want(t, metric+compare, 200, `data-testid="chart"`, "Data as a table", "(UTC)", "smart")
		}
	}
	k.get("/admin/usage?range=24h&compare=previous").want(t, "compared", 200, "previous period", "line-dash")
	k.get("/admin/usage").want(t, "unknown is not nothing", 200, "=free", unknownCell)
	for _, group := range []string{"model", "target_model", "provider", "api_key", "user", "client", "endpoint"} {
		k.get("/admin/usage?group_by="+group).want(t, group, 200, `data-testid="usage-group"`, "/admin/logs?")
	}
	for _, figure := range usageMetrics {
		k.get("/admin/usage?metric=explore&group_by=model&figure="+figure).want(t, "explore "+figure, 200,
			`name="metric" value="explore"`, `<option value="`+figure+`" selected`, "By model: ", "<th scope=\"col\" class=\"n\">=free</th>", "of=explore", "!All others", `figure=`+figure)
	}
	k.get("/admin/usage?metric=explore&figure=odd&compare=previous&group_by=user").want(t, "an odd figure", 200, "By user: known cost in USD (UTC)")
	k.get("/admin/usage?group_by=provider").want(t, "links to logs", 200, "provider_id=1")
	k.get("/admin/usage?range=15m&status=4xx&cost_min=x&metric=nonsense").want(t, "odd", 200, "must be an amount")
	k.get("/admin/usage?lang=zh").want(t, "Chinese", 200, "用量", "占 100.0 %")
}

// unknownCell is the cell of a cost that nobody knows.
const unknownCell = `data-label="Spend">—</td>`

func TestUsageExport(t *testing.T) {
	k, _ := newLogKit(t)
	k.seedLog(0, nil)
	k.seedLog(1, nil)
	k.seedLog(2, func(w *models.LogWrite) { w.Log.RequestedModel, w.Log.TotalCost = "=free", nil })
	groups := k.get("/admin/usage/export?of=groups&group_by=model")
	groups.want(t, "groups", 200, "model,requests,", "smart,2,2,0,2400,1200,160,0.002468,0,", "'=free,1,1,0,1200,600,80,,1,")
	if got := groups.header.Get("Content-Type"); !strings.HasPrefix(got, "text/csv") {
		t.Errorf("content type %s", got)
	}
	k.get("/admin/usage/export?of=explore&metric=explore&figure=tokens").want(t, "explore", 200, "begins,model,requests,", "2026-03-01T00:00:00Z,smart,2,2,0,", "2026-03-01T00:00:00Z,'=free,1,1,0,")
	k.get("/admin/usage/export?of=trend").want(t, "trend", 200, "begins,requests,", "2026-03-01T00:00:00Z,3,3,0,")
}

// TestUsageExplored: the groups that are drawn and the others together are everything.
func TestUsageExplored(t *testing.T) {
	k, _ := newLogKit(t)
	for n := range 12 {
		for i := range n + 1 {
			k.seedLog(20*n+i, func(w *models.LogWrite) { w.Log.RequestedModel = "model-" + strings.Repeat("x", n+1) })
		}
	}
	page := k.get("/admin/usage?metric=explore&figure=requests&range=7d")
	page.want(t, "stack", 200, ">model-xxxxxx</th>", "!>model-xxxxx</th>", ">All others</th>", ">15</td>") // 1 to 5 of the five smallest
	k.get("/admin/usage?metric=explore&figure=latency&range=7d").want(t, "lines", 200, ">model-xxxxxxxx</th>", "!>model-xxxxxxx</th>", "!All others")
}

// records reads a download of CSV as maps from the names of its columns.
func records(t *testing.T, csvText string) (all []map[string]string) {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(csvText)).ReadAll()
	if err != nil || len(rows) == 0 {
		t.Fatalf("%v: %s", err, csvText)
	}
	for _, row := range rows[1:] {
		record := map[string]string{}
		for i, name := range rows[0] {
			record[name] = row[i]
		}
		all = append(all, record)
	}
	return all
}

// TestUsageExport_Compared: the download has what the page compares, and every figure that it is made of.
func TestUsageExport_Compared(t *testing.T) {
	const hour, day = 60, 24 * 60
	k, _ := newLogKit(t)
	k.seedLog(hour, costing(3, "smart"))
	k.seedLog(day+hour, costing(2, "smart"))
	k.seedLog(day+hour+1, costing(5, "=gone()"))
	k.seedLog(2*hour, costing(4, "new"))
	k.seedLog(3*hour, func(w *models.LogWrite) { w.Log.RequestedModel, w.Log.TotalCost = "priceless", nil })
	k.seedLog(day+3*hour, costing(1, "priceless"))

	line := func(r map[string]string, first string) string {
		return strings.Join([]string{r[first], r["requests"], r["cost_usd"], r["earlier_requests"], r["earlier_cost_usd"], r["cost_usd_change_percent"]}, " ")
	}
	var groups []string
	for _, r := range records(t, k.get("/admin/usage/export?of=groups&group_by=model&range=24h&compare=previous").body) {
		groups = append(groups, line(r, "model"))
	}
	slices.Sort(groups)
	if want := []string{"'=gone() 0 0 1 5 -100.0", "new 1 4 0 0 ", "priceless 1  1 1 ", "smart 1 3 1 2 50.0"}; !slices.Equal(groups, want) {
		t.Errorf("groups\n%q, want\n%q", groups, want)
	}
	var trend []string
	for _, r := range records(t, k.get("/admin/usage/export?of=trend&range=24h&compare=previous").body) {
		trend = append(trend, line(r, "begins")+" "+r["earlier_begins"])
	}
	if want := []string{ // request n began n+1 minutes before noon
		"2026-03-01T08:00:00Z 1  1 1  2026-02-28T08:00:00Z", "2026-03-01T09:00:00Z 1 4 0 0  2026-02-28T09:00:00Z", "2026-03-01T10:00:00Z 1 3 2 7 -57.1 2026-02-28T10:00:00Z",
	}; !slices.Equal(trend, want) {
		t.Errorf("trend\n%q, want\n%q", trend, want)
	}
	for metric, column := range map[string]string{"tokens": "tokens", "requests": "requests", "errors": "failures", "latency": "total_ms_p95"} {
		k.get("/admin/usage/export?of=groups&range=24h&compare=week&metric="+metric).want(t, metric, 200, "earlier_total_ms_p99,"+column+"_change_percent\n")
	}
	k.get("/admin/usage?range=24h&compare=previous").want(t, "the page leads there", 200, "/admin/usage/export?compare=previous&amp;group_by=model&amp;metric=cost&amp;of=trend&amp;range=24h")
	k.get("/admin/usage/export?of=trend&range=24h").want(t, "not compared", 200, "!earlier_")
}

// costing sets what a request cost.
func costing(usd int64, model string) func(*models.LogWrite) {
	return func(w *models.LogWrite) {
		w.Log.RequestedModel, w.Log.TotalCost = model, ptr(models.NanoUSD(usd*1_000_000_000))
	}
}

func TestUsageCompared(t *testing.T) {
	const hour, day = 60, 24 * 60
	k, _ := newLogKit(t)
	k.seedLog(hour, costing(3, "smart"))
	k.seedLog(day+hour, costing(2, "smart"))
	k.seedLog(day+hour+1, costing(5, "gone"))
	k.seedLog(7*day+hour, costing(6, "smart"))
	k.seedLog(8*day+hour, costing(9, "smart"))

	k.get("/admin/usage?range=24h&compare=previous").want(t, "previous", 200, "line-dash", "Cost, previous period", "-57.1 % vs previous period",
		`<option value="previous" selected>`, `data-label="Cost, change">+50.0 %</td>`, `<bdi>gone</bdi>`, `data-label="Cost, change">-100.0 %</td>`)
	k.get("/admin/usage?range=24h&compare=week").want(t, "a week before", 200, "line-dash", "Cost, a week before", `data-label="Cost, change">-50.0 %</td>`,
		"-50.0 % vs week before", "!<bdi>gone</bdi>", "compare=week")
	k.get("/admin/usage?range=24h&compare=previous&metric=requests").want(t, "requests", 200, `data-label="Requests, change">+0.0 %</td>`)
	k.get("/admin/usage?range=24h&compare=previous&metric=errors").want(t, "errors", 200, "line-dash", "Failures, previous period")
	k.get("/admin/usage?range=15m&compare=previous").want(t, "nothing before", 200, "nothing in the previous period", "!against the previous period<")
	k.get("/admin/usage?range=24h&compare=year").want(t, "nonsense", 200, "!line-dash", `<option value="" selected>`)
	k.get("/admin/usage?range=all&compare=week").want(t, "nothing before the whole time", 200, "!line-dash")
	k.get("/admin/usage?range=24h&compare=week&provider_id=1").want(t, "a chip keeps it", 200, "/admin/usage?compare=week&amp;group_by=model&amp;metric=cost&amp;range=24h\"")

	k.seedLog(2*hour, func(w *models.LogWrite) { w.Log.RequestedModel, w.Log.TotalCost = "priceless", nil })
	k.seedLog(day+2*hour, costing(1, "priceless"))
	k.get("/admin/usage?range=24h&compare=previous").want(t, "what is unknown can't be compared", 200, `data-label="Cost, change">—</td>`)
}

// TestUsage_OldSums: of a year ago only days are known, and the page says so.
func TestUsage_OldSums(t *testing.T) {
	const day = 24 * 60
	k, _ := newLogKit(t)
	k.seedLog(60, costing(3, "smart"))
	k.seedLog(300*day, costing(2, "smart"))
	k.seedLog(301*day, costing(5, "smart"))
	drain := func(remove func() (int, error)) {
		t.Helper()
		for {
			if n, err := remove(); err != nil {
				t.Fatal(err)
			} else if n == 0 {
				return
			}
		}
	}
	before := noon.AddDate(0, 0, -100)
	k.get("/admin/usage?range=all").want(t, "all is kept", 200, `!data-testid="coarse"`, "$10.00")
	drain(func() (int, error) { return k.store.DeleteLogsBefore(t.Context(), before, 100) })
	drain(func() (int, error) { return k.store.DeleteUsageBefore(t.Context(), before) })
	k.get("/admin/usage?range=all").want(t, "days are told", 200, `!data-testid="coarse"`, "$10.00")
	k.get("/admin/usage?range=7d").want(t, "a week", 200, `!data-testid="coarse"`, "$3.00")
	cut := "/admin/usage?start_time=" + noon.AddDate(0, 0, -301).Format("2006-01-02T15:04")
	k.get(cut).want(t, "a day that is cut", 200, `data-testid="coarse"`, "Before 2025-05-06 only whole days (UTC) are known", "$5.00")
	k.get(cut+"&lang=zh").want(t, "Chinese", 200, "2025-05-06 之前")
}

func TestUsageProjection(t *testing.T) {
	k, _ := newLogKit(t)
	k.seedLog(0, costing(1, "smart"))
	k.seedLog(60, costing(1, "smart"))
	k.get("/admin/usage?range=7d").want(t, "half a day is too short", 200, "!estimated")
	k.seedLog(2*24*60, costing(1, "smart"))
	// $3 since the midnight of two and a half days ago, of which $2 are of this month; it lasts for 30.5 days.
	k.get("/admin/usage?range=7d").want(t, "a week", 200, "End of 2026-03, estimated: ~$38.60.", "That is $2.00 since the month began, then $1.20 a day", "!unknown cost are")
	k.get("/admin/usage?range=7d&metric=tokens").want(t, "another metric", 200, "!estimated")
	k.get("/admin/usage?range=1h").want(t, "an hour", 200, "!estimated")
	k.get("/admin/usage?start_time=2026-02-20T00:00:00Z&end_time=2026-03-01T00:00:00Z").want(t, "a period that is over", 200, "!estimated")
	k.seedLog(1, func(w *models.LogWrite) { w.Log.TotalCost = nil })
	k.get("/admin/usage?range=7d").want(t, "not all is known", 200, "Requests of unknown cost are not in it.")
	k.get("/admin/usage?range=7d&lang=zh").want(t, "Chinese", 200, "月底预估")
}
