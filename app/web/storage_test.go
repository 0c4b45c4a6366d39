package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/proxy/reqlog"
)

func TestStorage(t *testing.T) {
	k, d := newLogKit(t)
	for _, n := range []int{0, 1, 3 * 24 * 60, 3*24*60 + 1} {
		k.seedLog(n, nil)
	}
	for _, page := range []string{"/admin/settings", "/admin/settings/storage", "/admin/transfer"} {
		k.get(page).want(t, "its tabs", 200, `href="/admin/settings"`, `href="/admin/settings/storage"`, `href="/admin/transfer"`, `href="`+page+`" aria-current="page"`)
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

func TestStorage_Jobs(t *testing.T) {
	k, _ := newLogKit(t)
	for name, result := range map[string]string{"retention": "12 logs, the details of 34 and 56 sums deleted", "of_tomorrow": "done"} {
		if mine, err := k.store.ClaimJob(t.Context(), name, "2026-03-01T04", "test", time.Minute); !mine || err != nil {
			t.Fatal(mine, err)
		}
		if err := k.store.FinishJob(t.Context(), name, "2026-03-01T04", "test", result); err != nil {
			t.Fatal(err)
		}
	}
	const path = "/admin/settings/storage"
	k.get(path).want(t, "English", 200, "Delete what is old", "2026-03-01 04:00 UTC", "12 logs, the details of 34 and 56 sums deleted", "of_tomorrow")
	k.get(path+"?lang=zh").want(t, "Chinese", 200, "清理旧数据", "已删除 12 条日志、34 条日志的详情和 56 条统计合计")
}

func TestStorage_RedactionTest(t *testing.T) {
	const path = "/admin/settings/storage"
	k, d := newLogKit(t)
	k.get(path).want(t, "the box", 200, `data-testid="redaction"`, `!data-testid="redacted"`, "!LOG_REDACT_BODY is off")
	body := `{"api_key":"sk-proj-1234567890abcdefghijklmnop","note":"<script>alert(1)</script>","n":12345678901234567890}`
	shown := k.post(path, "op", "redact", "text", body)
	shown.want(t, "JSON", 200, `data-testid="redacted"`, "The log would keep this.", "12345678901234567890", "&lt;script&gt;", "!<script>alert")
	_, result, _ := strings.Cut(shown.body, `data-testid="redacted"`)
	if strings.Contains(result, "1234567890abcdef") || !strings.Contains(result, "***") {
		t.Errorf("the key is shown, or not masked: %.400s", result)
	}
	k.post(path, "op", "redact", "text", "one\r\ntwo").want(t, "nothing to hide", 200, "The log would keep all of it", "<code>one\ntwo</code>")
	k.post(path, "op", "redact", "text", strings.Repeat("long ", 2000)).want(t, "too long", 200, "a body of more than 4.0 KiB loses its middle")
	k.post(path, "op", "redact", "text", " ").want(t, "nothing", http.StatusUnprocessableEntity, "must not be empty")
	if len(d.kept) != 3 || d.kept[0] != body {
		t.Errorf("%d texts were tried, want 3: %.200q", len(d.kept), d.kept)
	}
	if n, err := k.service.LogCount(t.Context(), models.LogFilter{}); err != nil || n != 0 {
		t.Errorf("%d requests are recorded, %v", n, err)
	}
	changes := k.get("/admin/changes")
	changes.want(t, "no trace of it", 200, "!sk-proj", "!alert(1)")

	d.redactor, d.report.RedactBodies = reqlog.NewRedactor(reqlog.RedactPolicy{KeyPrefix: "lgw-", KeepBodies: true}), false
	k.post(path, "op", "redact", "text", body).want(t, "redaction off", 200, "LOG_REDACT_BODY is off", "The log would keep all of it")
	k.get(path+"?lang=zh").want(t, "Chinese", 200, "试一试脱敏")
}
