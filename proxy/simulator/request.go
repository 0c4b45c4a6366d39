package simulator

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"squirrel/models"
	"squirrel/proxy/simulator/answers"
)

// Request is a request as it came in.
type Request struct {
	Method string
	// Path and Query are as on the request line; Base is the part of the path before the endpoint's own, such as "/v1".
	Path, Query, Base string
	// Endpoint is the canonical endpoint, empty when the path is none.
	Endpoint models.Endpoint
	Header   http.Header
	Body     []byte
	// Model and Stream are as the body says, in JSON or in a form.
	Model  string
	Stream bool
	// Key is the credential that came with the request.
	Key string
	// Hit counts the requests with the same base path, model and X-Fault header, from 1.
	Hit int
	// Received is when the request had been read.
	Received time.Time

	item string // the name after "/models/"
}

// endpoints are the paths that are served, without the "/v1" and longer ones before those they end in.
var endpoints = []models.Endpoint{
	models.EndpointCountTokens, models.EndpointMessages, models.EndpointChat, models.EndpointCompletions,
	models.EndpointEmbeddings, models.EndpointResponses, models.EndpointModerations, models.EndpointSpeech,
	models.EndpointTranscriptions, models.EndpointTranslations, models.EndpointImages, models.EndpointImageEdits,
	models.EndpointImageVariation, answers.EndpointModels,
}

func newRequest(r *http.Request, body []byte) *Request {
	req := &Request{
		Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Header: r.Header, Body: body,
		Key: credential(r.Header), Received: time.Now(),
	}
	req.locate()
	req.Model, req.Stream = answers.Peek(r.Header, body)
	return req
}

// locate splits the path into base and endpoint.
func (r *Request) locate() {
	for _, e := range endpoints {
		if base, ok := strings.CutSuffix(r.Path, strings.TrimPrefix(string(e), "/v1")); ok {
			r.Base, r.Endpoint = base, e
			return
		}
	}
	if i := strings.Index(r.Path, "/models/"); i >= 0 && r.Method == http.MethodGet {
		r.Base, r.Endpoint, r.item = r.Path[:i], answers.EndpointModels, r.Path[i+len("/models/"):]
	}
}

// allowed reports whether the endpoint takes the request's method.
func (r *Request) allowed() bool {
	if r.Endpoint == answers.EndpointModels {
		return r.Method == http.MethodGet
	}
	return r.Method == http.MethodPost
}

// addFaults adds to f what the request names itself: in its header, its path and its model.
func (r *Request) addFaults(f *Fault) error {
	specs := slices.Clone(r.Header.Values("X-Fault"))
	for segment := range strings.SplitSeq(r.Base, "/") {
		if spec, ok := faultName(segment); ok {
			specs = append(specs, spec)
		}
	}
	if spec, ok := faultName(r.Model); ok {
		specs = append(specs, spec)
	}
	for _, spec := range specs {
		if err := f.extend(spec); err != nil {
			return err
		}
	}
	return nil
}

// faultName returns the fault that a model name or a path segment spells.
func faultName(name string) (spec string, ok bool) {
	for _, prefix := range []string{"fault:", "fault-"} {
		if spec, ok := strings.CutPrefix(name, prefix); ok {
			return spec, true
		}
	}
	return name, strings.HasPrefix(name, "replay:") || strings.HasPrefix(name, "replay-")
}

// credential is the key the request carries, in any of the three places.
func credential(h http.Header) string {
	if key, ok := strings.CutPrefix(h.Get("Authorization"), "Bearer "); ok {
		return key
	}
	if key := h.Get("X-Api-Key"); key != "" {
		return key
	}
	return h.Get("Api-Key")
}
