package simulator

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start starts a server that ends with the test.
func start(t *testing.T, opt Options) *Server {
	t.Helper()
	s, err := Start(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

const (
	chatPath     = "/v1/chat/completions"
	messagesPath = "/v1/messages"
)

// chatBody asks for a chat completion.
func chatBody(model string, stream bool) string {
	return fmt.Sprintf(`{"model":%q,"stream":%t,"messages":[{"role":"user","content":"hello"}]}`, model, stream)
}

func messagesBody(model string, stream bool) string {
	return fmt.Sprintf(`{"model":%q,"stream":%t,"max_tokens":100,"messages":[{"role":"user","content":"hello"}]}`, model, stream)
}

// client is a raw client: it sees every byte.
type client struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

func dial(t *testing.T, s *Server) *client {
	t.Helper()
	conn, err := net.Dial("tcp", s.ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if s.tls != nil {
		conn = tls.Client(conn, &tls.Config{RootCAs: s.RootCAs(), ServerName: "localhost"})
	}
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &client{t, conn, bufio.NewReader(conn)}
}

func (c *client) post(path, body string, header ...string) *client {
	c.t.Helper()
	extra := ""
	for _, h := range header {
		extra += h + "\r\n"
	}
	if !strings.Contains(extra, "Content-Type:") {
		extra += "Content-Type: application/json\r\n"
	}
	_, err := fmt.Fprintf(c.conn, "POST %s HTTP/1.1\r\nHost: sim\r\nAuthorization: Bearer key\r\n%sContent-Length: %d\r\n\r\n%s", path, extra, len(body), body)
	if err != nil {
		c.t.Fatal(err)
	}
	return c
}

// answer reads the answer. The error is what ended its body.
func (c *client) answer() (*http.Response, string, error) {
	c.t.Helper()
	r, err := http.ReadResponse(c.in, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	return r, string(body), err
}

// whole is answer for answers that arrive whole.
func (c *client) whole() (*http.Response, string) {
	c.t.Helper()
	r, body, err := c.answer()
	if err != nil {
		c.t.Fatalf("the body ended in %v", err)
	}
	return r, body
}

// event reads the header, when it comes next, and one chunk.
func (c *client) event() string {
	c.t.Helper()
	for {
		line, err := c.in.ReadString('\n')
		if err != nil {
			c.t.Fatal(err)
		}
		size, err := strconv.ParseInt(strings.TrimSpace(line), 16, 32)
		if err != nil {
			continue // the header
		}
		chunk := make([]byte, size+2)
		if _, err := io.ReadFull(c.in, chunk); err != nil {
			c.t.Fatal(err)
		}
		return string(chunk[:size])
	}
}

// stalled fails the test when something comes, or the connection ends, within a short time.
func stalled(t *testing.T, c *client) {
	t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	b, err := c.in.ReadByte()
	var timeout net.Error
	if !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("read %q, %v", b, err)
	}
}

// raw reads all that comes until the connection ends.
func (c *client) raw() (string, error) {
	all, err := io.ReadAll(c.in)
	return string(all), err
}

func chat(t *testing.T, s *Server, model string, stream bool) *client {
	t.Helper()
	return dial(t, s).post(chatPath, chatBody(model, stream))
}

// soon is the time in which the ledger must have seen something.
func soon(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
