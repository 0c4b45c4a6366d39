// Package body reads and edits request bodies without decoding them: one pass checks a JSON body and notes where its
// top-level members are, and edits are spliced between the client's own bytes, which go upstream untouched.
package body

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// Member is one top-level member of the body. The offsets of a string value include its quotes.
type Member struct {
	Key        string // unescaped
	Start, End int    // of the value
}

// Info is what Scan found. It keeps the scanned bytes, which must not change while it is in use.
type Info struct {
	Model                string // unescaped
	ModelStart, ModelEnd int    // of the JSON string, quotes included
	Stream               bool   // "stream": true
	IncludeUsage         bool   // the client asked for stream_options.include_usage
	IncludeUsageSet      bool   // the client gave it, true or false; null is not given
	MaxTokens            int64  // max_completion_tokens, max_tokens or max_output_tokens; 0 = none of them or no whole number
	User                 string // "user", else metadata.user_id; "" = neither
	Members              []Member

	data []byte
}

// Scan checks a JSON request body and finds its members. It accepts one JSON object in UTF-8 (no byte order mark), nested
// no deeper than MaxDepth, whose top-level keys are distinct even when case is ignored, with a model and, if at all, a
// boolean stream. All errors are *Error.
func Scan(data []byte) (Info, error) {
	s := scanner{data: data, members: make([]span, 0, 16)}
	if len(data) > 0 && !s.scan() {
		return Info{}, s.explain()
	}
	if len(data) == 0 {
		return Info{}, errorf(CodeInvalidJSON, "the request body is empty; send a JSON object")
	}
	if first := data[s.space(0)]; first != '{' {
		return Info{}, errorf(CodeInvalidRequest, "the request body must be a JSON object")
	}
	info := Info{data: data, Members: make([]Member, len(s.members))}
	for i, m := range s.members {
		info.Members[i] = Member{Key: keyOf(data[m.keyStart:m.keyEnd]), Start: m.valueStart, End: m.valueEnd}
	}
	if err := checkKeys(info.Members); err != nil {
		return Info{}, err
	}
	if err := info.readModel(); err != nil {
		return Info{}, err
	}
	if err := info.readStream(); err != nil {
		return Info{}, err
	}
	info.readStreamOptions()
	info.readMaxTokens()
	info.readUser()
	return info, nil
}

// Valid reports what encoding/json.Valid would report, several times as fast.
func Valid(data []byte) bool {
	s := scanner{data: data}
	if s.scan() {
		return true
	}
	return (s.why == failDepth || s.why == failEncoding) && json.Valid(data) // here, only requests are held to that
}

// explain turns the scanner's failure into an Error. The order of the tests is the order of blame: a text in another
// encoding is also bad JSON, but the encoding is what the client has to know.
func (s *scanner) explain() *Error {
	at := s.at
	err := errorf(CodeInvalidJSON, "the request body is not valid JSON: it ends too early, at byte %d", at)
	switch {
	case bytes.HasPrefix(s.data, []byte("\xEF\xBB\xBF")):
		err = errorf(CodeInvalidEncoding, "the request body starts with a byte order mark; send plain UTF-8")
	case looksLikeUTF16(s.data) || !utf8.Valid(s.data):
		err = errorf(CodeInvalidEncoding, "the request body is not valid UTF-8")
	case s.why == failDepth:
		err = errorf(CodeTooDeep, "the request body nests deeper than %d levels, at byte %d", MaxDepth, at)
	case s.why == failEnd && len(bytes.TrimSpace(s.data)) == 0:
		err = errorf(CodeInvalidJSON, "the request body is empty; send a JSON object")
	case s.why == failSyntax:
		r, _ := utf8.DecodeRune(s.data[at:])
		err = errorf(CodeInvalidJSON, "the request body is not valid JSON: unexpected %q at byte %d", r, at)
	}
	err.Offset = at
	return err
}

func looksLikeUTF16(data []byte) bool {
	return len(data) >= 2 && (data[0] == 0) != (data[1] == 0)
}

// Get returns the raw value of a top-level member, a part of the scanned bytes.
func (i *Info) Get(key string) (raw []byte, ok bool) {
	m, ok := i.member(key)
	if !ok {
		return nil, false
	}
	return i.data[m.Start:m.End], true
}

// Bytes returns the bytes that were scanned.
func (i *Info) Bytes() []byte { return i.data }

func (i *Info) member(key string) (Member, bool) {
	for _, m := range i.Members {
		if m.Key == key {
			return m, true
		}
	}
	return Member{}, false
}

func (i *Info) readModel() error {
	m, ok := i.member("model")
	raw := i.data[m.Start:m.End]
	switch {
	case !ok || string(raw) == "null":
		return paramError(CodeMissingModel, "model", "you must provide a model")
	case raw[0] != '"':
		return paramError(CodeInvalidRequest, "model", "model must be a string")
	}
	i.Model, i.ModelStart, i.ModelEnd = unquote(raw), m.Start, m.End
	if strings.TrimSpace(i.Model) == "" {
		return paramError(CodeMissingModel, "model", "you must provide a model; model is empty")
	}
	return nil
}

func (i *Info) readStream() error {
	raw, ok := i.Get("stream")
	if !ok {
		return nil
	}
	switch string(raw) {
	case "true":
		i.Stream = true
	case "false", "null":
	default:
		return paramError(CodeInvalidRequest, "stream", "stream must be true or false")
	}
	return nil
}

func (i *Info) readStreamOptions() {
	if raw, ok := i.Get("stream_options"); ok && raw[0] == '{' {
		for _, m := range membersOf(raw) {
			if m.Key == "include_usage" {
				value := string(raw[m.Start:m.End])
				i.IncludeUsageSet, i.IncludeUsage = value != "null", value == "true"
			}
		}
	}
}

func (i *Info) readMaxTokens() {
	for _, key := range [...]string{"max_completion_tokens", "max_tokens", "max_output_tokens"} {
		raw, ok := i.Get(key)
		if !ok {
			continue
		}
		if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil && n > 0 {
			i.MaxTokens = n
			return
		}
	}
}

func (i *Info) readUser() {
	if raw, ok := i.Get("user"); ok && raw[0] == '"' {
		i.User = unquote(raw)
		return
	}
	if raw, ok := i.Get("metadata"); ok && raw[0] == '{' {
		if id := gjson.GetBytes(raw, "user_id"); id.Type == gjson.String {
			i.User = strings.Clone(id.Str)
		}
	}
}

// membersOf lists the members of an object inside a body that was scanned; the offsets count from its brace.
func membersOf(object []byte) []Member {
	s := scanner{data: object, members: []span{}}
	s.scan()
	list := make([]Member, len(s.members))
	for i, m := range s.members {
		list[i] = Member{Key: keyOf(object[m.keyStart:m.keyEnd]), Start: m.valueStart, End: m.valueEnd}
	}
	return list
}

// unquote decodes a valid JSON string.
func unquote(raw []byte) string {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1])
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return ""
	}
	return text
}
