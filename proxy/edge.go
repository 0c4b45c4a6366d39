package proxy

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"squirrel/models"
	"squirrel/proxy/body"
)

// Request is a client's request, copied out of Fiber's reused buffers. Nothing below this file sees a *fiber.Ctx.
type Request struct {
	Endpoint *Endpoint
	Query    string
	Header   http.Header // canonical names
	Body     []byte      // decoded; nil for uploads
	Upload   *upload     // a multipart body that is still being received
	ClientIP string
	Conn     net.Conn // for the watch; nil where there is none
	HTTP10   bool

	held holding // of Body
}

// Answer is what goes back: a whole body, or a stream that writes itself.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	Stream stream
	Close  bool // the connection can't be used again: a part of the request was not read
}

// stream is an answer that is produced while it is sent. fasthttp calls WriteTo once, then Close.
type stream interface {
	io.Reader
	io.WriterTo
	io.Closer
	SupportsBodyWriteTo() bool
}

// Register adds the data plane's routes, with and without the version prefix.
func (g *Gateway) Register(app fiber.Router) {
	for i := range Endpoints {
		e := &Endpoints[i]
		app.Post(string(e.Path), g.handler(e))
		app.Post(e.alias(), g.handler(e))
	}
	for _, path := range []string{"/v1/models", "/models"} {
		app.Get(path, g.listModels)
		app.Get(path+"/*", g.getModel)
	}
	app.Get("/v1/usage", g.usage)
	app.All("/v1/*", g.unknown)
	for i := range Endpoints {
		app.All(Endpoints[i].alias(), g.unknown)
	}
}

func (g *Gateway) handler(e *Endpoint) fiber.Handler {
	return func(c *fiber.Ctx) error {
		g.inflight.Add(1)
		req := g.copyRequest(c, e)
		x := g.newExchange(req)
		answer := g.guarded(x, func() *Answer { return x.admit(func() *Failure { return g.readBody(c, req) }) })
		g.send(c, x, answer)
		return nil
	}
}

// guarded runs an exchange and turns a panic into its 500: the request is recorded and the process lives on.
func (g *Gateway) guarded(x *Exchange, run func() *Answer) (answer *Answer) {
	defer func() {
		if p := recover(); p != nil {
			g.metrics.panics.Inc()
			g.logger.Error("panic while serving a request", "request_id", x.id, "panic", p, "stack", string(debug.Stack()))
			answer = x.fail(&Failure{Status: http.StatusInternalServerError, Code: "internal_error", Message: "The gateway failed while serving this request."})
			answer.Close = true
		}
	}()
	return run()
}

func (g *Gateway) copyRequest(c *fiber.Ctx, e *Endpoint) *Request {
	header := copyHeader(c)
	ctx := c.Context()
	return &Request{
		Endpoint: e,
		Query:    string(ctx.URI().QueryString()),
		Header:   header,
		ClientIP: g.clientIP(ctx, header),
		Conn:     ctx.Conn(),
		HTTP10:   !ctx.Request.Header.IsHTTP11(),
	}
}

func (g *Gateway) clientIP(ctx *fasthttp.RequestCtx, h http.Header) string {
	peer, _ := netip.AddrFromSlice(ctx.RemoteIP())
	if g.opts.ClientIP == nil {
		return peer.Unmap().String()
	}
	return g.opts.ClientIP(peer, strings.Join(h["X-Forwarded-For"], ",")).String()
}

func copyHeader(c *fiber.Ctx) http.Header {
	src := &c.Context().Request.Header
	out := make(http.Header, 16)
	for key, value := range src.All() {
		name := http.CanonicalHeaderKey(string(key))
		out[name] = append(out[name], string(value))
	}
	return out
}

// readBody reads and decodes the body of a JSON request, or prepares an upload. It is called after authentication, so a
// stranger can't make the gateway hold a body.
func (g *Gateway) readBody(c *fiber.Ctx, req *Request) *Failure {
	if req.Endpoint.Multipart && isMultipart(req.Header) {
		return g.openUpload(c, req)
	}
	req.held.of = &g.bodies
	raw, failure := readRaw(c, g.opts.MaxRequestBytes, &req.held)
	if failure != nil {
		return failure
	}
	return g.decodeBody(req, raw)
}

// decodeBody undoes the content encoding. How large the body becomes is not known before, so an ordinary growth is asked for.
func (g *Gateway) decodeBody(req *Request, raw []byte) *Failure {
	encoding := strings.Join(req.Header["Content-Encoding"], ",")
	if encoding != "" && !req.held.admit(min(usualGrowth*int64(len(raw)), g.opts.MaxRequestBytes)) {
		return overloaded()
	}
	decoded, err := body.Decode(raw, encoding, g.opts.MaxRequestBytes)
	if err != nil {
		return bodyFailure(err)
	}
	req.Body = decoded
	req.held.settle(int64(len(decoded)))
	return nil
}

// usualGrowth is how much larger a decoded text may be expected to be.
const usualGrowth = 20

// readRaw reads the body into one buffer of its own. The declared length is checked, and admitted, before anything is held.
func readRaw(c *fiber.Ctx, limit int64, held *holding) ([]byte, *Failure) {
	r := &c.Context().Request
	declared := int64(r.Header.ContentLength())
	if declared > limit {
		return nil, tooLarge(limit)
	}
	if declared > 0 && !held.admit(declared) {
		return nil, overloaded()
	}
	if !r.IsBodyStream() {
		return append([]byte(nil), r.Body()...), nil
	}
	source := c.Context().RequestBodyStream()
	if declared >= 0 {
		buf := make([]byte, declared)
		if _, err := io.ReadFull(source, buf); err != nil {
			return nil, unreadable(err)
		}
		return buf, nil
	}
	buf, err := io.ReadAll(io.LimitReader(admitted{source, held}, limit+1))
	if err != nil {
		return nil, unreadable(err)
	}
	if int64(len(buf)) > limit {
		return nil, tooLarge(limit)
	}
	return buf, nil
}

func unreadable(err error) *Failure {
	if errors.Is(err, errOverloaded) {
		return overloaded()
	}
	var timeout interface{ Timeout() bool }
	if errors.As(err, &timeout) && timeout.Timeout() {
		return &Failure{Status: http.StatusRequestTimeout, Code: "request_timeout", Message: "The body of the request did not arrive in time."}
	}
	return &Failure{Status: http.StatusBadRequest, Code: "invalid_request", Message: "The body of the request could not be read to its end."}
}

// send writes an answer into Fiber's response. A stream outlives this call: fasthttp drives and closes it.
func (g *Gateway) send(c *fiber.Ctx, x *Exchange, a *Answer) {
	resp := &c.Context().Response
	resp.SetStatusCode(a.Status)
	for name, values := range a.Header {
		for _, value := range values {
			resp.Header.Add(name, value)
		}
	}
	if contentType := a.Header.Get("Content-Type"); contentType != "" {
		resp.Header.SetContentType(contentType)
	} else {
		resp.Header.SetNoDefaultContentType(true)
	}
	if a.Close {
		resp.SetConnectionClose()
	}
	switch {
	case a.Stream != nil && x.req.HTTP10:
		sendUnframed(c, a)
	case a.Stream != nil:
		resp.SetBodyStream(a.Stream, -1)
	case bodyUnread(c):
		sendAndLinger(c, a)
		x.release()
	default:
		resp.SetBodyRaw(a.Body)
		x.release()
	}
}

// bodyUnread reports whether a part of the body is still on the wire, where it would be taken for the next request. A
// little of it is drained first, which saves the connection when no more than that was left.
func bodyUnread(c *fiber.Ctx) bool {
	r := &c.Context().Request
	if !r.IsBodyStream() {
		return false
	}
	source := c.Context().RequestBodyStream()
	if source == nil {
		return false
	}
	if conn := c.Context().Conn(); conn != nil {
		_ = conn.SetReadDeadline(time.Now().Add(drainTime))
		defer func() { _ = conn.SetReadDeadline(time.Time{}) }()
	}
	n, err := io.CopyN(io.Discard, source, drainBytes)
	return n == drainBytes || (err != nil && !errors.Is(err, io.EOF))
}

// How much of an unwanted body is read before the connection is given up, and for how long.
const (
	drainBytes = 256 << 10
	drainTime  = 100 * time.Millisecond
)

// unknown answers paths and methods that no endpoint serves.
func (g *Gateway) unknown(c *fiber.Ctx) error {
	path := c.Path() // as it was routed: escapes are not undone
	f := &Failure{Status: http.StatusNotFound, Code: "unknown_endpoint", Message: "Unknown path. The gateway serves the paths of the OpenAI and Anthropic APIs under /v1."}
	switch {
	case strings.HasPrefix(path, "/v1/v1/"):
		f.Message = "Unknown path: /v1 appears twice. Take /v1 off the base URL of your client."
	case servedWithOtherMethod(path):
		f.Status, f.Code, f.Message = http.StatusMethodNotAllowed, "method_not_allowed", "This endpoint does not take the method "+safeMethod(c.Method())+"."
		c.Set("Allow", allowedMethod(path))
	}
	id := g.name(c)
	c.Context().Response.Header.SetContentType("application/json")
	if bodyUnread(c) {
		c.Context().Response.SetConnectionClose()
	}
	return c.Status(f.Status).Send(f.Body(dialectOf(path), id))
}

func servedWithOtherMethod(path string) bool { return allowedMethod(path) != "" }

func allowedMethod(path string) string {
	for i := range Endpoints {
		if path == string(Endpoints[i].Path) || path == Endpoints[i].alias() {
			return http.MethodPost
		}
	}
	if path == "/v1/models" || path == "/models" || strings.HasPrefix(path, "/v1/models/") || path == "/v1/usage" {
		return http.MethodGet
	}
	return ""
}

func safeMethod(method string) string {
	for _, r := range method {
		if r < 'A' || r > 'Z' {
			return "given"
		}
	}
	return method
}

// dialect returns the protocol errors are written in.
func (r *Request) dialect() models.Protocol { return r.Endpoint.Protocol }
