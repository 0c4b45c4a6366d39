package store

import "context"

type sampleRow struct {
	ID            int64 `gorm:"primaryKey"`
	Name          string
	Request       []byte
	ExpectedRoute *int64
	CreatedAt     int64 `gorm:"autoCreateTime:false"`
	UpdatedAt     int64 `gorm:"autoUpdateTime:false"`
}

func (sampleRow) TableName() string { return "routing_samples" }

func (r sampleRow) model() RoutingSample {
	return RoutingSample{
		ID: r.ID, Name: r.Name, Request: r.Request, ExpectedRoute: r.ExpectedRoute,
		CreatedAt: fromMicros(r.CreatedAt), UpdatedAt: fromMicros(r.UpdatedAt),
	}
}

// RoutingSamples returns all saved requests of the simulator page, by name.
func (s *Store) RoutingSamples(ctx context.Context) ([]RoutingSample, error) {
	var rows []sampleRow
	if err := s.read(ctx).Order("name").Find(&rows).Error; err != nil {
		return nil, fail("read the samples", err)
	}
	return mapRows(rows, sampleRow.model), nil
}

// SaveRoutingSample stores a new sample, or overwrites the one with r.ID, and fills in the id and the times. Samples route
// nothing: the config version stays.
func (s *Store) SaveRoutingSample(ctx context.Context, r *RoutingSample) error {
	stored := *r
	err := s.inWrite(ctx, func(tx *Store) error {
		db := tx.tx.db.WithContext(ctx)
		stored.UpdatedAt = now()
		stored.CreatedAt = stored.UpdatedAt
		row := sampleRow{ID: r.ID, Name: r.Name, Request: r.Request, ExpectedRoute: r.ExpectedRoute, CreatedAt: toMicros(stored.CreatedAt), UpdatedAt: toMicros(stored.UpdatedAt)}
		if r.ID == 0 {
			err := db.Create(&row).Error
			stored.ID = row.ID
			return err
		}
		var old sampleRow
		if err := tx.one(ctx, &old, "sample", r.ID, "id = ?", r.ID); err != nil {
			return err
		}
		stored.CreatedAt = fromMicros(old.CreatedAt)
		return tx.overwrite(ctx, &row)
	})
	if err == nil {
		*r = stored
	}
	return fail("save the sample", err)
}

// DeleteRoutingSample deletes a sample.
func (s *Store) DeleteRoutingSample(ctx context.Context, id int64) error {
	err := s.inWrite(ctx, func(tx *Store) error {
		result := tx.tx.db.WithContext(ctx).Delete(&sampleRow{}, id)
		if result.Error == nil && result.RowsAffected == 0 {
			return notFound("sample", id)
		}
		return result.Error
	})
	return fail("delete the sample", err)
}
