package admin

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"squirrel/models"
)

// Document is an exported configuration: everything by name, nothing secret, no time stamps, so that two exports of the
// same configuration are the same bytes. API keys and administrators are not part of it.
type Document struct {
	Version   int                `json:"version"`
	Providers []DocumentProvider `json:"providers,omitempty"`
	Models    []DocumentModel    `json:"models,omitempty"`
}

const documentVersion = 1

// DocumentProvider is a provider without its key. Secret headers and the proxy's password are masks.
type DocumentProvider struct {
	Name              string            `json:"name"`
	Remark            string            `json:"remark,omitempty"`
	BaseURL           string            `json:"base_url"`
	Protocol          models.Protocol   `json:"protocol"`
	ExtraHeaders      map[string]string `json:"extra_headers,omitempty"`
	DefaultParameters json.RawMessage   `json:"default_parameters,omitempty"`
	ProxyURL          string            `json:"proxy_url,omitempty"`
	ResponseTimeout   int               `json:"response_timeout_seconds"`
	ConnectTimeout    int               `json:"connect_timeout_seconds"`
	FirstByteTimeout  int               `json:"first_byte_timeout_seconds"`
	IdleTimeout       int               `json:"idle_timeout_seconds"`
	IsActive          bool              `json:"is_active"`
}

// DocumentModel is a model with its routes.
type DocumentModel struct {
	Name         string              `json:"requested_model"`
	Aliases      []string            `json:"aliases,omitempty"`
	Strategy     models.StrategyName `json:"strategy"`
	Type         models.ModelType    `json:"model_type"`
	Rules        *models.Rule        `json:"matching_rules,omitempty"`
	Capabilities json.RawMessage     `json:"capabilities,omitempty"`
	IsActive     bool                `json:"is_active"`
	DocumentPrices
	Routes []DocumentRoute `json:"providers,omitempty"`
}

// DocumentRoute is a route; the provider is meant by name.
type DocumentRoute struct {
	Provider    string        `json:"provider"`
	TargetModel string        `json:"target_model_name"`
	Rules       *models.Rule  `json:"provider_rules,omitempty"`
	Priority    int           `json:"priority"`
	Weight      int           `json:"weight"`
	OnLoss      models.OnLoss `json:"on_loss"`
	IsActive    bool          `json:"is_active"`
	PausedUntil *time.Time    `json:"paused_until,omitempty"`
	DocumentPrices
}

// DocumentPrices are the price fields that are set.
type DocumentPrices struct {
	BillingMode *models.BillingMode `json:"billing_mode,omitempty"`
	Input       *models.NanoUSD     `json:"input_price,omitempty"`
	Output      *models.NanoUSD     `json:"output_price,omitempty"`
	CachedInput *models.NanoUSD     `json:"cached_input_price,omitempty"`
	CacheWrite  *models.NanoUSD     `json:"cache_write_price,omitempty"`
	Reasoning   *models.NanoUSD     `json:"reasoning_price,omitempty"`
	AudioInput  *models.NanoUSD     `json:"audio_input_price,omitempty"`
	AudioOutput *models.NanoUSD     `json:"audio_output_price,omitempty"`
	PerRequest  *models.NanoUSD     `json:"per_request_price,omitempty"`
	PerImage    *models.NanoUSD     `json:"per_image_price,omitempty"`
	Tiers       []models.PriceTier  `json:"tiered_pricing,omitempty"`
}

// Part says what an export holds.
type Part string

// The parts.
const (
	PartAll       Part = "config"
	PartProviders Part = "providers"
	PartModels    Part = "models"
)

// Export reads the configuration.
func (s *Service) Export(ctx context.Context, part Part) (Document, error) {
	cfg, err := s.store.LoadConfig(ctx)
	if err != nil {
		return Document{}, err
	}
	doc := Document{Version: documentVersion}
	if part != PartModels {
		for i := range cfg.Providers {
			doc.Providers = append(doc.Providers, documentProvider(&cfg.Providers[i]))
		}
	}
	if part != PartProviders {
		for i := range cfg.Models {
			doc.Models = append(doc.Models, documentModel(&cfg.Models[i]))
		}
	}
	slices.SortFunc(doc.Providers, func(a, b DocumentProvider) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(doc.Models, func(a, b DocumentModel) int { return cmp.Compare(a.Name, b.Name) })
	s.record(ctx, "export", string(part), "", nil)
	return doc, nil
}

// JSON writes the document for people: indented, nothing escaped for HTML.
func (d Document) JSON() ([]byte, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(d)
	return []byte(b.String()), err
}

// YAML writes the document as YAML.
func (d Document) YAML() ([]byte, error) {
	data, err := d.JSON()
	if err != nil {
		return nil, err
	}
	return yaml.JSONToYAML(data)
}

func documentProvider(p *models.Provider) DocumentProvider {
	return DocumentProvider{
		Name: p.Name, Remark: p.Remark, BaseURL: p.BaseURL, Protocol: p.Protocol, ExtraHeaders: maskHeaders(p.ExtraHeaders),
		DefaultParameters: p.DefaultParameters, ProxyURL: maskProxy(p.ProxyURL),
		ResponseTimeout: p.ResponseTimeout, ConnectTimeout: p.ConnectTimeout, FirstByteTimeout: p.FirstByteTimeout, IdleTimeout: p.IdleTimeout,
		IsActive: p.IsActive,
	}
}

func documentModel(m *models.Model) DocumentModel {
	d := DocumentModel{
		Name: m.Name, Aliases: m.Aliases, Strategy: m.Strategy, Type: m.Type, Rules: m.Rules, Capabilities: m.Capabilities,
		IsActive: m.IsActive, DocumentPrices: documentPrices(m.Prices),
	}
	for i := range m.Routes {
		d.Routes = append(d.Routes, documentRoute(&m.Routes[i]))
	}
	slices.SortStableFunc(d.Routes, func(a, b DocumentRoute) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.TargetModel, b.TargetModel))
	})
	return d
}

func documentRoute(r *models.Route) DocumentRoute {
	return DocumentRoute{
		Provider: r.ProviderName, TargetModel: r.TargetModel, Rules: r.Rules, Priority: r.Priority, Weight: r.Weight,
		OnLoss: cmp.Or(r.OnLoss, models.OnLossAllow), IsActive: r.IsActive, PausedUntil: r.PausedUntil, DocumentPrices: documentPrices(r.Prices),
	}
}

func documentPrices(p models.Prices) DocumentPrices {
	return DocumentPrices{
		p.BillingMode, p.Input, p.Output, p.CachedInput, p.CacheWrite, p.Reasoning, p.AudioInput, p.AudioOutput, p.PerRequest, p.PerImage, p.Tiers,
	}
}
