// Package sse reads and writes event streams: the text/event-stream format of the WHATWG HTML standard, §9.2.
//
// Everything rests on two functions: Boundary finds where an event ends, without looking into it, and ParseEvent reads its
// fields in place. Splitter applies them to a stream that arrives in pieces and loses no byte of it; Parser and Reader keep
// only the messages.
package sse

import (
	"bytes"
	"strconv"
)

// Kind says what an Event is good for.
type Kind uint8

const (
	// Message is an event with data.
	Message Kind = iota
	// Comment is what a client does nothing about: comments (often sent as a heartbeat), blank lines, fields without data.
	Comment
	// Fragment is a piece of an event that is larger than the Splitter may hold. Only Raw is set.
	Fragment
)

// Event is one event. Its slices belong to whoever made it; see there how long they live.
type Event struct {
	Kind  Kind
	Name  string // the event field; "" when there is none
	Data  []byte // the data lines, joined by line feeds; a part of Raw when there is one line
	ID    string // the id field of this event
	Retry int    // the retry field in milliseconds; 0 when there is none
	Raw   []byte // all bytes of the event, with its blank line
	Cut   bool   // the stream ended before the blank line; Data may be half of what was meant
}

// names are the event names of the protocols the gateway speaks; naming them here saves an allocation per event.
var names = func() map[string]string {
	m := map[string]string{}
	for _, name := range []string{
		"message", "error", "ping", "message_start", "message_delta", "message_stop",
		"content_block_start", "content_block_delta", "content_block_stop",
		"response.created", "response.queued", "response.in_progress", "response.completed", "response.failed", "response.incomplete",
		"response.output_item.added", "response.output_item.done", "response.content_part.added", "response.content_part.done",
		"response.output_text.delta", "response.output_text.done", "response.output_text.annotation.added",
		"response.refusal.delta", "response.refusal.done",
		"response.function_call_arguments.delta", "response.function_call_arguments.done",
		"response.reasoning_text.delta", "response.reasoning_text.done",
		"response.reasoning_summary_part.added", "response.reasoning_summary_part.done",
		"response.reasoning_summary_text.delta", "response.reasoning_summary_text.done",
	} {
		m[name] = name
	}
	return m
}()

var byteOrderMark = []byte("\xEF\xBB\xBF")

// ParseEvent reads the fields of one event. raw is what Boundary found, or what is left at the end of a stream. A byte
// order mark in front is skipped. The event's slices are parts of raw, except that several data lines are joined in a new one.
func ParseEvent(raw []byte) Event {
	ev := Event{Kind: Comment, Raw: raw}
	rest := bytes.TrimPrefix(raw, byteOrderMark)
	joined := false
	for len(rest) > 0 {
		var line []byte
		line, rest = cutLine(rest)
		field, value := cutField(line)
		switch string(field) {
		case "data":
			switch {
			case ev.Kind == Comment:
				ev.Kind, ev.Data = Message, value
			case !joined:
				joined = true
				ev.Data = append(make([]byte, 0, len(raw)), ev.Data...)
				fallthrough
			default:
				ev.Data = append(append(ev.Data, '\n'), value...)
			}
		case "event":
			ev.Name = nameOf(value)
		case "id":
			if bytes.IndexByte(value, 0) < 0 {
				ev.ID = string(value)
			}
		case "retry":
			if n, err := strconv.ParseUint(string(value), 10, 31); err == nil {
				ev.Retry = int(n)
			}
		}
	}
	return ev
}

// cutLine splits off the first line, without its end.
func cutLine(data []byte) (line, rest []byte) {
	i := lineEnd(data)
	if i < 0 {
		return data, nil
	}
	line, rest = data[:i], data[i+1:]
	if data[i] == '\r' && len(rest) > 0 && rest[0] == '\n' {
		rest = rest[1:]
	}
	return line, rest
}

// lineEnd finds the first line feed or carriage return, -1 if there is none.
func lineEnd(data []byte) int {
	lf := bytes.IndexByte(data, '\n')
	if lf < 0 {
		return bytes.IndexByte(data, '\r')
	}
	if cr := bytes.IndexByte(data[:lf], '\r'); cr >= 0 {
		return cr
	}
	return lf
}

// cutField splits a line into field and value. The field of a comment is empty.
func cutField(line []byte) (field, value []byte) {
	field, value, _ = bytes.Cut(line, []byte(":"))
	if len(value) > 0 && value[0] == ' ' {
		value = value[1:]
	}
	return field, value
}

func nameOf(value []byte) string {
	if name, ok := names[string(value)]; ok {
		return name
	}
	return string(value)
}

// IsDone reports whether the event is the "[DONE]" that ends OpenAI's streams.
func (e *Event) IsDone() bool {
	return len(e.Data) < 16 && string(bytes.TrimSpace(e.Data)) == "[DONE]"
}
