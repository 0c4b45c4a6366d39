package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"squirrel/views/pages"
)

// valueText shows the value of a condition in the simplest control that loses nothing: as a text, a number, a truth value,
// a list of these with one a line, or, for all else, as JSON.
func valueText(op string, raw json.RawMessage) (kind, text string) {
	if op == "exists" && len(raw) == 0 {
		return "bool", "true"
	}
	if takesList(op) {
		if kind, text, ok := listText(raw); ok {
			return kind, text
		}
	} else if kind, text, ok := scalarText(raw); ok {
		return kind, text
	}
	var compact bytes.Buffer
	if json.Compact(&compact, raw) != nil {
		return "json", string(raw)
	}
	return "json", compact.String()
}

func scalarText(raw json.RawMessage) (kind, text string, ok bool) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return "", "", false
	}
	switch c := raw[0]; {
	case c == '"':
		if json.Unmarshal(raw, &text) != nil || !plain(text) {
			return "", "", false
		}
		return "text", text, true
	case c == '-' || '0' <= c && c <= '9':
		return "number", string(raw), json.Valid(raw)
	case string(raw) == "true" || string(raw) == "false":
		return "bool", string(raw), true
	}
	return "", "", false
}

// plain reports whether browsers send a text back as it is: they change line ends and what is no character.
func plain(text string) bool {
	odd := func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }
	return !strings.ContainsFunc(text, odd)
}

func listText(raw json.RawMessage) (kind, text string, ok bool) {
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil || len(items) == 0 {
		return "", "", false
	}
	lines := make([]string, len(items))
	for i, item := range items {
		itemKind, line, ok := scalarText(item)
		if !ok || line == "" || i > 0 && itemKind != kind {
			return "", "", false
		}
		kind, lines[i] = itemKind, line
	}
	return kind, strings.Join(lines, "\n"), true
}

// parseValue reads the value of a condition back.
func parseValue(n *pages.RuleNode) (json.RawMessage, error) {
	if n.Type == "json" {
		return parseJSONValue(n.Value)
	}
	if !takesList(n.Op) {
		return parseScalar(n.Type, n.Value)
	}
	items := []json.RawMessage{}
	for line := range strings.SplitSeq(n.Value, "\n") {
		if line == "" {
			continue
		}
		item, err := parseScalar(n.Type, line)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return marshalPlain(items)
}

func parseJSONValue(text string) (json.RawMessage, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	if !json.Valid([]byte(text)) {
		return nil, errors.New("is not valid JSON; texts need quotes")
	}
	return json.RawMessage(text), nil
}

func parseScalar(kind, text string) (json.RawMessage, error) {
	switch kind {
	case "number":
		text = strings.TrimSpace(text)
		if text == "" || !strings.ContainsAny(text[:1], "-0123456789") || !json.Valid([]byte(text)) {
			return nil, errors.New("must be a number")
		}
		return json.RawMessage(text), nil
	case "bool":
		text = strings.TrimSpace(text)
		if text != "true" && text != "false" {
			return nil, errors.New("must be true or false")
		}
		return json.RawMessage(text), nil
	}
	return marshalPlain(text)
}

// marshalPlain is json.Marshal without escapes for HTML: rules are compared and read by people.
func marshalPlain(v any) (json.RawMessage, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSpace(out.Bytes()), err
}
