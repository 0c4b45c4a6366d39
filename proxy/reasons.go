package proxy

import (
	"errors"
	"net/http"
	"strings"

	"squirrel/proxy/body"
	"squirrel/routing"
)

// bodyFailure puts what is wrong with a body into the words of the API.
func bodyFailure(err error) *Failure {
	var e *body.Error
	if !errors.As(err, &e) {
		return &Failure{Status: http.StatusBadRequest, Code: "invalid_request", Message: "The body of the request can't be read."}
	}
	return &Failure{Status: e.Status(), Code: e.Code, Message: e.Message, Param: e.Param}
}

func tooLarge(limit int64) *Failure {
	return &Failure{Status: http.StatusRequestEntityTooLarge, Code: "request_too_large", Message: "The request is larger than the gateway accepts (" + itoa(int(limit)) + " bytes)."}
}

// planFailure puts the router's refusal into the words of the API.
func planFailure(err error, model string) *Failure {
	var e *routing.Error
	if !errors.As(err, &e) {
		return &Failure{Status: http.StatusServiceUnavailable, Code: "no_available_provider", Message: "No provider is available for this model."}
	}
	switch e.Reason {
	case routing.ModelNotFound, routing.ModelInactive:
		return modelNotFound(model, e.Nearest)
	case routing.WrongEndpoint:
		return &Failure{Status: http.StatusUnprocessableEntity, Code: "unsupported_conversion", Param: "model", Message: "No provider of the model '" + model + "' can serve this endpoint."}
	default:
		return &Failure{Status: http.StatusServiceUnavailable, Code: "no_available_provider", Message: "No provider is available for the model '" + model + "' and this request.", RetryAfter: 5e9}
	}
}

func modelNotFound(model string, nearest []string) *Failure {
	message := "The model '" + printable(model) + "' does not exist on this gateway."
	if len(nearest) > 0 {
		message += " Nearest names: " + strings.Join(nearest, ", ") + "."
	}
	return &Failure{Status: http.StatusNotFound, Code: "model_not_found", Param: "model", Message: message}
}

// printable keeps what a client sent readable when it is echoed: control characters go, long names are cut.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
	return string(head([]byte(s), 200))
}
