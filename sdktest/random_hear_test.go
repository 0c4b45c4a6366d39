package sdktest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/anthropics/anthropic-sdk-go"
	anthropicparam "github.com/anthropics/anthropic-sdk-go/packages/param"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/responses"
)

// call is a tool call; arguments is a JSON object.
type call struct{ name, arguments string }

// heard is what a client understood of an answer.
type heard struct {
	text, stop string
	calls      []call
	free       []bool // the call of the same place has free text instead of JSON
	output     int64
}

func (h *heard) add(name, arguments string, free bool) {
	h.calls, h.free = append(h.calls, call{name, arguments}), append(h.free, free)
}

// run sends the request and says what is wrong with what came of it; "" = nothing.
func (j job) run(ctx context.Context) string {
	h, err := j.ask(ctx, j.Stream)
	if j.Expect == "error" {
		return j.checkError(err)
	}
	if err != nil {
		return "the SDK threw: " + err.Error()
	}
	if problem := j.check(h); problem != "" || !j.Twice {
		return problem
	}
	other, err := j.ask(ctx, !j.Stream)
	if err != nil {
		return fmt.Sprintf("with stream %t the SDK threw: %v", !j.Stream, err)
	}
	if h.text != other.text || h.stop != other.stop || !slices.Equal(h.calls, other.calls) {
		return fmt.Sprintf("stream %t says %+v, the other way %+v", j.Stream, h, other)
	}
	return ""
}

// checkError wants an error that the SDK made out of ours, not one of reading it.
func (j job) checkError(err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	var openaiError *openai.Error
	var anthropicError *anthropic.Error
	switch {
	case err == nil:
		return "no error was seen"
	case errors.As(err, &syntax), errors.As(err, &kind):
		return "the error could not be read: " + err.Error()
	case errors.As(err, &openaiError), errors.As(err, &anthropicError), j.Stream:
		return ""
	}
	return fmt.Sprintf("not the SDK's own error: %T %v", err, err)
}

func (j job) check(h heard) string {
	for i, c := range h.calls {
		if !h.free[i] && !json.Valid([]byte(c.arguments)) {
			return fmt.Sprintf("arguments %q", c.arguments)
		}
		if !j.Recorded && !slices.Contains(j.Tools, c.name) {
			return "a call of " + c.name + ", which the client does not know"
		}
	}
	if j.Recorded {
		return ""
	}
	toolStop := h.stop == "tool_calls" || h.stop == "tool_use"
	if j.Client != "responses" && toolStop != (len(h.calls) > 0) {
		return fmt.Sprintf("stopped for %s with %d calls", h.stop, len(h.calls))
	}
	if h.text == "" && len(h.calls) == 0 && h.stop != "length" && h.stop != "max_tokens" && h.stop != "stop_sequence" && j.Body["stop"] == nil {
		return fmt.Sprintf("an empty answer: %+v", h)
	}
	if h.output == 0 {
		return "no usage"
	}
	if j.Structured && len(h.calls) == 0 && (h.stop == "stop" || h.stop == "completed") && j.Body["stop"] == nil && !strings.Contains(j.Model, "refusal") && !json.Valid([]byte(h.text)) {
		return "no JSON: " + h.text
	}
	return ""
}

func (j job) ask(ctx context.Context, stream bool) (heard, error) {
	body, err := json.Marshal(j.Body)
	if err != nil {
		return heard{}, err
	}
	switch j.Client {
	case "chat":
		return askChat(ctx, body, stream)
	case "messages":
		return askMessages(ctx, body, stream)
	}
	return askResponses(ctx, body, stream)
}

func askChat(ctx context.Context, body json.RawMessage, stream bool) (h heard, err error) {
	client := openAI()
	params := param.Override[openai.ChatCompletionNewParams](body)
	var answer openai.ChatCompletion
	if stream {
		var withUsage object
		if err := json.Unmarshal(body, &withUsage); err != nil {
			return h, err
		}
		withUsage["stream_options"] = object{"include_usage": true}
		params = param.Override[openai.ChatCompletionNewParams](withUsage)
		s := client.Chat.Completions.NewStreaming(ctx, params)
		var acc openai.ChatCompletionAccumulator
		for s.Next() {
			if !acc.AddChunk(s.Current()) {
				return h, errors.New("a chunk does not fit: " + s.Current().RawJSON())
			}
		}
		if s.Err() != nil {
			return h, s.Err()
		}
		answer = acc.ChatCompletion
	} else {
		whole, err := client.Chat.Completions.New(ctx, params)
		if err != nil {
			return h, err
		}
		answer = *whole
	}
	if len(answer.Choices) == 0 {
		return h, errors.New("no choices")
	}
	message := answer.Choices[0].Message
	h = heard{text: message.Content + message.Refusal, stop: answer.Choices[0].FinishReason, output: answer.Usage.CompletionTokens}
	for _, c := range message.ToolCalls {
		h.add(c.Function.Name, c.Function.Arguments, false)
	}
	return h, nil
}

func askMessages(ctx context.Context, body json.RawMessage, stream bool) (h heard, err error) {
	client := claude()
	params := anthropicparam.Override[anthropic.MessageNewParams](body)
	var answer anthropic.Message
	if stream {
		s := client.Messages.NewStreaming(ctx, params)
		for s.Next() {
			if err := answer.Accumulate(s.Current()); err != nil {
				return h, err
			}
		}
		if s.Err() != nil {
			return h, s.Err()
		}
	} else {
		whole, err := client.Messages.New(ctx, params)
		if err != nil {
			return h, err
		}
		answer = *whole
	}
	h = heard{stop: string(answer.StopReason), output: answer.Usage.OutputTokens}
	for _, block := range answer.Content {
		switch block.Type {
		case "text":
			h.text += block.Text
		case "tool_use":
			h.add(block.Name, string(compact(block.Input)), false)
		}
	}
	if h.stop == "" {
		return h, errors.New("no stop reason")
	}
	return h, nil
}

// compact returns arguments as they compare: a stream puts them together from pieces, a whole answer as they were written.
func compact(raw json.RawMessage) json.RawMessage {
	var value any
	if json.Unmarshal(raw, &value) != nil {
		return raw
	}
	out, err := json.Marshal(value)
	if err != nil {
		return raw
	}
	return out
}

func askResponses(ctx context.Context, body json.RawMessage, stream bool) (h heard, err error) {
	client := openAI()
	params := param.Override[responses.ResponseNewParams](body)
	var answer responses.Response
	if stream {
		var said strings.Builder
		s := client.Responses.NewStreaming(ctx, params)
		for s.Next() {
			switch e := s.Current(); e.Type {
			case "response.output_text.delta", "response.refusal.delta":
				said.WriteString(e.Delta)
			case "response.completed", "response.incomplete", "response.failed":
				answer = e.Response
			case "error":
				return h, errors.New("an error event: " + e.Message)
			}
		}
		if s.Err() != nil {
			return h, s.Err()
		}
		if answer.Status == "failed" {
			return h, errors.New("response.failed: " + answer.Error.Message)
		}
		if h.text = said.String(); h.text != textIn(answer) {
			return h, fmt.Errorf("the deltas say %q, the end says %q", h.text, textIn(answer))
		}
	} else {
		whole, err := client.Responses.New(ctx, params)
		if err != nil {
			return h, err
		}
		answer = *whole
	}
	h = heard{text: textIn(answer), stop: string(answer.Status), output: answer.Usage.OutputTokens}
	if h.stop == "incomplete" {
		h.stop = "length"
	}
	for _, item := range answer.Output {
		switch item.Type {
		case "function_call":
			h.add(item.Name, item.Arguments.OfString, false)
		case "custom_tool_call":
			h.add(item.Name, item.Input, true)
		}
	}
	return h, nil
}

// textIn is all text of a response, refusals included.
func textIn(answer responses.Response) (text string) {
	for _, item := range answer.Output {
		if item.Type == "message" {
			for _, part := range item.Content {
				text += part.Text + part.Refusal
			}
		}
	}
	return text
}
