package models

import "math"

// CostLine is one line of a bill.
type CostLine struct {
	Kind   string  `json:"kind"` // input, cached_input, cache_write, cache_write_1h, audio_input, output, reasoning, audio_output, request, image
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

// Cost prices a usage. ok is false when a needed price or count is not known: the cost is then unknown, not 0.
// Every amount is rounded half up to a nano-dollar, once, in its line; sums saturate instead of overflowing.
func (p Prices) Cost(u Usage) (cost Cost, ok bool) {
	if p.BillingMode == nil {
		return Cost{}, false
	}
	switch *p.BillingMode {
	case BillingPerRequest:
		return pieceCost("request", 1, p.PerRequest)
	case BillingPerImage:
		if u.Images == 0 && !u.Known {
			return Cost{}, false
		}
		return pieceCost("image", u.Images, p.PerImage)
	case BillingTokenTiered:
		tier, found := p.tierFor(u.Input)
		if !found {
			return Cost{}, false
		}
		return tier.cost(u)
	default:
		return p.TokenPrices.cost(u)
	}
}

func pieceCost(kind string, count int64, price *NanoUSD) (Cost, bool) {
	if price == nil || count < 0 {
		return Cost{}, false
	}
	amount := price.times(count)
	return Cost{Output: amount, Total: amount, Lines: []CostLine{{kind, count, *price, amount}}}, true
}

// tierFor finds the smallest tier that holds the input, in whatever order the tiers are; 0 counts as the largest.
// The prices of that tier apply to the whole request.
func (p Prices) tierFor(input int64) (prices TokenPrices, found bool) {
	var limit int64
	for _, tier := range p.Tiers {
		open := tier.MaxInputTokens == 0
		if !open && tier.MaxInputTokens < input {
			continue
		}
		if !found || limit == 0 || (!open && tier.MaxInputTokens < limit) {
			prices, limit, found = tier.TokenPrices, tier.MaxInputTokens, true
		}
	}
	return prices, found
}

// cost applies the formula: plain input is what is neither cached, nor written to the cache, nor audio; plain output is
// what is neither reasoning nor audio. Cached input, cache writes and audio input without a price of their own cost as
// input; reasoning and audio output as output.
func (t TokenPrices) cost(u Usage) (Cost, bool) {
	if !u.Known {
		return Cost{}, false
	}
	in, out := portions{left: u.Input}, portions{left: u.Output}
	cached, written, audioIn := in.take(u.CachedInput), in.take(u.CacheWrite), in.take(u.AudioInput)
	hour := max(0, min(u.CacheHour, written))
	reasoning, audioOut := out.take(u.Reasoning), out.take(u.AudioOutput)

	b := bill{complete: true}
	b.side = &b.Input
	b.add("input", in.left, t.Input, nil)
	b.add("cached_input", cached, t.CachedInput, t.Input)
	b.add("cache_write", written-hour, t.CacheWrite, t.Input)
	b.add("cache_write_1h", hour, hourly(t.CacheWrite), t.Input)
	b.add("audio_input", audioIn, t.AudioInput, t.Input)
	b.side = &b.Output
	b.add("output", out.left, t.Output, nil)
	b.add("reasoning", reasoning, t.Reasoning, t.Output)
	b.add("audio_output", audioOut, t.AudioOutput, t.Output)
	if !b.complete {
		return Cost{}, false
	}
	b.Total = b.Input.Add(b.Output)
	return b.Cost, true
}

// hourly is the price of cache writes that are kept for an hour. The one vendor that has them, Anthropic, asks twice the price of
// input for them, and 1.25 times that for those of five minutes, whose price is stated.
func hourly(write *NanoUSD) *NanoUSD {
	if write == nil {
		return nil
	}
	price := *write / 5 * 8
	if *write > math.MaxInt64/8*5 {
		price = math.MaxInt64
	}
	price = price.Add(*write % 5 * 8 / 5)
	return &price
}

// portions hands out parts of a count, never more than there is: providers report parts that overlap (audio that came
// from the cache is in both counts) and, now and then, parts larger than the whole. No token is billed twice.
type portions struct{ left int64 }

func (p *portions) take(part int64) int64 {
	part = max(0, min(part, p.left))
	p.left -= part
	return part
}

// bill adds up lines; it is incomplete as soon as one of them has no price.
type bill struct {
	Cost
	side     *NanoUSD
	complete bool
}

func (b *bill) add(kind string, count int64, price, fallback *NanoUSD) {
	if count <= 0 {
		return
	}
	if price == nil {
		price = fallback
	}
	if price == nil {
		b.complete = false
		return
	}
	amount := mulPerMillion(count, *price)
	b.Lines = append(b.Lines, CostLine{kind, count, *price, amount})
	*b.side = b.side.Add(amount)
}
