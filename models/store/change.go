package store

import (
	"context"
	"encoding/json"
	"fmt"

	"squirrel/models"
)

type actorKey struct{}

// WithActor names who makes the changes of ctx. Changes without an actor leave no entry in the audit trail.
func WithActor(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, actorKey{}, name)
}

func actorOf(ctx context.Context) string {
	name, _ := ctx.Value(actorKey{}).(string)
	return name
}

// changed describes a change of one object for the audit trail. Nil means that it was not there, or is no more.
type changed struct {
	object, key   string
	before, after any
}

// change runs fn in a transaction, raises the config version and records what fn says it changed. The version is raised first:
// on PostgreSQL that puts changes in a line, so that what fn checks stays true until it has written.
func (s *Store) change(ctx context.Context, what string, fn func(tx *Store) (changed, error)) error {
	err := s.inWrite(ctx, func(tx *Store) error {
		if err := tx.bump(ctx); err != nil {
			return err
		}
		c, err := fn(tx)
		if err != nil {
			return err
		}
		return tx.recordChange(ctx, c)
	})
	return fail(what, err)
}

func (s *Store) recordChange(ctx context.Context, c changed) error {
	actor := actorOf(ctx)
	if actor == "" {
		return nil
	}
	entry := models.Change{At: now(), Actor: actor, Object: c.object, ObjectKey: c.key}
	switch {
	case c.before == nil:
		entry.Action = "create"
	case c.after == nil:
		entry.Action = "delete"
	default:
		entry.Action = "update"
	}
	var err error
	if entry.Before, err = auditJSON(c.before); err != nil {
		return err
	}
	if entry.After, err = auditJSON(c.after); err != nil {
		return err
	}
	return s.AddChange(ctx, &entry)
}

func auditJSON(v any) ([]byte, error) {
	if v == nil {
		return nil, nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("describe the change: %w", err)
	}
	return text, nil
}

type changeRow struct {
	ID        int64 `gorm:"primaryKey"`
	At        int64
	Actor     string
	Action    string
	Object    string
	ObjectKey string
	Before    []byte
	After     []byte
}

func (changeRow) TableName() string { return "changes" }

func (r changeRow) model() models.Change {
	return models.Change{
		ID: r.ID, At: fromMicros(r.At), Actor: r.Actor, Action: r.Action, Object: r.Object, ObjectKey: r.ObjectKey,
		Before: r.Before, After: r.After,
	}
}

// AddChange writes an entry of the audit trail that no change of an object makes: a login, an export. It sets c.ID, and c.At
// when that is zero.
func (s *Store) AddChange(ctx context.Context, c *models.Change) error {
	if c.At.IsZero() {
		c.At = now()
	}
	row := changeRow{
		At: toMicros(c.At), Actor: clean(c.Actor, maxName), Action: c.Action, Object: c.Object, ObjectKey: clean(c.ObjectKey, maxName),
		Before: c.Before, After: c.After,
	}
	err := s.inWrite(ctx, func(tx *Store) error { return tx.tx.db.WithContext(ctx).Create(&row).Error })
	c.ID = row.ID
	return fail("record the change", err)
}

// Changes returns up to limit entries of the audit trail with ids below before, newest first. 0 means from the newest.
func (s *Store) Changes(ctx context.Context, before int64, limit int) ([]models.Change, error) {
	query := s.read(ctx).Order("id DESC").Limit(limit)
	if before > 0 {
		query = query.Where("id < ?", before)
	}
	var rows []changeRow
	if err := query.Find(&rows).Error; err != nil {
		return nil, fail("read the changes", err)
	}
	return mapRows(rows, changeRow.model), nil
}

// Change returns one entry of the audit trail.
func (s *Store) Change(ctx context.Context, id int64) (models.Change, error) {
	var row changeRow
	if err := s.one(ctx, &row, "change", id, "id = ?", id); err != nil {
		return models.Change{}, err
	}
	return row.model(), nil
}
