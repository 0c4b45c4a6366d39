package web

import (
	"net/url"
	"strconv"
	"strings"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/pages"
	"squirrel/views/ui"
)

const (
	eventsAtOnce = 50
	maxEventText = 500 // bytes of HTML
	maxEventName = 80
)

// fillStream adds to the page the recorded events of a stream that are asked for, with when they came.
func fillStream(page *pages.Log, v url.Values, found *admin.LogView, link func(...string) string) {
	all := streamEvents(textOf(found.StreamEvents), models.BodyWasCut(found.Truncated, "stream_events"))
	if len(all) == 0 {
		return
	}
	asked, err := strconv.Atoi(v.Get("event"))
	if err != nil {
		asked = 1
	}
	from := min(max(asked-1, 0), len(all)-1) / eventsAtOnce * eventsAtOnce
	to := min(from+eventsAtOnce, len(all))
	at := func(event int) string { return link("tab", "stream", "event", strconv.Itoa(event)) + "#parts" }
	page.Events = pages.StreamEvents{List: all[from:to], Total: len(all), Download: "/admin/logs/" + url.PathEscape(found.ID) + "/body/stream_events"}
	behind := page.Pace.Tell(page.Events.List)
	if to == len(all) {
		page.Events.Behind = behind
	} else {
		page.Events.NextURL = at(to + 1)
	}
	if from > 0 {
		page.Events.PrevURL = at(from + 1 - eventsAtOnce)
	}
}

// streamEvents takes a recorded stream apart. Lines may end as the standard for event streams allows. Where the middle was cut
// out, nobody knows which events are missing, and so not when those behind it came.
func streamEvents(stream string, cut bool) (events []pages.StreamEvent) {
	stream = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(stream)
	for block := range strings.SplitSeq(stream, "\n\n") {
		if strings.TrimSpace(block) == "" {
			continue
		}
		e := streamEvent(len(events)+1, block)
		e.Untimed = cut && (strings.Contains(block, " bytes cut]…") || len(events) > 0 && events[len(events)-1].Untimed)
		events = append(events, e)
	}
	return events
}

func streamEvent(n int, block string) pages.StreamEvent {
	e := pages.StreamEvent{N: n, Size: len(block)}
	var data []string
	for line := range strings.SplitSeq(block, "\n") {
		if name, ok := strings.CutPrefix(line, "event:"); ok {
			e.Name = ui.Beginning(strings.TrimSpace(name), maxEventName)
		}
		if text, ok := strings.CutPrefix(line, "data:"); ok {
			data = append(data, strings.TrimPrefix(text, " "))
		}
	}
	whole := strings.Join(data, "\n")
	e.Said, e.Data = said(whole), ui.Beginning(whole, maxEventText)
	return e
}
