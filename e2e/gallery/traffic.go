package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"syscall"
	"time"
)

// call is a request of a client. The cast knows the gateway's record of it by the name.
type call struct {
	name, path, key string
	body            object
	raw             func() (contentType string, body []byte) // instead of body
	header          http.Header
	wait            time.Duration // before it is made
	leave           time.Duration // after which the client goes away; 0 = it stays
}

const chatPath, messagesPath, responsesPath = "/v1/chat/completions", "/v1/messages", "/v1/responses"

// ask is a conversation with one question.
func ask(model, text string, more object) object {
	body := object{"model": model, "messages": []object{{"role": "user", "content": text}}}
	for name, value := range more {
		body[name] = value
	}
	return body
}

var streamed = object{"stream": true, "stream_options": object{"include_usage": true}}

// pixel is a small picture.
const pixel = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

var weatherTool = object{"type": "function", "function": object{
	"name": "get_weather", "description": "The weather of a place", "parameters": object{
		"type": "object", "required": []string{"city", "unit"}, "properties": object{"city": object{"type": "string"}, "unit": object{"type": "string", "enum": []string{"celsius", "fahrenheit"}}},
	},
}}

var toolConversation = []object{
	{"role": "system", "content": "You plan trips. Answer briefly, and look the weather up before you advise."},
	{"role": "user", "content": "What should I pack for a weekend in Lisbon and Porto?"},
	{"role": "assistant", "content": nil, "tool_calls": []object{
		{"id": "call_lisbon", "type": "function", "function": object{"name": "get_weather", "arguments": `{"city":"Lisbon","unit":"celsius"}`}},
		{"id": "call_porto", "type": "function", "function": object{"name": "get_weather", "arguments": `{"city":"Porto","unit":"celsius"}`}},
	}},
	{"role": "tool", "tool_call_id": "call_lisbon", "content": `{"temperature":24,"sky":"clear","wind_kmh":12}`},
	{"role": "tool", "tool_call_id": "call_porto", "content": `{"temperature":19,"sky":"showers","wind_kmh":31}`},
}

var calls = []call{
	{name: "plain", path: chatPath, body: ask("assistant", "Write a haiku about an oak in winter.", nil), header: http.Header{"X-User-Id": {"mia@example.com"}, "User-Agent": {"OpenAI/Python 1.54.3"}}},
	{name: "stream", path: chatPath, body: ask("assistant", "Explain in three sentences why squirrels forget where they buried their nuts.", streamed), header: http.Header{"X-User-Id": {"mia@example.com"}}},
	{name: "chinese", path: chatPath, body: ask("assistant", "请用三句话解释松鼠为什么会忘记坚果埋在哪里。\nاكتب جملة واحدة عن الغابة.", streamed)},
	{name: "messages", path: messagesPath, body: ask("claude", "Summarise the release notes.", object{"max_tokens": 300, "system": "You are terse."})},
	{name: "responses", path: responsesPath, body: object{"model": "assistant", "input": "List three trees that squirrels like.", "instructions": "Answer as a list."}},
	{name: "converted", path: chatPath, body: ask("claude", "Which trees shed their leaves last?", object{"seed": 7, "logit_bias": object{"50256": -100}, "n": 1, "presence_penalty": 0.4, "frequency_penalty": 0.2, "user": "mia", "max_tokens": 200, "response_format": object{"type": "json_object"}})},
	{name: "converted-stream", path: messagesPath, body: ask("assistant", "Which trees shed their leaves first?", object{"max_tokens": 200, "stream": true, "top_k": 40, "metadata": object{"user_id": "u-17"}})},
	{name: "failed-over", path: chatPath, body: ask("failing-over", "Is the shop open on Sunday?", streamed)},
	{name: "all-failed", path: chatPath, body: ask("down", "Anybody there?", nil)},
	{name: "rate-limited", path: chatPath, body: ask("busy", "Hello?", nil)},
	{name: "refused", path: chatPath, body: ask("picky", "Hello?", object{"temperature": 1.2})},
	{name: "bad-credential", path: chatPath, body: ask("locked", "Hello?", nil)},
	{name: "garbled", path: chatPath, body: ask("garbled", "Hello?", nil)},
	{name: "broken", path: chatPath, body: ask("breaking", "Tell me a long story about a forest.", streamed)},
	{name: "cut-off", path: chatPath, body: ask("cutting", "Tell me a long story about a river.", streamed)},
	{name: "pauses", path: chatPath, body: ask("halting", "Tell me a long story about a mountain.", streamed)},
	{name: "aborted", path: chatPath, body: ask("endless", "Count to a thousand.", streamed), leave: 3 * time.Second},
	{name: "unknown-price", path: chatPath, body: ask("house-model", "Translate 'acorn' into five languages.", nil)},
	{name: "tools", path: chatPath, body: object{"model": "assistant", "messages": toolConversation, "tools": []object{weatherTool}}},
	{name: "tool-call", path: chatPath, body: ask("assistant", "How is the weather in Oslo?", object{"tools": []object{weatherTool}, "stream": true})},
	{name: "reasoning", path: chatPath, body: ask("thinker", "A farmer has 17 sheep; all but 9 run away. How many are left?", streamed)},
	{name: "thinking", path: messagesPath, body: ask("claude", "A farmer has 17 sheep; all but 9 run away. How many are left?", object{"max_tokens": 2000, "thinking": object{"type": "enabled", "budget_tokens": 1024}, "stream": true})},
	{name: "image", path: chatPath, body: object{"model": "assistant", "messages": []object{{"role": "user", "content": []object{
		{"type": "text", "text": "What is in this picture?"}, {"type": "image_url", "image_url": object{"url": pixel}},
		{"type": "image_url", "image_url": object{"url": "https://pictures.example.com/oak.jpg", "detail": "high"}},
	}}}}},
	{name: "paint", path: "/v1/images/generations", body: object{"model": "paint", "prompt": "A squirrel that reads a log", "n": 1, "size": "1024x1024"}},
	{name: "embeddings", path: "/v1/embeddings", body: object{"model": "vectors", "input": []string{"an acorn", "a nut", "a log file"}}},
	{name: "speech", path: "/v1/audio/speech", body: object{"model": "voice", "input": "The forest is quiet tonight.", "voice": "alloy"}},
	{name: "transcription", path: "/v1/audio/transcriptions", raw: recording},
	{name: "ruled", path: chatPath, body: ask("triage", "Please look at my invoice.", nil), header: http.Header{"X-Tier": {"gold"}}},
	{name: "ruled-out", path: chatPath, body: ask("triage", "Please look at my invoice, too.", nil), header: http.Header{"X-Tier": {"bronze"}}},
	{name: "long-body", path: chatPath, body: ask("big", strings.Repeat("The quick squirrel jumps over the lazy dog, again and again. ", 4000), object{"max_tokens": 60})},
	{name: "long-chat", path: chatPath, body: object{"model": "assistant", "messages": longConversation()}},
	{name: "not-recorded", path: chatPath, key: "no-recording", body: ask("assistant", "Nobody shall read this.", nil)},
	{name: "limit-first", path: chatPath, key: "one-a-minute", body: ask("assistant", "Once.", nil)},
	{name: "key-limited", path: chatPath, key: "one-a-minute", body: ask("assistant", "Twice.", nil)},
	{name: "no-model", path: chatPath, body: ask("gpt-9-ultra", "Hello?", nil)},
	{name: "bad-request", path: chatPath, body: object{"model": "assistant", "messages": "none"}},
	// The retries of the calls before count for ten seconds against those that are allowed.
	{name: "retried", path: chatPath, wait: 10 * time.Second, body: ask("wobbly", "What is 17 times 23?", nil)},
}

// longConversation is one whose messages need folding.
func longConversation() (messages []object) {
	messages = append(messages, object{"role": "system", "content": "You review code.\n\n" + strings.Repeat("- Name what could go wrong before you praise.\n", 60)})
	for i := range 6 {
		messages = append(messages,
			object{"role": "user", "content": fmt.Sprintf("Step %d: here is the file.\n\n```go\nfunc step%d() error {\n\treturn nil\n}\n```", i+1, i+1)},
			object{"role": "assistant", "content": fmt.Sprintf("Step %d reads well. Handle the error of the caller, and test the empty input.", i+1)})
	}
	return append(messages, object{"role": "user", "content": "Sum it up."})
}

// recording is a form with half a second of silence.
func recording() (contentType string, body []byte) {
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	_ = form.WriteField("model", "scribe")
	_ = form.WriteField("response_format", "json")
	file, _ := form.CreateFormFile("file", "voice-note.wav") // a buffer takes all
	header, _ := base64.StdEncoding.DecodeString("UklGRqQfAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YYAfAAA=")
	_, _ = file.Write(append(header, bytes.Repeat([]byte{0x80}, 8064)...))
	_ = form.Close()
	return form.FormDataContentType(), b.Bytes()
}

// sendAll makes all calls, those of clients that leave included.
func (s *scene) sendAll(ctx context.Context) error {
	for i := range calls {
		time.Sleep(calls[i].wait)
		if err := s.send(ctx, &calls[i]); err != nil {
			return fmt.Errorf("%s: %w", calls[i].name, err)
		}
	}
	return nil
}

// send makes a call and reads its answer, whatever it is.
func (s *scene) send(ctx context.Context, c *call) error {
	if c.leave > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, c.leave)
		defer stop()
	}
	resp, err := s.begin(ctx, c)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	if c.leave == 0 && err != nil && ctx.Err() != nil {
		return err
	}
	return nil // a broken answer is what some are for
}

// begin makes a call and returns when its answer begins.
func (s *scene) begin(ctx context.Context, c *call) (*http.Response, error) {
	contentType, body := "application/json", []byte(nil)
	if c.raw != nil {
		contentType, body = c.raw()
	} else {
		var err error
		if body, err = json.Marshal(c.body); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.full.url+c.path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for name, values := range c.header {
		req.Header[name] = values
	}
	key := c.key
	if key == "" {
		key = "checkout-service"
	}
	req.Header.Set("Authorization", "Bearer "+s.cast.Keys[key])
	req.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(req)
	if err == nil {
		s.cast.IDs[c.name] = resp.Header.Get("X-Squirrel-Request-Id")
	}
	return resp, err
}

// interrupt kills the gateway while it answers, and starts it again.
func (s *scene) interrupt(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	resp, err := s.begin(ctx, &call{name: "interrupted", path: chatPath, body: ask("endless", "Count to ten thousand.", streamed)})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	time.Sleep(6 * time.Second) // until a checkpoint of the answer was written
	s.full.end(syscall.SIGKILL)
	return s.full.start(ctx)
}

// keepRunning holds some requests open until the end.
func (s *scene) keepRunning(ctx context.Context) error {
	ctx, s.stopRunning = context.WithCancel(ctx)
	for i, model := range []string{"slow", "endless", "slow"} {
		resp, err := s.begin(ctx, &call{name: fmt.Sprintf("running-%d", i+1), path: chatPath, body: ask(model, "Recite the encyclopedia.", streamed)})
		if err != nil {
			return err
		}
		go func() {
			defer resp.Body.Close()
			_, _ = io.Copy(io.Discard, resp.Body)
		}()
	}
	return nil
}
