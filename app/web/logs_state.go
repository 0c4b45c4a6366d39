package web

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"squirrel/app/admin"
	"squirrel/models"
)

// logState is what the URL of a page about requests asks for: the list, its details and the statistics share it.
type logState struct {
	query    admin.LogQuery
	values   url.Values // canonical, as for a link to the same view: without cursor, page and defaults
	given    url.Values // as it came, with what can't be read
	problems map[string]string
	opened   *openedView // the saved view it comes from; nil = none
}

const (
	usualRange  = "24h"
	usualSource = string(models.SourceClient)
	wholeTime   = "all"
	logPageSize = 40 // with all that stands around them, less than 100 KB
)

// readLogState reads the filters of a page. What can't be read is told and left out. Without a period it is the last day, and
// without a source the requests of clients; "all" takes either away.
func readLogState(v url.Values, now time.Time, zone *time.Location) logState {
	v = spoken(v)
	s := logState{problems: map[string]string{}}
	expandSearch(v, s.problems)
	localTimes(v, zone)
	span, source := v.Get("range"), v.Get("source")
	if isID(v.Get("q")) && span == "" && source == "" {
		span, source = wholeTime, wholeTime
	}
	fixed := v.Has("start_time") || v.Has("end_time")
	if span == "" && !fixed {
		span = usualRange
	}
	if source == "" {
		source = usualSource
	}
	s.given = v
	asked := maps.Clone(v)
	asked.Del("range")
	asked.Del("source")
	if span != wholeTime && !fixed {
		asked.Set("range", span)
	}
	if source != wholeTime {
		asked.Set("source", source)
	}
	s.parse(asked, now)
	if s.lostPeriod() {
		span, fixed = usualRange, false
		asked.Set("range", usualRange)
		s.parse(asked, now)
	}
	s.canonical(v, span, source, fixed)
	return s
}

// parse reads what is asked. A parameter that is refused is taken out, so that the others still count.
func (s *logState) parse(asked url.Values, now time.Time) {
	for range len(asked) + 1 {
		query, err := admin.ParseLogQuery(asked, now)
		s.query = query
		if err == nil {
			return
		}
		for name, problem := range fieldsOf(err) {
			s.problems[name] = problem
			asked.Del(name)
		}
	}
}

// lostPeriod reports whether nothing is left of a period because it can't be read. That asks for the usual one, not for all time.
func (s *logState) lostPeriod() bool {
	unread := s.problems["range"] + s.problems["start_time"] + s.problems["end_time"]
	return unread != "" && s.query.Filter.Start == nil && s.query.Filter.End == nil
}

func (s *logState) canonical(v url.Values, span, source string, fixed bool) {
	whole := s.query
	whole.After, whole.Before, whole.Page, whole.PageSize = "", "", 0, 0
	s.values = whole.Values()
	s.values.Del("source")
	if !fixed {
		s.values.Del("start_time")
		if span != usualRange && s.problems["range"] == "" {
			s.values.Set("range", span)
		}
	}
	if source != usualSource && s.problems["source"] == "" {
		s.values.Set("source", source)
	}
	if size := v.Get("page_size"); size != "" && s.problems["page_size"] == "" {
		s.values.Set("page_size", size)
	} else {
		s.query.PageSize = logPageSize
	}
	s.keepLook(v)
}

// lookParams are the parameters of a list that say how it looks and where it comes from. They filter nothing.
var lookParams = []string{"sort_by", "sort_order", "page_size", "cols", "view"}

// keepLook carries on the chosen columns and the saved view that the list comes from.
func (s *logState) keepLook(v url.Values) {
	if cols := knownColumns(v.Get("cols")); len(cols) > 0 {
		s.values.Set("cols", strings.Join(cols, "."))
	}
	if id := wholeOrNil(v.Get("view")); id != nil && *id > 0 {
		s.values.Set("view", whole(*id))
	}
}

// plain reports whether nothing is filtered.
func (s *logState) plain() bool {
	for name := range s.values {
		if !slices.Contains(lookParams, name) {
			return false
		}
	}
	return true
}

// span is the period as one of the choices of the page.
func (s *logState) span() string {
	switch {
	case s.values.Has("range"):
		return s.values.Get("range")
	case s.values.Has("start_time") || s.values.Has("end_time"):
		return "custom"
	}
	return usualRange
}

// url is a link to a page with this state, changed by name, value pairs; an empty value takes a parameter out.
func (s *logState) url(path string, changes ...string) string {
	v := maps.Clone(s.values)
	for i := 0; i+1 < len(changes); i += 2 {
		if v.Del(changes[i]); changes[i+1] != "" {
			v.Set(changes[i], changes[i+1])
		}
	}
	return withQuery(path, v)
}

// urlWithin is a link to the requests of a part of the period.
func (s *logState) urlWithin(start, end time.Time, changes ...string) string {
	period := []string{"range", "", "start_time", start.UTC().Format(time.RFC3339), "end_time", end.UTC().Format(time.RFC3339)}
	return s.url("/admin/logs", append(period, changes...)...)
}

// exportURL is the same filter as the JSON API takes it.
func (s *logState) exportURL(format string) string {
	v := admin.LogFilterValues(s.query.Filter)
	v.Set("format", format)
	return withQuery("/api/admin/logs/export", v)
}

func withQuery(path string, v url.Values) string {
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

// spoken copies the parameters that say something.
func spoken(v url.Values) url.Values {
	out := url.Values{}
	for name, values := range v {
		for _, value := range values {
			if value = strings.TrimSpace(value); value != "" {
				out.Add(name, value)
			}
		}
	}
	if out.Get("range") == "custom" {
		out.Del("range")
	}
	return out
}

// localTimes reads the times of a datetime-local field in the zone of the page.
func localTimes(v url.Values, zone *time.Location) {
	for _, name := range []string{"start_time", "end_time"} {
		for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05"} {
			if t, err := time.ParseInLocation(layout, v.Get(name), zone); err == nil {
				v.Set(name, t.UTC().Format(time.RFC3339))
			}
		}
	}
}

func isID(text string) bool {
	_, err := ulid.ParseStrict(strings.ToUpper(text))
	return err == nil
}

// mendMore reports whether a filter that stands behind "more" can't be read. What is set there is told above the list, which
// stays in sight when somebody filters by one of its cells.
func (s *logState) mendMore() bool {
	quick := []string{"q", "range", "status", "provider_id", "api_key_id", "after", "before", "page"}
	for name := range s.problems {
		if !slices.Contains(quick, name) && !slices.Contains(lookParams, name) && !strings.HasPrefix(name, "-") {
			return true
		}
	}
	return false
}
