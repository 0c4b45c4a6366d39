package openai

import (
	"encoding/json"
	"strconv"

	"squirrel/proxy/convert/wire"
	"squirrel/proxy/llm"
)

// DecodeResponse reads an answer, which must be valid JSON. Errors are *llm.Error.
func DecodeResponse(body []byte) (*llm.Response, error) {
	o := wire.Parse(body)
	if o == nil || !o.Has("choices") {
		return nil, &llm.Error{Status: 502, Type: llm.ErrAPI, Message: "the answer is no chat completion"}
	}
	r := &llm.Response{From: llm.Chat, ID: o.Str("id"), Model: o.Str("model"), Created: o.Int("created")}
	r.Usage = decodeUsage(o.Object("usage"))
	var drops llm.Drops
	for i, raw := range wire.Each(o.Get("choices")) {
		if i > 0 {
			drops.Add("choices["+strconv.Itoa(i)+"]", "only the first choice has a place in the client's protocol")
			continue
		}
		decodeChoiceAnswer(r, wire.Parse(raw), &drops)
	}
	r.Dropped = drops.List()
	r.Settle()
	return r, nil
}

func decodeChoiceAnswer(r *llm.Response, choice *wire.Object, drops *llm.Drops) {
	d := requestDecoder{r: &llm.Request{From: llm.Chat}}
	message := choice.Object("message")
	citations := decodeAnnotations(message.Get("annotations"))
	r.Parts = d.assistant("choices[0].message", 0, message)
	for i, p := range r.Parts {
		switch p := p.(type) {
		case *llm.ToolCall:
			if p.ID == "" {
				p.ID = callID(r.ID, i)
			}
		case *llm.Text:
			p.Citations, citations = citations, nil
		}
	}
	r.Stop = decodeFinish(choice.Str("finish_reason"))
	if choice.Get("logprobs") != nil {
		drops.Add("choices[0].logprobs", "the client's protocol has no log probabilities")
	}
	if message.Object("audio") != nil {
		drops.Add("choices[0].message.audio", "the client's protocol has no spoken answers")
	}
	drops.AddAll(d.drops.List())
}

// callID makes an id for a call whose upstream gave none. It is the same each time the answer is read.
func callID(answer string, n int) string { return "call_" + llm.BareID(answer) + "_" + strconv.Itoa(n) }

func decodeFinish(reason string) llm.StopReason {
	switch reason {
	case "stop", "eos", "end_turn":
		return llm.StopEnd
	case "length", "max_tokens":
		return llm.StopLength
	case "tool_calls", "function_call":
		return llm.StopTool
	case "content_filter", "refusal", "sensitive":
		return llm.StopFilter
	case "":
		return llm.StopUnknown
	}
	return llm.StopEnd
}

func encodeFinish(stop llm.StopReason) string {
	switch stop {
	case llm.StopLength:
		return "length"
	case llm.StopTool:
		return "tool_calls"
	case llm.StopFilter:
		return "content_filter"
	}
	return "stop"
}

// decodeUsage reads the token counts. xAI leaves the reasoning tokens out of completion_tokens, which only their sum
// shows; DeepSeek counts cached tokens in a field of its own.
func decodeUsage(o *wire.Object) llm.Usage {
	if o == nil {
		return llm.Usage{}
	}
	in, out := o.Object("prompt_tokens_details"), o.Object("completion_tokens_details")
	u := llm.Usage{
		Input: o.Int("prompt_tokens"), Output: o.Int("completion_tokens"),
		CachedInput: in.Int("cached_tokens"), CacheWrite: in.Int("cache_write_tokens"), AudioInput: in.Int("audio_tokens"),
		Reasoning: out.Int("reasoning_tokens"), AudioOutput: out.Int("audio_tokens"),
		Known: o.Get("prompt_tokens") != nil || o.Get("completion_tokens") != nil,
	}
	if u.CachedInput == 0 {
		u.CachedInput = o.Int("prompt_cache_hit_tokens")
	}
	if u.Reasoning > 0 && o.Int("total_tokens") == u.Input+u.Output+u.Reasoning {
		u.Output += u.Reasoning
	}
	return u
}

func writeUsage(w *wire.Writer, u llm.Usage) {
	w.Object("usage")
	w.Int("prompt_tokens", u.Input)
	w.Int("completion_tokens", u.Output)
	w.Int("total_tokens", u.Input+u.Output)
	w.Object("prompt_tokens_details")
	w.Int("cached_tokens", u.CachedInput)
	w.OptInt("cache_write_tokens", u.CacheWrite)
	w.Int("audio_tokens", u.AudioInput)
	w.EndObject()
	w.Object("completion_tokens_details")
	w.Int("reasoning_tokens", u.Reasoning)
	w.Int("audio_tokens", u.AudioOutput)
	w.Int("accepted_prediction_tokens", 0)
	w.Int("rejected_prediction_tokens", 0)
	w.EndObject()
	w.EndObject()
}

// EncodeResponse writes an answer and reports what it could not hold.
func EncodeResponse(r *llm.Response, opt llm.AnswerOptions) ([]byte, []llm.Dropped) {
	var w wire.Writer
	var drops llm.Drops
	drops.AddAll(r.Dropped)
	w.Object("")
	w.Str("id", opt.IDWith("chatcmpl-", r.ID))
	w.Str("object", "chat.completion")
	w.Int("created", opt.Created)
	w.Str("model", opt.ModelOr(r.Model))
	w.Array("choices")
	w.Object("")
	w.Int("index", 0)
	writeMessage(&w, r, &drops)
	w.Null("logprobs")
	w.Str("finish_reason", encodeFinish(r.Stop))
	w.EndObject()
	w.EndArray()
	if r.Usage.Known {
		writeUsage(&w, r.Usage)
	}
	w.EndObject()
	return w.Take(), drops.List()
}

func writeMessage(w *wire.Writer, r *llm.Response, drops *llm.Drops) {
	var text, refusal string
	var said, calls bool
	var citations []llm.Citation
	for _, p := range r.Parts {
		switch p := p.(type) {
		case *llm.Text:
			if p.Refusal {
				refusal += p.Text
				continue
			}
			citations = append(citations, shift(p.Citations, text)...)
			text, said = text+p.Text, true
		case *llm.ToolCall:
			calls = true
		case *llm.Opaque:
			drops.Add(p.Type, "chat completions have no such part")
		}
	}
	w.Object("message")
	w.Str("role", "assistant")
	if said || !calls && refusal == "" {
		w.Str("content", text)
	} else {
		w.Null("content")
	}
	w.StrOrNull("refusal", refusal)
	writeThinking(w, r.Parts)
	if calls {
		writeCalls(w, r.Parts)
	}
	writeAnnotations(w, citations, drops)
	w.EndObject()
}

// writeCalls writes the tool calls of a message.
func writeCalls(w *wire.Writer, parts []llm.Part) {
	w.Array("tool_calls")
	for _, p := range parts {
		call, ok := p.(*llm.ToolCall)
		if !ok {
			continue
		}
		w.Object("")
		w.Str("id", call.ID)
		if call.Custom {
			w.Str("type", "custom")
			w.Object("custom")
			w.Str("name", call.Name)
			w.Str("input", call.Arguments)
		} else {
			w.Str("type", "function")
			w.Object("function")
			w.Str("name", call.Name)
			w.Str("arguments", orEmptyObject(call.Arguments))
		}
		w.EndObject()
		w.EndObject()
	}
	w.EndArray()
}

// orEmptyObject gives a call without arguments the ones every client can parse.
func orEmptyObject(arguments string) string {
	if arguments == "" {
		return "{}"
	}
	return arguments
}

// decodeAnnotations reads the url_citation annotations of OpenAI and OpenRouter.
func decodeAnnotations(list json.RawMessage) []llm.Citation {
	var citations []llm.Citation
	for _, raw := range wire.Each(list) {
		o := wire.Parse(raw)
		c := llm.Citation{From: llm.Chat, Raw: raw}
		if u := o.Object("url_citation"); u != nil {
			c.URL, c.Title, c.Quote = u.Str("url"), u.Str("title"), u.Str("content")
			c.Start, c.End = u.Int("start_index"), u.Int("end_index")
		}
		citations = append(citations, c)
	}
	return citations
}
