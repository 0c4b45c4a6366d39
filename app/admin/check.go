package admin

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"squirrel/models"
	"squirrel/routing/rules"
)

// check collects what is wrong with an object, by the name of the field. The first complaint about a field stays.
type check map[string]string

func (c check) fail(field, format string, args ...any) {
	if _, ok := c[field]; !ok {
		c[field] = fmt.Sprintf(format, args...)
	}
}

func (c check) err() error { return invalidFields(c) }

func fieldsMessage(fields map[string]string) string {
	parts := make([]string, 0, len(fields))
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		parts = append(parts, name+" "+fields[name])
	}
	return strings.Join(parts, "; ")
}

// label normalises a name people read: NFC, printable, without characters that reorder or hide others.
func (c check) label(field string, text *string, maxRunes int) {
	*text = norm.NFC.String(strings.TrimSpace(*text))
	if *text == "" {
		c.fail(field, "must not be empty")
		return
	}
	c.optionalLabel(field, text, maxRunes)
}

func (c check) optionalLabel(field string, text *string, maxRunes int) {
	*text = norm.NFC.String(strings.TrimSpace(*text))
	switch {
	case !utf8.ValidString(*text):
		c.fail(field, "is not valid UTF-8")
	case utf8.RuneCountInString(*text) > maxRunes:
		c.fail(field, "must have at most %d characters", maxRunes)
	case strings.ContainsFunc(*text, func(r rune) bool { return !unicode.IsPrint(r) }):
		c.fail(field, "must have printable characters only")
	}
}

// note is free text of several lines.
func (c check) note(field, text string, maxRunes int) {
	switch {
	case utf8.RuneCountInString(text) > maxRunes:
		c.fail(field, "must have at most %d characters", maxRunes)
	case strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) && r != '\n' && r != '\r' && r != '\t' }):
		c.fail(field, "must have printable characters only")
	}
}

var modelNamePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9/:@._+~-]*$`)

const maxModelName = 128

// reservedNames are paths of their own below /api/admin/models.
var reservedNames = []string{"stats", "export", "import"}

// modelName allows what clients put into a JSON string and people into a path.
func (c check) modelName(field string, name *string) {
	*name = strings.TrimSpace(*name)
	segments := strings.Split(*name, "/")
	switch {
	case *name == "":
		c.fail(field, "must not be empty")
	case len(*name) > maxModelName:
		c.fail(field, "must have at most %d characters", maxModelName)
	case !modelNamePattern.MatchString(*name):
		c.fail(field, "must begin with a letter or digit and have only letters, digits and / : @ . _ - + ~")
	case slices.ContainsFunc(segments, func(s string) bool { return s == "" || s == "." || s == ".." }):
		c.fail(field, "must not have empty, . or .. parts between slashes")
	case slices.Contains(reservedNames, *name):
		c.fail(field, "is a reserved name")
	}
}

func (c check) between(field string, value, low, high int64) {
	if value < low || value > high {
		c.fail(field, "must be between %d and %d", low, high)
	}
}

func oneOf[T ~string](c check, field string, value T, allowed ...T) {
	if slices.Contains(allowed, value) {
		return
	}
	names := make([]string, len(allowed))
	for i, a := range allowed {
		names[i] = string(a)
	}
	c.fail(field, "must be one of %s", strings.Join(names, ", "))
}

// labels normalises a list of short names, in order and without repetitions.
func (c check) labels(field string, list *[]string, maxCount, maxRunes int) {
	var kept []string
	for _, text := range *list {
		c.label(field, &text, maxRunes)
		if !slices.Contains(kept, text) {
			kept = append(kept, text)
		}
	}
	if len(kept) > maxCount {
		c.fail(field, "must have at most %d entries", maxCount)
	}
	*list = kept
}

// rule checks a rule tree by compiling it, and reports each problem by its path. An empty group always holds, as null does.
func (c check) rule(field string, rule **models.Rule) {
	if *rule != nil && (*rule).IsGroup() && len((*rule).Rules) == 0 {
		*rule = nil
	}
	_, err := rules.Compile(*rule)
	if e, ok := errors.AsType[*rules.Error](err); ok {
		for path, problem := range e.Fields(field) {
			c.fail(path, "%s", problem)
		}
	} else if err != nil {
		c.fail(field, "is not a valid rule")
	}
}
