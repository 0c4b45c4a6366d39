package web

import (
	"testing"

	"squirrel/app/admin"
	"squirrel/models"
)

func TestOverview(t *testing.T) {
	k, d := newLogKit(t)
	k.get("/admin").wantRedirect(t, "nothing at all", "/admin/start")
	k.get("/admin?range=24h").want(t, "nothing set up", 200, `data-testid="steps"`, "Add a provider", "Nothing is running.")
	p := k.provider("Acorn", "https://one.example/v1", "sk-0123456789abcdef")
	k.route("smart", "gpt-4o", p.ID)
	if _, err := k.service.CreateModel(t.Context(), admin.ModelInput{Name: admin.Some("lonely")}); err != nil {
		t.Fatal(err)
	}
	if _, err := k.service.CreateAPIKey(t.Context(), admin.APIKeyInput{Name: admin.Some("prod"), Budget: admin.Some(models.NanoUSD(1000))}); err != nil {
		t.Fatal(err)
	}
	k.seedLog(0, nil)
	k.seedLog(1, failing(500, "upstream_error"))
	k.seedLog(2, func(w *models.LogWrite) { w.Log.RetryCount, w.Log.AttemptCount = 1, 2 })
	k.seedLog(3, func(w *models.LogWrite) { w.Log.TotalCost = nil })
	running := k.seedLog(4, func(w *models.LogWrite) { w.Log.State, w.Log.ResponseStatus = models.LogRunning, nil })
	d.report = admin.SystemReport{LogState: "meta", LogReason: "the disk is full", Lost: 2}
	page := k.get("/admin")
	page.want(t, "with requests", 200, `data-testid="attention"`, "the disk is full", "lacks 2 records", "lonely", "no route that can serve it", "has spent $0.00247",
		"the cost of 1 of 3 requests is unknown", "it said no", running, "Saved by retries", "healthy", "3 of 4", `href="/admin/logs?provider_id=1"`, `!data-testid="steps"`)
	if len(page.body) > 100_000 {
		t.Errorf("the page has %d bytes", len(page.body))
	}
	k.get("/admin?range=7d", "HX-Request", "true").want(t, "a part", 200, `data-testid="attention"`, "!<html")
	k.get("/admin?range=nonsense").want(t, "another range", 200, "Overview")
	k.get("/admin?lang=zh").want(t, "Chinese", 200, "概览", "项需要处理")
}
