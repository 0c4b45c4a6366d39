package anthropic

import (
	"encoding/json"
	"strconv"

	"squirrel/proxy/convert/wire"
	"squirrel/proxy/llm"
)

// DecodeResponse reads an answer, which must be valid JSON. Errors are *llm.Error.
func DecodeResponse(body []byte) (*llm.Response, error) {
	o := wire.Parse(body)
	if o == nil || !o.Has("content") {
		return nil, &llm.Error{Status: 502, Type: llm.ErrAPI, Message: "the answer is no Anthropic message"}
	}
	r := &llm.Response{From: llm.Messages, ID: o.Str("id"), Model: o.Str("model")}
	d := requestDecoder{r: &llm.Request{}}
	r.Parts = d.content("", o.Get("content"))
	for i, p := range r.Parts {
		if call, ok := p.(*llm.ToolCall); ok && call.ID == "" {
			call.ID = "toolu_" + llm.BareID(r.ID) + "_" + strconv.Itoa(i)
		}
	}
	r.Stop = decodeStop(o.Str("stop_reason"))
	r.Sequence = o.Str("stop_sequence")
	mergeUsage(&r.Usage, o.Object("usage"))
	if o.Get("stop_details") != nil {
		d.drops.Add("stop_details", "the client's protocol has no details of a refusal")
	}
	r.Dropped = d.drops.List()
	r.Settle()
	return r, nil
}

func decodeStop(reason string) llm.StopReason {
	switch reason {
	case "end_turn":
		return llm.StopEnd
	case "max_tokens", "model_context_window_exceeded":
		return llm.StopLength
	case "tool_use":
		return llm.StopTool
	case "stop_sequence":
		return llm.StopSequence
	case "refusal":
		return llm.StopFilter
	case "pause_turn":
		return llm.StopPause
	case "":
		return llm.StopUnknown
	}
	return llm.StopEnd
}

func encodeStop(stop llm.StopReason) string {
	switch stop {
	case llm.StopLength:
		return "max_tokens"
	case llm.StopTool:
		return "tool_use"
	case llm.StopSequence:
		return "stop_sequence"
	case llm.StopFilter:
		return "refusal"
	case llm.StopPause:
		return "pause_turn"
	}
	return "end_turn"
}

// mergeUsage adds what o says to u. Anthropic counts cached tokens apart; a stream tells its counts twice, and the
// second time may say less: a zero never takes back what was known.
func mergeUsage(u *llm.Usage, o *wire.Object) {
	if o == nil {
		return
	}
	fresh := u.Uncached()
	for field, value := range map[*int64]int64{
		&fresh:         o.Int("input_tokens"),
		&u.CachedInput: o.Int("cache_read_input_tokens"),
		&u.CacheWrite:  o.Int("cache_creation_input_tokens"),
		&u.Output:      o.Int("output_tokens"),
		&u.Reasoning:   o.Object("output_tokens_details").Int("thinking_tokens"),
	} {
		if value > 0 {
			*field = value
		}
	}
	u.Input = fresh + u.CachedInput + u.CacheWrite
	u.Known = u.Known || o.Get("input_tokens") != nil || o.Get("output_tokens") != nil
}

// writeUsage writes all counts, as a message and the end of a stream have them.
func writeUsage(w *wire.Writer, u llm.Usage) {
	w.Object("usage")
	w.Int("input_tokens", u.Uncached())
	w.Int("cache_creation_input_tokens", u.CacheWrite)
	w.Int("cache_read_input_tokens", u.CachedInput)
	w.Int("output_tokens", u.Output)
	if u.Reasoning > 0 {
		w.Object("output_tokens_details")
		w.Int("thinking_tokens", u.Reasoning)
		w.EndObject()
	}
	w.EndObject()
}

// EncodeResponse writes an answer and reports what it could not hold.
func EncodeResponse(r *llm.Response, opt llm.AnswerOptions) ([]byte, []llm.Dropped) {
	var w wire.Writer
	var drops llm.Drops
	drops.AddAll(r.Dropped)
	w.Object("")
	w.Str("id", opt.IDWith("msg_", r.ID))
	w.Str("type", "message")
	w.Str("role", "assistant")
	w.Str("model", opt.ModelOr(r.Model))
	w.Array("content")
	for _, p := range r.Parts {
		writeAnswerBlock(&w, p, &drops)
	}
	w.EndArray()
	w.Str("stop_reason", encodeStop(r.Stop))
	w.StrOrNull("stop_sequence", r.Sequence)
	writeUsage(&w, r.Usage)
	w.EndObject()
	return w.Take(), drops.List()
}

func writeAnswerBlock(w *wire.Writer, p llm.Part, drops *llm.Drops) {
	switch p := p.(type) {
	case *llm.Text:
		if p.Text == "" {
			return
		}
		w.Object("")
		w.Str("type", "text")
		w.Str("text", p.Text)
		writeCitations(w, p.Citations, drops)
		w.EndObject()
	case *llm.Thinking:
		writeThinking(w, p)
	case *llm.ToolCall:
		w.Object("")
		w.Str("type", "tool_use")
		w.Str("id", p.ID)
		w.Str("name", p.Name)
		w.Raw("input", inputOf(p, drops))
		w.EndObject()
	case *llm.Opaque:
		if p.From == llm.Messages {
			w.Raw("", p.Raw)
			return
		}
		drops.Add(p.Type, "the Messages API has no such part")
	default:
		drops.Add("content", "an answer of the Messages API holds no such part")
	}
}

// inputOf returns the input of a call, which has to be an object. The free text of a custom tool becomes its only member.
func inputOf(p *llm.ToolCall, drops *llm.Drops) json.RawMessage {
	if p.Custom && p.Arguments != "" {
		var w wire.Writer
		w.Object("")
		w.Str("input", p.Arguments)
		w.EndObject()
		return w.Take()
	}
	input := json.RawMessage(p.Arguments)
	if json.Valid(input) && wire.IsObject(input) {
		return input
	}
	if p.Arguments != "" {
		drops.Add("tool_calls.arguments", "they are no JSON object; sent as a text in one")
	}
	return objectOf(p.Arguments)
}

// writeCitations writes the sources of a text: Anthropic's own as they are, those of others as web pages.
func writeCitations(w *wire.Writer, citations []llm.Citation, drops *llm.Drops) {
	if len(citations) == 0 {
		return
	}
	w.Array("citations")
	for _, c := range citations {
		if c.URL == "" && c.From != llm.Messages {
			drops.Add("annotations", "the Messages API has no such citation")
			continue
		}
		writeCitation(w, "", c)
	}
	w.EndArray()
}

func writeCitation(w *wire.Writer, name string, c llm.Citation) {
	if c.From == llm.Messages && c.Raw != nil {
		w.Raw(name, c.Raw)
		return
	}
	w.Object(name)
	w.Str("type", "web_search_result_location")
	w.Str("url", c.URL)
	w.Str("title", c.Title)
	w.Str("cited_text", c.Quote)
	w.Str("encrypted_index", "")
	w.EndObject()
}
