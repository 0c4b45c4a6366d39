package admin

import (
	"context"
	"time"

	"squirrel/models"
)

// maxBulk bounds one transaction.
const maxBulk = 1000

// EnableProviders turns providers on or off, all of them or none. It returns how many were changed.
func (s *Service) EnableProviders(ctx context.Context, ids []int64, on bool) (int, error) {
	return changeAll(ctx, s, ids, func(tx *Service, id int64) (bool, error) {
		p, err := tx.store.Provider(ctx, id)
		if err != nil || p.IsActive == on {
			return false, err
		}
		_, err = tx.UpdateProvider(ctx, id, ProviderInput{IsActive: Some(on), Version: &p.Version})
		return true, err
	})
}

// EnableModels turns models on or off, all of them or none. It returns how many were changed.
func (s *Service) EnableModels(ctx context.Context, names []string, on bool) (int, error) {
	return changeAll(ctx, s, names, func(tx *Service, name string) (bool, error) {
		m, err := tx.store.Model(ctx, name)
		if err != nil || m.IsActive == on {
			return false, err
		}
		_, err = tx.UpdateModel(ctx, m.Name, ModelInput{IsActive: Some(on), Version: &m.Version})
		return true, err
	})
}

// EnableAPIKeys turns API keys on or off, all of them or none. It returns how many were changed.
func (s *Service) EnableAPIKeys(ctx context.Context, ids []int64, on bool) (int, error) {
	return changeAll(ctx, s, ids, func(tx *Service, id int64) (bool, error) {
		k, err := tx.store.APIKey(ctx, id)
		if err != nil || k.IsActive == on {
			return false, err
		}
		_, err = tx.UpdateAPIKey(ctx, id, APIKeyInput{IsActive: Some(on), Version: &k.Version})
		return true, err
	})
}

// ExtendAPIKeys lets API keys live for some days more, counted from their expiry or, when that has passed, from now; all of them
// or none. Those that never expire stay as they are. It returns how many were changed.
func (s *Service) ExtendAPIKeys(ctx context.Context, ids []int64, days int) (int, error) {
	return changeAll(ctx, s, ids, func(tx *Service, id int64) (bool, error) {
		k, err := tx.store.APIKey(ctx, id)
		if err != nil || k.ExpiresAt == nil {
			return false, err
		}
		from := *k.ExpiresAt
		if now := s.Now(); from.Before(now) {
			from = now
		}
		_, err = tx.UpdateAPIKey(ctx, id, APIKeyInput{ExpiresAt: Some(from.AddDate(0, 0, days)), Version: &k.Version})
		return true, err
	})
}

// PauseProvider pauses all routes to a provider for a while, or lets them go on when that is 0; all of them or none. It returns how
// many were changed.
func (s *Service) PauseProvider(ctx context.Context, id int64, span time.Duration) (n int, err error) {
	in := RouteInput{PausedUntil: Null[time.Time]()}
	if span > 0 {
		in.PausedUntil = Some(s.PausedUntil(span))
	}
	err = s.inTx(ctx, func(tx *Service) error {
		routes, err := tx.store.Routes(ctx, "")
		if err != nil {
			return err
		}
		for i := range routes {
			if routes[i].ProviderID != id {
				continue
			}
			if _, err := tx.UpdateRoute(ctx, routes[i].ID, in); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	return n, err
}

// changeAll changes objects in one transaction and counts those that change said it had changed.
func changeAll[K any](ctx context.Context, s *Service, keys []K, change func(tx *Service, key K) (bool, error)) (n int, err error) {
	if len(keys) > maxBulk {
		return 0, models.Invalid("ids", "must have at most %d entries", maxBulk)
	}
	err = s.inTx(ctx, func(tx *Service) error {
		for _, key := range keys {
			changed, err := change(tx, key)
			if err != nil {
				return err
			}
			if changed {
				n++
			}
		}
		return nil
	})
	return n, err
}
