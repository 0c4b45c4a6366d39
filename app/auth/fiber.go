package auth

import (
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
)

type localsKey struct{}

// FromFiber copies out of c what decides about access; nothing of c is kept.
func FromFiber(c *fiber.Ctx) *Request {
	r := &Request{
		Method: strings.Clone(c.Method()),
		Host:   string(c.Request().Header.Host()),
		Header: http.Header{},
	}
	for name, value := range c.Request().Header.All() {
		r.Header.Add(string(name), string(value))
	}
	if tcp, ok := c.Context().RemoteAddr().(*net.TCPAddr); ok {
		r.Peer = tcp.AddrPort().Addr().Unmap().WithZone("")
	}
	return r
}

// Require lets a request pass only with an identity; its error goes to the error handler of the app.
func (a *Auth) Require(c *fiber.Ctx) error {
	id, err := a.Authenticate(c.UserContext(), FromFiber(c))
	if err != nil {
		return err
	}
	c.Locals(localsKey{}, id)
	return c.Next()
}

// From returns who makes the request, after Require.
func From(c *fiber.Ctx) (Identity, bool) {
	id, ok := c.Locals(localsKey{}).(Identity)
	return id, ok
}

// ClientOf is where a login comes from.
func (a *Auth) ClientOf(c *fiber.Ctx) Client {
	r := FromFiber(c)
	return Client{IP: a.ClientIP(r), UserAgent: r.Header.Get("User-Agent")}
}

// SetCookie hands a new session to the browser.
func (a *Auth) SetCookie(c *fiber.Ctx, login Login) {
	c.Cookie(&fiber.Cookie{
		Name: a.cookieName(), Value: login.Token.Reveal(), Path: "/", MaxAge: int(login.TTL.Seconds()),
		HTTPOnly: true, Secure: a.secure, SameSite: fiber.CookieSameSiteLaxMode,
	})
}

// ClearCookie takes the session from the browser.
func (a *Auth) ClearCookie(c *fiber.Ctx) {
	c.Cookie(&fiber.Cookie{
		Name: a.cookieName(), Path: "/", Expires: time.Unix(1, 0),
		HTTPOnly: true, Secure: a.secure, SameSite: fiber.CookieSameSiteLaxMode,
	})
}

// cookieName binds a Secure cookie to this very host: no sub-domain and no plain connection can set it.
func (a *Auth) cookieName() string {
	if a.secure {
		return "__Host-sq_sess"
	}
	return "sq_sess"
}

func (a *Auth) cookie(h http.Header) string {
	cookie, err := (&http.Request{Header: h}).Cookie(a.cookieName())
	if err != nil {
		return ""
	}
	return cookie.Value
}
