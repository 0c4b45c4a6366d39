package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"squirrel/app/admin"
	"squirrel/app/auth"
	"squirrel/models"
)

// errorBody is the envelope of every error.
type errorBody struct {
	Error errorInfo `json:"error"`
}

type errorInfo struct {
	Message string            `json:"message"`
	Type    string            `json:"type"`
	Code    models.Code       `json:"code"`
	Fields  map[string]string `json:"fields,omitempty"`
}

const codeTooLarge models.Code = "request_too_large"

// outcomes is the one place that knows which status a code has.
var outcomes = map[models.Code]struct {
	status int
	kind   string
}{
	models.CodeInvalid:         {http.StatusBadRequest, "invalid_request_error"},
	models.CodeValidation:      {http.StatusUnprocessableEntity, "invalid_request_error"},
	models.CodeKeyRequired:     {http.StatusUnprocessableEntity, "invalid_request_error"},
	admin.CodePrivateAddress:   {http.StatusUnprocessableEntity, "invalid_request_error"},
	codeTooLarge:               {http.StatusRequestEntityTooLarge, "invalid_request_error"},
	models.CodeUnauthorized:    {http.StatusUnauthorized, "authentication_error"},
	models.CodeForbidden:       {http.StatusForbidden, "permission_error"},
	models.CodeSetupRequired:   {http.StatusForbidden, "permission_error"},
	auth.CodeCSRF:              {http.StatusForbidden, "permission_error"},
	models.CodeNotFound:        {http.StatusNotFound, "not_found_error"},
	models.CodeConflict:        {http.StatusConflict, "conflict_error"},
	models.CodeVersionConflict: {http.StatusConflict, "conflict_error"},
	models.CodeProviderInUse:   {http.StatusConflict, "conflict_error"},
	models.CodeRateLimited:     {http.StatusTooManyRequests, "rate_limit_error"},
	models.CodeBusy:            {http.StatusServiceUnavailable, "api_error"},
	models.CodeUnavailable:     {http.StatusServiceUnavailable, "api_error"},
	models.CodeInternal:        {http.StatusInternalServerError, "api_error"},
}

// edge answers every error below /api, marks answers as private, and gives up connections with an unread body.
func (a *API) edge(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	err := c.Next()
	if bodyUnread(c) {
		c.Context().Response.SetConnectionClose()
	}
	if err != nil {
		return a.answerError(c, err)
	}
	return nil
}

func (a *API) answerError(c *fiber.Ctx, err error) error {
	e := asModelError(err)
	outcome, known := outcomes[e.Code]
	if !known || e.Code == models.CodeInternal {
		outcome = outcomes[models.CodeInternal]
		a.log.ErrorContext(c.UserContext(), "admin request failed", "path", c.Path(), "error", err)
		e = models.Errorf(models.CodeInternal, "the gateway failed to serve this request; see its log")
	}
	switch outcome.status {
	case http.StatusUnauthorized:
		c.Set(fiber.HeaderWWWAuthenticate, "Bearer")
	case http.StatusTooManyRequests:
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(auth.RetryAfter(err)))
	case http.StatusServiceUnavailable:
		c.Set(fiber.HeaderRetryAfter, "5")
	}
	return c.Status(outcome.status).JSON(errorBody{errorInfo{e.Message, outcome.kind, e.Code, e.Fields}})
}

// asModelError turns what isn't meant for people into something that is.
func asModelError(err error) *models.Error {
	if e, ok := errors.AsType[*models.Error](err); ok {
		return e
	}
	if e, ok := errors.AsType[*fiber.Error](err); ok && e.Code < http.StatusInternalServerError {
		return models.Errorf(models.CodeNotFound, "there is nothing at this path, or not for this method")
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return models.Errorf(models.CodeUnavailable, "the database took too long")
	}
	return &models.Error{Code: models.CodeInternal, Err: err}
}
