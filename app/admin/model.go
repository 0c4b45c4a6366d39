package admin

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"squirrel/models"
)

// ModelInput is what may be said about a model.
type ModelInput struct {
	Name         Opt[string]              `json:"requested_model" validate:"model_name"`
	Aliases      Opt[[]string]            `json:"aliases" validate:"omitempty,max=50,dive,model_name"`
	Strategy     Opt[models.StrategyName] `json:"strategy" validate:"oneof=round_robin priority weighted cost_first"`
	Type         Opt[models.ModelType]    `json:"model_type" validate:"oneof=chat embedding speech transcription images moderation"`
	Rules        Opt[models.Rule]         `json:"matching_rules"`
	Capabilities Opt[json.RawMessage]     `json:"capabilities"`
	IsActive     Opt[bool]                `json:"is_active"`
	PriceInput
	Version *int64 `json:"version"`
}

// ModelView is a model as it is shown. Providers is set only by reads of one model.
type ModelView struct {
	Name         string              `json:"requested_model"`
	Aliases      []string            `json:"aliases"`
	Strategy     models.StrategyName `json:"strategy"`
	Type         models.ModelType    `json:"model_type"`
	Rules        *models.Rule        `json:"matching_rules"`
	Capabilities json.RawMessage     `json:"capabilities"`
	IsActive     bool                `json:"is_active"`
	models.Prices
	ProviderCount       int         `json:"provider_count"`
	ActiveProviderCount int         `json:"active_provider_count"`
	Providers           []RouteView `json:"providers,omitempty"`
	CreatedAt           time.Time   `json:"created_at"`
	UpdatedAt           time.Time   `json:"updated_at"`
	Version             int64       `json:"version"`
}

// ModelQuery asks for a page of models. Empty fields mean any.
type ModelQuery struct {
	PageQuery
	Strategy models.StrategyName
	Type     models.ModelType
}

// providerStates tells which providers are active, by id.
func (s *Service) providerStates(ctx context.Context) (map[int64]bool, error) {
	all, err := s.store.Providers(ctx)
	states := make(map[int64]bool, len(all))
	for i := range all {
		states[all[i].ID] = all[i].IsActive
	}
	return states, err
}

func viewModel(m *models.Model, providerActive map[int64]bool) ModelView {
	v := ModelView{
		Name: m.Name, Aliases: nonNil(m.Aliases), Strategy: m.Strategy, Type: m.Type, Rules: m.Rules,
		Capabilities: orNull(m.Capabilities), IsActive: m.IsActive, Prices: viewPrices(m.Prices), ProviderCount: len(m.Routes),
		CreatedAt: m.CreatedAt.UTC(), UpdatedAt: m.UpdatedAt.UTC(), Version: m.Version,
	}
	for i := range m.Routes {
		if m.Routes[i].IsActive && providerActive[m.Routes[i].ProviderID] {
			v.ActiveProviderCount++
		}
	}
	return v
}

func viewPrices(p models.Prices) models.Prices {
	p.Tiers = nonNil(p.Tiers)
	return p
}

func nonNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// Models lists one page, sorted by name. Text is looked for in names, aliases and target models.
func (s *Service) Models(ctx context.Context, q ModelQuery) (List[ModelView], error) {
	all, err := s.store.Models(ctx)
	if err != nil {
		return List[ModelView]{}, err
	}
	active, err := s.providerStates(ctx)
	if err != nil {
		return List[ModelView]{}, err
	}
	slices.SortFunc(all, func(a, b models.Model) int { return cmp.Compare(a.Name, b.Name) })
	var views []ModelView
	for i := range all {
		if m := &all[i]; q.matches(m) {
			views = append(views, viewModel(m, active))
		}
	}
	return paginate(views, q.PageQuery), nil
}

func (q ModelQuery) matches(m *models.Model) bool {
	named := containsFold(m.Name, q.Text) ||
		slices.ContainsFunc(m.Aliases, func(a string) bool { return containsFold(a, q.Text) }) ||
		slices.ContainsFunc(m.Routes, func(r models.Route) bool { return containsFold(r.TargetModel, q.Text) })
	return named && q.active(m.IsActive) && (q.Strategy == "" || m.Strategy == q.Strategy) && (q.Type == "" || m.Type == q.Type)
}

// Model shows one model, by name or alias, with its routes.
func (s *Service) Model(ctx context.Context, name string) (ModelView, error) {
	m, err := s.store.Model(ctx, name)
	if err != nil {
		return ModelView{}, err
	}
	active, err := s.providerStates(ctx)
	if err != nil {
		return ModelView{}, err
	}
	v := viewModel(&m, active)
	v.Providers = make([]RouteView, len(m.Routes))
	for i := range m.Routes {
		v.Providers[i] = s.viewRoute(&m.Routes[i])
	}
	return v, nil
}

// CreateModel checks and saves a new model.
func (s *Service) CreateModel(ctx context.Context, in ModelInput) (ModelView, error) {
	m := newModel()
	if err := s.applyModel(ctx, &m, in); err != nil {
		return ModelView{}, err
	}
	if err := s.store.CreateModel(ctx, &m); err != nil {
		return ModelView{}, nameTaken(err, "requested_model")
	}
	return s.Model(ctx, m.Name)
}

func newModel() models.Model {
	return models.Model{Strategy: models.StrategyRoundRobin, Type: models.ModelChat, IsActive: true}
}

// UpdateModel changes what the input holds; another requested_model renames.
func (s *Service) UpdateModel(ctx context.Context, name string, in ModelInput) (ModelView, error) {
	m, err := s.store.Model(ctx, name)
	if err != nil {
		return ModelView{}, err
	}
	stored := m.Name // name may be an alias
	if err := s.applyModel(ctx, &m, in); err != nil {
		return ModelView{}, err
	}
	if err := s.store.UpdateModel(ctx, stored, &m, in.Version); err != nil {
		return ModelView{}, nameTaken(err, "requested_model")
	}
	return s.Model(ctx, m.Name)
}

// DeleteModel deletes a model with its routes. Records of past requests keep its name.
func (s *Service) DeleteModel(ctx context.Context, name string) error {
	m, err := s.store.Model(ctx, name)
	if err != nil {
		return err
	}
	if m.Name != name {
		return models.Errorf(models.CodeNotFound, "%s is an alias of %s", name, m.Name)
	}
	return s.store.DeleteModel(ctx, name)
}

func (s *Service) applyModel(ctx context.Context, m *models.Model, in ModelInput) error {
	c := check{}
	in.Name.Value, in.Aliases.Value = normal(in.Name.Value), normalSet(in.Aliases.Value)
	in.Name.into(&m.Name)
	in.Aliases.into(&m.Aliases)
	in.Strategy.into(&m.Strategy)
	in.Type.into(&m.Type)
	in.Rules.intoPointer(&m.Rules)
	in.Capabilities.into(&m.Capabilities)
	in.IsActive.into(&m.IsActive)
	in.apply(&m.Prices)

	c.fields(&in)
	m.Aliases = slices.DeleteFunc(m.Aliases, func(alias string) bool { return alias == m.Name })
	c.rule("matching_rules", &m.Rules)
	c.object("capabilities", &m.Capabilities)
	c.prices(&m.Prices)
	if err := c.err(); err != nil {
		return err
	}
	return s.namesAreFree(ctx, m)
}

// namesAreFree keeps the meaning of every name clear: no name or alias may belong to two models.
func (s *Service) namesAreFree(ctx context.Context, m *models.Model) error {
	if err := s.nameIsFree(ctx, m, "requested_model", m.Name); err != nil {
		return err
	}
	for _, alias := range m.Aliases {
		if err := s.nameIsFree(ctx, m, "aliases", alias); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) nameIsFree(ctx context.Context, m *models.Model, field, name string) error {
	other, err := s.store.Model(ctx, name)
	switch {
	case models.ErrorCode(err) == models.CodeNotFound:
		return nil
	case err != nil:
		return err
	case other.ID == m.ID:
		return nil
	}
	problem := "is taken: " + name + " belongs to " + other.Name
	return &models.Error{Code: models.CodeConflict, Message: field + " " + problem, Fields: map[string]string{field: problem}}
}
