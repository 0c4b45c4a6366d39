package store

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"squirrel/models"
)

type adminRow struct {
	ID           int64 `gorm:"primaryKey"`
	Username     string
	PasswordHash string
	CreatedAt    int64 `gorm:"autoCreateTime:false"`
	UpdatedAt    int64 `gorm:"autoUpdateTime:false"`
}

func (adminRow) TableName() string { return "admins" }

func (r adminRow) model() models.Admin {
	return models.Admin{
		ID: r.ID, Username: r.Username, PasswordHash: r.PasswordHash, CreatedAt: fromMicros(r.CreatedAt), UpdatedAt: fromMicros(r.UpdatedAt),
	}
}

type sessionRow struct {
	TokenHash  []byte `gorm:"primaryKey"`
	Username   string
	CreatedAt  int64 `gorm:"autoCreateTime:false"`
	ExpiresAt  int64
	LastSeenAt int64
	ClientIP   string
	UserAgent  string
}

func (sessionRow) TableName() string { return "sessions" }

func (r sessionRow) model() models.Session {
	return models.Session{
		TokenHash: [32]byte(r.TokenHash), Username: r.Username, CreatedAt: fromMicros(r.CreatedAt), ExpiresAt: fromMicros(r.ExpiresAt),
		LastSeenAt: fromMicros(r.LastSeenAt), ClientIP: r.ClientIP, UserAgent: r.UserAgent,
	}
}

// Admins returns all administrators, in the order of their creation.
func (s *Store) Admins(ctx context.Context) ([]models.Admin, error) {
	var rows []adminRow
	if err := s.read(ctx).Order("id").Find(&rows).Error; err != nil {
		return nil, fail("read the administrators", err)
	}
	return mapRows(rows, adminRow.model), nil
}

// AdminByName returns the administrator of a name.
func (s *Store) AdminByName(ctx context.Context, username string) (models.Admin, error) {
	var row adminRow
	if err := s.one(ctx, &row, "administrator", username, "username = ?", username); err != nil {
		return models.Admin{}, err
	}
	return row.model(), nil
}

// SaveAdmin stores an administrator; one of the same name gets the new password. It fills in the id and the times.
func (s *Store) SaveAdmin(ctx context.Context, a *models.Admin) error {
	return s.saveAdmin(ctx, a, false)
}

// CreateFirstAdmin stores an administrator if there is none yet; else the error is a conflict.
func (s *Store) CreateFirstAdmin(ctx context.Context, a *models.Admin) error {
	return s.saveAdmin(ctx, a, true)
}

func (s *Store) saveAdmin(ctx context.Context, a *models.Admin, first bool) error {
	at := now()
	row := adminRow{Username: a.Username, PasswordHash: a.PasswordHash, CreatedAt: toMicros(at), UpdatedAt: toMicros(at)}
	err := s.inWrite(ctx, func(tx *Store) error {
		db := tx.tx.db.WithContext(ctx)
		if first {
			if err := tx.refuseSecondAdmin(ctx); err != nil {
				return err
			}
		}
		return db.Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "username"}},
			DoUpdates: clause.AssignmentColumns([]string{"password_hash", "updated_at"}),
		}).Create(&row).Error
	})
	if err != nil {
		return fail("save the administrator", err)
	}
	stored, err := s.AdminByName(ctx, a.Username)
	if err == nil {
		*a = stored
	}
	return err
}

// refuseSecondAdmin locks the one row that always exists, so that two first administrators can't be created side by side.
func (s *Store) refuseSecondAdmin(ctx context.Context) error {
	db := s.tx.db.WithContext(ctx)
	if err := db.Exec("UPDATE config_state SET updated_at = updated_at WHERE id = 1").Error; err != nil {
		return err
	}
	var count int64
	if err := db.Model(&adminRow{}).Count(&count).Error; err != nil {
		return err
	}
	if count > 0 {
		return models.Errorf(models.CodeConflict, "there is an administrator already")
	}
	return nil
}

// CreateSession stores a login.
func (s *Store) CreateSession(ctx context.Context, session *models.Session) error {
	row := sessionRow{
		TokenHash: session.TokenHash[:], Username: session.Username, CreatedAt: toMicros(session.CreatedAt),
		ExpiresAt: toMicros(session.ExpiresAt), LastSeenAt: toMicros(session.LastSeenAt),
		ClientIP: clean(session.ClientIP, maxWord), UserAgent: clean(session.UserAgent, maxName),
	}
	err := s.inWrite(ctx, func(tx *Store) error { return tx.tx.db.WithContext(ctx).Create(&row).Error })
	return fail("create the session", err)
}

// SessionByHash returns the login with the SHA-256 of a token, expired or not.
func (s *Store) SessionByHash(ctx context.Context, hash [32]byte) (models.Session, error) {
	var row sessionRow
	if err := s.one(ctx, &row, "session", "of this token", "token_hash = ?", hash[:]); err != nil {
		return models.Session{}, err
	}
	return row.model(), nil
}

// TouchSession notes when a login was seen last. An unknown one is no error.
func (s *Store) TouchSession(ctx context.Context, hash [32]byte, at time.Time) error {
	return s.accessWrite(ctx, "touch the session", "UPDATE sessions SET last_seen_at = ? WHERE token_hash = ?", toMicros(at), hash[:])
}

// DeleteSession ends a login. The error of an unknown one is not_found.
func (s *Store) DeleteSession(ctx context.Context, hash [32]byte) error {
	var gone int64
	err := s.inWrite(ctx, func(tx *Store) error {
		result := tx.tx.db.WithContext(ctx).Exec("DELETE FROM sessions WHERE token_hash = ?", hash[:])
		gone = result.RowsAffected
		return result.Error
	})
	if err == nil && gone == 0 {
		return notFound("session", "of this token")
	}
	return fail("delete the session", err)
}

// DeleteSessionsOf ends all logins of an administrator.
func (s *Store) DeleteSessionsOf(ctx context.Context, username string) error {
	return s.accessWrite(ctx, "delete the sessions", "DELETE FROM sessions WHERE username = ?", username)
}

// Sessions returns all logins, the one seen last first.
func (s *Store) Sessions(ctx context.Context) ([]models.Session, error) {
	var rows []sessionRow
	if err := s.read(ctx).Order("last_seen_at DESC").Find(&rows).Error; err != nil {
		return nil, fail("read the sessions", err)
	}
	return mapRows(rows, sessionRow.model), nil
}

// DeleteExpiredSessions deletes the logins that are over at a time and tells how many there were.
func (s *Store) DeleteExpiredSessions(ctx context.Context, at time.Time) (int, error) {
	var gone int64
	err := s.inWrite(ctx, func(tx *Store) error {
		result := tx.tx.db.WithContext(ctx).Exec("DELETE FROM sessions WHERE expires_at <= ?", toMicros(at))
		gone = result.RowsAffected
		return result.Error
	})
	return int(gone), fail("delete expired sessions", err)
}

func (s *Store) accessWrite(ctx context.Context, what, sql string, args ...any) error {
	return fail(what, s.inWrite(ctx, func(tx *Store) error { return tx.tx.db.WithContext(ctx).Exec(sql, args...).Error }))
}
