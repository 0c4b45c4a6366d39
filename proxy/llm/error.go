package llm

import "encoding/json"

// ErrorType is the class of an error, named as Anthropic does.
type ErrorType string

// The classes.
const (
	ErrInvalidRequest ErrorType = "invalid_request_error"
	ErrAuthentication ErrorType = "authentication_error"
	ErrPermission     ErrorType = "permission_error"
	ErrNotFound       ErrorType = "not_found_error"
	ErrTooLarge       ErrorType = "request_too_large"
	ErrRateLimit      ErrorType = "rate_limit_error"
	ErrBilling        ErrorType = "billing_error"
	ErrTimeout        ErrorType = "timeout_error"
	ErrOverloaded     ErrorType = "overloaded_error"
	ErrAPI            ErrorType = "api_error"
)

// Error is an error in no particular dialect. Its message is safe to show: key material is scrubbed when it is decoded.
type Error struct {
	Status    int // HTTP status; 0 when it came in a stream
	Type      ErrorType
	Code      string
	Message   string
	Param     string
	RequestID string
	Details   json.RawMessage // Anthropic's error.details
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// TypeOfStatus returns the class that fits an HTTP status.
func TypeOfStatus(status int) ErrorType {
	switch status {
	case 401:
		return ErrAuthentication
	case 402:
		return ErrBilling
	case 403:
		return ErrPermission
	case 404:
		return ErrNotFound
	case 408, 504:
		return ErrTimeout
	case 413:
		return ErrTooLarge
	case 429:
		return ErrRateLimit
	case 503, 529:
		return ErrOverloaded
	}
	if status >= 400 && status < 500 {
		return ErrInvalidRequest
	}
	return ErrAPI
}

// Codes of the errors a conversion itself finds.
const (
	CodeInvalidRequest        = "invalid_request"
	CodeUnsupportedConversion = "unsupported_conversion"
	CodeThreadUnsupported     = "thread_unsupported_request"
)

// Invalid is the error of a request that breaks the rules of its own dialect.
func Invalid(param, message string) *Error {
	return &Error{Status: 400, Type: ErrInvalidRequest, Code: CodeInvalidRequest, Message: message, Param: param}
}

// Unsupported is the error of a request that is right but cannot be said in the target's dialect.
func Unsupported(param, message string) *Error {
	return &Error{Status: 422, Type: ErrInvalidRequest, Code: CodeUnsupportedConversion, Message: message, Param: param}
}
