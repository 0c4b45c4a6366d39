package web

import (
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
		for _, compare := range []string{"", "&compare=previous"} {
			k.get("/admin/usage?metric="+metric+compare).want(t, metric+compare, 200, `data-testid="chart"`, "Data as a table", "(UTC)", "smart")
		}
	}
	k.get("/admin/usage?range=24h&compare=previous").want(t, "compared", 200, "previous period", "line-dash")
	k.get("/admin/usage").want(t, "unknown is not nothing", 200, "=free", unknownCell)
	for _, group := range []string{"model", "target_model", "provider", "api_key", "user", "endpoint"} {
		k.get("/admin/usage?group_by="+group).want(t, group, 200, `data-testid="usage-group"`, "/admin/logs?")
	}
	k.get("/admin/usage?group_by=provider").want(t, "links to logs", 200, "provider_id=1")
	k.get("/admin/usage?range=15m&status=4xx&cost_min=x&metric=nonsense").want(t, "odd", 200, "must be an amount")
	k.get("/admin/usage?lang=zh").want(t, "Chinese", 200, "用量", "费用占比")
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
	k.get("/admin/usage/export?of=trend").want(t, "trend", 200, "begins,requests,", "2026-03-01T00:00:00Z,3,3,0,")
}
