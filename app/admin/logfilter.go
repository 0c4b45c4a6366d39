package admin

import (
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"squirrel/models"
)

// LogQuery is a query of the log list as it stands in a URL: of the JSON API, of the page, of a link between them.
type LogQuery struct {
	Filter    models.LogFilter
	Sort      models.LogSort
	Ascending bool
	Page      int
	PageSize  int
	After     string
	Before    string
}

const (
	maxFilterText   = 200 // characters
	maxLogPageSize  = 200
	maxPage         = 1_000_000
	defaultPageSize = 20
)

// logRanges are the values of "range": a span that ends now.
var logRanges = map[string]time.Duration{
	"15m": 15 * time.Minute, "1h": time.Hour, "6h": 6 * time.Hour, "24h": 24 * time.Hour, "7d": 7 * 24 * time.Hour, "30d": 30 * 24 * time.Hour,
}

// textParams are the filters that match as a substring or as a whole, by their name in the URL.
var textParams = []struct {
	name string
	of   func(*models.LogFilter) *string
}{
	{"requested_model", func(f *models.LogFilter) *string { return &f.RequestedModel }},
	{"target_model", func(f *models.LogFilter) *string { return &f.TargetModel }},
	{"api_key_name", func(f *models.LogFilter) *string { return &f.APIKeyName }},
	{"user_id", func(f *models.LogFilter) *string { return &f.UserID }},
	{"client", func(f *models.LogFilter) *string { return &f.Client }},
	{"endpoint", func(f *models.LogFilter) *string { return &f.Endpoint }},
	{"error_code", func(f *models.LogFilter) *string { return &f.ErrorCode }},
	{"finish_reason", func(f *models.LogFilter) *string { return &f.FinishReason }},
	{"q", func(f *models.LogFilter) *string { return &f.Query }},
}

var idParams = []struct {
	name string
	of   func(*models.LogFilter) **int64
}{
	{"provider_id", func(f *models.LogFilter) **int64 { return &f.ProviderID }},
	{"api_key_id", func(f *models.LogFilter) **int64 { return &f.APIKeyID }},
	{"input_tokens_min", func(f *models.LogFilter) **int64 { return &f.InputMin }},
	{"input_tokens_max", func(f *models.LogFilter) **int64 { return &f.InputMax }},
	{"output_tokens_min", func(f *models.LogFilter) **int64 { return &f.OutputMin }},
	{"output_tokens_max", func(f *models.LogFilter) **int64 { return &f.OutputMax }},
}

var countParams = []struct {
	name string
	of   func(*models.LogFilter) **int
}{
	{"status_min", func(f *models.LogFilter) **int { return &f.StatusMin }},
	{"status_max", func(f *models.LogFilter) **int { return &f.StatusMax }},
	{"retry_count_min", func(f *models.LogFilter) **int { return &f.RetryMin }},
	{"retry_count_max", func(f *models.LogFilter) **int { return &f.RetryMax }},
}

var boolParams = []struct {
	name string
	of   func(*models.LogFilter) **bool
}{
	{"is_stream", func(f *models.LogFilter) **bool { return &f.IsStream }},
	{"has_error", func(f *models.LogFilter) **bool { return &f.HasError }},
	{"failover", func(f *models.LogFilter) **bool { return &f.Failover }},
}

var msParams = []struct {
	name string
	of   func(*models.LogFilter) **float64
}{
	{"total_time_min", func(f *models.LogFilter) **float64 { return &f.TotalTimeMin }},
	{"total_time_max", func(f *models.LogFilter) **float64 { return &f.TotalTimeMax }},
	{"first_byte_min", func(f *models.LogFilter) **float64 { return &f.FirstByteMin }},
	{"first_byte_max", func(f *models.LogFilter) **float64 { return &f.FirstByteMax }},
}

var moneyParams = []struct {
	name string
	of   func(*models.LogFilter) **models.NanoUSD
}{
	{"cost_min", func(f *models.LogFilter) **models.NanoUSD { return &f.CostMin }},
	{"cost_max", func(f *models.LogFilter) **models.NanoUSD { return &f.CostMax }},
}

// ParseLogFilter reads the filters of a URL. Unknown parameters are left alone: pages have their own. An empty value
// counts as not sent. now is what "range" counts back from.
func ParseLogFilter(v url.Values, now time.Time) (models.LogFilter, error) {
	c := check{}
	f := parseLogFilter(c, v, now)
	return f, c.err()
}

func parseLogFilter(c check, v url.Values, now time.Time) models.LogFilter {
	var f models.LogFilter
	c.period(v, now, &f)
	for _, p := range textParams {
		if *p.of(&f) = v.Get(p.name); utf8.RuneCountInString(v.Get(p.name)) > maxFilterText {
			c.fail(p.name, "must have at most %d characters", maxFilterText)
		}
	}
	for _, p := range idParams {
		parseInto(c, v, p.name, p.of(&f), parseCount, "must be a whole number that is not negative")
	}
	for _, p := range countParams {
		parseInto(c, v, p.name, p.of(&f), parseSmallCount, "must be a whole number that is not negative")
	}
	for _, p := range boolParams {
		parseInto(c, v, p.name, p.of(&f), strconv.ParseBool, "must be true or false")
	}
	for _, p := range msParams {
		parseInto(c, v, p.name, p.of(&f), parseMilliseconds, "must be a number of milliseconds")
	}
	for _, p := range moneyParams {
		parseInto(c, v, p.name, p.of(&f), models.ParseUSD, "must be an amount in USD")
	}
	c.enums(v, &f)
	c.statuses("status", v["status"], &f.Statuses)
	c.exceptions(v, &f.Except)
	return f
}

func (c check) period(v url.Values, now time.Time, f *models.LogFilter) {
	parseInto(c, v, "start_time", &f.Start, parseTime, "must be a time such as 2026-03-01T12:00:00Z")
	parseInto(c, v, "end_time", &f.End, parseTime, "must be a time such as 2026-03-01T12:00:00Z")
	span := v.Get("range")
	if span == "" {
		return
	}
	d, ok := logRanges[span]
	if !ok {
		c.fail("range", "must be one of 15m, 1h, 6h, 24h, 7d, 30d")
		return
	}
	if f.Start == nil {
		start := now.Add(-d).UTC()
		f.Start = &start
	}
}

func (c check) enums(v url.Values, f *models.LogFilter) {
	protocols := []models.Protocol{"", models.ProtocolOpenAI, models.ProtocolResponses, models.ProtocolAnthropic}
	f.ProtocolIn, f.ProtocolOut = models.Protocol(v.Get("protocol_in")), models.Protocol(v.Get("protocol_out"))
	oneOf(c, "protocol_in", f.ProtocolIn, protocols...)
	oneOf(c, "protocol_out", f.ProtocolOut, protocols...)
	f.Source, f.State = models.LogSource(v.Get("source")), models.LogState(v.Get("state"))
	oneOf(c, "source", f.Source, "", models.SourceClient, models.SourceTest, models.SourcePlayground, models.SourceReplay)
	oneOf(c, "state", f.State, "", models.LogRunning, models.LogDone)
}

// statuses reads 200, 499, 2xx, 5xx; several parameters, or several in one with commas.
func (c check) statuses(name string, values []string, to *[]models.StatusRange) {
	for _, text := range strings.Split(strings.Join(values, ","), ",") {
		text = strings.ToLower(strings.TrimSpace(text))
		if text == "" {
			continue
		}
		low, high := strings.ReplaceAll(text, "x", "0"), strings.ReplaceAll(text, "x", "9")
		lowest, errLow := strconv.Atoi(low)
		highest, errHigh := strconv.Atoi(high)
		whole := low == high || strings.HasSuffix(text, "xx")
		if errLow != nil || errHigh != nil || len(text) != 3 || !whole || lowest < 100 || highest > 599 {
			c.fail(name, "must be a status such as 200 or 4xx")
			return
		}
		*to = append(*to, models.StatusRange{Min: lowest, Max: highest})
	}
}

// parseInto sets *dst when the parameter was sent.
func parseInto[T any](c check, v url.Values, name string, dst **T, parse func(string) (T, error), problem string) {
	text := strings.TrimSpace(v.Get(name))
	if text == "" {
		return
	}
	value, err := parse(text)
	if err != nil {
		c.fail(name, "%s", problem)
		return
	}
	*dst = &value
}

func parseCount(text string) (int64, error) {
	n, err := strconv.ParseUint(text, 10, 63)
	return int64(n), err
}

func parseSmallCount(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 31)
	return int(n), err
}

func parseMilliseconds(text string) (float64, error) {
	ms, err := strconv.ParseFloat(text, 64)
	if err == nil && (math.IsNaN(ms) || math.IsInf(ms, 0) || ms < 0) {
		return 0, strconv.ErrRange
	}
	return ms, err
}

func parseTime(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, text)
	return t.UTC(), err
}

// LogFilterValues writes a filter the way ParseLogFilter reads it.
func LogFilterValues(f models.LogFilter) url.Values {
	v := url.Values{}
	set := func(name, text string) {
		if text != "" {
			v.Set(name, text)
		}
	}
	for name, t := range map[string]*time.Time{"start_time": f.Start, "end_time": f.End} {
		if t != nil {
			v.Set(name, t.UTC().Format(time.RFC3339Nano))
		}
	}
	for _, p := range textParams {
		set(p.name, *p.of(&f))
	}
	set("protocol_in", string(f.ProtocolIn))
	set("protocol_out", string(f.ProtocolOut))
	set("source", string(f.Source))
	set("state", string(f.State))
	numberValues(v, &f)
	for _, r := range f.Statuses {
		v.Add("status", statusText(r))
	}
	exceptionValues(v, &f.Except)
	return v
}

func numberValues(v url.Values, f *models.LogFilter) {
	for _, p := range idParams {
		if n := *p.of(f); n != nil {
			v.Set(p.name, strconv.FormatInt(*n, 10))
		}
	}
	for _, p := range countParams {
		if n := *p.of(f); n != nil {
			v.Set(p.name, strconv.Itoa(*n))
		}
	}
	for _, p := range boolParams {
		if b := *p.of(f); b != nil {
			v.Set(p.name, strconv.FormatBool(*b))
		}
	}
	for _, p := range msParams {
		if ms := *p.of(f); ms != nil {
			v.Set(p.name, strconv.FormatFloat(*ms, 'f', -1, 64))
		}
	}
	for _, p := range moneyParams {
		if usd := *p.of(f); usd != nil {
			v.Set(p.name, usd.String())
		}
	}
}

func statusText(r models.StatusRange) string {
	if r.Min != r.Max {
		return strconv.Itoa(r.Min/100) + "xx"
	}
	return strconv.Itoa(r.Min)
}
