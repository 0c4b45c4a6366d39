package models

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func usd(text string) *NanoUSD {
	n, err := ParseUSD(text)
	if err != nil {
		panic(text + ": " + err.Error())
	}
	return &n
}

func mode(m BillingMode) *BillingMode { return &m }

func flat(input, output string) Prices {
	return Prices{BillingMode: mode(BillingTokenFlat), TokenPrices: TokenPrices{Input: usd(input), Output: usd(output)}}
}

// TestPrices_Cost_PublishedExamples holds bills that vendors published, either worked out in their documentation or as
// the amount they charged in a recorded answer.
func TestPrices_Cost_PublishedExamples(t *testing.T) {
	sonnet, grok4, grokMini := flat("3", "15"), flat("3", "15"), flat("0.30", "0.50")
	grok4.CachedInput, grokMini.CachedInput = usd("0.75"), usd("0.075")
	cachedSonnet, cachedHaiku, cached4o := flat("3", "15"), flat("1", "5"), flat("2.50", "10")
	cachedSonnet.CachedInput, cachedSonnet.CacheWrite = usd("0.30"), usd("3.75")
	cachedHaiku.CachedInput, cachedHaiku.CacheWrite = usd("0.10"), usd("1.25")
	cached4o.CachedInput = usd("1.25")
	gemini := Prices{BillingMode: mode(BillingTokenTiered), Tiers: []PriceTier{
		{MaxInputTokens: 200_000, TokenPrices: TokenPrices{Input: usd("1.25"), Output: usd("10"), CachedInput: usd("0.125")}},
		{TokenPrices: TokenPrices{Input: usd("2.50"), Output: usd("15"), CachedInput: usd("0.25")}},
	}}
	for _, tc := range []struct {
		name   string
		prices Prices
		usage  Usage
		want   string
	}{
		{"OpenRouter, claude-sonnet-4.5 with reasoning", sonnet, Usage{Input: 43, Output: 51, Reasoning: 47, Known: true}, "0.000894"},
		{"OpenRouter, claude-sonnet-4.5 with tools", sonnet, Usage{Input: 550, Output: 12, Known: true}, "0.00183"},
		{"OpenRouter, gpt-4.1-mini without its search fee", flat("0.40", "1.60"), Usage{Input: 8174, Output: 30, Known: true}, "0.0033176"},
		{"OpenRouter, gpt-4o-mini", flat("0.15", "0.60"), Usage{Input: 900, Output: 69, Known: true}, "0.0001764"},
		{"OpenRouter, grok-4 with cached input", grok4, Usage{Input: 687, CachedInput: 679, Output: 187, Reasoning: 118, Known: true}, "0.00333825"},
		{"OpenRouter, gemini-2.5-flash, output only", flat("0.30", "2.50"), Usage{Output: 180, Known: true}, "0.00045"},
		{"xAI, grok-3-mini, 1777000 ticks of 1e-10 USD", grokMini, Usage{Input: 307, CachedInput: 244, Output: 281, Reasoning: 255, Known: true}, "0.0001777"},
		{"xAI, grok-3-mini, 1399000 ticks", grokMini, Usage{Input: 291, CachedInput: 244, Output: 215, Reasoning: 189, Known: true}, "0.0001399"},
		{"xAI, grok-3-mini stream, 1497500 ticks", grokMini, Usage{Input: 307, CachedInput: 306, Output: 253, Reasoning: 227, Known: true}, "0.00014975"},
		// Anthropic's table: sonnet 4.5 writes five minutes for 3.75 and an hour for 6, haiku 4.5 for 1.25 and 2, and reads for 0.30 and 0.10.
		{"Anthropic, sonnet 4.5, written for five minutes, then read", cachedSonnet, Usage{Input: 2_100_000, CachedInput: 1_000_000, CacheWrite: 1_000_000, Output: 1_000, Known: true}, "4.365"},
		{"Anthropic, sonnet 4.5, written for an hour", cachedSonnet, Usage{Input: 1_000_000, CacheWrite: 1_000_000, CacheHour: 1_000_000, Known: true}, "6"},
		{"Anthropic, haiku 4.5, 248 tokens written for five minutes and 456 for an hour", cachedHaiku, Usage{Input: 704, CacheWrite: 704, CacheHour: 456, Known: true}, "0.001222"},
		{"OpenAI, gpt-4o, half of 2048 tokens cached at half the price", cached4o, Usage{Input: 2048, CachedInput: 1024, Output: 300, Known: true}, "0.00684"},
		{"Google, gemini-2.5-pro at the edge of the first tier", gemini, Usage{Input: 200_000, Output: 1_000, Known: true}, "0.26"},
		{"Google, gemini-2.5-pro above 200k: all of it at the second tier", gemini, Usage{Input: 200_001, Output: 1_000, Known: true}, "0.5150025"},
	} {
		cost, ok := tc.prices.Cost(tc.usage)
		if !ok || cost.Total.String() != tc.want {
			t.Errorf("%s: %s, %v; want %s", tc.name, cost.Total, ok, tc.want)
		}
	}
}

func TestPrices_Cost_Formula(t *testing.T) {
	all := Prices{BillingMode: mode(BillingTokenFlat), TokenPrices: TokenPrices{
		Input: usd("1"), Output: usd("10"), CachedInput: usd("0.1"), CacheWrite: usd("1.25"), Reasoning: usd("20"),
		AudioInput: usd("40"), AudioOutput: usd("80"),
	}}
	full := Usage{
		Input: 1000, CachedInput: 200, CacheWrite: 300, AudioInput: 100,
		Output: 500, Reasoning: 150, AudioOutput: 50, Known: true,
	}
	for _, tc := range []struct {
		name   string
		prices Prices
		usage  Usage
		lines  []string
	}{
		{"cache writes for an hour cost 8/5, and never more than was written", all, Usage{Input: 100, CacheWrite: 60, CacheHour: 70, Known: true},
			[]string{"input 40 0.00004", "cache_write_1h 60 0.00012"}},
		{"every price stated", all, full, []string{
			"input 400 0.0004", "cached_input 200 0.00002", "cache_write 300 0.000375", "audio_input 100 0.004",
			"output 300 0.003", "reasoning 150 0.003", "audio_output 50 0.004",
		}},
		{"special prices fall back to input and output", flat("1", "10"), full, []string{
			"input 400 0.0004", "cached_input 200 0.0002", "cache_write 300 0.0003", "audio_input 100 0.0001",
			"output 300 0.003", "reasoning 150 0.0015", "audio_output 50 0.0005",
		}},
		{"audio that came from the cache is billed once", all,
			Usage{Input: 100, CachedInput: 80, AudioInput: 90, Known: true},
			[]string{"cached_input 80 0.000008", "audio_input 20 0.0008"}},
		{"parts larger than the whole are cut", all,
			Usage{Input: 10, CachedInput: 50, CacheWrite: 50, Output: 5, Reasoning: 9, Known: true},
			[]string{"cached_input 10 0.000001", "reasoning 5 0.0001"}},
		{"nothing used costs nothing", flat("1", "1"), Usage{Known: true}, nil},
		{"free is known", flat("0", "0"), Usage{Input: 5, Output: 5, Known: true}, []string{"input 5 0", "output 5 0"}},
		{"per request", Prices{BillingMode: mode(BillingPerRequest), PerRequest: usd("0.005")}, Usage{}, []string{"request 1 0.005"}},
		{"per image", Prices{BillingMode: mode(BillingPerImage), PerImage: usd("0.04")}, Usage{Images: 3}, []string{"image 3 0.12"}},
	} {
		cost, ok := tc.prices.Cost(tc.usage)
		var lines []string
		for _, l := range cost.Lines {
			lines = append(lines, fmt.Sprintf("%s %d %s", l.Kind, l.Count, l.Amount))
		}
		if !ok || !slices.Equal(lines, tc.lines) {
			t.Errorf("%s: %q, %v; want %q", tc.name, lines, ok, tc.lines)
		}
	}
}

func TestPrices_Cost_UnknownIsNotZero(t *testing.T) {
	closed := Prices{BillingMode: mode(BillingTokenTiered), Tiers: []PriceTier{{MaxInputTokens: 10, TokenPrices: flat("1", "1").TokenPrices}}}
	for name, tc := range map[string]struct {
		prices Prices
		usage  Usage
	}{
		"no mode":                  {Prices{}, Usage{Input: 1, Known: true}},
		"usage not known":          {flat("1", "1"), Usage{}},
		"no output price":          {Prices{BillingMode: mode(BillingTokenFlat), TokenPrices: TokenPrices{Input: usd("1")}}, Usage{Input: 1, Output: 1, Known: true}},
		"no request price":         {Prices{BillingMode: mode(BillingPerRequest)}, Usage{Known: true}},
		"no image price":           {Prices{BillingMode: mode(BillingPerImage)}, Usage{Images: 1, Known: true}},
		"number of images unknown": {Prices{BillingMode: mode(BillingPerImage), PerImage: usd("1")}, Usage{}},
		"negative images":          {Prices{BillingMode: mode(BillingPerImage), PerImage: usd("1")}, Usage{Images: -1, Known: true}},
		"no tiers":                 {Prices{BillingMode: mode(BillingTokenTiered)}, Usage{Input: 1, Known: true}},
		"beyond the last tier":     {closed, Usage{Input: 11, Known: true}},
		"tiers, usage not known":   {closed, Usage{}},
	} {
		if cost, ok := tc.prices.Cost(tc.usage); ok || cost.Total != 0 || cost.Lines != nil {
			t.Errorf("%s: %+v, %v; want unknown", name, cost, ok)
		}
	}
	if (Prices{}).Stated() || !flat("1", "1").Stated() {
		t.Error("Stated is wrong")
	}
}

func TestPrices_Cost_TierOrderDoesNotMatter(t *testing.T) {
	tiers := []PriceTier{
		{MaxInputTokens: 32_000, TokenPrices: flat("1", "1").TokenPrices},
		{MaxInputTokens: 128_000, TokenPrices: flat("2", "2").TokenPrices},
		{TokenPrices: flat("3", "3").TokenPrices},
	}
	want := map[int64]string{0: "0", 1: "0.000001", 32_000: "0.032", 32_001: "0.064002", 128_000: "0.256", 128_001: "0.384003"}
	for range 20 {
		rand.Shuffle(len(tiers), func(i, j int) { tiers[i], tiers[j] = tiers[j], tiers[i] })
		for input, total := range want {
			cost, ok := Prices{BillingMode: mode(BillingTokenTiered), Tiers: tiers}.Cost(Usage{Input: input, Known: true})
			if !ok || cost.Total.String() != total {
				t.Fatalf("%d tokens: %s, %v; want %s (tiers %v)", input, cost.Total, ok, total, tiers)
			}
		}
	}
}

// TestPrices_Cost_Properties: whatever a provider reports, no token is billed twice or left out, the total is the sum of
// the lines, nothing is negative, and more usage never costs less.
func TestPrices_Cost_Properties(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	amount := func() *NanoUSD {
		n := NanoUSD(rng.Int64N(100 * int64(NanoPerUSD)))
		if rng.IntN(20) == 0 {
			n = math.MaxInt64
		}
		return &n
	}
	count := func() int64 {
		switch rng.IntN(20) {
		case 0:
			return -rng.Int64N(100)
		case 1:
			return math.MaxInt64
		}
		return rng.Int64N(1_000_000)
	}
	for range 20_000 {
		p := Prices{BillingMode: mode(BillingTokenFlat), TokenPrices: TokenPrices{Input: amount(), Output: amount(), CachedInput: amount()}}
		u := Usage{
			Input: count(), Output: count(), CachedInput: count(), CacheWrite: count(), CacheHour: count(), Reasoning: count(),
			AudioInput: count(), AudioOutput: count(), Known: true,
		}
		cost, ok := p.Cost(u)
		if !ok {
			t.Fatalf("%+v is unknown", u)
		}
		var tokens, sum NanoUSD
		for _, l := range cost.Lines {
			if l.Count <= 0 || l.Amount < 0 {
				t.Fatalf("%+v: bad line %+v", u, l)
			}
			tokens, sum = tokens.Add(NanoUSD(l.Count)), sum.Add(l.Amount)
		}
		if want := NanoUSD(max(0, u.Input)).Add(NanoUSD(max(0, u.Output))); tokens != want {
			t.Fatalf("%+v: %d tokens are billed, want %d", u, tokens, want)
		}
		if cost.Total != sum || cost.Total != cost.Input.Add(cost.Output) {
			t.Fatalf("%+v: total %d, lines %d, sides %d + %d", u, cost.Total, sum, cost.Input, cost.Output)
		}
		more := u
		more.Output = int64(NanoUSD(u.Output).Add(NanoUSD(rng.Int64N(1000))))
		if dearer, _ := p.Cost(more); dearer.Total < cost.Total {
			t.Fatalf("%+v costs %s, %+v only %s", u, cost.Total, more, dearer.Total)
		}
	}
}

func TestPrices_Cost_Saturates(t *testing.T) {
	huge := NanoUSD(math.MaxInt64)
	for name, p := range map[string]Prices{
		"tokens": {BillingMode: mode(BillingTokenFlat), TokenPrices: TokenPrices{Input: &huge, Output: &huge}},
		"images": {BillingMode: mode(BillingPerImage), PerImage: &huge},
	} {
		cost, ok := p.Cost(Usage{Input: math.MaxInt64, Output: math.MaxInt64, Images: 2, Known: true})
		if !ok || cost.Total != math.MaxInt64 {
			t.Errorf("%s: %d, %v", name, cost.Total, ok)
		}
	}
}

func BenchmarkPrices_Cost(b *testing.B) {
	p, u := flat("3", "15"), Usage{Input: 12_345, CachedInput: 2_000, Output: 678, Reasoning: 100, Known: true}
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := p.Cost(u); !ok {
			b.Fatal("unknown")
		}
	}
}
