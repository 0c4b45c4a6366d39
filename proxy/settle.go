package proxy

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"squirrel/models"
	"squirrel/proxy/reqlog"
	"squirrel/proxy/tap"
	"squirrel/proxy/upstream"
)

// result is what an exchange came to, for its END record.
type result struct {
	status       int // the outcome
	sent         int // the status line the client got; 0 when none was sent
	header       http.Header
	clientBody   []byte // what the client got; for streams the re-assembled message
	clientCut    int64  // bytes of it that were too many to keep
	upstreamBody []byte // what the provider sent, when it differs
	events       []byte // raw stream events, when they are recorded
	eventsCut    int    // how many bytes of events there were, when not all are recorded
	pacing       models.Pacing
	tap          *tap.Result
	try          *try
	firstByte    time.Duration
}

// settle prices the exchange and writes its END record. It returns once the record survives the death of the process, so
// it is called before the last byte of the answer is handed over. It runs once.
func (x *Exchange) settle(r result) {
	if x.ended {
		return
	}
	x.ended = true
	x.fill(r)
	x.count(r)
	write := models.LogWrite{Kind: models.WriteEnd, Log: x.log, Attempts: x.attempts, Detail: x.detail(r)}
	if err := x.gw.recorder.End(write); err != nil {
		x.gw.logger.Error("request not recorded", "request_id", x.id, "error", err)
	}
	if x.gw.tracer != nil {
		x.gw.tracer.Trace(&write, x.req.Header)
	}
	x.gw.metrics.settled(&x.log, x.knownModel())
}

// knownModel is the requested model's own name, "" when there is no such model.
func (x *Exchange) knownModel() string {
	if x.plan != nil {
		return x.plan.Model.Name
	}
	if m, found := x.gw.router.Resolve(x.log.RequestedModel); found {
		return m.Name
	}
	return ""
}

func (x *Exchange) fill(r result) {
	log := &x.log
	log.State = models.LogDone
	status, sent := r.status, r.sent // of their own: a pointer into the result would keep its bodies alive with the record
	log.ResponseStatus = &status
	if sent != 0 {
		log.SentStatus = &sent
	}
	log.AttemptCount = len(x.attempts)
	log.RetryCount = max(0, len(x.attempts)-1)
	total := time.Since(x.start)
	totalMS := ms(total)
	log.TotalTimeMS = &totalMS
	if r.firstByte == 0 && r.try != nil && r.try.out.Class == upstream.Success {
		r.firstByte = total
	}
	if r.firstByte > 0 {
		first := ms(r.firstByte)
		log.FirstByteDelayMS = &first
	}
	if log.GatewayOverheadUS == nil {
		x.noteOverhead()
	}
	if r.try != nil {
		log.UpstreamID = r.try.record.UpstreamRequestID
	}
}

// noteOverhead records what the gateway itself has cost so far: everything but calls and pauses. Streams note it when they
// are committed, whole answers when they are settled.
func (x *Exchange) noteOverhead() {
	us := (time.Since(x.start) - x.waited).Microseconds()
	x.log.GatewayOverheadUS = &us
}

// begin writes the BEGIN record: no provider is called before it is safe.
func (x *Exchange) begin() *Failure {
	x.log.State = models.LogRunning
	write := models.LogWrite{Kind: models.WriteBegin, Log: x.log}
	if x.key.RecordDetails {
		write.Detail = x.requestDetail()
	}
	if err := x.gw.recorder.Begin(write); err != nil {
		x.gw.logger.Error("request refused: its log record was not accepted", "request_id", x.id, "error", err)
		return &Failure{Status: http.StatusServiceUnavailable, Code: "log_store_unavailable", Message: "The gateway can't record requests right now, so it takes none.", RetryAfter: 5 * time.Second}
	}
	x.begun = true
	return nil
}

func (x *Exchange) rowKey() models.RequestLog {
	return models.RequestLog{ID: x.log.ID, Instance: x.log.Instance, RequestTime: x.log.RequestTime}
}

// requestDetail is what the client sent, redacted.
func (x *Exchange) requestDetail() *models.LogDetail {
	d := &models.LogDetail{RequestHeaders: x.gw.redact.HTTPHeaders(x.req.Header, x.secret)}
	if x.req.Upload != nil {
		d.RequestBody = x.req.Upload.summary()
	} else {
		d.RequestBody, d.Truncated = x.recorded("request_body", x.req.Body, nil)
	}
	return d
}

// recorded prepares a body for the log: redacted, then cut in the middle when it is too long. In this order no secret is cut in
// two and missed.
func (x *Exchange) recorded(name string, data []byte, cuts []string) ([]byte, []string) {
	kept, cut := reqlog.CutMiddle(x.gw.redact.Body(data, x.secret), x.gw.opts.LogBodyMaxBytes)
	if cut {
		cuts = append(cuts, name+":"+itoa(len(data)))
	}
	return kept, cuts
}

func (x *Exchange) detail(r result) *models.LogDetail {
	if x.key == nil {
		return nil
	}
	d := &models.LogDetail{}
	if x.key.RecordDetails {
		if !x.begun {
			d = x.requestDetail() // else it is part of the BEGIN record already
		}
		x.addAnswer(d, r)
	} else {
		d.Reason = "key_opted_out"
	}
	if x.plan != nil {
		d.Decision = x.decision()
	}
	d.CostLines = x.costLines
	d.Dropped = x.dropped
	return d
}

// decision is why the request went where it went; what rules saw of it is redacted as the request is.
func (x *Exchange) decision() *models.Decision {
	d := &x.plan.Decision
	x.gw.redact.Rules(d.Rules, x.secret)
	return d
}

func (x *Exchange) addAnswer(d *models.LogDetail, r result) {
	d.ResponseHeaders = x.gw.redact.HTTPHeaders(r.header, x.secret)
	d.ResponseBody, d.Truncated = x.recorded("response_body", r.clientBody, d.Truncated)
	if r.clientCut > 0 && d.ResponseBody != nil {
		note := "response_body:" + itoa(len(r.clientBody)+int(r.clientCut))
		d.Truncated = append(slices.DeleteFunc(d.Truncated, func(n string) bool { return strings.HasPrefix(n, "response_body:") }), note)
	}
	if r.events != nil {
		d.StreamEvents = x.gw.redact.Events(r.events, r.clientBody, x.secret)
		if r.eventsCut > 0 && d.StreamEvents != nil {
			d.Truncated = append(d.Truncated, "stream_events:"+itoa(r.eventsCut))
		}
	}
	d.StreamPacing = r.pacing
	if r.upstreamBody != nil {
		d.UpstreamResponse, d.Truncated = x.recorded("upstream_response_body", r.upstreamBody, d.Truncated)
	}
	if r.try == nil || r.try.sent == nil {
		return
	}
	d.UpstreamURL = r.try.record.URL
	d.UpstreamHeaders = x.gw.redact.HTTPHeaders(r.try.sent.header, x.secret)
	if sent := r.try.sent.changedBody(); sent != nil {
		d.UpstreamBody, d.Truncated = x.recorded("upstream_request_body", sent, d.Truncated)
	}
}
