package answers

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"squirrel/models"
)

// failure is a request the vendor refuses.
type failure struct {
	status  int
	message string
	param   string
	code    string
}

func refuse(param, format string, args ...any) *failure {
	return &failure{status: http.StatusBadRequest, param: param, message: fmt.Sprintf(format, args...)}
}

// malformed turns an error of the JSON decoder into the vendor's words.
func malformed(err error) *failure {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		f := refuse(wrong.Field, "Invalid type for '%s': expected %s, but got %s instead.", wrong.Field, wrong.Type, wrong.Value)
		f.code = "invalid_type"
		return f
	}
	return refuse("", "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library correctly.)")
}

func unknownModel(name string) *failure {
	return &failure{
		status: http.StatusNotFound, param: "model", code: "model_not_found",
		message: fmt.Sprintf("The model `%s` does not exist or you do not have access to it.", name),
	}
}

// Refused is the answer to a missing or a wrong key.
func Refused(p models.Protocol, key, requestID string) *Answer {
	f := &failure{status: http.StatusUnauthorized, code: "invalid_api_key", message: "Incorrect API key provided."}
	switch {
	case p == models.ProtocolAnthropic && key == "":
		f.message = "x-api-key header is required"
	case p == models.ProtocolAnthropic:
		f.message = "invalid x-api-key"
	case key == "":
		f.code = ""
		f.message = "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth."
	}
	return f.answer(p, requestID)
}

// Error is a vendor's error with the given status. An empty message means the vendor's usual one.
func Error(p models.Protocol, status int, message, requestID string) *Answer {
	if message == "" {
		message = usualMessage(status)
	}
	return (&failure{status: status, message: message, code: usualCode(status)}).answer(p, requestID)
}

func (f *failure) answer(p models.Protocol, requestID string) *Answer {
	return &Answer{
		Status: f.status, ContentType: "application/json", Header: [][2]string{IDHeader(p, requestID)}, Body: f.body(p, requestID),
	}
}

func (f *failure) body(p models.Protocol, requestID string) []byte {
	if p == models.ProtocolAnthropic {
		return encode(object{
			{"type", "error"},
			{"error", object{{"type", anthropicType(f.status)}, {"message", f.message}}},
			{"request_id", requestID},
		})
	}
	return encode(object{{"error", object{
		{"message", f.message}, {"type", openAIType(f.status)}, {"param", orNull(f.param)}, {"code", orNull(f.code)},
	}}})
}

// StreamError is the event by which a vendor reports an error inside a stream that began with status 200.
func StreamError(p models.Protocol, status int) Event {
	f := &failure{status: status, message: usualMessage(status), code: usualCode(status)}
	switch p {
	case models.ProtocolAnthropic:
		return Event{Name: "error", Data: encode(object{
			{"type", "error"},
			{"error", object{{"type", anthropicType(status)}, {"message", f.message}}},
		})}
	case models.ProtocolResponses:
		return Event{Name: "error", Data: encode(object{
			{"type", "error"}, {"sequence_number", 0}, {"code", openAIType(status)}, {"message", f.message}, {"param", nil},
		})}
	}
	return Event{Data: f.body(p, "")}
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func openAIType(status int) string {
	switch {
	case status == http.StatusTooManyRequests:
		return "requests"
	case status == http.StatusForbidden:
		return "permission_error"
	case status == http.StatusServiceUnavailable, status == statusOverloaded:
		return "service_unavailable_error"
	case status >= http.StatusInternalServerError:
		return "server_error"
	}
	return "invalid_request_error"
}

func anthropicType(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "authentication_error"
	case http.StatusForbidden:
		return "permission_error"
	case http.StatusNotFound:
		return "not_found_error"
	case http.StatusRequestEntityTooLarge:
		return "request_too_large"
	case http.StatusTooManyRequests:
		return "rate_limit_error"
	case http.StatusGatewayTimeout:
		return "timeout_error"
	case http.StatusServiceUnavailable, statusOverloaded:
		return "overloaded_error"
	}
	if status >= http.StatusInternalServerError {
		return "api_error"
	}
	return "invalid_request_error"
}

// statusOverloaded is Anthropic's own status.
const statusOverloaded = 529

func usualMessage(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "Incorrect API key provided."
	case http.StatusForbidden:
		return "You are not allowed to do this."
	case http.StatusNotFound:
		return "The requested resource was not found."
	case http.StatusTooManyRequests:
		return "Rate limit reached for requests. Please try again later."
	case http.StatusServiceUnavailable, statusOverloaded:
		return "Overloaded"
	}
	if status >= http.StatusInternalServerError {
		return "The server had an error while processing your request. Sorry about that!"
	}
	return "The request is not valid."
}

func usualCode(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "invalid_api_key"
	case http.StatusTooManyRequests:
		return "rate_limit_exceeded"
	}
	return ""
}
