package web

import (
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"squirrel/app/admin"
	"squirrel/models"
)

// maxHTML is how large a page may be, in bytes before compression, whatever there is to show.
const maxHTML = 100_000

func (r reply) wantSmall(t *testing.T, what string) {
	t.Helper()
	if len(r.body) > maxHTML {
		t.Errorf("%s: %d bytes of HTML, more than %d", what, len(r.body), maxHTML)
	}
}

func TestPageSize_Keys(t *testing.T) {
	k := newKit(t)
	for n := range 200 {
		in := admin.APIKeyInput{
			Name: admin.Some(fmt.Sprintf("team key of project %03d", n)), Tags: admin.Some([]string{"team-a", "production"}), Budget: admin.Some(models.NanoUSD(100_000_000_000)),
		}
		if _, err := k.service.CreateAPIKey(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	first := k.get("/admin/keys?sort=name")
	first.want(t, "the first page", 200, "project 000", "project 024", "!project 025", "Keys 1–25 of 200", "data-announce>200 results<", `href="/admin/keys?page=2&amp;sort=name"`)
	first.wantSmall(t, "the first page")
	k.get("/admin/keys?sort=name&page=8").want(t, "the last page", 200, "project 175", "project 199", "!project 174", `href="/admin/keys?page=7&amp;sort=name"`, `!page=9`)
	k.get("/admin/keys?sort=-name&page=99").want(t, "beyond the last page", 200, "project 000", "Keys 176–200 of 200")
	k.get("/admin/keys?q=project+01&page=x").want(t, "a filter", 200, "project 010", "project 019", "!project 020", "!rel=\"next\"")
}

func TestPageSize_Prices(t *testing.T) {
	k := newKit(t)
	page := k.get("/admin/prices")
	page.want(t, "the first page", 200, `rel="next"`)
	page.wantSmall(t, "prices")
	if n := strings.Count(page.body, `data-testid="price"`); n != pricesAtOnce {
		t.Errorf("%d prices, want %d", n, pricesAtOnce)
	}
}

// TestPageSize_LogList leafs through lists of which more is asked than fits into a page, forth and back. Every request is there once.
func TestPageSize_LogList(t *testing.T) {
	k, _ := newLogKit(t)
	for n := range 250 {
		if _, err := k.service.CreateAPIKey(t.Context(), admin.APIKeyInput{Name: admin.Some(fmt.Sprintf("the key of the team that is called number %03d", n))}); err != nil {
			t.Fatal(err)
		}
	}
	const seeded = 230
	writes := make([]models.LogWrite, seeded)
	for n := range writes {
		writes[n] = models.LogWrite{Kind: models.WriteEnd, Log: models.RequestLog{
			ID: logIDOf(n), Instance: "test", RequestTime: noon.Add(-time.Duration(n+1) * time.Minute), RequestedModel: "vendor/a-model-of-2026", TargetModel: strings.Repeat("長い名前", n%9) + "gpt",
			APIKeyID: ptr(int64(1)), APIKeyName: "team key of a project", ProviderID: ptr(int64(1)), ProviderName: strings.Repeat("<&'", n%20) + "Acorn", UserID: strings.Repeat("user", n%60), Client: "python",
			Endpoint: models.EndpointChat, ProtocolIn: models.ProtocolOpenAI, ProtocolOut: models.ProtocolOpenAI, ResponseStatus: ptr(200), SentStatus: ptr(200), AttemptCount: 1 + n%3, FinishReason: "stop",
			FirstByteDelayMS: ptr(1234.5), TotalTimeMS: ptr(23456.7 + float64(n)), InputTokens: ptr(int64(123_456)), OutputTokens: ptr(int64(4321)), UsageSource: models.UsageUpstream,
			TotalCost: ptr(models.NanoUSD(123_456_789)), PriceSource: models.PriceFromModel, Source: models.SourceClient, State: models.LogDone,
		}}
	}
	if err := k.store.WriteLogs(t.Context(), writes); err != nil {
		t.Fatal(err)
	}
	all := "cols=time.status.model.provider.tokens.cost.first_byte.total.speed.key.user.client.endpoint.finish.error.source.id"
	long := strings.Repeat("&-error_code="+strings.Repeat("%E9%95%B7", 20), 6)
	for _, query := range []string{"page_size=200", "page_size=200&sort_by=total_time", "page_size=170&sort_order=asc&" + all, "page_size=200&sort_by=total_time&" + all} {
		seen, last := k.leaf(t, "/admin/logs?"+query, "next")
		back, _ := k.leaf(t, last, "prev")
		if len(seen) != seeded || len(back) != seeded {
			t.Errorf("%s: %d requests forth and %d back, want %d", query, len(seen), len(back), seeded)
		}
	}
	k.get("/admin/logs?page_size=200").want(t, "more than fits", 200, "of 230; more do not fit on a page", "more: search for key:")
	page := k.get("/admin/logs?page_size=200" + long)
	page.want(t, "a long filter", 200, `data-testid="chips"`, `<tr id="log-`)
	page.wantSmall(t, "a long filter")
}

var (
	rowID   = regexp.MustCompile(`<tr id="log-(\w+)"`)
	leafURL = regexp.MustCompile(`href="([^"]+)"[^>]* rel="(next|prev)"`)
)

// leaf follows a list to its end, and tells which requests it has seen, and where the end is.
func (k *kit) leaf(t *testing.T, path, way string) (seen map[string]bool, last string) {
	t.Helper()
	seen = map[string]bool{}
	for range 100 {
		page := k.get(path)
		page.wantSmall(t, path)
		rows := rowID.FindAllStringSubmatch(page.body, -1)
		if len(rows) == 0 {
			t.Errorf("%s has no rows", path)
		}
		for _, row := range rows {
			if seen[row[1]] {
				t.Errorf("%s: %s was there before", path, row[1])
			}
			seen[row[1]] = true
		}
		next := ""
		for _, link := range leafURL.FindAllStringSubmatch(page.body, -1) {
			if link[2] == way {
				next = html.UnescapeString(link[1])
			}
		}
		if next == "" {
			return seen, path
		}
		path = next
	}
	t.Fatalf("%s: no end", path)
	return nil, ""
}

// TestPageSize_Requests has requests in every slot of the charts, many groups, and full pages of the log.
func TestPageSize_Requests(t *testing.T) {
	k, _ := newLogKit(t)
	writes := make([]models.LogWrite, 0, 62*24)
	for n := range 62 * 24 { // every hour of two months
		w := models.LogWrite{Kind: models.WriteEnd, Log: models.RequestLog{
			ID: logIDOf(n), Instance: "test", RequestTime: noon.Add(-time.Duration(n)*time.Hour - time.Minute), RequestedModel: fmt.Sprintf("vendor/a-model-of-2026-%02d", n%40), TargetModel: "gpt-4o-2026-05-13",
			APIKeyID: ptr(int64(1)), APIKeyName: "team key of a project", ProviderID: ptr(int64(1)), ProviderName: "Acorn of the west", Endpoint: models.EndpointChat, ProtocolIn: models.ProtocolOpenAI, ProtocolOut: models.ProtocolOpenAI,
			ResponseStatus: ptr(200), SentStatus: ptr(200), AttemptCount: 2, RetryCount: 1, FirstByteDelayMS: ptr(1234.5 + float64(n)), TotalTimeMS: ptr(23456.7 + float64(n)),
			InputTokens: ptr(int64(123_456 + n)), OutputTokens: ptr(int64(4321 + n)), CachedInputTokens: ptr(int64(60_000)), UsageSource: models.UsageUpstream,
			TotalCost: ptr(models.NanoUSD(123_456_789)), PriceSource: models.PriceFromModel, Source: models.SourceClient, State: models.LogDone,
		}}
		writes = append(writes, w)
	}
	if err := k.store.WriteLogs(t.Context(), writes); err != nil {
		t.Fatal(err)
	}
	for n := range admin.MaxViews {
		name := fmt.Sprintf("%.38s%02d", "what failed at all providers of the team", n)
		if _, err := k.service.SaveView(t.Context(), models.SavedView{Name: name, Query: "range=7d"}); err != nil {
			t.Fatal(err)
		}
	}
	for _, metric := range usageMetrics {
		for _, span := range []string{"24h", "7d", "30d"} {
			path := "/admin/usage?metric=" + metric + "&compare=previous&range=" + span
			page := k.get(path)
			page.want(t, path, 200, "line-dash", "vendor/a-model")
			page.wantSmall(t, path)
		}
	}
	for _, path := range []string{"/admin/logs?range=7d&requested_model=vendor%2Fa-model-of-2026", "/admin/logs?range=30d&provider_id=1", "/admin/logs?range=all", "/admin/logs?range=30d&view=1"} {
		page := k.get(path)
		page.want(t, path, 200, `data-testid="log-table"`, `rel="next"`)
		page.wantSmall(t, path)
	}
}
