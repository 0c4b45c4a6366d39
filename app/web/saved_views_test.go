package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"squirrel/app/admin"
	"squirrel/models"
)

// usualColumns are the columns of a browser that has chosen none.
const usualColumns = "time.status.model.provider.key.tokens.cost.first_byte.total"

func TestSavedViews(t *testing.T) {
	k, _ := newLogKit(t)
	k.seedLog(0, nil)
	failed := k.seedLog(1, failing(502, "upstream_error"))
	k.get("/admin/logs/views").want(t, "none yet", 200, `data-testid="no-views"`, "All administrators", "All requests of clients in the last 24 hours")
	k.get("/admin/logs?status=5xx&sort_by=total_cost&range=7d&cols=error").want(t, "the form", 200, `name="query" value="cols=time.error&amp;range=7d&amp;sort_by=total_cost&amp;status=5xx"`)

	const open = "/admin/logs?range=7d&sort_by=total_cost&status=5xx&view=1"
	k.post("/admin/logs/views", "name", " Night shift ", "query", "cols=time.error&range=7d&sort_by=total_cost&status=5xx").wantRedirect(t, "saved", open)
	k.get("/admin/logs/views/1").wantRedirect(t, "opened", open)
	list := k.get(open)
	list.want(t, "the view", 200, failed, "!log-"+logIDOf(0), `data-testid="open-view"`, "<bdi>Night shift</bdi>", "!changed since", `href="/admin/logs/views/1" aria-current="true"`,
		"upstream_error", `!data-label="Cost"`, "View Night shift is saved")
	k.get("/admin/logs").want(t, "another list", 200, `!data-testid="open-view"`, `href="/admin/logs/views/1">`, `data-label="Cost"`)
	k.get("/admin/logs/views").want(t, "all views", 200, "Night shift", "Status: 5xx", "7 days", "Order: Cost ↓", "Time, Error", testUser, "1 of at most 30")
	k.get("/admin/logs/views?lang=zh").want(t, "in Chinese", 200, "保存的视图", "排序：费用")
	k.get("/admin/logs/views?lang=en")
}

func TestSavedViews_Changed(t *testing.T) {
	k, _ := newLogKit(t)
	k.seedLog(0, nil)
	k.post("/admin/logs/views", "name", "v", "query", "status=5xx")
	changed := k.get("/admin/logs?status=4xx&view=1")
	changed.want(t, "another filter", 200, "changed since it was saved", `data-testid="replace-view"`, `data-testid="discard-changes"`, "view=1")
	for _, link := range []string{"/admin/logs?sort_by=total_cost&status=5xx&view=1", "/admin/logs?cols=id&status=5xx&view=1", "/admin/logs?view=1"} {
		k.get(link).want(t, link, 200, "changed since it was saved")
	}
	k.get("/admin/logs?status=5xx&view=1&after=&open=x").want(t, "the same", 200, "!changed since it was saved")
	part := k.get("/admin/logs?status=429&view=1", "HX-Request", "true")
	part.want(t, "a part", 200, "changed since it was saved", `id="log-actions" class="contents" hx-swap-oob="true"`, `value="cols=`+usualColumns+`&amp;status=429"`)
	if got := part.header.Get("HX-Push-Url"); got != "/admin/logs?status=429&view=1" {
		t.Errorf("the URL of a part is %q", got)
	}
	k.get("/admin/logs?status=4xx&view=1").want(t, "the filter keeps what it has no control for", 200, `type="hidden" name="view" value="1"`)
	k.post("/admin/logs/views/1", "query", "status=4xx&cols=time.id").wantRedirect(t, "replaced", "/admin/logs?status=4xx&view=1")
	k.get("/admin/logs?status=4xx&view=1").want(t, "replaced", 200, "!changed since it was saved", "View v shows this now", "/undo")
	k.get("/admin/logs?status=4xx&view=9", "HX-Request", "true").want(t, "a view that is gone", 200, `!data-testid="open-view"`, "!view=9", "Status: 4xx")
	k.get("/admin/logs?view=-1&cols=nonsense", "HX-Request", "true").want(t, "no view, no columns", 200, "!view=-1", "!nonsense", `data-label="Cost"`)
}

// TestSavedViews_Columns: within a view, other columns are a change to it and not what the browser wants elsewhere.
func TestSavedViews_Columns(t *testing.T) {
	k, _ := newLogKit(t)
	k.seedLog(0, func(w *models.LogWrite) { w.Log.UserID = "user-of-the-test" })
	k.post("/admin/logs/views", "name", "v", "query", "cols=time.user")
	k.get("/admin/logs?view=1").want(t, "its columns", 200, "user-of-the-test", `!data-label="Cost"`)
	k.post("/admin/logs/columns", "col", "cost", "back", "/admin/logs?view=1").wantRedirect(t, "chosen", "/admin/logs?cols=cost&view=1")
	page := k.get("/admin/logs?cols=cost&view=1&page_size=1")
	page.want(t, "chosen", 200, `data-label="Cost"`, "!user-of-the-test", "changed since", "/admin/logs/"+logIDOf(0)+"?cols=cost")
	k.get("/admin/logs").want(t, "elsewhere", 200, `data-label="Cost"`, `data-label="Total"`)
	k.post("/admin/logs/columns", "back", "/admin/logs?cols=cost&view=1").wantRedirect(t, "none chosen", "/admin/logs?view=1")
}

func TestSavedViews_RefusedFormLosesNothing(t *testing.T) {
	k, _ := newLogKit(t)
	k.post("/admin/logs/views", "name", "Errors of today", "query", "status=5xx")
	twice := k.post("/admin/logs/views", "name", "errors OF today", "query", "status=4xx&client=cursor")
	twice.want(t, "a name twice", http.StatusConflict, `data-testid="error-summary"`, "is the name of another view", `value="errors OF today"`, "client=cursor&amp;cols="+usualColumns+"&amp;status=4xx",
		"Client: cursor", "Replace Errors of today", `action="/admin/logs/views/1"`, `href="/admin/logs?client=cursor`)
	k.post("/admin/logs/views", "name", "", "query", "status=4xx").want(t, "no name", http.StatusUnprocessableEntity, "must not be empty", "Status: 4xx")
	long := strings.Repeat("x", admin.MaxViewName+1)
	k.post("/admin/logs/views", "name", long, "query", "status=4xx").want(t, "a long name", http.StatusUnprocessableEntity, "at most 40 characters", long)
	var except []string
	for n := range 15 {
		except = append(except, "-user_id="+strings.Repeat("y", 150)+fmt.Sprint(n))
	}
	k.post("/admin/logs/views", "name", "much", "query", strings.Join(except, "&")).want(t, "a long filter", http.StatusUnprocessableEntity, "is too long to be kept", `value="much"`)

	k.post("/admin/logs/views", "name", "second", "query", "status=2xx")
	renamed := k.post("/admin/logs/views/2", "name", "Errors of today")
	renamed.want(t, "renamed to a name that is taken", http.StatusConflict, `href="#name-2"`, "is the name of another view", `value="Errors of today" class="input"`, `id="name-2"`)
	k.post("/admin/logs/views/2", "name", "Second").wantRedirect(t, "another case", "/admin/logs/views")
	k.post("/admin/logs/views/2").want(t, "nothing sent", http.StatusUnprocessableEntity)
	for _, id := range []string{"9", "x", "-1"} {
		k.post("/admin/logs/views/"+id, "name", "x").want(t, "view "+id, http.StatusNotFound)
		k.post("/admin/logs/views/"+id+"/delete").want(t, "view "+id, http.StatusNotFound)
	}
	for n := range admin.MaxViews - 2 {
		k.post("/admin/logs/views", "name", fmt.Sprintf("view %02d", n), "query", "range=7d")
	}
	k.post("/admin/logs/views", "name", "over the limit", "query", "status=404").want(t, "over the limit", http.StatusBadRequest, "there are 30 views already", `value="over the limit"`, "Status: 404")
}

// TestSavedViews_KeepOnlyFilters: what a form sends in the name of a filter leads nowhere else.
func TestSavedViews_KeepOnlyFilters(t *testing.T) {
	k, _ := newLogKit(t)
	k.post("/admin/logs/views", "name", "v", "query", "https://evil.example/?status=5xx&next=//evil.example&after=abc&page=3&live=1&view=7&q=%0d%0aX:1&range=2y&cols=time.%3Cb%3E&cost_min=x&-state=running")
	saved, err := k.service.SavedView(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if want := "cols=time&q=X%3A1"; saved.Query != want {
		t.Errorf("kept %q, want %q", saved.Query, want)
	}
	k.get("/admin/logs/views/1").wantRedirect(t, "leads to the list", "/admin/logs?q=X%3A1&view=1")
	for _, query := range []string{"a=%zz", "status=99", "cols=%3Cscript%3E", "range=2y"} { // the use-case doesn't trust its callers either
		v, err := k.service.SaveView(t.Context(), models.SavedView{Name: "x", Query: query})
		if models.ErrorCode(err) != models.CodeValidation {
			t.Errorf("%s was kept as %+v, %v", query, v, err)
		}
	}
	v, err := k.service.SaveView(t.Context(), models.SavedView{Name: "all", Query: "range=all&source=all&next=x&-client=curl"})
	if err != nil || v.Query != "-client=curl&range=all&source=all" {
		t.Errorf("kept %+v, %v", v, err)
	}
}

func TestSavedViews_AreAuditedAndUndone(t *testing.T) {
	k, _ := newLogKit(t)
	k.post("/admin/logs/views", "name", "v", "query", "status=5xx")
	k.post("/admin/logs/views/1", "name", "w")
	k.post("/admin/logs/views/1/delete").wantRedirect(t, "deleted", "/admin/logs/views")
	k.get("/admin/logs/views").want(t, "deleted", 200, `data-testid="no-views"`, `action="`+k.undoOfLast()+`"`)
	k.get("/admin/changes?object=log_view").want(t, "the changes", 200, "View of the log", ">w<", ">v<")
	k.post(k.undoOfLast()).wantRedirect(t, "undone", "/admin/changes")
	k.get("/admin/logs/views").want(t, "back", 200, `href="/admin/logs/views/2"`, ">w<")
	k.get("/admin/logs/views/2").wantRedirect(t, "as before", "/admin/logs?status=5xx&view=2")
	restored := k.undoOfLast()
	k.post("/admin/logs/views/2", "query", "status=4xx")
	k.post(k.undoOfLast()).wantRedirect(t, "undone", "/admin/changes")
	k.get("/admin/logs/views/2").wantRedirect(t, "as before", "/admin/logs?status=5xx&view=2")
	k.post(restored).want(t, "undoing what was changed since", http.StatusConflict, `data-testid="undo-problem"`)
}

// undoOfLast is where the change that was made last is taken back.
func (k *kit) undoOfLast() string {
	k.t.Helper()
	last, err := k.service.Changes(k.t.Context(), 0, 1)
	if err != nil || len(last) != 1 {
		k.t.Fatal(last, err)
	}
	return fmt.Sprintf("/admin/changes/%d/undo", last[0].ID)
}

func TestSavedViews_ForeignTextAndForms(t *testing.T) {
	k, _ := newLogKit(t)
	k.seedLog(0, nil)
	for i, text := range hostile {
		k.post("/admin/logs/views", "name", text, "query", url.Values{"client": {text}}.Encode())
		checkInert(t, "the views", k.get("/admin/logs/views").body)
		checkInert(t, "the list", k.get("/admin/logs?view="+fmt.Sprint(i+1)).body)
		checkInert(t, "a refused form", k.post("/admin/logs/views", "name", text, "query", text).body)
	}
	before, err := k.service.SavedViews(t.Context())
	if err != nil || len(before) == 0 {
		t.Fatal(before, err)
	}
	for _, path := range []string{viewsPath, viewsPath + "/1", viewsPath + "/1/delete"} {
		foreign := k.postForm(path, url.Values{"name": {"x"}, "query": {"status=5xx"}}, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example")
		foreign.want(t, "a form of another site to "+path, http.StatusForbidden)
	}
	if after, err := k.service.SavedViews(t.Context()); err != nil || len(after) != len(before) || after[0] != before[0] {
		t.Errorf("a form of another site changed %+v to %+v, %v", before, after, err)
	}
}
