package models

// CostLine is one line of a bill.
type CostLine struct {
	Kind   string  `json:"kind"` // input, cached_input, cache_write, audio_input, output, reasoning, audio_output, request, image
	Count  int64   `json:"count"`
	Price  NanoUSD `json:"price"` // per 1M tokens, or per piece for request and image
	Amount NanoUSD `json:"amount"`
}

// Cost is what one request costs. Total is Input + Output; every line belongs to one of the two.
type Cost struct {
	Input  NanoUSD
	Output NanoUSD
	Total  NanoUSD
	Lines  []CostLine
}

// Stated reports whether p sets a price of its own; false means that the next level decides.
func (p Prices) Stated() bool { return p.BillingMode != nil }

// Cost prices a usage. ok is false when a needed price is not stated: the cost is then unknown, not 0.
func (p Prices) Cost(u Usage) (cost Cost, ok bool) {
	if p.BillingMode == nil {
		return Cost{}, false
	}
	switch *p.BillingMode {
	case BillingPerRequest:
		return pieceCost("request", 1, p.PerRequest)
	case BillingPerImage:
		return pieceCost("image", u.Images, p.PerImage)
	case BillingTokenTiered:
		if !u.Known {
			return Cost{}, false
		}
		tier, found := p.tierFor(u.Input)
		if !found {
			return Cost{}, false
		}
		return tier.cost(u)
	default:
		if !u.Known {
			return Cost{}, false
		}
		return p.TokenPrices.cost(u)
	}
}

func pieceCost(kind string, count int64, price *NanoUSD) (Cost, bool) {
	if price == nil || count < 0 {
		return Cost{}, false
	}
	amount := *price * NanoUSD(count)
	return Cost{Output: amount, Total: amount, Lines: []CostLine{{kind, count, *price, amount}}}, true
}

// tierFor finds the tier whose limit holds the input; the prices of that tier apply to the whole request.
func (p Prices) tierFor(input int64) (TokenPrices, bool) {
	for _, tier := range p.Tiers {
		if tier.MaxInputTokens == 0 || input <= tier.MaxInputTokens {
			return tier.TokenPrices, true
		}
	}
	return TokenPrices{}, false
}

// cost applies the formula of docs/api.md: plain input is what is neither cached, nor written to the cache, nor audio.
// Cached input, cache writes and audio input without a price of their own cost as input; reasoning and audio output as output.
func (t TokenPrices) cost(u Usage) (Cost, bool) {
	var c Cost
	ok := true
	add := func(side *NanoUSD, kind string, count int64, price, fallback *NanoUSD) {
		if count <= 0 {
			return
		}
		if price == nil {
			price = fallback
		}
		if price == nil {
			ok = false
			return
		}
		amount := mulPerMillion(count, *price)
		c.Lines = append(c.Lines, CostLine{kind, count, *price, amount})
		*side += amount
	}
	add(&c.Input, "input", u.Input-u.CachedInput-u.CacheWrite-u.AudioInput, t.Input, nil)
	add(&c.Input, "cached_input", u.CachedInput, t.CachedInput, t.Input)
	add(&c.Input, "cache_write", u.CacheWrite, t.CacheWrite, t.Input)
	add(&c.Input, "audio_input", u.AudioInput, t.AudioInput, t.Input)
	add(&c.Output, "output", u.Output-u.Reasoning-u.AudioOutput, t.Output, nil)
	add(&c.Output, "reasoning", u.Reasoning, t.Reasoning, t.Output)
	add(&c.Output, "audio_output", u.AudioOutput, t.AudioOutput, t.Output)
	if !ok {
		return Cost{}, false
	}
	c.Total = c.Input + c.Output
	return c, true
}
