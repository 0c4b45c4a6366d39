package admin

import (
	"squirrel/models"
)

// PriceInput are the price fields of a model or a route. Amounts are USD, per 1M tokens where they are for tokens.
type PriceInput struct {
	BillingMode Opt[models.BillingMode] `json:"billing_mode"`
	Input       Opt[models.NanoUSD]     `json:"input_price"`
	Output      Opt[models.NanoUSD]     `json:"output_price"`
	CachedInput Opt[models.NanoUSD]     `json:"cached_input_price"`
	CacheWrite  Opt[models.NanoUSD]     `json:"cache_write_price"`
	Reasoning   Opt[models.NanoUSD]     `json:"reasoning_price"`
	AudioInput  Opt[models.NanoUSD]     `json:"audio_input_price"`
	AudioOutput Opt[models.NanoUSD]     `json:"audio_output_price"`
	PerRequest  Opt[models.NanoUSD]     `json:"per_request_price"`
	PerImage    Opt[models.NanoUSD]     `json:"per_image_price"`
	Tiers       Opt[[]models.PriceTier] `json:"tiered_pricing"`
}

// apply changes what was sent. A token price without a billing mode means token_flat.
func (in *PriceInput) apply(p *models.Prices) {
	in.BillingMode.intoPointer(&p.BillingMode)
	if p.BillingMode != nil && *p.BillingMode == "" {
		p.BillingMode = nil
	}
	in.Input.intoPointer(&p.Input)
	in.Output.intoPointer(&p.Output)
	in.CachedInput.intoPointer(&p.CachedInput)
	in.CacheWrite.intoPointer(&p.CacheWrite)
	in.Reasoning.intoPointer(&p.Reasoning)
	in.AudioInput.intoPointer(&p.AudioInput)
	in.AudioOutput.intoPointer(&p.AudioOutput)
	in.PerRequest.intoPointer(&p.PerRequest)
	in.PerImage.intoPointer(&p.PerImage)
	in.Tiers.into(&p.Tiers)
	if p.BillingMode == nil && !in.BillingMode.Set && (in.Input.given() || in.Output.given()) {
		flat := models.BillingTokenFlat
		p.BillingMode = &flat
	}
}

const (
	maxTiers = 20
	maxPrice = "1000000" // USD
	priceTag = "omitnil,between=0 " + maxPrice
)

// The validate tags of prices, wherever they come from.
var (
	tokenPriceTags = map[string]string{
		"Input": priceTag, "Output": priceTag, "CachedInput": priceTag, "CacheWrite": priceTag,
		"Reasoning": priceTag, "AudioInput": priceTag, "AudioOutput": priceTag,
	}
	priceTags = map[string]string{
		"BillingMode": "omitnil,oneof=token_flat token_tiered per_request per_image", "PerRequest": priceTag, "PerImage": priceTag,
	}
)

func (c check) prices(p *models.Prices) {
	c.fields(p)
	c.tiers(p.Tiers)
	if p.BillingMode == nil {
		return
	}
	switch *p.BillingMode {
	case models.BillingTokenFlat:
		c.need("input_price", p.Input)
	case models.BillingTokenTiered:
		if len(p.Tiers) == 0 {
			c.fail("tiered_pricing", "must have at least one tier")
		}
	case models.BillingPerRequest:
		c.need("per_request_price", p.PerRequest)
	case models.BillingPerImage:
		c.need("per_image_price", p.PerImage)
	}
}

func (c check) need(field string, price *models.NanoUSD) {
	if price == nil {
		c.fail(field, "must be set for this billing mode; 0 means free")
	}
}

// tiers must rise; only the last may be without limit.
func (c check) tiers(tiers []models.PriceTier) {
	const field = "tiered_pricing"
	if len(tiers) > maxTiers {
		c.fail(field, "must have at most %d tiers", maxTiers)
	}
	previous := int64(0)
	for i := range tiers {
		limit, last := tiers[i].MaxInputTokens, i == len(tiers)-1
		switch {
		case limit < 0, limit == 0 && !last, limit != 0 && limit <= previous:
			c.fail(field, "must have rising limits; only the last tier may have none (0)")
		case tiers[i].Input == nil || tiers[i].Output == nil:
			c.fail(field, "must have an input and an output price in every tier; 0 means free")
		case validate.Struct(&tiers[i].TokenPrices) != nil:
			c.fail(field, "has a price that is not between 0 and %s", maxPrice)
		}
		previous = limit
	}
}
