package store

import (
	"context"
	"strconv"

	"squirrel/models"
)

type savedViewRow struct {
	ID        int64 `gorm:"primaryKey"`
	Name      string
	Query     string
	Author    string
	CreatedAt int64 `gorm:"autoCreateTime:false"`
	UpdatedAt int64 `gorm:"autoUpdateTime:false"`
}

func (savedViewRow) TableName() string { return "log_views" }

func (r savedViewRow) model() models.SavedView {
	return models.SavedView{ID: r.ID, Name: r.Name, Query: r.Query, Author: r.Author, CreatedAt: fromMicros(r.CreatedAt), UpdatedAt: fromMicros(r.UpdatedAt)}
}

// savedViewState is a view as the audit trail holds it.
type savedViewState struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Query string `json:"query"`
}

func (r savedViewRow) state() savedViewState {
	return savedViewState{ID: strconv.FormatInt(r.ID, 10), Name: r.Name, Query: r.Query}
}

// SavedViews returns all views of the log list, by name.
func (s *Store) SavedViews(ctx context.Context) ([]models.SavedView, error) {
	var rows []savedViewRow
	if err := s.read(ctx).Order("name").Find(&rows).Error; err != nil {
		return nil, fail("read the views", err)
	}
	return mapRows(rows, savedViewRow.model), nil
}

// SavedView returns one view of the log list.
func (s *Store) SavedView(ctx context.Context, id int64) (models.SavedView, error) {
	var row savedViewRow
	err := s.one(ctx, &row, "view", id, "id = ?", id)
	return row.model(), err
}

// SaveView stores a new view, or overwrites the one with v.ID, and fills in the id, the author and the times. There may be at
// most limit views. Views route nothing: the config version stays.
func (s *Store) SaveView(ctx context.Context, v *models.SavedView, limit int) error {
	stored := *v
	err := s.inWrite(ctx, func(tx *Store) error {
		stored.Author, stored.UpdatedAt = clean(actorOf(ctx), maxName), now()
		stored.CreatedAt = stored.UpdatedAt
		row := savedViewRow{ID: v.ID, Name: v.Name, Query: v.Query, Author: stored.Author, CreatedAt: toMicros(stored.CreatedAt), UpdatedAt: toMicros(stored.UpdatedAt)}
		if v.ID == 0 {
			return tx.createView(ctx, &stored, &row, limit)
		}
		var old savedViewRow
		if err := tx.one(ctx, &old, "view", v.ID, "id = ?", v.ID); err != nil {
			return err
		}
		stored.CreatedAt = fromMicros(old.CreatedAt)
		if err := tx.overwrite(ctx, &row); err != nil {
			return err
		}
		return tx.recordChange(ctx, changed{object: "log_view", key: row.Name, before: old.state(), after: row.state()})
	})
	if err == nil {
		*v = stored
	}
	return fail("save the view", err)
}

func (s *Store) createView(ctx context.Context, stored *models.SavedView, row *savedViewRow, limit int) error {
	db := s.tx.db.WithContext(ctx)
	if s.postgres() { // so that two at once don't both count one too few
		if err := db.Exec("LOCK TABLE log_views IN SHARE ROW EXCLUSIVE MODE").Error; err != nil {
			return err
		}
	}
	var count int64
	if err := db.Model(&savedViewRow{}).Count(&count).Error; err != nil {
		return err
	}
	if count >= int64(limit) {
		return models.Errorf(models.CodeInvalid, "there are %d views already; delete one that is not needed", count)
	}
	if err := db.Create(row).Error; err != nil {
		return err
	}
	stored.ID = row.ID
	return s.recordChange(ctx, changed{object: "log_view", key: row.Name, after: row.state()})
}

// DeleteView deletes a view.
func (s *Store) DeleteView(ctx context.Context, id int64) error {
	err := s.inWrite(ctx, func(tx *Store) error {
		var old savedViewRow
		if err := tx.one(ctx, &old, "view", id, "id = ?", id); err != nil {
			return err
		}
		if err := tx.tx.db.WithContext(ctx).Delete(&savedViewRow{}, id).Error; err != nil {
			return err
		}
		return tx.recordChange(ctx, changed{object: "log_view", key: old.Name, before: old.state()})
	})
	return fail("delete the view", err)
}
