package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"squirrel/models"
)

func TestLogList(t *testing.T) {
	k, _ := newLogKit(t)
	k.get("/admin/logs").want(t, "nothing yet", 200, `data-testid="no-logs"`)
	for n := range 60 {
		k.seedLog(n, nil)
	}
	failed := k.seedLog(60, failing(502, "upstream_error"))
	running := k.seedLog(61, func(w *models.LogWrite) {
		w.Log.State, w.Log.ResponseStatus, w.Log.TotalTimeMS = models.LogRunning, nil, nil
	})

	page := k.get("/admin/logs")
	page.want(t, "the list", 200, "smart", "gpt-4o", "$0.00123", "40 shown of", "50 % cached", `rel="next"`, "!"+failed)
	if len(page.body) > 100_000 {
		t.Errorf("a page of 40 rows has %d bytes", len(page.body))
	}
	part := k.get("/admin/logs?status=5xx&user_id=", "HX-Request", "true")
	part.want(t, "a part", 200, failed, "502 failed", "1 shown of", "!<html")
	if got := part.header.Get("HX-Push-Url"); got != "/admin/logs?status=5xx" {
		t.Errorf("the URL of a part is %q", got)
	}
	k.get("/admin/logs?status=5xx").want(t, "chips", 200, "Status: 5xx", `aria-label="Remove filter: Status: 5xx"`)
	k.get("/admin/logs?-status=2xx").want(t, "left out", 200, "not Status: 2xx", failed, "!log-"+logIDOf(0), `name="-status" value="2xx"`)
	k.get("/admin/logs?-requested_model=SMA").want(t, "all left out", 200, `data-testid="no-match"`)
	k.get("/admin/logs?-provider_id=x").want(t, "what can't be left out", 200, "must be a whole number")
	k.get("/admin/logs?state=running").want(t, "running", 200, running, `data-testid="cancel"`, "1 h 02 m")
	k.get("/admin/logs?status=299").want(t, "no match", 200, `data-testid="no-match"`)
	k.get("/admin/logs?status=abc&cost_min=x&range=2y").want(t, "what can't be read", 200, "must be a status", "must be an amount", "must be one of", `value="x"`)
	if unread := readLogState(url.Values{"range": {"2y"}, "start_time": {"yesterday"}}, time.Now(), time.UTC); unread.query.Filter.Start == nil || unread.span() != usualRange {
		t.Errorf("a period that can't be read is %v", unread.values)
	}
	const more = `<details class="details" open`
	k.get("/admin/logs?cost_min=x").want(t, "more filters, where one is to be mended", 200, more)
	k.get("/admin/logs?requested_model=smart&status=99").want(t, "more filters", 200, "!"+more, "Model: smart")
	k.get("/admin/logs?after=nonsense").want(t, "a broken cursor", 200, "smart")
	k.get("/admin/logs?sort_by=total_time_ms&page=2").want(t, "another order", 200, "Previous")
	k.get("/admin/logs?open="+logIDOf(0)).want(t, "attempts", 200, `data-testid="attempts-row"`)
	k.get("/admin/logs?lang=zh").want(t, "Chinese", 200, "日志", "首字节")
}

func TestLogListLeafsBothWays(t *testing.T) {
	k, _ := newLogKit(t)
	for n := range 5 {
		k.seedLog(n, nil)
	}
	first := k.get("/admin/logs?page_size=2")
	first.want(t, "first page", 200, logIDOf(0), logIDOf(1), "!"+logIDOf(2))
	second := k.get(linkOf(t, first.body, "next"))
	second.want(t, "second page", 200, logIDOf(2), logIDOf(3), "!"+logIDOf(1), "!"+logIDOf(4))
	back := k.get(linkOf(t, second.body, "prev"))
	back.want(t, "back", 200, logIDOf(0), logIDOf(1), "!"+logIDOf(2))
}

// linkOf finds the address of a link with this relation.
func linkOf(t *testing.T, page, rel string) string {
	t.Helper()
	before, _, found := strings.Cut(page, `rel="`+rel+`"`)
	_, address, ok := strings.Cut(before[strings.LastIndex(before, "<a "):], `href="`)
	if !found || !ok {
		t.Fatalf("no link %s", rel)
	}
	address, _, _ = strings.Cut(address, `"`)
	return strings.ReplaceAll(address, "&amp;", "&")
}

func TestLogNews(t *testing.T) {
	k, _ := newLogKit(t)
	k.seedLog(3, func(w *models.LogWrite) { w.Log.State, w.Log.ResponseStatus = models.LogRunning, nil })
	k.seedLog(5, nil)
	since := "&since=" + url.QueryEscape(noon.Add(-5*time.Minute).Format(time.RFC3339Nano))
	k.get("/admin/logs?x=1"+since, "HX-Request", "true").want(t, "no news but the running one", 200, "1 new", "!<tr")
	k.seedLog(0, nil)
	k.seedLog(1, failing(500, "upstream_error"))
	k.get("/admin/logs?status=5xx"+since, "HX-Request", "true").want(t, "news respect the filter", 200, "1 new", "!<tr")
	k.get("/admin/logs?live=1&since=x", "HX-Request", "true").want(t, "a broken time", http.StatusBadRequest)
}

// TestLogTail follows the log: what is new is told once, however late it comes, and what ran is told again when it has ended.
func TestLogTail(t *testing.T) {
	k, _ := newLogKit(t)
	running := func(w *models.LogWrite) { w.Log.State, w.Log.ResponseStatus = models.LogRunning, nil }
	k.seedLog(30, running) // began long before the others
	k.seedLog(5, nil)
	page := k.get("/admin/logs?live=1&requested_model=smart")
	page.want(t, "the page", 200, `data-testid="live-pause"`, "Stop following", "Refresh", "log-"+logIDOf(5))
	next := func() reply {
		_, rest, _ := strings.Cut(page.body, ` data-url="`)
		address, _, found := strings.Cut(rest, `"`)
		if !found {
			t.Fatalf("no address of news in %.300s", page.body)
		}
		page = k.get(strings.ReplaceAll(address, "&amp;", "&"), "HX-Request", "true")
		return page
	}
	next().want(t, "nothing new", 200, "!<tr", "!<html")
	at := func(seconds int) func(*models.LogWrite) {
		return func(w *models.LogWrite) { w.Log.RequestTime = noon.Add(time.Duration(seconds) * time.Second) }
	}
	k.seedLog(1, at(4))
	other := k.seedLog(2, func(w *models.LogWrite) { at(4)(w); w.Log.RequestedModel = "other" })
	next().want(t, "one new, within the filter", 200, "log-"+logIDOf(1), "!"+other)
	k.seedLog(3, at(2))
	next().want(t, "a late one", 200, "log-"+logIDOf(3), "!"+logIDOf(1))
	k.seedLog(30, nil)
	_, changed, _ := strings.Cut(next().body, "data-changed")
	if !strings.Contains(changed, "log-"+logIDOf(30)) || !strings.Contains(changed, "200 success") {
		t.Errorf("a request that has ended is not told: %s", page.body)
	}
	next().want(t, "nothing any more", 200, "!<tr")
	for n := range 310 {
		k.seedLog(100+n, at(6))
	}
	next().want(t, "too many", 200, `data-skipped="10"`)
	if got := strings.Count(page.body, "<tr"); got != 300 {
		t.Errorf("%d rows at once", got)
	}
	forgotten := k.get("/admin/logs?live=1&tail=other&since="+url.QueryEscape(noon.Add(5*time.Second).Format(time.RFC3339Nano)), "HX-Request", "true")
	forgotten.want(t, "a follower from elsewhere", 200, "log-"+logIDOf(409), "!log-"+logIDOf(1))
}

func TestTailsAreBounded(t *testing.T) {
	t.Parallel()
	var all tails
	first := all.begin(nil, noon)
	for n := range 3 * tailsKept {
		all.begin(nil, noon.Add(time.Duration(n+1)*time.Second))
	}
	if _, kept := all.all[first]; kept || len(all.all) != tailsKept {
		t.Errorf("%d followers are kept, the first: %t", len(all.all), kept)
	}
}

func TestLogColumns(t *testing.T) {
	k, _ := newLogKit(t)
	k.seedLog(0, func(w *models.LogWrite) { w.Log.UserID = "user-of-the-test" })
	k.get("/admin/logs").want(t, "usual", 200, "!user-of-the-test")
	k.get("/admin/logs?cols=user").want(t, "in the URL", 200, "user-of-the-test")
	k.post("/admin/logs/columns", "col", "user", "col", "status", "back", "/admin/logs?range=7d").wantRedirect(t, "chosen", "/admin/logs?range=7d")
	k.get("/admin/logs").want(t, "remembered", 200, "user-of-the-test", `!data-label="Cost"`)
	k.post("/admin/logs/columns", "back", "//evil.example").wantRedirect(t, "elsewhere", "/admin")
}

func TestSearchGrammar(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`model:gpt-4o status:5xx`:                            "requested_model=gpt-4o&status=5xx",
		`cost>0.05 ttft>2s total<1m`:                         "cost_min=0.05&first_byte_min=2000&total_time_max=60000",
		`"exact text" key:"my key"`:                          "api_key_name=my+key&q=exact+text",
		`in>8k retries>=1`:                                   "input_tokens_min=8000&retry_count_min=1",
		`http://x:80 a>b`:                                    "q=http%3A%2F%2Fx%3A80+a%3Eb",
		`status:429 status:5xx`:                              "status=429&status=5xx",
		`01KJM9TD000000000000000000`:                         "q=01KJM9TD000000000000000000&range=all&source=all",
		`-client:cursor -status:2xx -status:404 -provider:3`: "-client=cursor&-provider_id=3&-status=2xx&-status=404",
		`-key:"my key" model:gpt`:                            "-api_key_name=my+key&requested_model=gpt",
		`stream:true failover:true x`:                        "failover=true&is_stream=true&q=x",
	} {
		state := readLogState(url.Values{"q": {text}}, noon, time.UTC)
		if got := state.values.Encode(); got != want || len(state.problems) > 0 {
			t.Errorf("%s becomes %s, want %s (%v)", text, got, want, state.problems)
		}
	}
	if state := readLogState(url.Values{"q": {"-state:running"}}, noon, time.UTC); state.problems["q"] == "" {
		t.Error("an exclusion that can't be is taken for something else")
	}
	if state := readLogState(url.Values{"q": {"tokens>500 x"}}, noon, time.UTC); state.problems["q"] == "" || state.values.Get("q") != "x" {
		t.Errorf("a comparison that can't be is taken for something else: %v", state.values)
	}
	if state := readLogState(url.Values{"q": {"status:99"}}, noon, time.UTC); state.problems["status"] == "" {
		t.Error("a status that can't be is taken")
	}
}

func TestLogStateIsStable(t *testing.T) {
	t.Parallel()
	for _, query := range []string{
		"", "range=7d&status=4xx&status=500", "source=test&range=all", "start_time=2026-02-01T00:00:00Z&end_time=2026-02-02T00:00:00Z", "q=a+b&cost_min=0.1&sort_by=total_cost",
		"page_size=20", "source=all", "-client=curl&-client=cursor&-status=5xx&-provider_id=4", "is_stream=false&failover=true&provider_id=3",
	} {
		v, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		once := readLogState(v, noon, time.UTC)
		twice := readLogState(once.values, noon, time.UTC)
		if once.values.Encode() != twice.values.Encode() || len(once.problems) > 0 {
			t.Errorf("%q becomes %q, then %q (%v)", query, once.values.Encode(), twice.values.Encode(), once.problems)
		}
	}
}

func TestTimelineSlots(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"UTC", "Asia/Shanghai", "America/New_York", "Asia/Kathmandu"} {
		location, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Date(2026, 3, 7, 17, 20, 0, 0, location) // the clocks of New York change on the 8th
		for _, span := range []time.Duration{15 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour, 300 * 24 * time.Hour} {
			slots := gridOf(span).slots(nil, start, start.Add(span), location)
			if len(slots) == 0 || len(slots) > 50 || slots[0].Start.After(start) || slots[len(slots)-1].End.Before(start.Add(span)) {
				t.Errorf("%s over %s: %d slots from %v", zone, span, len(slots), slots[0].Start)
			}
			for i := 1; i < len(slots); i++ {
				if !slots[i].Start.Equal(slots[i-1].End) {
					t.Errorf("%s over %s: a gap before %v", zone, span, slots[i].Start)
				}
			}
		}
	}
}
