package web

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"squirrel/app/admin"
	"squirrel/models"
)

// TestRecalculate_DryRunThenApply: the page shows what would change before it does, and then that it did.
func TestRecalculate_DryRunThenApply(t *testing.T) {
	k, _ := newLogKit(t)
	k.post("/admin/prices/override", "target_model", "gpt-4o", "billing_mode", "token_flat", "input_price", "10", "output_price", "20").wantRedirect(t, "a price", "/admin/prices?q=gpt-4o")
	id := k.seedLog(0, nil) // $0.001234, by a price of the past
	k.seedLog(1, func(w *models.LogWrite) { w.Log.TotalCost, w.Log.PriceSource = nil, models.PriceUnknown })
	const path = "/admin/prices/recalculate"
	k.get(path).want(t, "none yet", http.StatusOK, "!data-state", "Begin a dry run")
	k.post(path, "op", "preview", "start_time", "yesterday").want(t, "no date", http.StatusUnprocessableEntity, "must be a date")
	k.post(path, "op", "apply", "began", "2026-03-01T12:00:00Z").wantRedirect(t, "nothing to apply", path)
	k.get(path).want(t, "told", http.StatusOK, "That was not begun", "!data-state")
	k.post(path, "op", "apply", "began", "x").want(t, "no moment", http.StatusBadRequest)

	k.post(path, "op", "preview", "start_time", "2026-02-01", "end_time", "2026-03-01", "requested_model", "smart", "only_unknown", "true").wantRedirect(t, "dry run", path)
	page := k.get(path)
	page.want(t, "dry run", http.StatusOK, `data-state="done"`, "Dry run: nothing was changed yet", "Only requests without a cost, from 2026-02-01, to 2026-03-01, included, models with “smart” in their name",
		"!hx-trigger=\"every 1s\"", "Change 1 request", `value="2026-02-01"`, `value="smart"`, `data-testid="apply"`)
	k.get("/admin/logs/"+id).want(t, "nothing happened", http.StatusOK, "$0.00123")

	k.post(path, "op", "preview").wantRedirect(t, "all of them", path)
	page = k.get(path)
	page.want(t, "all of them", http.StatusOK, "All requests", "Change 2 requests")
	began := regexp.MustCompile(`name="began" value="([^"]+)"`).FindStringSubmatch(page.body)
	if began == nil {
		t.Fatal("the page has nothing to apply")
	}
	k.post(path, "op", "apply", "began", "2026-03-01T11:00:00Z").wantRedirect(t, "an older dry run", path)
	k.get(path).want(t, "an older dry run", http.StatusOK, "no longer the last one", "Change 2 requests")
	k.post(path, "op", "apply", "began", began[1]).wantRedirect(t, "apply", path)
	k.get(path).want(t, "applied", http.StatusOK, "Costs were changed", "Changed", "!data-testid=\"apply\"")
	k.get(path+"?lang=zh").want(t, "Chinese", http.StatusOK, "费用已修改", "全部请求")
	k.post(path, "op", "preview").wantRedirect(t, "again", path)
	k.get(path+"?lang=en").want(t, "nothing is left to do", http.StatusOK, "All of these requests have the cost", "!data-testid=\"apply\"")
	k.post(path, "op", "stop").wantRedirect(t, "nothing to stop", path)
}

// TestRecalculate_Elsewhere shows what other gateways of the database, and earlier lives of this one, have left there.
func TestRecalculate_Elsewhere(t *testing.T) {
	k, _ := newLogKit(t)
	const path = "/admin/prices/recalculate"
	leave := func(slot, owner string, so admin.Repricing, finish bool) {
		t.Helper()
		began := noon
		so.StartedAt = &began
		text, err := json.Marshal(so)
		if err != nil {
			t.Fatal(err)
		}
		mine, err := k.store.ClaimJob(t.Context(), "recalculation", slot, owner, time.Minute)
		if err == nil && finish {
			err = k.store.FinishJob(t.Context(), "recalculation", slot, owner, string(text))
		} else if err == nil {
			_, err = k.store.RenewJob(t.Context(), "recalculation", slot, owner, string(text))
		}
		if !mine || err != nil {
			t.Fatal(mine, err)
		}
	}
	running := admin.Repricing{State: admin.RepricingRunning, Total: 4000, Seen: 1000, Recalculated: admin.Recalculated{Examined: 1000, Changed: 7}}
	leave("0001", "other", running, false)
	k.get(path).want(t, "running elsewhere", http.StatusOK, `data-state="running"`, `hx-trigger="every 1s"`, "1,000 of 4,000 requests", "on another gateway", "Costs are being changed", `data-testid="stop"`, "Refresh")
	part := k.get(path, "HX-Request", "true")
	part.want(t, "what is polled", http.StatusOK, `id="recalculation"`, "!<html", "!<h1")
	k.post(path, "op", "preview").wantRedirect(t, "one at a time", path)
	k.get(path).want(t, "one at a time", http.StatusOK, "another recalculation runs")
	k.post(path, "op", "stop").wantRedirect(t, "stop it there", path)
	k.get(path).want(t, "asked", http.StatusOK, "The other gateway was asked to stop")

	stopped := running
	stopped.State = admin.RepricingStopped
	leave("0001", "other", stopped, true)
	k.get(path).want(t, "stopped", http.StatusOK, `data-state="stopped"`, "Somebody stopped it after 1,000 of 4,000", "What was changed until then stays", "!hx-trigger=\"every")
	failed := running
	failed.State, failed.DryRun, failed.Error = admin.RepricingFailed, true, "the <b>disk</b> is full"
	leave("0002", "other", failed, true)
	k.get(path).want(t, "failed", http.StatusOK, "Dry run failed", "the &lt;b&gt;disk")
	leave("0003", "", running, false) // of this gateway, which runs none: it was another life
	k.get(path).want(t, "interrupted", http.StatusOK, `data-state="interrupted"`, "was shut down or crashed after about 1,000 of 4,000", "Begin again", "!hx-trigger=\"every")
	k.post(path, "op", "preview").wantRedirect(t, "and another can begin", path)
	k.get(path).want(t, "and another can begin", http.StatusOK, `data-state="done"`)
	k.get("/admin/settings/storage").want(t, "the list of jobs is of others", http.StatusOK, "!&#34;cost_before")
	if answer := k.postForm(path, nil, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"); answer.status != http.StatusForbidden || strings.Contains(answer.body, "recalculation") {
		t.Errorf("from elsewhere: %d", answer.status)
	}
}
