package proxy

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"squirrel/models"
	"squirrel/proxy/convert"
)

// Failure is an error that the gateway itself answers with. Message is for the client: it holds no URL of a provider, no
// path, no SQL and no key.
type Failure struct {
	Status     int
	Code       string
	Message    string
	Param      string        // the field of the request that is to blame, "" for none
	RetryAfter time.Duration // sent when > 0, rounded up to whole seconds
	Header     http.Header   // further headers, may be nil

	wire *convert.Error // of a conversion that has details of its own to tell
}

// Error implements error.
func (f *Failure) Error() string { return f.Code + ": " + f.Message }

// errorTypes maps a status to the error types of both dialects
// (platform.openai.com/docs/guides/error-codes, docs.anthropic.com/en/api/errors).
var errorTypes = map[int][2]string{
	http.StatusBadRequest:            {"invalid_request_error", "invalid_request_error"},
	http.StatusUnauthorized:          {"authentication_error", "authentication_error"},
	http.StatusForbidden:             {"permission_error", "permission_error"},
	http.StatusNotFound:              {"not_found_error", "not_found_error"},
	http.StatusMethodNotAllowed:      {"invalid_request_error", "invalid_request_error"},
	http.StatusRequestEntityTooLarge: {"request_too_large", "request_too_large"},
	http.StatusUnsupportedMediaType:  {"invalid_request_error", "invalid_request_error"},
	http.StatusUnprocessableEntity:   {"invalid_request_error", "invalid_request_error"},
	http.StatusTooManyRequests:       {"rate_limit_error", "rate_limit_error"},
	http.StatusGatewayTimeout:        {"api_error", "timeout_error"},
}

func (f *Failure) types() [2]string {
	if f.Code == "unknown_endpoint" {
		return [2]string{"invalid_request_error", "invalid_request_error"}
	}
	if f.Code == "overloaded" {
		return [2]string{"overloaded_error", "overloaded_error"}
	}
	if t, ok := errorTypes[f.Status]; ok {
		return t
	}
	return [2]string{"api_error", "api_error"}
}

type openAIError struct {
	Error struct {
		Message string  `json:"message"`
		Type    string  `json:"type"`
		Param   *string `json:"param"`
		Code    *string `json:"code"`
	} `json:"error"`
}

type anthropicError struct {
	Type  string `json:"type"`
	Error struct {
		Type    string `json:"type"`
		Message string `json:"message"`
	} `json:"error"`
	RequestID string `json:"request_id,omitempty"`
}

// Body writes the failure in a client's dialect.
func (f *Failure) Body(dialect models.Protocol, requestID string) []byte {
	if f.wire != nil {
		return convert.ErrorBody(dialect, f.wire.Wire())
	}
	var v any
	if dialect == models.ProtocolAnthropic {
		e := anthropicError{Type: "error", RequestID: requestID}
		e.Error.Type, e.Error.Message = f.types()[1], f.Message
		v = e
	} else {
		var e openAIError
		e.Error.Message, e.Error.Type = f.Message, f.types()[0]
		if f.Code != "" {
			e.Error.Code = &f.Code
		}
		if f.Param != "" {
			e.Error.Param = &f.Param
		}
		v = e
	}
	out, _ := json.Marshal(v) // structs of strings always marshal
	return out
}

// Event writes the failure as the last event of a stream that can't go on. No terminator ([DONE], message_stop) follows.
func (f *Failure) Event(dialect models.Protocol, requestID string) []byte {
	body := f.Body(dialect, requestID)
	prefix := "data: "
	switch dialect {
	case models.ProtocolAnthropic:
		prefix = "event: error\ndata: "
	case models.ProtocolResponses:
		// The Responses API has an error event of its own shape.
		prefix = "event: error\ndata: "
		body, _ = json.Marshal(map[string]any{"type": "error", "code": f.Code, "message": f.Message, "param": nil, "sequence_number": 0})
	}
	return append(append([]byte(prefix), body...), "\n\n"...)
}

func (f *Failure) setHeaders(h http.Header) {
	for name, values := range f.Header {
		h[name] = values
	}
	if f.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int((f.RetryAfter+time.Second-1)/time.Second)))
	}
}
