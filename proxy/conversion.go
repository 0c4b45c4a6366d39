package proxy

import (
	"errors"
	"net/http"
	"strings"

	"squirrel/models"
	"squirrel/proxy/body"
	"squirrel/proxy/convert"
	"squirrel/proxy/llm"
	"squirrel/proxy/tap"
	"squirrel/routing"
)

// nativePath is where each protocol takes a conversation.
var nativePath = map[models.Protocol]models.Endpoint{
	models.ProtocolOpenAI: models.EndpointChat, models.ProtocolResponses: models.EndpointResponses, models.ProtocolAnthropic: models.EndpointMessages,
}

// conversion is what an attempt needs to remember to translate the answer back.
type conversion struct {
	in, out models.Protocol // the client's, the provider's
	options convert.Options
}

// prepareConversion translates the client's original request for a candidate that speaks another protocol.
func (x *Exchange) prepareConversion(c *routing.Candidate) (*outgoing, *Failure) {
	conv := &conversion{in: x.req.dialect(), out: c.Provider.Protocol, options: convert.Options{
		Model: x.info.Model, Now: x.gw.now, ID: x.id, EstimatedInput: x.inputTokens, IncludeUsage: x.info.IncludeUsage, Carry: new(convert.Carry),
	}}
	conv.options.MaxOutput = x.gw.maxOutput(c.Route.TargetModel)
	conv.options.DefaultMaxTokens = conv.options.MaxOutput
	payload, failure := x.translateRequest(c, conv)
	if failure != nil {
		return nil, failure
	}
	return &outgoing{endpoint: nativePath[conv.out], protocol: conv.out, payload: payload, length: payload.Len(), conv: conv, edited: true}, nil
}

// prepareWithoutSeals is for a history that was answered by providers of another protocol before: their reasoning carries seals
// that this provider would refuse, so it is left out. The answer needs no translation.
func (x *Exchange) prepareWithoutSeals(c *routing.Candidate) (*outgoing, *Failure) {
	payload, failure := x.translateRequest(c, &conversion{in: x.req.dialect(), out: x.req.dialect()})
	if failure != nil {
		return nil, failure
	}
	return &outgoing{endpoint: x.req.Endpoint.Path, protocol: x.req.dialect(), payload: payload, length: payload.Len(), edited: true}, nil
}

func (x *Exchange) translateRequest(c *routing.Candidate, conv *conversion) (body.Payload, *Failure) {
	translated, dropped, err := convert.Request(conv.in, conv.out, x.req.Body, c.Route.TargetModel, conv.options)
	if err != nil {
		return body.Payload{}, x.untranslatable(err)
	}
	if len(dropped) > 0 && c.Route.OnLoss == models.OnLossReject {
		return body.Payload{}, &Failure{Status: http.StatusUnprocessableEntity, Code: "unsupported_conversion", Param: dropped[0].Path,
			Message: "This route refuses requests that its provider can't hold whole: " + dropped[0].Path + " (" + dropped[0].Reason + ")."}
	}
	x.dropped = nil
	x.addDropped(dropped)
	payload, err := withDefaults(translated, c.Provider)
	if err != nil {
		x.gw.logger.Warn("default parameters of a provider can't be applied", "provider", c.Provider.Name, "error", err)
	}
	return payload, nil
}

// maxOutput is the output limit of a target model for protocols that demand one; 0 = unknown.
func (g *Gateway) maxOutput(target string) int {
	if g.opts.MaxOutput == nil {
		return 0
	}
	return g.opts.MaxOutput(target)
}

// withDefaults adds the provider's default parameters. On error the body is as it was.
func withDefaults(data []byte, p *models.Provider) (body.Payload, error) {
	if len(p.DefaultParameters) == 0 {
		return body.Of(data), nil
	}
	info, err := body.Scan(data)
	if err != nil {
		return body.Of(data), err
	}
	edit := info.Edit()
	if err := edit.Defaults(p.DefaultParameters); err != nil {
		return body.Of(data), err
	}
	return edit.Payload(), nil
}

// untranslatable is the failure of a request that can't be translated.
func (x *Exchange) untranslatable(err error) *Failure {
	var e *convert.Error
	if !errors.As(err, &e) {
		return x.defect(err)
	}
	return &Failure{Status: e.Status, Code: e.Code, Message: e.Message, Param: e.Param, wire: e}
}

// untranslated is the failure of an answer that could not be translated.
func (x *Exchange) untranslated(err error) *Failure {
	if errors.Is(err, convert.ErrPanic) {
		return x.defect(err)
	}
	x.gw.logger.Warn("answer not translated", "request_id", x.id, "error", x.gw.redact.Text(err.Error(), x.secret))
	return &Failure{Status: http.StatusBadGateway, Code: "upstream_bad_response", Message: "The provider's answer could not be translated. It is incomplete or malformed."}
}

// defect is the failure of a conversion that went wrong through no fault of either side.
func (x *Exchange) defect(err error) *Failure {
	x.gw.metrics.panics.Inc()
	x.gw.logger.Error("conversion failed", "request_id", x.id, "error", x.gw.redact.Text(err.Error(), x.secret))
	return &Failure{Status: http.StatusInternalServerError, Code: "internal_error", Message: "The gateway failed while translating between protocols."}
}

// header drops what belongs to the client's protocol only.
func (c *conversion) header(h http.Header) {
	for name := range h {
		if strings.HasPrefix(name, "Anthropic-") || strings.HasPrefix(name, "Openai-") || strings.HasPrefix(name, "X-Stainless-") {
			h.Del(name)
		}
	}
}

// answer translates a whole good answer.
func (c *conversion) answer(x *Exchange, data []byte) ([]byte, *Failure) {
	out, res, err := convert.Response(c.in, c.out, data, c.options)
	if err != nil {
		return nil, x.untranslated(err)
	}
	x.addDropped(res.Dropped)
	return out, nil
}

// failure translates an error body.
func (c *conversion) failure(status int, data []byte) []byte {
	return convert.ErrorBody(c.in, convert.DecodeError(c.out, status, data))
}

// conversionStream translates a stream of events, and keeps for the log what the client got.
type conversionStream struct {
	stream *convert.Stream
	sent   *tap.Tap
}

// stream starts the translation of an event stream; nil when none is needed.
func (o *outgoing) stream(x *Exchange, events bool) *conversionStream {
	if o.conv == nil || !events {
		return nil
	}
	return &conversionStream{
		stream: convert.NewStream(o.conv.in, o.conv.out, o.conv.options),
		sent:   tap.New(x.req.Endpoint.Path, x.req.dialect(), true, x.gw.opts.LogBodyMaxBytes),
	}
}

// finish adds what the client's protocol still wants after the provider's last event.
func (s *conversionStream) finish() ([]byte, error) { return s.stream.Finish() }

func (s *conversionStream) fail(f *Failure) []byte {
	return s.stream.Fail(llm.Error{Status: f.Status, Type: llm.TypeOfStatus(f.Status), Code: f.Code, Message: f.Message})
}

// report moves what the conversion knows to the result: the client's message, the provider's, and what was lost.
func (s *conversionStream) report(x *Exchange, res *result) {
	if s == nil {
		return
	}
	res.upstreamBody = res.clientBody
	sent := s.sent.Result()
	res.clientBody, res.clientCut = sent.Message, sent.Cut
	x.addDropped(s.stream.Result().Dropped)
}

// addDropped notes what a conversion could not hold.
func (x *Exchange) addDropped(more []models.Dropped) {
	if len(more) > 0 && !x.rehearsal {
		x.gw.metrics.dropped.WithLabelValues(string(x.log.ProtocolIn), string(x.log.ProtocolOut)).Add(float64(len(more)))
	}
	x.dropped = append(x.dropped, more...)
}

// reportDropped names on the answer what was lost so far.
func reportDropped(h http.Header, dropped []models.Dropped) {
	if len(dropped) == 0 {
		return
	}
	paths := make([]string, 0, len(dropped))
	for _, d := range dropped {
		paths = append(paths, d.Path)
	}
	setSafe(h, "X-Squirrel-Dropped", string(head([]byte(strings.Join(paths, ",")), 1024)))
}
