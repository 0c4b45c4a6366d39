package prices

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"squirrel/models"
)

// Format is a list of prices the community keeps.
type Format string

// The formats Import reads.
const (
	FormatSquirrel   Format = "squirrel"   // our own: what a Catalogue is written as
	FormatLiteLLM    Format = "litellm"    // model_prices_and_context_window.json of BerriAI/litellm: USD per token
	FormatModelsDev  Format = "models.dev" // https://models.dev/api.json: USD per million tokens
	FormatOpenRouter Format = "openrouter" // https://openrouter.ai/api/v1/models: USD per token, as strings
)

// Skipped is a model of an imported list that has no usable price.
type Skipped struct {
	Model  string `json:"model"`
	Reason string `json:"reason"`
}

// Imported is the result of an import.
type Imported struct {
	Format    Format
	Catalogue *Catalogue
	Skipped   []Skipped
}

// ErrFormat says that the data is none of the known lists.
var ErrFormat = errors.New("prices: not a price list in a known format")

// Import reads a price list, telling its format from its shape. asOf (YYYY-MM-DD) is the date the list is from. Models
// without a usable price are skipped and reported. Errors: ErrFormat, and what encoding/json finds wrong.
func Import(data []byte, asOf string) (Imported, error) {
	var root map[string]json.RawMessage
	if err := json.Unmarshal(data, &root); err != nil {
		return Imported{}, fmt.Errorf("prices: %w", err)
	}
	if isArray(root["models"]) {
		c, err := Parse(data)
		return Imported{Format: FormatSquirrel, Catalogue: c}, err
	}
	in := importer{}
	format := FormatLiteLLM
	switch {
	case isArray(root["data"]):
		format = FormatOpenRouter
		in.openRouter(root["data"])
	case anyOf(root, "models"):
		format = FormatModelsDev
		in.modelsDev(root)
	case anyOf(root, "litellm_provider"), anyOf(root, "input_cost_per_token"):
		in.liteLLM(root)
	default:
		return Imported{}, ErrFormat
	}
	if len(in.entries) == 0 {
		return Imported{}, fmt.Errorf("%w: no model with a price", ErrFormat)
	}
	for i := range in.entries {
		in.entries[i].Source = string(format)
	}
	sources := map[string]string{string(format): "imported, as of " + asOf}
	return Imported{format, New(asOf, sources, in.entries), in.skipped}, nil
}

func isArray(v json.RawMessage) bool { return len(v) > 0 && v[0] == '[' }

// anyOf reports whether any member of an object is an object with the given member.
func anyOf(root map[string]json.RawMessage, member string) bool {
	for _, v := range root {
		var inner map[string]json.RawMessage
		if json.Unmarshal(v, &inner) == nil && inner[member] != nil {
			return true
		}
	}
	return false
}

// importer collects entries and what had to be left out.
type importer struct {
	entries []Entry
	skipped []Skipped
}

func (in *importer) add(e Entry, err error) {
	if err == nil {
		err = Check(e.Prices)
	}
	if err != nil {
		in.skip(e.Model, err.Error())
		return
	}
	e.Vendor = cmp.Or(vendorNames[e.Vendor], e.Vendor)
	in.entries = append(in.entries, e)
}

func (in *importer) skip(model, reason string) {
	in.skipped = append(in.skipped, Skipped{model, reason})
}

// tiered makes prices of tiers that begin above a number of input tokens; the first begins at 0.
func tiered(base models.TokenPrices, above map[int64]models.TokenPrices) models.Prices {
	if len(above) == 0 {
		mode := models.BillingTokenFlat
		return models.Prices{BillingMode: &mode, TokenPrices: base}
	}
	mode := models.BillingTokenTiered
	p := models.Prices{BillingMode: &mode}
	current := base
	for _, begin := range slices.Sorted(maps.Keys(above)) {
		p.Tiers = append(p.Tiers, models.PriceTier{MaxInputTokens: begin, TokenPrices: current})
		current = overlay(base, above[begin])
	}
	p.Tiers = append(p.Tiers, models.PriceTier{TokenPrices: current})
	return p
}

// overlay is base with the prices that over states.
func overlay(base, over models.TokenPrices) models.TokenPrices {
	return models.TokenPrices{
		Input: cmp.Or(over.Input, base.Input), Output: cmp.Or(over.Output, base.Output),
		CachedInput: cmp.Or(over.CachedInput, base.CachedInput), CacheWrite: cmp.Or(over.CacheWrite, base.CacheWrite),
		Reasoning:  cmp.Or(over.Reasoning, base.Reasoning),
		AudioInput: cmp.Or(over.AudioInput, base.AudioInput), AudioOutput: cmp.Or(over.AudioOutput, base.AudioOutput),
	}
}
