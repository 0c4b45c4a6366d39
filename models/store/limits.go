package store

import (
	"context"
	"database/sql"
	"time"

	"squirrel/models"
)

// UpdateLimits gives change what is stored of a key's limits, nil for nothing, and the time of the database, and stores what it
// returns. The error of a key that was deleted has CodeNotFound. Gateways that share the database take turns: nobody else sees or changes the state of the key meanwhile.
func (s *Store) UpdateLimits(ctx context.Context, keyID int64, change func(stored []byte, now time.Time) ([]byte, error)) error {
	err := s.inWrite(ctx, func(tx *Store) error {
		stored, now, err := tx.lockLimits(ctx, keyID)
		if err != nil {
			return err
		}
		state, err := change(stored, now)
		if err != nil {
			return err
		}
		_, err = tx.exec(ctx, "UPDATE limit_states SET state = ? WHERE api_key_id = ?", string(state), keyID)
		return err
	})
	return fail("share the limits of the API key", err)
}

// lockLimits reads the state and keeps others off it until the transaction ends.
func (s *Store) lockLimits(ctx context.Context, keyID int64) (stored []byte, now time.Time, err error) {
	query := "SELECT state, " + s.clock() + " FROM limit_states WHERE api_key_id = ?"
	if s.postgres() {
		query += " FOR UPDATE"
	}
	for range 2 {
		var state string
		var micros int64
		err = s.each(ctx, func(rows *sql.Rows) error { return rows.Scan(&state, &micros) }, query, keyID)
		if err != nil {
			return nil, now, err
		}
		if micros != 0 {
			if state != "" {
				stored = []byte(state)
			}
			return stored, fromMicros(micros), nil
		}
		// Nobody has used the key yet. Should another gateway be first, its row is waited for and found in the second round.
		if _, err := s.exec(ctx, "INSERT INTO limit_states (api_key_id, state) SELECT id, '' FROM api_keys WHERE id = ? ON CONFLICT (api_key_id) DO NOTHING", keyID); err != nil {
			return nil, now, err
		}
	}
	return nil, now, models.Errorf(models.CodeNotFound, "the API key %d is gone", keyID)
}
