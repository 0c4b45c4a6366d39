package sdktest

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"
)

func claude(opts ...option.RequestOption) anthropic.Client {
	return anthropic.NewClient(append([]option.RequestOption{option.WithBaseURL(demo.url), option.WithAPIKey(demo.key), option.WithMaxRetries(0)}, opts...)...)
}

func say(model, text string) anthropic.MessageNewParams {
	return anthropic.MessageNewParams{
		Model: anthropic.Model(model), MaxTokens: 1024, Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock(text))},
	}
}

func TestAnthropicGo_Messages(t *testing.T) {
	client := claude()
	for _, model := range demoModels {
		answer, err := client.Messages.New(t.Context(), say(model, "Hello, squirrel!"))
		if err != nil {
			t.Fatalf("%s: %v", model, err)
		}
		if len(answer.Content) == 0 || answer.Content[0].Text == "" || answer.StopReason != "end_turn" || answer.Usage.OutputTokens == 0 {
			t.Errorf("%s: %s", model, answer.RawJSON())
		}
	}
}

func TestAnthropicGo_StreamAccumulatesToAMessage(t *testing.T) {
	client := claude()
	for _, model := range demoModels {
		stream := client.Messages.NewStreaming(t.Context(), say(model, "Tell me about acorns."))
		var message anthropic.Message
		for stream.Next() {
			if err := message.Accumulate(stream.Current()); err != nil {
				t.Fatalf("%s: %v", model, err)
			}
		}
		if stream.Err() != nil {
			t.Fatalf("%s: %v", model, stream.Err())
		}
		if len(message.Content) == 0 || message.Content[0].Text == "" || message.StopReason != "end_turn" || message.Usage.OutputTokens == 0 {
			t.Errorf("%s: %+v", model, message)
		}
	}
}

func weatherTool() []anthropic.ToolUnionParam {
	return []anthropic.ToolUnionParam{{OfTool: &anthropic.ToolParam{
		Name: "get_weather", Description: anthropic.String("The weather at a place."),
		InputSchema: anthropic.ToolInputSchemaParam{Properties: map[string]any{"city": map[string]any{"type": "string"}}, Required: []string{"city"}},
	}}}
}

func TestAnthropicGo_ToolsInTwoTurns(t *testing.T) {
	client := claude()
	for _, model := range demoModels {
		params := say(model, "What is the weather in Paris? Call get_weather.")
		params.Tools = weatherTool()
		first, err := client.Messages.New(t.Context(), params)
		if err != nil {
			t.Fatalf("%s: %v", model, err)
		}
		if first.StopReason != "tool_use" {
			t.Fatalf("%s: no tool call: %s", model, first.RawJSON())
		}
		var results []anthropic.ContentBlockParamUnion
		for _, block := range first.Content {
			if block.Type == "tool_use" {
				if !json.Valid(block.Input) {
					t.Errorf("%s: input %q", model, block.Input)
				}
				results = append(results, anthropic.NewToolResultBlock(block.ID, `{"celsius":21}`, false))
			}
		}
		params.Messages = append(params.Messages, first.ToParam(), anthropic.NewUserMessage(results...))
		second, err := client.Messages.New(t.Context(), params)
		if err != nil {
			t.Fatalf("%s: %v", model, err)
		}
		if len(second.Content) == 0 || second.StopReason != "end_turn" {
			t.Errorf("%s: %s", model, second.RawJSON())
		}
	}
}

func TestAnthropicGo_StreamedTools(t *testing.T) {
	client := claude()
	for _, model := range demoModels {
		params := say(model, "What is the weather in Paris? Call get_weather.")
		params.Tools = weatherTool()
		stream := client.Messages.NewStreaming(t.Context(), params)
		var message anthropic.Message
		for stream.Next() {
			if err := message.Accumulate(stream.Current()); err != nil {
				t.Fatalf("%s: %v", model, err)
			}
		}
		if stream.Err() != nil || message.StopReason != "tool_use" {
			t.Fatalf("%s: %v, %+v", model, stream.Err(), message)
		}
	}
}

func TestAnthropicGo_CountTokensAndModels(t *testing.T) {
	client := claude()
	for range 4 { // the weights lead to both kinds of providers
		count, err := client.Messages.CountTokens(t.Context(), anthropic.MessageCountTokensParams{
			Model: "claude", Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock("How many tokens is this?"))},
		})
		if err != nil || count.InputTokens == 0 {
			t.Fatalf("%+v, %v", count, err)
		}
	}
	page, err := client.Models.List(t.Context(), anthropic.ModelListParams{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range page.Data {
		names = append(names, m.ID)
	}
	mustListOnce(t, names)
}

func TestAnthropicGo_Errors(t *testing.T) {
	cases := map[string]struct {
		client anthropic.Client
		model  string
		status int
	}{
		"wrong key":     {claude(option.WithAPIKey("lgw-wrong")), "claude", 401},
		"unknown model": {claude(), "clade", 404},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := c.client.Messages.New(t.Context(), say(c.model, "x"))
			var apiErr *anthropic.Error
			if !errors.As(err, &apiErr) || apiErr.StatusCode != c.status || apiErr.RequestID == "" {
				t.Errorf("got %v", err)
			}
		})
	}
}
