package proxy

import (
	"strings"

	"squirrel/models"
)

// Endpoint describes one path of the data plane.
type Endpoint struct {
	Path      models.Endpoint
	Protocol  models.Protocol // the dialect of requests, answers and errors
	Streams   bool            // a request may ask for an event stream
	Multipart bool            // the body may be a form; see upload.go
	Binary    bool            // a good answer is not JSON and is relayed as it arrives
}

// Endpoints lists every POST endpoint. The order is that of docs/api.md.
var Endpoints = []Endpoint{
	{Path: models.EndpointChat, Protocol: models.ProtocolOpenAI, Streams: true},
	{Path: models.EndpointCompletions, Protocol: models.ProtocolOpenAI, Streams: true},
	{Path: models.EndpointEmbeddings, Protocol: models.ProtocolOpenAI},
	{Path: models.EndpointResponses, Protocol: models.ProtocolResponses, Streams: true},
	{Path: models.EndpointSpeech, Protocol: models.ProtocolOpenAI, Streams: true, Binary: true},
	{Path: models.EndpointTranscriptions, Protocol: models.ProtocolOpenAI, Streams: true, Multipart: true, Binary: true},
	{Path: models.EndpointTranslations, Protocol: models.ProtocolOpenAI, Multipart: true, Binary: true},
	{Path: models.EndpointImages, Protocol: models.ProtocolOpenAI, Streams: true},
	{Path: models.EndpointImageEdits, Protocol: models.ProtocolOpenAI, Streams: true, Multipart: true},
	{Path: models.EndpointImageVariation, Protocol: models.ProtocolOpenAI, Multipart: true},
	{Path: models.EndpointModerations, Protocol: models.ProtocolOpenAI},
	{Path: models.EndpointMessages, Protocol: models.ProtocolAnthropic, Streams: true},
	{Path: models.EndpointCountTokens, Protocol: models.ProtocolAnthropic},
}

// alias is the path without its version: SDKs whose base URL lacks /v1 call it.
func (e Endpoint) alias() string { return strings.TrimPrefix(string(e.Path), "/v1") }

// dialectOf chooses the error dialect for a path that no endpoint serves.
func dialectOf(path string) models.Protocol {
	if strings.HasPrefix(strings.TrimPrefix(path, "/v1"), "/messages") {
		return models.ProtocolAnthropic
	}
	return models.ProtocolOpenAI
}

// ProtocolOf is the dialect of an endpoint.
func ProtocolOf(path models.Endpoint) models.Protocol {
	if e := endpointOf(path); e != nil {
		return e.Protocol
	}
	return models.ProtocolOpenAI
}
