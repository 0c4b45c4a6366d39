package web

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"squirrel/models"
)

// fields reads typed values out of a form and collects what can't be read, by field.
type fields map[string]string

func newFields() fields { return fields{} }

func (f fields) fail(name, problem string) {
	if _, ok := f[name]; !ok {
		f[name] = problem
	}
}

func (f fields) err() error {
	if len(f) == 0 {
		return nil
	}
	return &models.Error{Code: models.CodeValidation, Message: "the form is not valid", Fields: f}
}

// number reads a whole number; an empty field is 0.
func (f fields) number(name string, v url.Values) int {
	n := f.maybe(name, v)
	if n == nil {
		return 0
	}
	if *n > 1<<31-1 || *n < -1<<31 {
		f.fail(name, "must be a whole number")
		return 0
	}
	return int(*n)
}

// maybe reads a whole number; an empty field is nil. "1,000" and "1 000" are 1000.
func (f fields) maybe(name string, v url.Values) *int64 {
	text := strings.NewReplacer(",", "", " ", "", "_", "").Replace(strings.TrimSpace(v.Get(name)))
	if text == "" {
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		f.fail(name, "must be a whole number")
		return nil
	}
	return &n
}

// money reads an amount in dollars; an empty field is nil.
func (f fields) money(name string, v url.Values) *models.NanoUSD {
	text := strings.TrimPrefix(strings.ReplaceAll(strings.TrimSpace(v.Get(name)), ",", ""), "$")
	if text == "" {
		return nil
	}
	n, err := models.ParseUSD(text)
	if err != nil {
		f.fail(name, "is "+models.ErrMoney.Error())
		return nil
	}
	return &n
}

// moment reads a date, or a date and a time as browsers send them, in a zone. An empty field is nil. A date alone means
// its end.
func (f fields) moment(name string, v url.Values, zone *time.Location) *time.Time {
	text := strings.TrimSpace(v.Get(name))
	if text == "" {
		return nil
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02 15:04:05"} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			t = t.UTC()
			return &t
		}
	}
	day, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil {
		f.fail(name, "must be a date")
		return nil
	}
	end := day.AddDate(0, 0, 1).UTC()
	return &end
}

// version reads the version the form was made from; none means that the last one wins.
func (f fields) version(v url.Values) *int64 {
	n, err := strconv.ParseInt(v.Get("version"), 10, 64)
	if err != nil {
		return nil
	}
	return &n
}

// words cuts a text at commas and line ends; empty pieces are left out.
func words(text string) []string {
	var list []string
	for piece := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == '\n' || r == '\r' || r == '，' }) {
		if piece = strings.TrimSpace(piece); piece != "" {
			list = append(list, piece)
		}
	}
	return list
}
