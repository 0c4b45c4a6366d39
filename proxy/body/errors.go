package body

import (
	"fmt"
	"net/http"
)

// The codes of Error. Their text is part of the HTTP contract.
const (
	CodeInvalidJSON         = "invalid_json"
	CodeTooDeep             = "json_too_deep"
	CodeDuplicateKey        = "duplicate_key"
	CodeInvalidEncoding     = "invalid_encoding"
	CodeMissingModel        = "missing_model"
	CodeInvalidRequest      = "invalid_request"
	CodeTooLarge            = "request_too_large"
	CodeUnsupportedEncoding = "unsupported_content_encoding"
)

// Error says why a request body was refused. Message is safe to show to the client: it holds no more of the body than
// one character or one key.
type Error struct {
	Code    string // one of the Code constants
	Message string
	Param   string // the top-level member to blame; "" when there is none
	Offset  int    // byte of the body where a syntax or encoding error was found; 0 for other errors
}

// Error implements error.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Status returns the HTTP status that goes with the code.
func (e *Error) Status() int {
	switch e.Code {
	case CodeTooLarge:
		return http.StatusRequestEntityTooLarge
	case CodeUnsupportedEncoding:
		return http.StatusUnsupportedMediaType
	default:
		return http.StatusBadRequest
	}
}

func errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

func paramError(code, param, format string, args ...any) *Error {
	return &Error{Code: code, Param: param, Message: fmt.Sprintf(format, args...)}
}
