package web

import (
	"net/http"
	"testing"

	"squirrel/app/admin"
	"squirrel/models"
)

func TestStorage(t *testing.T) {
	k, d := newLogKit(t)
	for _, n := range []int{0, 1, 3 * 24 * 60, 3*24*60 + 1} {
		k.seedLog(n, nil)
	}
	k.get("/admin/settings/storage").want(t, "the page", 200, "LOG_RETENTION_DAYS", "7 days", "3 days", "2026-02-26", `data-testid="cleanup"`, `!data-testid="cleanup-delete"`)
	d.report = admin.SystemReport{LogState: "lean", LogReason: "the disk is nearly full"}
	k.get("/admin/settings/storage").want(t, "degraded", 200, "Long bodies are not recorded", "the disk is nearly full")
	k.post("/admin/settings/storage", "op", "count", "days_to_keep", "-1").want(t, "refused", http.StatusUnprocessableEntity, `data-testid="error-summary"`)
	k.post("/admin/settings/storage", "op", "count", "days_to_keep", "2").want(t, "counted", 200, "2 requests are older than 2 days", `name="confirmed" value="2"`)
	k.post("/admin/settings/storage", "op", "delete", "days_to_keep", "1", "confirmed", "2").want(t, "other days than confirmed", 200, `data-testid="cleanup-delete"`)
	if n, err := k.service.LogCount(t.Context(), models.LogFilter{}); err != nil || n != 4 {
		t.Fatalf("%d requests, %v", n, err)
	}
	k.post("/admin/settings/storage", "op", "delete", "days_to_keep", "2", "confirmed", "2").wantRedirect(t, "deleted", "/admin/settings/storage")
	k.get("/admin/settings/storage").want(t, "told", 200, "2 requests were deleted.")
}
