package admin

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"squirrel/models"
	"squirrel/models/prices"
	"squirrel/models/store"
)

// PriceBook knows what target models cost when neither route nor model say: overrides first, then the imported list, then
// the catalogue of the binary. It is immutable.
type PriceBook struct {
	catalogue *prices.Catalogue
	overrides []store.PriceOverride
}

// PriceBook reads the price book. The data plane keeps one and gets a new one with every configuration.
func (s *Service) PriceBook(ctx context.Context) (*PriceBook, error) {
	overrides, err := s.store.PriceOverrides(ctx)
	if err != nil {
		return nil, err
	}
	book := &PriceBook{catalogue: prices.Embedded(), overrides: overrides}
	latest, err := s.store.LatestPriceVersion(ctx)
	if models.ErrorCode(err) == models.CodeNotFound {
		return book, nil
	}
	if err != nil {
		return nil, err
	}
	imported, err := prices.Parse(latest.Catalogue)
	if err != nil {
		return nil, err
	}
	book.catalogue = book.catalogue.Merge(imported)
	return book, nil
}

// Prices returns the prices of a target model.
func (b *PriceBook) Prices(target string) (models.Prices, bool) {
	for i := range b.overrides {
		if b.overrides[i].TargetModel == target {
			return b.overrides[i].Prices, true
		}
	}
	return b.catalogue.Prices(target)
}

// ContextWindow returns how many tokens a target model takes, where that is known.
func (b *PriceBook) ContextWindow(target string) (int64, bool) {
	e, found := b.catalogue.Lookup(target)
	return e.ContextWindow, found && e.ContextWindow > 0
}

// CatalogueView is one page of the price book, overrides first.
type CatalogueView struct {
	List[PriceView]
	AsOf    string            `json:"as_of"`   // YYYY-MM-DD
	Sources map[string]string `json:"sources"` // where the prices are from
}

// PriceView is one model of the price book.
type PriceView struct {
	Model         string           `json:"model"`
	Vendor        string           `json:"vendor"`
	Type          models.ModelType `json:"model_type"`
	ContextWindow int64            `json:"context_window"` // tokens; 0 = unknown
	MaxOutput     int64            `json:"max_output"`     // tokens; 0 = unknown
	AsOf          string           `json:"as_of"`
	Source        string           `json:"source"` // a key of sources, or "override"
	models.Prices
	Version int64 `json:"version"` // of an override; 0 else
}

const sourceOverride = "override"

// Prices lists one page of the price book. Text is looked for in models and vendors.
func (s *Service) Prices(ctx context.Context, q PageQuery) (CatalogueView, error) {
	book, err := s.PriceBook(ctx)
	if err != nil {
		return CatalogueView{}, err
	}
	var found []PriceView
	for _, o := range book.overrides {
		if containsFold(o.TargetModel, q.Text) {
			found = append(found, PriceView{
				Model: o.TargetModel, Source: sourceOverride, AsOf: o.UpdatedAt.UTC().Format(time.DateOnly), Prices: viewPrices(o.Prices), Version: o.Version,
			})
		}
	}
	for _, e := range book.catalogue.Entries() {
		if containsFold(e.Model, q.Text) || containsFold(e.Vendor, q.Text) {
			found = append(found, viewPrice(e, book.catalogue.AsOf))
		}
	}
	return CatalogueView{List: paginate(found, q), AsOf: book.catalogue.AsOf, Sources: book.catalogue.Sources}, nil
}

func viewPrice(e prices.Entry, asOf string) PriceView {
	if e.AsOf != "" {
		asOf = e.AsOf
	}
	return PriceView{
		Model: e.Model, Vendor: e.Vendor, Type: e.Type, ContextWindow: e.ContextWindow, MaxOutput: e.MaxOutput, AsOf: asOf, Source: e.Source,
		Prices: viewPrices(e.Prices),
	}
}

// PriceUpdate overrides the prices of one target model, or imports a whole list. An override with the billing mode null
// is removed.
type PriceUpdate struct {
	TargetModel Opt[string] `json:"target_model"`
	PriceInput
	Version *int64 `json:"version"`

	Catalogue Opt[json.RawMessage] `json:"catalogue"` // a list of LiteLLM, models.dev or OpenRouter, or an own one
	AsOf      Opt[string]          `json:"as_of"`     // YYYY-MM-DD: when the list was fetched; default today
}

// PricesUpdated says what an update did.
type PricesUpdated struct {
	Overridden int              `json:"overridden"`
	Removed    int              `json:"removed"`
	Imported   int              `json:"imported"`
	Skipped    []prices.Skipped `json:"skipped"` // models of an imported list without a usable price
}

// UpdatePrices overrides or imports prices. Past requests keep their costs until they are recalculated.
func (s *Service) UpdatePrices(ctx context.Context, in PriceUpdate) (PricesUpdated, error) {
	if in.Catalogue.given() {
		return s.importPrices(ctx, in)
	}
	c, done := check{}, PricesUpdated{Skipped: []prices.Skipped{}}
	target := in.TargetModel.Value
	c.label("target_model", &target, 200)
	if in.BillingMode.Null {
		if err := c.err(); err != nil {
			return done, err
		}
		done.Removed = 1
		return done, s.store.DeletePriceOverride(ctx, target)
	}
	override, err := s.override(ctx, target)
	if err != nil {
		return done, err
	}
	in.apply(&override.Prices)
	if override.Prices.BillingMode == nil {
		c.fail("billing_mode", "must be set; null removes the override")
	}
	c.prices(&override.Prices)
	if err := c.err(); err != nil {
		return done, err
	}
	done.Overridden = 1
	return done, s.store.SavePriceOverride(ctx, &override, in.Version)
}

func (s *Service) override(ctx context.Context, target string) (store.PriceOverride, error) {
	all, err := s.store.PriceOverrides(ctx)
	if err != nil {
		return store.PriceOverride{}, err
	}
	i := slices.IndexFunc(all, func(o store.PriceOverride) bool { return o.TargetModel == target })
	if i < 0 {
		return store.PriceOverride{TargetModel: target}, nil
	}
	return all[i], nil
}

func (s *Service) importPrices(ctx context.Context, in PriceUpdate) (PricesUpdated, error) {
	asOf := s.Now().Format(time.DateOnly)
	in.AsOf.into(&asOf)
	if _, err := time.Parse(time.DateOnly, asOf); err != nil {
		return PricesUpdated{}, models.Invalid("as_of", "must be a date such as 2026-03-01")
	}
	list, err := prices.Import(in.Catalogue.Value, asOf)
	if err != nil {
		msg := "is not a price list of LiteLLM, models.dev or OpenRouter"
		return PricesUpdated{}, &models.Error{
			Code: models.CodeValidation, Message: "catalogue " + msg, Fields: map[string]string{"catalogue": msg}, Err: err,
		}
	}
	data, err := json.Marshal(list.Catalogue)
	if err != nil {
		return PricesUpdated{}, err
	}
	err = s.store.AddPriceVersion(ctx, &store.PriceVersion{At: s.Now(), Label: string(list.Format) + " " + asOf, Catalogue: data})
	return PricesUpdated{Imported: len(list.Catalogue.Entries()), Skipped: nonNil(list.Skipped)}, err
}
