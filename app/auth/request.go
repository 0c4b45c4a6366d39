package auth

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"squirrel/models"
)

// CodeCSRF is the code of a request that another site's page made.
const CodeCSRF models.Code = "csrf_failed"

// Request is what of an HTTP request decides about access.
type Request struct {
	Method string
	Host   string
	Peer   netip.Addr // of the TCP connection
	Header http.Header
}

// Identity is who makes a request.
type Identity struct {
	Username string
	Local    bool           // let in because there is no account yet; Username is "local"
	Session  models.Session // zero when Local
}

// LocalActor is the name under which changes on true loopback are recorded.
const LocalActor = "local"

// Authenticate decides whether a request may use the admin. A bearer token counts alone; else the cookie does, and then
// unsafe requests of other sites are refused with CodeCSRF. Without an account: true loopback or models.CodeSetupRequired.
func (a *Auth) Authenticate(ctx context.Context, r *Request) (Identity, error) {
	exists, err := a.HasAccount(ctx)
	if err != nil {
		return Identity{}, err
	}
	if !exists {
		return a.authenticateLocal(r)
	}
	if token, ok := bearer(r.Header); ok {
		return a.identify(ctx, token)
	}
	id, err := a.identify(ctx, a.cookie(r.Header))
	if err != nil {
		return Identity{}, err
	}
	return id, a.CheckOrigin(r)
}

func (a *Auth) authenticateLocal(r *Request) (Identity, error) {
	if !r.Loopback() {
		return Identity{}, errSetupRequired()
	}
	return Identity{Username: LocalActor, Local: true}, a.CheckOrigin(r)
}

func (a *Auth) identify(ctx context.Context, token string) (Identity, error) {
	session, err := a.session(ctx, token)
	if err != nil {
		return Identity{}, err
	}
	return Identity{Username: session.Username, Session: session}, nil
}

// CheckOrigin refuses unsafe requests that a page of another site made. The login and set-up forms use it too.
func (a *Auth) CheckOrigin(r *Request) error {
	if _, ok := bearer(r.Header); ok { // no page can send it, and it makes the cookie void
		return nil
	}
	err := a.origins.Check(&http.Request{Method: r.Method, Host: r.Host, Header: r.Header, URL: &url.URL{}})
	if err != nil {
		return &models.Error{Code: CodeCSRF, Message: "the request comes from another site", Err: err}
	}
	return nil
}

// Status is the answer of GET /api/auth/status.
type Status struct {
	Enabled       bool `json:"enabled"`        // an account exists: everyone logs in
	Authenticated bool `json:"authenticated"`  // this request may use the admin
	SetupRequired bool `json:"setup_required"` // no account exists and this client needs the set-up token
}

// Status describes the request's situation. Only an error of the store is an error.
func (a *Auth) Status(ctx context.Context, r *Request) (Status, error) {
	exists, err := a.HasAccount(ctx)
	if err != nil {
		return Status{}, err
	}
	_, err = a.Authenticate(ctx, r)
	switch models.ErrorCode(err) {
	case "", models.CodeUnauthorized, models.CodeSetupRequired, CodeCSRF:
		return Status{Enabled: exists, Authenticated: err == nil, SetupRequired: !exists && err != nil}, nil
	default:
		return Status{}, err
	}
}

// Logout ends the session of the request, wherever its token is. It is not an error to have none.
func (a *Auth) Logout(ctx context.Context, r *Request) error {
	token, ok := bearer(r.Header)
	if !ok {
		token = a.cookie(r.Header)
		if err := a.CheckOrigin(r); err != nil {
			return err
		}
	}
	session, err := a.session(ctx, token)
	if models.ErrorCode(err) == models.CodeUnauthorized {
		return nil
	}
	if err != nil {
		return err
	}
	a.record(ctx, actionLogout, session.Username, Client{IP: a.ClientIP(r), UserAgent: r.Header.Get("User-Agent")})
	return a.EndSession(ctx, session.TokenHash)
}

// ClientIP is the address the request comes from, believing TRUSTED_PROXIES only.
func (a *Auth) ClientIP(r *Request) netip.Addr {
	return ClientIP(r.Peer, strings.Join(r.Header.Values("X-Forwarded-For"), ","), a.trusted)
}

// Loopback reports true loopback: the TCP peer and the Host are loopback, no proxy has passed the request on, and no
// page of another origin made it. A name that resolves to a loopback address (DNS rebinding) is not loopback.
func (r *Request) Loopback() bool {
	return r.Peer.Unmap().IsLoopback() && loopbackHost(r.Host) && !forwarded(r.Header) && sameOrigin(r)
}

func loopbackHost(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && addr.IsLoopback()
}

// forwarded reports any trace of a proxy between the client and us.
func forwarded(h http.Header) bool {
	for name := range h {
		lower := strings.ToLower(name)
		switch {
		case strings.HasPrefix(lower, "x-forwarded"), strings.HasPrefix(lower, "cf-"), strings.HasPrefix(lower, "x-original-"):
			return true
		case lower == "forwarded", lower == "via", lower == "x-real-ip", lower == "x-client-ip", lower == "true-client-ip",
			lower == "x-cluster-client-ip", lower == "x-envoy-external-address":
			return true
		}
	}
	return false
}

func sameOrigin(r *Request) bool {
	origins := r.Header.Values("Origin")
	if len(origins) == 0 {
		return true
	}
	u, err := url.Parse(origins[0])
	return len(origins) == 1 && err == nil && u.Host == r.Host
}

// bearer returns the token of an Authorization header with that scheme. Other schemes are a proxy's, and not ours.
// Several headers are nobody's token.
func bearer(h http.Header) (token string, ok bool) {
	if len(h.Values("Authorization")) > 1 {
		return "", true
	}
	scheme, token, ok := strings.Cut(h.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return "", false
	}
	return strings.TrimSpace(token), true
}

func originOf(publicURL string) string {
	u, err := url.Parse(publicURL)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

func errUnauthorized() *models.Error {
	return models.Errorf(models.CodeUnauthorized, "log in first")
}

func errSetupRequired() *models.Error {
	return models.Errorf(models.CodeSetupRequired,
		"There is no administrator yet. Open /admin in a browser and enter the set-up token of the server's log, or set ADMIN_USERNAME and ADMIN_PASSWORD.")
}
