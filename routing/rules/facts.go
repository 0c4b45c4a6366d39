// Package rules compiles rule trees and evaluates them on the facts of a request.
package rules

import (
	"time"

	"squirrel/models"
)

// Facts answer a rule's questions about one request. One goroutine at a time uses them.
type Facts interface {
	// Values calls yield with each value of a field until it returns false. A missing field has none. Fields of time
	// are not asked for. Texts may share memory with the request: they hold only until it ends.
	Values(f *Field, yield func(Value) bool)
	// InputTokens counts the input; false when nobody can. The first call may run a tokeniser.
	InputTokens() (int64, bool)
	// MaxOutputTokens is the limit that the client set; false when it set none.
	MaxOutputTokens() (int64, bool)
}

// Source is what a request's facts are made of. Functions may be nil; each is called only when a rule needs it.
type Source struct {
	Model       string // as the client wrote it
	Endpoint    models.Endpoint
	Protocol    models.Protocol // the client's
	Stream      bool
	RequestID   string
	UserID      string
	UserAgent   string
	APIKeyName  string
	APIKeyTags  []string
	Header      func(name string) (string, bool) // name in any case
	Body        []byte                           // a JSON object; must not change while the facts are in use; nil for uploads
	Form        func(name string) (string, bool) // a field of an upload, in place of Body
	InputTokens func() int64                     // called once at most; negative = unknown
}

// RequestFacts are the facts of a request as it came in. They look at a body lazily and only at what is asked for.
type RequestFacts struct {
	src Source
}

var _ Facts = (*RequestFacts)(nil)

// NewFacts makes the facts of one request. It looks at nothing yet.
func NewFacts(src Source) *RequestFacts { return &RequestFacts{src: src} }

// Values implements Facts.
func (f *RequestFacts) Values(*Field, func(Value) bool) {}

// InputTokens implements Facts.
func (f *RequestFacts) InputTokens() (int64, bool) { return 0, false }

// MaxOutputTokens implements Facts.
func (f *RequestFacts) MaxOutputTokens() (int64, bool) { return 0, false }

// Field is a compiled field name.
type Field struct{}

// Value is a value of a field.
type Value struct{}

// Rule is a compiled rule tree; nil always matches.
type Rule struct{}

// Compile checks and compiles a rule. Its error is an *Error.
func Compile(*models.Rule) (*Rule, error) { return nil, nil }

// Match evaluates; an error means that the rule could not be evaluated and so does not match.
func (r *Rule) Match(Facts, time.Time) (bool, error) { return true, nil }

// Trace evaluates every leaf and tells what each saw.
func (r *Rule) Trace(Facts, time.Time) (bool, []models.RuleTrace, error) { return true, nil, nil }

// Words says the rule in English.
func (r *Rule) Words() string { return "" }

// ClientFamily names the program behind a User-Agent.
func ClientFamily(string) string { return "" }
