package proxy

import (
	"context"
	"net/http"
	"strings"
	"time"

	"squirrel/models"
	"squirrel/proxy/body"
	"squirrel/proxy/edge"
	"squirrel/proxy/limits"
	"squirrel/proxy/upstream"
	"squirrel/routing"
	"squirrel/routing/rules"
)

// Exchange is one client request through all its attempts. It belongs to one goroutine at a time: the handler's, then the
// one that drives its stream.
type Exchange struct {
	gw    *Gateway
	req   *Request
	id    string
	start time.Time

	ctx    context.Context // ends when the client leaves, the gateway stops or an administrator cancels
	cancel context.CancelCauseFunc
	watch  *edge.Watch

	key         *models.APIKey
	secret      models.Secret // the caller's key, to keep it out of the log
	info        body.Info
	plan        *routing.Plan
	onlyRoute   int64               // of an Internal request; 0 = any
	reservation *limits.Reservation // nil without limits

	log        models.RequestLog
	attempts   []models.Attempt
	costLines  []models.CostLine
	dropped    []models.Dropped
	counted    bool // inputCount is the request's
	inputCount int64
	waited     time.Duration // spent in calls and sleeps, not in the gateway
	ambiguous  bool          // a lost connection may already have cost the work once
	rehearsal  bool          // nothing is sent, nothing is counted
	begun      bool          // the BEGIN record is written
	ended      bool          // the END record is written
	freed      bool
}

func (g *Gateway) newExchange(req *Request) *Exchange {
	now := g.now()
	x := &Exchange{gw: g, req: req, id: g.ids.next(now), start: now}
	x.ctx, x.cancel = context.WithCancelCause(g.base)
	x.log = models.RequestLog{
		ID: x.id, Instance: g.opts.Instance, RequestTime: now.UTC(), Endpoint: req.Endpoint.Path, ProtocolIn: req.dialect(),
		UserID: req.Header.Get("X-User-Id"), TraceID: traceID(req.Header), Client: rules.ClientFamily(req.Header.Get("User-Agent")),
		ClientIP: req.ClientIP, Source: models.SourceClient, UsageSource: models.UsageNone, PriceSource: models.PriceUnknown,
	}
	g.running.add(x)
	g.metrics.running.Inc()
	return x
}

// release ends the exchange's hold on the gateway. It runs once, after the last byte of the answer is produced.
func (x *Exchange) release() {
	if x.freed {
		return
	}
	x.freed = true
	if x.watch != nil {
		x.watch.Stop()
	}
	x.cancel(context.Canceled)
	if x.req.Upload != nil {
		x.req.Upload.form.Close()
	}
	x.req.held.release()
	x.gw.running.remove(x.id)
	x.gw.metrics.running.Dec()
	x.gw.inflight.Done()
}

// admit authenticates a client's request and lets it proceed.
func (x *Exchange) admit(readBody func() *Failure) *Answer {
	if x.gw.draining.Load() {
		return x.refuse(&Failure{Status: http.StatusServiceUnavailable, Code: "shutting_down", Message: "The gateway is shutting down. Retry in a moment.", RetryAfter: time.Second})
	}
	key, failure := x.gw.keys.Authenticate(x.req.Header, x.req.Query, x.start)
	if failure != nil {
		return x.refuse(x.gw.strangers.refused(x.req.ClientIP, failure, x.start))
	}
	value, _ := credential(x.req.Header)
	x.secret = models.Secret(value)
	if strings.Contains(x.log.UserID, value) {
		x.log.UserID = x.gw.redact.Text(x.log.UserID, x.secret)
	}
	x.adopt(key)
	return x.proceed(readBody)
}

// adopt makes the request one of this key's.
func (x *Exchange) adopt(key *models.APIKey) {
	x.key = key
	x.log.APIKeyID, x.log.APIKeyName = &key.ID, key.Name
}

// proceed takes a request whose key is known up to its plan, and runs it.
func (x *Exchange) proceed(readBody func() *Failure) *Answer {
	for _, step := range []func() *Failure{readBody, x.scan, x.makePlan, x.checkLimits, x.begin} {
		if failure := step(); failure != nil {
			return x.fail(failure)
		}
	}
	x.watch = edge.NewWatch(x.req.Conn, func() { x.cancel(upstream.ErrClientGone) })
	return x.run()
}

// scan checks the body before anything depends on it.
func (x *Exchange) scan() *Failure {
	if x.req.Upload != nil {
		x.log.RequestedModel = x.req.Upload.model
		return nil
	}
	info, err := body.Scan(x.req.Body)
	if err != nil {
		return bodyFailure(err)
	}
	x.info = info
	x.log.RequestedModel = info.Model
	x.log.IsStream = info.Stream && x.req.Endpoint.Streams
	return nil
}

// makePlan asks the router for the candidates, in the order to try them.
func (x *Exchange) makePlan() *Failure {
	plan, err := x.gw.router.Plan(x.routingRequest())
	if err != nil {
		if _, known := x.gw.router.Resolve(x.log.RequestedModel); !known {
			x.log.RequestedModel = x.gw.redact.Text(x.log.RequestedModel, x.secret) // a key in the wrong place is no name
		}
		return planFailure(err, x.log.RequestedModel)
	}
	plan.Candidates = x.restrict(plan.Candidates)
	x.plan = plan
	x.log.RequestedModel = plan.Model.Name
	if !mayUse(x.key, plan.Model) {
		return &Failure{Status: http.StatusForbidden, Code: "model_not_allowed", Param: "model", Message: "This API key may not use the model '" + plan.Model.Name + "'."}
	}
	return nil
}

// refuse answers without a log row: nobody who has no valid key can fill the log.
func (x *Exchange) refuse(f *Failure) *Answer {
	x.ended = true
	x.log.ResponseStatus = &f.Status
	x.gw.metrics.refused(x.req.Endpoint.Path, f)
	return x.failureAnswer(f)
}

// fail records a request that the gateway answers itself, and answers it.
func (x *Exchange) fail(f *Failure) *Answer {
	answer := x.failureAnswer(f)
	x.log.ErrorCode, x.log.ErrorInfo = f.Code, f.Message
	x.settle(result{status: f.Status, sent: answer.Status, header: answer.Header, clientBody: answer.Body})
	return answer
}

func (x *Exchange) failureAnswer(f *Failure) *Answer {
	h := http.Header{"Content-Type": {"application/json"}}
	f.setHeaders(h)
	x.stamp(h)
	return &Answer{Status: f.Status, Header: h, Body: f.Body(x.req.dialect(), x.id)}
}

// stamp adds the headers that every answer of the data plane carries.
func (x *Exchange) stamp(h http.Header) {
	if h.Get("X-Request-Id") == "" {
		if id := h.Get("Request-Id"); id != "" {
			h.Set("X-Request-Id", id)
		} else {
			h.Set("X-Request-Id", x.id)
		}
	}
	if h.Get("Request-Id") == "" {
		h.Set("Request-Id", h.Get("X-Request-Id"))
	}
	h.Set("X-Squirrel-Request-Id", x.id)
	setSafe(h, "X-Squirrel-Provider", x.log.ProviderName)
	setSafe(h, "X-Squirrel-Model", x.log.TargetModel)
	h.Set("X-Squirrel-Attempts", itoa(len(x.attempts)))
}

// gone reports why the exchange has to stop, if it has to.
func (x *Exchange) gone() (error, bool) {
	cause := context.Cause(x.ctx)
	return cause, cause != nil
}
