package models

// Usage counts the tokens of one request. Input includes cached and cache-write tokens (OpenAI's way of counting);
// Output includes reasoning tokens. Known says whether anyone told or counted; a zero Usage that is not Known is unknown.
type Usage struct {
	Input       int64
	Output      int64
	CachedInput int64 // part of Input, read from the provider's prompt cache
	CacheWrite  int64 // part of Input, written to the provider's prompt cache
	CacheHour   int64 // part of CacheWrite, to be kept for an hour instead of minutes
	Reasoning   int64 // part of Output
	AudioInput  int64 // part of Input
	AudioOutput int64 // part of Output
	Images      int64 // generated images
	Known       bool
}

// UsageSource says where the counts of a log row come from.
type UsageSource string

// The sources of usage.
const (
	UsageUpstream  UsageSource = "upstream"  // the provider told
	UsageEstimated UsageSource = "estimated" // counted here
	UsageMixed     UsageSource = "mixed"     // the provider told a part, the rest was counted here
	UsageNone      UsageSource = "none"      // unknown
)

// BillingMode says what a price applies to.
type BillingMode string

// The billing modes. The empty mode means "inherit".
const (
	BillingTokenFlat   BillingMode = "token_flat"
	BillingTokenTiered BillingMode = "token_tiered"
	BillingPerRequest  BillingMode = "per_request"
	BillingPerImage    BillingMode = "per_image"
)

// TokenPrices are prices per 1M tokens. Nil means "not stated": see Prices.Cost for what then applies.
type TokenPrices struct {
	Input       *NanoUSD `json:"input_price"`
	Output      *NanoUSD `json:"output_price"`
	CachedInput *NanoUSD `json:"cached_input_price"`
	CacheWrite  *NanoUSD `json:"cache_write_price"`
	Reasoning   *NanoUSD `json:"reasoning_price"`
	AudioInput  *NanoUSD `json:"audio_input_price"`
	AudioOutput *NanoUSD `json:"audio_output_price"`
}

// PriceTier holds the prices for requests of up to MaxInputTokens input tokens; 0 means without limit (the last tier).
type PriceTier struct {
	MaxInputTokens int64 `json:"max_input_tokens"`
	TokenPrices
}

// Prices are the price fields of a model or a route. A nil BillingMode inherits (route → model → catalogue).
type Prices struct {
	BillingMode *BillingMode `json:"billing_mode"`
	TokenPrices
	PerRequest *NanoUSD    `json:"per_request_price"`
	PerImage   *NanoUSD    `json:"per_image_price"`
	Tiers      []PriceTier `json:"tiered_pricing"`
}

// PriceSource says which level a price was taken from.
type PriceSource string

// The price sources, most specific first.
const (
	PriceFromRoute     PriceSource = "route"
	PriceFromModel     PriceSource = "model"
	PriceFromCatalogue PriceSource = "catalogue"
	PriceUnknown       PriceSource = "unknown"
)
