package web

import (
	"maps"
	"net/url"
	"slices"
	"testing"
	"time"

	"squirrel/models"
)

func TestFilterByCell(t *testing.T) {
	k, _ := newLogKit(t)
	id := k.seedLog(0, func(w *models.LogWrite) { w.Log.UserID, w.Log.RequestedModel = "=a&b", "gpt-4o" })
	k.seedLog(1, func(w *models.LogWrite) { w.Log.RequestedModel = "gpt-4o-mini" })
	running := k.seedLog(2, func(w *models.LogWrite) { w.Log.State, w.Log.ResponseStatus = models.LogRunning, nil })
	path := "/admin/logs/" + id + "/filter?column="
	for query, want := range map[string]string{
		"model":                        "/admin/logs?requested_model=%3Dgpt-4o",
		"model&except=1":               "/admin/logs?-requested_model=%3Dgpt-4o",
		"user&range=7d":                "/admin/logs?range=7d&user_id=%3D%3Da%26b",
		"provider&status=2xx":          "/admin/logs?provider_id=1&status=2xx",
		"key&except=1":                 "/admin/logs?-api_key_id=1",
		"status":                       "/admin/logs?status=200",
		"status&except=1&status=200":   "/admin/logs?-status=200",
		"status&except=1&status=4xx":   "/admin/logs?-status=200&status=4xx",
		"client&-client=%3Dcurl":       "/admin/logs?client=%3Dcurl",
		"client&except=1&-client=x":    "/admin/logs?-client=x&-client=%3Dcurl",
		"endpoint&view=3&cols=id":      "/admin/logs?cols=id&endpoint=%2Fv1%2Fchat%2Fcompletions&view=3",
		"cost":                         "/admin/logs?cost_min=0.001234",
		"cost&except=1":                "/admin/logs?cost_max=0.001234",
		"total":                        "/admin/logs?total_time_min=900",
		"tokens&except=1":              "/admin/logs?input_tokens_max=1200",
		"source&source=all":            "/admin/logs?source=client",
		"finish&next=//evil.example":   "/admin/logs?finish_reason=stop",
		"error":                        "/admin/logs",
		"time&status=2xx":              "/admin/logs?status=2xx",
		"%3Cscript%3E&status=2xx":      "/admin/logs?status=2xx",
		"client&except=1&after=x&q=hi": "/admin/logs?-client=%3Dcurl&q=hi",
	} {
		k.get(path+query).wantRedirect(t, query, want)
	}
	k.get("/admin/logs/"+running+"/filter?column=status").wantRedirect(t, "a status there is not yet", "/admin/logs")
	k.get("/admin/logs").want(t, "says so", 200, "The log can&#39;t be filtered by this")
	k.get("/admin/logs/nothing/filter?column=model").want(t, "no such request", 404)
	k.get("/admin/logs?requested_model=%3Dgpt-4o").want(t, "only this model", 200, "log-"+id, "!log-"+logIDOf(1))
	k.get("/admin/logs?requested_model=gpt-4o").want(t, "a part of the name", 200, "log-"+id, "log-"+logIDOf(1))
	k.get("/admin/logs?-requested_model=%3DGPT-4o").want(t, "without this model", 200, "!log-"+id, "log-"+logIDOf(1))
	k.get("/admin/logs?q=model:%3Dgpt-4o").want(t, "typed", 200, "log-"+id, "!log-"+logIDOf(1))
}

// TestCellFiltersCanBeRead: every link that a value gives is a filter the list takes, and finds the request it is of, or leaves it out.
func TestCellFiltersCanBeRead(t *testing.T) {
	k, _ := newLogKit(t)
	id := k.seedLog(0, func(w *models.LogWrite) {
		failing(502, "upstream_error")(w)
		w.Log.UserID, w.Log.TargetModel, w.Log.FinishReason = `%_\=x`, "vendor/模型:free", "error"
	})
	found, err := k.service.Log(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	filters := cellFilters(&found.RequestLog, &logState{values: url.Values{}})
	if got := slices.Sorted(maps.Keys(filters)); len(got) != len(filterColumns) {
		t.Errorf("filters by %v only", got)
	}
	for column, f := range filters {
		for link, there := range map[string]bool{f.Only: true, f.Not: false} {
			u, err := url.Parse(link)
			if err != nil {
				t.Fatal(err)
			}
			state := readLogState(u.Query(), noon, time.UTC)
			list, err := k.service.Logs(t.Context(), state.query)
			if err != nil || len(state.problems) > 0 || (len(list.Items) == 1) != there {
				t.Errorf("%s: %s finds %d requests, %v, %v", column, link, len(list.Items), state.problems, err)
			}
		}
	}
}

func TestLogPeek(t *testing.T) {
	k, _ := newLogKit(t)
	id := k.seedLog(0, func(w *models.LogWrite) {
		second := w.Attempts[0]
		second.N, second.Provider = 2, "Birch"
		w.Attempts = append(w.Attempts, second)
		w.Log.AttemptCount = 2
	})
	part := k.get("/admin/logs/"+id+"?part=peek&range=7d&status=2xx", "HX-Request", "true")
	part.want(t, "the summary", 200, `data-peek="`+id+`"`, "Hello", "Hi", "$0.00123", "Birch", "1,200 / 80", `href="/admin/logs/`+id+`?range=7d&amp;status=2xx"`,
		`href="/admin/logs?range=7d&amp;requested_model=%3Dsmart&amp;status=2xx"`, "!<html", `!id="attempt-1"`)
	checkInert(t, "the summary", part.body)
	k.get("/admin/logs/"+id+"?part=peek").want(t, "without htmx", 200, "<html", `data-testid="log"`)
	k.get("/admin/logs/nothing?part=peek", "HX-Request", "true").want(t, "no such request", 404)

	k.get("/admin/logs").want(t, "nothing beside the list", 200, `id="peek"`, "!data-peek=", `data-col="model"`)
	beside := k.get("/admin/logs?range=7d&peek=" + id)
	beside.want(t, "beside the list", 200, `data-peek="`+id+`"`, `href="/admin/logs?range=7d" title="Close"`)
	k.get("/admin/logs?peek=nothing").want(t, "one that is gone", 200, "!data-peek=", id)
	k.get("/admin/logs?peek="+id, "HX-Request", "true").want(t, "other results", 200, "!data-peek=")
	k.get("/admin/logs/"+id+"?status=2xx").want(t, "the page has the links, too", 200, `href="/admin/logs?-requested_model=%3Dsmart&amp;status=2xx"`, `aria-label="All but these: Model smart"`)
	k.get("/admin/logs/"+id+"?part=peek&lang=zh", "HX-Request", "true").want(t, "in Chinese", 200, "最后一条消息", "只看这些")
}
