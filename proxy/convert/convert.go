// Package convert translates between the protocols of clients and providers: chat completions, Messages, Responses.
//
// It is pure: bytes in, bytes out, no HTTP, no clock but an injected one. Each protocol has one codec in a package of
// its own; all of them meet in the vocabulary of [squirrel/proxy/llm], so a new protocol is one codec, not one per
// partner. In every function of this package, in is the protocol of the client and out that of the provider.
package convert

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"squirrel/models"
	"squirrel/proxy/convert/anthropic"
	"squirrel/proxy/llm"
)

// Options tells what a conversion needs to know beside the bytes. The zero value is usable.
type Options struct {
	Model            string           // the name the client asked for, shown in answers; "" = the upstream's
	Now              func() time.Time // of answers without a time of their own; nil = time 0
	ID               string           // what ids in answers are made of; "" = the upstream's id
	DefaultMaxTokens int              // where the target demands a limit and the client gave none; 0 = 4096
	MaxOutput        int              // the most tokens the target model writes; 0 = unknown
	NativeSchema     bool             // an Anthropic target understands output_config.format
	MaxLine          int              // bytes of one stream event; 0 = 4 MiB
	IncludeUsage     bool             // chat streams end with a usage chunk, even if the request did not ask for it
	EstimatedInput   func() int64     // input tokens to tell a client before the upstream does; may be nil
	Carry            *Carry           // what Request leaves for Response and NewStream; one per attempt; may be nil
}

// Result is what an answer tells beside its content.
type Result struct {
	Usage        models.Usage
	FinishReason string // in the words of chat completions; "truncated" when a stream stopped without an end
	UpstreamID   string
	Model        string // the upstream's name for itself
	Dropped      []models.Dropped
}

// Error is a request that cannot be converted, or an answer that cannot be understood.
type Error struct {
	Status  int    // 400, 422, or 502 for answers
	Code    string // invalid_request, unsupported_conversion, thread_unsupported_request, upstream_bad_response
	Message string
	Param   string
	Details json.RawMessage // for Anthropic's error.details; usually nil
}

// Error returns the message, which is safe to show to the client.
func (e *Error) Error() string { return e.Message }

// Wire returns the error in the form that ErrorBody takes.
func (e *Error) Wire() llm.Error {
	return llm.Error{
		Status: e.Status, Type: llm.TypeOfStatus(e.Status), Code: e.Code, Message: e.Message, Param: e.Param, Details: e.Details,
	}
}

// ErrPanic marks a panic inside a conversion, which is a defect of this program. The value is in the message of the
// wrapping error and may hold parts of bodies: do not show it to clients.
var ErrPanic = errors.New("conversion panicked")

// Supported reports whether a request to endpoint e by a client that speaks in can be served by a provider that speaks
// out, be it without any conversion.
func Supported(in, out models.Protocol, e models.Endpoint) bool {
	if in == out {
		return in.Valid()
	}
	if !out.Valid() {
		return false
	}
	switch e {
	case models.EndpointChat:
		return in == models.ProtocolOpenAI
	case models.EndpointResponses:
		return in == models.ProtocolResponses
	case models.EndpointMessages:
		return in == models.ProtocolAnthropic
	}
	return false
}

// Request converts a request body for the model target of the provider. The error is an *Error.
func Request(in, out models.Protocol, body []byte, target string, opt Options) (
	converted []byte, dropped []models.Dropped, err error,
) {
	defer guard(&err)
	from, to, err := pair(in, out)
	if err != nil {
		return nil, nil, err
	}
	if !json.Valid(body) {
		return nil, nil, requestError(llm.Invalid("", "the request body is not valid JSON"))
	}
	r, err := from.decodeRequest(body)
	if err != nil {
		return nil, nil, requestError(err)
	}
	carry := opt.Carry
	if carry == nil {
		carry = new(Carry)
	}
	if to.dialect == llm.Messages && anthropic.NeedsNativeSchema(target) {
		opt.NativeSchema = true
	}
	if err := fit(r, to.dialect, opt, carry); err != nil {
		return nil, nil, requestError(err)
	}
	converted, lost, err := to.encodeRequest(r, llm.RequestOptions{
		Model: target, DefaultMax: int64(opt.DefaultMaxTokens), MaxOutput: int64(opt.MaxOutput), NativeSchema: opt.NativeSchema, Size: len(body),
	})
	if err != nil {
		return nil, nil, requestError(err)
	}
	return converted, toModels(lost), nil
}

// HoldsForeignSeals reports whether the history in a client's body holds reasoning that a provider of the client's own
// protocol would refuse: signatures of other vendors, which conversions of earlier answers packed for the way back, or
// none at all. The caller then sends what Request makes of the body with in == out, which leaves that reasoning out,
// instead of the body's own bytes. A false alarm costs a conversion and nothing else.
func HoldsForeignSeals(in models.Protocol, body []byte) bool {
	if in == models.ProtocolOpenAI {
		return false
	}
	for _, mark := range foreignSeals {
		if bytes.Contains(body, mark) {
			return true
		}
	}
	return false
}

// foreignSeals are the ways in which such a seal begins.
var foreignSeals = [][]byte{
	[]byte(`"` + llm.SealPrefix), []byte(`"signature":""`), []byte(`"signature": ""`),
}

// Response converts a whole answer. The error is an *Error; the caller then has an upstream that answers nonsense.
func Response(in, out models.Protocol, upstreamBody []byte, opt Options) (client []byte, res Result, err error) {
	defer guard(&err)
	to, from, err := pair(in, out)
	if err != nil {
		return nil, Result{}, err
	}
	if !json.Valid(upstreamBody) {
		return nil, Result{}, answerError(errors.New("the answer is not valid JSON"))
	}
	r, err := from.decodeResponse(upstreamBody)
	if err != nil {
		return nil, Result{}, answerError(err)
	}
	opt.Carry.restore(r)
	client, lost := to.encodeResponse(r, answerOptions(opt, r.Created))
	return client, Result{
		Usage: usage(r.Usage), FinishReason: finishReason(r.Stop), UpstreamID: r.ID, Model: r.Model, Dropped: toModels(lost),
	}, nil
}

// ErrorBody writes an error in the client's protocol.
func ErrorBody(in models.Protocol, e llm.Error) []byte {
	c, ok := codecs[in]
	if !ok {
		c = codecs[models.ProtocolOpenAI]
	}
	return c.encodeError(&e)
}

// DecodeError reads an error body of a provider. It never fails: a body that makes no sense gives an error that says so.
// Key material in the message is scrubbed.
func DecodeError(out models.Protocol, status int, body []byte) llm.Error {
	c, ok := codecs[out]
	if !ok {
		c = codecs[models.ProtocolOpenAI]
	}
	e := c.decodeError(status, body)
	if e.Message == "" {
		e.Message = "the upstream gave no reason"
	}
	return *e
}

func pair(a, b models.Protocol) (codec, codec, error) {
	first, ok := codecs[a]
	second, also := codecs[b]
	if !ok || !also {
		return codec{}, codec{}, &Error{Status: 422, Code: llm.CodeUnsupportedConversion, Message: "unknown protocol"}
	}
	return first, second, nil
}

// requestError turns a codec's error into the one this package promises.
func requestError(err error) error {
	var e *llm.Error
	if !errors.As(err, &e) {
		return err
	}
	return &Error{Status: e.Status, Code: e.Code, Message: e.Message, Param: e.Param, Details: e.Details}
}

// answerError is the error of an answer that cannot be understood.
func answerError(err error) error {
	return &Error{Status: 502, Code: "upstream_bad_response", Message: err.Error()}
}

// guard turns a panic into an error, so that a defect costs one request and not the process.
func guard(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%w: %v", ErrPanic, r)
	}
}

func answerOptions(opt Options, created int64) llm.AnswerOptions {
	if created == 0 && opt.Now != nil {
		created = opt.Now().Unix()
	}
	a := llm.AnswerOptions{
		Model: opt.Model, ID: opt.ID, Created: created, IncludeUsage: opt.IncludeUsage, EstimatedInput: opt.EstimatedInput,
	}
	if opt.Carry != nil {
		a.IncludeUsage = a.IncludeUsage || opt.Carry.includeUsage
		a.Echo = opt.Carry.echo
	}
	return a
}

func toModels(list []llm.Dropped) []models.Dropped {
	if len(list) == 0 {
		return nil
	}
	out := make([]models.Dropped, len(list))
	for i, d := range list {
		out[i] = models.Dropped(d)
	}
	return out
}

func usage(u llm.Usage) models.Usage {
	return models.Usage{
		Input: u.Input, Output: u.Output, CachedInput: u.CachedInput, CacheWrite: u.CacheWrite,
		Reasoning: u.Reasoning, AudioInput: u.AudioInput, AudioOutput: u.AudioOutput, Known: u.Known,
	}
}

func finishReason(stop llm.StopReason) string {
	switch stop {
	case llm.StopLength:
		return "length"
	case llm.StopTool:
		return "tool_calls"
	case llm.StopFilter:
		return "content_filter"
	}
	return "stop"
}
