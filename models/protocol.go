// Package models holds the nouns of the gateway: what is configured, what is recorded, what it costs.
// It imports nothing of this module, so every other package may import it.
package models

// Protocol is the wire dialect a client or a provider speaks.
type Protocol string

// The three dialects. Their wire formats are those of the vendors' public API references.
const (
	ProtocolOpenAI    Protocol = "openai"           // chat completions and the other OpenAI endpoints
	ProtocolResponses Protocol = "openai_responses" // OpenAI's Responses API
	ProtocolAnthropic Protocol = "anthropic"        // Anthropic's Messages API
)

// Valid reports whether p is one of the known protocols.
func (p Protocol) Valid() bool {
	return p == ProtocolOpenAI || p == ProtocolResponses || p == ProtocolAnthropic
}

// Endpoint is the canonical path a client called, such as "/v1/chat/completions". Aliases are resolved before.
type Endpoint string

// The endpoints of the data plane.
const (
	EndpointChat           Endpoint = "/v1/chat/completions"
	EndpointCompletions    Endpoint = "/v1/completions"
	EndpointEmbeddings     Endpoint = "/v1/embeddings"
	EndpointResponses      Endpoint = "/v1/responses"
	EndpointSpeech         Endpoint = "/v1/audio/speech"
	EndpointTranscriptions Endpoint = "/v1/audio/transcriptions"
	EndpointTranslations   Endpoint = "/v1/audio/translations"
	EndpointImages         Endpoint = "/v1/images/generations"
	EndpointImageEdits     Endpoint = "/v1/images/edits"
	EndpointImageVariation Endpoint = "/v1/images/variations"
	EndpointModerations    Endpoint = "/v1/moderations"
	EndpointMessages       Endpoint = "/v1/messages"
	EndpointCountTokens    Endpoint = "/v1/messages/count_tokens"
)

// ModelType is what a model is for.
type ModelType string

// The model types.
const (
	ModelChat          ModelType = "chat"
	ModelEmbedding     ModelType = "embedding"
	ModelSpeech        ModelType = "speech"
	ModelTranscription ModelType = "transcription"
	ModelImages        ModelType = "images"
	ModelModeration    ModelType = "moderation"
)

// StrategyName says how the candidates of a model are ordered.
type StrategyName string

// The strategies.
const (
	StrategyRoundRobin StrategyName = "round_robin"
	StrategyPriority   StrategyName = "priority"
	StrategyWeighted   StrategyName = "weighted"
	StrategyCostFirst  StrategyName = "cost_first"
)

// TakesUpload reports whether a request to the endpoint is a form with a file.
func (e Endpoint) TakesUpload() bool {
	switch e {
	case EndpointTranscriptions, EndpointTranslations, EndpointImageEdits, EndpointImageVariation:
		return true
	}
	return false
}
