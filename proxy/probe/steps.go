package probe

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"squirrel/models"
	"squirrel/proxy/upstream"
)

const maxAnswer = 1 << 20

func (r *run) checkURL(ctx context.Context) verdict {
	u, err := upstream.URL(&r.provider, r.native())
	if err != nil || u.Host == "" {
		return fail("the base URL is not a URL", "Give it like https://api.example.com/v1, with the version and without the endpoint's path.")
	}
	r.url = u
	if err := r.policy.CheckHost(ctx, u.Hostname()); errors.Is(err, upstream.ErrAddressRefused) {
		return fail("the address is refused by policy", "PROVIDER_NETWORK forbids this address. Link-local and cloud metadata addresses are never allowed.")
	}
	return pass("will call " + u.Scheme + "://" + u.Host + u.Path)
}

func (r *run) resolve(ctx context.Context) verdict {
	host := r.url.Hostname()
	if net.ParseIP(host) != nil {
		return skip("the host is an address")
	}
	addresses, err := net.DefaultResolver.LookupHost(ctx, host)
	if err != nil {
		return fail(host+" does not resolve", "Check the spelling of the host, and the DNS of the machine the gateway runs on.")
	}
	return pass(fmt.Sprintf("%s has %d addresses", host, len(addresses)))
}

func (r *run) address() string {
	port := r.url.Port()
	if port == "" {
		port = "80"
		if r.url.Scheme == "https" {
			port = "443"
		}
	}
	return net.JoinHostPort(r.url.Hostname(), port)
}

func (r *run) connect(ctx context.Context) verdict {
	if r.provider.ProxyURL != "" {
		return skip("calls go through the provider's proxy")
	}
	conn, err := r.policy.Dial(ctx, r.address())
	if err != nil {
		return fail("no connection to "+r.address(), "Is the provider up, is the port right, does a firewall stand between?")
	}
	conn.Close()
	return pass("connected to " + r.address())
}

func (r *run) handshake(ctx context.Context) verdict {
	if r.url.Scheme != "https" {
		return skip("plain http: keys and prompts travel unencrypted")
	}
	if r.provider.ProxyURL != "" {
		return skip("calls go through the provider's proxy")
	}
	conn, err := r.policy.Dial(ctx, r.address())
	if err != nil {
		return fail("no connection to "+r.address(), "Try again.")
	}
	secure := tls.Client(conn, &tls.Config{ServerName: r.url.Hostname(), MinVersion: tls.VersionTLS12})
	defer secure.Close()
	if err := secure.HandshakeContext(ctx); err != nil {
		return fail("the TLS handshake failed", fixForTLS(err))
	}
	state := secure.ConnectionState()
	return pass(fmt.Sprintf("%s, certificate until %s", tls.VersionName(state.Version), state.PeerCertificates[0].NotAfter.Format("2006-01-02")))
}

// fixForTLS tells the ways apart in which a handshake fails.
func fixForTLS(err error) string {
	var (
		unknown x509.UnknownAuthorityError
		host    x509.HostnameError
		invalid x509.CertificateInvalidError
		record  tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &record):
		return "The port does not speak TLS. Is it http:// that is meant?"
	case errors.As(err, &host):
		return "The certificate is for another host. Use the host the certificate names."
	case errors.As(err, &unknown):
		return "The certificate is signed by an authority this machine does not trust. Add it to the machine's certificates."
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "The certificate is expired or not valid yet. Compare the clocks of both machines; renew the certificate."
	}
	return "The certificate is expired, for another host, or signed by an unknown authority. The gateway does not skip this check."
}

func (r *run) authenticate(ctx context.Context) verdict {
	status, data, err := r.call(ctx, http.MethodGet, "/v1/models", nil)
	if err != nil {
		return unreachable()
	}
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return fail(said(status, data), "The key is wrong, expired or lacks rights. Paste it again; check that it belongs to this provider.")
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed:
		return skip("there is no model list here, or the base URL's path is wrong; ask a model to be sure")
	case status == http.StatusTooManyRequests:
		return fail(said(status, data), "The key was accepted, but the account is rate limited or out of credit.")
	case status >= 300 && status < 400:
		return fail(said(status, data), "The provider leads elsewhere, which the gateway does not follow. Use the address it leads to.")
	case status != http.StatusOK:
		return fail(said(status, data), "The provider has a problem of its own. Try again later.")
	}
	list, ok := parseModels(data)
	if !ok {
		return fail("the answer to the model list can't be read", "Is this the API's base URL, or a web page? Its version segment may be missing.")
	}
	if r.options.Model != "" && !listed(list, r.options.Model) {
		return pass(fmt.Sprintf("key accepted; %d models, %q is not among them", len(list), r.options.Model))
	}
	return pass(fmt.Sprintf("key accepted; %d models", len(list)))
}

func (r *run) complete(ctx context.Context) verdict {
	if r.options.Model == "" {
		return skip("no model was chosen")
	}
	status, data, err := r.call(ctx, http.MethodPost, r.native(), r.request(false))
	if err != nil {
		return unreachable()
	}
	if status != http.StatusOK {
		return fail(said(status, data), fixFor(status))
	}
	return pass("the model answered")
}

func (r *run) stream(ctx context.Context) verdict {
	if r.options.Model == "" || !r.options.Stream {
		return skip("not asked for")
	}
	status, data, err := r.call(ctx, http.MethodPost, r.native(), r.request(true))
	if err != nil {
		return unreachable()
	}
	if status != http.StatusOK {
		return fail(said(status, data), fixFor(status))
	}
	if !bytes.Contains(data, []byte("data:")) {
		return fail("the answer to a stream request is no event stream", "The provider may not stream this model.")
	}
	return pass(fmt.Sprintf("streamed %d events", bytes.Count(data, []byte("data:"))))
}

func unreachable() verdict {
	return fail("the provider did not answer", "It took the connection but gave no answer in time, or broke it off. Check the URL's path and the provider's state.")
}

func fixFor(status int) string {
	switch {
	case status == http.StatusNotFound:
		return "The provider does not know this model, or the base URL's path is wrong."
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return "The key may not use this model."
	case status == http.StatusTooManyRequests:
		return "The account is rate limited or out of credit."
	case status < http.StatusInternalServerError:
		return "The provider refused the request; its message says why."
	}
	return "The provider has a problem of its own. Try again later."
}

// call makes one request with the provider's key and reads at most maxAnswer of the answer.
func (r *run) call(ctx context.Context, method string, path models.Endpoint, body []byte) (status int, data []byte, err error) {
	header := http.Header{"Content-Type": {"application/json"}, "User-Agent": {"squirrel-connection-test"}}
	call := &upstream.Call{Provider: &r.provider, Endpoint: path, Method: method, Header: header, Length: int64(len(body))}
	if body != nil {
		call.NewBody = func() io.ReadCloser { return io.NopCloser(bytes.NewReader(body)) }
	}
	req, err := r.client.Request(ctx, call)
	if err != nil {
		return 0, nil, err
	}
	resp, err := r.client.Do(req, &r.provider)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	data, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return resp.StatusCode, data, err
}

func (r *run) native() models.Endpoint {
	switch r.provider.Protocol {
	case models.ProtocolAnthropic:
		return models.EndpointMessages
	case models.ProtocolResponses:
		return models.EndpointResponses
	default:
		return models.EndpointChat
	}
}

// said quotes the provider's own message, shortened.
func said(status int, data []byte) string {
	text := fmt.Sprintf("the provider answered %d %s", status, http.StatusText(status))
	if message := errorMessage(data); message != "" {
		text += ": " + strings.ToValidUTF8(message[:min(len(message), 300)], "")
	}
	return text
}
