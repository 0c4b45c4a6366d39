package tap

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"

	"squirrel/models"
	"squirrel/proxy/sse"

	"github.com/tidwall/gjson"
)

// ErrorInfo is an error that a provider reported inside a stream, after the status line said 200.
type ErrorInfo struct {
	Status  int    // the HTTP status, when the provider named one; else 0
	Type    string // the protocol's error type
	Code    string
	Message string
	Raw     []byte // the error as the body of a failed answer: {"error":…} or Anthropic's envelope
}

// statuses are the statuses that go with the vendors' error types and codes (OpenAI's and Anthropic's error references).
var statuses = map[string]int{
	"invalid_request_error": http.StatusBadRequest, "invalid_prompt": http.StatusBadRequest, "context_length_exceeded": http.StatusBadRequest,
	"authentication_error": http.StatusUnauthorized, "invalid_api_key": http.StatusUnauthorized,
	"billing_error": http.StatusPaymentRequired, "permission_error": http.StatusForbidden,
	"not_found_error": http.StatusNotFound, "model_not_found": http.StatusNotFound, "request_too_large": http.StatusRequestEntityTooLarge,
	"rate_limit_error": http.StatusTooManyRequests, "rate_limit_exceeded": http.StatusTooManyRequests, "insufficient_quota": http.StatusTooManyRequests,
	"api_error": http.StatusInternalServerError, "server_error": http.StatusInternalServerError,
	"timeout_error": http.StatusGatewayTimeout, "overloaded_error": 529, "engine_overloaded": http.StatusServiceUnavailable,
}

// HTTPStatus returns the status the provider should have sent: the one it named, or the one that goes with its type or code,
// or 502.
func (e *ErrorInfo) HTTPStatus() int {
	if e.Status >= 400 && e.Status <= 599 {
		return e.Status
	}
	for _, name := range []string{e.Code, e.Type} {
		if status, ok := statuses[name]; ok {
			return status
		}
	}
	return http.StatusBadGateway
}

// ErrorOf returns the error that an event reports, nil if it is no error. Known forms: OpenAI's data {"error":{…}};
// OpenRouter's finish_reason "error" beside it or an error within a choice; an event named error; Anthropic's
// {"type":"error","error":{…}}; the Responses API's error and response.failed.
func ErrorOf(protocol models.Protocol, ev sse.Event) *ErrorInfo {
	if ev.Kind != sse.Message || ev.Name != "error" && !bytes.Contains(ev.Data, []byte(`error"`)) && !bytes.Contains(ev.Data, []byte("response.failed")) {
		return nil
	}
	root := gjson.ParseBytes(ev.Data)
	switch protocol {
	case models.ProtocolAnthropic:
		if ev.Name == "error" || root.Get("type").Str == "error" {
			return newError(root.Get("error"), ev.Data)
		}
		return nil
	case models.ProtocolResponses:
		return responsesError(root, ev)
	}
	return chatError(root, ev)
}

func chatError(root gjson.Result, ev sse.Event) *ErrorInfo {
	if e := root.Get("error"); given(e) {
		return newError(e, ev.Data)
	}
	if e := root.Get("choices.0.error"); given(e) {
		return newError(e, envelope(e))
	}
	if root.Get("choices.0.finish_reason").Str == "error" {
		return newError(gjson.Result{}, []byte(`{"error":{"message":"the provider ended the answer with finish_reason \"error\""}}`))
	}
	if ev.Name == "error" || root.Get("object").Str == "error" {
		return newError(root, envelope(root))
	}
	return nil
}

func responsesError(root gjson.Result, ev sse.Event) *ErrorInfo {
	name := typeOf(ev, root)
	switch {
	case name == "response.failed":
		e := root.Get("response.error")
		return newError(e, envelope(e))
	case name == "error" && given(root.Get("error")):
		e := root.Get("error")
		return newError(e, envelope(e))
	case name == "error":
		info := newError(root, envelope(root))
		info.Type = "" // "error" is the type of the event
		return info
	case given(root.Get("error")) && name == "":
		return newError(root.Get("error"), ev.Data)
	}
	return nil
}

// given tells an error from error:null and error:"".
func given(e gjson.Result) bool {
	return e.IsObject() || e.Type == gjson.String && e.Str != ""
}

func envelope(e gjson.Result) []byte {
	if e.Raw == "" {
		return []byte(`{"error":{"message":"the provider failed"}}`)
	}
	return []byte(`{"error":` + e.Raw + `}`)
}

// newError reads an error object, or an error that is only a text.
func newError(e gjson.Result, raw []byte) *ErrorInfo {
	const most = 64 << 10
	info := &ErrorInfo{Raw: bytes.Clone(raw[:min(len(raw), most)])}
	if e.Type == gjson.String {
		info.Message = strings.Clone(e.Str)
		return info
	}
	members(e, func(key string, v gjson.Result) {
		switch key {
		case "message":
			info.Message = strings.Clone(v.String())
		case "type":
			info.Type = strings.Clone(v.String())
		case "code":
			info.Code = strings.Clone(v.String())
		case "status", "status_code":
			info.Status = int(count(v))
		}
	})
	if n, err := strconv.Atoi(info.Code); err == nil && info.Status == 0 {
		info.Status = n
	}
	return info
}
