package store

import (
	"context"
	"strconv"

	"squirrel/models"
)

// channel is where PostgreSQL announces new versions of the configuration.
const channel = "squirrel_config"

// LoadConfig reads everything the data plane needs as of one moment.
func (s *Store) LoadConfig(ctx context.Context) (cfg models.Config, err error) {
	err = s.inRead(ctx, func(tx *Store) error {
		if cfg.Version, err = tx.ConfigVersion(ctx); err != nil {
			return err
		}
		if cfg.Providers, err = tx.Providers(ctx); err != nil {
			return err
		}
		if cfg.Models, err = tx.Models(ctx); err != nil {
			return err
		}
		cfg.Keys, err = tx.APIKeys(ctx)
		return err
	})
	return cfg, fail("load the configuration", err)
}

// ConfigVersion returns the number that rises with every change of the configuration.
func (s *Store) ConfigVersion(ctx context.Context) (version int64, err error) {
	err = s.read(ctx).Raw("SELECT version FROM config_state WHERE id = 1").Row().Scan(&version)
	return version, fail("read the version of the configuration", err)
}

// bump raises the config version once per transaction and announces it. It holds the row until the transaction ends.
func (s *Store) bump(ctx context.Context) error {
	if s.tx.bumped {
		return nil
	}
	db := s.tx.db.WithContext(ctx)
	if err := db.Exec("UPDATE config_state SET version = version + 1, updated_at = ? WHERE id = 1", toMicros(now())).Error; err != nil {
		return err
	}
	s.tx.bumped = true
	if !s.postgres() {
		return nil
	}
	version, err := s.ConfigVersion(ctx)
	if err != nil {
		return err
	}
	return db.Exec("SELECT pg_notify(?, ?)", channel, strconv.FormatInt(version, 10)).Error
}
