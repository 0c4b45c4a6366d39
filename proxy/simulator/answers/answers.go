// Package answers composes what a model vendor's API would answer: chat completions, messages, responses, embeddings, audio,
// images, moderations, token counts and model lists, plain or as a list of stream events. The text is derived from the
// prompt, so that equal requests get equal answers; only ids and times differ. Shapes follow the public API references of
// OpenAI and Anthropic and the recordings listed in the simulator's SOURCES file.
package answers

import (
	"net/http"
	"time"

	"squirrel/models"
)

// Request is what an answer is made from.
type Request struct {
	// Endpoint is the canonical endpoint. For a list of models it is [EndpointModels].
	Endpoint models.Endpoint
	// Name is the model asked for in the path of GET /v1/models/{name}, else empty.
	Name string
	// Header is the request's header; it decides between the two shapes of a model list and how a form body is read.
	Header http.Header
	// Body is the request body as received. It is only read.
	Body []byte
	// Now is the answer's time.
	Now time.Time
	// Seed and Serial make the ids: the same pair gives the same ids.
	Seed, Serial uint64
	// Models are the names a model list shows.
	Models []string
}

// EndpointModels is the list of models, which the gateway answers itself and which therefore is no endpoint of its data plane.
const EndpointModels models.Endpoint = "/v1/models"

// Event is one server-sent event. Chat and text completions have no event names; their streams end in a "[DONE]" event.
type Event struct {
	Name string
	Data []byte
}

// Terminator reports whether e is the last event of a healthy stream.
func (e Event) Terminator() bool {
	switch e.Name {
	case "message_stop", "response.completed", "response.incomplete":
		return true
	}
	return string(e.Data) == "[DONE]"
}

// Answer is a whole answer, before any framing.
type Answer struct {
	Status      int
	ContentType string
	// Header holds the further header fields in the order they are sent.
	Header [][2]string
	// Body is the answer of a request that does not stream.
	Body []byte
	// Events are the answer of a request that does.
	Events []Event
	// Pieces says that Body is sent piece by piece without a Content-Length, as generated audio is.
	Pieces bool
}

// Protocol says in whose dialect an endpoint's answers and errors are written.
func Protocol(e models.Endpoint) models.Protocol {
	switch e {
	case models.EndpointMessages, models.EndpointCountTokens:
		return models.ProtocolAnthropic
	case models.EndpointResponses:
		return models.ProtocolResponses
	}
	return models.ProtocolOpenAI
}

// Make composes the answer to r. A request the vendor would refuse gets the vendor's error.
func Make(r *Request) *Answer {
	maker, ok := makers[r.Endpoint]
	if !ok {
		return Error(models.ProtocolOpenAI, http.StatusNotFound, "Invalid URL", RequestID(r.Seed, r.Serial))
	}
	answer, refused := maker(r)
	if refused != nil {
		return refused.answer(Protocol(r.Endpoint), RequestID(r.Seed, r.Serial))
	}
	answer.Header = append(answer.Header, vendorHeader(r)...)
	return answer
}

var makers = map[models.Endpoint]func(*Request) (*Answer, *failure){
	EndpointModels:                modelList,
	models.EndpointChat:           chatCompletion,
	models.EndpointCompletions:    textCompletion,
	models.EndpointEmbeddings:     embeddings,
	models.EndpointResponses:      response,
	models.EndpointMessages:       message,
	models.EndpointCountTokens:    countTokens,
	models.EndpointModerations:    moderation,
	models.EndpointSpeech:         speech,
	models.EndpointTranscriptions: transcription,
	models.EndpointTranslations:   transcription,
	models.EndpointImages:         images,
	models.EndpointImageEdits:     images,
	models.EndpointImageVariation: images,
}

// IDHeader is the header field in which a vendor tells the id of a request.
func IDHeader(p models.Protocol, requestID string) [2]string {
	if p == models.ProtocolAnthropic {
		return [2]string{"request-id", requestID}
	}
	return [2]string{"x-request-id", requestID}
}

// vendorHeader is the header a vendor adds to its answers.
func vendorHeader(r *Request) [][2]string {
	protocol := Protocol(r.Endpoint)
	id := IDHeader(protocol, RequestID(r.Seed, r.Serial))
	if protocol == models.ProtocolAnthropic {
		return [][2]string{
			id,
			{"anthropic-ratelimit-requests-limit", "4000"},
			{"anthropic-ratelimit-requests-remaining", "3999"},
		}
	}
	return [][2]string{
		id,
		{"openai-version", "2020-10-01"},
		{"openai-processing-ms", "42"},
		{"x-ratelimit-limit-requests", "10000"},
		{"x-ratelimit-remaining-requests", "9999"},
	}
}

// plain is a JSON answer with status 200.
func plain(body any) *Answer {
	return &Answer{Status: http.StatusOK, ContentType: "application/json", Body: encode(body)}
}

// stream is a stream of events with status 200.
func stream(events []Event) *Answer {
	return &Answer{Status: http.StatusOK, ContentType: "text/event-stream; charset=utf-8", Events: events}
}
