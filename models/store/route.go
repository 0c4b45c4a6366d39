package store

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"squirrel/models"
)

type routeRow struct {
	ID          int64 `gorm:"primaryKey"`
	ModelID     int64
	ProviderID  int64
	TargetModel string
	Rules       *string
	Priority    int
	Weight      int
	OnLoss      string
	IsActive    bool
	PausedUntil *int64
	Prices      string
	CreatedAt   int64 `gorm:"autoCreateTime:false"`
	UpdatedAt   int64 `gorm:"autoUpdateTime:false"`
	Version     int64
}

func (routeRow) TableName() string { return "routes" }

// namedRoute is a row with what it refers to.
type namedRoute struct {
	Row          routeRow `gorm:"embedded"`
	ModelName    string
	ProviderName string
	Protocol     string
}

// routeOf is a route with the id of its model.
type routeOf struct {
	models.Route
	modelID int64
}

func newRouteRow(r *models.Route, modelID int64) (row routeRow, err error) {
	row = routeRow{
		ID: r.ID, ModelID: modelID, ProviderID: r.ProviderID, TargetModel: r.TargetModel, Priority: r.Priority, Weight: r.Weight,
		OnLoss: string(r.OnLoss), IsActive: r.IsActive, PausedUntil: toMicrosPtr(r.PausedUntil),
		CreatedAt: toMicros(r.CreatedAt), UpdatedAt: toMicros(r.UpdatedAt), Version: r.Version,
	}
	if row.Rules, err = ruleText(r.Rules); err != nil {
		return row, err
	}
	row.Prices, err = toText(r.Prices)
	return row, err
}

func (n namedRoute) route() (r routeOf, err error) {
	r = routeOf{modelID: n.Row.ModelID, Route: models.Route{
		ID: n.Row.ID, ModelName: n.ModelName, ProviderID: n.Row.ProviderID, ProviderName: n.ProviderName, Protocol: models.Protocol(n.Protocol),
		TargetModel: n.Row.TargetModel, Priority: n.Row.Priority, Weight: n.Row.Weight, OnLoss: models.OnLoss(n.Row.OnLoss), IsActive: n.Row.IsActive,
		PausedUntil: fromMicrosPtr(n.Row.PausedUntil),
		CreatedAt:   fromMicros(n.Row.CreatedAt), UpdatedAt: fromMicros(n.Row.UpdatedAt), Version: n.Row.Version,
	}}
	if r.Rules, err = textRule(n.Row.Rules); err != nil {
		return r, err
	}
	r.Prices, err = fromText[models.Prices](n.Row.Prices)
	return r, err
}

// routes reads the routes of a model, or all for "", in the order of model, priority and id.
func (s *Store) routes(ctx context.Context, modelName string) ([]routeOf, error) {
	query := s.read(ctx).Table("routes").
		Select("routes.*, m.name AS model_name, p.name AS provider_name, p.protocol").
		Joins("JOIN models m ON m.id = routes.model_id JOIN providers p ON p.id = routes.provider_id")
	if modelName != "" {
		query = query.Where("m.name = ?", modelName)
	}
	var rows []namedRoute
	if err := query.Scan(&rows).Error; err != nil {
		return nil, err
	}
	slices.SortFunc(rows, func(a, b namedRoute) int {
		return cmp.Or(cmp.Compare(a.ModelName, b.ModelName), cmp.Compare(a.Row.Priority, b.Row.Priority), cmp.Compare(a.Row.ID, b.Row.ID))
	})
	return mapRowsErr(rows, namedRoute.route)
}

// Routes returns the routes of a model, or of all models for "", in the order of model, priority and id.
func (s *Store) Routes(ctx context.Context, modelName string) ([]models.Route, error) {
	routes, err := s.routes(ctx, modelName)
	return mapRows(routes, func(r routeOf) models.Route { return r.Route }), fail("read the routes", err)
}

// Route returns one route.
func (s *Store) Route(ctx context.Context, id int64) (models.Route, error) {
	r, err := s.routeByID(ctx, id)
	return r.Route, fail("read the route", err)
}

func (s *Store) routeByID(ctx context.Context, id int64) (routeOf, error) {
	var rows []namedRoute
	err := s.read(ctx).Raw(`SELECT routes.*, m.name AS model_name, p.name AS provider_name, p.protocol FROM routes
		JOIN models m ON m.id = routes.model_id JOIN providers p ON p.id = routes.provider_id WHERE routes.id = ?`, id).Scan(&rows).Error
	if err != nil {
		return routeOf{}, err
	}
	if len(rows) == 0 {
		return routeOf{}, notFound("route", id)
	}
	return rows[0].route()
}

// CreateRoute stores a new route of the model r.ModelName (a name or an alias) and fills in its id, times and version.
func (s *Store) CreateRoute(ctx context.Context, r *models.Route) error {
	stored := *r
	err := s.change(ctx, "create the route", func(tx *Store) (changed, error) {
		stored.ID, stored.Version = 0, 1
		stored.CreatedAt = now()
		stored.UpdatedAt = stored.CreatedAt
		row, err := tx.checkedRouteRow(ctx, &stored)
		if err != nil {
			return changed{}, err
		}
		if err := tx.tx.db.WithContext(ctx).Create(&row).Error; err != nil {
			return changed{}, err
		}
		fresh, err := tx.routeByID(ctx, row.ID)
		stored = fresh.Route
		return changed{"route", routeKey(&stored), nil, auditRoute(&stored)}, err
	})
	if err == nil {
		*r = stored
	}
	return err
}

// UpdateRoute overwrites the route with r.ID, which may move to another model or provider.
func (s *Store) UpdateRoute(ctx context.Context, r *models.Route, expectVersion *int64) error {
	stored := *r
	err := s.change(ctx, "update the route", func(tx *Store) (changed, error) {
		before, err := tx.routeByID(ctx, r.ID)
		if err != nil {
			return changed{}, err
		}
		if err := checkVersion("route", before.Version, expectVersion); err != nil {
			return changed{}, err
		}
		stored.Version, stored.CreatedAt, stored.UpdatedAt = before.Version+1, before.CreatedAt, now()
		row, err := tx.checkedRouteRow(ctx, &stored)
		if err != nil {
			return changed{}, err
		}
		if err := tx.overwrite(ctx, &row); err != nil {
			return changed{}, err
		}
		fresh, err := tx.routeByID(ctx, row.ID)
		stored = fresh.Route
		return changed{"route", routeKey(&stored), auditRoute(&before.Route), auditRoute(&stored)}, err
	})
	if err == nil {
		*r = stored
	}
	return err
}

// DeleteRoute deletes a route.
func (s *Store) DeleteRoute(ctx context.Context, id int64) error {
	return s.change(ctx, "delete the route", func(tx *Store) (changed, error) {
		before, err := tx.routeByID(ctx, id)
		if err != nil {
			return changed{}, err
		}
		return changed{"route", routeKey(&before.Route), auditRoute(&before.Route), nil}, tx.tx.db.WithContext(ctx).Delete(&routeRow{}, id).Error
	})
}

// checkedRouteRow makes sure that what the route refers to exists.
func (s *Store) checkedRouteRow(ctx context.Context, r *models.Route) (routeRow, error) {
	model, err := s.modelRow(ctx, r.ModelName, true)
	if err != nil {
		return routeRow{}, err
	}
	if _, err := s.providerRow(ctx, r.ProviderID); err != nil {
		return routeRow{}, err
	}
	return newRouteRow(r, model.ID)
}

// routeKey names a route in the audit trail.
func routeKey(r *models.Route) string {
	return r.ModelName + " → " + r.ProviderName + "/" + r.TargetModel
}

func auditRoute(r *models.Route) map[string]any {
	return map[string]any{
		"id": strconv.FormatInt(r.ID, 10), "requested_model": r.ModelName, "provider_name": r.ProviderName, "target_model_name": r.TargetModel,
		"provider_rules": r.Rules, "priority": r.Priority, "weight": r.Weight, "on_loss": r.OnLoss, "is_active": r.IsActive,
		"paused_until": r.PausedUntil, "prices": r.Prices,
	}
}
