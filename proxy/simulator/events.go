package simulator

import (
	"bytes"
	"slices"

	"squirrel/models"
	"squirrel/proxy/simulator/answers"
)

// renderEvents writes the events of a stream as text, one part for each event, with all the oddities the fault asks for.
func renderEvents(events []answers.Event, p models.Protocol, f *Fault) [][]byte {
	events = f.rewrite(events, p)
	out := make([][]byte, len(events))
	for i, e := range events {
		text := f.SSE
		if i != 1 {
			text.GiantLine = 0
		}
		out[i] = text.render(e)
	}
	if f.SSE.BOM && len(out) > 0 {
		out[0] = append([]byte("\xef\xbb\xbf"), out[0]...)
	}
	return out
}

// splitEvents cuts the text of a stream behind each empty line.
func splitEvents(text []byte) [][]byte {
	var out [][]byte
	for len(text) > 0 {
		end := len(text)
		if i := bytes.Index(text, []byte("\n\n")); i >= 0 {
			end = i + 2
		}
		out = append(out, text[:end])
		text = text[end:]
	}
	return out
}

// rewrite leaves out, doubles and replaces events.
func (f *Fault) rewrite(events []answers.Event, p models.Protocol) []answers.Event {
	switch {
	case f.FirstError != 0:
		return []answers.Event{answers.StreamError(p, f.FirstError)}
	case f.MidError != 0:
		return append(slices.Clone(events[:min(f.MidErrorAt, len(events))]), answers.StreamError(p, f.MidError))
	}
	var out []answers.Event
	for _, e := range events {
		switch {
		case !e.Terminator():
			out = append(out, e)
		case f.SSE.ErrorForTerminator:
			out = append(out, answers.StreamError(p, statusOverloaded))
		case f.SSE.DoubleTerminator:
			out = append(out, e, e)
		case !f.SSE.NoTerminator:
			out = append(out, e)
		}
	}
	return out
}

// render writes one event.
func (s SSEFault) render(e answers.Event) []byte {
	newline, space := "\n", " "
	if s.Newline != "" {
		newline = s.Newline
	}
	if s.NoSpace {
		space = ""
	}
	var out bytes.Buffer
	line := func(field string, value []byte) {
		out.WriteString(field + ":" + space)
		out.Write(value)
		out.WriteString(newline)
	}
	if s.Comment {
		line("", []byte("keep-alive"))
		out.WriteString(newline)
	}
	if e.Name != "" {
		line("event", []byte(e.Name))
	}
	for _, data := range s.lines(e.Data) {
		line("data", data)
	}
	out.WriteString(newline)
	return out.Bytes()
}

// lines are the data lines of an event; joined by line feeds they are the same JSON.
func (s SSEFault) lines(data []byte) [][]byte {
	if !bytes.HasPrefix(data, []byte("{")) {
		return [][]byte{data}
	}
	if missing := s.GiantLine - len(data); missing > 0 {
		data = slices.Concat(data[:len(data)-1], bytes.Repeat([]byte(" "), missing), []byte("}"))
	}
	if !s.Multiline {
		return [][]byte{data}
	}
	var lines [][]byte
	start, quoted := 0, false
	for i := 0; i < len(data); i++ {
		switch {
		case data[i] == '\\':
			i++
		case data[i] == '"':
			quoted = !quoted
		case data[i] == ',' && !quoted:
			lines = append(lines, data[start:i+1])
			start = i + 1
		}
	}
	return append(lines, data[start:])
}
