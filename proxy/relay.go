package proxy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"squirrel/models"
	"squirrel/proxy/sse"
	"squirrel/proxy/tap"
	"squirrel/proxy/upstream"
)

const (
	relayBuffer  = 8 << 10  // bytes read from the provider at once
	maxHeld      = 64 << 10 // of an unfinished event; past it the event is passed on in pieces
	maxConverted = 4 << 20  // of an unfinished event that has to be translated, which takes a whole one
)

// relay carries one answer from a provider to the client as it arrives. Before it is committed, open looks for the first
// meaningful event; afterwards fasthttp drives WriteTo. Whole events are passed on in the bytes they came in; an unfinished
// event is held back, so that a cut stream never ends in half an event.
type relay struct {
	x      *Exchange
	try    *try
	resp   *http.Response
	source io.Reader
	ctx    context.Context
	cancel context.CancelCauseFunc
	whole  *time.Timer // bounds the whole answer

	events   bool // an event stream; else bytes whose form doesn't matter here
	reader   eventReader
	tap      *tap.Tap
	raw      *capped // raw events for the log, nil when they are not recorded
	pace     pacer
	came     time.Time // when the last of the provider's bytes did
	conv     *conversionStream
	pending  []byte  // translated, not written yet
	lent     *[]byte // memory for it
	monitor  *monitor
	partial  bool // a piece of an unfinished event has been passed on
	first    time.Duration
	written  int64
	saved    checkpoint
	finished bool
	header   http.Header
}

var bufferPool = sync.Pool{New: func() any { b := make([]byte, relayBuffer); return &b }}

func newRelay(ctx context.Context, x *Exchange, t *try, resp *http.Response, cancel context.CancelCauseFunc, whole *time.Timer) *relay {
	r := &relay{x: x, try: t, resp: resp, ctx: ctx, cancel: cancel, whole: whole, events: isEventStream(resp.Header)}
	r.tap = tap.New(t.sent.endpoint, t.sent.protocol, r.events, x.gw.opts.LogBodyMaxBytes)
	if x.gw.opts.StreamEvents && r.events && x.key.RecordDetails {
		r.raw = &capped{limit: int(x.gw.opts.LogBodyMaxBytes)}
	}
	r.pace.off = !x.key.RecordDetails
	if r.conv = t.sent.stream(x, r.events); r.conv != nil {
		r.lent = bufferPool.Get().(*[]byte)
		r.pending = (*r.lent)[:0]
	}
	r.reader.init()
	return r
}

// open reads up to the first meaningful event. Anything but Success means that nothing was committed.
func (r *relay) open() upstream.Outcome {
	source, err := decoded(r.resp)
	if err != nil {
		return upstream.Outcome{Class: upstream.BadResponse, Kind: "bad_response", Status: r.resp.StatusCode, Err: err}
	}
	r.source = source
	for {
		n, err := r.read(time.Time{})
		if n > 0 && !r.events {
			return r.opened()
		}
		if out, decided := r.look(); decided {
			return out
		}
		if err != nil {
			return r.neverBegan(err)
		}
	}
}

// read takes more of the provider's bytes and notes when they came. waiting is since when nothing else was to be done.
func (r *relay) read(waiting time.Time) (int, error) {
	n, err := r.reader.fill(r.source)
	r.came = time.Now()
	r.pace.arrived(r.came.Sub(r.x.start), waiting.Sub(r.x.start), n)
	return n, err
}

// look examines what has arrived, without consuming it.
func (r *relay) look() (upstream.Outcome, bool) {
	ahead, events := r.reader, int64(0)
	for {
		raw, ok := ahead.next()
		if !ok {
			break
		}
		if !blank(raw) {
			events++
			r.pace.ahead(events)
		}
		event := sse.ParseEvent(raw)
		if failure := tap.ErrorOf(r.try.sent.protocol, event); failure != nil {
			return r.errorFirst(failure), true
		}
		if tap.Meaningful(r.try.sent.protocol, event) {
			return r.opened(), true
		}
	}
	if ahead.held() > maxHeld {
		return r.opened(), true
	}
	return upstream.Outcome{}, false
}

func (r *relay) opened() upstream.Outcome {
	r.first = time.Since(r.x.start)
	return upstream.Outcome{Class: upstream.Success, Status: r.resp.StatusCode}
}

// errorFirst treats a stream that begins with an error as the status the provider should have sent.
func (r *relay) errorFirst(failure *tap.ErrorInfo) upstream.Outcome {
	out := upstream.FromStatus(failure.HTTPStatus(), r.resp.Header, r.x.gw.now())
	out.Class, out.Kind = refineFailure(out.Class, failure.Raw), "stream_error"
	r.try.body = failure.Raw
	if out.Class == upstream.Success {
		out.Class = upstream.StreamError
	}
	return out
}

func (r *relay) neverBegan(err error) upstream.Outcome {
	if errors.Is(err, io.EOF) {
		return upstream.Outcome{Class: upstream.StreamError, Kind: "stream_error", Status: r.resp.StatusCode, Err: err}
	}
	out := upstream.FromError(r.ctx, err, true)
	out.Status = r.resp.StatusCode
	return out
}

// answer commits the stream: from here on there is no other provider.
func (r *relay) answer(h http.Header) *Answer {
	if r.events {
		h.Set("Cache-Control", "no-cache")
		h.Set("X-Accel-Buffering", "no")
	}
	reportDropped(h, r.x.dropped)
	r.header = h
	r.x.noteOverhead()
	r.monitor = newMonitor(r)
	return &Answer{Status: r.resp.StatusCode, Header: h, Stream: r}
}

// SupportsBodyWriteTo tells fasthttp that WriteTo produces what Read would.
func (r *relay) SupportsBodyWriteTo() bool { return true }

// Read is there because fasthttp takes readers; it is never called.
func (r *relay) Read([]byte) (int, error) {
	return 0, errors.New("proxy: a relay is driven by WriteTo")
}

// WriteTo sends the stream. Each Write is flushed as a chunk of its own. The END record is accepted before the last bytes
// are written.
func (r *relay) WriteTo(w io.Writer) (n int64, err error) {
	defer func() {
		if p := recover(); p != nil {
			r.x.gw.metrics.panics.Inc()
			r.x.gw.logger.Error("panic while relaying a stream", "request_id", r.x.id, "panic", p, "stack", string(debug.Stack()))
			err = r.fail(w, &Failure{Status: http.StatusInternalServerError, Code: "internal_error", Message: "The gateway failed while relaying the stream."})
		}
		n = r.written
	}()
	r.monitor.start()
	for {
		done, err := r.forward(w)
		if err != nil || done {
			return r.written, err
		}
		waiting := r.monitor.waiting(r.written > 0)
		_, err = r.read(waiting)
		r.monitor.busy()
		if err != nil {
			return r.written, r.end(w, err)
		}
	}
}

// forward passes on what is ready. done means that the terminator was among it.
func (r *relay) forward(w io.Writer) (done bool, err error) {
	if !r.events {
		return false, r.forwardBytes(w)
	}
	for {
		raw, ok := r.reader.next()
		if !ok {
			break
		}
		if done, err = r.event(w, raw); done || err != nil {
			return done, err
		}
	}
	if err := r.flush(w); err != nil {
		return false, err
	}
	if r.reader.held() > maxHeld {
		return r.oversized(w)
	}
	r.checkpoint()
	return false, nil
}

// oversized handles an unfinished event that is too large to wait for: it is passed on in pieces. One that needs a translation
// is waited for a little longer, then it ends the stream.
func (r *relay) oversized(w io.Writer) (done bool, err error) {
	if r.conv == nil {
		r.partial = true
		piece := r.reader.takePiece()
		_, _ = r.tap.Write(piece)
		return false, r.write(w, piece)
	}
	if r.reader.held() <= maxConverted {
		return false, nil
	}
	return true, r.fail(w, &Failure{Status: http.StatusBadGateway, Code: "upstream_bad_response", Message: "The provider sent an event too large to be translated. The answer is incomplete."})
}

// event handles one whole event: it is observed, then passed on, hidden or translated. The terminator is passed on only after
// the END record.
func (r *relay) event(w io.Writer, raw []byte) (done bool, err error) {
	event := r.observe(raw)
	if r.conv != nil {
		r.reader.drop()
		return r.translate(w, event)
	}
	if r.tap.Terminated() {
		r.reader.keepBack(len(raw))
		if err := r.flush(w); err != nil {
			return false, err
		}
		return true, r.terminate(w, event)
	}
	if r.tap.Failure() != nil {
		return false, r.scrub(w, raw)
	}
	if r.try.sent.hidesUsage && tap.IsUsageOnly(event) {
		r.reader.hide(len(raw))
	}
	r.partial = false
	return false, nil
}

// observe takes note of an event that goes to the client.
func (r *relay) observe(raw []byte) sse.Event {
	event := sse.ParseEvent(raw)
	r.raw.add(raw)
	r.pace.event(raw)
	r.tap.Event(event)
	return event
}

func (r *relay) flush(w io.Writer) error {
	err := r.write(w, r.reader.ready())
	r.reader.sent()
	return err
}

// scrub keeps our key out of what a provider says about an error.
func (r *relay) scrub(w io.Writer, raw []byte) error {
	clean := r.x.gw.redact.Body(raw, r.x.secret)
	if bytes.Equal(clean, raw) {
		return nil
	}
	r.reader.hide(len(raw))
	if err := r.flush(w); err != nil {
		return err
	}
	return r.write(w, clean)
}

func (r *relay) forwardBytes(w io.Writer) error {
	data := r.reader.takePiece()
	_, _ = r.tap.Write(data)
	return r.write(w, data)
}

// write sends data, behind what is pending.
func (r *relay) write(w io.Writer, data []byte) error {
	if len(r.pending) > 0 {
		data = append(r.pending, data...)
		r.pending = data[:0]
	}
	if len(data) == 0 {
		return nil
	}
	n, err := w.Write(data)
	r.written += int64(n)
	if err != nil {
		return r.clientLost(err)
	}
	return nil
}

// Close ends the exchange; fasthttp calls it after WriteTo, whatever became of it.
func (r *relay) Close() error {
	r.monitor.stop()
	if !r.finished {
		_ = r.clientLost(errors.New("stream closed before its end"))
	}
	r.whole.Stop()
	r.cancel(context.Canceled)
	r.resp.Body.Close()
	r.reader.release()
	if r.lent != nil {
		bufferPool.Put(r.lent)
		r.lent, r.pending = nil, nil
	}
	r.x.release()
	return nil
}

// dialect is the protocol the client reads.
func (r *relay) dialect() models.Protocol { return r.x.req.dialect() }
