package proxy

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"squirrel/models"
)

// TestRecordedEvents_AreToldToBeCut: events that do not fit into LOG_BODY_MAX_BYTES are left out whole, and the record says so.
func TestRecordedEvents_AreToldToBeCut(t *testing.T) {
	t.Parallel()
	event := `data: {"choices":[{"index":0,"delta":{"content":"` + strings.Repeat("acorn ", 500) + "\"}}]}\n\n"
	stream := strings.Repeat(event, 60) + "data: [DONE]\n\n"
	for _, c := range []struct {
		limit int64
		cut   bool
	}{{10 << 20, false}, {64 << 10, true}} {
		s := scripted(stream)
		s.options = func(o *Options) { o.StreamEvents, o.LogBodyMaxBytes = true, c.limit }
		g := newTestGateway(t, s)
		answerOf(t, g.post("/v1/chat/completions", chat("m", "x", true)))
		d := g.rec.end(t, "").Detail
		if got := models.BodyWasCut(d.Truncated, "stream_events"); got != c.cut {
			t.Errorf("limit %d: truncated %q", c.limit, d.Truncated)
		}
		if c.cut && (!slices.Contains(d.Truncated, "stream_events:"+strconv.Itoa(len(stream))) || len(d.StreamEvents)%len(event) != 0 || int64(len(d.StreamEvents)) > c.limit || len(d.StreamEvents) == 0) {
			t.Errorf("limit %d: %d bytes of events, truncated %q", c.limit, len(d.StreamEvents), d.Truncated)
		}
		if !c.cut && string(d.StreamEvents) != stream {
			t.Errorf("limit %d: %d bytes of events, want %d", c.limit, len(d.StreamEvents), len(stream))
		}
		if got := models.BodyWasCut(d.Truncated, "response_body"); got != c.cut {
			t.Errorf("limit %d: the message has %d bytes, truncated %q", c.limit, len(d.ResponseBody), d.Truncated)
		}
		for _, note := range d.Truncated {
			size, isMessage := strings.CutPrefix(note, "response_body:")
			if n, _ := strconv.Atoi(size); isMessage && n < 60*len(strings.Repeat("acorn ", 500)) {
				t.Errorf("limit %d: the message is said to have %d bytes", c.limit, n)
			}
		}
	}
}
