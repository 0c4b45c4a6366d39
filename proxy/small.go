package proxy

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
)

var errAnswerTooLarge = errors.New("the answer is larger than the gateway reads whole")

func itoa(n int) string { return strconv.Itoa(n) }

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func msSince(t time.Time) float64 { return ms(time.Since(t)) }

// head returns the first n bytes of data.
func head(data []byte, n int) []byte {
	if len(data) > n {
		return data[:n:n]
	}
	return data
}

func looksLikeJSON(data []byte) bool {
	data = bytes.TrimSpace(data)
	return len(data) > 1 && data[0] == '{' && data[len(data)-1] == '}'
}

func firstHeader(h http.Header, names ...string) string {
	for _, name := range names {
		if v := h.Get(name); v != "" {
			return string(head([]byte(v), 128))
		}
	}
	return ""
}

func isEventStream(h http.Header) bool {
	return strings.HasPrefix(h.Get("Content-Type"), "text/event-stream")
}

// setSafe sets a header to a value from the configuration or from outside, with everything that is not plain ASCII
// percent-encoded.
func setSafe(h http.Header, name, value string) {
	if value == "" {
		return
	}
	var b strings.Builder
	for i := range len(value) {
		if c := value[i]; c >= ' ' && c < 0x7f && c != '%' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	h.Set(name, b.String())
}

// traceID is the trace id of a W3C traceparent (https://www.w3.org/TR/trace-context/#traceparent-header), "" without one.
func traceID(h http.Header) string {
	parts := strings.Split(h.Get("Traceparent"), "-")
	if len(parts) < 4 || len(parts[1]) != 32 || strings.Trim(parts[1], "0123456789abcdef") != "" {
		return ""
	}
	return parts[1]
}

// decoded undoes a gzip encoding the provider used although identity was asked for; its size is bounded by the reader's limit.
func decoded(resp *http.Response) (io.Reader, error) {
	switch strings.ToLower(strings.TrimSpace(resp.Header.Get("Content-Encoding"))) {
	case "", "identity":
		return resp.Body, nil
	case "gzip":
		return gzip.NewReader(resp.Body)
	default:
		return nil, errors.New("the provider used an unknown content encoding")
	}
}

func bodySource(c *fiber.Ctx) io.Reader {
	if r := &c.Context().Request; r.IsBodyStream() {
		return c.Context().RequestBodyStream()
	}
	return bytes.NewReader(c.Request().Body())
}

// capped keeps of what is added piece by piece as many of the first pieces as fit into limit bytes, and counts all of it. A piece
// is kept whole or not at all: half a secret is not recognised. A nil capped keeps nothing.
type capped struct {
	limit int
	data  []byte
	size  int // of everything that was added
}

func (c *capped) add(p []byte) {
	if c == nil {
		return
	}
	if c.size == len(c.data) && c.size+len(p) <= c.limit {
		c.data = append(c.data, p...)
	}
	c.size += len(p)
}

// cut is how many bytes there were when not all of them were kept, else 0.
func (c *capped) cut() int {
	if c == nil || c.size == len(c.data) {
		return 0
	}
	return c.size
}

func (c *capped) bytes() []byte {
	if c == nil {
		return nil
	}
	return c.data
}
