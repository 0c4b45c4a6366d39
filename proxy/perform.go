package proxy

import (
	"context"
	"io"
	"net/http"
	"time"

	"squirrel/models"
	"squirrel/proxy/upstream"
	"squirrel/routing"
)

// Internal is a request that the gateway's own pages make: a test of a model, a replay, the playground. It takes the way of a
// client's request and is recorded like one, with its source.
type Internal struct {
	Endpoint models.Endpoint
	Header   http.Header
	Body     []byte
	Upload   io.Reader // instead of a body: a form of the type that the header says
	Source   models.LogSource
	Key      *models.APIKey // nil = no key: no limits, no allow-list
	RouteID  int64          // only over this route; 0 = as routed

	Begun    func(id string)     // told before anything is sent; may be nil
	Answered func(h http.Header) // told before the first byte of a stream is written; may be nil
}

// Performed is what came of an Internal request.
type Performed struct {
	LogID     string
	Status    int
	Header    http.Header
	Provider  string
	Target    string
	Body      []byte        // of an answer that is no stream
	FirstByte time.Duration // 0 when nothing was sent
	Total     time.Duration
}

// Perform runs a request of our own. A stream is written to w as it arrives; the caller leaves by ending ctx.
func (g *Gateway) Perform(ctx context.Context, in Internal, w io.Writer) (Performed, *Failure) {
	endpoint := endpointOf(in.Endpoint)
	if endpoint == nil {
		return Performed{}, &Failure{Status: http.StatusNotFound, Code: "unknown_endpoint", Message: "The gateway has no such endpoint."}
	}
	header := in.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	g.inflight.Add(1)
	x := g.newExchange(&Request{Endpoint: endpoint, Header: header, Body: in.Body, ClientIP: "internal"})
	x.log.Source, x.onlyRoute = in.Source, in.RouteID
	if in.Key != nil {
		x.adopt(in.Key)
	} else {
		x.key = &models.APIKey{RecordDetails: true}
	}
	leave := context.AfterFunc(ctx, func() { x.cancel(upstream.ErrClientGone) })
	defer leave()
	if in.Begun != nil {
		in.Begun(x.id)
	}
	answer := g.guarded(x, func() *Answer { return x.proceed(func() *Failure { return g.receive(in.Upload, x.req) }) })
	done := Performed{LogID: x.id, Status: answer.Status, Header: answer.Header, Body: answer.Body}
	if answer.Stream != nil {
		if in.Answered != nil {
			in.Answered(answer.Header)
		}
		_, _ = answer.Stream.WriteTo(w)
		answer.Stream.Close()
	} else {
		x.release()
	}
	done.Provider, done.Target, done.Total = x.log.ProviderName, x.log.TargetModel, time.Since(x.start)
	if x.log.FirstByteDelayMS != nil {
		done.FirstByte = time.Duration(*x.log.FirstByteDelayMS * float64(time.Millisecond))
	}
	return done, nil
}

// receive takes in the form of an Internal request, by the rules for those of clients. nil = it has none.
func (g *Gateway) receive(source io.Reader, req *Request) *Failure {
	switch {
	case source == nil:
		return nil
	case !req.Endpoint.Multipart || !isMultipart(req.Header):
		return &Failure{Status: http.StatusBadRequest, Code: "invalid_request", Message: "This endpoint takes no form."}
	}
	return g.receiveUpload(source, req)
}

func endpointOf(path models.Endpoint) *Endpoint {
	for i := range Endpoints {
		if Endpoints[i].Path == path {
			return &Endpoints[i]
		}
	}
	return nil
}

// restrict keeps only the route that an Internal request asked for.
func (x *Exchange) restrict(candidates []routing.Candidate) []routing.Candidate {
	if x.onlyRoute == 0 {
		return candidates
	}
	for i := range candidates {
		if candidates[i].Route.ID == x.onlyRoute {
			return candidates[i : i+1]
		}
	}
	return nil
}
