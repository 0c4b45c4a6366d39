package sdktest

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

func openAI(opts ...option.RequestOption) openai.Client {
	return openai.NewClient(append([]option.RequestOption{option.WithBaseURL(demo.url + "/v1/"), option.WithAPIKey(demo.key), option.WithMaxRetries(0)}, opts...)...)
}

func ask(model, text string) openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{Model: model, Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(text)}}
}

// The models of the demo: each strategy, and providers of both protocols behind "claude".
var demoModels = []string{"smart", "fast", "cheap", "claude", "claude", "claude", "claude"}

func TestOpenAIGo_Chat(t *testing.T) {
	client := openAI()
	for _, model := range demoModels {
		answer, err := client.Chat.Completions.New(t.Context(), ask(model, "Hello, squirrel!"))
		if err != nil {
			t.Fatalf("%s: %v", model, err)
		}
		if answer.Choices[0].Message.Content == "" || answer.Choices[0].FinishReason != "stop" || answer.Usage.TotalTokens == 0 {
			t.Errorf("%s: %s", model, answer.RawJSON())
		}
	}
}

func TestOpenAIGo_StreamAccumulatesToAMessage(t *testing.T) {
	client := openAI()
	for _, model := range demoModels {
		params := ask(model, "Tell me about acorns.")
		params.StreamOptions = openai.ChatCompletionStreamOptionsParam{IncludeUsage: openai.Bool(true)}
		stream := client.Chat.Completions.NewStreaming(t.Context(), params)
		acc := openai.ChatCompletionAccumulator{}
		chunks := 0
		for stream.Next() {
			chunks++
			if !acc.AddChunk(stream.Current()) {
				t.Fatalf("%s: chunk does not fit: %s", model, stream.Current().RawJSON())
			}
		}
		if stream.Err() != nil {
			t.Fatalf("%s: %v", model, stream.Err())
		}
		if chunks < 3 || acc.Choices[0].Message.Content == "" || acc.Choices[0].FinishReason != "stop" || acc.Usage.TotalTokens == 0 {
			t.Errorf("%s: %d chunks, %+v, usage %+v", model, chunks, acc.Choices[0].Message.Content, acc.Usage)
		}
	}
}

var weather = openai.ChatCompletionFunctionTool(openai.FunctionDefinitionParam{
	Name: "get_weather", Description: openai.String("The weather at a place."),
	Parameters: openai.FunctionParameters{"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}}, "required": []string{"city"}},
})

func TestOpenAIGo_ToolsInTwoTurns(t *testing.T) {
	client := openAI()
	for _, model := range demoModels {
		params := ask(model, "What is the weather in Paris? Call get_weather.")
		params.Tools = []openai.ChatCompletionToolUnionParam{weather}
		first, err := client.Chat.Completions.New(t.Context(), params)
		if err != nil {
			t.Fatalf("%s: %v", model, err)
		}
		message := first.Choices[0].Message
		if first.Choices[0].FinishReason != "tool_calls" || len(message.ToolCalls) == 0 || !json.Valid([]byte(message.ToolCalls[0].Function.Arguments)) {
			t.Fatalf("%s: no usable tool call: %s", model, first.RawJSON())
		}
		params.Messages = append(params.Messages, message.ToParam())
		for _, call := range message.ToolCalls {
			params.Messages = append(params.Messages, openai.ToolMessage(`{"celsius":21}`, call.ID))
		}
		second, err := client.Chat.Completions.New(t.Context(), params)
		if err != nil {
			t.Fatalf("%s: %v", model, err)
		}
		if second.Choices[0].Message.Content == "" {
			t.Errorf("%s: no answer after the tool: %s", model, second.RawJSON())
		}
	}
}

func TestOpenAIGo_StreamedTools(t *testing.T) {
	client := openAI()
	for _, model := range demoModels {
		params := ask(model, "What is the weather in Paris? Call get_weather.")
		params.Tools = []openai.ChatCompletionToolUnionParam{weather}
		stream := client.Chat.Completions.NewStreaming(t.Context(), params)
		acc := openai.ChatCompletionAccumulator{}
		for stream.Next() {
			acc.AddChunk(stream.Current())
		}
		if stream.Err() != nil || len(acc.Choices) == 0 || len(acc.Choices[0].Message.ToolCalls) == 0 {
			t.Fatalf("%s: %v, %+v", model, stream.Err(), acc.Choices)
		}
		if call := acc.Choices[0].Message.ToolCalls[0]; call.Function.Name != "get_weather" || !json.Valid([]byte(call.Function.Arguments)) {
			t.Errorf("%s: %+v", model, call)
		}
	}
}

func TestOpenAIGo_Embeddings(t *testing.T) {
	client := openAI()
	answer, err := client.Embeddings.New(t.Context(), openai.EmbeddingNewParams{
		Model: "fast", Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: []string{"acorn", "walnut"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(answer.Data) != 2 || len(answer.Data[0].Embedding) == 0 {
		t.Errorf("%s", answer.RawJSON())
	}
}

// mustListOnce checks that each model of the demo is in a list once; other tests may have added theirs.
func mustListOnce(t *testing.T, names []string) {
	t.Helper()
	for _, want := range []string{"smart", "fast", "cheap", "claude"} {
		n := 0
		for _, name := range names {
			if name == want {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s is listed %d times: %v", want, n, names)
		}
	}
}

func TestOpenAIGo_Models(t *testing.T) {
	client := openAI()
	page, err := client.Models.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range page.Data {
		names = append(names, m.ID)
	}
	mustListOnce(t, names)
	one, err := client.Models.Get(t.Context(), "smart")
	if err != nil || one.ID != "smart" || one.Created == 0 {
		t.Fatalf("%+v, %v", one, err)
	}
}

func TestOpenAIGo_Errors(t *testing.T) {
	cases := map[string]struct {
		client openai.Client
		model  string
		status int
		code   string
	}{
		"wrong key":     {openAI(option.WithAPIKey("lgw-wrong")), "smart", 401, "invalid_api_key"},
		"unknown model": {openAI(), "smurt", 404, "model_not_found"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := c.client.Chat.Completions.New(context.Background(), ask(c.model, "x"))
			var apiErr *openai.Error
			if !errors.As(err, &apiErr) || apiErr.StatusCode != c.status || apiErr.Code != c.code {
				t.Errorf("got %v", err)
			}
		})
	}
}
