package prices

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"squirrel/models"
)

func TestEmbedded(t *testing.T) {
	c := Embedded()
	entries := c.Entries()
	if len(entries) < 150 {
		t.Fatalf("only %d models", len(entries))
	}
	if _, err := time.Parse(time.DateOnly, c.AsOf); err != nil {
		t.Errorf("the catalogue has no date: %v", err)
	}
	types := map[models.ModelType]bool{
		models.ModelChat: true, models.ModelEmbedding: true, models.ModelSpeech: true,
		models.ModelTranscription: true, models.ModelImages: true, models.ModelModeration: true,
	}
	dear := 1000 * models.NanoPerUSD
	for _, e := range entries {
		name := e.Vendor + "/" + e.Model
		if e.Vendor == "" || !types[e.Type] || c.Sources[e.Source] == "" {
			t.Errorf("%s: vendor, type or source is wrong: %+v", name, e)
		}
		if e.AsOf != "" {
			if _, err := time.Parse(time.DateOnly, e.AsOf); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if got, found := c.Lookup(e.Model); !found || (got.Model != e.Model && normalise(got.Model) != normalise(e.Model)) {
			t.Errorf("%s is not found by its name: %s, %v", name, got.Model, found)
		}
		for _, p := range append(e.Prices.Tiers, models.PriceTier{TokenPrices: e.Prices.TokenPrices}) {
			if p.Input != nil && *p.Input > dear || p.Output != nil && *p.Output > dear {
				t.Errorf("%s costs more than $1000 per million tokens: is the unit right?", name)
			}
			if p.CachedInput != nil && p.Input != nil && *p.CachedInput > *p.Input {
				t.Errorf("%s: cached input is dearer than input", name)
			}
		}
		usage := models.Usage{Input: 1000, Output: 1000, Images: 1, Known: true}
		if e.Type == models.ModelTranscription || e.Type == models.ModelSpeech {
			continue // some have prices for one side only
		}
		if _, ok := e.Prices.Cost(usage); !ok {
			t.Errorf("%s: a plain request has no price", name)
		}
	}
}

// TestEmbedded_KnownPrices holds prices as the vendors' pages have them.
func TestEmbedded_KnownPrices(t *testing.T) {
	for _, tc := range []struct {
		model string
		usage models.Usage
		want  string
	}{
		{"gpt-4o", models.Usage{Input: 1_000_000, CachedInput: 500_000, Output: 100_000}, "2.875"}, // 1.25 + 0.625 + 1
		{"gpt-4o-2024-05-13", models.Usage{Input: 1_000_000}, "5"},
		{"gpt-4o-mini", models.Usage{Input: 1_000_000, Output: 1_000_000}, "0.75"},
		{"gpt-5.4", models.Usage{Input: 100_000, Output: 10_000}, "0.4"},
		{"gpt-5.4", models.Usage{Input: 300_000, Output: 10_000}, "1.725"},
		{"o3", models.Usage{Input: 1_000_000, Output: 1_000_000}, "10"},
		{"text-embedding-3-small", models.Usage{Input: 1_000_000}, "0.02"},
		{"dall-e-3", models.Usage{Images: 2}, "0.08"},
		{"gpt-4o-audio-preview", models.Usage{Input: 1_000_000, AudioInput: 1_000_000, Output: 1_000_000, AudioOutput: 1_000_000}, "120"},
		{"claude-opus-4-5", models.Usage{Input: 1_000_000, CachedInput: 300_000, CacheWrite: 200_000, Output: 100_000}, "6.4"}, // 2.5 + .15 + 1.25 + 2.5
		{"claude-haiku-4-5-20251001", models.Usage{Input: 1_000_000, Output: 1_000_000}, "6"},
		{"claude-haiku-5-5", models.Usage{Input: 100_001, Output: 0}, "0.0500005"},
		{"gemini-2.5-pro", models.Usage{Input: 100_000, Output: 10_000}, "0.225"},
		{"gemini-2.5-flash", models.Usage{Input: 1_000_000, AudioInput: 500_000}, "0.65"},
		{"deepseek-v4-flash", models.Usage{Input: 1_000_000, Output: 1_000_000}, "0.42"},
		{"kimi-k2-thinking", models.Usage{Input: 1_000_000, Output: 1_000_000}, "3.1"},
		{"llama-3.1-8b-instant", models.Usage{Input: 1_000_000, Output: 1_000_000}, "0.13"},
	} {
		tc.usage.Known = true
		p, found := Embedded().Prices(tc.model)
		cost, ok := p.Cost(tc.usage)
		if !found || !ok || cost.Total.String() != tc.want {
			t.Errorf("%s %+v: %s, %v, %v; want %s", tc.model, tc.usage, cost.Total, found, ok, tc.want)
		}
	}
}

func TestLookup(t *testing.T) {
	c := Embedded()
	for target, want := range map[string]string{
		"GPT-4o":                         "gpt-4o",
		"openai/gpt-4o":                  "gpt-4o",
		"azure/gpt-4o":                   "gpt-4o",
		"gpt-4o-2024-11-20":              "gpt-4o",
		"gpt-4o-2024-05-13":              "gpt-4o-2024-05-13",
		"gpt-35-turbo":                   "gpt-3.5-turbo",
		"openrouter/openai/gpt-4.1-mini": "gpt-4.1-mini",
		"claude-sonnet-4-5-20250929":     "claude-sonnet-4-5",
		"claude-sonnet-4.5":              "claude-sonnet-4-5",
		"anthropic/claude-sonnet-4.5":    "claude-sonnet-4-5",
		"claude-sonnet-4-5@20250929":     "claude-sonnet-4-5",
		"claude-opus-4-1-latest":         "claude-opus-4-1",
		"claude-3-5-sonnet-latest":       "claude-3-5-sonnet-20241022",
		"publishers/anthropic/models/claude-sonnet-4-5@20250929":                                  "claude-sonnet-4-5",
		"us.anthropic.claude-sonnet-4-5-20250929-v1:0":                                            "claude-sonnet-4-5",
		"anthropic.claude-3-haiku-20240307-v1:0":                                                  "claude-3-haiku-20240307",
		"arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0:200k": "claude-3-haiku-20240307",
		"openai.gpt-oss-120b-1:0":                                                                 "openai/gpt-oss-120b",
		"databricks-claude-sonnet-4-5":                                                            "claude-sonnet-4-5",
		"models/gemini-2.5-pro":                                                                   "gemini-2.5-pro",
		"google/gemini-2.5-pro":                                                                   "gemini-2.5-pro",
		"openai/gpt-oss-120b":                                                                     "openai/gpt-oss-120b",
		"groq/openai/gpt-oss-120b":                                                                "openai/gpt-oss-120b",
		"gpt-oss-120b":                                                                            "openai/gpt-oss-120b",
		"deepseek/deepseek-chat":                                                                  "deepseek-chat",
		"  mistral-large-latest ":                                                                 "mistral-large-latest",
		"accounts/fireworks/models/glm-4.6":                                                       "glm-4.6",
	} {
		if e, found := c.Lookup(target); !found || e.Model != want {
			t.Errorf("%q finds %q, %v; want %q", target, e.Model, found, want)
		}
	}
	for _, target := range []string{
		"", "/", "gpt", "gpt-4o-nonsense", "my-own-model", "openai/", "meta-llama/llama-3-8b:free", "ft:gpt-4o-mini-2024-07-18:acme::x",
		"claude", "deepseek", "deepseek-v9", "2024-05-13", "-latest", "mistral-large-2312",
	} {
		if e, found := c.Lookup(target); found {
			t.Errorf("%q finds %q", target, e.Model)
		}
	}
}

func TestCatalogue_MergeAndJSON(t *testing.T) {
	flat := models.BillingTokenFlat
	price := func(n models.NanoUSD) models.Prices {
		return models.Prices{BillingMode: &flat, TokenPrices: models.TokenPrices{Input: &n, Output: &n}}
	}
	base := New("2026-01-01", map[string]string{"a": "first"}, []Entry{
		{Model: "one", Vendor: "v", Source: "a", Prices: price(1)}, {Model: "two", Vendor: "v", Source: "a", Prices: price(2)},
	})
	over := New("2026-02-02", map[string]string{"b": "second"}, []Entry{
		{Model: "two", Vendor: "v", Source: "b", Prices: price(22)}, {Model: "three", Vendor: "v", Source: "b", Prices: price(3), AsOf: "2025-12-12"},
	})
	data, err := json.Marshal(base.Merge(over))
	if err != nil {
		t.Fatal(err)
	}
	in, err := Import(data, "2030-01-01")
	if err != nil || in.Format != FormatSquirrel {
		t.Fatalf("%s, %v", in.Format, err)
	}
	c := in.Catalogue
	if c.AsOf != "2026-02-02" || c.Sources["a"] != "first" || c.Sources["b"] != "second" {
		t.Errorf("date and sources: %s, %v", c.AsOf, c.Sources)
	}
	for model, want := range map[string]string{"one": "0.000000001 2026-01-01", "two": "0.000000022 2026-02-02", "three": "0.000000003 2025-12-12"} {
		if e, found := c.Lookup(model); !found || e.Prices.Input.String()+" "+e.AsOf != want {
			t.Errorf("%s: %+v, want %s", model, e, want)
		}
	}
	if e, _ := base.Lookup("two"); *e.Prices.Input != 2 || e.AsOf != "" {
		t.Error("Merge changed its receiver")
	}
}

func TestParse_Refuses(t *testing.T) {
	for name, prices := range map[string]string{
		"no mode":        `{"input_price":1}`,
		"unknown mode":   `{"billing_mode":"per_hour"}`,
		"no price":       `{"billing_mode":"token_flat"}`,
		"negative":       `{"billing_mode":"token_flat","input_price":-1}`,
		"no tiers":       `{"billing_mode":"token_tiered"}`,
		"falling tiers":  `{"billing_mode":"token_tiered","tiered_pricing":[{"max_input_tokens":5,"input_price":1},{"max_input_tokens":4,"input_price":1}]}`,
		"open in front":  `{"billing_mode":"token_tiered","tiered_pricing":[{"max_input_tokens":0,"input_price":1},{"max_input_tokens":4,"input_price":1}]}`,
		"empty tier":     `{"billing_mode":"token_tiered","tiered_pricing":[{"max_input_tokens":5}]}`,
		"no request":     `{"billing_mode":"per_request"}`,
		"negative image": `{"billing_mode":"per_image","per_image_price":-1}`,
		"not a number":   `{"billing_mode":"token_flat","input_price":"one"}`,
	} {
		if _, err := Parse([]byte(`{"models":[{"model":"m","prices":` + prices + `}]}`)); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	if _, err := Parse([]byte(`{"models":[{"prices":{}}]}`)); err == nil || !strings.Contains(err.Error(), "without a model") {
		t.Errorf("nameless: %v", err)
	}
}

func BenchmarkLookup(b *testing.B) {
	c := Embedded()
	b.ReportAllocs()
	for b.Loop() {
		if _, found := c.Lookup("openrouter/anthropic/claude-sonnet-4.5"); !found {
			b.Fatal("not found")
		}
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(embedded); err != nil {
			b.Fatal(err)
		}
	}
}
