package prices

import (
	"encoding/json"
	"strings"

	"squirrel/models"
)

// openRouterModel is a model of https://openrouter.ai/api/v1/models; prices are in USD per token.
type openRouterModel struct {
	ID            string            `json:"id"`
	ContextLength number            `json:"context_length"`
	Pricing       openRouterPricing `json:"pricing"`
	TopProvider   struct {
		MaxOutput number `json:"max_completion_tokens"`
	} `json:"top_provider"`
}

type openRouterPricing struct {
	Prompt      number               `json:"prompt"`
	Completion  number               `json:"completion"`
	CacheRead   number               `json:"input_cache_read"`
	CacheWrite  number               `json:"input_cache_write"`
	Reasoning   number               `json:"internal_reasoning"`
	AudioInput  number               `json:"audio"`
	AudioOutput number               `json:"audio_output"`
	Overrides   []openRouterOverride `json:"overrides"`
}

// openRouterOverride holds the prices of prompts from a number of tokens on.
type openRouterOverride struct {
	MinPromptTokens number `json:"min_prompt_tokens"`
	openRouterPricing
}

func (in *importer) openRouter(data json.RawMessage) {
	for _, raw := range lenient[[]json.RawMessage](data) {
		m := lenient[openRouterModel](raw)
		vendor, name, found := strings.Cut(m.ID, "/")
		if !found {
			vendor, name = "", m.ID
		}
		if name == "" {
			in.skip(m.ID, "no name")
			continue
		}
		r := &priceReader{factor: perToken}
		above := map[int64]models.TokenPrices{}
		for _, o := range m.Pricing.Overrides {
			above[o.MinPromptTokens.tokens()] = r.openRouter(o.openRouterPricing)
		}
		in.add(Entry{
			Model: name, Vendor: vendor, Type: models.ModelChat, Prices: tiered(r.openRouter(m.Pricing), above),
			ContextWindow: m.ContextLength.tokens(), MaxOutput: m.TopProvider.MaxOutput.tokens(),
		}, r.err)
	}
}

// openRouter leaves out a reasoning price of 0, which there means that reasoning costs as output.
func (r *priceReader) openRouter(p openRouterPricing) models.TokenPrices {
	t := models.TokenPrices{
		Input: r.read(p.Prompt), Output: r.read(p.Completion), CachedInput: r.read(p.CacheRead), CacheWrite: r.read(p.CacheWrite),
		Reasoning: r.read(p.Reasoning), AudioInput: r.read(p.AudioInput), AudioOutput: r.read(p.AudioOutput),
	}
	if t.Reasoning != nil && *t.Reasoning == 0 {
		t.Reasoning = nil
	}
	return t
}
