package models

import (
	"errors"
	"fmt"
)

// Code classifies an error for whoever has to answer it. Every layer wraps; one mapper per protocol decides the status.
type Code string

// The codes of the control plane. Their text is part of the JSON API.
const (
	CodeInvalid         Code = "invalid_request"
	CodeValidation      Code = "validation_failed"
	CodeUnauthorized    Code = "unauthorized"
	CodeForbidden       Code = "forbidden"
	CodeNotFound        Code = "not_found"
	CodeConflict        Code = "conflict"
	CodeVersionConflict Code = "version_conflict"
	CodeProviderInUse   Code = "provider_in_use"
	CodeKeyRequired     Code = "key_required_on_host_change"
	CodeRateLimited     Code = "rate_limited"
	CodeSetupRequired   Code = "setup_required"
	CodeUnavailable     Code = "database_unavailable"
	CodeBusy            Code = "database_busy"
	CodeInternal        Code = "internal_error"
)

// Error is an error whose Message is safe to show to the caller. Err keeps the cause for the log and is never shown.
type Error struct {
	Code    Code
	Message string
	Fields  map[string]string // field name → what is wrong with it
	Err     error
}

// Errorf makes an Error with a message for the caller.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Invalid makes a validation error for one field.
func Invalid(field, format string, args ...any) *Error {
	msg := fmt.Sprintf(format, args...)
	return &Error{Code: CodeValidation, Message: field + ": " + msg, Fields: map[string]string{field: msg}}
}

// Error implements error.
func (e *Error) Error() string {
	if e.Err != nil {
		return e.Message + ": " + e.Err.Error()
	}
	return e.Message
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ErrorCode returns the code of err, CodeInternal when it carries none, and "" for nil.
func ErrorCode(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeInternal
}
