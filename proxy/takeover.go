package proxy

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"
)

// How much of an unwanted body is read after the answer, and for how long.
const (
	lingerBytes = 256 << 20
	lingerTime  = 2 * time.Second
)

// sendUnframed streams to a client of HTTP/1.0, which knows no chunks: the end of the connection is the end of the answer.
// fasthttp would frame it all the same, so the connection is taken out of its hands.
func sendUnframed(c *fiber.Ctx, a *Answer) {
	takeOver(c, func(conn net.Conn) {
		defer a.Stream.Close()
		if err := writeHead(conn, a); err == nil {
			_, _ = a.Stream.WriteTo(conn)
		}
	})
}

// sendAndLinger answers a client that may still be sending its body, and reads on for a while: closing at once would reset the
// connection, and many clients would see that instead of the answer.
func sendAndLinger(c *fiber.Ctx, a *Answer) {
	a.Header.Set("Content-Length", itoa(len(a.Body)))
	takeOver(c, func(conn net.Conn) {
		if err := writeHead(conn, a); err != nil {
			return
		}
		if _, err := conn.Write(a.Body); err != nil {
			return
		}
		_ = conn.SetReadDeadline(time.Now().Add(lingerTime))
		_, _ = io.CopyN(io.Discard, conn, lingerBytes)
	})
}

// takeOver leaves the answer to a function that writes to the bare connection, which is closed after it.
func takeOver(c *fiber.Ctx, answer func(net.Conn)) {
	c.Context().HijackSetNoResponse(true)
	c.Context().Hijack(answer)
}

func writeHead(w io.Writer, a *Answer) error {
	head := bytes.NewBufferString("HTTP/1.1 " + itoa(a.Status) + " " + http.StatusText(a.Status) + "\r\nConnection: close\r\n")
	if err := a.Header.Write(head); err != nil {
		return err
	}
	head.WriteString("\r\n")
	_, err := head.WriteTo(w)
	return err
}
