package admin

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-playground/validator/v10"
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

// fields checks the validate tags of an object.
func (c check) fields(object any) { c.refuse("", validate.Struct(object)) }

// label normalises and checks a name that is not a field of an input.
func (c check) label(field string, text *string, maxRunes int) {
	*text = normal(*text)
	c.refuse(field, validate.Var(*text, fmt.Sprintf("label,max=%d", maxRunes)))
}

// normal is the form in which names are kept: NFC, without space around.
func normal(text string) string { return norm.NFC.String(strings.TrimSpace(text)) }

// normalSet normalises a list of names, in order and without repetitions.
func normalSet(list []string) []string {
	var kept []string
	seen := map[string]bool{}
	for _, text := range list {
		if text = normal(text); !seen[text] {
			seen[text] = true
			kept = append(kept, text)
		}
	}
	return kept
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

func matches(pattern string) func(string) bool { return regexp.MustCompile(pattern).MatchString }

// textTags are our own validate tags for texts, with what is said about a text that is refused.
var textTags = map[string]struct {
	holds   func(string) bool
	message string
}{
	"utf8": {utf8.ValidString, "is not valid UTF-8"},
	// As unicode.IsPrint: nothing that reorders or hides other characters.
	"printable":       {matches(`^[\pL\pM\pN\pP\pS ]*$`), "must have printable characters only"},
	"printable_lines": {matches(`^[\pL\pM\pN\pP\pS \n\r\t]*$`), "must have printable characters only"},
	// What clients put into a JSON string and people into a path.
	"model_letters": {
		matches(`^[A-Za-z0-9][A-Za-z0-9/:@._+~-]*$`),
		"must begin with a letter or digit and have only letters, digits and / : @ . _ - + ~",
	},
	"model_path": {fs.ValidPath, "must not have empty, . or .. parts between slashes"},
}

// validate checks the validate tags of inputs. What takes two fields or the database to judge is code in the use-cases.
var validate = newValidator()

func newValidator() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(func(f reflect.StructField) string { return f.Tag.Get("json") })
	for tag, text := range textTags {
		// An error would mean a tag without a name or a function.
		_ = v.RegisterValidation(tag, func(f validator.FieldLevel) bool { return text.holds(f.Field().String()) })
	}
	_ = v.RegisterValidation("between", between)
	v.RegisterAlias("label", "required,utf8,printable")
	// stats, export and import are paths of their own below /api/admin/models.
	v.RegisterAlias("model_name", "required,max=128,model_letters,model_path,ne=stats,ne=export,ne=import")
	v.RegisterStructValidationMapRules(priceTags, models.Prices{})
	v.RegisterStructValidationMapRules(tokenPriceTags, models.TokenPrices{})
	return v
}

// between is min and max in one, as "between=1 600"; amounts of money are in USD.
func between(f validator.FieldLevel) bool {
	var low, high int64
	if _, err := fmt.Sscan(f.Param(), &low, &high); err != nil {
		panic("between=" + f.Param() + ": " + err.Error())
	}
	if f.Field().Type() == reflect.TypeFor[models.NanoUSD]() {
		low, high = low*int64(models.NanoPerUSD), high*int64(models.NanoPerUSD)
	}
	return low <= f.Field().Int() && f.Field().Int() <= high
}

// refuse collects the complaints of the validator, about the field if one is named.
func (c check) refuse(field string, err error) {
	refused, _ := errors.AsType[validator.ValidationErrors](err)
	for _, e := range refused {
		name, _, _ := strings.Cut(cmp.Or(field, e.Field()), "[") // an entry of a list
		c.fail(name, "%s", complaint(e))
	}
}

func complaint(e validator.FieldError) string {
	switch tag := e.ActualTag(); tag {
	case "required":
		return "must not be empty"
	case "max":
		if e.Kind() == reflect.Slice {
			return "must have at most " + e.Param() + " entries"
		}
		return "must have at most " + e.Param() + " characters"
	case "between":
		return "must be between " + strings.Replace(e.Param(), " ", " and ", 1)
	case "oneof":
		return "must be one of " + strings.ReplaceAll(e.Param(), " ", ", ")
	case "ne":
		return "is a reserved name"
	default:
		return textTags[tag].message
	}
}
