package upstream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"testing"
	"time"
)

func TestA07_RetryAfterExtremes(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]struct {
		wait  time.Duration
		named bool
	}{
		"": {0, false}, "  ": {0, false}, "soon": {0, false}, "1e": {0, false}, "12 34": {0, false}, "0x10": {0, false},
		"0": {0, true}, "-1": {0, true}, "-999999999999999999999": {0, true}, "2": {2 * time.Second, true}, " 2 ": {2 * time.Second, true}, "0.5": {500 * time.Millisecond, true},
		"60": {time.Minute, true}, "61": {time.Minute, true}, "999999999": {time.Minute, true}, "9223372036854775807": {time.Minute, true}, "1e300": {time.Minute, true}, "1e400": {0, false},
		"NaN": {0, true}, "-NaN": {0, false}, "Inf": {time.Minute, true}, "+Inf": {time.Minute, true}, "-Inf": {0, true},
		"Thu, 01 Jan 1970 00:00:00 GMT": {0, true}, "Fri, 31 Dec 9999 23:59:59 GMT": {time.Minute, true}, "Sun, 01 Mar 2026 12:00:07 GMT": {7 * time.Second, true},
		"Sun Mar  1 12:00:08 2026": {8 * time.Second, true}, "Mon, 31 Feb 2026 99:00:00 GMT": {0, false},
	} {
		out := FromStatus(http.StatusTooManyRequests, http.Header{"Retry-After": {text}}, now)
		if out.RetryAfter != want.wait || out.HasRetry != want.named {
			t.Errorf("%q: %v, %t; want %v, %t", text, out.RetryAfter, out.HasRetry, want.wait, want.named)
		}
	}
}

func FuzzA07_RetryAfter(f *testing.F) {
	for _, seed := range []string{"", "1", "-1", "NaN", "1e309", "999999999999", "Thu, 01 Jan 1970 00:00:00 GMT", "0x1p-1074"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		wait, named := retryAfter(http.Header{"Retry-After": {text}}, time.Unix(1e9, 0))
		if wait < 0 || wait > MaxRetryAfter || !named && wait != 0 {
			t.Errorf("%q: %v, %t", text, wait, named)
		}
	})
}

func TestStatusClasses(t *testing.T) {
	for status, want := range map[int]Class{
		200: Success, 201: Success, 299: Success, 301: BadResponse, 302: BadResponse, 304: BadResponse, 101: BadResponse, 400: ClientFault, 401: Credential, 402: Credential, 403: Credential,
		404: TargetNotFound, 408: RequestTimeout, 409: ClientFault, 413: ClientFault, 422: ClientFault, 425: RequestTimeout, 429: RateLimited, 500: ServerError, 502: ServerError, 529: ServerError, 599: ServerError,
	} {
		if out := FromStatus(status, nil, time.Time{}); out.Class != want || out.Status != status {
			t.Errorf("%d: class %d, want %d", status, out.Class, want)
		}
	}
}

// TestErrorClasses: what ended a call is decided by types and by the cause of its context, never by the text of an error.
func TestErrorClasses(t *testing.T) {
	wrapped := func(err error) error {
		return &url.Error{Op: "Post", URL: "http://x", Err: fmt.Errorf("transport: %w", err)}
	}
	network := func(op string, err error) error { return wrapped(&net.OpError{Op: op, Err: err}) }
	for name, c := range map[string]struct {
		err       error
		cause     error
		responded bool
		class     Class
		kind      string
	}{
		"refused":              {err: network("dial", syscall.ECONNREFUSED), class: ConnectFailed, kind: "dial"},
		"proxy refused":        {err: network("proxyconnect", syscall.ECONNREFUSED), class: ConnectFailed, kind: "dial"},
		"policy":               {err: network("dial", ErrAddressRefused), class: ConnectFailed, kind: "refused_by_policy"},
		"no such host":         {err: network("dial", &net.DNSError{IsNotFound: true}), class: ConnectFailed, kind: "dns"},
		"unknown authority":    {err: wrapped(x509.UnknownAuthorityError{}), class: ConnectFailed, kind: "tls"},
		"expired":              {err: wrapped(&tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Reason: x509.Expired}}), class: ConnectFailed, kind: "tls"},
		"wrong host":           {err: wrapped(x509.HostnameError{Certificate: &x509.Certificate{}}), class: ConnectFailed, kind: "tls"},
		"no TLS at all":        {err: wrapped(tls.RecordHeaderError{}), class: ConnectFailed, kind: "tls"},
		"reset":                {err: network("read", syscall.ECONNRESET), class: ConnectionLost, kind: "reset"},
		"closed":               {err: wrapped(io.EOF), class: ConnectionLost, kind: "reset"},
		"broken pipe":          {err: network("write", syscall.EPIPE), class: ConnectionLost, kind: "reset"},
		"reset in the answer":  {err: network("read", syscall.ECONNRESET), responded: true, class: BadResponse, kind: "bad_response"},
		"cut in the answer":    {err: wrapped(io.ErrUnexpectedEOF), responded: true, class: BadResponse, kind: "bad_response"},
		"not HTTP":             {err: wrapped(errors.New("malformed HTTP response")), class: BadResponse, kind: "bad_response"},
		"client left":          {err: wrapped(context.Canceled), cause: ErrClientGone, class: ClientGone, kind: "client_gone"},
		"shutting down":        {err: wrapped(context.Canceled), cause: ErrShuttingDown, class: ShuttingDown, kind: "shutting_down"},
		"first byte":           {err: wrapped(context.Canceled), cause: ErrFirstByteTimeout, class: FirstByteTimeout, kind: "timeout"},
		"idle":                 {err: wrapped(context.Canceled), cause: ErrIdleTimeout, responded: true, class: ResponseTimeout, kind: "timeout"},
		"whole answer":         {err: wrapped(context.Canceled), cause: ErrResponseTimeout, responded: true, class: ResponseTimeout, kind: "timeout"},
		"deadline":             {err: wrapped(context.DeadlineExceeded), cause: context.DeadlineExceeded, class: ResponseTimeout, kind: "timeout"},
		"left while resetting": {err: network("read", syscall.ECONNRESET), cause: ErrClientGone, class: ClientGone, kind: "client_gone"},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		if c.cause != nil {
			cancel(c.cause)
		}
		if out := FromError(ctx, c.err, c.responded); out.Class != c.class || out.Kind != c.kind || !errors.Is(out.Err, c.err) {
			t.Errorf("%s: class %d, kind %q; want %d, %q", name, out.Class, out.Kind, c.class, c.kind)
		}
		cancel(nil)
	}
}
