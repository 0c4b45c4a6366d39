package web

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"

	"squirrel/app/admin"
	"squirrel/models"
	"squirrel/views/i18n"
	"squirrel/views/pages"
	"squirrel/views/ui"
)

// amount is a price field of a form and where it is in the prices.
type amount struct {
	name string
	of   func(*models.Prices) **models.NanoUSD
	into func(*admin.PriceInput) *admin.Opt[models.NanoUSD]
}

var amounts = []amount{
	{"input_price", func(p *models.Prices) **models.NanoUSD { return &p.Input }, func(in *admin.PriceInput) *admin.Opt[models.NanoUSD] { return &in.Input }},
	{"output_price", func(p *models.Prices) **models.NanoUSD { return &p.Output }, func(in *admin.PriceInput) *admin.Opt[models.NanoUSD] { return &in.Output }},
	{"cached_input_price", func(p *models.Prices) **models.NanoUSD { return &p.CachedInput }, func(in *admin.PriceInput) *admin.Opt[models.NanoUSD] { return &in.CachedInput }},
	{"cache_write_price", func(p *models.Prices) **models.NanoUSD { return &p.CacheWrite }, func(in *admin.PriceInput) *admin.Opt[models.NanoUSD] { return &in.CacheWrite }},
	{"reasoning_price", func(p *models.Prices) **models.NanoUSD { return &p.Reasoning }, func(in *admin.PriceInput) *admin.Opt[models.NanoUSD] { return &in.Reasoning }},
	{"audio_input_price", func(p *models.Prices) **models.NanoUSD { return &p.AudioInput }, func(in *admin.PriceInput) *admin.Opt[models.NanoUSD] { return &in.AudioInput }},
	{"audio_output_price", func(p *models.Prices) **models.NanoUSD { return &p.AudioOutput }, func(in *admin.PriceInput) *admin.Opt[models.NanoUSD] { return &in.AudioOutput }},
	{"per_request_price", func(p *models.Prices) **models.NanoUSD { return &p.PerRequest }, func(in *admin.PriceInput) *admin.Opt[models.NanoUSD] { return &in.PerRequest }},
	{"per_image_price", func(p *models.Prices) **models.NanoUSD { return &p.PerImage }, func(in *admin.PriceInput) *admin.Opt[models.NanoUSD] { return &in.PerImage }},
}

// priceForm shows stored prices in a form.
func priceForm(p models.Prices) pages.PriceForm {
	form := pages.PriceForm{Values: map[string]string{}}
	if p.BillingMode != nil {
		form.Values["billing_mode"] = string(*p.BillingMode)
	}
	for _, a := range amounts {
		form.Values[a.name] = amountText(*a.of(&p))
	}
	for _, t := range p.Tiers {
		rest := t.TokenPrices
		rest.Input, rest.Output, rest.CachedInput, rest.CacheWrite = nil, nil, nil, nil
		restJSON, err := json.Marshal(rest)
		if err != nil {
			restJSON = nil // amounts always marshal
		}
		fields := pages.TierFields{
			Input: amountText(t.Input), Output: amountText(t.Output), Cached: amountText(t.CachedInput), CacheWrite: amountText(t.CacheWrite), Rest: string(restJSON),
		}
		if t.MaxInputTokens > 0 {
			fields.Max = whole(t.MaxInputTokens)
		}
		form.Tiers = append(form.Tiers, fields)
	}
	return form
}

func amountText(n *models.NanoUSD) string {
	if n == nil {
		return ""
	}
	return n.String()
}

// sentPriceForm keeps what was typed.
func sentPriceForm(v url.Values) pages.PriceForm {
	form := pages.PriceForm{Values: map[string]string{"billing_mode": v.Get("billing_mode")}}
	for _, a := range amounts {
		form.Values[a.name] = v.Get(a.name)
	}
	for i := range 22 {
		at := func(field string) string { return strings.TrimSpace(v.Get("tier." + strconv.Itoa(i) + "." + field)) }
		t := pages.TierFields{Max: at("max"), Input: at("input"), Output: at("output"), Cached: at("cached"), CacheWrite: at("cache_write"), Rest: at("rest")}
		if t.Max+t.Input+t.Output+t.Cached+t.CacheWrite != "" {
			form.Tiers = append(form.Tiers, t)
		}
	}
	return form
}

// priceInput reads the price fields. Every one of them is sent: what is empty is not stated.
func priceInput(form pages.PriceForm, problems fields) admin.PriceInput {
	in := admin.PriceInput{BillingMode: admin.Null[models.BillingMode]()}
	if mode := form.Values["billing_mode"]; mode != "" {
		in.BillingMode = admin.Some(models.BillingMode(mode))
	}
	for _, a := range amounts {
		*a.into(&in) = optional(problems.money(a.name, url.Values{a.name: {form.Values[a.name]}}))
	}
	tiers := make([]models.PriceTier, len(form.Tiers))
	for i, t := range form.Tiers {
		tiers[i] = tierOf(t, problems)
	}
	in.Tiers = admin.Some(tiers)
	return in
}

func tierOf(t pages.TierFields, problems fields) models.PriceTier {
	found := newFields()
	read := func(text string) *models.NanoUSD {
		return found.money("tiered_pricing", url.Values{"tiered_pricing": {text}})
	}
	var tier models.PriceTier
	if t.Rest != "" && json.Unmarshal([]byte(t.Rest), &tier.TokenPrices) != nil {
		problems.fail("tiered_pricing", "is not valid")
	}
	tier.Input, tier.Output, tier.CachedInput, tier.CacheWrite = read(t.Input), read(t.Output), read(t.Cached), read(t.CacheWrite)
	if limit := found.maybe("tiered_pricing", url.Values{"tiered_pricing": {t.Max}}); limit != nil {
		tier.MaxInputTokens = *limit
	}
	for name, problem := range found {
		problems.fail(name, problem)
	}
	return tier
}

// exampleUsage is a small request, to show what a price means.
var exampleUsage = models.Usage{Input: 1000, Output: 500, Images: 1, Known: true}

// priceExample says what a small request costs.
func priceExample(ctx context.Context, p models.Prices) string {
	cost, ok := p.Cost(exampleUsage)
	if !ok {
		return ""
	}
	return i18n.T(ctx, "prices.example", "cost", ui.Money(cost.Total))
}

// priceText is a price in one line.
func priceText(ctx context.Context, p models.Prices) string {
	if p.BillingMode == nil {
		return i18n.T(ctx, "common.unknown_price")
	}
	switch *p.BillingMode {
	case models.BillingPerRequest:
		return i18n.T(ctx, "prices.line.request", "price", ui.MoneyOf(p.PerRequest))
	case models.BillingPerImage:
		return i18n.T(ctx, "prices.line.image", "price", ui.MoneyOf(p.PerImage))
	case models.BillingTokenTiered:
		if len(p.Tiers) == 0 {
			return ui.Dash
		}
		first, last := p.Tiers[0], p.Tiers[len(p.Tiers)-1]
		return i18n.T(ctx, "prices.line.tiered", "low", tokenLine(first.TokenPrices), "high", tokenLine(last.TokenPrices))
	}
	return tokenLine(p.TokenPrices)
}

func tokenLine(t models.TokenPrices) string {
	return ui.MoneyOf(t.Input) + " / " + ui.MoneyOf(t.Output)
}

// effective finds what a route costs: its own price, the model's, or that of the price book.
func effective(route, model models.Prices, book *admin.PriceBook, target string) (models.Prices, models.PriceSource) {
	if route.Stated() {
		return route, models.PriceFromRoute
	}
	if model.Stated() {
		return model, models.PriceFromModel
	}
	if listed, ok := book.Prices(target); ok {
		return listed, models.PriceFromCatalogue
	}
	return models.Prices{}, models.PriceUnknown
}
