package app

import (
	"errors"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// prefetchBytes is how much of a body fasthttp may hold before the handler decides about the rest.
const prefetchBytes = 64 << 10

// newFiber builds the server. Each setting answers a fact about Fiber v2 in docs/architecture.md.
func (a *App) newFiber() *fiber.App {
	app := fiber.New(fiber.Config{
		AppName:                      "squirrel",
		DisableStartupMessage:        true,
		Immutable:                    true,
		CaseSensitive:                true,
		StrictRouting:                true,
		StreamRequestBody:            true,
		DisablePreParseMultipartForm: true,
		BodyLimit:                    prefetchBytes,
		ReadBufferSize:               16 << 10,
		ReadTimeout:                  a.patience.header,
		IdleTimeout:                  a.patience.idle,
		ErrorHandler:                 a.answerError,
	})
	app.Server().NoDefaultServerHeader = true
	app.Server().HeaderReceived = func(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
		return fasthttp.RequestConfig{ReadTimeout: a.patience.header + uploadTime(h.ContentLength())}
	}
	app.Server().ErrorHandler = answerBroken
	a.operational(app)
	a.registerControl(app)
	a.gateway.Register(app)
	app.Server().Handler = frame(app.Handler())
	return app
}

const (
	slowestUpload = 32 << 10 // bytes per second
	longestUpload = 10 * time.Minute
)

// uploadTime is what a body of this declared size gets on top of what every request gets: enough for a slow line, and no
// more, so that nobody holds a connection for ever with a byte now and then.
func uploadTime(size int) time.Duration {
	return min(time.Duration(max(size, 0)/slowestUpload)*time.Second, longestUpload)
}

func writeError(c *fiber.Ctx, status int, code, message string) error {
	return c.Status(status).JSON(fiber.Map{"error": fiber.Map{"message": message, "type": "invalid_request_error", "param": nil, "code": code}})
}

// answerError is the last resort for errors of handlers: fixed words, nothing of the request.
func (a *App) answerError(c *fiber.Ctx, err error) error {
	var e *fiber.Error
	status := http.StatusInternalServerError
	if errors.As(err, &e) {
		status = e.Code
	} else {
		a.logger.Error("handler failed", "error", err)
	}
	code, message := "internal_error", "The gateway failed to serve this request."
	if status < http.StatusInternalServerError {
		code, message = "unknown_endpoint", "There is nothing at this path."
	}
	if status == http.StatusMethodNotAllowed {
		code, message = "method_not_allowed", "This path does not take this method."
	}
	return writeError(c, status, code, message)
}

// answerBroken answers what is no HTTP at all, or too large to be read. fasthttp's own page would echo the request.
func answerBroken(ctx *fasthttp.RequestCtx, err error) {
	status, code, message := http.StatusBadRequest, "invalid_request", "The request is not valid HTTP."
	var small *fasthttp.ErrSmallBuffer
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &small):
		status, code, message = http.StatusRequestHeaderFieldsTooLarge, "request_too_large", "The header of the request is too large."
	case errors.As(err, &timeout) && timeout.Timeout():
		status, code, message = http.StatusRequestTimeout, "request_timeout", "The request did not arrive in time."
	}
	ctx.Response.Reset()
	refuse(ctx, status, code, message)
	ctx.SetConnectionClose()
}

// refuse answers in the words of the gateway, not of the request. The texts need no escaping.
func refuse(ctx *fasthttp.RequestCtx, status int, code, message string) {
	ctx.SetStatusCode(status)
	ctx.SetContentType("application/json")
	ctx.SetBodyString(`{"error":{"message":"` + message + `","type":"invalid_request_error","param":null,"code":"` + code + `"}}`)
}
