package admin

import (
	"math/rand/v2"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"squirrel/models"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestParseLogFilter(t *testing.T) {
	v, _ := url.ParseQuery("range=1h&requested_model=gpt%25&provider_id=7&is_stream=true&status=2xx&status=499,50x&status=5xx&cost_min=0.00001" +
		"&total_time_max=1500.5&failover=false&source=client&state=done&q=abc&lang=zh&client=&protocol_in=anthropic")
	_, err := ParseLogFilter(v, noon)
	if e, ok := asError(err); !ok || e.Fields["status"] == "" {
		t.Errorf("50x: %v", err)
	}
	v["status"] = []string{"2xx", "499,5XX"}
	f, err := ParseLogFilter(v, noon)
	if err != nil {
		t.Fatal(err)
	}
	for name, ok := range map[string]bool{
		"range":    f.Start.Equal(noon.Add(-time.Hour)) && f.End == nil,
		"texts":    f.RequestedModel == "gpt%" && f.Query == "abc" && f.Client == "",
		"ids":      *f.ProviderID == 7 && f.APIKeyID == nil,
		"bools":    *f.IsStream && !*f.Failover && f.HasError == nil,
		"statuses": slices.Equal(f.Statuses, []models.StatusRange{{Min: 200, Max: 299}, {Min: 499, Max: 499}, {Min: 500, Max: 599}}),
		"money":    *f.CostMin == 10_000,
		"time":     *f.TotalTimeMax == 1500.5,
		"enums":    f.Source == models.SourceClient && f.State == models.LogDone && f.ProtocolIn == models.ProtocolAnthropic,
	} {
		if !ok {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestF19_F20_HostileQueries(t *testing.T) {
	for query, field := range map[string]string{
		"sort_by=id;drop":               "sort_by",
		"sort_order=sideways":           "sort_order",
		"page=-1":                       "page",
		"page=0":                        "page",
		"page=1e9":                      "page",
		"page_size=-5":                  "page_size",
		"page_size=many":                "page_size",
		"provider_id=1 or 1=1":          "provider_id",
		"api_key_id=-1":                 "api_key_id",
		"status=6xx":                    "status",
		"status=x00":                    "status",
		"status=2":                      "status",
		"status_min=abc":                "status_min",
		"is_stream=maybe":               "is_stream",
		"total_time_min=NaN":            "total_time_min",
		"first_byte_max=Inf":            "first_byte_max",
		"cost_min=1e-20":                "cost_min",
		"start_time=yesterday":          "start_time",
		"range=2h":                      "range",
		"source=hacker":                 "source",
		"state=zombie":                  "state",
		"protocol_out=grpc":             "protocol_out",
		"after=a&before=b":              "before",
		"after=a&sort_by=total_cost":    "sort_by",
		"q=" + strings.Repeat("%", 201): "q",
	} {
		v := url.Values{}
		for _, pair := range strings.Split(query, "&") {
			name, value, _ := strings.Cut(pair, "=")
			v.Set(name, value)
		}
		_, err := ParseLogQuery(v, noon)
		if e, ok := asError(err); !ok || e.Fields[field] == "" {
			t.Errorf("%.40s: %v", query, err)
		}
	}
	q, err := ParseLogQuery(url.Values{"page_size": {"1000000000"}}, noon)
	if err != nil || q.PageSize != 200 || q.Page != 1 || q.Sort != models.SortTime {
		t.Errorf("clamped to %+v, %v", q, err)
	}
}

// Whatever ParseLogQuery can return, Values writes so that it is read back the same.
func TestLogQueryRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		want := randomQuery(r)
		got, err := ParseLogQuery(want.Values(), noon)
		if err != nil {
			t.Fatalf("%+v: %v", want, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%s\n%+v\nbecame\n%+v", want.Values().Encode(), want, got)
		}
	}
}

func randomQuery(r *rand.Rand) LogQuery {
	q := LogQuery{Sort: models.SortTime, Page: 1 + r.IntN(3), PageSize: []int{20, 50, 200}[r.IntN(3)]}
	if r.IntN(2) == 0 {
		q.Sort, q.Ascending = models.SortCost, r.IntN(2) == 0
	} else if r.IntN(2) == 0 {
		q.After = "cursor+/="
	}
	f := &q.Filter
	for _, p := range textParams {
		*p.of(f) = []string{"", "a&b=c %_", "中文"}[r.IntN(3)]
	}
	for _, p := range idParams {
		*p.of(f) = maybe(r, r.Int64())
	}
	for _, p := range countParams {
		*p.of(f) = maybe(r, int(r.Int32()))
	}
	for _, p := range boolParams {
		*p.of(f) = maybe(r, r.IntN(2) == 0)
	}
	for _, p := range msParams {
		*p.of(f) = maybe(r, r.Float64()*1e6)
	}
	for _, p := range moneyParams {
		*p.of(f) = maybe(r, models.NanoUSD(r.Int64N(1e15)))
	}
	f.Start, f.End = maybe(r, noon.Add(-time.Duration(r.Int64N(1e15)))), maybe(r, noon)
	f.ProtocolIn = []models.Protocol{"", models.ProtocolOpenAI}[r.IntN(2)]
	f.Source = []models.LogSource{"", models.SourceReplay}[r.IntN(2)]
	f.State = []models.LogState{"", models.LogRunning}[r.IntN(2)]
	for range r.IntN(3) {
		f.Statuses = append(f.Statuses, []models.StatusRange{{Min: 404, Max: 404}, {Min: 500, Max: 599}}[r.IntN(2)])
	}
	return q
}

func maybe[T any](r *rand.Rand, v T) *T {
	if r.IntN(2) == 0 {
		return nil
	}
	return &v
}

func FuzzParseLogQuery(f *testing.F) {
	f.Add("status=2xx&range=1h&q=a")
	f.Add("page=9&page_size=1000&sort_by=total_cost&sort_order=asc")
	f.Fuzz(func(t *testing.T, query string) {
		v, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		q, err := ParseLogQuery(v, noon)
		if err != nil {
			return
		}
		again, err := ParseLogQuery(q.Values(), noon)
		if err != nil || !reflect.DeepEqual(again, q) {
			t.Errorf("%q: %+v became %+v, %v", query, q, again, err)
		}
	})
}

func TestParseStatsQuery(t *testing.T) {
	for query, want := range map[string]models.StatBucket{
		"": models.BucketDay, "range=1h": models.BucketMinute, "range=24h": models.BucketHour, "range=30d": models.BucketDay, "range=30d&bucket=hour": models.BucketHour,
	} {
		v, _ := url.ParseQuery(query)
		q, err := ParseStatsQuery(v, noon, time.UTC)
		if err != nil || q.Bucket != want || q.Location != time.UTC {
			t.Errorf("%q: %+v, %v", query, q, err)
		}
	}
	for query, field := range map[string]string{
		"bucket=week": "bucket", "bucket=minute": "bucket", "range=30d&bucket=minute": "bucket", "tz=Mars": "tz", "tz=Local": "tz", "group_by=id;drop": "group_by",
	} {
		v, _ := url.ParseQuery(strings.ReplaceAll(query, ";", "%3B"))
		if _, err := ParseStatsQuery(v, noon, time.UTC); err == nil {
			t.Errorf("%q was accepted, want an error for %s", query, field)
		}
	}
	v := url.Values{"tz": {"Asia/Shanghai"}, "group_by": {"provider"}}
	if q, err := ParseStatsQuery(v, noon, time.UTC); err != nil || q.Location.String() != "Asia/Shanghai" || q.Group != models.GroupProvider {
		t.Errorf("%+v, %v", q, err)
	}
}
