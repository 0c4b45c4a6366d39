package prices

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"squirrel/models"
)

// describe writes an entry's prices as a line: mode, then in/out/cached/written/reasoning/audio of each tier.
func describe(e Entry) string {
	show := func(n *models.NanoUSD) string {
		if n == nil {
			return "-"
		}
		return n.String()
	}
	tokens := func(t models.TokenPrices) string {
		return strings.Join([]string{show(t.Input), show(t.Output), show(t.CachedInput), show(t.CacheWrite), show(t.Reasoning), show(t.AudioInput)}, " ")
	}
	line := fmt.Sprintf("%s %s %d %d %s", e.Vendor, e.Type, e.ContextWindow, e.MaxOutput, *e.Prices.BillingMode)
	switch *e.Prices.BillingMode {
	case models.BillingPerImage:
		return line + " " + show(e.Prices.PerImage)
	case models.BillingTokenTiered:
		for _, tier := range e.Prices.Tiers {
			line += fmt.Sprintf(" | ≤%d %s", tier.MaxInputTokens, tokens(tier.TokenPrices))
		}
		return line
	}
	return line + " " + tokens(e.Prices.TokenPrices)
}

func TestImport(t *testing.T) {
	for file, tc := range map[string]struct {
		format  Format
		want    map[string]string
		skipped []string
	}{
		"litellm.json": {FormatLiteLLM, map[string]string{
			"gpt-5.4":                "openai chat 1050000 128000 token_tiered | ≤272000 2.5 15 0.25 - - - | ≤0 5 22.5 0.5 - - -",
			"claude-haiku-4-5":       "anthropic chat 200000 64000 token_flat 1 5 0.1 1.25 - -",
			"qwen3-max":              "qwen chat 258048 0 token_tiered | ≤32000 1.2 6 - - - - | ≤128000 2.4 12 - - - - | ≤0 3 15 - - - -",
			"gemini-2.5-flash":       "google chat 1048576 65535 token_flat 0.3 2.5 - - 2.5 1",
			"text-embedding-3-small": "openai embedding 8191 0 token_flat 0.02 0 - - - -",
			"dall-e-3":               "openai images 0 0 per_image 0.04",
			"gpt-image-1":            "openai images 0 0 token_flat 5 40 - - - -",
			"omni-moderation-latest": "openai moderation 0 0 token_flat 0 0 - - - -",
		}, []string{"broken", "negative", "rerank-v3.5", "whisper-1"}},
		"modelsdev.json": {FormatModelsDev, map[string]string{
			"gemini-2.5-pro":       "google chat 1048576 65536 token_tiered | ≤200000 1.25 10 0.125 - - - | ≤0 2.5 15 0.25 - - -",
			"gemini-embedding-001": "google embedding 2048 3072 token_flat 0.15 0 - - - -",
			"gpt-5.5":              "openai chat 1050000 128000 token_tiered | ≤272000 5 30 0.5 - - - | ≤0 10 45 1 - - -",
			"gpt-image-9":          "openai images 0 0 token_flat 5 30 - - - -",
			"qwen-plus":            "qwen chat 1000000 32768 token_flat 0.4 1.2 - - 4 -",
		}, []string{"google/gemma-4-31b-it"}},
		"openrouter.json": {FormatOpenRouter, map[string]string{
			"claude-opus-4.8":  "anthropic chat 1000000 128000 token_flat 5 25 0.5 6.25 - -",
			"gpt-5.6-luna-pro": "openai chat 1050000 0 token_tiered | ≤272000 0.1 0.6 - - - - | ≤0 0.2 0.9 - - - -",
			"model:free":       "free chat 0 0 token_flat 0 0 - - - -",
		}, []string{"auto", "vendor/"}},
	} {
		data, err := os.ReadFile("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		in, err := Import(data, "2026-07-01")
		if err != nil || in.Format != tc.format {
			t.Fatalf("%s: %s, %v", file, in.Format, err)
		}
		if in.Catalogue.AsOf != "2026-07-01" || in.Catalogue.Sources[string(tc.format)] == "" {
			t.Errorf("%s: date %s, sources %v", file, in.Catalogue.AsOf, in.Catalogue.Sources)
		}
		got := map[string]string{}
		for _, e := range in.Catalogue.Entries() {
			got[e.Model] = describe(e)
		}
		for model, want := range tc.want {
			if got[model] != want {
				t.Errorf("%s: %s\n got %s\nwant %s", file, model, got[model], want)
			}
		}
		if len(got) != len(tc.want) {
			t.Errorf("%s: %d models, want %d", file, len(got), len(tc.want))
		}
		var skipped []string
		for _, s := range in.Skipped {
			if s.Reason == "" {
				t.Errorf("%s: %s was skipped without a reason", file, s.Model)
			}
			skipped = append(skipped, s.Model)
		}
		if strings.Join(skipped, " ") != strings.Join(tc.skipped, " ") {
			t.Errorf("%s: skipped %q, want %q", file, skipped, tc.skipped)
		}
	}
}

// TestImport_VendorsCountBeforeOtherHosts: big lists hold the same model of many hosts.
func TestImport_VendorsCountBeforeOtherHosts(t *testing.T) {
	in, err := Import([]byte(`{
		"azure/gpt-4o": {"litellm_provider":"azure","mode":"chat","input_cost_per_token":9e-06},
		"gpt-4o": {"litellm_provider":"openai","mode":"chat","input_cost_per_token":2e-06},
		"openrouter/anthropic/claude-haiku-4.5": {"litellm_provider":"openrouter","mode":"chat","input_cost_per_token":9e-06},
		"claude-haiku-4-5": {"litellm_provider":"anthropic","mode":"chat","input_cost_per_token":1e-06},
		"somewhere/own-model": {"litellm_provider":"somewhere","mode":"chat","input_cost_per_token":7e-06}}`), "2026-09-09")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []*Catalogue{in.Catalogue, Embedded().Merge(in.Catalogue)} {
		for target, want := range map[string]string{
			"gpt-4o": "2", "openai/gpt-4o": "2", "azure/gpt-4o": "9", "claude-haiku-4.5": "1", "anthropic/claude-haiku-4.5": "1",
			"openrouter/anthropic/claude-haiku-4.5": "9", "own-model": "7",
		} {
			if p, found := c.Prices(target); !found || p.Input.String() != want {
				t.Errorf("%s costs %v, %v; want %s", target, p.Input, found, want)
			}
		}
	}
}

// TestImport_BatchPricesAreLeftOut: the gateway serves no batches, so what they cost is the price of none of its requests.
func TestImport_BatchPricesAreLeftOut(t *testing.T) {
	in, err := Import([]byte(`{
		"both": {"litellm_provider":"openai","mode":"chat","input_cost_per_token":2e-06,"output_cost_per_token":8e-06,
			"input_cost_per_token_batches":1e-06,"output_cost_per_token_batches":4e-06},
		"only-batches": {"litellm_provider":"openai","mode":"chat","input_cost_per_token_batches":1e-06,"output_cost_per_token_batches":4e-06}}`), "2026-09-09")
	if err != nil {
		t.Fatal(err)
	}
	both, found := in.Catalogue.Prices("both")
	if !found || both.Input.String() != "2" || both.Output.String() != "8" {
		t.Errorf("input %v, output %v", both.Input, both.Output)
	}
	if p, found := in.Catalogue.Prices("only-batches"); found {
		t.Errorf("a model with prices of batches alone has the prices %+v", p)
	}
	if len(in.Skipped) != 1 || in.Skipped[0].Model != "only-batches" || in.Skipped[0].Reason == "" {
		t.Errorf("skipped: %+v", in.Skipped)
	}
}

func TestImport_Refuses(t *testing.T) {
	for _, data := range []string{`{}`, `{"a":1}`, `{"a":{"b":1}}`, `{"data":[]}`, `{"x":{"models":{}}}`} {
		if _, err := Import([]byte(data), ""); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", data, err)
		}
	}
	for _, data := range []string{``, `[]`, `{"models":[{"model":""}]}`, `{"models":[{"model":"a"}]}`} {
		if _, err := Import([]byte(data), ""); err == nil {
			t.Errorf("%s was accepted", data)
		}
	}
}

func TestNumber_Price(t *testing.T) {
	for text, want := range map[number]string{
		"2.5e-06": "2.5", "0.0000006000000000000001": "0.6", "2.9999999999999997e-07": "0.3", "0": "0", "1": "1000000",
		"-1e-06": "-1", "1.0490417e-08": "0.010490417", "4e-16": "0", "5e-16": "0.000000001",
	} {
		if got, err := text.price(perToken); err != nil || got.String() != want {
			t.Errorf("%s: %v, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []number{"soon", "1/3", "0x10", "1e999999999", "1e31", "1_0", "{}", "1e", ".", number(strings.Repeat("1", 65)), "1e12"} {
		if got, err := text.price(perToken); err == nil {
			t.Errorf("%s was read as %s", text, got)
		}
	}
	if got, err := number("").price(perToken); got != nil || err != nil {
		t.Errorf("nothing is %v, %v", got, err)
	}
}

func FuzzImport(f *testing.F) {
	for _, file := range []string{"litellm.json", "modelsdev.json", "openrouter.json"} {
		data, err := os.ReadFile("testdata/" + file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"models":[{"model":"m","vendor":"v","prices":{"billing_mode":"per_request","per_request_price":"0.1"}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		in, err := Import(data, "2026-07-01")
		if err != nil {
			return
		}
		for _, e := range in.Catalogue.Entries() {
			if e.Model == "" || Check(e.Prices) != nil || e.ContextWindow < 0 {
				t.Fatalf("accepted %+v", e)
			}
			if cost, ok := e.Prices.Cost(models.Usage{Input: 1 << 40, Output: 1 << 40, Images: 3, Known: true}); ok && cost.Total < 0 {
				t.Fatalf("%+v costs %s", e, cost.Total)
			}
		}
		written, err := json.Marshal(in.Catalogue)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := Parse(written); err != nil || len(again.Entries()) != len(in.Catalogue.Entries()) {
			t.Fatalf("written and read again: %v", err)
		}
	})
}

func FuzzLookup(f *testing.F) {
	for _, seed := range []string{"gpt-4o", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "a/b/c", "-latest-latest", "gpt-35@20240101"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, target string) {
		if e, found := Embedded().Lookup(target); found && e.Model == "" {
			t.Fatalf("%q finds nothing", target)
		}
	})
}
