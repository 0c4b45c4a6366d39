package proxy

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"squirrel/models"
	"squirrel/proxy/body"
	"squirrel/proxy/upstream"
	"squirrel/routing"
)

const (
	maxErrorBody  = 1 << 20  // of a failed attempt
	maxAnswerBody = 64 << 20 // of an answer that is read whole
)

// try is one call to a provider and what came of it.
type try struct {
	candidate *routing.Candidate
	out       upstream.Outcome
	sent      *outgoing
	record    models.Attempt
	turn      time.Time // when the candidate's turn began, for its health

	header http.Header // the provider's
	body   []byte      // the whole body: a good answer, or the error's
	client []byte      // a good answer as the client gets it
	relay  *relay      // a stream whose first meaningful event is here; nil for whole answers
}

// attempt calls one candidate once. A good stream comes back open, with nothing sent to the client yet.
func (x *Exchange) attempt(c *routing.Candidate) *try {
	t := &try{candidate: c, record: x.newRecord(c)}
	started := time.Now()
	defer func() { x.finishRecord(t, started) }()

	var failure *Failure
	if t.sent, failure = x.prepare(c); failure != nil {
		t.out = upstream.Outcome{Class: upstream.ClientFault, Kind: "conversion", Err: failure}
		return t
	}
	ctx, cancel := context.WithCancelCause(x.ctx)
	firstByte := time.AfterFunc(firstByteTimeout(c.Provider), func() { cancel(upstream.ErrFirstByteTimeout) })
	whole := time.AfterFunc(x.timeFor(c.Provider), func() { cancel(upstream.ErrResponseTimeout) })
	keep := false
	defer func() {
		firstByte.Stop()
		if !keep {
			whole.Stop()
			cancel(context.Canceled)
		}
	}()

	req, err := x.gw.client.Request(ctx, t.sent.call(x, c.Provider))
	if err != nil {
		t.out = upstream.Outcome{Class: upstream.ConnectFailed, Kind: "url", Err: err}
		return t
	}
	t.sent.url, t.sent.header = req.URL, req.Header
	t.record.URL = x.gw.redact.URL(req.URL.String())
	resp, err := x.gw.client.Do(req, c.Provider)
	if err != nil {
		t.out = upstream.FromError(ctx, err, false)
		return t
	}
	t.header = resp.Header
	status := resp.StatusCode // of its own: a pointer into the response would keep the request's body alive with the record
	t.record.Status = &status
	t.record.UpstreamRequestID = firstHeader(resp.Header, "X-Request-Id", "Request-Id")
	first := msSince(started)
	t.record.FirstByteMS = &first
	t.out = upstream.FromStatus(resp.StatusCode, resp.Header, x.gw.now())

	if t.out.Class == upstream.Success && streams(resp.Header, x.req.Endpoint) {
		r := newRelay(ctx, x, t, resp, cancel, whole)
		t.out = r.open()
		if keep = t.out.Class == upstream.Success; keep {
			t.relay = r
		} else {
			resp.Body.Close()
		}
		return t
	}
	defer resp.Body.Close()
	firstByte.Stop()
	x.readWhole(ctx, t, resp)
	return t
}

// streams tells by the answer's type whether it is relayed as it arrives.
func streams(h http.Header, e *Endpoint) bool {
	contentType := h.Get("Content-Type")
	return strings.HasPrefix(contentType, "text/event-stream") || (e.Binary && !isJSON(contentType))
}

func isJSON(contentType string) bool {
	return strings.HasPrefix(contentType, "application/json") || strings.Contains(contentType, "+json")
}

// readWhole reads an answer that is no stream, or the body of an error.
func (x *Exchange) readWhole(ctx context.Context, t *try, resp *http.Response) {
	limit := int64(maxErrorBody)
	if t.out.Class == upstream.Success {
		limit = maxAnswerBody
	}
	data, err := readAnswer(resp, limit)
	t.body = data
	switch {
	case t.out.Class != upstream.Success:
		t.out.Class = refineFailure(t.out.Class, data)
	case err != nil:
		status := t.out.Status
		t.out = upstream.FromError(ctx, err, true)
		t.out.Status = status
	case len(data) == 0 || !body.Valid(data):
		t.out.Class, t.out.Kind = upstream.BadResponse, "bad_response"
	default:
		x.translateAnswer(t)
	}
}

// translateAnswer puts a good answer into the client's dialect. One that makes no sense may still be had elsewhere; where we
// are to blame, it may not.
func (x *Exchange) translateAnswer(t *try) {
	var failure *Failure
	if t.client, failure = t.sent.answer(x, t.body); failure == nil {
		return
	}
	t.out.Class, t.out.Kind, t.out.Err = upstream.BadResponse, "bad_response", failure
	if failure.Status == http.StatusInternalServerError {
		t.out.Class, t.out.Kind = upstream.ClientFault, "conversion"
	}
}

// readAnswer reads a whole body, undoing a content encoding that the provider used although it was asked not to.
func readAnswer(resp *http.Response, limit int64) ([]byte, error) {
	source, err := decoded(resp)
	if err != nil {
		return nil, err
	}
	limited := &io.LimitedReader{R: source, N: limit + 1}
	size := resp.ContentLength
	if size < 0 || size > limit {
		size = 4 << 10
	}
	data, err := readAllSized(limited, size)
	if err == nil && limited.N <= 0 {
		return data[:limit], errAnswerTooLarge
	}
	return data, err
}

// readAllSized is io.ReadAll with a first guess of the size, so that an honest Content-Length costs one allocation.
func readAllSized(r io.Reader, size int64) ([]byte, error) {
	buf := make([]byte, 0, size+1)
	for {
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err != nil {
			if err == io.EOF {
				err = nil
			}
			return buf, err
		}
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
	}
}

func (x *Exchange) newRecord(c *routing.Candidate) models.Attempt {
	return models.Attempt{
		N: len(x.attempts) + 1, RouteID: c.Route.ID, ProviderID: c.Provider.ID, Provider: c.Provider.Name,
		TargetModel: c.Route.TargetModel, Protocol: c.Provider.Protocol, StartedAt: x.gw.now().UTC(),
	}
}

func (x *Exchange) finishRecord(t *try, started time.Time) {
	took := time.Since(started)
	x.waited += took
	total := ms(took)
	t.record.TotalMS = &total
	if t.out.Class != upstream.Success {
		t.record.Error = x.describe(t.out, t.candidate.Provider)
		t.record.ErrorKind = t.out.Kind
		t.record.Ambiguous = t.out.Class == upstream.ConnectionLost || t.out.Class == upstream.FirstByteTimeout || t.out.Class == upstream.ResponseTimeout
		t.record.ResponseBody = x.gw.redact.Body(head(t.body, 64<<10), x.secret)
	}
	x.attempts = append(x.attempts, t.record)
	x.gw.metrics.attempted(t.candidate.Provider.Name, resultLabel(t.out))
}

// timeFor is how long one attempt may take: what its provider is given, and no more than is left for the exchange.
func (x *Exchange) timeFor(p *models.Provider) time.Duration {
	return min(seconds(p.ResponseTimeout, 1800), x.gw.opts.ExchangeTimeout-time.Since(x.start))
}

func firstByteTimeout(p *models.Provider) time.Duration {
	if p.FirstByteTimeout <= 0 {
		return seconds(p.ResponseTimeout, 1800)
	}
	return time.Duration(p.FirstByteTimeout) * time.Second
}

func seconds(n, fallback int) time.Duration {
	if n <= 0 {
		n = fallback
	}
	return time.Duration(n) * time.Second
}
