package upstream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"squirrel/models"
)

// Client calls providers. It keeps one transport per proxy and connect timeout, never one per request.
type Client struct {
	policy NetPolicy
	roots  *x509.CertPool

	resolver *net.Resolver // nil = the system's; tests have their own

	mu         sync.RWMutex
	transports map[transportKey]*http.Transport
}

type transportKey struct {
	proxy   string
	connect time.Duration
}

// NewClient makes a client. roots may be nil for the system's.
func NewClient(policy NetPolicy, roots *x509.CertPool) *Client {
	return &Client{policy: policy, roots: roots, transports: map[transportKey]*http.Transport{}}
}

// Call is one HTTP call to a provider. Body is read again from the start when the transport has to replay it on a fresh
// connection, so NewBody must return a new reader each time.
type Call struct {
	Provider *models.Provider
	Endpoint models.Endpoint
	Method   string
	Header   http.Header // the client's, already filtered by RequestHeaders; not changed
	NewBody  func() io.ReadCloser
	Length   int64
	OneShot  bool // the body can be read only once (an upload that streams through)
}

// Request builds the HTTP request of a call, with the provider's key in it. Its header must not be logged unredacted.
func (c *Client) Request(ctx context.Context, call *Call) (*http.Request, error) {
	u, err := URL(call.Provider, call.Endpoint)
	if err != nil {
		return nil, err
	}
	req := &http.Request{Method: call.Method, URL: u, Host: u.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: cloneHeader(call.Header)}
	req.Header.Set("Accept-Encoding", "identity")
	authorize(req.Header, u, call.Provider)
	if call.NewBody != nil {
		req.Body = call.NewBody()
		req.ContentLength = call.Length
	}
	if call.NewBody != nil && !call.OneShot {
		req.GetBody = func() (io.ReadCloser, error) { return call.NewBody(), nil }
		// A nil value marks the request as replayable for net/http without sending the header: a POST that met a
		// keep-alive connection the provider was just closing is sent again, once, on another one.
		req.Header["X-Idempotency-Key"] = nil
	}
	return req.WithContext(ctx), nil
}

func cloneHeader(h http.Header) http.Header {
	out := make(http.Header, len(h)+4)
	for name, values := range h {
		out[name] = values
	}
	return out
}

// Do sends a request. Redirects are not followed: the answer that names one is returned as it is.
func (c *Client) Do(req *http.Request, p *models.Provider) (*http.Response, error) {
	transport, err := c.transport(p)
	if err != nil {
		return nil, err
	}
	return transport.RoundTrip(req)
}

func (c *Client) transport(p *models.Provider) (*http.Transport, error) {
	key := transportKey{p.ProxyURL.Reveal(), time.Duration(p.ConnectTimeout) * time.Second}
	c.mu.RLock()
	t := c.transports[key]
	c.mu.RUnlock()
	if t != nil {
		return t, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if t = c.transports[key]; t != nil {
		return t, nil
	}
	t, err := c.newTransport(key)
	if err != nil {
		return nil, err
	}
	c.transports[key] = t
	return t, nil
}

func (c *Client) newTransport(key transportKey) (*http.Transport, error) {
	if key.connect <= 0 {
		key.connect = 10 * time.Second
	}
	dialer := c.policy.dialer(key.connect)
	dialer.Resolver = c.resolver
	t := &http.Transport{
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: c.roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    key.connect,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    512,
		IdleConnTimeout:        90 * time.Second,
		ExpectContinueTimeout:  time.Second,
		DisableCompression:     true,
		MaxResponseHeaderBytes: 256 << 10,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second},
	}
	if key.proxy != "" {
		u, err := url.Parse(key.proxy)
		if err != nil {
			return nil, models.Errorf(models.CodeInvalid, "proxy_url is not a URL")
		}
		t.Proxy = http.ProxyURL(u)
	}
	return t, nil
}

// CloseIdle closes connections that no call uses.
func (c *Client) CloseIdle() {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, t := range c.transports {
		t.CloseIdleConnections()
	}
}
