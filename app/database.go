package app

import (
	"context"
	"errors"
	"log/slog"

	"squirrel/app/config"
	"squirrel/migrations"
	"squirrel/models"
	"squirrel/models/store"
)

// openStore opens and migrates the database. What only another configuration can cure is a *config.Problem.
func openStore(ctx context.Context, cfg config.Config, logger *slog.Logger) (*store.Store, error) {
	cipher, err := store.NewCipher(cfg.EncryptionKey)
	if err != nil {
		return nil, &config.Problem{Name: "ENCRYPTION_KEY", Text: err.Error()}
	}
	s, err := store.Open(ctx, store.Config{Type: cfg.DatabaseType, URL: cfg.DatabaseURL.Reveal(), Cipher: cipher, Logger: logger})
	if err != nil {
		return nil, storeProblem(cfg.DatabaseType, err)
	}
	return s, nil
}

// storeProblem tells a wrong configuration from a database that may be back in a minute: a service manager should try again
// after the one and not after the other. The file of SQLite is there or it isn't; a server may be starting.
func storeProblem(kind string, err error) error {
	code := models.ErrorCode(err)
	switch {
	case errors.Is(err, store.ErrWrongKey):
		return &config.Problem{Name: "ENCRYPTION_KEY", Text: err.Error()}
	case errors.Is(err, migrations.ErrNewerDatabase), code == models.CodeInvalid:
		return &config.Problem{Name: "DATABASE_URL", Text: err.Error()}
	case kind == config.DatabaseSQLite && code != models.CodeBusy && !errors.Is(err, context.Canceled):
		return &config.Problem{Name: "DATABASE_URL", Text: err.Error()}
	default:
		return err
	}
}
