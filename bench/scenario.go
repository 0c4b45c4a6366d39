package main

import (
	"fmt"
	"strings"
)

const (
	chatPath     = "/v1/chat/completions"
	messagesPath = "/v1/messages"
)

// scenario is one kind of load, compared between some targets. The first is what the others are measured against.
type scenario struct {
	name        string
	runs        []run
	concurrency int
	requests    int
	paced       bool // the provider pauses between events: what counts is how evenly they arrive
}

// run is what one target is asked. Answers of the same bytes are expected unless they are converted.
type run struct {
	*target
	path      string
	body      []byte
	converted bool
}

// scenarios are compared in this order.
func (f *field) scenarios() []scenario {
	all := func(body []byte) (runs []run) {
		for _, t := range []*target{f.proxy, f.squirrel, f.unlogged} {
			runs = append(runs, run{target: t, path: chatPath, body: body})
		}
		return runs
	}
	return []scenario{
		{name: "plain 1 KB, 1 at once", runs: all(chat("bench-1k", 900)), concurrency: 1, requests: 3000},
		{name: "plain 1 KB, 16 at once", runs: all(chat("bench-1k", 900)), concurrency: 16, requests: 8000},
		{name: "plain 1 KB, 64 at once", runs: all(chat("bench-1k", 900)), concurrency: 64, requests: 8000},
		{name: "plain 1 KB, 256 at once, 60 ms", runs: all(chat("bench-1k@60ms", 900)), concurrency: 256, requests: 8000},
		{name: "stream of 100, 16 at once", runs: all(streamed("bench-stream-100")), concurrency: 16, requests: 1500},
		{name: "stream of 200 at 10 ms, 200 at once", runs: all(streamed("bench-stream-200@10ms")), concurrency: 200, requests: 600, paced: true},
		{name: "1 MB text, 8 at once", runs: all(chat("bench-1k", 1<<20)), concurrency: 8, requests: 400},
		{name: "1 MB image, 8 at once", runs: all(image("bench-1k", 1<<20)), concurrency: 8, requests: 400},
		{name: "converted, plain, 16 at once", runs: f.conversions(chat, messages, "bench-1k"), concurrency: 16, requests: 6000},
		{name: "converted, stream of 100, 16 at once", runs: f.conversions(streamedOf, streamedMessages, "bench-stream-100"), concurrency: 16, requests: 1200},
	}
}

// conversions compares the gateway's own pass-through with its conversion in both directions.
func (f *field) conversions(chat, messages func(model string, promptBytes int) []byte, model string) []run {
	named := func(name string) *target {
		t := *f.squirrel
		t.name = name
		return &t
	}
	return []run{
		{target: named("chat, passed through"), path: chatPath, body: chat(model, 900)},
		{target: named("chat to Messages"), path: chatPath, body: chat("claude-"+model, 900), converted: true},
		{target: named("Messages to chat"), path: messagesPath, body: messages(model, 900), converted: true},
	}
}

func prompt(bytes int) string { return strings.Repeat("acorn ", bytes/6) }

func chat(model string, promptBytes int) []byte {
	return fmt.Appendf(nil, `{"model":%q,"messages":[{"role":"user","content":%q}]}`, model, prompt(promptBytes))
}

func messages(model string, promptBytes int) []byte {
	return fmt.Appendf(nil, `{"model":%q,"max_tokens":1000,"messages":[{"role":"user","content":%q}]}`, model, prompt(promptBytes))
}

func image(model string, size int) []byte {
	data := strings.Repeat("iVBORw0KGgoAAAANSUhEUgAA", size/24)
	return fmt.Appendf(nil, `{"model":%q,"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,%s"}}]}]}`, model, data)
}

// streamed asks for the usage itself: else the gateway would, and the provider's chunks would differ from those of a direct call.
func streamed(model string) []byte { return streamedOf(model, 6) }

func streamedOf(model string, promptBytes int) []byte {
	return fmt.Appendf(nil, `{"model":%q,"stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":%q}]}`, model, prompt(promptBytes))
}

func streamedMessages(model string, promptBytes int) []byte {
	return fmt.Appendf(nil, `{"model":%q,"max_tokens":1000,"stream":true,"messages":[{"role":"user","content":%q}]}`, model, prompt(promptBytes))
}
