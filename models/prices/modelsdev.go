package prices

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"squirrel/models"
)

// modelsDevModel is a model of https://models.dev/api.json; prices are in USD per million tokens.
type modelsDevModel struct {
	ID    string         `json:"id"`
	Cost  *modelsDevCost `json:"cost"`
	Limit struct {
		Context number `json:"context"`
		Output  number `json:"output"`
	} `json:"limit"`
	Modalities struct {
		Output []string `json:"output"`
	} `json:"modalities"`
}

type modelsDevCost struct {
	Input       number          `json:"input"`
	Output      number          `json:"output"`
	Reasoning   number          `json:"reasoning"`
	CacheRead   number          `json:"cache_read"`
	CacheWrite  number          `json:"cache_write"`
	InputAudio  number          `json:"input_audio"`
	OutputAudio number          `json:"output_audio"`
	Over200k    *modelsDevCost  `json:"context_over_200k"`
	Tiers       []modelsDevTier `json:"tiers"`
}

type modelsDevTier struct {
	Tier struct {
		Size number `json:"size"`
	} `json:"tier"`
	modelsDevCost
}

func (in *importer) modelsDev(root map[string]json.RawMessage) {
	for _, vendor := range slices.Sorted(maps.Keys(root)) {
		provider := lenient[struct {
			Models map[string]json.RawMessage `json:"models"`
		}](root[vendor])
		for _, id := range slices.Sorted(maps.Keys(provider.Models)) {
			m := lenient[modelsDevModel](provider.Models[id])
			if m.Cost == nil {
				in.skip(vendor+"/"+id, "no price")
				continue
			}
			r := &priceReader{factor: perMillion}
			in.add(Entry{
				Model: id, Vendor: vendor, Type: m.kind(id), Prices: r.modelsDev(m.Cost),
				ContextWindow: m.Limit.Context.tokens(), MaxOutput: m.Limit.Output.tokens(),
			}, r.err)
		}
	}
}

// kind guesses what a model is for: the list tells only what it takes and gives.
func (m modelsDevModel) kind(id string) models.ModelType {
	switch {
	case strings.Contains(id, "embed"):
		return models.ModelEmbedding
	case slices.Equal(m.Modalities.Output, []string{"image"}):
		return models.ModelImages
	case slices.Equal(m.Modalities.Output, []string{"audio"}):
		return models.ModelSpeech
	}
	return models.ModelChat
}

func (r *priceReader) modelsDev(cost *modelsDevCost) models.Prices {
	above := map[int64]models.TokenPrices{}
	if cost.Over200k != nil {
		above[200_000] = r.modelsDevTokens(*cost.Over200k)
	}
	for _, tier := range cost.Tiers {
		above[tier.Tier.Size.tokens()] = r.modelsDevTokens(tier.modelsDevCost)
	}
	return tiered(r.modelsDevTokens(*cost), above)
}

func (r *priceReader) modelsDevTokens(c modelsDevCost) models.TokenPrices {
	return models.TokenPrices{
		Input: r.read(c.Input), Output: r.read(c.Output), CachedInput: r.read(c.CacheRead), CacheWrite: r.read(c.CacheWrite),
		Reasoning: r.read(c.Reasoning), AudioInput: r.read(c.InputAudio), AudioOutput: r.read(c.OutputAudio),
	}
}
