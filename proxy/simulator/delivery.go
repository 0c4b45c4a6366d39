package simulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"squirrel/proxy/simulator/answers"
)

// errCut is returned by everything that ended an answer on purpose.
var errCut = errors.New("cut by a fault")

// flushPause is given to the last bytes before a reset, which would otherwise overtake them.
const flushPause = 20 * time.Millisecond

// delivery writes one answer.
type delivery struct {
	conn   *conn
	ctx    context.Context
	fault  *Fault
	answer *answers.Answer
	http11 bool
	entry  *tracked

	status   int
	stream   bool
	chunked  bool
	sent     int64       // body bytes, without framing
	events   int         // of them, whole events
	complete atomic.Bool // all is sent, or about to be: a client that leaves now leaves satisfied
	scratch  []byte
}

// send delivers the answer as the fault wants it. After an error the connection is of no further use.
func (d *delivery) send(f *Fault, a *answers.Answer) error {
	d.fault, d.answer = f, a
	d.stream = a.Events != nil || strings.HasPrefix(a.ContentType, "text/event-stream")
	switch {
	case f.Blackhole, f.Stall != nil && f.Stall.before():
		return d.hang()
	case f.Reset.before():
		d.complete.Store(true)
		d.conn.reset()
		return errCut
	case f.Finish.before():
		return d.finish()
	}
	if err := d.pause(f.DelayHeader); err != nil {
		return err
	}
	d.status = a.Status
	body := d.body()
	if err := d.head(body); err != nil {
		return err
	}
	if d.bodiless() {
		d.complete.Store(true)
		return nil
	}
	if err := d.parts(body); err != nil {
		return err
	}
	if !d.chunked && d.http11 && !f.LongLength {
		return nil
	}
	return d.end()
}

// body is the answer's body in the parts it is sent in.
func (d *delivery) body() [][]byte {
	a := d.answer
	switch {
	case a.Events != nil:
		return renderEvents(a.Events, answers.Protocol(d.entry.Endpoint), d.fault)
	case d.stream:
		return splitEvents(a.Body)
	case !a.Pieces:
		return [][]byte{a.Body}
	}
	const piece = 4 << 10
	var parts [][]byte
	for rest := a.Body; len(rest) > 0; rest = rest[min(piece, len(rest)):] {
		parts = append(parts, rest[:min(piece, len(rest))])
	}
	return parts
}

// bodiless reports whether the answer may not have a body.
func (d *delivery) bodiless() bool {
	return d.entry.Method == http.MethodHead || d.status == http.StatusNoContent || d.status == http.StatusNotModified
}

// head writes the interim answers, the status line and the header.
func (d *delivery) head(body [][]byte) error {
	if err := d.interim(); err != nil {
		return err
	}
	var h strings.Builder
	fmt.Fprintf(&h, "HTTP/1.1 %d %s\r\n", d.answer.Status, statusText(d.answer.Status))
	fmt.Fprintf(&h, "Date: %s\r\nContent-Type: %s\r\n", time.Now().UTC().Format(http.TimeFormat), d.answer.ContentType)
	for _, f := range d.answer.Header {
		fmt.Fprintf(&h, "%s: %s\r\n", f[0], f[1])
	}
	if d.stream {
		h.WriteString("Cache-Control: no-cache\r\n")
	}
	for i := 0; h.Len() < d.fault.HeaderFlood; i++ {
		fmt.Fprintf(&h, "X-Flood-%d: %s\r\n", i, strings.Repeat("acorn", 200))
	}
	h.WriteString(d.framing(body))
	if !d.conn.open {
		h.WriteString("Connection: close\r\n")
	}
	h.WriteString("\r\n")
	return d.writeHead(h.String())
}

// framing says how the end of the body is told, truthfully or not.
func (d *delivery) framing(body [][]byte) string {
	var total int
	for _, p := range body {
		total += len(p)
	}
	lengthKnown := !d.stream && !d.answer.Pieces && !d.fault.BadChunk
	switch {
	case d.status == http.StatusNoContent:
		return ""
	case d.fault.ShortLength:
		return "Content-Length: " + strconv.Itoa(total/2) + "\r\n"
	case d.fault.LongLength:
		return "Content-Length: " + strconv.Itoa(total+60) + "\r\n"
	case lengthKnown:
		return "Content-Length: " + strconv.Itoa(total) + "\r\n"
	case !d.http11:
		d.conn.open = false
		return ""
	}
	d.chunked = true
	return "Transfer-Encoding: chunked\r\n"
}

func (d *delivery) interim() error {
	const batch = 100
	for left := d.fault.InterimFlood; left > 0; left -= batch {
		if err := d.write([]byte(strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", min(left, batch)))); err != nil {
			return err
		}
	}
	return nil
}

func (d *delivery) writeHead(head string) error {
	if d.fault.HeaderDrip == 0 {
		return d.write([]byte(head))
	}
	for i := range len(head) {
		if err := d.write([]byte{head[i]}); err != nil {
			return err
		}
		if err := d.pause(d.fault.HeaderDrip); err != nil {
			return err
		}
	}
	return nil
}

// parts writes the body part by part, with the pauses and the cuts between them.
func (d *delivery) parts(body [][]byte) error {
	for i, part := range body {
		if err := d.cutAfterEvents(); err != nil {
			return err
		}
		if err := d.waitFor(i + 1); err != nil {
			return err
		}
		last := i == len(body)-1
		if err := d.part(part, last); err != nil {
			return err
		}
		if d.stream {
			d.events++
			d.entry.progress(d.sent, d.events)
		}
		if d.fault.BadChunk {
			d.complete.Store(true)
			_ = d.write([]byte("acorn\r\n"))
			return errCut
		}
	}
	return d.cutAfterEvents()
}

func (d *delivery) waitFor(part int) error {
	for _, delay := range d.fault.DelayChunks {
		if delay.At != part {
			continue
		}
		if err := d.pause(delay.Wait); err != nil {
			return err
		}
	}
	if part > 1 {
		return d.pause(d.fault.Interval)
	}
	return nil
}

// part writes one part of the body in the fault's segments, up to the byte it is cut at.
func (d *delivery) part(p []byte, last bool) error {
	cutter, keep := d.cutInside(p)
	for rest := p[:keep]; len(rest) > 0; {
		n := d.segment(rest)
		if last && cutter == nil && n == len(rest) {
			d.complete.Store(true)
		}
		if err := d.payload(rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	if cutter != nil {
		return cutter()
	}
	return nil
}

// cutInside finds the first cut that falls into the next bytes, and how many of them are still sent.
func (d *delivery) cutInside(p []byte) (cutter func() error, keep int) {
	keep = len(p)
	for _, c := range d.cuts() {
		if left, counts := c.at.bytes(d.sent, d.stream); counts && left <= int64(keep) {
			cutter, keep = c.do, int(max(left, 0))
		}
	}
	return cutter, keep
}

func (d *delivery) cutAfterEvents() error {
	for _, c := range d.cuts() {
		if d.stream && c.at.afterEvent(d.events) {
			return c.do()
		}
	}
	return nil
}

type cutter struct {
	at *Cut
	do func() error
}

func (d *delivery) cuts() [3]cutter {
	return [3]cutter{{d.fault.Stall, d.hang}, {d.fault.Finish, d.finish}, {d.fault.Reset, d.reset}}
}

func (d *delivery) reset() error {
	d.complete.Store(true)
	_ = d.pause(flushPause) // a client that is gone is reset all the same
	d.conn.reset()
	return errCut
}

func (d *delivery) finish() error {
	d.complete.Store(true)
	d.conn.tcp.Close()
	return errCut
}

// hang sends nothing more until the client leaves.
func (d *delivery) hang() error {
	d.complete.Store(false)
	<-d.ctx.Done()
	return errCut
}

// segment is how many of the bytes are written next.
func (d *delivery) segment(p []byte) int {
	switch {
	case d.fault.Segment > 0:
		return min(d.fault.Segment, len(p))
	case d.fault.SSE.SplitUTF8:
		for i := range p {
			if p[i] >= utf8.RuneSelf && i+1 < len(p) && !utf8.RuneStart(p[i+1]) {
				return i + 1
			}
		}
	}
	return len(p)
}

// payload writes body bytes: a chunk of their own when the body is chunked.
func (d *delivery) payload(p []byte) error {
	out := p
	if d.chunked {
		d.scratch = strconv.AppendInt(d.scratch[:0], int64(len(p)), 16)
		d.scratch = append(d.scratch, "\r\n"...)
		d.scratch = append(d.scratch, p...)
		d.scratch = append(d.scratch, "\r\n"...)
		out = d.scratch
	}
	if err := d.write(out); err != nil {
		return err
	}
	d.sent += int64(len(p))
	return nil
}

// end tells the end of the body.
func (d *delivery) end() error {
	d.complete.Store(true)
	if d.chunked {
		_, err := io.WriteString(d.conn.wire, "0\r\n\r\n")
		return err
	}
	return errCut // the end of the connection is the end of the body
}

// write writes to the client, who is gone when that fails.
func (d *delivery) write(p []byte) error {
	if err := d.ctx.Err(); err != nil {
		return err
	}
	if _, err := d.conn.wire.Write(p); err != nil {
		d.entry.abort(time.Now())
		return err
	}
	return nil
}

func (d *delivery) pause(wait time.Duration) error {
	if wait <= 0 {
		return d.ctx.Err()
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-d.ctx.Done():
		return d.ctx.Err()
	}
}
