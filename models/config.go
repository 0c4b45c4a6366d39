package models

import (
	"encoding/json"
	"time"
)

// Provider is an upstream account: where it is, what it speaks, and the key to it. Timeouts are in seconds.
type Provider struct {
	ID                int64
	Name              string
	Remark            string
	BaseURL           string
	Protocol          Protocol
	APIKey            Secret
	APIKeyBroken      bool              // the stored key could not be decrypted; such a provider is never called
	ExtraHeaders      map[string]string // values may be secret; stored encrypted, masked on read
	DefaultParameters json.RawMessage   // JSON object; fills only what the client left out; nil = none
	ProxyURL          Secret            // http, https or socks5; may hold credentials
	ResponseTimeout   int               // whole response; default 1800
	ConnectTimeout    int               // default 10
	FirstByteTimeout  int               // default 120; 0 = ResponseTimeout
	IdleTimeout       int               // between two reads of a stream; default 120
	IsActive          bool
	CreatedAt         time.Time
	UpdatedAt         time.Time
	Version           int64
}

// Model is a name clients may ask for, and how its routes are chosen ("virtual model").
type Model struct {
	ID           int64
	Name         string // requested_model
	Aliases      []string
	Strategy     StrategyName
	Type         ModelType
	Rules        *Rule           // must hold for the model to be served at all; nil = always
	Capabilities json.RawMessage // JSON object; nil = none
	IsActive     bool
	Prices       Prices
	Routes       []Route // filled by LoadConfig and by reads of one model
	CreatedAt    time.Time
	UpdatedAt    time.Time
	Version      int64
}

// Route leads from a model to one target model at one provider ("model-provider").
type Route struct {
	ID           int64
	ModelName    string
	ProviderID   int64
	ProviderName string   // read only, filled by the store
	Protocol     Protocol // the provider's; read only, filled by the store
	TargetModel  string
	Rules        *Rule
	Priority     int // lower first
	Weight       int // ≥ 0; 0 = only as a fallback
	OnLoss       OnLoss
	IsActive     bool
	PausedUntil  *time.Time
	Prices       Prices
	CreatedAt    time.Time
	UpdatedAt    time.Time
	Version      int64
}

// OnLoss says what to do when a conversion can't hold a part of the request.
type OnLoss string

// The ways to deal with loss. Empty means allow.
const (
	OnLossAllow  OnLoss = "allow"
	OnLossReject OnLoss = "reject"
)

// APIKey is a client's credential. Only the SHA-256 of its value is kept.
type APIKey struct {
	ID            int64
	Name          string
	Hash          [32]byte // SHA-256 of the whole value
	Mask          string   // "lgw-a1b2…c3d4"
	IsActive      bool
	ExpiresAt     *time.Time
	AllowedModels []string // empty = all
	RecordDetails bool
	RPMLimit      *int64
	TPMLimit      *int64
	Budget        *NanoUSD
	BudgetPeriod  BudgetPeriod
	Tags          []string
	CreatedAt     time.Time
	UpdatedAt     time.Time
	LastUsedAt    *time.Time
	Version       int64
}

// BudgetPeriod is the span a key's budget is for. Days and months are those of the reporting time zone.
type BudgetPeriod string

// The budget periods.
const (
	BudgetDay   BudgetPeriod = "day"
	BudgetMonth BudgetPeriod = "month"
	BudgetTotal BudgetPeriod = "total"
)

// BudgetStart is when the present period of a budget began, in UTC; the zero time when it never did. Days and months begin at
// midnight of a place; no period is a month.
func BudgetStart(kind BudgetPeriod, now time.Time, place *time.Location) time.Time {
	now = now.In(place)
	switch kind {
	case BudgetDay:
		return time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, place).UTC()
	case BudgetTotal:
		return time.Time{}
	default:
		return time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, place).UTC()
	}
}

// Config is everything the data plane needs, read in one transaction. The reader owns it and must not change it.
type Config struct {
	Version   int64 // rises with every change of any object
	Providers []Provider
	Models    []Model // with their routes, active or not
	Keys      []APIKey
}
