package admin

import (
	"squirrel/models"
	"squirrel/models/prices"
)

// CatalogueView is one page of the price catalogue.
type CatalogueView struct {
	List[PriceView]
	AsOf    string            `json:"as_of"`   // YYYY-MM-DD
	Sources map[string]string `json:"sources"` // where the prices are from
}

// PriceView is one model of the catalogue.
type PriceView struct {
	Model         string           `json:"model"`
	Vendor        string           `json:"vendor"`
	Type          models.ModelType `json:"model_type"`
	ContextWindow int64            `json:"context_window"` // tokens; 0 = unknown
	MaxOutput     int64            `json:"max_output"`     // tokens; 0 = unknown
	AsOf          string           `json:"as_of"`
	Source        string           `json:"source"`
	models.Prices
}

// Catalogue lists one page of the vendors' prices. Text is looked for in models and vendors.
func (s *Service) Catalogue(q PageQuery) CatalogueView {
	catalogue := s.opts.Catalogue()
	var found []PriceView
	for _, e := range catalogue.Entries() {
		if containsFold(e.Model, q.Text) || containsFold(e.Vendor, q.Text) {
			found = append(found, viewPrice(e, catalogue))
		}
	}
	return CatalogueView{List: paginate(found, q), AsOf: catalogue.AsOf, Sources: catalogue.Sources}
}

func viewPrice(e prices.Entry, c *prices.Catalogue) PriceView {
	v := PriceView{
		Model: e.Model, Vendor: e.Vendor, Type: e.Type, ContextWindow: e.ContextWindow, MaxOutput: e.MaxOutput, AsOf: e.AsOf, Source: e.Source,
		Prices: viewPrices(e.Prices),
	}
	if v.AsOf == "" {
		v.AsOf = c.AsOf
	}
	return v
}
