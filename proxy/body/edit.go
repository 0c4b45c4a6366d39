package body

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
)

// Edit collects changes to a scanned body. What it does not change stays as the client wrote it, byte for byte: providers'
// prompt caches depend on it. An Edit is for one attempt; make a new one for the next.
type Edit struct {
	info   *Info
	splice []splice // sorted when the payload is made
	added  []string // keys of the members that are appended
	tail   []byte   // their text, each with a comma in front
}

// splice replaces data[start:end] by text.
type splice struct {
	start, end int
	text       []byte
}

// Edit starts a list of changes.
func (i *Info) Edit() *Edit { return &Edit{info: i} }

// SetModel gives the model another name.
func (e *Edit) SetModel(name string) {
	if name != e.info.Model {
		e.replace(e.info.ModelStart, e.info.ModelEnd, quote(name))
	}
}

// IncludeUsage asks for the usage chunk of an OpenAI stream unless the client decided about it. It reports whether it
// changed the body: then the client does not expect that chunk, and the relay has to take it out.
func (e *Edit) IncludeUsage() bool {
	const member, object = `"include_usage":true`, `{"include_usage":true}`
	if e.info.IncludeUsageSet {
		return false
	}
	m, ok := e.info.member("stream_options")
	raw := e.info.data[m.Start:m.End]
	switch {
	case !ok:
		e.append("stream_options", []byte(object))
		return true
	case string(raw) == "null":
		e.replace(m.Start, m.End, []byte(object))
		return true
	case raw[0] != '{':
		return false // the provider will say what is wrong with it
	}
	options := membersOf(raw)
	for _, option := range options {
		if option.Key == "include_usage" {
			e.replace(m.Start+option.Start, m.Start+option.End, []byte("true"))
			return true
		}
	}
	if len(options) == 0 {
		e.replace(m.Start, m.End, []byte(object))
		return true
	}
	end := m.Start + options[len(options)-1].End
	e.replace(end, end, []byte(","+member))
	return true
}

// Defaults appends those members of a JSON object that the client left out. model, stream and stream_options are never
// taken from it: they are the client's to give and the gateway's to edit.
func (e *Edit) Defaults(object json.RawMessage) error {
	object = bytes.TrimSpace(object)
	if len(object) == 0 || string(object) == "null" {
		return nil
	}
	s := scanner{data: object}
	if !s.scan() || object[0] != '{' {
		return errors.New("body: default parameters are not a JSON object")
	}
	for _, m := range membersOf(object) {
		if !e.given(m.Key) {
			e.append(m.Key, object[m.Start:m.End])
		}
	}
	return nil
}

// given reports whether a member must not be added: it is there, or there under its other name.
func (e *Edit) given(key string) bool {
	switch key {
	case "model", "stream", "stream_options":
		return true
	case "max_tokens", "max_completion_tokens":
		return e.has("max_tokens") || e.has("max_completion_tokens")
	}
	return e.has(key)
}

func (e *Edit) has(key string) bool {
	_, ok := e.info.member(key)
	return ok || slices.Contains(e.added, key)
}

func (e *Edit) append(key string, value []byte) {
	e.added = append(e.added, key)
	e.tail = append(e.tail, ',')
	e.tail = append(e.tail, quote(key)...)
	e.tail = append(e.tail, ':')
	e.tail = append(e.tail, value...)
}

func (e *Edit) replace(start, end int, text []byte) {
	e.splice = append(e.splice, splice{start, end, text})
}

// Payload returns the edited body. Its segments point into the scanned bytes.
func (e *Edit) Payload() Payload {
	data := e.info.data
	splices := slices.Clone(e.splice)
	if len(e.tail) > 0 {
		end := e.info.Members[len(e.info.Members)-1].End
		splices = append(splices, splice{end, end, e.tail})
	}
	if len(splices) == 0 {
		return Of(data)
	}
	slices.SortStableFunc(splices, func(a, b splice) int { return a.start - b.start })
	p := Payload{segments: make([][]byte, 0, 2*len(splices)+1)}
	at := 0
	for _, s := range splices {
		p.add(data[at:s.start])
		p.add(s.text)
		at = s.end
	}
	p.add(data[at:])
	return p
}

func (p *Payload) add(segment []byte) {
	if len(segment) > 0 {
		p.segments = append(p.segments, segment)
		p.size += int64(len(segment))
	}
}

// quote writes a JSON string without escaping <, > and &, as clients do.
func quote(text string) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(text); err != nil {
		return []byte(`""`)
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}
