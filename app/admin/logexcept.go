package admin

import (
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"squirrel/models"
)

// exceptSign begins the name of a parameter that leaves requests out: "-client=curl" is everything but curl.
const exceptSign = "-"

// maxExceptions bounds how often one parameter may leave something out.
const maxExceptions = 20

var exceptTexts = []struct {
	name string
	of   func(*models.LogExcept) *[]string
}{
	{"requested_model", func(e *models.LogExcept) *[]string { return &e.RequestedModel }},
	{"target_model", func(e *models.LogExcept) *[]string { return &e.TargetModel }},
	{"api_key_name", func(e *models.LogExcept) *[]string { return &e.APIKeyName }},
	{"user_id", func(e *models.LogExcept) *[]string { return &e.UserID }},
	{"client", func(e *models.LogExcept) *[]string { return &e.Client }},
	{"endpoint", func(e *models.LogExcept) *[]string { return &e.Endpoint }},
	{"error_code", func(e *models.LogExcept) *[]string { return &e.ErrorCode }},
	{"finish_reason", func(e *models.LogExcept) *[]string { return &e.FinishReason }},
	{"source", func(e *models.LogExcept) *[]string { return &e.Source }},
}

var exceptIDs = []struct {
	name string
	of   func(*models.LogExcept) *[]int64
}{
	{"provider_id", func(e *models.LogExcept) *[]int64 { return &e.ProviderID }},
	{"api_key_id", func(e *models.LogExcept) *[]int64 { return &e.APIKeyID }},
}

// CanExcept reports whether a filter can be turned round.
func CanExcept(name string) bool {
	for _, p := range exceptTexts {
		if p.name == name {
			return true
		}
	}
	for _, p := range exceptIDs {
		if p.name == name {
			return true
		}
	}
	return name == "status"
}

// exceptions reads what must not match. Each parameter may be repeated.
func (c check) exceptions(v url.Values, e *models.LogExcept) {
	for _, p := range exceptTexts {
		name := exceptSign + p.name
		for _, text := range c.given(v, name) {
			if utf8.RuneCountInString(text) > maxFilterText {
				c.fail(name, "must have at most %d characters", maxFilterText)
			}
			*p.of(e) = append(*p.of(e), text)
		}
	}
	for _, p := range exceptIDs {
		name := exceptSign + p.name
		for _, text := range c.given(v, name) {
			id, err := parseCount(text)
			if err != nil {
				c.fail(name, "must be a whole number that is not negative")
				continue
			}
			*p.of(e) = append(*p.of(e), id)
		}
	}
	c.statuses(exceptSign+"status", v[exceptSign+"status"], &e.Statuses)
}

// given are the values of a parameter that say something.
func (c check) given(v url.Values, name string) (texts []string) {
	for _, text := range v[name] {
		if text = strings.TrimSpace(text); text != "" {
			texts = append(texts, text)
		}
	}
	if len(texts) > maxExceptions {
		c.fail(name, "must not be repeated more than %d times", maxExceptions)
		return nil
	}
	return texts
}

func exceptionValues(v url.Values, e *models.LogExcept) {
	for _, p := range exceptTexts {
		for _, text := range *p.of(e) {
			v.Add(exceptSign+p.name, text)
		}
	}
	for _, p := range exceptIDs {
		for _, id := range *p.of(e) {
			v.Add(exceptSign+p.name, strconv.FormatInt(id, 10))
		}
	}
	for _, r := range e.Statuses {
		v.Add(exceptSign+"status", statusText(r))
	}
}
