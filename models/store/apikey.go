package store

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"squirrel/models"
)

type apiKeyRow struct {
	ID            int64 `gorm:"primaryKey"`
	Name          string
	Hash          []byte
	Mask          string
	IsActive      bool
	ExpiresAt     *int64
	AllowedModels string
	RecordDetails bool
	RPMLimit      *int64
	TPMLimit      *int64
	Budget        *int64
	BudgetPeriod  string
	Tags          string
	CreatedAt     int64 `gorm:"autoCreateTime:false"`
	UpdatedAt     int64 `gorm:"autoUpdateTime:false"`
	LastUsedAt    *int64
	Version       int64
}

func (apiKeyRow) TableName() string { return "api_keys" }

func newAPIKeyRow(k *models.APIKey) apiKeyRow {
	return apiKeyRow{
		ID: k.ID, Name: k.Name, Hash: k.Hash[:], Mask: k.Mask, IsActive: k.IsActive, ExpiresAt: toMicrosPtr(k.ExpiresAt),
		AllowedModels: listText(k.AllowedModels), RecordDetails: k.RecordDetails, RPMLimit: k.RPMLimit, TPMLimit: k.TPMLimit,
		Budget: (*int64)(k.Budget), BudgetPeriod: string(k.BudgetPeriod), Tags: listText(k.Tags),
		CreatedAt: toMicros(k.CreatedAt), UpdatedAt: toMicros(k.UpdatedAt), LastUsedAt: toMicrosPtr(k.LastUsedAt), Version: k.Version,
	}
}

func (r apiKeyRow) model() (k models.APIKey, err error) {
	k = models.APIKey{
		ID: r.ID, Name: r.Name, Hash: [32]byte(r.Hash), Mask: r.Mask, IsActive: r.IsActive, ExpiresAt: fromMicrosPtr(r.ExpiresAt),
		RecordDetails: r.RecordDetails, RPMLimit: r.RPMLimit, TPMLimit: r.TPMLimit, Budget: (*models.NanoUSD)(r.Budget),
		BudgetPeriod: models.BudgetPeriod(r.BudgetPeriod),
		CreatedAt:    fromMicros(r.CreatedAt), UpdatedAt: fromMicros(r.UpdatedAt), LastUsedAt: fromMicrosPtr(r.LastUsedAt), Version: r.Version,
	}
	if k.AllowedModels, err = fromText[[]string](r.AllowedModels); err != nil {
		return k, err
	}
	k.Tags, err = fromText[[]string](r.Tags)
	return k, err
}

// APIKeys returns all keys, by name.
func (s *Store) APIKeys(ctx context.Context) ([]models.APIKey, error) {
	var rows []apiKeyRow
	if err := s.read(ctx).Find(&rows).Error; err != nil {
		return nil, fail("read the API keys", err)
	}
	slices.SortFunc(rows, func(a, b apiKeyRow) int { return cmp.Compare(a.Name, b.Name) })
	keys, err := mapRowsErr(rows, apiKeyRow.model)
	return keys, fail("read the API keys", err)
}

// APIKey returns one key.
func (s *Store) APIKey(ctx context.Context, id int64) (models.APIKey, error) {
	var row apiKeyRow
	if err := s.one(ctx, &row, "API key", id, "id = ?", id); err != nil {
		return models.APIKey{}, err
	}
	k, err := row.model()
	return k, fail("read the API key", err)
}

// CreateAPIKey stores a new key and fills in its id, times and version.
func (s *Store) CreateAPIKey(ctx context.Context, k *models.APIKey) error {
	stored := *k
	err := s.change(ctx, "create the API key", func(tx *Store) (changed, error) {
		stored.ID, stored.Version = 0, 1
		stored.CreatedAt = now()
		stored.UpdatedAt = stored.CreatedAt
		row := newAPIKeyRow(&stored)
		if err := tx.tx.db.WithContext(ctx).Create(&row).Error; err != nil {
			return changed{}, err
		}
		stored.ID = row.ID
		return changed{"api_key", stored.Name, nil, auditAPIKey(&stored)}, nil
	})
	if err == nil {
		*k = stored
	}
	return err
}

// UpdateAPIKey overwrites the key with k.ID, but for the time of its last use, which TouchAPIKeys writes.
func (s *Store) UpdateAPIKey(ctx context.Context, k *models.APIKey, expectVersion *int64) error {
	stored := *k
	err := s.change(ctx, "update the API key", func(tx *Store) (changed, error) {
		before, err := tx.APIKey(ctx, k.ID)
		if err != nil {
			return changed{}, err
		}
		if err := checkVersion("API key", before.Version, expectVersion); err != nil {
			return changed{}, err
		}
		stored.Version, stored.CreatedAt, stored.UpdatedAt = before.Version+1, before.CreatedAt, now()
		stored.LastUsedAt = before.LastUsedAt
		row := newAPIKeyRow(&stored)
		return changed{"api_key", stored.Name, auditAPIKey(&before), auditAPIKey(&stored)}, tx.overwrite(ctx, &row)
	})
	if err == nil {
		*k = stored
	}
	return err
}

// DeleteAPIKey deletes a key. Its logs keep its id and name.
func (s *Store) DeleteAPIKey(ctx context.Context, id int64) error {
	return s.change(ctx, "delete the API key", func(tx *Store) (changed, error) {
		before, err := tx.APIKey(ctx, id)
		if err != nil {
			return changed{}, err
		}
		return changed{"api_key", before.Name, auditAPIKey(&before), nil}, tx.tx.db.WithContext(ctx).Delete(&apiKeyRow{}, id).Error
	})
}

// TouchAPIKeys notes when keys, by id, were used last. Earlier times and unknown ids change nothing; nor does the config version.
func (s *Store) TouchAPIKeys(ctx context.Context, used map[int64]time.Time) error {
	if len(used) == 0 {
		return nil
	}
	ids := make([]int64, 0, len(used))
	for id := range used {
		ids = append(ids, id)
	}
	slices.Sort(ids) // replicas lock the rows in one order
	err := s.inWrite(ctx, func(tx *Store) error {
		for _, id := range ids {
			at := toMicros(used[id])
			err := tx.tx.db.WithContext(ctx).Exec(
				"UPDATE api_keys SET last_used_at = ? WHERE id = ? AND (last_used_at IS NULL OR last_used_at < ?)", at, id, at).Error
			if err != nil {
				return err
			}
		}
		return nil
	})
	return fail("note the use of API keys", err)
}

func auditAPIKey(k *models.APIKey) map[string]any {
	return map[string]any{
		"id": strconv.FormatInt(k.ID, 10), "key_name": k.Name, "key_value": k.Mask, "is_active": k.IsActive, "expires_at": k.ExpiresAt,
		"allowed_models": k.AllowedModels, "record_details": k.RecordDetails, "rpm_limit": k.RPMLimit, "tpm_limit": k.TPMLimit,
		"budget_usd": k.Budget, "budget_period": k.BudgetPeriod, "tags": k.Tags,
	}
}
