package tap

import (
	"strings"

	"squirrel/models"
	"squirrel/proxy/sse"

	"github.com/tidwall/gjson"
)

// mediaStream follows the streams of images, speech and transcriptions (OpenAI API reference: image_generation.*,
// image_edit.*, speech.audio.*, transcript.text.*). What counts is in the events that end in .completed or .done; partial
// images and audio are passed over, pieces of a transcript are joined.
type mediaStream struct {
	*seen
	last       []byte // the last event that completes something
	transcript text
}

func (m *mediaStream) event(ev sse.Event, root gjson.Result) {
	name := typeOf(ev, root)
	if usage := root.Get("usage"); usage.IsObject() {
		m.counts.update(readUsage(usage, models.ProtocolOpenAI))
	}
	m.fail(models.ProtocolOpenAI, ev)
	switch {
	case name == "transcript.text.delta":
		piece := inner(root.Get("delta"))
		m.budget.text += int64(len(piece))
		m.transcript.add(piece, &m.budget)
	case strings.HasSuffix(name, ".completed") || strings.HasSuffix(name, ".done"):
		m.finish = "completed"
		if strings.HasPrefix(name, "image_") {
			m.images++
		}
		m.budget.left += len(m.last)
		m.last = m.last[:0]
		if m.budget.take(len(root.Raw)) {
			m.last = append(m.last, root.Raw...)
		}
	}
}

func (m *mediaStream) write(w *writer) {
	if len(m.last) > 0 {
		w.raw(m.last)
		return
	}
	w.open('{')
	if !m.transcript.empty() {
		w.key("text")
		w.text("", &m.transcript)
	}
	w.close('}')
}
