package prices

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"squirrel/models"
)

// liteLLM reads the list of BerriAI/litellm. Its fields are described in its own first entry, "sample_spec".
func (in *importer) liteLLM(root map[string]json.RawMessage) {
	for _, name := range slices.Sorted(maps.Keys(root)) {
		if name == "sample_spec" {
			continue
		}
		fields := lenient[map[string]json.RawMessage](root[name])
		vendor := lenient[string](fields["litellm_provider"])
		mode := lenient[string](fields["mode"])
		e := Entry{
			Model: strings.TrimPrefix(name, vendor+"/"), Vendor: vendor, Type: liteLLMType[mode],
			ContextWindow: lenient[number](fields["max_input_tokens"]).tokens(),
			MaxOutput:     lenient[number](fields["max_output_tokens"]).tokens(),
		}
		if e.Type == "" {
			in.skip(name, "mode "+strconv.Quote(mode)+" is not supported")
			continue
		}
		r := &priceReader{factor: perToken}
		e.Prices = r.liteLLMPrices(fields, e.Type)
		in.add(e, r.err)
	}
}

var liteLLMType = map[string]models.ModelType{
	"": models.ModelChat, "chat": models.ModelChat, "responses": models.ModelChat, "completion": models.ModelChat,
	"embedding": models.ModelEmbedding, "audio_speech": models.ModelSpeech, "audio_transcription": models.ModelTranscription,
	"image_generation": models.ModelImages, "moderation": models.ModelModeration,
}

var aboveTokens = regexp.MustCompile(`^(?:input|output)_cost_per_token_above_(\d{1,6})k_tokens$`)

func (r *priceReader) liteLLMPrices(fields map[string]json.RawMessage, kind models.ModelType) models.Prices {
	base := r.liteLLMTokens(fields, "")
	if kind == models.ModelImages {
		if n := lenient[number](fields["output_cost_per_image_token"]); n != "" {
			base.Output = r.read(n)
		}
		if base.Input == nil && base.Output == nil {
			return r.perImage(fields)
		}
	}
	if tiers := lenient[[]map[string]json.RawMessage](fields["tiered_pricing"]); len(tiers) > 0 {
		return r.liteLLMRanges(tiers)
	}
	above := map[int64]models.TokenPrices{}
	for field := range fields {
		if m := aboveTokens.FindStringSubmatch(field); m != nil {
			thousands, _ := strconv.ParseInt(m[1], 10, 64) // at most six digits
			above[thousands*1000] = r.liteLLMTokens(fields, "_above_"+m[1]+"k_tokens")
		}
	}
	return tiered(base, above)
}

func (r *priceReader) liteLLMTokens(fields map[string]json.RawMessage, suffix string) models.TokenPrices {
	get := func(field string) *models.NanoUSD { return r.read(lenient[number](fields[field+suffix])) }
	return models.TokenPrices{
		Input: get("input_cost_per_token"), Output: get("output_cost_per_token"),
		CachedInput: get("cache_read_input_token_cost"), CacheWrite: get("cache_creation_input_token_cost"),
		Reasoning:  get("output_cost_per_reasoning_token"),
		AudioInput: get("input_cost_per_audio_token"), AudioOutput: get("output_cost_per_audio_token"),
	}
}

// liteLLMRanges reads tiers written as ranges of input tokens. The last one is left open: what is beyond it fails anyway.
func (r *priceReader) liteLLMRanges(ranges []map[string]json.RawMessage) models.Prices {
	mode := models.BillingTokenTiered
	p := models.Prices{BillingMode: &mode}
	for i, fields := range ranges {
		tier := models.PriceTier{TokenPrices: r.liteLLMTokens(fields, "")}
		if bounds := lenient[[]number](fields["range"]); len(bounds) == 2 && i < len(ranges)-1 {
			tier.MaxInputTokens = bounds[1].tokens()
		}
		p.Tiers = append(p.Tiers, tier)
	}
	return p
}

func (r *priceReader) perImage(fields map[string]json.RawMessage) models.Prices {
	mode := models.BillingPerImage
	each := priceReader{factor: perMillion}
	price := each.read(lenient[number](fields["output_cost_per_image"]))
	if price == nil {
		price = each.read(lenient[number](fields["input_cost_per_image"])) // some models have it there
	}
	r.err = each.err
	return models.Prices{BillingMode: &mode, PerImage: price}
}
