package anthropic

import (
	"encoding/json"

	"squirrel/proxy/convert/wire"
	"squirrel/proxy/llm"
)

// known are the types Anthropic's clients know.
var known = map[llm.ErrorType]bool{
	llm.ErrInvalidRequest: true, llm.ErrAuthentication: true, llm.ErrPermission: true, llm.ErrNotFound: true,
	llm.ErrTooLarge: true, llm.ErrRateLimit: true, llm.ErrBilling: true, llm.ErrTimeout: true, llm.ErrOverloaded: true,
	llm.ErrAPI: true,
}

// statuses are the HTTP statuses of errors that come in a stream.
var statuses = map[llm.ErrorType]int{
	llm.ErrInvalidRequest: 400, llm.ErrAuthentication: 401, llm.ErrBilling: 402, llm.ErrPermission: 403, llm.ErrNotFound: 404,
	llm.ErrTooLarge: 413, llm.ErrRateLimit: 429, llm.ErrTimeout: 504, llm.ErrOverloaded: 529, llm.ErrAPI: 500,
}

// DecodeError reads an error body, or the error event of a stream when status is 0.
func DecodeError(status int, body []byte) *llm.Error {
	e := &llm.Error{Status: status, Type: llm.TypeOfStatus(status)}
	if !json.Valid(body) {
		e.Message = wire.PlainMessage(body)
		return e
	}
	top := wire.Parse(body)
	inner := top.Object("error")
	if inner == nil {
		inner = top
		e.Message, _ = wire.String(top.Get("error"))
	}
	if e.Message == "" {
		e.Message = inner.Str("message")
	}
	e.Message = wire.Scrub(e.Message)
	e.RequestID = top.Str("request_id")
	e.Details = inner.Get("details")
	e.Code, _ = wire.String(inner.Get("code"))
	if code := wire.Parse(e.Details).Str("error_code"); code != "" {
		e.Code = code
	}
	if t := llm.ErrorType(inner.Str("type")); known[t] {
		e.Type = t
	}
	if status == 0 {
		e.Status = statuses[e.Type]
	}
	return e
}

// EncodeError writes an error body, which is also the data of the error event of a stream.
func EncodeError(e *llm.Error) []byte {
	kind := e.Type
	if !known[kind] {
		kind = llm.ErrAPI
	}
	var w wire.Writer
	w.Object("")
	w.Str("type", "error")
	w.Object("error")
	w.Str("type", string(kind))
	w.Str("message", e.Message)
	w.OptRaw("details", e.Details)
	w.EndObject()
	w.StrOrNull("request_id", e.RequestID)
	w.EndObject()
	return w.Take()
}
