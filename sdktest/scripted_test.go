//go:build agents

package sdktest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// turn is what a scripted model says at once.
type turn struct {
	thinking, text string
	calls          []call
	n              int // its place in the script
}

func (a turn) id(kind string, i int) string { return fmt.Sprintf("%s_%d_%d", kind, a.n, i) }

// scripted is a provider that plays a script: the n-th answer of a conversation is the script's n-th turn. Requests without tools,
// which agents make for titles and summaries, get a short text.
type scripted struct {
	t      testing.TB
	script func(n int, tools []string) turn
	url    string

	mu       sync.Mutex
	requests []string // the bodies of those that played the script
}

// play starts a provider for the length of the test.
func play(t testing.TB, script func(n int, tools []string) turn) *scripted {
	s := &scripted{t: t, script: script}
	server := httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// sent returns the requests that played the script, as the provider got them.
func (s *scripted) sent() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.requests...)
}

// question is what both dialects have in common.
type question struct {
	Stream   bool `json:"stream"`
	Messages []struct {
		Role string `json:"role"`
	} `json:"messages"`
	Tools []struct {
		Name     string `json:"name"`
		Function struct {
			Name string `json:"name"`
		} `json:"function"`
	} `json:"tools"`
}

func (s *scripted) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var q question
	if err != nil || json.Unmarshal(body, &q) != nil {
		http.Error(w, `{"error":{"message":"not understood"}}`, http.StatusBadRequest)
		return
	}
	answer := turn{text: "A title"}
	if len(q.Tools) > 0 {
		answer = s.next(q, string(body))
	}
	switch {
	case strings.HasSuffix(r.URL.Path, "/chat/completions"):
		chatAnswer(w, answer, q.Stream)
	case strings.HasSuffix(r.URL.Path, "/messages"):
		messagesAnswer(w, answer, q.Stream)
	default:
		http.NotFound(w, r)
	}
}

func (s *scripted) next(q question, body string) turn {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, body)
	n := 0
	for _, m := range q.Messages {
		if m.Role == "assistant" {
			n++
		}
	}
	var names []string
	for _, t := range q.Tools {
		names = append(names, t.Name+t.Function.Name)
	}
	answer := s.script(n, names)
	answer.n = n
	return answer
}

// events writes a stream.
type events struct{ w http.ResponseWriter }

func (e events) data(name string, value any) {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	if name != "" {
		fmt.Fprintf(e.w, "event: %s\n", name)
	}
	fmt.Fprintf(e.w, "data: %s\n\n", data)
	e.w.(http.Flusher).Flush()
}

// halves cuts a text in two, so that something is put together again.
func halves(text string) []string {
	letters := []rune(text)
	if len(letters) < 2 {
		return []string{text}
	}
	return []string{string(letters[:len(letters)/2]), string(letters[len(letters)/2:])}
}

func chatAnswer(w http.ResponseWriter, a turn, stream bool) {
	finish := "stop"
	if len(a.calls) > 0 {
		finish = "tool_calls"
	}
	usage := object{"prompt_tokens": 1200, "completion_tokens": 40, "total_tokens": 1240, "prompt_tokens_details": object{"cached_tokens": 1000}}
	if !stream {
		message := object{"role": "assistant", "content": a.text}
		if a.thinking != "" {
			message["reasoning_content"] = a.thinking
		}
		var calls []object
		for i, c := range a.calls {
			calls = append(calls, object{"id": a.id("call", i), "type": "function", "function": object{"name": c.name, "arguments": c.arguments}})
		}
		if calls != nil {
			message["tool_calls"] = calls
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(object{"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "scripted",
			"choices": []object{{"index": 0, "message": message, "finish_reason": finish}}, "usage": usage})
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	out := events{w}
	delta := func(d object, finish any) {
		out.data("", object{"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "scripted", "choices": []object{{"index": 0, "delta": d, "finish_reason": finish}}})
	}
	delta(object{"role": "assistant", "content": ""}, nil)
	for _, part := range halves(a.thinking) {
		delta(object{"reasoning_content": part}, nil)
	}
	for _, part := range halves(a.text) {
		delta(object{"content": part}, nil)
	}
	for i, c := range a.calls {
		delta(object{"tool_calls": []object{{"index": i, "id": a.id("call", i), "type": "function", "function": object{"name": c.name, "arguments": ""}}}}, nil)
	}
	for half := range 2 { // parallel calls interleave
		for i, c := range a.calls {
			if parts := halves(c.arguments); half < len(parts) {
				delta(object{"tool_calls": []object{{"index": i, "function": object{"arguments": parts[half]}}}}, nil)
			}
		}
	}
	delta(object{}, finish)
	out.data("", object{"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "scripted", "choices": []object{}, "usage": usage})
	fmt.Fprint(w, "data: [DONE]\n\n")
}

func messagesAnswer(w http.ResponseWriter, a turn, stream bool) {
	stop := "end_turn"
	var blocks []object
	if a.thinking != "" {
		blocks = append(blocks, object{"type": "thinking", "thinking": a.thinking, "signature": "c2lnbmF0dXJl"})
	}
	if a.text != "" {
		blocks = append(blocks, object{"type": "text", "text": a.text})
	}
	for i, c := range a.calls {
		stop = "tool_use"
		blocks = append(blocks, object{"type": "tool_use", "id": a.id("toolu", i), "name": c.name, "input": json.RawMessage(c.arguments)})
	}
	message := object{"id": "msg_1", "type": "message", "role": "assistant", "model": "scripted", "content": blocks, "stop_reason": stop, "stop_sequence": nil,
		"usage": object{"input_tokens": 200, "cache_read_input_tokens": 900, "cache_creation_input_tokens": 100, "output_tokens": 40}}
	if !stream {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(message)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	out := events{w}
	message["content"], message["stop_reason"] = []object{}, nil
	out.data("message_start", object{"type": "message_start", "message": message})
	out.data("ping", object{"type": "ping"})
	for i, b := range blocks {
		streamBlock(out, i, b)
	}
	out.data("message_delta", object{"type": "message_delta", "delta": object{"stop_reason": stop, "stop_sequence": nil}, "usage": object{"output_tokens": 40}})
	out.data("message_stop", object{"type": "message_stop"})
}

func streamBlock(out events, i int, b object) {
	delta := func(kind, key, text string) {
		out.data("content_block_delta", object{"type": "content_block_delta", "index": i, "delta": object{"type": kind, key: text}})
	}
	start := object{"type": b["type"]}
	var send func()
	switch b["type"] {
	case "thinking":
		start["thinking"], start["signature"] = "", ""
		send = func() {
			for _, part := range halves(b["thinking"].(string)) {
				delta("thinking_delta", "thinking", part)
			}
			delta("signature_delta", "signature", b["signature"].(string))
		}
	case "text":
		start["text"] = ""
		send = func() {
			for _, part := range halves(b["text"].(string)) {
				delta("text_delta", "text", part)
			}
		}
	default:
		start["id"], start["name"], start["input"] = b["id"], b["name"], object{}
		send = func() {
			for _, part := range halves(string(b["input"].(json.RawMessage))) {
				delta("input_json_delta", "partial_json", part)
			}
		}
	}
	out.data("content_block_start", object{"type": "content_block_start", "index": i, "content_block": start})
	send()
	out.data("content_block_stop", object{"type": "content_block_stop", "index": i})
}
