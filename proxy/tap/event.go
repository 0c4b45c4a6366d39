package tap

import (
	"bytes"
	"encoding/json"

	"squirrel/models"
	"squirrel/proxy/sse"

	"github.com/tidwall/gjson"
)

// typeOf is the type of an event of the protocols that name their events: the event's name, else the member "type".
func typeOf(ev sse.Event, root gjson.Result) string {
	if ev.Name != "" && ev.Name != "message" {
		return ev.Name
	}
	return root.Get("type").Str
}

// Meaningful reports whether an event is worth committing the answer for: it has data, and is no ping.
func Meaningful(protocol models.Protocol, ev sse.Event) bool {
	data := bytes.TrimSpace(ev.Data)
	if ev.Kind == sse.Comment || ev.Kind == sse.Message && (len(data) == 0 || string(data) == "{}" || string(data) == "null") {
		return false
	}
	if protocol == models.ProtocolOpenAI || ev.Kind == sse.Fragment {
		return true
	}
	return ev.Name != "ping" && (len(data) > 64 || gjson.GetBytes(data, "type").Str != "ping")
}

// Terminates reports whether an event is the last of its stream: [DONE], message_stop, or the response's final event.
func Terminates(protocol models.Protocol, ev sse.Event) bool {
	if ev.Kind != sse.Message {
		return false
	}
	if ev.IsDone() {
		return true
	}
	switch protocol {
	case models.ProtocolAnthropic:
		return ev.Name == "message_stop" || ev.Name == "" && len(ev.Data) < 1024 && gjson.GetBytes(ev.Data, "type").Str == "message_stop"
	case models.ProtocolResponses:
		name := ev.Name
		if name == "" && bytes.Contains(ev.Data, []byte(`"response"`)) {
			name = gjson.GetBytes(ev.Data, "type").Str
		}
		return name == "response.completed" || name == "response.failed" || name == "response.incomplete"
	}
	return false
}

// IsUsageOnly reports whether an event is the extra chunk that stream_options.include_usage asks for.
func IsUsageOnly(ev sse.Event) bool {
	return ev.Kind == sse.Message && IsUsageOnlyChunk(ev.Data)
}

// IsUsageOnlyChunk reports whether a chunk of an OpenAI stream tells the usage and nothing else: its choices are empty.
func IsUsageOnlyChunk(data []byte) bool {
	if !holdsUsage(data) {
		return false
	}
	found := gjson.GetManyBytes(data, "usage", "choices", "error")
	choices := found[1]
	return found[0].IsObject() && !given(found[2]) &&
		(!choices.Exists() || choices.Type == gjson.Null || choices.IsArray() && choices.Get("#").Int() == 0)
}

// holdsUsage is a quick test for a member "usage" that is an object; OpenAI writes "usage":null in every other chunk.
func holdsUsage(data []byte) bool {
	const key = `usage"` // without its first quote, which would stop the search at every string
	for {
		i := bytes.Index(data, []byte(key))
		if i < 0 {
			return false
		}
		data = bytes.TrimLeft(data[i+len(key):], " \t\r\n:")
		if len(data) > 0 && data[0] == '{' {
			return true
		}
	}
}

// Whole reports whether the data of an event whose blank line never came is complete all the same.
func Whole(ev sse.Event) bool {
	return ev.Kind == sse.Message && (ev.IsDone() || json.Valid(ev.Data))
}

// Terminator returns the event that ends a stream of this protocol and endpoint; nil for those that have none to add.
func Terminator(protocol models.Protocol, endpoint models.Endpoint) []byte {
	switch {
	case endpoint == models.EndpointChat || endpoint == models.EndpointCompletions:
		return []byte(sse.Done)
	case protocol == models.ProtocolAnthropic:
		return sse.AppendEvent(nil, "message_stop", []byte(`{"type":"message_stop"}`))
	}
	return nil
}
