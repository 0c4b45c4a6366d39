package rules

import (
	"strconv"
	"strings"
	"time"

	"squirrel/models"
)

// Words says the rule in English: "model matches gpt-4* AND (input tokens ≥ 8,000 OR any message contains SELECT)".
func (r *Rule) Words() string {
	if r == nil {
		return "always"
	}
	return r.words
}

// Words says a rule in English, also one that is not valid yet, as far as it can be read.
func Words(r *models.Rule) string {
	compiled, err := Compile(r)
	if err != nil {
		return "not valid: " + err.Error()
	}
	return compiled.Words()
}

func words(n *node) string {
	if n.leaf != nil {
		return n.leaf.words()
	}
	if len(n.children) == 0 {
		return "always"
	}
	separator := " AND "
	if n.logic != logicAnd {
		separator = " OR "
	}
	parts := make([]string, len(n.children))
	for i := range n.children {
		child := &n.children[i]
		parts[i] = words(child)
		if len(n.children) > 1 && len(child.children) > 1 && child.logic != logicNot {
			parts[i] = "(" + parts[i] + ")"
		}
	}
	text := strings.Join(parts, separator)
	if n.logic == logicNot {
		return "NOT (" + text + ")"
	}
	return text
}

func (l *leaf) words() string {
	subject := l.subject()
	switch {
	case l.op.op == OpExists && l.values[0].yes:
		return subject + " is present"
	case l.op.op == OpExists:
		return subject + " is missing"
	case l.field.info.Type == TypeBool && l.op.family == anyFamily && len(l.values) == 1 && l.values[0].kind == KindBool:
		return boolWords(subject, l.values[0].yes != l.op.negate)
	}
	text := subject + " " + l.op.words + " " + l.object()
	if l.fold {
		text += " (in any case)"
	}
	return text
}

func (l *leaf) subject() string {
	switch l.field.info.id {
	case fieldHeader:
		return "header " + l.field.header
	case fieldBody:
		return l.field.Name
	default:
		return l.field.info.Label
	}
}

// boolWords negates "is a stream" and "has tools".
func boolWords(label string, holds bool) string {
	if holds {
		return label
	}
	if rest, ok := strings.CutPrefix(label, "is "); ok {
		return "is not " + rest
	}
	noun := strings.TrimPrefix(label, "has ")
	return "has no " + strings.TrimPrefix(strings.TrimPrefix(noun, "an "), "a ")
}

func (l *leaf) object() string {
	shown := make([]string, len(l.values))
	for i, v := range l.values {
		shown[i] = l.show(v)
	}
	switch {
	case l.op.op == OpRegex:
		return "/" + clip(l.values[0].text, maxShown) + "/"
	case l.op.op == OpBetween:
		return shown[0] + " and " + shown[1]
	case len(shown) == 1:
		return shown[0]
	default:
		end := len(shown) - 1
		return strings.Join(shown[:end], ", ") + " or " + shown[end]
	}
}

// maxShown bounds the characters shown of one text.
const maxShown = 60

func (l *leaf) show(v Value) string {
	switch {
	case v.kind == KindText:
		return quote(clip(v.text, maxShown))
	case v.kind == KindBool:
		return strconv.FormatBool(v.yes)
	case l.field.info.id == fieldWeekday && v.exact && v.whole >= 1 && v.whole <= 7:
		return time.Weekday(v.whole % 7).String()
	default:
		return grouped(v.numberText())
	}
}

// quote puts texts in quotes that would be hard to tell from the sentence, or from a number.
func quote(text string) string {
	if text == "" || text == "true" || text == "false" || strings.ContainsAny(text, " \t\r\n\"`'(),") {
		return strconv.Quote(text)
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return strconv.Quote(text)
	}
	return text
}

// grouped writes 8000 as 8,000.
func grouped(number string) string {
	digits, sign := strings.CutPrefix(number, "-")
	if strings.Trim(digits, "0123456789") != "" {
		return number
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	if sign {
		return "-" + digits
	}
	return digits
}
