// Package prices knows what vendors charge for their models: a catalogue that is part of the binary, with the dates and
// sources of its prices, and importers for the lists the community keeps.
package prices

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"squirrel/models"
)

// Entry is one model of the catalogue.
type Entry struct {
	Model         string           `json:"model"`
	Vendor        string           `json:"vendor"`
	Type          models.ModelType `json:"type"`
	ContextWindow int64            `json:"context_window,omitempty"` // tokens; 0 = unknown
	MaxOutput     int64            `json:"max_output,omitempty"`     // tokens; 0 = unknown
	AsOf          string           `json:"as_of,omitempty"`          // YYYY-MM-DD; "" = the catalogue's date
	Source        string           `json:"source"`                   // a key of Catalogue.Sources
	Prices        models.Prices    `json:"prices"`
}

// Catalogue is an immutable list of prices. It is safe for concurrent use.
type Catalogue struct {
	AsOf    string            // YYYY-MM-DD: the date of the entries without one of their own
	Sources map[string]string // where the prices are from: short name → description

	entries []Entry
	byName  map[string]int // normalised name → index; see lookup.go
}

// document is the JSON form of a catalogue.
type document struct {
	AsOf    string            `json:"as_of"`
	Sources map[string]string `json:"sources"`
	Models  []Entry           `json:"models"`
}

//go:embed catalogue.json
var embedded []byte

// Embedded returns the catalogue that is part of the binary. It is read at the first call.
var Embedded = sync.OnceValue(func() *Catalogue {
	c, err := Parse(embedded)
	if err != nil {
		panic("prices: the embedded catalogue is damaged: " + err.Error())
	}
	return c
})

// New makes a catalogue. Of several entries with the same vendor and model (however it is spelt) the last one counts.
func New(asOf string, sources map[string]string, entries []Entry) *Catalogue {
	c := &Catalogue{AsOf: asOf, Sources: sources}
	seen := map[string]int{}
	for _, e := range entries {
		id := e.Vendor + "/" + normalise(e.Model)
		if i, found := seen[id]; found {
			c.entries[i] = e
			continue
		}
		seen[id] = len(c.entries)
		c.entries = append(c.entries, e)
	}
	c.index()
	return c
}

// Parse reads a catalogue in the JSON form that MarshalJSON writes.
func Parse(data []byte) (*Catalogue, error) {
	var doc document
	if err := json.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("prices: %w", err)
	}
	for _, e := range doc.Models {
		if e.Model == "" {
			return nil, errors.New("prices: an entry without a model")
		}
		if err := Check(e.Prices); err != nil {
			return nil, fmt.Errorf("prices: %s: %w", e.Model, err)
		}
	}
	return New(doc.AsOf, doc.Sources, doc.Models), nil
}

// MarshalJSON writes the catalogue with its date and sources.
func (c *Catalogue) MarshalJSON() ([]byte, error) {
	return json.Marshal(document{c.AsOf, c.Sources, c.entries})
}

// Entries returns all entries, ordered by vendor and model.
func (c *Catalogue) Entries() []Entry {
	return slices.SortedFunc(slices.Values(c.entries), func(a, b Entry) int {
		return cmp.Or(strings.Compare(a.Vendor, b.Vendor), strings.Compare(a.Model, b.Model))
	})
}

// Merge returns c with the entries of over added; where both have a model of a vendor, over's counts. Entries keep their
// dates.
func (c *Catalogue) Merge(over *Catalogue) *Catalogue {
	sources := maps.Clone(c.Sources)
	if sources == nil {
		sources = map[string]string{}
	}
	maps.Copy(sources, over.Sources)
	all := make([]Entry, 0, len(c.entries)+len(over.entries))
	for _, part := range []*Catalogue{c, over} {
		for _, e := range part.entries {
			e.AsOf = cmp.Or(e.AsOf, part.AsOf)
			all = append(all, e)
		}
	}
	return New(max(c.AsOf, over.AsOf), sources, all)
}

// Check reports what keeps prices from being used to compute a cost: a mode that is missing or unknown, a price that is
// missing or negative, or tiers that do not rise.
func Check(p models.Prices) error {
	if p.BillingMode == nil {
		return errors.New("no billing mode")
	}
	switch *p.BillingMode {
	case models.BillingTokenFlat:
		return checkTokens(p.TokenPrices)
	case models.BillingTokenTiered:
		return checkTiers(p.Tiers)
	case models.BillingPerRequest:
		return checkPiece("per_request_price", p.PerRequest)
	case models.BillingPerImage:
		return checkPiece("per_image_price", p.PerImage)
	}
	return fmt.Errorf("unknown billing mode %q", *p.BillingMode)
}

func checkTokens(t models.TokenPrices) error {
	if t.Input == nil && t.Output == nil {
		return errors.New("neither an input nor an output price")
	}
	for name, price := range map[string]*models.NanoUSD{
		"input_price": t.Input, "output_price": t.Output, "cached_input_price": t.CachedInput, "cache_write_price": t.CacheWrite,
		"reasoning_price": t.Reasoning, "audio_input_price": t.AudioInput, "audio_output_price": t.AudioOutput,
	} {
		if price != nil && *price < 0 {
			return fmt.Errorf("%s is negative", name)
		}
	}
	return nil
}

func checkTiers(tiers []models.PriceTier) error {
	if len(tiers) == 0 {
		return errors.New("no tiers")
	}
	var last int64
	for i, tier := range tiers {
		if open := tier.MaxInputTokens == 0 && i == len(tiers)-1; tier.MaxInputTokens <= last && !open {
			return errors.New("the limits of the tiers do not rise")
		}
		last = tier.MaxInputTokens
		if err := checkTokens(tier.TokenPrices); err != nil {
			return fmt.Errorf("tier %d: %w", i+1, err)
		}
	}
	return nil
}

func checkPiece(name string, price *models.NanoUSD) error {
	if price == nil {
		return fmt.Errorf("no %s", name)
	}
	if *price < 0 {
		return fmt.Errorf("%s is negative", name)
	}
	return nil
}
