package upstream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Class is what an attempt came to. It is decided from types and status codes, never from the text of an error.
type Class int

// The classes, in the order of routing.md's outcome table.
const (
	Success          Class = iota
	ConnectFailed          // refused, DNS, TLS
	ConnectionLost         // before any response byte; the provider may have done the work
	ServerError            // 5xx, 529
	BadResponse            // empty, truncated or malformed success body, unexpected redirect
	RequestTimeout         // 408, 425
	RateLimited            // 429
	Credential             // 401, 402, 403: our key, not the client's
	TargetNotFound         // 404
	ClientFault            // 400, 413, 422: the request is to blame
	ContextTooLong         // a client fault that a larger context window may cure
	FirstByteTimeout       // nothing came in time
	ResponseTimeout        // the whole answer took too long
	StreamError            // the first event of a stream was an error, or it ended without any
	ClientGone             // the caller left
	ShuttingDown           // we were told to stop
	Cancelled              // an administrator stopped this request
)

// Cancellation causes of an attempt's context.
var (
	ErrClientGone       = errors.New("client disconnected")
	ErrFirstByteTimeout = errors.New("no response byte in time")
	ErrIdleTimeout      = errors.New("stream idle for too long")
	ErrResponseTimeout  = errors.New("response took too long")
	ErrShuttingDown     = errors.New("gateway is shutting down")
	ErrCancelled        = errors.New("cancelled by an administrator")
)

// Outcome is how one attempt ended.
type Outcome struct {
	Class      Class
	Kind       string        // for the log: dial, dns, tls, reset, timeout, status, bad_response, stream_error, client_gone
	Status     int           // the provider's status; 0 when it sent none
	RetryAfter time.Duration // clamped to [0, 60 s]; meaningful for RateLimited and ServerError
	HasRetry   bool          // the provider named a RetryAfter
	Err        error         // the cause; for the operator's log only
}

// FromError classifies a failed call. ctx is the attempt's: its cause tells our own timeouts and the client's leaving
// from a failure of the network. responded says whether a byte of the answer had been read.
func FromError(ctx context.Context, err error, responded bool) Outcome {
	out := Outcome{Err: err}
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, ErrClientGone):
		out.Class, out.Kind = ClientGone, "client_gone"
	case errors.Is(cause, ErrShuttingDown):
		out.Class, out.Kind = ShuttingDown, "shutting_down"
	case errors.Is(cause, ErrCancelled):
		out.Class, out.Kind = Cancelled, "cancelled"
	case errors.Is(cause, ErrFirstByteTimeout):
		out.Class, out.Kind = FirstByteTimeout, "timeout"
	case errors.Is(cause, ErrIdleTimeout), errors.Is(cause, ErrResponseTimeout), errors.Is(cause, context.DeadlineExceeded):
		out.Class, out.Kind = ResponseTimeout, "timeout"
	default:
		out.Class, out.Kind = networkFailure(err, responded)
	}
	return out
}

func networkFailure(err error, responded bool) (Class, string) {
	var (
		dns     *net.DNSError
		op      *net.OpError
		unknown x509.UnknownAuthorityError
		host    x509.HostnameError
		invalid x509.CertificateInvalidError
		verify  *tls.CertificateVerificationError
		record  tls.RecordHeaderError
		alert   tls.AlertError
	)
	switch {
	case errors.Is(err, ErrAddressRefused):
		return ConnectFailed, "refused_by_policy"
	case errors.As(err, &dns):
		return ConnectFailed, "dns"
	case errors.As(err, &unknown), errors.As(err, &host), errors.As(err, &invalid), errors.As(err, &verify), errors.As(err, &record), errors.As(err, &alert):
		return ConnectFailed, "tls"
	case errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect" || op.Op == "socks connect"):
		return ConnectFailed, "dial"
	case responded:
		return BadResponse, "bad_response"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.As(err, &op):
		return ConnectionLost, "reset"
	default:
		return BadResponse, "bad_response"
	}
}

// FromStatus classifies an answer by its status line.
func FromStatus(status int, h http.Header, now time.Time) Outcome {
	out := Outcome{Status: status, Kind: "status"}
	switch {
	case status >= 200 && status < 300:
		out.Class, out.Kind = Success, ""
	case status == http.StatusTooManyRequests:
		out.Class = RateLimited
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusPaymentRequired:
		out.Class = Credential
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly:
		out.Class = RequestTimeout
	case status == http.StatusNotFound:
		out.Class = TargetNotFound
	case status >= 500:
		out.Class = ServerError
	case status >= 400:
		out.Class = ClientFault
	default: // 1xx that ended the answer, 3xx that we do not follow
		out.Class, out.Kind = BadResponse, "redirect"
	}
	out.RetryAfter, out.HasRetry = retryAfter(h, now)
	return out
}

// MaxRetryAfter bounds what a provider may ask for.
const MaxRetryAfter = 60 * time.Second

// retryAfter reads Retry-After (seconds or an HTTP date, RFC 9110 §10.2.3), clamped to [0, MaxRetryAfter].
func retryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if text == "" {
		return 0, false
	}
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		if !(seconds >= 0) { // also NaN
			return 0, true
		}
		if seconds > MaxRetryAfter.Seconds() {
			return MaxRetryAfter, true
		}
		return time.Duration(seconds * float64(time.Second)), true
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0, false
	}
	return min(max(at.Sub(now), 0), MaxRetryAfter), true
}
