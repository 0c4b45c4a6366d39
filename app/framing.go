package app

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// frame keeps requests apart from each other. It refuses those that two servers could end in different places or send to
// different hosts, and gives up connections on which a part of a request may be left: it would be read as the next request.
// It stands before Fiber, which answers methods that it does not know before any of its middleware, and not in JSON.
func frame(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		if code, message := ambiguity(&ctx.Request.Header); code != "" {
			ctx.SetConnectionClose()
			refuse(ctx, http.StatusBadRequest, code, message)
			return
		}
		if !slices.Contains(fiber.DefaultMethods, string(ctx.Method())) {
			ctx.SetConnectionClose()
			refuse(ctx, http.StatusMethodNotAllowed, "method_not_allowed", "This path does not take this method.")
			return
		}
		next(ctx)
		if !ctx.Response.ConnectionClose() && leftover(ctx) {
			ctx.SetConnectionClose()
		}
	}
}

// ambiguity names what is wrong with a request's framing or host; "" = nothing. The parser drops some of it, so the raw fields
// are looked at.
func ambiguity(h *fasthttp.RequestHeader) (code, message string) {
	length, chunked := false, false
	for line := range bytes.Lines(h.RawHeaders()) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch {
		case line[0] == ' ' || line[0] == '\t':
			return "invalid_request", "A header field goes on in a second line."
		case bytes.EqualFold(name, []byte("Content-Length")):
			length = true
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = true
			if !bytes.EqualFold(bytes.TrimSpace(value), []byte("chunked")) {
				return "invalid_request", "Transfer-Encoding must be chunked."
			}
		}
	}
	if length && chunked {
		return "invalid_request", "A request can't carry both Content-Length and Transfer-Encoding."
	}
	if !wellFormed(h.RequestURI()) {
		return "invalid_request", "The path of the request holds an escape that is none."
	}
	if !plainHost(h) {
		return "invalid_host", "The Host header is not the host of the request."
	}
	return "", ""
}

// wellFormed reports whether every escape in a target's path is one, so that nobody reads it in two ways.
func wellFormed(target []byte) bool {
	path, _, _ := bytes.Cut(target, []byte("?"))
	for {
		i := bytes.IndexByte(path, '%')
		if i < 0 {
			return true
		}
		if len(path) < i+3 || !isHex(path[i+1]) || !isHex(path[i+2]) {
			return false
		}
		path = path[i+3:]
	}
}

func isHex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F' }

// plainHost reports whether the host is a name or an address with an optional port, and the only one of the request: its
// target may name one too.
func plainHost(h *fasthttp.RequestHeader) bool {
	for _, c := range h.Host() {
		if !isHostByte(c) {
			return false
		}
	}
	target := h.RequestURI()
	if len(target) == 0 || target[0] == '/' || string(target) == "*" {
		return true
	}
	u, err := url.Parse(string(target))
	return err == nil && u.User == nil && strings.EqualFold(u.Host, string(h.Host()))
}

func isHostByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(".-_:[]", c) >= 0
}

// leftover reports whether bytes of the request's body may still be on the wire. A little of it is read away, so that the
// connection survives a body that nobody wanted.
func leftover(ctx *fasthttp.RequestCtx) bool {
	body := ctx.RequestBodyStream()
	if !ctx.Request.IsBodyStream() || body == nil {
		return false
	}
	if ctx.Request.Header.ContentLength() < 0 && ctx.Response.StatusCode() >= http.StatusBadRequest {
		return true // a chunked body may be why it failed, and after an error the reader goes on behind the mistake
	}
	_, err := io.CopyN(io.Discard, body, prefetchBytes)
	return !errors.Is(err, io.EOF)
}
