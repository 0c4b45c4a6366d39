package convert

import (
	"squirrel/models"
	"squirrel/proxy/convert/anthropic"
	"squirrel/proxy/convert/openai"
	"squirrel/proxy/convert/responses"
	"squirrel/proxy/llm"
)

// codec is what one protocol can do.
type codec struct {
	dialect        llm.Dialect
	decodeRequest  func([]byte) (*llm.Request, error)
	encodeRequest  func(*llm.Request, llm.RequestOptions) ([]byte, []llm.Dropped, error)
	decodeResponse func([]byte) (*llm.Response, error)
	encodeResponse func(*llm.Response, llm.AnswerOptions) ([]byte, []llm.Dropped)
	newDecoder     func() llm.Decoder
	newEncoder     func(llm.AnswerOptions) llm.Encoder
	decodeError    func(int, []byte) *llm.Error
	encodeError    func(*llm.Error) []byte
}

var codecs = map[models.Protocol]codec{
	models.ProtocolOpenAI: {
		dialect:       llm.Chat,
		decodeRequest: openai.DecodeRequest, encodeRequest: openai.EncodeRequest,
		decodeResponse: openai.DecodeResponse, encodeResponse: openai.EncodeResponse,
		newDecoder:  func() llm.Decoder { return openai.NewDecoder() },
		newEncoder:  func(o llm.AnswerOptions) llm.Encoder { return openai.NewEncoder(o) },
		decodeError: openai.DecodeError, encodeError: openai.EncodeError,
	},
	models.ProtocolAnthropic: {
		dialect:       llm.Messages,
		decodeRequest: anthropic.DecodeRequest, encodeRequest: anthropic.EncodeRequest,
		decodeResponse: anthropic.DecodeResponse, encodeResponse: anthropic.EncodeResponse,
		newDecoder:  func() llm.Decoder { return anthropic.NewDecoder() },
		newEncoder:  func(o llm.AnswerOptions) llm.Encoder { return anthropic.NewEncoder(o) },
		decodeError: anthropic.DecodeError, encodeError: anthropic.EncodeError,
	},
	models.ProtocolResponses: {
		dialect:       llm.Responses,
		decodeRequest: responses.DecodeRequest, encodeRequest: responses.EncodeRequest,
		decodeResponse: responses.DecodeResponse, encodeResponse: responses.EncodeResponse,
		newDecoder:  func() llm.Decoder { return responses.NewDecoder() },
		newEncoder:  func(o llm.AnswerOptions) llm.Encoder { return responses.NewEncoder(o) },
		decodeError: openai.DecodeError, encodeError: openai.EncodeError,
	},
}
