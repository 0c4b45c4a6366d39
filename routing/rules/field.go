package rules

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// fieldID says what a field is about.
type fieldID int

const (
	fieldModel fieldID = iota
	fieldEndpoint
	fieldProtocol
	fieldStream
	fieldHeader
	fieldBody
	fieldSystem
	fieldLastUser
	fieldAnyText
	fieldMessageCount
	fieldToolCount
	fieldToolNames
	fieldHasImage
	fieldHasAudio
	fieldHasFile
	fieldHasTools
	fieldInputTokens
	fieldMaxOutput
	fieldKeyName
	fieldKeyTags
	fieldUserID
	fieldClient
	fieldHour
	fieldWeekday
	fieldRandom
)

// FieldType says what the values of a field are.
type FieldType string

// The types of fields.
const (
	TypeText   FieldType = "text"
	TypeNumber FieldType = "number"
	TypeBool   FieldType = "bool"
	TypeAny    FieldType = "any" // whatever the request holds
)

// FieldInfo describes a field for editors. Names that end in a dot take the rest from the user.
type FieldInfo struct {
	Name  string
	Type  FieldType
	Label string // in English, as Words writes it
	List  bool   // may have several values; a condition holds if it holds for any of them
	id    fieldID
}

var fieldInfos = []FieldInfo{
	{"model", TypeText, "model", false, fieldModel},
	{"endpoint", TypeText, "endpoint", false, fieldEndpoint},
	{"protocol", TypeText, "protocol", false, fieldProtocol},
	{"stream", TypeBool, "is a stream", false, fieldStream},
	{"headers.", TypeAny, "header", false, fieldHeader},
	{"body.", TypeAny, "body", true, fieldBody},
	{"messages.system", TypeText, "system prompt", true, fieldSystem},
	{"messages.last_user", TypeText, "last user message", true, fieldLastUser},
	{"messages.any", TypeText, "any message", true, fieldAnyText},
	{"messages.count", TypeNumber, "number of messages", false, fieldMessageCount},
	{"tools.count", TypeNumber, "number of tools", false, fieldToolCount},
	{"tools.names", TypeText, "any tool name", true, fieldToolNames},
	{"has.image", TypeBool, "has an image", false, fieldHasImage},
	{"has.audio", TypeBool, "has audio", false, fieldHasAudio},
	{"has.file", TypeBool, "has a file", false, fieldHasFile},
	{"has.tools", TypeBool, "has tools", false, fieldHasTools},
	{"token_usage.input_tokens", TypeNumber, "input tokens", false, fieldInputTokens},
	{"max_output_tokens", TypeNumber, "max output tokens", false, fieldMaxOutput},
	{"api_key.name", TypeText, "API key name", false, fieldKeyName},
	{"api_key.tags", TypeText, "any API key tag", true, fieldKeyTags},
	{"user_id", TypeText, "user id", false, fieldUserID},
	{"client", TypeText, "client", false, fieldClient},
	{"time.hour", TypeNumber, "hour", false, fieldHour},
	{"time.weekday", TypeNumber, "weekday", false, fieldWeekday},
	{"random", TypeNumber, "random", false, fieldRandom},
}

// Fields lists what rules can look at, in the order editors should offer it. The caller owns the slice.
func Fields() []FieldInfo { return append([]FieldInfo(nil), fieldInfos...) }

// Field is a compiled field name.
type Field struct {
	Name   string // in its canonical form: header names in lower case
	info   *FieldInfo
	header string
	path   []step
}

// step is one part of a path into a body: a key, an index, or any element.
type step struct {
	key   string
	index int
	kind  stepKind
}

type stepKind byte

const (
	stepKey stepKind = iota
	stepIndex
	stepAny
)

// maxSteps bounds the length of a path into a body.
const maxSteps = 32

// parseField compiles the name of a field.
func parseField(name string) (Field, error) {
	for i := range fieldInfos {
		info := &fieldInfos[i]
		if name == info.Name && !strings.HasSuffix(name, ".") {
			return Field{Name: name, info: info}, nil
		}
		if rest, ok := strings.CutPrefix(name, info.Name); ok && strings.HasSuffix(info.Name, ".") {
			return parseOpenField(info, rest)
		}
	}
	return Field{}, fmt.Errorf("there is no field %q", clip(name, 60))
}

func parseOpenField(info *FieldInfo, rest string) (Field, error) {
	if info.id == fieldHeader {
		if strings.Trim(rest, headerNameChars) != "" || rest == "" {
			return Field{}, fmt.Errorf("%q is not a header name", clip(rest, 60))
		}
		lower := strings.ToLower(rest)
		return Field{Name: info.Name + lower, info: info, header: lower}, nil
	}
	path, err := parsePath(rest)
	return Field{Name: info.Name + rest, info: info, path: path}, err
}

// headerNameChars are the characters of a field name (RFC 9110, section 5.6.2: token).
const headerNameChars = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// parsePath compiles "messages[*].content[0].text".
func parsePath(text string) ([]step, error) {
	var path []step
	for pos := 0; ; {
		end := strings.IndexAny(text[pos:], ".[]")
		if end < 0 {
			end = len(text) - pos
		}
		if end == 0 {
			return nil, fmt.Errorf("a key is missing at character %d of the path", pos+1)
		}
		path = append(path, step{key: text[pos : pos+end]})
		pos += end
		for pos < len(text) && text[pos] == '[' {
			s, length, err := parseIndex(text[pos:])
			if err != nil {
				return nil, fmt.Errorf("%w at character %d of the path", err, pos+1)
			}
			path = append(path, s)
			pos += length
		}
		switch {
		case len(path) > maxSteps:
			return nil, fmt.Errorf("the path has more than %d parts", maxSteps)
		case pos == len(text):
			return path, nil
		case text[pos] != '.':
			return nil, fmt.Errorf("%q is not expected at character %d of the path", text[pos], pos+1)
		}
		pos++
	}
}

// parseIndex reads "[*]" or "[12]" from the start of text.
func parseIndex(text string) (s step, length int, err error) {
	inside, _, closed := strings.Cut(text[1:], "]")
	if !closed {
		return step{}, 0, errors.New("a bracket is not closed")
	}
	length = len(inside) + 2
	if inside == "*" {
		return step{kind: stepAny}, length, nil
	}
	index, err := strconv.ParseUint(inside, 10, 31)
	if err != nil {
		return step{}, 0, fmt.Errorf("%q is neither an index nor *", clip(inside, 20))
	}
	return step{kind: stepIndex, index: int(index)}, length, nil
}

// clip shortens a text for messages, to a number of characters.
func clip(text string, limit int) string {
	count := 0
	for i := range text {
		if count == limit {
			return text[:i] + "…"
		}
		count++
	}
	return text
}
