package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"squirrel/models"
)

type providerRow struct {
	ID                int64 `gorm:"primaryKey"`
	Name              string
	Remark            string
	BaseURL           string
	Protocol          string
	APIKey            []byte
	ExtraHeaders      []byte
	ProxyURL          []byte
	DefaultParameters *string
	ResponseTimeout   int
	ConnectTimeout    int
	FirstByteTimeout  int
	IdleTimeout       int
	IsActive          bool
	CreatedAt         int64 `gorm:"autoCreateTime:false"`
	UpdatedAt         int64 `gorm:"autoUpdateTime:false"`
	Version           int64
}

func (providerRow) TableName() string { return "providers" }

// sealTo binds a secret to its row and column, so that a ciphertext that is copied elsewhere does not open there.
func sealTo(id int64, column string) []byte { return fmt.Appendf(nil, "providers/%d/%s", id, column) }

// seal fills the row's sealed columns. Nothing is sealed when there is nothing to keep secret.
func (s *Store) seal(row *providerRow, p *models.Provider) error {
	row.APIKey, row.ProxyURL, row.ExtraHeaders = nil, nil, nil
	if p.APIKey != "" {
		row.APIKey = s.cipher.Seal([]byte(p.APIKey.Reveal()), sealTo(row.ID, "api_key"))
	}
	if p.ProxyURL != "" {
		row.ProxyURL = s.cipher.Seal([]byte(p.ProxyURL.Reveal()), sealTo(row.ID, "proxy_url"))
	}
	if len(p.ExtraHeaders) > 0 {
		headers, err := json.Marshal(p.ExtraHeaders)
		if err != nil {
			return fmt.Errorf("encode the extra headers: %w", err)
		}
		row.ExtraHeaders = s.cipher.Seal(headers, sealTo(row.ID, "extra_headers"))
	}
	return nil
}

func newProviderRow(p *models.Provider) providerRow {
	return providerRow{
		ID: p.ID, Name: p.Name, Remark: p.Remark, BaseURL: p.BaseURL, Protocol: string(p.Protocol),
		DefaultParameters: rawText(p.DefaultParameters),
		ResponseTimeout:   p.ResponseTimeout, ConnectTimeout: p.ConnectTimeout, FirstByteTimeout: p.FirstByteTimeout,
		IdleTimeout: p.IdleTimeout, IsActive: p.IsActive, Version: p.Version,
	}
}

// provider opens the sealed columns. One that does not open makes the provider broken, and shows none of them.
func (s *Store) provider(row providerRow) models.Provider {
	p := models.Provider{
		ID: row.ID, Name: row.Name, Remark: row.Remark, BaseURL: row.BaseURL, Protocol: models.Protocol(row.Protocol),
		DefaultParameters: textRaw(row.DefaultParameters),
		ResponseTimeout:   row.ResponseTimeout, ConnectTimeout: row.ConnectTimeout, FirstByteTimeout: row.FirstByteTimeout,
		IdleTimeout: row.IdleTimeout, IsActive: row.IsActive,
		CreatedAt: fromMicros(row.CreatedAt), UpdatedAt: fromMicros(row.UpdatedAt), Version: row.Version,
	}
	key, errKey := s.unseal(row.APIKey, sealTo(row.ID, "api_key"))
	proxy, errProxy := s.unseal(row.ProxyURL, sealTo(row.ID, "proxy_url"))
	headers, errHeaders := s.unseal(row.ExtraHeaders, sealTo(row.ID, "extra_headers"))
	if errHeaders == nil && headers != nil {
		errHeaders = json.Unmarshal(headers, &p.ExtraHeaders)
	}
	if errKey != nil || errProxy != nil || errHeaders != nil {
		p.APIKeyBroken, p.ExtraHeaders = true, nil
		return p
	}
	p.APIKey, p.ProxyURL = models.Secret(key), models.Secret(proxy)
	return p
}

func (s *Store) unseal(sealed, aad []byte) ([]byte, error) {
	if sealed == nil {
		return nil, nil
	}
	return s.cipher.Open(sealed, aad)
}

// Providers returns all providers, by name.
func (s *Store) Providers(ctx context.Context) ([]models.Provider, error) {
	var rows []providerRow
	if err := s.read(ctx).Find(&rows).Error; err != nil {
		return nil, fail("read the providers", err)
	}
	slices.SortFunc(rows, func(a, b providerRow) int { return cmp.Compare(a.Name, b.Name) })
	return mapRows(rows, s.provider), nil
}

// Provider returns one provider.
func (s *Store) Provider(ctx context.Context, id int64) (models.Provider, error) {
	row, err := s.providerRow(ctx, id)
	if err != nil {
		return models.Provider{}, err
	}
	return s.provider(row), nil
}

// ProviderByName returns the provider of a name.
func (s *Store) ProviderByName(ctx context.Context, name string) (models.Provider, error) {
	var row providerRow
	if err := s.one(ctx, &row, "provider", name, "name = ?", name); err != nil {
		return models.Provider{}, err
	}
	return s.provider(row), nil
}

func (s *Store) providerRow(ctx context.Context, id int64) (row providerRow, err error) {
	return row, s.one(ctx, &row, "provider", id, "id = ?", id)
}

// CreateProvider stores a new provider and fills in its id, times and version.
func (s *Store) CreateProvider(ctx context.Context, p *models.Provider) error {
	stored := *p
	err := s.change(ctx, "create the provider", func(tx *Store) (changed, error) {
		stored.ID, stored.Version, stored.APIKeyBroken = 0, 1, false
		stored.CreatedAt = now()
		stored.UpdatedAt = stored.CreatedAt
		row := newProviderRow(&stored)
		row.CreatedAt, row.UpdatedAt = toMicros(stored.CreatedAt), toMicros(stored.UpdatedAt)
		db := tx.tx.db.WithContext(ctx)
		if err := db.Create(&row).Error; err != nil {
			return changed{}, err
		}
		stored.ID = row.ID
		if err := tx.seal(&row, &stored); err != nil { // needs the id
			return changed{}, err
		}
		if err := tx.overwrite(ctx, &row); err != nil {
			return changed{}, err
		}
		return changed{"provider", stored.Name, nil, auditProvider(&stored)}, nil
	})
	if err == nil {
		*p = stored
	}
	return err
}

// UpdateProvider overwrites the provider with p.ID. With expectVersion it fails with version_conflict when another version is
// stored. A broken key is kept as it lies there while p brings no new one.
func (s *Store) UpdateProvider(ctx context.Context, p *models.Provider, expectVersion *int64) error {
	stored := *p
	err := s.change(ctx, "update the provider", func(tx *Store) (changed, error) {
		old, err := tx.providerRow(ctx, p.ID)
		if err != nil {
			return changed{}, err
		}
		if err := checkVersion("provider", old.Version, expectVersion); err != nil {
			return changed{}, err
		}
		row := newProviderRow(&stored)
		row.Version, row.UpdatedAt = old.Version+1, toMicros(now())
		if err := tx.seal(&row, &stored); err != nil {
			return changed{}, err
		}
		if p.APIKeyBroken && p.APIKey == "" {
			row.APIKey, row.ProxyURL, row.ExtraHeaders = old.APIKey, old.ProxyURL, old.ExtraHeaders
		}
		if err := tx.overwrite(ctx, &row); err != nil {
			return changed{}, err
		}
		row.CreatedAt = old.CreatedAt
		before := tx.provider(old)
		stored = tx.provider(row)
		return changed{"provider", stored.Name, auditProvider(&before), auditProvider(&stored)}, nil
	})
	if err == nil {
		*p = stored
	}
	return err
}

// DeleteProvider deletes a provider that no route uses; else the error is provider_in_use and names the models.
func (s *Store) DeleteProvider(ctx context.Context, id int64) error {
	return s.change(ctx, "delete the provider", func(tx *Store) (changed, error) {
		row, err := tx.providerRow(ctx, id)
		if err != nil {
			return changed{}, err
		}
		var users []string
		db := tx.tx.db.WithContext(ctx)
		err = db.Raw("SELECT DISTINCT m.name FROM routes r JOIN models m ON m.id = r.model_id WHERE r.provider_id = ?", id).Scan(&users).Error
		if err != nil {
			return changed{}, err
		}
		if len(users) > 0 {
			slices.Sort(users)
			return changed{}, providerInUse(row.Name, users)
		}
		before := tx.provider(row)
		return changed{"provider", row.Name, auditProvider(&before), nil}, db.Delete(&providerRow{}, id).Error
	})
}

// auditProvider is what the audit trail shows of a provider: everything but the secrets, of which it shows the mask.
func auditProvider(p *models.Provider) map[string]any {
	headers := make(map[string]string, len(p.ExtraHeaders))
	for name, value := range p.ExtraHeaders {
		headers[name] = models.Secret(value).Mask()
	}
	return map[string]any{
		"id": strconv.FormatInt(p.ID, 10), "name": p.Name, "remark": p.Remark, "base_url": p.BaseURL, "protocol": p.Protocol,
		"api_key": p.APIKey, "extra_headers": headers, "default_parameters": p.DefaultParameters, "proxy_url": maskURL(p.ProxyURL),
		"response_timeout_seconds": p.ResponseTimeout, "connect_timeout_seconds": p.ConnectTimeout,
		"first_byte_timeout_seconds": p.FirstByteTimeout, "idle_timeout_seconds": p.IdleTimeout, "is_active": p.IsActive,
	}
}

// maskURL shows where a proxy is, not how to log in to it.
func maskURL(secret models.Secret) string {
	u, err := url.Parse(secret.Reveal())
	if err != nil {
		return secret.Mask()
	}
	if u.User != nil {
		u.User = url.User("***")
	}
	return u.String()
}
