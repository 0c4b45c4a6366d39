package rules

import "strings"

// These functions walk JSON (RFC 8259) in place. Each value is passed on as the text it is written as; only a value that is
// looked at is decoded. What is passed over is not checked, except for its end: bodies are checked when they come in.

// eachMember calls yield with the members of an object until it returns false. Anything but an object has none.
func eachMember(object string, yield func(key, value string) bool) {
	i := skipSpace(object, 0)
	if i >= len(object) || object[i] != '{' {
		return
	}
	for i = skipSpace(object, i+1); i < len(object) && object[i] == '"'; {
		end := skipString(object, i)
		colon := skipSpace(object, end)
		if end < 0 || colon >= len(object) || object[colon] != ':' {
			return
		}
		key := object[i+1 : end-1]
		if strings.IndexByte(key, '\\') >= 0 {
			key = unquote(object[i:end])
		}
		start := skipSpace(object, colon+1)
		if end = skipValue(object, start); end < 0 || !yield(key, object[start:end]) {
			return
		}
		if i = skipComma(object, end); i < 0 {
			return
		}
	}
}

// eachElement calls yield with the elements of an array until it returns false. Anything but an array has none.
func eachElement(array string, yield func(value string) bool) {
	i := skipSpace(array, 0)
	if i >= len(array) || array[i] != '[' {
		return
	}
	for i = skipSpace(array, i+1); i >= 0 && i < len(array) && array[i] != ']'; {
		end := skipValue(array, i)
		if end < 0 || !yield(array[i:end]) {
			return
		}
		i = skipComma(array, end)
	}
}

// member returns the first member of that name, "" when there is none.
func member(object, name string) (found string) {
	eachMember(object, func(key, value string) bool {
		if key == name {
			found = value
		}
		return found == ""
	})
	return found
}

// skipSpace returns where the next token begins. A negative i stays as it is.
func skipSpace(s string, i int) int {
	for i >= 0 && i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\r' || s[i] == '\t') {
		i++
	}
	return i
}

// skipComma returns where the token after the next comma begins, -1 when there is no comma.
func skipComma(s string, i int) int {
	if i = skipSpace(s, i); i >= len(s) || s[i] != ',' {
		return -1
	}
	return skipSpace(s, i+1)
}

// skipValue returns where the value that begins at i ends, -1 when it does not.
func skipValue(s string, i int) int {
	if i >= len(s) {
		return -1
	}
	switch s[i] {
	case '"':
		return skipString(s, i)
	case '{', '[':
		return skipNested(s, i)
	}
	start := i
	for i < len(s) && s[i] > ' ' && s[i] != ',' && s[i] != '}' && s[i] != ']' {
		i++
	}
	if i == start {
		return -1
	}
	return i
}

// skipNested skips an object or an array.
func skipNested(s string, i int) int {
	for depth := 0; i < len(s); {
		switch s[i] {
		case '"':
			if i = skipString(s, i); i < 0 {
				return -1
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
		i++
	}
	return -1
}

// skipString skips a string, its quotes included.
func skipString(s string, i int) int {
	for i++; ; i++ {
		quote := strings.IndexByte(s[i:], '"')
		if quote < 0 {
			return -1
		}
		i += quote
		slashes := 0
		for s[i-1-slashes] == '\\' {
			slashes++ // ends at the opening quote at the latest
		}
		if slashes%2 == 0 {
			return i + 1
		}
	}
}

// isString, isArray and isObject tell a value by its first character.
func isString(raw string) bool { return raw != "" && raw[0] == '"' }
func isArray(raw string) bool  { return raw != "" && raw[0] == '[' }
func isObject(raw string) bool { return raw != "" && raw[0] == '{' }

// decode reads a scalar or an object; null counts as missing, and arrays are the caller's to open.
func decode(raw string) (Value, bool) {
	switch {
	case raw == "" || raw == "null":
		return Value{}, false
	case isString(raw):
		return Text(unquote(raw)), true
	case raw == "true" || raw == "false":
		return Bool(raw == "true"), true
	case isObject(raw) || isArray(raw):
		return Value{kind: KindObject, text: raw}, true
	}
	number, err := parseNumber(raw)
	if err != nil {
		number = Value{kind: KindObject, text: raw}
	}
	return number, true
}
