package store

import (
	"context"
	"errors"
	"strconv"

	"gorm.io/gorm"

	"squirrel/models"
)

// savedKind is what administrators keep under names: each in a table of its own, all of the same columns.
type savedKind struct {
	table, object, noun string
}

var (
	savedViews = savedKind{"log_views", "log_view", "view"}
	presets    = savedKind{"playground_presets", "preset", "preset"}
)

type savedRow struct {
	ID        int64 `gorm:"primaryKey"`
	Name      string
	Query     string
	Author    string
	CreatedAt int64 `gorm:"autoCreateTime:false"`
	UpdatedAt int64 `gorm:"autoUpdateTime:false"`
}

func (r savedRow) model() models.SavedView {
	return models.SavedView{ID: r.ID, Name: r.Name, Query: r.Query, Author: r.Author, CreatedAt: fromMicros(r.CreatedAt), UpdatedAt: fromMicros(r.UpdatedAt)}
}

func (r savedRow) preset() models.Preset { return models.Preset(r.model()) }

// savedState is a row as the audit trail holds it.
type savedState struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Query string `json:"query"`
}

func (r savedRow) state() savedState {
	return savedState{ID: strconv.FormatInt(r.ID, 10), Name: r.Name, Query: r.Query}
}

// SavedViews returns all views of the log list, by name.
func (s *Store) SavedViews(ctx context.Context) ([]models.SavedView, error) {
	rows, err := s.saved(ctx, savedViews)
	return mapRows(rows, savedRow.model), err
}

// SavedView returns one view of the log list.
func (s *Store) SavedView(ctx context.Context, id int64) (models.SavedView, error) {
	row, err := s.savedOne(ctx, savedViews, id)
	return row.model(), err
}

// SaveView stores a new view, or overwrites the one with v.ID, and fills in the id, the author and the times. There may be at
// most limit views. Views route nothing: the config version stays.
func (s *Store) SaveView(ctx context.Context, v *models.SavedView, limit int) error {
	return s.save(ctx, savedViews, v, limit)
}

// DeleteView deletes a view.
func (s *Store) DeleteView(ctx context.Context, id int64) error {
	return s.deleteSaved(ctx, savedViews, id)
}

// Presets returns all presets of the playground, by name.
func (s *Store) Presets(ctx context.Context) ([]models.Preset, error) {
	rows, err := s.saved(ctx, presets)
	return mapRows(rows, savedRow.preset), err
}

// Preset returns one preset of the playground.
func (s *Store) Preset(ctx context.Context, id int64) (models.Preset, error) {
	row, err := s.savedOne(ctx, presets, id)
	return row.preset(), err
}

// SavePreset stores a new preset, or overwrites the one with p.ID, like SaveView.
func (s *Store) SavePreset(ctx context.Context, p *models.Preset, limit int) error {
	return s.save(ctx, presets, (*models.SavedView)(p), limit)
}

// DeletePreset deletes a preset.
func (s *Store) DeletePreset(ctx context.Context, id int64) error {
	return s.deleteSaved(ctx, presets, id)
}

func (s *Store) saved(ctx context.Context, kind savedKind) (rows []savedRow, err error) {
	err = s.read(ctx).Table(kind.table).Order("name").Find(&rows).Error
	return rows, fail("read the "+kind.noun+"s", err)
}

func (s *Store) savedOne(ctx context.Context, kind savedKind, id int64) (row savedRow, err error) {
	err = s.read(ctx).Table(kind.table).Where("id = ?", id).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return row, notFound(kind.noun, id)
	}
	return row, fail("read the "+kind.noun, err)
}

func (s *Store) save(ctx context.Context, kind savedKind, v *models.SavedView, limit int) error {
	stored := *v
	err := s.inWrite(ctx, func(tx *Store) error {
		stored.Author, stored.UpdatedAt = clean(actorOf(ctx), maxName), now()
		stored.CreatedAt = stored.UpdatedAt
		row := savedRow{ID: v.ID, Name: v.Name, Query: v.Query, Author: stored.Author, CreatedAt: toMicros(stored.CreatedAt), UpdatedAt: toMicros(stored.UpdatedAt)}
		if v.ID == 0 {
			return tx.createSaved(ctx, kind, &stored, &row, limit)
		}
		old, err := tx.savedOne(ctx, kind, v.ID)
		if err != nil {
			return err
		}
		stored.CreatedAt = fromMicros(old.CreatedAt)
		if err := tx.tx.db.WithContext(ctx).Table(kind.table).Where("id = ?", row.ID).Select("*").Omit("id", "created_at").Updates(&row).Error; err != nil {
			return err
		}
		return tx.recordChange(ctx, changed{object: kind.object, key: row.Name, before: old.state(), after: row.state()})
	})
	if err == nil {
		*v = stored
	}
	return fail("save the "+kind.noun, err)
}

func (s *Store) createSaved(ctx context.Context, kind savedKind, stored *models.SavedView, row *savedRow, limit int) error {
	db := s.tx.db.WithContext(ctx)
	if s.postgres() { // so that two at once don't both count one too few
		if err := db.Exec("LOCK TABLE " + kind.table + " IN SHARE ROW EXCLUSIVE MODE").Error; err != nil {
			return err
		}
	}
	var count int64
	if err := db.Table(kind.table).Count(&count).Error; err != nil {
		return err
	}
	if count >= int64(limit) {
		return models.Errorf(models.CodeInvalid, "there are %d %ss already; delete one that is not needed", count, kind.noun)
	}
	if err := db.Table(kind.table).Create(row).Error; err != nil {
		return err
	}
	stored.ID = row.ID
	return s.recordChange(ctx, changed{object: kind.object, key: row.Name, after: row.state()})
}

func (s *Store) deleteSaved(ctx context.Context, kind savedKind, id int64) error {
	err := s.inWrite(ctx, func(tx *Store) error {
		old, err := tx.savedOne(ctx, kind, id)
		if err != nil {
			return err
		}
		if err := tx.tx.db.WithContext(ctx).Table(kind.table).Where("id = ?", id).Delete(&savedRow{}).Error; err != nil {
			return err
		}
		return tx.recordChange(ctx, changed{object: kind.object, key: old.Name, before: old.state()})
	})
	return fail("delete the "+kind.noun, err)
}
