package tap

import (
	"squirrel/models"

	"github.com/tidwall/gjson"
)

// counts are the members of a usage object, in all spellings of the vendors. Absent members are 0.
type counts struct {
	input, output, total   int64
	cached, write          int64
	writeHour              int64 // part of write
	cacheBesideInput       bool  // Anthropic's way: input_tokens leaves out what the cache served or took
	reasoning              int64
	audioInput, audioOut   int64
	compactIn, compactOut  int64 // Anthropic bills compaction besides the totals
	compactRead, compactWr int64
	told                   bool
}

// readUsage reads a usage object. Where the spellings come from: OpenAI (prompt_tokens and completion_tokens with their
// _details; input_tokens and output_tokens in the Responses, Images and Audio APIs), DeepSeek (prompt_cache_hit_tokens),
// Moonshot (cached_tokens), OpenRouter (cache_write_tokens in the details), Anthropic (cache_read_input_tokens,
// cache_creation_input_tokens, iterations), Perplexity (reasoning_tokens).
func readUsage(usage gjson.Result, protocol models.Protocol) counts {
	c := counts{cacheBesideInput: protocol == models.ProtocolAnthropic}
	members(usage, func(key string, v gjson.Result) {
		switch key {
		case "prompt_tokens", "input_tokens":
			c.told = c.told || v.Type == gjson.Number
			c.input = count(v)
		case "completion_tokens", "output_tokens":
			c.told = c.told || v.Type == gjson.Number
			c.output = count(v)
		case "total_tokens":
			c.total = count(v)
		case "prompt_cache_hit_tokens", "cached_tokens", "cache_read_input_tokens":
			c.cached = max(c.cached, count(v))
		case "cache_creation_input_tokens":
			c.write = max(c.write, count(v))
		case "cache_creation":
			c.writeHour = count(v.Get("ephemeral_1h_input_tokens"))
		case "reasoning_tokens":
			c.reasoning = max(c.reasoning, count(v))
		case "prompt_tokens_details", "input_tokens_details", "input_token_details":
			c.inputDetails(v)
		case "completion_tokens_details", "output_tokens_details", "output_token_details":
			c.outputDetails(v)
		case "iterations":
			c.iterations(v)
		}
	})
	return c
}

// count reads a number of tokens; nonsense counts as 0.
func count(v gjson.Result) int64 {
	if v.Type != gjson.Number {
		return 0
	}
	return max(0, v.Int())
}

func (c *counts) inputDetails(details gjson.Result) {
	members(details, func(key string, v gjson.Result) {
		switch key {
		case "cached_tokens":
			c.cached = max(c.cached, count(v))
		case "cache_write_tokens", "cache_creation_tokens":
			c.write = max(c.write, count(v))
		case "audio_tokens":
			c.audioInput = count(v)
		}
	})
}

func (c *counts) outputDetails(details gjson.Result) {
	members(details, func(key string, v gjson.Result) {
		switch key {
		case "reasoning_tokens", "thinking_tokens":
			c.reasoning = max(c.reasoning, count(v))
		case "audio_tokens":
			c.audioOut = count(v)
		}
	})
}

// iterations adds up the compaction runs, which Anthropic's totals leave out although they are billed. (Runs of an advisor
// are left out there too, and here: they are billed at another model's price.)
func (c *counts) iterations(list gjson.Result) {
	elements(list, func(run gjson.Result) {
		if run.Get("type").Str == "compaction" {
			c.compactIn += count(run.Get("input_tokens"))
			c.compactOut += count(run.Get("output_tokens"))
			c.compactRead += count(run.Get("cache_read_input_tokens"))
			c.compactWr += count(run.Get("cache_creation_input_tokens"))
		}
	})
}

// update takes what a later usage object tells over an earlier one. What the later one omits, or repeats as 0, stays.
func (c *counts) update(later counts) {
	for _, pair := range []struct {
		to   *int64
		from int64
	}{
		{&c.input, later.input}, {&c.output, later.output}, {&c.total, later.total}, {&c.cached, later.cached}, {&c.write, later.write}, {&c.writeHour, later.writeHour},
		{&c.reasoning, later.reasoning}, {&c.audioInput, later.audioInput}, {&c.audioOut, later.audioOut},
		{&c.compactIn, later.compactIn}, {&c.compactOut, later.compactOut}, {&c.compactRead, later.compactRead}, {&c.compactWr, later.compactWr},
	} {
		if pair.from > 0 {
			*pair.to = pair.from
		}
	}
	c.told = c.told || later.told
	c.cacheBesideInput = later.cacheBesideInput
}

// usage turns the counts into our way of counting: cached and written tokens are a part of the input, reasoning is a part
// of the output.
func (c counts) usage() models.Usage {
	u := models.Usage{
		Input: c.input + c.compactIn, Output: c.output + c.compactOut,
		CachedInput: c.cached + c.compactRead, CacheWrite: c.write + c.compactWr, CacheHour: c.writeHour,
		Reasoning: c.reasoning, AudioInput: c.audioInput, AudioOutput: c.audioOut, Known: c.told,
	}
	if c.cacheBesideInput {
		u.Input += u.CachedInput + u.CacheWrite
		return u
	}
	// xAI leaves reasoning out of completion_tokens, Gemini out of completion_tokens and of the details: only total_tokens
	// tells. A completion smaller than its reasoning says so without a total. Others leave cached tokens out of the input.
	switch hidden := c.total - c.input - c.output; {
	case hidden > 0 && hidden == c.cached+c.write:
		u.Input += hidden
	case c.output > 0 && hidden > 0 && (c.reasoning == 0 || c.reasoning == hidden):
		u.Output, u.Reasoning = c.output+hidden, hidden
	case c.reasoning > c.output:
		u.Output = c.output + c.reasoning
	}
	return u
}
