package responses

import (
	"strconv"

	"squirrel/proxy/convert/wire"
	"squirrel/proxy/llm"
)

// DecodeResponse reads an answer, which must be valid JSON. Errors are *llm.Error.
func DecodeResponse(body []byte) (*llm.Response, error) {
	o := wire.Parse(body)
	if o == nil || !o.Has("output") {
		return nil, &llm.Error{Status: 502, Type: llm.ErrAPI, Message: "the answer is no response object"}
	}
	if failure := o.Object("error"); failure != nil && o.Str("status") == "failed" {
		return nil, failureOf(o)
	}
	r := &llm.Response{From: llm.Responses, ID: o.Str("id"), Model: o.Str("model"), Created: o.Int("created_at")}
	d := requestDecoder{r: &llm.Request{}}
	for i, raw := range wire.Each(o.Get("output")) {
		item := wire.Parse(raw)
		r.Parts = append(r.Parts, d.outputItem("output["+strconv.Itoa(i)+"]", item.Str("type"), item, raw)...)
	}
	for i, p := range r.Parts {
		if call, ok := p.(*llm.ToolCall); ok && call.ID == "" {
			call.ID = "call_" + llm.BareID(r.ID) + "_" + strconv.Itoa(i)
		}
	}
	r.Usage = decodeUsage(o.Object("usage"))
	r.Stop = decodeStop(o)
	r.Dropped = d.drops.List()
	r.Settle()
	return r, nil
}

// decodeStop reads why a response ended from its status.
func decodeStop(o *wire.Object) llm.StopReason {
	reason := o.Object("incomplete_details").Str("reason")
	switch {
	case reason == "content_filter":
		return llm.StopFilter
	case reason != "" || o.Str("status") == "incomplete":
		return llm.StopLength
	}
	return llm.StopEnd
}

func decodeUsage(o *wire.Object) llm.Usage {
	if o == nil {
		return llm.Usage{}
	}
	in, out := o.Object("input_tokens_details"), o.Object("output_tokens_details")
	return llm.Usage{
		Input: o.Int("input_tokens"), Output: o.Int("output_tokens"), CachedInput: in.Int("cached_tokens"),
		CacheWrite: in.Int("cache_write_tokens"), Reasoning: out.Int("reasoning_tokens"),
		Known: o.Get("input_tokens") != nil || o.Get("output_tokens") != nil,
	}
}

// failureOf returns the error of a failed response.
func failureOf(o *wire.Object) *llm.Error {
	inner := o.Object("error")
	e := &llm.Error{Status: 502, Type: llm.ErrAPI, Code: inner.Str("code"), Message: wire.Scrub(inner.Str("message"))}
	switch e.Code {
	case "rate_limit_exceeded":
		e.Status, e.Type = 429, llm.ErrRateLimit
	case "server_is_overloaded", "slow_down", "overloaded":
		e.Status, e.Type = 503, llm.ErrOverloaded
	case "invalid_prompt", "context_length_exceeded", "bio_policy":
		e.Status, e.Type = 400, llm.ErrInvalidRequest
	}
	if e.Message == "" {
		e.Message = "the upstream gave no reason"
	}
	return e
}
