package store

import (
	"cmp"
	"context"
	"slices"

	"squirrel/models"
)

type modelRow struct {
	ID           int64 `gorm:"primaryKey"`
	Name         string
	Strategy     string
	Type         string
	Rules        *string
	Capabilities *string
	Prices       string
	IsActive     bool
	CreatedAt    int64 `gorm:"autoCreateTime:false"`
	UpdatedAt    int64 `gorm:"autoUpdateTime:false"`
	Version      int64
}

func (modelRow) TableName() string { return "models" }

type aliasRow struct {
	Name     string `gorm:"primaryKey"`
	ModelID  int64
	Position int
}

func (aliasRow) TableName() string { return "model_aliases" }

func newModelRow(m *models.Model) (row modelRow, err error) {
	row = modelRow{
		ID: m.ID, Name: m.Name, Strategy: string(m.Strategy), Type: string(m.Type), Capabilities: rawText(m.Capabilities),
		IsActive: m.IsActive, CreatedAt: toMicros(m.CreatedAt), UpdatedAt: toMicros(m.UpdatedAt), Version: m.Version,
	}
	if row.Rules, err = ruleText(m.Rules); err != nil {
		return row, err
	}
	row.Prices, err = toText(m.Prices)
	return row, err
}

func (r modelRow) model() (m models.Model, err error) {
	m = models.Model{
		ID: r.ID, Name: r.Name, Strategy: models.StrategyName(r.Strategy), Type: models.ModelType(r.Type),
		Capabilities: textRaw(r.Capabilities), IsActive: r.IsActive,
		CreatedAt: fromMicros(r.CreatedAt), UpdatedAt: fromMicros(r.UpdatedAt), Version: r.Version,
	}
	if m.Rules, err = textRule(r.Rules); err != nil {
		return m, err
	}
	m.Prices, err = fromText[models.Prices](r.Prices)
	return m, err
}

// Models returns all models with their aliases and routes, by name.
func (s *Store) Models(ctx context.Context) (all []models.Model, err error) {
	err = s.inRead(ctx, func(tx *Store) error {
		var rows []modelRow
		if err := tx.read(ctx).Find(&rows).Error; err != nil {
			return err
		}
		if all, err = mapRowsErr(rows, modelRow.model); err != nil {
			return err
		}
		return tx.complete(ctx, all, "")
	})
	slices.SortFunc(all, func(a, b models.Model) int { return cmp.Compare(a.Name, b.Name) })
	return all, fail("read the models", err)
}

// Model returns the model of a name or an alias, with its routes.
func (s *Store) Model(ctx context.Context, name string) (m models.Model, err error) {
	err = s.inRead(ctx, func(tx *Store) error {
		row, err := tx.modelRow(ctx, name, true)
		if err != nil {
			return err
		}
		if m, err = row.model(); err != nil {
			return err
		}
		one := []models.Model{m}
		err = tx.complete(ctx, one, m.Name)
		m = one[0]
		return err
	})
	return m, fail("read the model", err)
}

// modelRow finds a model by its name, or by an alias too.
func (s *Store) modelRow(ctx context.Context, name string, aliases bool) (row modelRow, err error) {
	where, args := "name = ?", []any{name}
	if aliases {
		where, args = "name = ? OR id = (SELECT model_id FROM model_aliases WHERE name = ?)", []any{name, name}
	}
	return row, s.one(ctx, &row, "model", name, where, args...)
}

// complete fills in aliases and routes of models; only names the one model there is, if there is only one.
func (s *Store) complete(ctx context.Context, all []models.Model, only string) error {
	position := make(map[int64]int, len(all))
	ids := make([]int64, len(all))
	for i := range all {
		position[all[i].ID], ids[i] = i, all[i].ID
	}
	query := s.read(ctx).Order("model_id, position")
	if only != "" {
		query = query.Where("model_id IN ?", ids)
	}
	var aliases []aliasRow
	if err := query.Find(&aliases).Error; err != nil {
		return err
	}
	for _, a := range aliases {
		if i, ok := position[a.ModelID]; ok {
			all[i].Aliases = append(all[i].Aliases, a.Name)
		}
	}
	routes, err := s.routes(ctx, only)
	if err != nil {
		return err
	}
	for _, r := range routes {
		if i, ok := position[r.modelID]; ok {
			all[i].Routes = append(all[i].Routes, r.Route)
		}
	}
	return nil
}

// CreateModel stores a new model with its aliases and fills in its id, times and version. Routes are stored by CreateRoute.
func (s *Store) CreateModel(ctx context.Context, m *models.Model) error {
	stored := *m
	err := s.change(ctx, "create the model", func(tx *Store) (changed, error) {
		stored.ID, stored.Version, stored.Routes = 0, 1, nil
		stored.CreatedAt = now()
		stored.UpdatedAt = stored.CreatedAt
		row, err := newModelRow(&stored)
		if err != nil {
			return changed{}, err
		}
		if err := tx.freeNames(ctx, 0, &stored); err != nil {
			return changed{}, err
		}
		if err := tx.tx.db.WithContext(ctx).Create(&row).Error; err != nil {
			return changed{}, err
		}
		stored.ID = row.ID
		return changed{"model", stored.Name, nil, auditModel(&stored)}, tx.saveAliases(ctx, &stored)
	})
	if err == nil {
		*m = stored
	}
	return err
}

// UpdateModel overwrites the model of a name, which may get another name. Its routes stay.
func (s *Store) UpdateModel(ctx context.Context, name string, m *models.Model, expectVersion *int64) error {
	stored := *m
	err := s.change(ctx, "update the model", func(tx *Store) (changed, error) {
		before, err := tx.Model(ctx, name)
		if err != nil {
			return changed{}, err
		}
		if err := checkVersion("model", before.Version, expectVersion); err != nil {
			return changed{}, err
		}
		stored.ID, stored.Version, stored.CreatedAt, stored.UpdatedAt = before.ID, before.Version+1, before.CreatedAt, now()
		if err := tx.freeNames(ctx, before.ID, &stored); err != nil {
			return changed{}, err
		}
		row, err := newModelRow(&stored)
		if err != nil {
			return changed{}, err
		}
		if err := tx.overwrite(ctx, &row); err != nil {
			return changed{}, err
		}
		if err := tx.saveAliases(ctx, &stored); err != nil {
			return changed{}, err
		}
		stored, err = tx.Model(ctx, stored.Name)
		return changed{"model", stored.Name, auditModel(&before), auditModel(&stored)}, err
	})
	if err == nil {
		*m = stored
	}
	return err
}

// DeleteModel deletes a model with its aliases and routes.
func (s *Store) DeleteModel(ctx context.Context, name string) error {
	return s.change(ctx, "delete the model", func(tx *Store) (changed, error) {
		before, err := tx.Model(ctx, name)
		if err != nil {
			return changed{}, err
		}
		return changed{"model", before.Name, auditModel(&before), nil}, tx.tx.db.WithContext(ctx).Delete(&modelRow{}, before.ID).Error
	})
}

// freeNames makes sure that the name and the aliases of a model belong to no other: clients can't tell them apart.
func (s *Store) freeNames(ctx context.Context, id int64, m *models.Model) error {
	names := append([]string{m.Name}, m.Aliases...)
	var taken []string
	err := s.tx.db.WithContext(ctx).Raw(`SELECT name FROM models WHERE id <> ? AND name IN ?
		UNION ALL SELECT name FROM model_aliases WHERE model_id <> ? AND name IN ?`, id, names, id, names).Scan(&taken).Error
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, name := range names {
		if seen[name] {
			taken = append(taken, name)
		}
		seen[name] = true
	}
	if len(taken) > 0 {
		return models.Errorf(models.CodeConflict, "the name %s is already that of a model or an alias", taken[0])
	}
	return nil
}

func (s *Store) saveAliases(ctx context.Context, m *models.Model) error {
	db := s.tx.db.WithContext(ctx)
	if err := db.Where("model_id = ?", m.ID).Delete(&aliasRow{}).Error; err != nil {
		return err
	}
	for i, name := range m.Aliases {
		if err := db.Create(&aliasRow{Name: name, ModelID: m.ID, Position: i}).Error; err != nil {
			return err
		}
	}
	return nil
}

func auditModel(m *models.Model) map[string]any {
	return map[string]any{
		"requested_model": m.Name, "aliases": m.Aliases, "strategy": m.Strategy, "model_type": m.Type, "matching_rules": m.Rules,
		"capabilities": m.Capabilities, "is_active": m.IsActive, "prices": m.Prices,
	}
}
