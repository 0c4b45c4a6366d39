package openai

import (
	"encoding/json"

	"squirrel/proxy/convert/wire"
	"squirrel/proxy/llm"
)

// DecodeError reads an error body or an error in a stream. It understands what OpenAI's copies make of it: a plain
// string, a numeric code, an error object at the top, FastAPI's detail, and bodies that are no JSON at all.
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
	e.RequestID = top.Str("request_id")
	e.Code = decodeCode(inner.Get("code"))
	e.Param = inner.Str("param")
	for _, field := range []string{"message", "detail", "msg"} {
		if e.Message == "" {
			e.Message, _ = wire.String(inner.Get(field))
		}
	}
	e.Message = wire.Scrub(e.Message)
	if status == 0 {
		status = streamStatus(inner.Get("code"))
		e.Status, e.Type = status, llm.TypeOfStatus(status)
	}
	e.Type = refine(e.Type, status, inner.Str("type"), e.Code)
	return e
}

func decodeCode(raw json.RawMessage) string {
	if code, ok := wire.String(raw); ok {
		return code
	}
	return string(raw)
}

// streamStatus returns the status an error in a stream stands for, when its code is one.
func streamStatus(code json.RawMessage) int {
	var o wire.Writer
	o.Object("")
	o.Raw("code", code)
	o.EndObject()
	if n := wire.Parse(o.Bytes()).Int("code"); n >= 400 && n <= 599 {
		return int(n)
	}
	return 0
}

// refine takes the vendor's own words for what the status does not say.
func refine(t llm.ErrorType, status int, kind, code string) llm.ErrorType {
	switch {
	case code == "model_not_found":
		return llm.ErrNotFound
	case code == "insufficient_quota" || kind == "insufficient_quota":
		return llm.ErrBilling
	case code == "rate_limit_exceeded" || kind == "rate_limit_error" || kind == "requests" || kind == "tokens":
		return llm.ErrRateLimit
	case kind == "overloaded_error" || code == "overloaded" || code == "server_is_overloaded":
		return llm.ErrOverloaded
	case status != 0:
		return t
	case kind == "invalid_request_error":
		return llm.ErrInvalidRequest
	case kind == "authentication_error":
		return llm.ErrAuthentication
	}
	return t
}

// EncodeError writes an error body.
func EncodeError(e *llm.Error) []byte {
	var w wire.Writer
	w.Object("")
	WriteError(&w, e)
	w.EndObject()
	return w.Take()
}

// WriteError writes the error member that chat completions and the Responses API share.
func WriteError(w *wire.Writer, e *llm.Error) {
	w.Object("error")
	w.Str("message", e.Message)
	w.Str("type", encodeType(e.Type))
	w.StrOrNull("param", e.Param)
	w.StrOrNull("code", e.Code)
	w.EndObject()
}

// encodeType returns OpenAI's word for a class of errors.
func encodeType(t llm.ErrorType) string {
	switch t {
	case llm.ErrBilling:
		return "insufficient_quota"
	case "":
		return string(llm.ErrAPI)
	}
	return string(t)
}
