package admin

import (
	"cmp"
	"context"
	"slices"
	"time"

	"squirrel/models"
)

// RouteInput is what may be said about a route ("model-provider").
type RouteInput struct {
	ModelName   Opt[string]        `json:"requested_model"`
	ProviderID  Opt[int64]         `json:"provider_id"`
	TargetModel Opt[string]        `json:"target_model_name" validate:"label,max=200"`
	Rules       Opt[models.Rule]   `json:"provider_rules"`
	Priority    Opt[int]           `json:"priority" validate:"omitempty,between=-1000000 1000000"`
	Weight      Opt[int]           `json:"weight" validate:"omitempty,between=0 1000000"`
	OnLoss      Opt[models.OnLoss] `json:"on_loss" validate:"omitempty,oneof=allow reject"`
	IsActive    Opt[bool]          `json:"is_active"`
	PausedUntil Opt[time.Time]     `json:"paused_until"`
	PriceInput
	Version *int64 `json:"version"`
}

// RouteView is a route as it is shown.
type RouteView struct {
	ID           int64           `json:"id"`
	ModelName    string          `json:"requested_model"`
	ProviderID   int64           `json:"provider_id"`
	ProviderName string          `json:"provider_name"`
	Protocol     models.Protocol `json:"provider_protocol"`
	TargetModel  string          `json:"target_model_name"`
	Rules        *models.Rule    `json:"provider_rules"`
	Priority     int             `json:"priority"`
	Weight       int             `json:"weight"`
	OnLoss       models.OnLoss   `json:"on_loss"`
	IsActive     bool            `json:"is_active"`
	PausedUntil  *time.Time      `json:"paused_until"`
	models.Prices
	Health    Health    `json:"health"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	Version   int64     `json:"version"`
}

// RouteQuery asks for a page of routes. Zero fields mean any.
type RouteQuery struct {
	PageQuery
	Model    string
	Provider int64
}

func (s *Service) viewRoute(r *models.Route) RouteView {
	v := RouteView{
		ID: r.ID, ModelName: r.ModelName, ProviderID: r.ProviderID, ProviderName: r.ProviderName, Protocol: r.Protocol,
		TargetModel: r.TargetModel, Rules: r.Rules, Priority: r.Priority, Weight: r.Weight,
		OnLoss: cmp.Or(r.OnLoss, models.OnLossAllow), IsActive: r.IsActive, PausedUntil: r.PausedUntil, Prices: viewPrices(r.Prices),
		Health:    Health{State: "healthy"},
		CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(), Version: r.Version,
	}
	if s.opts.Health != nil {
		v.Health = s.opts.Health(r.ID)
	}
	return v
}

// Routes lists one page, by model, priority and id.
func (s *Service) Routes(ctx context.Context, q RouteQuery) (List[RouteView], error) {
	all, err := s.store.Routes(ctx, q.Model)
	if err != nil {
		return List[RouteView]{}, err
	}
	slices.SortFunc(all, func(a, b models.Route) int {
		return cmp.Or(cmp.Compare(a.ModelName, b.ModelName), cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.ID, b.ID))
	})
	var views []RouteView
	for i := range all {
		r := &all[i]
		found := containsFold(r.ModelName, q.Text) || containsFold(r.TargetModel, q.Text) || containsFold(r.ProviderName, q.Text)
		if found && q.active(r.IsActive) && (q.Provider == 0 || r.ProviderID == q.Provider) {
			views = append(views, s.viewRoute(r))
		}
	}
	return paginate(views, q.PageQuery), nil
}

// Route shows one route.
func (s *Service) Route(ctx context.Context, id int64) (RouteView, error) {
	r, err := s.store.Route(ctx, id)
	if err != nil {
		return RouteView{}, err
	}
	return s.viewRoute(&r), nil
}

// CreateRoute checks and saves a new route.
func (s *Service) CreateRoute(ctx context.Context, in RouteInput) (RouteView, error) {
	r := newRoute()
	if err := s.applyRoute(ctx, &r, in); err != nil {
		return RouteView{}, err
	}
	if err := s.store.CreateRoute(ctx, &r); err != nil {
		return RouteView{}, err
	}
	return s.Route(ctx, r.ID)
}

func newRoute() models.Route {
	return models.Route{Weight: 1, OnLoss: models.OnLossAllow, IsActive: true}
}

// UpdateRoute changes what the input holds.
func (s *Service) UpdateRoute(ctx context.Context, id int64, in RouteInput) (RouteView, error) {
	r, err := s.store.Route(ctx, id)
	if err != nil {
		return RouteView{}, err
	}
	if err := s.applyRoute(ctx, &r, in); err != nil {
		return RouteView{}, err
	}
	if err := s.store.UpdateRoute(ctx, &r, in.Version); err != nil {
		return RouteView{}, err
	}
	return s.Route(ctx, id)
}

// DeleteRoute deletes a route.
func (s *Service) DeleteRoute(ctx context.Context, id int64) error {
	return s.store.DeleteRoute(ctx, id)
}

func (s *Service) applyRoute(ctx context.Context, r *models.Route, in RouteInput) error {
	c := check{}
	in.TargetModel.Value = normal(in.TargetModel.Value)
	in.ModelName.into(&r.ModelName)
	in.ProviderID.into(&r.ProviderID)
	in.TargetModel.into(&r.TargetModel)
	in.Rules.intoPointer(&r.Rules)
	in.Priority.into(&r.Priority)
	in.Weight.into(&r.Weight)
	in.OnLoss.into(&r.OnLoss)
	in.IsActive.into(&r.IsActive)
	in.PausedUntil.intoPointer(&r.PausedUntil)
	in.apply(&r.Prices)

	c.fields(&in)
	c.rule("provider_rules", &r.Rules)
	c.prices(&r.Prices)
	if err := s.checkEnds(ctx, c, r); err != nil {
		return err
	}
	return c.err()
}

// checkEnds makes sure that the model and the provider exist. An alias becomes the name.
func (s *Service) checkEnds(ctx context.Context, c check, r *models.Route) error {
	m, err := s.store.Model(ctx, r.ModelName)
	switch {
	case models.ErrorCode(err) == models.CodeNotFound:
		c.fail("requested_model", "does not exist")
	case err != nil:
		return err
	default:
		r.ModelName = m.Name
	}
	_, err = s.store.Provider(ctx, r.ProviderID)
	if models.ErrorCode(err) == models.CodeNotFound {
		c.fail("provider_id", "does not exist")
		return nil
	}
	return err
}

// BulkUpgrade asks to replace a target model everywhere, or at one provider.
type BulkUpgrade struct {
	ProviderID  Opt[int64]  `json:"provider_id"` // not sent: all providers
	From        Opt[string] `json:"current_target_model_name" validate:"label,max=200"`
	To          Opt[string] `json:"new_target_model_name" validate:"label,max=200"`
	ResetPrices Opt[bool]   `json:"reset_prices"` // the routes inherit their prices again
	DryRun      Opt[bool]   `json:"dry_run"`
}

// BulkUpgraded lists the routes that were changed, or would be.
type BulkUpgraded struct {
	DryRun  bool        `json:"dry_run"`
	Updated int         `json:"updated_count"`
	Items   []RouteView `json:"items"`
}

// BulkUpgradeRoutes replaces a target model in all its routes, in one transaction.
func (s *Service) BulkUpgradeRoutes(ctx context.Context, in BulkUpgrade) (BulkUpgraded, error) {
	c := check{}
	in.From.Value, in.To.Value = normal(in.From.Value), normal(in.To.Value)
	c.fields(&in)
	if err := c.err(); err != nil {
		return BulkUpgraded{}, err
	}
	done := BulkUpgraded{DryRun: in.DryRun.Value, Items: []RouteView{}}
	err := s.inTx(ctx, func(tx *Service) error {
		all, err := tx.store.Routes(ctx, "")
		if err != nil {
			return err
		}
		for i := range all {
			r := &all[i]
			if r.TargetModel != in.From.Value || in.ProviderID.given() && r.ProviderID != in.ProviderID.Value {
				continue
			}
			r.TargetModel = in.To.Value
			if in.ResetPrices.Value {
				r.Prices = models.Prices{}
			}
			done.Items = append(done.Items, tx.viewRoute(r))
			if !done.DryRun {
				if err := tx.store.UpdateRoute(ctx, r, nil); err != nil {
					return err
				}
			}
		}
		return nil
	})
	done.Updated = len(done.Items)
	return done, err
}
