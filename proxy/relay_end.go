package proxy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"squirrel/proxy/sse"
	"squirrel/proxy/tap"
	"squirrel/proxy/upstream"
	"squirrel/routing/health"
)

// lingering is how long a provider may take to end its answer after the terminator, so that its connection can be used again.
const lingering = 250 * time.Millisecond

// statusClientGone is what the log shows for a client that left (nginx's 499).
const statusClientGone = 499

// complete sends the last bytes of a whole answer, after the END record.
func (r *relay) complete(w io.Writer, tail []byte) error {
	r.settleWith(r.resp.StatusCode, "", "")
	if err := r.write(w, tail); err != nil {
		return err
	}
	r.drain()
	return nil
}

// terminate ends the answer at the provider's last event. After an error no terminator is passed on, so that nobody takes the
// answer for whole; where the last event is the error itself, as in the Responses API, it is.
func (r *relay) terminate(w io.Writer, last sse.Event) error {
	if r.tap.Failure() == nil {
		return r.complete(w, withLineEnd(last.Raw))
	}
	r.settleFailed()
	if tap.ErrorOf(r.try.sent.protocol, last) == nil {
		return nil
	}
	return r.write(w, r.x.gw.redact.Body(last.Raw, r.x.secret))
}

// withLineEnd gives the last event the line feed of its last CRLF, when it was taken for over at the carriage return: nothing is
// read after it.
func withLineEnd(raw []byte) []byte {
	if !bytes.HasSuffix(raw, []byte("\r\n\r")) {
		return raw
	}
	return append(bytes.Clone(raw), '\n')
}

// settleFailed ends the exchange when the provider said itself that it failed.
func (r *relay) settleFailed() {
	r.settleWith(http.StatusBadGateway, "upstream_error", "the provider ended the stream with an error")
}

// translate passes an event on in the client's dialect. done means that the client's answer has ended with it.
func (r *relay) translate(w io.Writer, event sse.Event) (done bool, err error) {
	if event.Kind != sse.Message {
		return false, nil
	}
	out, err := r.conv.stream.Event(event.Name, event.Data)
	if err != nil {
		if failed := r.write(w, out); failed != nil {
			return true, failed
		}
		return true, r.fail(w, r.x.untranslated(err))
	}
	_, _ = r.conv.sent.Write(out)
	if !r.conv.stream.Ended() {
		r.pending = append(r.pending, out...) // what came in one read goes out in one write
		return false, nil
	}
	if err := r.write(w, nil); err != nil { // what is pending; only the last bytes wait for the record
		return true, err
	}
	if r.tap.Failure() != nil {
		r.settleFailed()
		return true, r.write(w, r.x.gw.redact.Body(out, r.x.secret))
	}
	return true, r.complete(w, out)
}

// drain reads what may follow the terminator and throws it away.
func (r *relay) drain() {
	timer := time.AfterFunc(lingering, func() { r.cancel(context.Canceled) })
	defer timer.Stop()
	_, _ = io.Copy(io.Discard, r.source)
}

// end handles the end of the provider's bytes without a terminator before it.
func (r *relay) end(w io.Writer, err error) error {
	if !errors.Is(err, io.EOF) {
		return r.cut(w, upstream.FromError(r.ctx, err, true))
	}
	if !r.events {
		r.settleWith(r.resp.StatusCode, "", "")
		return nil
	}
	if done, err := r.lastEvent(w); done || err != nil {
		return err
	}
	result := r.tap.Result()
	switch {
	case result.ErrorEvent != nil: // the provider said itself that it failed; its words went through
		r.settleFailed()
		return nil
	case r.conv != nil:
		tail, err := r.conv.finish()
		if err == nil {
			_, _ = r.conv.sent.Write(tail)
			return r.complete(w, tail)
		}
	case result.FinishReason != "":
		// Everything was said but the terminator, which some providers never send: it is added.
		return r.complete(w, tap.Terminator(r.try.sent.protocol, r.x.req.Endpoint.Path))
	}
	return r.cut(w, upstream.Outcome{Class: upstream.BadResponse, Kind: "truncated"})
}

// lastEvent handles an event that lacks only its blank line. It counts when its data is whole.
func (r *relay) lastEvent(w io.Writer) (done bool, err error) {
	rest := r.reader.rest()
	event := sse.ParseEvent(rest)
	if len(rest) == 0 || r.partial || !tap.Whole(event) {
		return false, nil
	}
	r.observe(rest)
	if r.conv != nil {
		if done, err = r.translate(w, event); done || err != nil {
			return done, err
		}
		return false, r.write(w, nil)
	}
	event.Raw = append(append([]byte(nil), rest...), "\n\n"...)
	if r.tap.Terminated() {
		return true, r.terminate(w, event)
	}
	if r.tap.Failure() != nil {
		event.Raw = r.x.gw.redact.Body(event.Raw, r.x.secret)
	}
	return false, r.write(w, event.Raw)
}

// cut ends a stream that can't go on: with an error event of the client's dialect and no terminator.
func (r *relay) cut(w io.Writer, out upstream.Outcome) error {
	switch out.Class {
	case upstream.ClientGone:
		return r.clientLost(out.Err)
	case upstream.ShuttingDown:
		return r.fail(w, &Failure{Status: http.StatusServiceUnavailable, Code: "shutting_down", Message: "The gateway is shutting down. The answer is incomplete."})
	case upstream.ResponseTimeout, upstream.FirstByteTimeout:
		return r.fail(w, &Failure{Status: http.StatusGatewayTimeout, Code: "upstream_timeout", Message: "The provider stopped sending. The answer is incomplete."})
	case upstream.Cancelled:
		return r.fail(w, &Failure{Status: http.StatusServiceUnavailable, Code: "cancelled", Message: "An administrator cancelled this request. The answer is incomplete."})
	}
	return r.fail(w, &Failure{Status: http.StatusBadGateway, Code: "stream_interrupted", Message: "The provider's stream was interrupted. The answer is incomplete."})
}

// fail writes the failure as the last event. Bytes that are no event stream can't carry one: their connection is broken off,
// so that no client takes them for whole.
func (r *relay) fail(w io.Writer, f *Failure) error {
	r.settleWith(f.Status, f.Code, f.Message)
	if !r.events {
		return f
	}
	var tail []byte
	if r.partial {
		tail = []byte("\n\n")
	}
	if r.conv != nil {
		return r.write(w, append(tail, r.conv.fail(f)...))
	}
	return r.write(w, append(tail, f.Event(r.dialect(), r.x.id)...))
}

// clientLost records that nobody reads any more. The returned error makes fasthttp drop the connection.
func (r *relay) clientLost(err error) error {
	r.cancel(upstream.ErrClientGone)
	r.settleWith(statusClientGone, "client_disconnected", "the client disconnected before the end of the answer")
	return err
}

// settleWith ends the exchange with what has been seen of the stream.
func (r *relay) settleWith(status int, code, info string) {
	if r.finished {
		return
	}
	r.finished = true
	seen := r.tap.Result()
	r.x.log.ErrorCode, r.x.log.ErrorInfo = code, info
	res := result{status: status, sent: r.resp.StatusCode, header: r.header, clientBody: seen.Message, clientCut: seen.Cut, events: r.raw.bytes(), eventsCut: r.raw.cut(), pacing: r.pace.pacing(), tap: &seen, try: r.try, firstByte: r.first}
	if code != "" && seen.FinishReason == "" {
		r.x.log.FinishReason = "truncated"
	}
	r.conv.report(r.x, &res)
	r.x.settle(res)
	r.x.gw.router.Report(r.try.candidate.Route.ID, health.Sample{Outcome: healthOf(status, code), Started: r.try.turn})
}

// healthOf is what the end of a stream that had begun says about its route.
func healthOf(status int, code string) health.Outcome {
	switch {
	case code == "":
		return health.Success
	case status == http.StatusBadGateway || status == http.StatusGatewayTimeout:
		return health.Failure
	}
	return health.Ignored // the client left, or the gateway itself ended it
}
