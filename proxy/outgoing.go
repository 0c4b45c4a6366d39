package proxy

import (
	"io"
	"net/http"
	"net/url"

	"squirrel/models"
	"squirrel/proxy/body"
	"squirrel/proxy/convert"
	"squirrel/proxy/upstream"
	"squirrel/routing"
)

// outgoing is what one attempt sends to a provider.
type outgoing struct {
	endpoint   models.Endpoint // the provider's path
	protocol   models.Protocol // of the answer that comes back
	payload    body.Payload
	upload     func() io.ReadCloser // instead of payload, for multipart
	length     int64
	hidesUsage bool        // the usage chunk was asked for by the gateway, not by the client
	conv       *conversion // nil: both sides speak the same protocol
	edited     bool        // defaults were added, or the body was translated: worth its own record

	url    *url.URL    // filled when the request is built
	header http.Header // with the provider's key in it: redact before recording
}

// prepare makes the body for a candidate from the client's original request.
func (x *Exchange) prepare(c *routing.Candidate) (*outgoing, *Failure) {
	if x.req.Upload != nil {
		open, length := x.req.Upload.form.With("model", c.Route.TargetModel)
		return &outgoing{endpoint: x.req.Endpoint.Path, protocol: models.ProtocolOpenAI, upload: open, length: length}, nil
	}
	if !samePath(c.Provider.Protocol, x.req.Endpoint) {
		return x.prepareConversion(c)
	}
	if convertible(x.req.Endpoint.Path) && convert.HoldsForeignSeals(x.req.dialect(), x.req.Body) {
		return x.prepareWithoutSeals(c)
	}
	edit := x.info.Edit()
	edit.SetModel(c.Route.TargetModel)
	out := &outgoing{endpoint: x.req.Endpoint.Path, protocol: x.req.Endpoint.Protocol}
	if x.info.Stream && (out.endpoint == models.EndpointChat || out.endpoint == models.EndpointCompletions) {
		out.hidesUsage = edit.IncludeUsage()
	}
	if len(c.Provider.DefaultParameters) > 0 {
		if err := edit.Defaults(c.Provider.DefaultParameters); err != nil {
			x.gw.logger.Warn("default parameters of a provider can't be applied", "provider", c.Provider.Name, "error", err)
		}
		out.edited = true
	}
	out.payload = edit.Payload()
	out.length = out.payload.Len()
	return out, nil
}

// samePath reports whether a provider serves an endpoint as it is. A Responses provider is an OpenAI provider, so it serves
// OpenAI's other endpoints too, all but chat completions, which it may not have.
func samePath(p models.Protocol, e *Endpoint) bool {
	switch e.Protocol {
	case models.ProtocolAnthropic:
		return p == models.ProtocolAnthropic
	case models.ProtocolResponses:
		return p == models.ProtocolResponses
	default:
		return p == models.ProtocolOpenAI || (p == models.ProtocolResponses && e.Path != models.EndpointChat)
	}
}

// CanServe tells the router which providers can take an endpoint, by themselves or through a conversion.
func CanServe(p models.Protocol, path models.Endpoint) bool {
	for i := range Endpoints {
		if e := &Endpoints[i]; e.Path == path {
			return samePath(p, e) || convertible(path)
		}
	}
	return false
}

// convertible lists the endpoints that exist in all three protocols. A token count needs no provider at all.
func convertible(path models.Endpoint) bool {
	switch path {
	case models.EndpointChat, models.EndpointMessages, models.EndpointResponses, models.EndpointCountTokens:
		return true
	}
	return false
}

func (o *outgoing) call(x *Exchange, p *models.Provider) *upstream.Call {
	newBody := o.upload
	if newBody == nil {
		newBody = o.payload.Open
	}
	return &upstream.Call{
		Provider: p, Endpoint: o.endpoint, Method: http.MethodPost, Header: o.requestHeader(x), NewBody: newBody, Length: o.length,
	}
}

// requestHeader keeps of the client's headers what may go to a provider; those of one protocol stay inside it.
func (o *outgoing) requestHeader(x *Exchange) http.Header {
	h := upstream.RequestHeaders(x.req.Header)
	if o.conv != nil {
		o.conv.header(h)
	}
	if x.req.Upload == nil {
		h.Set("Content-Type", "application/json")
	}
	return h
}

// answer returns what the client gets of a whole good answer.
func (o *outgoing) answer(x *Exchange, data []byte) ([]byte, *Failure) {
	if o.conv == nil {
		return data, nil
	}
	return o.conv.answer(x, data)
}

// failure returns the provider's error in the client's dialect, nil when its words are of no use.
func (o *outgoing) failure(x *Exchange, status int, data []byte) []byte {
	if o.conv == nil {
		if !looksLikeJSON(data) {
			return nil
		}
		return data
	}
	return o.conv.failure(status, data)
}

// changedBody is the body that was sent, when it differs from the client's by more than the model's name.
func (o *outgoing) changedBody() []byte {
	if !o.edited {
		return nil
	}
	return o.payload.Bytes()
}
