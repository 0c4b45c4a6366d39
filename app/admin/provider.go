package admin

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"squirrel/models"
)

// The timeouts of a new provider, in seconds.
const (
	defaultResponseTimeout  = 1800
	defaultConnectTimeout   = 10
	defaultFirstByteTimeout = 120
	defaultIdleTimeout      = 120

	maxParameters = 64 << 10
)

// ProviderInput is what may be said about a provider. A key, a header or a proxy that is sent as its mask is unchanged;
// an empty key is unchanged too, null removes it.
type ProviderInput struct {
	Name              Opt[string]            `json:"name" validate:"label,max=100"`
	Remark            Opt[string]            `json:"remark" validate:"omitempty,max=1000,printable_lines"`
	BaseURL           Opt[string]            `json:"base_url"`
	Protocol          Opt[models.Protocol]   `json:"protocol" validate:"oneof=openai openai_responses anthropic"`
	APIKey            Opt[string]            `json:"api_key"`
	ExtraHeaders      Opt[map[string]string] `json:"extra_headers"`
	DefaultParameters Opt[json.RawMessage]   `json:"default_parameters"`
	ProxyURL          Opt[string]            `json:"proxy_url"`
	ResponseTimeout   Opt[int]               `json:"response_timeout_seconds" validate:"between=1 86400"`
	ConnectTimeout    Opt[int]               `json:"connect_timeout_seconds" validate:"between=1 600"`
	FirstByteTimeout  Opt[int]               `json:"first_byte_timeout_seconds" validate:"omitempty,between=0 86400"`
	IdleTimeout       Opt[int]               `json:"idle_timeout_seconds" validate:"between=1 86400"`
	IsActive          Opt[bool]              `json:"is_active"`
	APIType           Opt[json.RawMessage]   `json:"api_type"` // accepted and ignored
	Version           *int64                 `json:"version"`
}

// ProviderView is a provider as it is shown. No secret is in it.
type ProviderView struct {
	ID                int64             `json:"id"`
	Name              string            `json:"name"`
	Remark            string            `json:"remark"`
	BaseURL           string            `json:"base_url"`
	Protocol          models.Protocol   `json:"protocol"`
	APIKey            string            `json:"api_key"`
	APIKeySet         bool              `json:"api_key_set"`
	APIKeyBroken      bool              `json:"api_key_broken"`
	ExtraHeaders      map[string]string `json:"extra_headers"`
	DefaultParameters json.RawMessage   `json:"default_parameters"`
	ProxyURL          string            `json:"proxy_url"`
	ResponseTimeout   int               `json:"response_timeout_seconds"`
	ConnectTimeout    int               `json:"connect_timeout_seconds"`
	FirstByteTimeout  int               `json:"first_byte_timeout_seconds"`
	IdleTimeout       int               `json:"idle_timeout_seconds"`
	IsActive          bool              `json:"is_active"`
	CreatedAt         time.Time         `json:"created_at"`
	UpdatedAt         time.Time         `json:"updated_at"`
	Version           int64             `json:"version"`
}

func viewProvider(p *models.Provider) ProviderView {
	return ProviderView{
		ID: p.ID, Name: p.Name, Remark: p.Remark, BaseURL: p.BaseURL, Protocol: p.Protocol,
		APIKey: p.APIKey.Mask(), APIKeySet: p.APIKey != "" || p.APIKeyBroken, APIKeyBroken: p.APIKeyBroken,
		ExtraHeaders: maskHeaders(p.ExtraHeaders), DefaultParameters: orNull(p.DefaultParameters), ProxyURL: maskProxy(p.ProxyURL),
		ResponseTimeout: p.ResponseTimeout, ConnectTimeout: p.ConnectTimeout, FirstByteTimeout: p.FirstByteTimeout, IdleTimeout: p.IdleTimeout,
		IsActive: p.IsActive, CreatedAt: p.CreatedAt.UTC(), UpdatedAt: p.UpdatedAt.UTC(), Version: p.Version,
	}
}

// orNull keeps an absent value from being marshalled as nothing at all.
func orNull(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("null")
	}
	return raw
}

// ProviderName is an entry of a list to choose from.
type ProviderName struct {
	ID       int64           `json:"id"`
	Name     string          `json:"name"`
	Protocol models.Protocol `json:"protocol"`
	IsActive bool            `json:"is_active"`
}

// ProviderNames lists all providers, sorted by name.
func (s *Service) ProviderNames(ctx context.Context) ([]ProviderName, error) {
	all, err := s.sortedProviders(ctx)
	names := make([]ProviderName, len(all))
	for i := range all {
		names[i] = ProviderName{all[i].ID, all[i].Name, all[i].Protocol, all[i].IsActive}
	}
	return names, err
}

func (s *Service) sortedProviders(ctx context.Context) ([]models.Provider, error) {
	all, err := s.store.Providers(ctx)
	slices.SortFunc(all, func(a, b models.Provider) int { return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return all, err
}

// Providers lists one page, sorted by name. Text is looked for in name, host and remark.
func (s *Service) Providers(ctx context.Context, q PageQuery, protocol models.Protocol) (List[ProviderView], error) {
	all, err := s.sortedProviders(ctx)
	if err != nil {
		return List[ProviderView]{}, err
	}
	var views []ProviderView
	for i := range all {
		p := &all[i]
		found := containsFold(p.Name, q.Text) || containsFold(p.BaseURL, q.Text) || containsFold(p.Remark, q.Text)
		if found && q.active(p.IsActive) && (protocol == "" || p.Protocol == protocol) {
			views = append(views, viewProvider(p))
		}
	}
	return paginate(views, q), nil
}

func containsFold(text, part string) bool {
	return part == "" || strings.Contains(strings.ToLower(text), strings.ToLower(part))
}

// Provider shows one provider.
func (s *Service) Provider(ctx context.Context, id int64) (ProviderView, error) {
	p, err := s.store.Provider(ctx, id)
	if err != nil {
		return ProviderView{}, err
	}
	return viewProvider(&p), nil
}

// CreateProvider checks and saves a new provider.
func (s *Service) CreateProvider(ctx context.Context, in ProviderInput) (ProviderView, error) {
	p := newProvider()
	if err := s.applyProvider(ctx, &p, in); err != nil {
		return ProviderView{}, err
	}
	if err := s.store.CreateProvider(ctx, &p); err != nil {
		return ProviderView{}, nameTaken(err, "name")
	}
	return viewProvider(&p), nil
}

func newProvider() models.Provider {
	return models.Provider{
		Protocol: models.ProtocolOpenAI, IsActive: true,
		ResponseTimeout: defaultResponseTimeout, ConnectTimeout: defaultConnectTimeout,
		FirstByteTimeout: defaultFirstByteTimeout, IdleTimeout: defaultIdleTimeout,
	}
}

// UpdateProvider changes what the input holds. A new host needs the key again: models.CodeKeyRequired.
func (s *Service) UpdateProvider(ctx context.Context, id int64, in ProviderInput) (ProviderView, error) {
	p, err := s.store.Provider(ctx, id)
	if err != nil {
		return ProviderView{}, err
	}
	if err := s.applyProvider(ctx, &p, in); err != nil {
		return ProviderView{}, err
	}
	if err := s.store.UpdateProvider(ctx, &p, in.Version); err != nil {
		return ProviderView{}, nameTaken(err, "name")
	}
	return s.Provider(ctx, id)
}

// DeleteProvider deletes a provider that no route uses; else models.CodeProviderInUse names the models.
func (s *Service) DeleteProvider(ctx context.Context, id int64) error {
	return s.store.DeleteProvider(ctx, id)
}

// applyProvider merges the input into p and checks the result. p may be a stored provider or a new one.
func (s *Service) applyProvider(ctx context.Context, p *models.Provider, in ProviderInput) error {
	before := *p
	c := check{}
	in.Name.Value = normal(in.Name.Value)
	in.Name.into(&p.Name)
	in.Remark.into(&p.Remark)
	in.BaseURL.into(&p.BaseURL)
	in.Protocol.into(&p.Protocol)
	in.ResponseTimeout.into(&p.ResponseTimeout)
	in.ConnectTimeout.into(&p.ConnectTimeout)
	in.FirstByteTimeout.into(&p.FirstByteTimeout)
	in.IdleTimeout.into(&p.IdleTimeout)
	in.IsActive.into(&p.IsActive)
	in.DefaultParameters.into(&p.DefaultParameters)
	c.fields(&in)
	c.baseURL("base_url", &p.BaseURL)
	c.defaultParameters("default_parameters", &p.DefaultParameters)
	newKey := c.applyKey(p, in.APIKey)
	freshHeaders := c.applyHeaders(p, in.ExtraHeaders)
	c.applyProxy(p, in.ProxyURL)
	if err := c.err(); err != nil {
		return err
	}
	if err := keepsSecretsHome(&before, p, newKey, freshHeaders); err != nil {
		return err
	}
	if p.BaseURL == before.BaseURL {
		return nil
	}
	return s.checkNetwork(ctx, "base_url", p.BaseURL)
}

// defaultParameters must not decide what the routing decides, nor whether the client gets a stream.
func (c check) defaultParameters(field string, raw *json.RawMessage) {
	object := c.object(field, raw)
	for _, name := range []string{"model", "stream", "messages", "input", "prompt"} {
		if _, ok := object[name]; ok {
			c.fail(field, "must not set %s", name)
		}
	}
}

// object checks an optional JSON object; null and {} mean none.
func (c check) object(field string, raw *json.RawMessage) map[string]json.RawMessage {
	var object map[string]json.RawMessage
	switch {
	case len(*raw) > maxParameters:
		c.fail(field, "must have at most %d bytes", maxParameters)
	case len(*raw) > 0 && json.Unmarshal(*raw, &object) != nil:
		c.fail(field, "must be a JSON object")
	}
	if len(object) == 0 {
		*raw = nil
	}
	return object
}

// nameTaken puts the store's conflict on the field that caused it.
func nameTaken(err error, field string) error {
	if e, ok := asError(err); ok && e.Code == models.CodeConflict && len(e.Fields) == 0 {
		return &models.Error{Code: e.Code, Message: e.Message, Fields: map[string]string{field: "is taken"}, Err: e}
	}
	return err
}
